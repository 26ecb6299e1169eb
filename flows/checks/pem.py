"""PEM (RFC 7468) as people paste it: repaired where the meaning is certain, with a note each; private keys are refused first."""

import base64
import html
import re
from dataclasses import dataclass

from flows.checks import guard, jwk
from flows.checks.key_faults import KeyFault, KeyNote, KeyProblem

__all__ = ["KeyFault", "KeyNote", "KeyProblem", "PemBlock", "read_blocks", "the_block"]

_MAX_CHARS = 100_000
_BLOCK = re.compile(r"-{1,30} ?BEGIN ([A-Z0-9 ]{1,40}?) ?-{1,30}([^-]*)-{1,30} ?END ([A-Z0-9 ]{1,40}?) ?-{1,30}")
_PRIVATE = re.compile(r"BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY")
_ARMOUR = re.compile(r"-{0,30} ?(?:BEGIN|END) ((?:RSA )?PUBLIC KEY|(?:NEW )?CERTIFICATE REQUEST|(?:X509 )?CERTIFICATE) ?-{0,30}")
_QUOTED = re.compile(r"^[ \t\"'‘’`]+|[ \t\"'‘’`]+$", re.MULTILINE)
_BODY = re.compile(r"(?<![A-Za-z0-9+/])MI[GHI][A-Za-z0-9+/]{13}[A-Za-z0-9+/ \n]*={0,2}")  # a sequence of 128 bytes or more
_MAX_LINE = 76
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


# In this order: note, pattern, replacement.
_REPAIRS = (
    (KeyNote.INVISIBLE, "[\u00ad\u200b-\u200f\u2060\ufeff]", ""),
    (KeyNote.INVISIBLE, "[\u00a0\u2007\u202f\u3000]", " "),
    (KeyNote.ESCAPED, r"(?:\\{1,4}r)?\\{1,4}n", "\n"),
    (KeyNote.LINE_ENDS, "\r\n?", "\n"),
    (KeyNote.DASHES, "[‐‑‒–—―−]+", "-----"),
    (KeyNote.QUOTES, "[“”„‟«»″]", '"'),
)
_BOM_AS_LATIN_1 = "\xef\xbb\xbf"
_ENTITY = re.compile(r"&(?:#\d{1,5}|#[xX][0-9a-fA-F]{1,4}|gt|lt|amp|quot|nbsp|[mn]dash|hyphen);")


@dataclass(frozen=True)
class PemBlock:
    """``label``: the words after BEGIN; empty for DER without one."""

    label: str
    der: bytes
    notes: tuple[KeyNote, ...] = ()


def read_blocks(given: str | bytes) -> list[PemBlock]:
    """At least one block. Raises KeyProblem."""
    if isinstance(given, bytes):
        if any(finding.kind is guard.SecretKind.PRIVATE_KEY for finding in guard.find_in_file("", given)):
            raise KeyProblem(KeyFault.PRIVATE_KEY)
        if given.startswith(b"\x30"):
            return [PemBlock("", given, (KeyNote.BINARY,))]
        given = guard.text_of(given)
    if len(given) > _MAX_CHARS:
        raise KeyProblem(KeyFault.TOO_LONG, maximum=_MAX_CHARS)
    text, notes = _repaired(given)
    # Even just a header: the rest may come in the next message.
    if _PRIVATE.search(text) or any(finding.kind is guard.SecretKind.PRIVATE_KEY for finding in guard.find_secrets(given)):
        raise KeyProblem(KeyFault.PRIVATE_KEY)
    if not text.strip():
        raise KeyProblem(KeyFault.EMPTY)
    if jwk.is_jwk(text):
        return [PemBlock("PUBLIC KEY", jwk.read_jwk(text), (*notes, KeyNote.FROM_JWK))]
    found = list(_BLOCK.finditer(text))
    if not found:
        return [_bare(text, notes)]
    if _BLOCK.sub("", text).strip("`\"'‘’> \t\n"):
        notes = (*notes, KeyNote.SURROUNDED)
    return [_block(match, notes) for match in found]


