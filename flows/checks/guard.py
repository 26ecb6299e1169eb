"""The secret guard: finds what must never get in, wherever people can type or attach, without storing any of it.

Public keys, certificates, CSRs, ids, and addresses pass.
"""

import base64
import html
import io
import json
import re
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from flows.checks import card_numbers, key_material, known_tokens, labelled_secrets

MAX_TEXT = 1_000_000
"""Characters of a text that are looked into: half from its beginning, half from its end."""
CUT = "█████"
"""Replaces each secret in a redacted text."""


class SecretKind(StrEnum):
    """Most serious first."""

    PRIVATE_KEY = "private_key"
    SERVER_SECRET = "server_secret"  # noqa: S105  the name of a kind
    PASSWORD = "password"  # noqa: S105  the name of a kind
    LONG_LIVED_TOKEN = "long_lived_token"  # noqa: S105  the name of a kind
    ACCESS_TOKEN = "access_token"  # noqa: S105  the name of a kind
    SLACK_TOKEN = "slack_token"  # noqa: S105  the name of a kind
    CARD_NUMBER = "card_number"


class Unread(StrEnum):
    """Why a part of a text or a file was not looked into."""

    TOO_LARGE = "too_large"
    """More characters or bytes than are read, packed or unpacked."""
    TOO_MANY = "too_many"
    """More members in an archive than are read."""
    TOO_DEEP = "too_deep"
    """An archive in more archives than are opened."""
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    """What its format does not allow, or the end is missing."""
    UNKNOWN = "unknown"
    """A kind of archive or document that is not read."""


@dataclass(frozen=True)
class SecretFinding:
    """``span``: the secret's characters in the text, or its bytes in a binary file: from, to (exclusive)."""

    kind: SecretKind
    span: tuple[int, int]


@dataclass(frozen=True)
class Inspection:
    """What was found, and why some of it was not looked into, each reason once."""

    findings: tuple[SecretFinding, ...] = ()
    unread: tuple[Unread, ...] = ()


_SLACK = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,})\.([A-Za-z0-9_-]{4,})\.[A-Za-z0-9_-]{8,}")
_ENTITY = r"&(?:#\d{2,5}|#[xX][0-9a-fA-F]{2,4}|amp|lt|gt|quot|apos|nbsp|[mn]dash|hyphen|equals|plus|sol|colon|lowbar|period);"
_PERCENT = r"%[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){1,3}"
"""A character that isn't ASCII, as URLs have it."""
_ESCAPED, _ALSO_PERCENT, _HAS_PERCENT = re.compile(_ENTITY), re.compile(f"{_ENTITY}|{_PERCENT}"), re.compile(_PERCENT)
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_MAX_UNPACKED = 10_000_000  # bytes per archive, all members together

# Characters that chats, word processors, and JSON substitute for others. Of equal length, so that positions stay right.
_ESCAPES = tuple((escape, " " * len(escape)) for escape in (r"\\n", r"\\r", r"\n", r"\r", r"\t", "%0A", "%0D", "%20", "&gt;"))
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff\u00ad", " "),
        **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},  # full-width forms
    }
)


def find_secrets(text: str, *, allow: Collection[str] = ()) -> tuple[SecretFinding, ...]:
    """In order of appearance. ``allow``: kinds that were asked for."""
    found: dict[SecretKind, list[tuple[int, int]]] = {}
    for kind, (start, stop) in sorted(_read(text), key=lambda each: (each[1][0], -each[1][1])):
        spans = found.setdefault(kind, [])
        if not spans or stop > spans[-1][1]:  # not inside another of its kind
            spans.append((start, stop))
    findings = (SecretFinding(kind, span) for kind, spans in found.items() for span in spans if kind not in allow)
    return tuple(sorted(findings, key=lambda finding: finding.span))


