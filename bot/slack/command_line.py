"""What stands behind `/onboarding`, read as it was meant: Slack's apps and keyboards put in other quotes, dashes, spaces and letters than
people mean, and what is pasted brings signs that nobody sees."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from flows.names import folded

_CHANNEL = re.compile(
    r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>"
    r"|<?https://[\w.-]+\.slack(?:-gov)?\.com/(?:archives|client/[TE][A-Z0-9]+)/([CG][A-Z0-9]+)[^\s<>|]*(?:\|[^<>]*)?>?"
)
"""A mention, or the link that Slack copies of a channel or of one of its messages."""
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_LABELLED = re.compile(r"<[^<>|]+\|([^<>]*)>")
"""A link, as Slack escapes it: what people read of it is what they typed."""
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_ITSELF = re.compile(r"\W*onboarding\b(?=\W*\w)", re.IGNORECASE)
_VERB = re.compile(r"[^\w?]*([^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*|\?)?")
"""The first word, whatever signs stand before it."""
_AROUND = re.compile(r"\A[\W_]+|(?:(?![.)!+])[\W_])+\Z")
"""Signs around a name that are no part of it: quotes, colons, dashes, mentions' signs, spaces."""
MIN_GUESS = 3
"""Letters from which on a word is compared with the commands that it may have meant."""


@dataclass(frozen=True)
class CommandLine:
    """``verb``: in small letters without accents. ``rest``: what stands behind it, such as a customer's name, without signs around it.
    ``channel_id``: of a channel that is mentioned in it; ``person``: the user id of somebody who is."""

    verb: str
    rest: str = ""
    channel_id: str = ""
    person: str = ""


def read_line(text: str) -> CommandLine:
    """``text``: as Slack sends it, with mentions as ``<#C…|name>`` or as they were typed."""
    mentioned = next((one[1] or one[2] for one in _CHANNEL.finditer(text)), "")
    person = _PERSON.search(text)
    text = _LABELLED.sub(r"\1", _PERSON.sub(" ", _CHANNEL.sub(" ", text)))
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    text = " ".join(unicodedata.normalize("NFC", "".join(sign for sign in text if _is_seen(sign))).split())
    text = _ITSELF.sub("", text, count=1) if _ITSELF.match(text) else text
    found = _VERB.match(text)
    verb = found[1] or "" if found is not None else ""
    rest = text[found.end() :] if found is not None and verb else ""
    return CommandLine("" if verb == "?" else _plain(verb), _AROUND.sub("", rest), mentioned, person[1] if person else "")


def parted(verb: str, rest: str, known: Collection[str]) -> tuple[str, str]:
    """The command and what stands behind it, where people put a space in place of its dash, or a dash in place of the space behind it:
    ``hand over acme``, ``status-acme``."""
    if verb in known:
        return verb, rest
    first, _, others = rest.partition(" ")
    joined = f"{verb}-{_plain(first)}"
    before, _, behind = verb.partition("-")
    if joined in known:
        return joined, others
    return (before, f"{behind} {rest}".strip()) if before in known else (verb, rest)


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cf", "Co", "Cs") and (unicodedata.category(sign) != "Cc" or sign.isspace())


def _plain(verb: str) -> str:
    return "-".join(folded(verb).split())


def nearest(verb: str, known: Collection[str]) -> list[str]:
    """The commands that a word may have meant: one letter is wrong, missing, too many or in its neighbour's place, or it is only begun."""
    if len(verb) < MIN_GUESS:
        return []
    return [one for one in known if one.startswith(verb) or verb in _neighbours_of(one, verb)]


def _neighbours_of(word: str, letters: str) -> Iterator[str]:
    """``word`` with one fault. ``letters``: those that may be put in."""
    places = range(len(word) + 1)
    for place in places:
        before, after = word[:place], word[place:]
        yield before + after[1:]
        for letter in set(letters):
            yield before + letter + after
            yield before + letter + after[1:]
    for place, (first, second) in enumerate(pairwise(word)):
        yield word[:place] + second + first + word[place + 2 :]
