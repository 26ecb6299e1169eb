"""The text of a PDF, as far as it can be had without drawing it: what its streams show, in the order in which they show it."""

import re
from collections.abc import Iterator
from itertools import islice

DEFLATED = "deflated"
MAX_STREAMS = 10_000
"""With pictures, which are not read; what follows comes as it is."""
_PICTURES = (b"/DCTDecode", b"/JPXDecode", b"/CCITTFaxDecode", b"/JBIG2Decode", b"/Image", b"/FontFile", b"/Length1")
_OTHER_FILTERS = (b"/LZWDecode", b"/ASCII85Decode", b"/ASCIIHexDecode", b"/RunLengthDecode")
_STREAM = re.compile(rb">>\s{0,3}stream\r?\n")
_TOKEN = re.compile(
    rb"\((?P<text>(?:[^()\\]++|\\.)*+)\)|<(?P<hex>[0-9A-Fa-f\s]{2,4000}+)>|(?P<gap>-\d{3,5})(?=[\s(<])|(?P<line>T[dDm*]|ET|'|\")(?=\s)",
    re.DOTALL,
)
_WORD_GAP = -180
"""Thousandths of the font's size: a space, and not the distance of two letters."""


def streams(content: bytes) -> Iterator[tuple[int, int, str]]:
    """Where each stream begins and at most ends that may hold text, and how it is packed: ``DEFLATED``, empty, or ``other``."""
    found = list(islice(_STREAM.finditer(content), MAX_STREAMS))
    stops = [following.start() for following in found[1:]] + [len(content)]
    for match, stop in zip(found, stops, strict=False):  # without streams, there is one stop
        about = content[max(0, match.start() - 400) : match.start()].rpartition(b" obj")[2]
        if any(kind in about for kind in _PICTURES):
            continue
        other = any(kind in about for kind in _OTHER_FILTERS)
        packed = "other" if other else DEFLATED if b"/FlateDecode" in about or b"/Fl " in about else ""
        yield match.end(), stop, packed


def shown(stream: bytes) -> str:
    """What a stream shows; one that shows nothing, as it is."""
    if b"BT" not in stream:
        return stream.decode("latin-1")
    parts: list[str] = []
    for token in _TOKEN.finditer(stream):
        if token["text"] is not None:
            parts.append(re.sub(r"\\([()\\])", r"\1", token["text"].decode("latin-1")))
        elif token["hex"]:
            digits = re.sub(rb"\s", b"", token["hex"]).decode()
            parts.append(bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("latin-1").replace("\0", ""))
        elif token["gap"]:
            parts.append(" " if int(token["gap"]) < _WORD_GAP else "")
        else:
            parts.append("\n")
    return "".join(parts)
