"""Opens archives and compressed files of any depth, within bounds, and says what it could not read.

ZIP files are read from member to member and not by their directory, so that a file behind other bytes, a cut one, and one whose
directory lies are read alike, and no byte is read twice.
"""

import bz2
import lzma
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from flows.checks import pdf_text
from flows.checks.unread import Unread

MAX_BYTES = 5_000_000
"""Unpacked bytes of one file, everything in it together."""
MAX_MEMBERS = 1000
MAX_DEPTH = 5
_LZMA_MEMORY = 100_000_000  # bytes; xz -9 needs 65 million
_CHUNK = 16_384

_DAMAGE = (
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    struct.error,
    MemoryError,
    RecursionError,
    IndexError,
    OverflowError,
)
"""What reading damaged data raises."""

_ZIP = b"PK\x03\x04"
_LOCAL = struct.Struct("<4xHHHHHIIIHH")
_AFTER_MEMBER = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x07\x08|\x05\x06)")
_ENCRYPTED, _UNKNOWN_SIZE = 1, 0xFFFFFFFF
_BLOCK = 512
_OCTAL = re.compile(rb"[0-7]+")
_PACKED = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"]\0\0")
_UNREADABLE = (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07", b"(\xb5/\xfd", b'\x04"M\x18', b"MSCF")
"""7-Zip, RAR, Zstandard, LZ4, cabinet."""
_LOCKED = (b"Salted__", b"age-encryption.org/")
_OLE, _LOCKED_OFFICE = b"\xd0\xcf\x11\xe0", "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class PackedFile:
    """A file that is no archive. ``depth``: in how many archives it is."""

    name: str
    content: bytes
    depth: int = 0


@dataclass
class Unpacking:
    """What may still be read of one file, and why some of it was not."""

    left: int = MAX_BYTES
    members: int = MAX_MEMBERS
    unread: set[Unread] = field(default_factory=set)

    def takes_member(self) -> bool:
        """Whether one more member, or what looks like one, may be read; counts it."""
        if self.members <= 0:
            self.unread.add(Unread.TOO_MANY)
            return False
        self.members -= 1
        return True


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, most: int, /) -> bytes: ...


def members(name: str, content: bytes, unpacking: Unpacking, depth: int = 0) -> Iterator[PackedFile]:
    """The file itself, or what it holds; what an archive has outside of its members comes as one without a name."""
    opened = _opener(content)
    if opened is None:
        if content.startswith(_UNREADABLE):
            unpacking.unread.add(Unread.UNKNOWN)
        if content.startswith(_LOCKED) or (content.startswith(_OLE) and _LOCKED_OFFICE in content):
            unpacking.unread.add(Unread.ENCRYPTED)
        yield PackedFile(name, content, depth)
    elif depth >= MAX_DEPTH:
        unpacking.unread.add(Unread.TOO_DEEP)
    else:
        for inner, part in _safely(opened(content, unpacking), unpacking):
            if not unpacking.takes_member():
                return
            yield from members(inner, part, unpacking, depth + 1)


_Opened = Iterator[tuple[str, bytes]]


def _opener(content: bytes) -> Callable[[bytes, Unpacking], _Opened] | None:
    if content.startswith(_PACKED):
        return _decompressed
    if content.startswith(b"%PDF-"):
        return _pdf
    if _tar_start(content) is not None:
        return _tar
    return _zip if _ZIP in content else None


def _safely(opened: _Opened, unpacking: Unpacking) -> _Opened:
    try:
        yield from opened
    except _DAMAGE:
        unpacking.unread.add(Unread.DAMAGED)


def _inflated(decompressor: _Decompressor, packed: memoryview, unpacking: Unpacking) -> tuple[bytes, int]:
    """What is unpacked until the stream's end or the bound, and how many bytes it took; damage ends it too."""
    parts: list[bytes] = []
    at = 0
    try:
        while not decompressor.eof:
            if at >= len(packed):
                unpacking.unread.add(Unread.DAMAGED)
                break
            chunk = packed[at : at + _CHUNK]
            parts.append(decompressor.decompress(chunk, unpacking.left))
            taken = len(chunk) - len(decompressor.unused_data)
            at += taken
            unpacking.left -= max(len(parts[-1]), taken)
            if unpacking.left <= 0:
                unpacking.unread.add(Unread.TOO_LARGE)
                break
    except _DAMAGE:
        unpacking.unread.add(Unread.DAMAGED)
    return b"".join(parts), at


def _decompressed(content: bytes, unpacking: Unpacking) -> _Opened:
    """gzip, bzip2, xz, and LZMA: one stream or several."""
    at, view, parts = 0, memoryview(content), []
    while content.startswith(_PACKED, at) and unpacking.left > 0:
        magic = content[at : at + 2]
        decompressor: _Decompressor = (
            zlib.decompressobj(wbits=31)
            if magic == b"\x1f\x8b"
            else bz2.BZ2Decompressor()
            if magic == b"BZ"
            else lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
        )
        unpacked, taken = _inflated(decompressor, view[at:], unpacking)
        parts.append(unpacked)
        if not decompressor.eof:  # damaged, or another kind of file that begins likewise
            break
        at += taken
    yield "", b"".join(parts)
    if content[at:].strip(b"\0"):
        yield "", content[at + 1 :] if at == 0 else content[at:]


def _zip(content: bytes, unpacking: Unpacking) -> _Opened:
    view, outside, names, end = memoryview(content), [], [], 0
    at = content.find(_ZIP)
    while at >= 0:
        if len(content) < at + 30:
            unpacking.unread.add(Unread.DAMAGED)
            break
        _, flags, method, _, _, _, packed, _, name_length, extra_length = _LOCAL.unpack_from(content, at)
        start = at + 30 + name_length + extra_length
        outside.append(content[end:at])
        name = content[at + 30 : at + 30 + name_length].decode("utf-8", "replace")
        names.append(name)
        end = start = min(start, len(content))
        if flags & _ENCRYPTED:
            unpacking.unread.add(Unread.ENCRYPTED)
        elif method == 0:
            end = start + packed if 0 < packed < _UNKNOWN_SIZE else _until_next(content, start)
            if end > len(content):
                unpacking.unread.add(Unread.DAMAGED)
            unpacking.left -= min(end, len(content)) - start
            yield name, content[start:end]
        elif decompressor := _zip_method(method, content, start):
            skipped = 9 if method == 14 else 0  # LZMA's own header
            unpacked, taken = _inflated(decompressor, view[start + skipped :], unpacking)
            end = start + skipped + taken if decompressor.eof else start  # if damaged, others may be in what it says is its own
            yield name, unpacked
        else:
            unpacking.unread.add(Unread.UNKNOWN)
        if unpacking.left <= 0 or unpacking.members <= 0:
            unpacking.unread.add(Unread.TOO_LARGE if unpacking.left <= 0 else Unread.TOO_MANY)
            break
        at = content.find(_ZIP, end)
    outside += [content[end:], b"\n", "\n".join(names).encode()]
    yield "", b"".join(outside).replace(b"PK", b"\n\n")


def _until_next(content: bytes, start: int) -> int:
    found = _AFTER_MEMBER.search(content, start)
    return found.start() if found else len(content)


def _zip_method(method: int, content: bytes, start: int) -> _Decompressor | None:
    if method == 8:
        return zlib.decompressobj(wbits=-15)
    if method == 12:
        return bz2.BZ2Decompressor()
    if method == 14 and len(content) >= start + 9:
        properties = content[start + 4]
        dictionary = int.from_bytes(content[start + 5 : start + 9], "little")
        if properties >= 225 or dictionary > _LZMA_MEMORY:
            return None
        lzma1 = {
            "id": lzma.FILTER_LZMA1,
            "dict_size": dictionary,
            "lc": properties % 9,
            "lp": properties // 9 % 5,
            "pb": properties // 45,
        }
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[lzma1])
    return None


