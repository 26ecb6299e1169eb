"""What stands behind `/onboarding`, read as it was meant: Slack's apps and keyboards put in other quotes, dashes, spaces and letters than
people mean, and what is pasted brings signs that nobody sees."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from flows.names import folded

_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^<>]*)?>")
_LABELLED = re.compile(r"<[^<>|]+\|([^<>]*)>")
"""A person or a link, as Slack escapes them: what people read of it is what they typed."""
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
    ``channel_id``: of a channel that is mentioned in it."""

    verb: str
    rest: str = ""
    channel_id: str = ""


def read_line(text: str) -> CommandLine:
    """``text``: as Slack sends it, with mentions as ``<#C…|name>`` or as they were typed."""
    mentioned = _CHANNEL.search(text)
    text = _LABELLED.sub(r"\1", _CHANNEL.sub(" ", text))
    for entity, sign in _ENTITIES:
        text = text.replace(entity, sign)
    text = " ".join(unicodedata.normalize("NFC", "".join(sign for sign in text if _is_seen(sign))).split())
    text = _ITSELF.sub("", text, count=1) if _ITSELF.match(text) else text
    found = _VERB.match(text)
    verb = found[1] or "" if found is not None else ""
    rest = text[found.end() :] if found is not None and verb else ""
    return CommandLine("" if verb == "?" else _plain(verb), _AROUND.sub("", rest), mentioned[1] if mentioned else "")


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
