"""Why something is no email address, as precisely as can be told, so that whoever pasted it knows what to correct."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from flows.checks.list_headings import is_known
from flows.checks.list_texts import AROUND
from flows.checks.people_columns import folded
from flows.problems import Parameter

_MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, minus the angle brackets
_MAX_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_NOT_LOCAL = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]")  # outside RFC 5322's dot-atom
_ENDING = re.compile(r"\.(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)$")
_RESERVED = (".test", ".invalid", ".local", ".localhost", ".onion", ".arpa")  # RFC 6761, RFC 6762, RFC 7686

AT_WORDS = frozenset({"at", "arroba"})
_DOMAIN = re.compile(
    r"(?!www\.)(?:[^\s/:()@]{1,80}\.(?:com|net|org|info|biz|gov|edu|bank|[a-z]{2})"
    r"|[^\s/:()@.]{1,60}(?:\.[\w-]{1,60}){1,6}\.[a-z]{2,24})",
    re.IGNORECASE,
)
_ANY_DOMAIN = re.compile(r"[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){0,6}\.[^\W\d_]{2,24}")
_LOGIN = re.compile(r"[^\W\d_][\w.+'-]{0,80}")
_ASIDE = re.compile(r"\([^()]{0,80}\)")
_PARTS = re.compile(r"[._\d-]")
_PARTICLES_WORDS = "de da do dos das e del la las los y van von der den di du le"
_PARTICLES = frozenset(_PARTICLES_WORDS.split())
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]*){0,3}")
_POLITE_WORDS = """
hi hello dear thanks thank regards best kind sincerely cheers good please ola oi prezado prezada prezados prezadas caro cara caros bom
boa obrigado obrigada atenciosamente att atte abs abraco abracos cordialmente segue seguem favor hola estimado estimada estimados
buenos buenas gracias saludos atentamente
"""
_POLITE = frozenset(_POLITE_WORDS.split())


class EmailFault(StrEnum):
    MISSING_AT = "email_missing_at"
    AT_IN_WORDS = "email_at_in_words"  # meant: as it would be with an @
    SPACE = "email_space"  # meant
    NAME_ONLY = "email_name_only"
    NO_ADDRESS = "email_no_address"
    SEVERAL_AT = "email_several_at"
    NO_NAME = "email_no_name"
    NO_DOMAIN = "email_no_domain"
    NO_ENDING = "email_no_ending"  # domain
    TOO_LONG = "email_too_long"  # maximum
    DOTS = "email_dots"
    CHARACTER = "email_character"  # character
    BAD_DOMAIN = "email_bad_domain"  # domain
    RESERVED = "email_reserved_domain"  # domain


Fault = tuple[EmailFault, Mapping[str, Parameter]]
NO_ADDRESS_AT_ALL = frozenset({EmailFault.NAME_ONLY, EmailFault.NO_ADDRESS})
"""Of what was not meant to be an address."""


def faults(candidate: str) -> Iterator[Fault]:
    """Of what has an @. Report the first one; email_validator checks the rest of the syntax."""
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
    if "." not in domain:
        yield EmailFault.NO_ENDING, {"domain": domain}
    if domain.casefold().endswith(_RESERVED):
        yield EmailFault.RESERVED, {"domain": domain}
    if not _ENDING.search(domain.casefold()):
        yield EmailFault.BAD_DOMAIN, {"domain": domain}


def bad_domain(candidate: str) -> Fault:
    return EmailFault.BAD_DOMAIN, {"domain": candidate.partition("@")[2]}


def is_domain(word: str) -> bool:
    """Whether it may be an address's domain, or an address that lacks its @."""
    return _DOMAIN.fullmatch(word) is not None


def meant(words: list[str]) -> Fault | None:
    """Of words without an @: whether they are an address all the same."""
    for place in range(1, len(words) - 1):
        before, word, after = words[place - 1 : place + 2]
        if word.casefold() in AT_WORDS and _ANY_DOMAIN.fullmatch(after) and _LOGIN.fullmatch(before):
            return EmailFault.AT_IN_WORDS, {"meant": f"{before}@{after}"}
    if len(words) != 2 or words[1].casefold().startswith(f"{words[0].casefold()}."):  # a name and an address without its @
        return None
    if _LOGIN.fullmatch(words[0]) and not is_domain(words[0]):
        likely = _ANY_DOMAIN.fullmatch(words[1]) and all(word.islower() for word in words)
        if likely or is_domain(words[1]):
            return EmailFault.SPACE, {"meant": "@".join(words)}
    return None


def why_none(text: str) -> Fault:
    """Of a part of a list without an @."""
    words = _words(text)
    if (fault := meant(words)) is not None:
        return fault
    is_site = text.casefold().startswith("www.")
    if len(words) == 1 and not is_site and (is_domain(words[0]) or (_LOGIN.fullmatch(words[0]) and _PARTS.search(words[0]))):
        return EmailFault.MISSING_AT, {}
    return (EmailFault.NAME_ONLY if is_name(text) else EmailFault.NO_ADDRESS), {}


def is_name(text: str) -> bool:
    """Whether it is some words that begin with a capital letter, as a name does where there are any, and no job or the like."""
    words = _words(text)
    if not 1 <= len(words) <= 6 or not _POLITE.isdisjoint(folded(words[0]).split()) or text.rstrip().endswith(("!", "?")):
        return False
    large = [word for word in words if word.casefold() not in _PARTICLES]
    return bool(large) and all(not word[0].islower() and _NAME_WORD.fullmatch(word) for word in large) and not is_known(text)


def _words(text: str) -> list[str]:
    beside = _ASIDE.sub(" ", text) if "(" in text else text
    return [word for part in beside.split() if (word := part.strip(AROUND + "<>()[]-–—"))]
