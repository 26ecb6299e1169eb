"""Keys that programs print as numbers: ``openssl -text`` and ``asn1parse``, hex with and without offsets, the literals and arrays of
sources, and the components of symmetric keys that card schemes exchange."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from flows.checks import key_material
from flows.checks.readings import PlainText, Span

_NUMBER = re.compile(r"(?:privateexponent|prime[12]|exponent[12]|coefficient|priv):\s{0,12}((?:[0-9a-f]{2}[:\s]{0,10}+){12,}+)")
_PARSED = re.compile(r"d=\d{1,3} +hl=\d{1,2} +l= *(\d{1,6}) +prim: (integer|octet string)[^\n:]{0,24}:([0-9a-f]{2,}+)")
_LONG = 32  # hexadecimal digits: longer than a version or a public exponent
_IN_FULL = re.compile(
    r"(?<![a-z0-9_.])(?:[dpq]|private_?(?:value|exponent|key))[\"']?\s?[:=]\s?[\"']?(?:(\d{60,2500}+)(?![a-f])|(?:0x)?([0-9a-f]{160,2100}+))"
)
"""A component of a key as one number, in decimal or hexadecimal."""


def _escaped(byte: int) -> str:
    return rf"\\(?:(?:x|u00){byte:02x}|{byte:03o})"


_JOIN = r"[\"'][\s+\\]{0,40}[\"']"
"""Where a literal goes on, perhaps on the next line."""
_BYTE = r"(?:\\(?:x|u00)[0-9a-f]{2}|\\[0-7]{3}|\\['\"\\?abefv]|  |[ -~\xa0-\xff])"
"""In a literal of a program; two spaces are an escaped line end or tab."""
_LITERAL = re.compile(
    rf"(?:0|{_escaped(0x30)})(?:{_JOIN})?(?:{_BYTE}(?:{_JOIN})?){{1,3}}?{_escaped(2)}(?:{_JOIN})?{_escaped(1)}"
    r"(?:[^\n]|(?:(?<=[\"'+\\])|(?<=[\"'+\\]\s))\n(?=[\s+]{0,40}[\"'])){20,20000}"
)
"""Of what may be DER of a private key, as Python, C, and JSON write bytes in a text."""
_LITERALS = ("\\x02", "\\002", "\\u0002")
_IN_LITERAL = re.compile(rf"{_JOIN}|({_BYTE})")
_SHORT_ESCAPES = dict(zip("abefv", b"\a\b\x1b\f\v", strict=True))
_BEGINNINGS = ("30", "48", "60", "2d", "45", "55", "6f", "111", "157")
"""Of DER, PEM, and OpenSSH: in hexadecimal, decimal, and octal."""
_TYPE = "(?:_?u8)?"  # of Rust's numbers
_BYTES = re.compile(
    rf"(?<![\w.-])0{{0,2}}(?:{'|'.join(_BEGINNINGS)}){_TYPE}(?![0-9a-z])"
    rf"(?:[\s,;]{{1,24}}+-?[0-9a-f]{{1,4}}{_TYPE}(?![0-9a-z])){{24,}}+"
)
"""Numbers from 0 to 255, or from -128 to 127, as programs print arrays of bytes: decimal, octal, or hexadecimal without leading zeros."""
_EACH = re.compile(rf"(-?[0-9a-f]+){_TYPE}")
_HEX = re.compile(
    rf"(?<![0-9a-z])(?:(?:\(byte\)\s?)?(?:0x[0-9a-f](?![0-9a-f])|(?:0x|\\x|#x|\$)?[0-9a-f]{{2}}){_TYPE}"
    rf"(?:-|{_JOIN}|[\s,:;]{{0,12}}+)){{24,}}+"
)
_DUMPED = re.compile(r"^[ \t]{0,8}[0-9a-f]{4,8}:?[ \t]{1,4}+((?:-?[0-9a-f]{1,8}(?:[ \t]{1,4}+|$)){4,16}+)", re.MULTILINE)
_SHOWN = re.compile(r"^ {0,8}[0-9a-f]{7,8}((?: (?:[0-7]{3}|  [ -~]| \\[0abfv\\])){8,16})[ \t\r]*$", re.MULTILINE)
"""Bytes as characters, as ``od -c`` has them in columns of four."""
_WORDS = {4: (16, 2), 6: (8, 2), 8: (16, 4)}
"""By the digits of a word: their base, and the word's bytes, the last one first."""
_ONE_DIGIT = re.compile("0x(?=[0-9a-f](?![0-9a-f]))")
_NOT_HEX = re.compile(r"0x|_?u8|\(byte\)|[^0-9a-f]")
_DECIMAL = re.compile(r"[\d -]+")
_BEFORE = 80
_KEY_HINT = re.compile(
    "[ztpwi]mk|[ztpb]pk|[zt]ek|[ztm]ak|bdk|ipek|lmk|[kdp]ek|mfk|[pc]vk|mdk|[ai]wk|zcmk|csck|dukpt|comp|transport(?:e| key)"
    r"|key (?:part|share)|(?:pin|mac|cv[cv]\d?|initial|working|master|derivation|encrypting) key"
)
_COMPONENT = re.compile(
    r"(?<![0-9a-z.-])u?(?:[0-9a-f]{32}(?:[0-9a-f]{16}|[0-9a-f]{32})?|(?:[0-9a-f]{4}[ -]){7,15}[0-9a-f]{4}"
    r"|(?:[0-9a-f]{8}[ -]){3,7}[0-9a-f]{8}"
    r"|(?:[0-9a-f]{16} ){1,3}[0-9a-f]{16}|(?:[0-9a-f]{2} ){15,31}[0-9a-f]{2})(?![0-9a-z])"
)
_NAMED = re.compile(
    r"(?<![a-z])(?:zmk|tmk|zpk|tpk|zek|tek|bdk|ipek|lmk|kek|dek|mfk|pvk|cvk|mdk|imk(?:-?(?:ac|smi|smc))?"
    r"|tak|zak|pek|zcmk|awk|iwk|csck|dukpt|kbpk|(?:pin|mac|cv[cv]\d?|initial|working|master|derivation|encrypting) key)s?(?![a-z])"
    r"|(?<![a-z])comp(?:onente?)?\s?(?:#|n[o.]{1,2})?\s?(?:[1-9a-c]|one|two|three|um|dois|uno|dos|tres)(?![a-z])"
    r"|key (?:component|part|share)"
    r"|clear component|(?:chave|clave|llave) de transporte|transport key"
)
_BLOCK = re.compile(
    r"(?<![0-9a-z])(?:s[01]|[abcd])(\d{4})[a-z]\d?[a-z\d]?[a-z][a-z]\d{2}[ens]\d{4}[0-9a-z]{32,4000}+(?![0-9a-z])"
)
"""A key wrapped for another HSM: version, length, usage, algorithm, mode, number, exportability as ASC X9 TR-31 and Thales write them.
Hexadecimal digits, as of a thumbprint, look like that by chance, but do not state about as many characters as they are."""
_SHORT = re.compile(
    r"(?<![a-z])(?:[cp]vk|[ztpb][mp]k|[pc]vk pair|kek)\s?(?:key|comp\w{0,7}|part)?\s?[ab1-3]?\s?[:=]?\s?([0-9a-f]{16})(?![0-9a-z])"
)
"""A single DES key, as verification keys come in pairs."""
_NAMED_AFTER = re.compile(rf"[\s*`]{{0,3}}[(:-]\s?(?:the |a |da |de )?(?:{_NAMED.pattern})")
_OTHER = re.compile(
    r"(?<![a-z])(?:ref|ticket|build|md5|sha-?\d{0,3}|trace|span|commit|request|hash|checksum|digest|wrapped|project|protocolo|chamado)(?![a-z])"
)
"""What else has as many digits."""


