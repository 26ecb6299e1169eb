"""ZIP archives that depend on nothing but the files in them: equal files give equal bytes, whenever and wherever they are packed.

Files are stored uncompressed, sorted by name, in one folder. So whoever reads an archive can pack its files again and compare: no byte of
it can be changed unnoticed, and there is nothing to inflate.
"""

import io
import re
import struct
import zipfile
from collections.abc import Mapping

MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[a-z]{1,8})?")
_SINCE = (1980, 1, 1, 0, 0, 0)
"""The first moment that ZIP can name."""
_FOR_OWNER = 0o100600 << 16
_LOCAL_HEADER = 30
"""Bytes before a file's name (PKWARE APPNOTE 4.3.7)."""
_END = struct.Struct("<4s8x2L2s")
"""The end of the directory, without a comment: signature, size of the directory, where it begins (4.3.16)."""
_MOST_DIRECTORY = MOST_FILES * 128


class UnreadableArchiveError(ValueError):
    """It is no archive that `zipped` made. Says why."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _SINCE)
            member.create_system, member.external_attr = 3, _FOR_OWNER
            archive.writestr(member, files[name])
    return whole.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files by name, in the archive's order. Whether it is exactly what `zipped` makes of them is for the caller to compare. Raises
    UnreadableArchiveError."""
    if len(content) > MOST_BYTES:
        raise UnreadableArchiveError(f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    _bound(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, OverflowError, ValueError, struct.error):
        raise UnreadableArchiveError("it is no ZIP archive, or not a whole one") from None
    if len(members) > MOST_FILES:
        raise UnreadableArchiveError(f"it has more than {MOST_FILES} files")
    files: dict[str, bytes] = {}
    for member in members:
        if not _NAME.fullmatch(member.orig_filename):
            raise UnreadableArchiveError(f"{member.orig_filename!a} is no name of a file in it")
        if member.filename in files:
            raise UnreadableArchiveError(f"{member.filename} is in it twice")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size or member.flag_bits & 1:
            raise UnreadableArchiveError(f"{member.filename} is compressed or encrypted, as the bot never packs it")
        files[member.filename] = _stored(content, member)
    return files


def _bound(content: bytes) -> None:
    """Before its directory is read: that of millions of files takes seconds and hundreds of megabytes. Raises UnreadableArchiveError."""
    signature, size, begin, comment = _END.unpack(content[-_END.size :].rjust(_END.size))
    if signature != b"PK\5\6" or comment != b"\0\0" or begin + size + _END.size != len(content):
        raise UnreadableArchiveError("it is no ZIP archive, or not a whole one")
    if size > _MOST_DIRECTORY:
        raise UnreadableArchiveError(f"it has more than {MOST_FILES} files")


def _stored(content: bytes, member: zipfile.ZipInfo) -> bytes:
    """Whatever checksum stands beside it: the caller knows a better one."""
    lengths = content[member.header_offset + _LOCAL_HEADER - 4 : member.header_offset + _LOCAL_HEADER]
    if len(lengths) < 4:
        raise UnreadableArchiveError(f"{member.filename} is not where the archive says it is")
    begin = member.header_offset + _LOCAL_HEADER + sum(struct.unpack("<HH", lengths))
    stored = content[begin : begin + member.file_size]
    if len(stored) < member.file_size:
        raise UnreadableArchiveError(f"{member.filename} is not in it as a whole")
    return stored
