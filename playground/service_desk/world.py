"""Desks, their forms, what was filed, and what was written there. Search lags behind filing, as Jira's index does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from uuid import NAMESPACE_URL, uuid5

EN, PT = "10", "11"
"""Ids of the two portals."""
SETTINGS = "25"
CATEGORIES = {
    "NEW": "NEW",
    "IN DEV": "INDETERMINATE",
    "PENDING": "INDETERMINATE",
    "VALIDATING": "INDETERMINATE",
    "REOPENED": "INDETERMINATE",
    "CLOSED": "DONE",
    "CANCELLED": "DONE",
}
"""The statuses Pismo names, and one of Jira's own workflows (the last), with Jira's category of each."""
CHOICES = {
    "webhooks": "Integration > Webhooks",
    "event_delivery": "Integration > Events",
    "third_party_openid": "Integration > OpenID",
}
"""What this desk calls requests that are for no access: every site has names of its own, which the bot's configuration gives."""
TO_DO = {"id": "11", "name": "To Do"}
"""The button that answers PENDING."""
MAX_COMMENT = 32_767
"""Characters that Jira takes of a comment."""

Json = dict[str, Any]


def _option(value: str, label: str, *children: Json) -> Json:
    return {"value": value, "label": label, "children": list(children)}


def _field(field_id: str, name: str, schema: Json, *options: Json, required: bool = True) -> Json:
    return {
        "fieldId": field_id,
        "name": name,
        "description": "",
        "required": required,
        "visible": True,
        "defaultValues": [],
        "presetValues": [],
        "validValues": list(options),
        "jiraSchema": schema,
    }


