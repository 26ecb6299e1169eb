"""The secret guard: finds what must never get in, wherever people can type or attach, without storing any of it.

Public keys, certificates, CSRs, ids, and addresses pass.
"""

import base64
import json
import re
import time
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from flows.checks import (
    archives,
    card_numbers,
    command_secrets,
    file_texts,
    key_dumps,
    key_files,
    key_material,
    known_tokens,
    labelled_secrets,
    paired_secrets,
    readings,
)
from flows.checks.file_texts import text_of
from flows.checks.readings import PlainText
from flows.checks.secret_kinds import SecretFinding, SecretKind
from flows.checks.unread import Unread

__all__ = [
    "CUT",
    "Inspection",
    "SecretFinding",
    "SecretKind",
    "Unread",
    "find_in_file",
    "find_secrets",
    "inspect_file",
    "inspect_text",
    "redact",
    "text_of",
]

MAX_TEXT = 400_000
"""Characters of a text, or of all texts in a file, that are looked into; of a longer text, half from its beginning, half from its end."""
_MAX_CUTS = 9
"""How often what is left of a text is searched again: what stands on both sides of a cut may look like a secret."""
MAX_ENCODED = 2
"""How often a text may be in base64 once more."""
CUT = "█████"
"""Replaces each secret in a redacted text."""


@dataclass(frozen=True)
class Inspection:
    """What was found, and why some of it was not looked into, each reason once."""

    findings: tuple[SecretFinding, ...] = ()
    unread: tuple[Unread, ...] = ()


_SLACK = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,})\.([A-Za-z0-9_-]{4,})\.[A-Za-z0-9_-]{8,}")


def find_secrets(text: str, *, allow: Collection[str] = ()) -> tuple[SecretFinding, ...]:
    """In order of appearance. ``allow``: kinds that were asked for."""
    findings = (SecretFinding(kind, span) for kind, spans in _found(text).items() for span in spans if kind not in allow)
    return tuple(sorted(findings, key=lambda finding: finding.span))


def _found(text: str, depth: int = 0) -> dict[SecretKind, list[tuple[int, int]]]:
    """Each once. Among so many digits and letters as a private key has, some look like a card number or a password: what is part of one is
    not told besides, unless it is encoded and has the place of all that is encoded."""
    read = sorted(_read(text, depth), key=lambda each: (each[1][0], -each[1][1]))
    keys = _outermost(span for kind, span, _ in read if kind is SecretKind.PRIVATE_KEY)
    found: dict[SecretKind, list[tuple[int, int]]] = {}
    for kind, span, encoded in read:
        if kind is SecretKind.PRIVATE_KEY or encoded or not _is_part(span, keys):
            found.setdefault(kind, []).append(span)
    return {kind: _outermost(spans) for kind, spans in found.items()}


