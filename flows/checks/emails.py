"""Checks email lists: what was pasted, address by address, with what is wrong or odd about each.

Whatever was meant to be one, and each line that holds none, is included unchanged, with its reason.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from flows.checks.email_domains import Domains
from flows.checks.email_faults import NO_ADDRESS_AT_ALL, bad_domain, faults
from flows.checks.email_roles import role_warning
from flows.checks.found_addresses import FoundPart, find
from flows.problems import LineReason, Parameter

SHOWN = 80
"""Characters of what is no address."""
_PLAIN_DOMAIN = re.compile(r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,9}[a-z]{2,63}")
"""A host name (RFC 1123), of which email_validator has nothing to say; it takes longer for it, and lists are long."""


class Status(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"  # of an earlier one in the same list
    KNOWN = "known"  # requested before
    INVALID = "invalid"


@dataclass(frozen=True)
class EmailEntry:
    """``address``: normalized, or as given (shortened) when invalid. ``key``: a fault's, or empty. ``warnings``: of new ones."""

    address: str
    status: Status
    key: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
    warnings: tuple[LineReason, ...] = ()

    @property
    def is_attempt(self) -> bool:
        """Whether it is an address, or was meant to be one."""
        return self.key not in NO_ADDRESS_AT_ALL


@dataclass(frozen=True)
class EmailReport:
    """``entries``: in order of appearance, up to the limit; ``left_out``: whether there were more."""

    entries: tuple[EmailEntry, ...]
    left_out: bool = False

    @property
    def valid(self) -> tuple[str, ...]:
        """The new addresses, each once."""
        return tuple(entry.address for entry in self.entries if entry.status is Status.NEW)

    def count(self, status: Status) -> int:
        return sum(entry.status is status for entry in self.entries)


def examine(text: str, *, known: Collection[str] = (), home_domains: Collection[str] = (), limit: int = 5000) -> EmailReport:
    """``known``: addresses requested before. ``home_domains``: the company's own; else the most common one counts as such.
    ``limit``: of addresses, and of parts without one."""
    entries, left_out = _entries(text, limit)
    addresses = {entry.address.casefold() for entry in entries if entry.status is Status.NEW}
    domains = Domains(Counter(address.rpartition("@")[2] for address in addresses), home_domains)
    judge = lru_cache(None)(domains.warning)
    before, seen = {address.casefold() for address in known}, set[str]()
    report = []
    for entry in entries:
        same = entry.address.casefold()
        if entry.status is Status.INVALID:
            report.append(entry)
        elif same in seen:
            report.append(EmailEntry(entry.address, Status.DUPLICATE))
        elif same in before:
            report.append(EmailEntry(entry.address, Status.KNOWN))
        else:
            warnings = (judge(same.rpartition("@")[2]), role_warning(same.rpartition("@")[0]))
            report.append(EmailEntry(entry.address, Status.NEW, warnings=tuple(filter(None, warnings))))
        if entry.status is not Status.INVALID:
            seen.add(same)
    return EmailReport(tuple(report), left_out)


@lru_cache(maxsize=8)
def _entries(text: str, limit: int) -> tuple[tuple[EmailEntry, ...], bool]:
    """A form's page looks at the same text several times: what is wrong, what is to be shown, how many are sent."""
    entries: list[EmailEntry] = []
    counts: Counter[bool] = Counter()
    for found in find(text):
        entry = _checked(found)
        counts[entry.is_attempt] += 1
        if counts[entry.is_attempt] > limit:
            return tuple(entries), True
        entries.append(entry)
    return tuple(entries), False


def _checked(found: FoundPart) -> EmailEntry:
    """As a new or an invalid entry."""
    fault = found.fault or next(faults(found.text), None)
    if fault is None:
        local, _, domain = found.text.partition("@")
        if _PLAIN_DOMAIN.fullmatch(domain.lower()):
            return EmailEntry(f"{local}@{domain.lower()}", Status.NEW)
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  not needed at startup

        try:
            address = validate_email(found.text, check_deliverability=False, allow_smtputf8=False).normalized
            return EmailEntry(address, Status.NEW)
        except EmailNotValidError:
            fault = bad_domain(found.text)
    return EmailEntry(shortened(found.text), Status.INVALID, *fault)


def shortened(text: str) -> str:
    """What is no address, as it is shown."""
    text = " ".join(text[: 2 * SHOWN].split())
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
