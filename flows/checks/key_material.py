"""Finds private keys in a text or a file, in any form people paste and attach.

Works on text flattened by `flows.checks.guard`: ASCII dashes, quotes, and spaces, with spaces for escaped line breaks.
"""

import base64
import re
from bisect import bisect_left
from collections.abc import Iterator

from flows.checks import placeholders
from flows.checks.readings import PlainText

Span = tuple[int, int]

_PRIVATE = (
    r"(?:[A-Z0-9\s+]{0,40}?PRIVATE[\s+]{0,3}KEY(?:[\s+]{0,3}BLOCK)?|\sOPENVPN\s[A-Z0-9\s-]{0,30}?KEY(?:\sV\d)?)[ +]{0,3}-{0,8}"
)
_BEGIN = re.compile(rf"(?:-{{1,8}}[ +]{{0,3}})?BEGIN{_PRIVATE}", re.IGNORECASE)
_END = re.compile(rf"(?:-{{1,8}}[ +]{{0,3}})?END{_PRIVATE}", re.IGNORECASE)
_ANY_BLOCK = re.compile(r"BEGIN\s[A-Z0-9\s]{1,40}-", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9+/]{16,}")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{32}", re.IGNORECASE)
"""A line of an OpenVPN static key."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]")
_OPENSSH = "b3BlbnNzaC1rZXktdjE"  # base64 of openssh-key-v1
_STORES = ("/u3+7QAAAA", "zs7OzgAAAA")  # and of the beginnings of JKS and JCEKS
_BARE = re.compile(rf"(?<![A-Za-z0-9+/_-])(?:M[A-Za-z0-9+/_-]{{31,}}|(?:{_OPENSSH}|/u3\+7QAAAA|zs7OzgAAAA)[A-Za-z0-9+/]*)")
_TWICE = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{26,}(?:\s{1,3}[A-Za-z0-9+/]{40,})*={0,2}")
"""Base64 of a PEM, as Kubernetes and CI systems store it."""
_PUTTY = "PuTTY-User-Key-File-"
_PUTTY_END = re.compile(r"Private-(?:MAC|Hash):\s{0,3}[0-9a-f]+")
_JWK = re.compile(r"""(?<![\w.])(d|p|q|dp|dq|qi|k)\\{0,3}["']?\s{0,9}:\s{0,9}\\{0,3}["']?([A-Za-z0-9_-]{16,}={0,2})""")
_XML = re.compile(r"<(D|P|Q|DP|DQ|InverseQ)>\s{0,9}[A-Za-z0-9+/=\s]{16,2000}")
_PASSWORD_BASED = (bytes.fromhex("06092a864886f70d0105"), bytes.fromhex("060a2a864886f70d010c01"))  # PKCS #5, PKCS #12
_SHORTEST_SECRET = 20
"""Bytes of a curve's secret number: of 160 bits. A community of SNMP, which stands in its place, is shorter."""


def spans(reading: PlainText) -> Iterator[Span]:
    """Private keys in a flattened text; in a JWK or an XML key, each secret number separately."""
    text = reading.flat
    if "private" in reading.folded or "openvpn" in reading.folded:
        yield from _blocks(text)
    yield from _putty(text)
    members = list(_JWK.finditer(text)) if ":" in text and reading.has_runs else []
    kinds = {member[1] for member in members}
    if ("kty" in text and (kinds & {"d", "k"} or len(kinds) > 1)) or len(kinds) > 2:
        yield from (member.span(2) for member in members)
    if "LS0tLS1CRUdJTi" in text:
        yield from (match.span() for match in _TWICE.finditer(text) if _hides_a_key(match[0]))
    if "<Modulus>" in text:
        yield from (match.span() for match in _XML.finditer(text))
    if reading.has_runs:
        yield from _bare(text)


def _putty(text: str) -> Iterator[Span]:
    start = text.find(_PUTTY)
    while start >= 0:
        private = text.find("Private-Lines:", start)
        if private < 0:
            return
        start = text.rfind(_PUTTY, start, private)
        end = _PUTTY_END.search(text, private, private + 20_000)
        stop = end.end() if end else min(len(text), private + 20_000)
        yield start, stop
        start = text.find(_PUTTY, stop)


def _hides_a_key(run: str) -> bool:
    head = run.split(maxsplit=1)[0][:60]
    return b"PRIVATE KEY" in base64.b64decode(head[: len(head) // 4 * 4])


def is_private_key(der: bytes) -> bool:
    """Whether DER begins like a private key or a PKCS #12 store."""
    return _is_private(der[:64])


def _blocks(text: str) -> Iterator[Span]:
    """PEM and PGP blocks; a block without its last line ends before the next block or with the text."""
    begins, ends = list(_BEGIN.finditer(text)), list(_END.finditer(text))
    stops = sorted([match.start() for match in (*begins, *ends, *_ANY_BLOCK.finditer(text))] + [len(text)])
    closing = {match.start(): match.end() for match in ends}
    for begin in begins:
        stop = stops[bisect_left(stops, begin.end())]
        if _is_material(text[begin.end() : stop]):
            yield begin.start(), closing.get(stop, stop)
    opened = {stops[bisect_left(stops, begin.end())] for begin in begins}
    for end in ends:  # blocks that lost their first line
        place = bisect_left(stops, end.start())
        start = stops[place - 1] if place else 0
        if end.start() not in opened and _is_material(text[start : end.start()]):
            first = _RUN.search(text, start, end.start())
            yield first.start() if first else start, end.end()


def _is_material(body: str) -> bool:
    """Key material, as opposed to a sentence about keys or a placeholder."""
    signs = "".join(_BASE64.findall(body[:400]))
    if _OPENSSH in signs or "Proc-Type" in body or _is_private(_decoded(signs)):
        return True
    runs = (run[0] for run in _RUN.finditer(body))
    return any(placeholders.classes(run) == 3 or _HEX.fullmatch(run) for run in runs)


def _bare(text: str) -> Iterator[Span]:
    """Base64 of a key without its first and last lines."""
    end = 0
    for match in _BARE.finditer(text):
        start = match.start()
        if start < end:  # within the former, which would be read again and again
            continue
        if match[0].startswith((_OPENSSH, *_STORES)):
            end = _after(text, start, 4096)
            yield start, end
        elif _is_private(der := _decoded(match[0])):
            end = _after(text, start, -(-_length(der) * 4 // 3))
            yield start, end


def _after(text: str, start: int, count: int) -> int:
    """The position after ``count`` base64 characters from ``start``, whatever is between them; at most the end."""
    for match in _BASE64.finditer(text, start):
        count -= 1
        if not count:
            return min(match.end() + 2, len(text))  # with the padding
    return len(text)


def _decoded(signs: str) -> bytes:
    """The first 48 bytes."""
    head = signs[:64].replace("-", "+").replace("_", "/")
    return base64.b64decode(head[: len(head) // 4 * 4])


def _is_private(der: bytes) -> bool:
    """Judging by the first bytes of the ASN.1: PKCS #1, SEC 1, PKCS #8 (plain, encrypted), and PKCS #12. What is too short for one is
    something else: a row of a table, a packet of SNMP."""
    body = _content(der)
    if body[:2] == b"\x02\x01" and len(body) > 4:  # a version, then …
        version, tag, length = body[2:5]
        if tag == 0x30:  # … an algorithm: PKCS #8; or the type of what is in a PKCS #12
            return version in (0, 1, 3) and _content(body[3:])[:1] == b"\x06"
        if tag == 0x02:  # … a modulus: PKCS #1
            return version == 0 and der[1] >= 0x80
        return version == 1 and tag == 0x04 and length >= _SHORTEST_SECRET  # … a secret number: SEC 1
    return body[:1] == b"\x30" and _content(body).startswith(_PASSWORD_BASED)


def _content(der: bytes) -> bytes:
    """The content of a SEQUENCE, or nothing."""
    if len(der) < 2 or der[0] != 0x30:
        return b""
    return der[2 + (der[1] & 0x7F if der[1] & 0x80 else 0) :]


def _length(der: bytes) -> int:
    """The length of the whole SEQUENCE, in bytes; if indefinite, that of a long key."""
    if der[1] == 0x80:
        return 8192
    if der[1] < 0x80:
        return 2 + der[1]
    size = der[1] & 0x7F
    return min(2 + size + int.from_bytes(der[2 : 2 + size]), 16384)