def the_block(blocks: list[PemBlock], *labels: str) -> PemBlock:
    """The only block, with one of the labels or none. Raises KeyProblem otherwise."""
    if len(blocks) > 1:
        raise KeyProblem(KeyFault.SEVERAL, count=len(blocks))
    if blocks[0].label not in (*labels, ""):
        raise KeyProblem(KeyFault.WRONG_BLOCK, expected=labels[0], found=blocks[0].label)
    return blocks[0]


def _repaired(text: str) -> tuple[str, tuple[KeyNote, ...]]:
    """The text without what chats, word processors, and web pages substitute for plain characters, and notes on what that was."""
    mended, notes = text, []
    if text.startswith(("\ufeff", _BOM_AS_LATIN_1)):
        mended, notes = text.removeprefix(_BOM_AS_LATIN_1), [KeyNote.BOM]
    if _ENTITY.search(mended):
        mended = _ENTITY.sub(lambda entity: html.unescape(entity[0]), mended)
        notes.append(KeyNote.HTML)
    for note, pattern, replacement in _REPAIRS:
        changed = re.sub(pattern, replacement, mended)
        if changed != mended and (note is not KeyNote.INVISIBLE or changed != mended.removeprefix("\ufeff")):
            notes.append(note)
        mended = changed
    if not mended.endswith("\n"):
        notes.append(KeyNote.FINAL_NEWLINE)
    return mended, tuple(notes)


def _block(match: re.Match[str], notes: tuple[KeyNote, ...]) -> PemBlock:
    begun, body, ended = match[1], match[2], match[3]
    if begun != ended:
        raise KeyProblem(KeyFault.DAMAGED)
    lines = [line for line in match[0].split("\n") if line]
    if any(line[0] in " \t>" for line in lines):
        notes = (*notes, KeyNote.INDENTED)
    if max(map(len, body.split("\n"))) > _MAX_LINE:
        notes = (*notes, KeyNote.ONE_LINE)
    return PemBlock(begun, _decoded(body), notes)


def _bare(text: str, notes: tuple[KeyNote, ...]) -> PemBlock:
    """Base64 without its first or last line, or both."""
    if re.match(r"\s{0,9}(?:ssh-|ecdsa-sha2-|-{1,9} ?BEGIN SSH2)", text):
        raise KeyProblem(KeyFault.SSH)
    labels = {match[1] for match in _ARMOUR.finditer(text)}
    lines = _QUOTED.sub("", _ARMOUR.sub("\n", text).replace(">", " "))
    signs = "".join(lines.split())
    if not _BASE64.fullmatch(signs):
        signs = "".join(max(_BODY.findall(lines), key=len, default="").split())
        notes = (*notes, KeyNote.SURROUNDED)
    whole = _whole(signs)
    if not signs.startswith("M") or (KeyNote.SURROUNDED in notes and not whole):
        raise KeyProblem(KeyFault.TRUNCATED if labels or "BEGIN " in text or "END " in text else KeyFault.NOT_PEM)
    if len(labels) > 1 or (labels and not whole):
        raise KeyProblem(KeyFault.TRUNCATED)
    return PemBlock(labels.pop() if labels else "", _decoded(whole or signs), (*notes, KeyNote.NO_HEADER))


def _whole(signs: str) -> str:
    """As much base64 as the DER's own length asks for; empty if some is missing. The rest is text that follows."""
    try:
        head = base64.b64decode(signs[:12], validate=True)
    except ValueError:
        return ""
    size = head[1] & 0x7F if head[1:] and head[1] & 0x80 else 0
    # A sequence that starts with another one or, in PKCS #1, with a number.
    if head[:1] != b"\x30" or not 1 <= size <= len(head) - 3 or head[2 + size] not in b"\x30\x02":
        return ""
    length = 2 + size + int.from_bytes(head[2 : 2 + size])
    needed = -(-length // 3) * 4
    return signs[:needed] if len(signs) >= needed else ""


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"[\s>]", "", body), validate=True)
    except ValueError:
        raise KeyProblem(KeyFault.DAMAGED) from None
