"""Checks email lists: what was pasted, address by address, with what is wrong or odd about each.

Addresses are found in anything people paste: lists, mail headers, CSV, links. Bad ones are included unchanged.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import islice

from flows.checks.email_domains import Domains
from flows.problems import Note, Parameter

_MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, minus the angle brackets
_MAX_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_SHOWN = 80
_NOT_LOCAL = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]")  # outside RFC 5322's dot-atom
_ENDING = re.compile(r"\.(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)$")
_RESERVED = (".test", ".invalid", ".local", ".localhost", ".onion", ".arpa")  # RFC 6761, RFC 6762, RFC 7686
_ROLE_NAMES = """
info contact contato contacto support suporte soporte team time equipe equipo group grupo list lista all todos
everyone admin administrator administrador adm office escritorio hello ola hola help helpdesk ajuda ayuda sales vendas
ventas comercial marketing finance financeiro finanzas billing faturamento cobranca accounts contabilidade contas hr
rh jobs vagas legal juridico compliance security seguranca seguridad it ti dev devs developers desenvolvimento
engineering engenharia ops operations operacoes operaciones noc sre devops infra tech tecnologia systems sistemas
service servicedesk atendimento sac ouvidoria webmaster postmaster hostmaster abuse noreply no-reply nao-responda
reception recepcao secretaria diretoria board press imprensa newsletter mailing onboarding integracao integrations api
payments pagamentos cards cartoes fraud fraude risk risco projeto project pmo
"""
_LIST_NAMES = "support suporte soporte team time equipe equipo group grupo list lista noreply reply helpdesk atendimento mailing"
_ROLES, _LISTS = frozenset(_ROLE_NAMES.split()), frozenset(_LIST_NAMES.split())

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>|,;]*", re.IGNORECASE)
_MAILTO_QUERY = re.compile(r"(mailto:[^\s<>|,;?]{1,320})\?[^\s<>|,;)]*", re.IGNORECASE)
_SPELT_AT = re.compile(r"\s?[(\[]\s?(?:at|arroba)\s?[)\]]\s?", re.IGNORECASE)
_FIELD_ENDS = re.compile(r"[,;\t]")
_TOKEN_ENDS = re.compile(r"[\s<>()\[\]{}|:]+")
_AROUND = "\"'`´‘’“”«»*•·‣▪●–—-.!?…=#&>"
_WITHOUT_AT = re.compile(r"(?!www\.)[^\s/:()]{1,80}\.(?:com|net|org|info|biz|gov|edu|bank|[a-z]{2})", re.IGNORECASE)


class Status(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"  # of an earlier one in the same list
    KNOWN = "known"  # requested before
    INVALID = "invalid"


class EmailFault(StrEnum):
    MISSING_AT = "email_missing_at"
    SEVERAL_AT = "email_several_at"
    NO_NAME = "email_no_name"
    NO_DOMAIN = "email_no_domain"
    TOO_LONG = "email_too_long"  # maximum
    DOTS = "email_dots"
    CHARACTER = "email_character"  # character
    BAD_DOMAIN = "email_bad_domain"  # domain
    RESERVED = "email_reserved_domain"  # domain


class RoleWarning(StrEnum):
    ROLE_OR_LIST = "email_role_or_list"  # name: the part before the @


@dataclass(frozen=True)
class EmailEntry:
    """``address``: normalized, or as given (shortened) when invalid. ``key``: a fault's, or empty. ``warnings``: of new ones."""

    address: str
    status: Status
    key: str = ""
    params: Mapping[str, Parameter] = field(default_factory=dict)
    warnings: tuple[Note, ...] = ()


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
    """``known``: addresses requested before. ``home_domains``: the company's own; else the most common one counts as such."""
    found = list(islice(_candidates(text), limit + 1))
    entries = [_checked(candidate) for candidate in found[:limit]]
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
            warnings = (judge(same.rpartition("@")[2]), _role(same.rpartition("@")[0]))
            report.append(EmailEntry(entry.address, Status.NEW, warnings=tuple(note for note in warnings if note)))
        seen.add(same)
    return EmailReport(tuple(report), left_out=len(found) > limit)


def _role(local: str) -> Note | None:
    if local in _ROLES or not _LISTS.isdisjoint(re.split(r"[._+-]", local)):
        return Note(RoleWarning.ROLE_OR_LIST, {"name": local})
    return None


def _checked(candidate: str) -> EmailEntry:
    """As a new or an invalid entry."""
    fault = next(_faults(candidate), None)
    if fault is None:
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  not needed at startup

        try:
            address = validate_email(candidate, check_deliverability=False, allow_smtputf8=False).normalized
            return EmailEntry(address, Status.NEW)
        except EmailNotValidError:
            fault = EmailFault.BAD_DOMAIN, {"domain": candidate.partition("@")[2]}
    shown = candidate if len(candidate) <= _SHOWN else candidate[:_SHOWN] + "…"
    return EmailEntry(shown, Status.INVALID, *fault)


def _faults(candidate: str) -> Iterator[tuple[EmailFault, dict[str, Parameter]]]:
    """Report the first one; email_validator checks the rest of the syntax."""
    local, at, domain = candidate.partition("@")
    if not at:
        yield EmailFault.MISSING_AT, {}
    if "@" in domain:
        yield EmailFault.SEVERAL_AT, {}
    if not local or not domain:
        yield EmailFault.NO_DOMAIN if local else EmailFault.NO_NAME, {}
    if len(local) > _MAX_LOCAL:
        yield EmailFault.TOO_LONG, {"maximum": _MAX_LOCAL}
    if len(candidate) > _MAX_LENGTH:
        yield EmailFault.TOO_LONG, {"maximum": _MAX_LENGTH}
    if ".." in candidate or local.strip(".") != local:
        yield EmailFault.DOTS, {}
    if odd := _NOT_LOCAL.search(local):
        yield EmailFault.CHARACTER, {"character": odd[0]}
    if domain.casefold().endswith(_RESERVED):
        yield EmailFault.RESERVED, {"domain": domain}
    if not _ENDING.search(domain.casefold()):
        yield EmailFault.BAD_DOMAIN, {"domain": domain}


def _candidates(text: str) -> Iterator[str]:
    """Everything that is or was meant to be an address, in order of appearance."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    for line in plain.splitlines():
        yield from _of_line(_SPELT_AT.sub("@", _MAILTO_QUERY.sub(r"\1", _URL.sub(" ", line))))


def _of_line(line: str) -> Iterator[str]:
    parts = [part for part in _FIELD_ENDS.split(line) if part.strip()]
    # A field without @ among fields with one is the next column, unless most have one: then it's an address missing its @.
    is_list = 2 * sum("@" in part for part in parts) > len(parts) or len(parts) == 1
    for part in parts:
        if "@" in part:
            yield from _of_field(part)
        elif is_list and _WITHOUT_AT.fullmatch(token := part.strip().strip(_AROUND)):
            yield token


def _of_field(field: str) -> Iterator[str]:
    seen = set()  # Slack, Outlook, and Markdown write an address twice: as text and as a link
    for token in _TOKEN_ENDS.split(field):
        if "@" not in token:
            continue
        parts = token.split("/") if token.count("@") > 1 else [token]
        for part in (part.strip(_AROUND) for part in parts):
            if part and part.casefold() not in seen:
                seen.add(part.casefold())
                yield part
