"""PEM (RFC 7468) as people paste it: mended where the meaning is certain, each mending noted; private keys are refused first."""

import base64
import re
from dataclasses import dataclass
from enum import StrEnum

from flows import guard
from flows.unreadable import Unreadable

_MOST_SIGNS = 100_000
_BLOCK = re.compile(r"-{1,30} ?BEGIN ([A-Z0-9 ]{1,40}?) ?-{1,30}([^-]*)-{1,30} ?END ([A-Z0-9 ]{1,40}?) ?-{1,30}")
_PRIVATE = re.compile(r"BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY")
_LONGEST_LINE = 76
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class KeyFault(StrEnum):
    PRIVATE_KEY = "private_key"  # whoever sent it must revoke it
    EMPTY = "key_empty"
    TOO_LONG = "key_too_long"
    NOT_PEM = "key_not_pem"
    SSH = "key_ssh"  # OpenSSH's own format
    TRUNCATED = "key_truncated"
    DAMAGED = "key_damaged"
    SEVERAL = "key_several"
    WRONG_BLOCK = "key_wrong_block"  # expected, found: the words after BEGIN
    WRONG_TYPE = "key_wrong_type"  # type
    TOO_SMALL = "key_too_small"  # bits, minimum
    TOO_LARGE = "key_too_large"  # bits, maximum
    WRONG_CURVE = "csr_wrong_curve"  # curve
    WEAK_HASH = "csr_weak_hash"  # hash
    BAD_SIGNATURE = "csr_bad_signature"


class KeyNote(StrEnum):
    """What was mended or converted, to be shown."""

    BOM = "key_note_bom"
    LINE_ENDS = "key_note_line_ends"
    FINAL_NEWLINE = "key_note_final_newline"
    DASHES = "key_note_dashes"
    INVISIBLE = "key_note_invisible"
    ESCAPED = "key_note_escaped"
    INDENTED = "key_note_indented"
    ONE_LINE = "key_note_one_line"
    SURROUNDED = "key_note_surrounded"
    NO_HEADER = "key_note_no_header"
    BINARY = "key_note_binary"
    FROM_PKCS1 = "key_note_from_pkcs1"
    FROM_CERTIFICATE = "key_note_from_certificate"


# In this order: what is seen, what replaces it.
_MENDINGS = (
    (KeyNote.INVISIBLE, "[\u00ad\u200b-\u200f\u2060\ufeff]", ""),
    (KeyNote.INVISIBLE, "[\u00a0\u2007\u202f\u3000]", " "),
    (KeyNote.ESCAPED, r"(?:\\{1,4}r)?\\{1,4}n", "\n"),
    (KeyNote.LINE_ENDS, "\r\n?", "\n"),
    (KeyNote.DASHES, "[‐‑‒–—―−]+", "-----"),
)


class KeyProblem(Unreadable):
    """Why a key, request or certificate is refused: ``key`` is a KeyFault."""


@dataclass(frozen=True)
class Block:
    """``label``: the words after BEGIN; empty for DER without any."""

    label: str
    der: bytes
    notes: tuple[KeyNote, ...] = ()


def read_blocks(given: str | bytes) -> list[Block]:
    """At least one block. Raises KeyProblem."""
    if isinstance(given, bytes):
        if any(finding.kind is guard.Kind.PRIVATE_KEY for finding in guard.find_in_file("", given)):
            raise KeyProblem(KeyFault.PRIVATE_KEY)
        if given.startswith(b"\x30"):
            return [Block("", given, (KeyNote.BINARY,))]
        given = guard.text_of(given)
    if len(given) > _MOST_SIGNS:
        raise KeyProblem(KeyFault.TOO_LONG, maximum=_MOST_SIGNS)
    text, notes = _mended(given)
    # Even a header alone: the rest may be on its way, or in the next message.
    if _PRIVATE.search(text) or any(finding.kind is guard.Kind.PRIVATE_KEY for finding in guard.find_secrets(given)):
        raise KeyProblem(KeyFault.PRIVATE_KEY)
    if not text.strip():
        raise KeyProblem(KeyFault.EMPTY)
    found = list(_BLOCK.finditer(text))
    if not found:
        return [_bare(text, notes)]
    if _BLOCK.sub("", text).strip("`\"'> \t\n"):
        notes = (*notes, KeyNote.SURROUNDED)
    return [_block(match, notes) for match in found]


def the_block(blocks: list[Block], *labels: str) -> Block:
    """The only block, of one of the labels or of none; else raises KeyProblem."""
    if len(blocks) > 1:
        raise KeyProblem(KeyFault.SEVERAL, count=len(blocks))
    if blocks[0].label not in (*labels, ""):
        raise KeyProblem(KeyFault.WRONG_BLOCK, expected=labels[0], found=blocks[0].label)
    return blocks[0]


def _mended(text: str) -> tuple[str, tuple[KeyNote, ...]]:
    mended, notes = text, []
    if text.startswith("\ufeff"):
        notes.append(KeyNote.BOM)
    for note, pattern, replacement in _MENDINGS:
        changed = re.sub(pattern, replacement, mended)
        if changed != mended and (note is not KeyNote.INVISIBLE or changed != mended.removeprefix("\ufeff")):
            notes.append(note)
        mended = changed
    if not mended.endswith("\n"):
        notes.append(KeyNote.FINAL_NEWLINE)
    return mended, tuple(notes)


def _block(match: re.Match[str], notes: tuple[KeyNote, ...]) -> Block:
    begun, body, ended = match[1], match[2], match[3]
    if begun != ended:
        raise KeyProblem(KeyFault.DAMAGED)
    lines = [line for line in match[0].split("\n") if line]
    if any(line[0] in " \t>" for line in lines):
        notes = (*notes, KeyNote.INDENTED)
    if max(map(len, body.split("\n"))) > _LONGEST_LINE:
        notes = (*notes, KeyNote.ONE_LINE)
    return Block(begun, _decoded(body), notes)


def _bare(text: str, notes: tuple[KeyNote, ...]) -> Block:
    """The base64 without its first and last line."""
    if re.match(r"\s{0,9}(?:ssh-|ecdsa-sha2-|-{1,9} ?BEGIN SSH2)", text):
        raise KeyProblem(KeyFault.SSH)
    if "BEGIN " in text or "END " in text:
        raise KeyProblem(KeyFault.TRUNCATED)
    signs = "".join(text.split())
    if not signs.startswith("M") or not _BASE64.fullmatch(signs):
        raise KeyProblem(KeyFault.NOT_PEM)
    return Block("", _decoded(text), (*notes, KeyNote.NO_HEADER))


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"[\s>]", "", body), validate=True)
    except ValueError:
        raise KeyProblem(KeyFault.DAMAGED) from None
