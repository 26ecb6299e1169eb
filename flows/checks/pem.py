"""PEM (RFC 7468) as people paste it: repaired where the meaning is certain, with a note each; private keys are refused first.

Each pass over the text takes time in proportion to its length: no pattern here can begin at many places and run far from each.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.checks import guard, jwk, pkcs7, xml_keys
from flows.checks.der import SEQUENCE, body, is_der
from flows.checks.encodings import codec_of
from flows.checks.key_faults import KeyFault, KeyNote, KeyProblem
from flows.checks.pem_repairs import decoded_pem, plain_base64, repaired, unwrapped_lines

__all__ = ["KeyFault", "KeyNote", "KeyProblem", "PemBlock", "read_blocks", "the_block"]

_MAX_CHARS = 100_000
_LABEL = r"[A-Z0-9 #]{1,40}?"
_MARKER = re.compile(rf"(?<=-)( ?)(BEGIN|END) ({_LABEL}) ?-")
_PRIVATE = re.compile(r"BEGIN[A-Z0-9 ]{0,40}PRIVATE ?KEY", re.IGNORECASE)
_KINDS = r"(?:RSA )?PUBLIC KEY|(?:NEW )?CERTIFICATE REQUEST|(?:X509 )?CERTIFICATE|PKCS7|PKCS #7 SIGNED DATA|CMS"
_OURS = re.compile(rf"{_KINDS}|TRUSTED CERTIFICATE")
_ARMOUR = re.compile(rf"(?:BEGIN|END) ({_KINDS})")
_AROUND = "`\"'‘’>| \t\n-"
_BODY = re.compile(r"(?<![A-Za-z0-9+/])MI[GHI][A-Za-z0-9+/]{13}[A-Za-z0-9+/ \n]*={0,2}")  # a sequence of 128 bytes or more
_MAX_LINE = 76
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SSH = re.compile(
    r"(?:^|(?<=[\s\"'`:]))(?:(?:sk-)?(?:ssh-|ecdsa-sha2-)[a-z0-9@.-]{3,40} AAAA|AAAA[A-Z]3NzaC1|-{1,9} ?BEGIN SSH2)"
)


@dataclass(frozen=True)
class PemBlock:
    """``label``: the words after BEGIN; empty for DER without one."""

    label: str
    der: bytes
    notes: tuple[KeyNote, ...] = ()


def read_blocks(given: str | bytes) -> list[PemBlock]:
    """At least one block; of a PKCS #7, its certificates. Raises KeyProblem."""
    if len(given) > _MAX_CHARS * (2 if isinstance(given, bytes) else 1):  # UTF-16 takes two bytes
        raise KeyProblem(KeyFault.TOO_LONG, maximum=_MAX_CHARS)
    if isinstance(given, bytes):
        if any(finding.kind is guard.SecretKind.PRIVATE_KEY for finding in guard.find_in_file("", given)):
            raise KeyProblem(KeyFault.PRIVATE_KEY)
        if is_der(given):
            return list(_unpacked([PemBlock("", given, (KeyNote.BINARY,))]))
        given = given.decode(codec_of(given), "replace")
        if len(given) > _MAX_CHARS:
            raise KeyProblem(KeyFault.TOO_LONG, maximum=_MAX_CHARS)
    return list(_unpacked(_read(given)))


def _read(given: str) -> list[PemBlock]:
    text, notes = repaired(given)
    _refuse_private_key(given, text)
    if not text.strip():
        raise KeyProblem(KeyFault.EMPTY)
    if jwk.is_jwk(text):
        return [PemBlock("PUBLIC KEY", jwk.read_jwk(text), (*notes, KeyNote.FROM_JWK))]
    if xml_keys.is_xml_key(text):
        return [PemBlock("PUBLIC KEY", xml_keys.read_xml_key(text), (*notes, KeyNote.FROM_XML))]
    for _ in range(guard.MAX_ENCODED):
        if "BEGIN " in text or not (inner := decoded_pem(text)):
            break
        text, notes = repaired(inner)
        _refuse_private_key(inner, text)
        notes = (*notes, KeyNote.FROM_BASE64)
    return _armoured(text, notes) or _bare(text, notes)


def _refuse_private_key(given: str, text: str) -> None:
    """Even just a header: the rest may come in the next message. ``text``: ``given``, repaired."""
    if _PRIVATE.search(text) or any(finding.kind is guard.SecretKind.PRIVATE_KEY for finding in guard.find_secrets(given)):
        raise KeyProblem(KeyFault.PRIVATE_KEY)


def the_block(blocks: list[PemBlock], *labels: str) -> PemBlock:
    """The only block, with one of the labels or none. Raises KeyProblem otherwise."""
    if len(blocks) > 1:
        raise KeyProblem(KeyFault.SEVERAL, count=len(blocks))
    if blocks[0].label not in (*labels, ""):
        raise KeyProblem(KeyFault.WRONG_BLOCK, expected=labels[0], found=blocks[0].label)
    return blocks[0]


def _unpacked(blocks: list[PemBlock]) -> Iterator[PemBlock]:
    """The certificates of a PKCS #7 in its place, whatever its label says. Raises KeyProblem."""
    for block in blocks:
        if not (block.label in pkcs7.LABELS or pkcs7.is_pkcs7(block.der)):
            yield block
            continue
        inside = pkcs7.certificates_in(block.der)
        if not inside:
            raise KeyProblem(KeyFault.NO_CERTIFICATE)
        yield from (PemBlock("CERTIFICATE", der, (*block.notes, KeyNote.FROM_PKCS7)) for der in inside)