def spans(reading: PlainText) -> Iterator[Span]:
    folded = reading.folded
    if "priv" in folded or "prime" in folded or "exponent" in folded:
        yield from (match.span(1) for match in _NUMBER.finditer(folded))
    if reading.has_runs:
        yield from (match.span(match.lastindex or 0) for match in _IN_FULL.finditer(folded))
    if any(literal in folded for literal in _LITERALS):
        yield from (match.span() for match in _LITERAL.finditer(folded) if key_material.is_private_key(_of_literal(match[0])))
    if "hl=" in folded:
        yield from _parsed(folded)
    if any(beginning in folded for beginning in _BEGINNINGS):
        yield from (match.span() for match in _BYTES.finditer(folded) if any(map(_is_key, _of_numbers(match[0]))))
        yield from (match.span() for match in _HEX.finditer(folded) if _is_key(_bytes(match[0])))
        yield from _dumped(folded)
    if reading.has_runs:
        yield from (match.span() for match in _BLOCK.finditer(folded) if len(match[0]) // 2 <= int(match[1]) <= len(match[0]) * 2)
    if _KEY_HINT.search(folded):
        yield from (match.span(1) for match in _SHORT.finditer(folded) if not _DECIMAL.fullmatch(match[1]))
        for match in _COMPONENT.finditer(folded):
            if len(set(match[0])) > 3 and not _DECIMAL.fullmatch(match[0]) and _is_named(folded, *match.span()):
                yield match.span()


def _is_named(folded: str, start: int, end: int) -> bool:
    low = max(0, start - _BEFORE)
    for name in _NAMED.finditer(folded, low, start):
        if not _OTHER.search(folded, max(0, name.start() - 8), start):
            return True
    after = _NAMED_AFTER.match(folded, end, end + _BEFORE)
    return after is not None and not _OTHER.search(folded, max(0, start - 12), start)


def _parsed(folded: str) -> Iterator[Span]:
    """PKCS #1 is a version and eight long numbers; a public key has one, a certificate none. SEC 1 begins with version 1."""
    lines = list(_PARSED.finditer(folded))
    numbers = [line for line in lines if line[2] == "integer" and len(line[3]) >= _LONG]
    if len(numbers) >= 3:
        yield from (line.span(3) for line in numbers)
    former = ""
    for line in lines:
        if line[2] != "integer" and (
            (former == "01" and len(line[3]) >= _LONG)
            or line[3].startswith("0420")
            or key_material.is_private_key(_bytes(line[3][:256]))
        ):
            yield line.span(3)
        former = line[3] if line[2] == "integer" else ""


def _dumped(folded: str) -> Iterator[Span]:
    """Lines of an offset, bytes, and perhaps their characters, as xxd, hexdump, od, and certutil write them."""
    for block in _blocks(_DUMPED.finditer(folded)):
        digits = " ".join(line[1] for line in block)
        if any(map(_is_key, (_bytes(digits), *_of_numbers(digits), *_of_words(digits)))):
            yield block[0].start(), block[-1].end()
    for block in _blocks(_SHOWN.finditer(folded)):
        if _is_key(_of_characters("".join(line[1] for line in block[:20]))):
            yield block[0].start(), block[-1].end()


def _blocks(lines: Iterator[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Those that follow each other."""
    block: list[re.Match[str]] = []
    for line in lines:
        if block and line.start() - block[-1].end() > 40:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_key(content: bytes) -> bool:
    return (
        b"PRIVATE KEY" in content or b"openssh-key-v1" in content or any(map(key_material.is_private_key, (content, content[1:])))
    )


def _bytes(digits: str) -> bytes:
    plain = _NOT_HEX.sub("", _ONE_DIGIT.sub("0", digits))
    return bytes.fromhex(plain[: len(plain) // 2 * 2])


def _of_numbers(listed: str) -> Iterator[bytes]:
    """The first 200, enough to tell a key, in each base that they can be of."""
    numbers = [number[1] for number in islice(_EACH.finditer(listed), 200)]
    for base in (10, 8, 16):
        with suppress(ValueError):
            yield bytes(int(number, base) & 0xFF for number in numbers)


def _of_words(listed: str) -> Iterator[bytes]:
    """Of words of several bytes, as hexdump and od write them unless they are asked for single ones."""
    words = listed.split(maxsplit=100)[:100]
    base, size = _WORDS.get(len(words[0]), (0, 0))
    if size:
        with suppress(ValueError, OverflowError):
            yield b"".join(int(word, base).to_bytes(size, "little") for word in words)


def _of_characters(columns: str) -> bytes:
    cells = (columns[at + 1 : at + 4].strip() for at in range(0, len(columns), 4))
    return bytes(int(cell, 8) & 0xFF if len(cell) == 3 else 0 if cell == "\\0" else ord(cell[-1:] or " ") for cell in cells)


def _of_literal(text: str) -> bytes:
    """The first 64 bytes."""
    tokens = (token[1] for token in _IN_LITERAL.finditer(text) if token[1])
    return bytes(map(_of_token, islice(tokens, 64)))


def _of_token(token: str) -> int:
    if token.startswith(("\\x", "\\u")):
        return int(token[-2:], 16)
    if len(token) == 4:
        return int(token[1:], 8) & 0xFF
    return _SHORT_ESCAPES.get(token[1:], ord(token[-1]))
