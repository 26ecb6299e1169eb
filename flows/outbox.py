"""What a commit asks to be done outside, one frozen class per kind. Written in the transaction that causes it, run after it.

An effect is stored as its kind, version, and fields as JSON (sealed), like a button's value: new fields get a default, and
what can no longer be read is given up where support sees it. What Slack shows is drawn from the store when the effect runs, so a
drawing names a message and none of its content.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import TypeAdapter, ValidationError

Where = Literal["customer", "support"]
"""The step's thread in the customer's channel, or the thread of its review card in the support channel."""
Room = Literal["customer", "support", "customer_channel", "support_channel"]
"""Like `Where`, or the channel itself."""
LastingMessage = Literal["card", "step", "review"]
"""The lasting messages: the checklist card, a step's message in the customer's channel, a step's review card in support's."""
_SIDES: Mapping[str, Where] = {
    "customer": "customer",
    "customer_channel": "customer",
    "support": "support",
    "support_channel": "support",
}


@dataclass(frozen=True, kw_only=True)
class Effect:
    """``kind``: its name in the store, in logs and metrics, and in the texts (``effect.<kind>``). ``version``: of its fields.

    ``lane``: an onboarding's effects run in order; those with a lane wait only for each other and delay no others. What goes into
    support's channel has one of its own. ``divides``: drawings asked for before it and after it aren't merged. ``lasts``: it is given
    up when it is that old; None: as `bot.jobs.executor` says. ``needs``: the field its handler reads on the step or task it belongs
    to (`flows.forms.step`); `flows.journey` checks it for those that a step starts. ``waits_for``: the system that must answer.
    ``pace``: those with the same begin one after the other, whosever they are, and rest together when told to. ``edits``: what it
    edits stands already, so it waits for nothing but what edits the same message: Slack limits edits for the workspace, and new messages
    for each channel (https://docs.slack.dev/apis/web-api/rate-limits).
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    lane: ClassVar[str] = ""
    divides: ClassVar[bool] = False
    lasts: ClassVar[timedelta | None] = None
    needs: ClassVar[str] = ""
    waits_for: ClassVar[Literal["slack", "service_desk", "pismo"]] = "slack"
    pace: ClassVar[str] = ""
    edits: ClassVar[bool] = False

    @property
    def step_id(self) -> str:
        """The step it is about, for alerts; empty if none."""
        return str(getattr(self, "step", ""))

    @property
    def side(self) -> Where | Literal[""]:
        """Whose channel it posts into: what its ``where`` says; empty if none."""
        where: Room | Literal[""] = getattr(self, "where", "")
        return _SIDES.get(where, "")

    @property
    def whose(self) -> Where:
        """Whose channel it is about: what posts into none, such as a bookmark, is about the customer's."""
        return self.side or "customer"

    @property
    def message(self) -> tuple[str, str]:
        """Kind and subject of the message it shows, as `flows.model.Posted` has them; empty if it shows none that lasts."""
        return "", ""

    @property
    def same(self) -> str:
        """While one with this name waits, another isn't added: it will do for both. Empty if each is to be done."""
        return ""


@dataclass(frozen=True, kw_only=True)
class StepEffect(Effect):
    """Started when a step opens or is approved."""

    step: str


@dataclass(frozen=True, kw_only=True)
class TaskEffect(StepEffect):
    """Started when a task is recorded. ``item``: which one of a repeatable task.

    ``reports``: the task waits for the effect to report its result. ``announces``: the effect itself announces the task.
    """

    reports: ClassVar[bool] = False
    announces: ClassVar[bool] = False
    task: str = ""
    item: str = ""


# -- messages


@dataclass(frozen=True, kw_only=True)
class Draw(Effect):
    """Post a lasting message; if it stands by then, have it edited (`Redraw`). ``step``: empty for the card."""

    kind = "draw"
    what: LastingMessage
    step: str = ""

    @property
    def where(self) -> Where:
        return "support" if self.what == "review" else "customer"

    @property
    def message(self) -> tuple[str, str]:
        return self.what, self.step

    @property
    def same(self) -> str:
        return f"{self.what}:{self.step}"


@dataclass(frozen=True, kw_only=True)
class Redraw(Draw):
    """Edit a lasting message in place; if it stands nowhere by then, have it posted in its turn (`Draw`)."""

    kind = "redraw"
    edits = True


@dataclass(frozen=True, kw_only=True)
class Say(Effect):
    """Post the text ``say.<key>``. ``mention``: user ids to put before it. ``offers``: the task of the step to offer as a button below it,
    if it can be done by then. ``broadcast``: the channel shows it too, since nobody is left whom it calls."""

    kind = "say"
    where: Room
    step: str = ""
    key: str
    mention: tuple[str, ...] = ()
    params: Mapping[str, Any]
    offers: str = ""
    broadcast: bool = False


@dataclass(frozen=True, kw_only=True)
class Tell(Effect):
    """Tell one person ``say.<key>`` privately: visible only to them in the channel, else as a direct message. Without a ``channel``, in
    support's."""

    kind = "tell"
    lane = "private"
    team: str
    user: str
    channel: str
    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Remind(Effect):
    """One message for everything due for one person; without a ``user``, for the channel. ``count``: reminders so far, by step."""

    kind = "remind"
    where: Where
    user: str
    steps: tuple[str, ...]
    count: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RedrawReminder(Effect):
    """Take the buttons of what no longer waits from a reminder. ``reminder``: the id of its row."""

    kind = "redraw_reminder"
    edits = True
    where: Where
    reminder: str

    @property
    def same(self) -> str:
        return f"{self.kind}:{self.reminder}"


@dataclass(frozen=True, kw_only=True)
class ShowCall(StepEffect):
    """Tell support, in the step's thread and in its channel, that somebody is stuck. ``call``: the id of its row."""

    kind = "call"
    where: ClassVar[Where] = "support"
    call: str

    @property
    def message(self) -> tuple[str, str]:
        return ShowCall.kind, self.call.rpartition(":")[2]

    @property
    def same(self) -> str:
        return f"{self.kind}:{self.call}"


@dataclass(frozen=True, kw_only=True)
class RedrawCall(ShowCall):
    """What became of it, in the same message."""

    kind = "redraw_call"
    edits = True


@dataclass(frozen=True, kw_only=True)
class Escalate(StepEffect):
    """Tell support that a step stands still in spite of all reminders: in the step's thread if it is the customer's turn, else in the
    support channel. ``user``: who was reminded; ``count``: how often; ``since``: when the turn began (Unix seconds)."""

    kind = "escalate"
    where: Room
    user: str
    count: int
    since: int


@dataclass(frozen=True, kw_only=True)
class Nudge(StepEffect):
    """Tell those who are invited that their code expires soon, as far as they are known in the customer's channel, else the lead.
    ``grants``: the ids of what they are invited to."""

    kind = "nudge"
    where: ClassVar[Where] = "customer"
    grants: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Alert(Effect):
    """Tell support that an effect was given up. ``what``, ``why``: keys of texts; ``id``: in the log too; ``scope``: the missing one.

    ``group``: one alert will do for all of them that have the same.
    """

    kind = "alert"
    where: ClassVar[Room] = "support_channel"
    lasts = timedelta(days=30)  # longer than what it tells of
    onboarding: str
    customer: str = ""
    step: str = ""
    effect: str
    what: str
    why: str
    id: str
    scope: str = ""
    group: str = ""

    @property
    def same(self) -> str:
        return self.group


@dataclass(frozen=True, kw_only=True)
class TellOfAlteredLog(Effect):
    """Tell support that a customer's log isn't what the bot wrote, so that nothing is stored for them. ``onboarding``: empty if it is the
    register of all onboardings; ``flaw``: what `pismo-onboarding verify-log` calls it; ``id``: in the log too."""

    kind = "altered_log"
    where: ClassVar[Room] = "support_channel"
    onboarding: str
    flaw: str
    id: str


@dataclass(frozen=True, kw_only=True)
class TellSetAside(Effect):
    """Tell support that an event of Slack failed twice and is not looked at again. ``what``: a key of the texts; ``id``: in the log too."""

    kind = "event_set_aside"
    where: ClassVar[Room] = "support_channel"
    customer: str = ""
    channel: str = ""
    what: str
    id: str


@dataclass(frozen=True, kw_only=True)
class WarnOfCompany(Effect):
    """Tell support of a third company in the customer's channel, with the button that accepts it."""

    kind = "third_company"
    where: ClassVar[Room] = "support_channel"
    team: str


@dataclass(frozen=True, kw_only=True)
class ShowDeparture(Effect):
    """Tell support who has left and what they had, with the button that chooses another; once that is done, say so in the same message."""

    kind = "departure"
    where: ClassVar[Room] = "support_channel"
    user: str

    @property
    def same(self) -> str:
        return f"{self.kind}:{self.user}"


@dataclass(frozen=True, kw_only=True)
class TellOfDeparture(Effect):
    """Tell support who has left where nothing of it can be recorded: what is stored of the onboarding was damaged or altered."""

    kind = "unrecorded_departure"
    where: ClassVar[Room] = "support_channel"
    user: str
    onboarding: str


@dataclass(frozen=True, kw_only=True)
class HandOver(Effect):
    """What somebody of support has in this onboarding, as in all others, is another's from now on: support reads of all of them in one
    message, `TellHandedOver`. ``by_team``, ``by_user``: who decided that."""

    kind = "hand_over"
    lane = "hand_over"
    person: str
    successor: str
    team: str
    by_team: str
    by_user: str


@dataclass(frozen=True, kw_only=True)
class HandOverEverywhere(HandOver):
    """The same in all open onboardings, each by itself."""

    kind = "hand_over_everywhere"


@dataclass(frozen=True, kw_only=True)
class TellHandedOver(Effect):
    """Tell support, and whoever has it now, what was handed over in all onboardings. ``onboardings``: the ids of those that are named, of
    ``count``."""

    kind = "handed_over"
    where: ClassVar[Room] = "support_channel"
    person: str
    successor: str
    by: str
    onboardings: tuple[str, ...]
    count: int


@dataclass(frozen=True, kw_only=True)
class DrawHome(Effect):
    """Draw a person's App Home anew, if they have one: what they may see has changed, and it stands before them until then."""

    kind = "home"
    lane = "home"
    team: str
    user: str

    @property
    def same(self) -> str:
        return f"{self.kind}:{self.team}/{self.user}"


@dataclass(frozen=True, kw_only=True)
class Repair(Effect):
    """Compare an onboarding's lasting messages in the customer's channel with the store, which may be a restored backup: those that it
    doesn't know are taken over, and all are drawn anew. Nothing is posted there before."""

    kind = "repair"
    pace = "repair"  # a restored backup asks for all of them, and Slack limits how often channels may be read

    @property
    def same(self) -> str:
        return self.kind


@dataclass(frozen=True, kw_only=True)
class RepairReviews(Effect):
    """The same for its review cards in support's channel."""

    kind = "repair_reviews"
    lane = "support"
    pace = Repair.pace

    @property
    def same(self) -> str:
        return self.kind


@dataclass(frozen=True, kw_only=True)
class AskAgain(StepEffect):
    """Tell the customer that their last answers to a step were lost, with the button that opens its form. ``revision``: of what was
    lost, as Slack shows it."""

    kind = "ask_again"
    where: ClassVar[Where] = "customer"
    revision: int


@dataclass(frozen=True, kw_only=True)
class ShowInFull(StepEffect):
    """All values of a revision in the review card's thread, if the card has no room for them."""

    kind = "in_full"
    where: ClassVar[Where] = "support"
    revision: int


@dataclass(frozen=True, kw_only=True)
class ShowDifferences(StepEffect):
    """Old and new values of every field a resubmission changed."""

    kind = "differences"
    where: ClassVar[Where] = "support"
    revision: int


@dataclass(frozen=True, kw_only=True)
class ShowTaskInFull(TaskEffect):
    """What the customer sent with a task, and the notes on it, in the review card's thread."""

    kind = "task_in_full"
    where: ClassVar[Where] = "support"


@dataclass(frozen=True, kw_only=True)
class SendCopied(TaskEffect):
    """A text that support copies from a task's form, as a file in the review card's thread: it is longer than an input takes.
    ``name``: the field's."""

    kind = "copied"
    where: ClassVar[Where] = "support"
    name: str


@dataclass(frozen=True, kw_only=True)
class SendSession(TaskEffect):
    """A session that is set, moved or cancelled, in the customer's thread."""

    kind = "session"
    where: ClassVar[Where] = "customer"
    needs = "meeting"
    announces = True


@dataclass(frozen=True, kw_only=True)
class AttachSession(TaskEffect):
    """The calendar file for what `SendSession` told. Nothing waits for it."""

    kind = "session_file"
    lane = "files"
    where: ClassVar[Where] = "customer"
    needs = "meeting"


@dataclass(frozen=True, kw_only=True)
class PostReport(Effect):
    """The weekly report, in support's channel. ``day``: the one it was meant for (``YYYY-MM-DD``)."""

    kind = "weekly_report"
    where: ClassVar[Room] = "support_channel"
    lasts = timedelta(days=2)
    day: str


# -- channels, people, files


@dataclass(frozen=True, kw_only=True)
class AddBookmark(Effect):
    """A bookmark to the card in the customer's channel. ``instead``: the time of a card that is gone, to which the bookmark led."""

    kind = "bookmark"
    instead: str = ""


@dataclass(frozen=True, kw_only=True)
class RememberMembers(Effect):
    """The customer's people already in the channel."""

    kind = "people"
    lane = "people"


@dataclass(frozen=True, kw_only=True)
class FollowMembers(Effect):
    """Who of the customer's people is still in the channel."""

    kind = "follow_members"
    lane = "people"
    pace = "people"  # all onboardings are asked for at once, and Slack limits how often lists are read

    @property
    def same(self) -> str:
        return self.kind


@dataclass(frozen=True, kw_only=True)
class MoveMessages(Effect):
    """The channel got a new id: lasting messages are found under it."""

    kind = "move"
    divides = True
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class SendReceipt(StepEffect):
    """What was agreed, set up and given, as a file that the customer keeps, in the last step's thread."""

    kind = "receipt"
    where: ClassVar[Where] = "customer"


@dataclass(frozen=True, kw_only=True)
class SendExport(Effect):
    """Everything stored about one onboarding as a signed archive, to the person in support who asked. It is uploaded by this, and seen
    once it is shared (`ShareExport`)."""

    kind = "export"
    lane = "export"
    user: str


@dataclass(frozen=True, kw_only=True)
class ShareExport(Effect):
    """Show the person an archive that was uploaded. Direct messages can't be searched, so it is Slack's ``file`` id by which it is known
    whether they have it. ``name``: of the file; ``flawed``: not all in it is what was written."""

    kind = "share_export"
    lane = "export"
    user: str
    file: str
    name: str
    flawed: bool


@dataclass(frozen=True, kw_only=True)
class DeleteFile(Effect):
    """A file that contained a secret."""

    kind = "delete_file"
    lane = "secrets"  # at once, whatever else waits
    file: str


# -- the Service Desk


@dataclass(frozen=True, kw_only=True)
class RequestAccess(StepEffect):
    """After approval: a request for each thing asked for, or the text to paste if no Service Desk is configured."""

    kind = "request_access"
    where: ClassVar[Where] = "support"
    needs = "desk_request"


@dataclass(frozen=True, kw_only=True)
class FileRequest(StepEffect):
    """File one request with the Service Desk."""

    kind = "file_access_request"
    needs = "desk_request"
    lane = "service_desk"
    waits_for = "service_desk"
    resource: str


@dataclass(frozen=True, kw_only=True)
class ShowReadyText(StepEffect):
    """The request, ready to paste. ``why``: the key of what kept the bot from filing it; ``name``, ``there``: what it looked for
    and what there is; ``detail``: the Service Desk's own words; ``maybe``: it may have been filed after all."""

    kind = "ready_text"
    where: ClassVar[Where] = "support"
    needs = "desk_request"
    resource: str = ""
    why: str = ""
    maybe: bool = False
    name: str = ""
    there: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class TellOfTicket(StepEffect):
    """News of a ticket: the text ``say.<key>``, and below it what somebody wrote there (``said``). ``item``: the id of the record that
    the ticket stands in. ``answer``: with the button that opens the form for an answer. ``broadcast``: as in `Say`."""

    kind = "ticket_news"
    where: Where
    item: str
    key: str
    mention: tuple[str, ...] = ()
    params: Mapping[str, Any]
    said: str = ""
    answer: bool = False
    broadcast: bool = False


@dataclass(frozen=True, kw_only=True)
class FileAnswer(StepEffect):
    """Write a comment on a ticket. ``item``: as above; ``answer``: the word by which it is found again; ``by``: whose answer it is."""

    kind = "file_answer"
    lane = "service_desk"
    waits_for = "service_desk"
    item: str
    answer: str
    text: str
    by: str


# -- programs


@dataclass(frozen=True, kw_only=True)
class CreateProgram(TaskEffect):
    """Create a program with the pasted token, unless it is there already, and follow it until it can be used."""

    kind = "create_program"
    lane = "programs"
    waits_for = "pismo"
    lasts = timedelta(hours=1)  # tokens don't live longer
    needs = "creation"
    reports = True


# -- access verification


@dataclass(frozen=True, kw_only=True)
class RunProof(TaskEffect):
    """Try the pasted token."""

    kind = "proof"
    lane = "proof"
    waits_for = "pismo"
    lasts = timedelta(hours=1)  # tokens don't live longer
    needs = "proof"
    reports = True


@dataclass(frozen=True, kw_only=True)
class ReportProof(TaskEffect):
    """What an access verification found."""

    kind = "proof_report"
    needs = "proof"
    where: Where


@dataclass(frozen=True, kw_only=True)
class RunSetupCheck(TaskEffect):
    """Read with the pasted token what of a product's set-up is there."""

    kind = "setup_check"
    lane = "setup_check"
    waits_for = "pismo"
    lasts = timedelta(hours=1)  # tokens don't live longer
    needs = "setup_check"
    reports = True


@dataclass(frozen=True, kw_only=True)
class ReportSetupCheck(TaskEffect):
    """What a check of a product's set-up found."""

    kind = "setup_check_report"
    needs = "setup_check"
    where: Where


# -- programs into production


@dataclass(frozen=True, kw_only=True)
class MoveProgram(TaskEffect):
    """Export a program from the test environment and import it into production, with the pasted tokens, and follow both."""

    kind = "program_move"
    lane = "transfer"
    waits_for = "pismo"
    lasts = timedelta(hours=1)  # tokens don't live longer
    needs = "transfer"
    reports = True


@dataclass(frozen=True, kw_only=True)
class ReportMove(TaskEffect):
    """What became of it."""

    kind = "program_move_report"
    needs = "transfer"
    where: Where


def _kinds(of: type[Effect]) -> Iterator[type[Effect]]:
    """Those that have a kind; all are defined above."""
    if "kind" in vars(of):
        yield of
    for narrower in of.__subclasses__():
        yield from _kinds(narrower)


EFFECTS: tuple[type[Effect], ...] = tuple(_kinds(Effect))
"""Every kind; `bot.jobs.handlers` has a handler for each."""

EDITS: Mapping[type[Effect], type[Effect]] = {Draw: Redraw, ShowCall: RedrawCall}
"""What is asked for instead where the message stands already."""

KINDS: Mapping[str, type[Effect]] = {effect.kind: effect for effect in EFFECTS}


class UnreadableEffectError(ValueError):
    """A stored effect of an unknown kind, of a newer version, or with unexpected fields. Says which kind, never the content."""


BOUND = "of"
"""Under this name the store keeps, with what is stored of an effect, which row it belongs to."""


def dump(effect: Effect) -> dict[str, Any]:
    """Its version and fields, as stored."""
    return {"v": effect.version, **asdict(effect)}


def load(kind: str, stored: Mapping[str, Any]) -> Effect:
    """The stored effect. Raises UnreadableEffectError."""
    found, version = KINDS.get(kind), stored.get("v", 1)
    values = {name: value for name, value in stored.items() if name not in ("v", BOUND)}
    if found is None or type(version) is not int or not 1 <= version <= found.version:
        raise UnreadableEffectError(kind)
    if values.keys() - {one.name for one in fields(found)}:
        raise UnreadableEffectError(kind)
    try:
        read: Effect = _reader(kind).validate_python(values)
    except ValidationError:
        raise UnreadableEffectError(kind) from None
    return read


@cache
def _reader(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])