def _armoured(text: str, notes: tuple[KeyNote, ...]) -> list[PemBlock]:
    """The blocks between a BEGIN and the END that follows it, on lines of their own or not; none without both."""
    pairs, opened, cut = [], None, False
    for marker in _MARKER.finditer(text):
        if marker[2] == "BEGIN":
            cut, opened = cut or opened is not None, marker
        elif opened is not None:
            pairs.append((opened, marker))
            opened = None
    if not pairs:
        return []
    if cut or opened is not None:
        raise KeyProblem(KeyFault.TRUNCATED)
    edges = [0, *(edge for begin, end in pairs for edge in (begin.start(), end.end())), len(text)]
    outside = zip(edges[::2], edges[1::2], strict=True)
    if any(text[start:stop].strip(_AROUND) for start, stop in outside):
        notes = (*notes, KeyNote.SURROUNDED)
    return [_block(text, begin, end, notes) for begin, end in pairs]


def _block(text: str, begin: re.Match[str], end: re.Match[str], notes: tuple[KeyNote, ...]) -> PemBlock:
    if begin[3] != end[3]:
        raise KeyProblem(KeyFault.DAMAGED)
    if begin[3].startswith("SSH2 "):
        raise KeyProblem(KeyFault.SSH)
    content = text[begin.end() : end.start()].strip("- ")
    lines = content.split("\n")
    if any(line[0] in " \t>|" for line in lines if line):
        notes = (*notes, KeyNote.INDENTED)
    if max(map(len, lines)) > _MAX_LINE:
        notes = (*notes, KeyNote.ONE_LINE)
    try:
        der, unwrapped = _within(content)
        return PemBlock(begin[3], der, (*notes, KeyNote.SURROUNDED) if unwrapped and KeyNote.SURROUNDED not in notes else notes)
    except KeyProblem:
        if _OURS.fullmatch(begin[3]):
            raise
        return PemBlock(begin[3], b"", notes)  # its label says what it is, e.g. a PGP key, which has lines besides the base64


def _within(content: str) -> tuple[bytes, bool]:
    """The DER, and whether something around the lines had to be left out for it to be whole. Raises KeyProblem."""
    whole = _der(content)
    if not _is_whole(whole):
        for lines in unwrapped_lines(content):
            if _is_whole(der := _der(lines)):
                return der, True
    return whole or _decoded(content), False


def _der(content: str) -> bytes:
    """Empty if it is no base64."""
    try:
        return _decoded(content)
    except KeyProblem:
        return b""


def _is_whole(der: bytes) -> bool:
    return (found := body(der)) is not None and found[1] == len(der)


def _bare(text: str, notes: tuple[KeyNote, ...]) -> list[PemBlock]:
    """Base64 without its first or last line, or both: one block, or several that are whole."""
    if _SSH.search(text):
        raise KeyProblem(KeyFault.SSH)
    labels = {match[1] for match in _ARMOUR.finditer(text)}
    content = re.sub("[>|]", " ", _ARMOUR.sub("\n", text))
    lines = "\n".join(line.strip(" \t\"'‘’`-") for line in content.split("\n"))
    several = _several(lines)
    if len(several) > 1:
        return [PemBlock("", _decoded(signs), (*notes, KeyNote.NO_HEADER)) for signs in several]
    signs = "".join(lines.split())
    if not _BASE64.fullmatch(signs) and _BASE64.fullmatch(plain := plain_base64(signs)) and _whole(plain):
        signs = plain
    if not _BASE64.fullmatch(signs) or not signs.startswith("M"):  # words, too, are base64
        signs = "".join(max(_BODY.findall(lines), key=len, default="").split())
        notes = (*notes, KeyNote.SURROUNDED)
    whole = _whole(signs)
    if not signs.startswith("M") or (KeyNote.SURROUNDED in notes and not whole):
        raise KeyProblem(KeyFault.TRUNCATED if labels or "BEGIN " in text or "END " in text else KeyFault.NOT_PEM)
    if len(labels) > 1 or (labels and not whole):
        raise KeyProblem(KeyFault.TRUNCATED)
    return [PemBlock(labels.pop() if labels else "", _decoded(whole or signs), (*notes, KeyNote.NO_HEADER))]


def _several(lines: str) -> list[str]:
    """The base64 of each whole block, one after the other or with something between."""
    found = []
    for run in _BODY.findall(lines):
        signs = "".join(run.split())
        while _BODY.match(signs) and (whole := _whole(signs)):
            found.append(whole)
            signs = signs[len(whole) :]
    return found


def _whole(signs: str) -> str:
    """As much base64 as the DER's own length asks for; empty if some is missing. The rest is text that follows."""
    head = _head(signs[:12])
    found = body(head)
    # A SEQUENCE that starts with another one or, in PKCS #1, with a number, in PKCS #7 with an object identifier.
    if found is None or head[found[0] : found[0] + 1] not in (bytes((SEQUENCE,)), b"\x02", b"\x06"):
        return ""
    needed = -(-found[1] * 4 // 3)
    return signs[: needed + -needed % 4] if len(signs) >= needed else ""


def _head(signs: str) -> bytes:
    try:
        return base64.b64decode(signs, validate=True)
    except ValueError:
        return b""


def _decoded(content: str) -> bytes:
    """With its padding or without."""
    signs = re.sub(r"[\s>|\\]", "", content).rstrip("=")
    try:
        return base64.b64decode(signs + "=" * (-len(signs) % 4), validate=True)
    except ValueError:
        raise KeyProblem(KeyFault.DAMAGED) from None