def _outermost(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """``spans``: by their beginnings, the longest first. Those that are inside no other."""
    kept = list[tuple[int, int]]()
    for start, stop in spans:
        if not kept or stop > kept[-1][1]:
            kept.append((start, stop))
    return kept


def _is_part(span: tuple[int, int], keys: Sequence[tuple[int, int]]) -> bool:
    """``keys``: in order, none inside another."""
    at = bisect_right(keys, span[0], key=lambda key: key[0]) - 1
    return at >= 0 and span != keys[at] and span[1] <= keys[at][1]


def inspect_text(text: str, *, allow: Collection[str] = ()) -> Inspection:
    """The beginning and the end of a very long text, and archives in base64 in it. ``allow``: as in `find_secrets`."""
    looked = _inspected(text, allow, MAX_TEXT)
    places = [place for place, _ in readings.attached(text)]
    if not places:
        return looked
    unpacked = inspect_file("", text.encode(errors="replace"), allow=allow)
    known = {finding.kind for finding in looked.findings}
    more = {finding.kind for finding in unpacked.findings} - known
    hidden = tuple(SecretFinding(kind, (places[0][0], places[-1][1])) for kind in sorted(more))
    return Inspection(
        looked.findings + hidden, tuple(reason for reason in Unread if reason in {*looked.unread, *unpacked.unread})
    )


def _inspected(text: str, allow: Collection[str], most: int) -> Inspection:
    """``most``: characters."""
    if len(text) <= most:
        return Inspection(find_secrets(text, allow=allow))
    half = most // 2
    rest = len(text) - half
    ends = ((text[:half], 0), (text[rest:], rest))
    findings = tuple(
        SecretFinding(finding.kind, (finding.span[0] + shift, finding.span[1] + shift))
        for part, shift in ends
        for finding in find_secrets(part, allow=allow)
    )
    return Inspection(findings, (Unread.TOO_LARGE,))


def inspect_file(name: str, content: bytes, *, allow: Collection[str] = (), cut: bool = False) -> Inspection:
    """A file with its name, in any encoding and in archives of any depth; a binary key or keystore is found as a whole.

    ``cut``: the content is the beginning or the end of a longer file.
    """
    unpacking = archives.Unpacking()
    whole = (0, len(content))
    findings = [SecretFinding(finding.kind, whole) for finding in find_secrets(name, allow=allow)]
    left, seen = MAX_TEXT, set[bytes]()
    workbook = file_texts.Workbook()
    members = [archives.members(name, content, unpacking)]
    for member in chain.from_iterable(members):
        if member.content in seen:
            continue
        seen.add(member.content)
        if key_files.is_key_file(member.name, member.content):
            findings.append(SecretFinding(SecretKind.PRIVATE_KEY, whole))
            continue
        for text in workbook.texts(member.name, member.content):
            looked = _inspected(text, allow, left)
            findings += looked.findings if member.depth == 0 else [SecretFinding(each.kind, whole) for each in looked.findings]
            unpacking.unread.update(looked.unread)
            left = max(0, left - len(text))
            for _, inner in readings.attached(text):
                if not unpacking.takes_member():
                    break
                members.append(archives.members("", inner, unpacking, member.depth + 1))
    for text in workbook.tables():
        looked = _inspected(text, allow, left)
        findings += [SecretFinding(each.kind, whole) for each in looked.findings]
        unpacking.unread.update(looked.unread)
        left = max(0, left - len(text))
    unread = unpacking.unread - {Unread.DAMAGED} | {Unread.TOO_LARGE} if cut else unpacking.unread
    kept = dict.fromkeys(finding for finding in findings if finding.kind not in allow)
    return Inspection(tuple(kept), tuple(reason for reason in Unread if reason in unread))


def find_in_file(name: str, content: bytes, *, allow: Collection[str] = ()) -> tuple[SecretFinding, ...]:
    return inspect_file(name, content, allow=allow).findings


def _read(text: str, depth: int) -> Iterator[tuple[SecretKind, tuple[int, int], bool]]:
    """All that is found, more than once perhaps, and whether it is encoded."""
    for reading in readings.readings(text):
        place = reading.place
        for kind, (start, stop) in _all(reading):
            yield kind, (place(start), place(stop)), False
        if depth < MAX_ENCODED and reading.has_runs:
            for (start, stop), hidden in readings.encoded(reading.flat):
                for kind in _found(hidden, depth + 1):
                    yield kind, (place(start), place(stop)), True


def redact(text: str, *, allow: Collection[str] = ()) -> str:
    """The text with every secret cut out."""
    for _ in range(_MAX_CUTS):
        found = find_secrets(text, allow=allow)
        if not found:
            return text
        kept, end = [], 0
        for start, stop in (finding.span for finding in found):
            if start >= end:
                kept += [text[end:start], CUT]
            end = max(end, stop)
        text = "".join((*kept, text[end:]))
    return CUT


def _all(reading: PlainText) -> Iterator[tuple[SecretKind, tuple[int, int]]]:
    text = reading.flat
    spans: tuple[tuple[SecretKind, Iterator[tuple[int, int]]], ...] = (
        (SecretKind.PRIVATE_KEY, key_material.spans(reading)),
        (SecretKind.PRIVATE_KEY, key_dumps.spans(reading)),
        (SecretKind.SERVER_SECRET, known_tokens.signed(reading)),
        (SecretKind.LONG_LIVED_TOKEN, known_tokens.issued(reading)),
        (SecretKind.CARD_NUMBER, card_numbers.spans(reading)),
        (SecretKind.SLACK_TOKEN, (match.span() for match in (_SLACK.finditer(text) if reading.has_runs else ()))),
    )
    yield from ((kind, span) for kind, found in spans for span in found)
    if "eyJ" in text:
        yield from _jwts(text)
    for finder in (labelled_secrets.found, paired_secrets.typed, command_secrets.found):
        yield from finder(reading)


def _jwts(text: str) -> Iterator[tuple[SecretKind, tuple[int, int]]]:
    for match in _JWT.finditer(text):
        if _is_jose_header(match[1]):
            yield SecretKind.ACCESS_TOKEN, match.span()
            if known_tokens.lives_long(match[2], time.time()):
                yield SecretKind.LONG_LIVED_TOKEN, match.span()


def _is_jose_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header