def _tar_start(content: bytes) -> int | None:
    """Where the first header is; perhaps behind other bytes, or in the middle of a file that was cut."""
    if _is_header(content[:_BLOCK]):
        return 0
    magic = content.find(b"ustar")
    start = magic - 257
    return start if magic >= 257 and _is_header(content[start : start + _BLOCK]) else None


def _is_header(block: bytes) -> bool:
    """By its checksum: the sum of its bytes, its own eight counted as spaces."""
    if len(block) < _BLOCK or not block[:1].strip(b"\0"):
        return False
    digits = block[148:156].strip(b" \0")
    return _OCTAL.fullmatch(digits) is not None and int(digits, 8) == sum(block) - sum(block[148:156]) + 8 * 32


def _tar(content: bytes, unpacking: Unpacking) -> _Opened:
    """Sparse files and extended headers come as they are stored."""
    at, names = _tar_start(content) or 0, []
    before = content[:at]
    while at + _BLOCK <= len(content):
        header = content[at : at + _BLOCK]
        at += _BLOCK
        if not header.strip(b"\0"):
            continue
        if not _is_header(header):
            unpacking.unread.add(Unread.DAMAGED)
            yield "", content[at - _BLOCK :]
            break
        size = _tar_number(header[124:136])
        if size > len(content) - at:
            unpacking.unread.add(Unread.DAMAGED)
            size = len(content) - at
        unpacking.left -= size
        if unpacking.left <= 0 or unpacking.members <= 0:
            unpacking.unread.add(Unread.TOO_LARGE if unpacking.left <= 0 else Unread.TOO_MANY)
            break
        name = header[:100].rstrip(b"\0").decode("utf-8", "replace")
        names.append(name)
        if size:
            yield name, content[at : at + size]
        at += -(-size // _BLOCK) * _BLOCK
    yield "", before + b"\n" + "\n".join(names).encode()


def _tar_number(field: bytes) -> int:
    """Octal, or with the first bit set, a binary number; never below zero. What is neither is as large as can be: it takes the rest."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else 0
    digits = field.strip(b" \0") or b"0"
    return int(digits, 8) if _OCTAL.fullmatch(digits) else sys.maxsize


def _pdf(content: bytes, unpacking: Unpacking) -> _Opened:
    if b"/Encrypt" in content:
        unpacking.unread.add(Unread.ENCRYPTED)
    texts = []
    for start, stop, filters in pdf_text.streams(content):
        if not unpacking.takes_member():
            break
        if filters == pdf_text.DEFLATED:
            unpacked, _ = _inflated(zlib.decompressobj(), memoryview(content)[start:stop], unpacking)
            texts.append(pdf_text.shown(unpacked))
        elif filters:
            unpacking.unread.add(Unread.UNKNOWN)
        else:
            texts.append(pdf_text.shown(content[start:stop]))
        if unpacking.left <= 0:
            break
    if b"/Identity-H" in content or any("/Identity-H" in text for text in texts):
        unpacking.unread.add(Unread.UNKNOWN)  # its letters are numbers of glyphs
    yield "", "\n".join(texts).encode()
    yield "", content[1:]  # its comments and attributes, and what may stand behind it