def inspect_text(text: str, *, allow: Collection[str] = ()) -> Inspection:
    """The beginning and the end of a very long text. ``allow``: as in `find_secrets`."""
    if len(text) <= MAX_TEXT:
        return Inspection(find_secrets(text, allow=allow))
    rest = len(text) - MAX_TEXT // 2
    ends = [(finding.kind, finding.span, 0) for finding in find_secrets(text[: MAX_TEXT // 2], allow=allow)]
    ends += [(finding.kind, finding.span, rest) for finding in find_secrets(text[rest:], allow=allow)]
    findings = tuple(SecretFinding(kind, (start + shift, stop + shift)) for kind, (start, stop), shift in ends)
    return Inspection(findings, (Unread.TOO_LARGE,))


def inspect_file(name: str, content: bytes, *, allow: Collection[str] = (), cut: bool = False) -> Inspection:
    """A file with its name. ``cut``: the content is the beginning or the end of a longer file."""
    findings = find_in_file(name, content, allow=allow) + find_secrets(name, allow=allow)
    return Inspection(findings, (Unread.TOO_LARGE,) if cut else ())


def _read(text: str) -> Iterator[tuple[SecretKind, tuple[int, int]]]:
    """All that is found, more than once perhaps. A percent-encoded sign may stand within a secret, or end it: it is read both ways."""
    for escaped in (_ESCAPED, _ALSO_PERCENT) if _HAS_PERCENT.search(text) else (_ESCAPED,):
        plain, place = _unescaped(text, escaped)
        for kind, (start, stop) in _all(_flat(plain)):
            yield kind, (place(start), place(stop))


def find_in_file(name: str, content: bytes, *, allow: Collection[str] = ()) -> tuple[SecretFinding, ...]:
    """In a file's text, or the whole file if it is a binary key or a keystore; ZIP archives are opened."""
    named = name.lower().endswith((".p12", ".pfx", ".jks", ".keystore")) and b"-----BEGIN" not in content
    if content and (named or key_material.is_key_file(content)):
        return () if SecretKind.PRIVATE_KEY in allow else (SecretFinding(SecretKind.PRIVATE_KEY, (0, len(content))),)
    if content.startswith(_ZIP):
        kinds = {found.kind for member, inner in _members(content) for found in find_in_file(member, inner, allow=allow)}
        return tuple(SecretFinding(kind, (0, len(content))) for kind in sorted(kinds))
    if content.startswith(_GZIP):
        inner = find_in_file("", _unpacked(content), allow=allow)
        return tuple(SecretFinding(kind, (0, len(content))) for kind in sorted({found.kind for found in inner}))
    found = find_secrets(text_of(content), allow=allow)
    if not found and b"\0" in content:  # an archive such as tar: text between zero bytes
        found = find_secrets(content.decode("latin-1").replace("\0", "\n"), allow=allow)
    return found


def redact(text: str, *, allow: Collection[str] = ()) -> str:
    """The text with every secret cut out."""
    while found := find_secrets(text, allow=allow):
        kept, end = [], 0
        for start, stop in (finding.span for finding in found):
            if start >= end:
                kept += [text[end:start], CUT]
            end = max(end, stop)
        text = "".join((*kept, text[end:]))
    return text


def _unescaped(text: str, escaped: re.Pattern[str]) -> tuple[str, Callable[[int], int]]:
    """The text with what is ``escaped`` decoded, and a function from positions in it to positions in the given text."""
    if not escaped.search(text):
        return text, int
    parts, ends, shifts, end, length = [], [0], [0], 0, 0
    for match in escaped.finditer(text):
        decoded = unquote(match[0]) if match[0][0] == "%" else html.unescape(match[0])
        if len(decoded) > 1:  # not one character: it stays as it is
            continue
        parts += [text[end : match.start()], decoded]
        length += match.start() - end + len(decoded)
        end = match.end()
        ends.append(length)
        shifts.append(end - length)
    return "".join((*parts, text[end:])), lambda place: place + shifts[bisect_right(ends, place) - 1]


def _flat(text: str) -> str:
    for escape, blank in _ESCAPES:
        text = text.replace(escape, blank)
    return text if text.isascii() else text.translate(_SIGNS)


def _all(text: str) -> Iterator[tuple[SecretKind, tuple[int, int]]]:
    finders: dict[SecretKind, Callable[[str], Iterator[tuple[int, int]]]] = {
        SecretKind.PRIVATE_KEY: key_material.spans,
        SecretKind.SERVER_SECRET: labelled_secrets.server_secrets,
        SecretKind.PASSWORD: labelled_secrets.passwords,
        SecretKind.CARD_NUMBER: card_numbers.spans,
        SecretKind.SLACK_TOKEN: lambda text: (match.span() for match in _SLACK.finditer(text)),
        SecretKind.LONG_LIVED_TOKEN: _long_lived,
        SecretKind.ACCESS_TOKEN: lambda text: (match.span() for match in _JWT.finditer(text) if _is_jose_header(match[1])),
    }
    return ((kind, span) for kind, spans in finders.items() for span in spans(text))


def _long_lived(text: str) -> Iterator[tuple[int, int]]:
    yield from known_tokens.issued(text)
    yield from labelled_secrets.long_lived_tokens(text)
    yield from (match.span() for match in _JWT.finditer(text) if _is_jose_header(match[1]) and known_tokens.lives_long(match[2]))


def _is_jose_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


def text_of(content: bytes) -> str:
    """A file's text: UTF-16 as Windows PowerShell writes it, UTF-8, or at least the ASCII in it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content[1:200:2].count(0) > len(content[1:200:2]) // 2:
        return content.decode("utf-16-le", "replace")
    return content.decode("utf-8", "replace")


def _unpacked(content: bytes) -> bytes:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(content, _MAX_UNPACKED)
    except zlib.error:
        return b""
    return b"" if inner.startswith((_GZIP, _ZIP)) else inner  # nested archives could unpack endlessly


def _members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    left = _MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for member in opened.infolist():
                with opened.open(member) as file:
                    content = file.read(left)
                left -= len(content)
                if not content.startswith(_ZIP):  # nested archives could unpack endlessly
                    yield member.filename, content
                if left <= 0:
                    return
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, OSError, EOFError, zlib.error):
        return  # damaged or encrypted: nothing can be read from it