def _settings(language: str) -> list[Json]:
    """The form *Settings* of one portal."""
    summary, description, priority = (
        ("Summary", "Description", "Priority") if language == "en" else ("Resumo", "Descrição", "Prioridade")
    )
    levels = [_option(str(n), label) for n, label in enumerate(("Highest", "High", "Medium", "Low", "Lowest"), 1)]
    access = [_option("10201", "Service Desk Portal"), _option("10202", "Slack Connect"), _option("10203", "Status Page")]
    cascade = {"type": "option-with-child", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:cascadingselect"}
    return [
        _field("summary", summary, {"type": "string", "system": "summary"}),
        _field(
            "customfield_10050",
            "Category",
            cascade,
            _option("10101", "Program settings", _option("10211", "Limits")),
            _option("10102", "Access request", *access),
            _option("10103", "Integration", _option("10221", "Webhooks"), _option("10222", "Events"), _option("10223", "OpenID")),
        ),
        _field("priority", priority, {"type": "priority", "system": "priority"}, *levels, required=False),
        _field("description", description, {"type": "string", "system": "description"}),
        _field("attachment", "Attachment", {"type": "array", "items": "attachment", "system": "attachment"}, required=False),
    ]


@dataclass(frozen=True)
class TicketComment:
    """A comment. ``author``: who wrote it, with the address if it is no agent: ``Ana <ana@bank.example>``."""

    id: int
    author: str
    body: str
    public: bool
    at: datetime


@dataclass
class Ticket:
    key: str
    desk: str
    type: str
    reporter: str
    values: Json
    history: list[tuple[str, datetime]] = field(default_factory=list)
    participants: list[str] = field(default_factory=list)
    comments: list[TicketComment] = field(default_factory=list)
    hidden: int = 0
    """How many more searches will not find it."""

    @property
    def summary(self) -> str:
        return str(self.values["summary"])


class ServiceDeskWorld:
    """``lag``: how many searches miss what was filed before one finds it. ``clock``: seconds since 1970."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.lag = 0
        self.clock: Callable[[], float] = time.time
        self.last_number, self.last_comment = 1023, 50_000
        self.restore()

    def restore(self) -> None:
        """Desks, forms and the user's rights as they were originally; tickets stay.

        ``agent``: whether the user has more than a customer's role; ``lists_customers``: and may look up the desk's customers. ``known``:
        the addresses of those who have an account there; None: everybody. ``hidden``: of those who don't show theirs.
        """
        self.agent = self.lists_customers = True
        self.known: frozenset[str] | None = None
        self.hidden: frozenset[str] = frozenset()
        self.desks = [
            {"id": EN, "projectId": "10001", "projectName": "PISMO | Service Desk EN", "projectKey": "SDEN"},
            {"id": PT, "projectId": "10002", "projectName": "PISMO | Service Desk", "projectKey": "SD"},
        ]
        # More than fit on a page; the one needed comes last, as on the portal.
        others = [{"id": str(100 + n), "name": f"Question {n}"} for n in range(60)]
        self.types: dict[str, list[Json]] = {
            desk: [
                *({**one, "serviceDeskId": desk} for one in others),
                {"id": SETTINGS, "name": "Settings", "serviceDeskId": desk},
            ]
            for desk in (EN, PT)
        }
        self.fields: dict[tuple[str, str], list[Json]] = {(EN, SETTINGS): _settings("en"), (PT, SETTINGS): _settings("pt_BR")}

    def file(self, desk: str, type_id: str, values: Json, reporter: str) -> Ticket:
        key = next(one["projectKey"] for one in self.desks if one["id"] == desk)
        self.last_number += 1
        ticket = Ticket(f"{key}-{self.last_number}", desk, type_id, reporter, values, hidden=self.lag)
        ticket.history.append(("NEW", self.now()))
        self.tickets[ticket.key] = ticket
        return ticket

    def now(self, ago: float = 0.0) -> datetime:
        """``ago``: seconds."""
        return datetime.fromtimestamp(self.clock() - ago, UTC)

    def move(self, key: str, status: str, ago: float = 0.0) -> None:
        """Someone at the desk changes a ticket's status, so many seconds ago."""
        if status not in CATEGORIES:
            raise ValueError(f"no such status; there are {', '.join(CATEGORIES)}")
        self.tickets[key].history.append((status, self.now(ago)))

    def write(self, key: str, body: str, author: str = "Dora of the desk", *, public: bool = True) -> TicketComment:
        """Someone comments on a ticket."""
        if not body.strip() or len(body) > MAX_COMMENT:
            raise ValueError(f"a comment has 1 to {MAX_COMMENT} characters")
        self.last_comment += 1
        said = TicketComment(self.last_comment, author, body, public, self.now())
        self.tickets[key].comments.append(said)
        return said

    def has_account(self, address: str) -> bool:
        return "@" in address and (self.known is None or address in self.known)

    def search(self, term: str, query: Mapping[str, str], reporter: str) -> list[Ticket]:
        """By a word in the summary, latest first."""
        found = []
        for ticket in reversed(self.tickets.values()):
            if ticket.hidden > 0:
                ticket.hidden -= 1
                continue
            words = "".join(c if c.isalnum() else " " for c in ticket.summary.casefold()).split()
            here = (
                query.get("serviceDeskId", ticket.desk) == ticket.desk and query.get("requestTypeId", ticket.type) == ticket.type
            )
            if here and ticket.reporter == reporter and (not term or term.casefold() in words):
                found.append(ticket)
        return found

    # -- the form changes: what an administrator of the desk may do any day

    def rename_desk(self, desk: str, name: str) -> None:
        next(one for one in self.desks if one["id"] == desk)["projectName"] = name

    def rename_type(self, desk: str, name: str) -> None:
        next(one for one in self.types[desk] if one["id"] == SETTINGS)["name"] = name

    def rename_option(self, desk: str, label: str, new: str) -> None:
        for one in self.fields[desk, SETTINGS]:
            for option in one["validValues"]:
                for each in (option, *option["children"]):
                    if each["label"] == label:
                        each["label"] = new

    def require(self, desk: str, name: str) -> None:
        """Adds a required text field."""
        schema = {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textfield"}
        self.fields[desk, SETTINGS].append(_field("customfield_10077", name, schema))

    def remove_field(self, desk: str, field_id: str) -> None:
        self.fields[desk, SETTINGS] = [one for one in self.fields[desk, SETTINGS] if one["fieldId"] != field_id]


def account_of(person: str) -> Json:
    """``person``: as a comment names its author."""
    name, address = parseaddr(person) if "@" in person else (person, "")
    number = uuid5(NAMESPACE_URL, address or name)
    account = {"accountId": f"qm:{number}" if address else number.hex[:24], "displayName": name or address, "active": True}
    return account | {"emailAddress": address or None, "timeZone": "Etc/UTC"}


def status_of(moment: tuple[str, datetime]) -> Json:
    status, at = moment
    return {"status": status, "statusCategory": CATEGORIES[status], "statusDate": date_of(at)}


def date_of(at: datetime) -> Json:
    iso = at.strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"iso8601": iso, "jira": iso, "friendly": "Today", "epochMillis": int(at.timestamp() * 1000)}
