"""Files are looked into in every encoding and archive, within bounds, and what could not be read is said."""

import base64
import bz2
import gzip
import lzma
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks import archives
from flows.checks.guard import MAX_TEXT, Inspection, SecretKind, Unread, inspect_file, inspect_text
from tests.flows.checks import pasted_texts
from tests.flows.checks.made_files import (
    SECRET,
    WORDS,
    docx,
    encrypted_zip,
    innocent_files,
    pdf,
    secret_files,
    tarred,
    xlsx,
    zipped,
)


def test_secrets_in_files_are_found() -> None:
    files = secret_files()
    assert [name for name, content in files.items() if not inspect_file(name, content).findings] == []
    assert [name for name, content in files.items() if inspect_file(name, content, allow=set(SecretKind)).findings] == []


def test_an_archive_pasted_in_base64_is_opened() -> None:
    packed = base64.b64encode(gzip.compress(SECRET.encode())).decode()
    assert inspect_text(f"here is the log: {packed}").findings
    assert not inspect_text(f"here is the log: {base64.b64encode(gzip.compress(WORDS.encode())).decode()}").findings


def test_innocent_files_pass_and_are_read_whole() -> None:
    looked = {name: inspect_file(name, content) for name, content in innocent_files().items()}
    assert {name: each.findings for name, each in looked.items() if each.findings} == {}
    assert {name: each.unread for name, each in looked.items() if each.unread} == {"BZ.txt": (Unread.DAMAGED,)}


def nested(depth: int) -> bytes:
    content = SECRET.encode()
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def overlapping(count: int, kernel: bytes) -> bytes:
    """Each member's data quotes the next member's header and data, so that all of them share the last one's."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    made = packer.compress(kernel) + packer.flush()
    for number in range(count):
        name = f"{number:04}".encode()
        if number:
            made = b"\0" + struct.pack("<HH", len(made) & 0xFFFF, ~len(made) & 0xFFFF) + made if len(made) < 60_000 else made
        made = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(made), 0, len(name), 0) + name + made
    return made


BOUNDED = {
    "bomb.zip": (zipped({"zeros": bytes(6_000_000)}), Unread.TOO_LARGE),
    "text bomb.zip": (zipped({"a.txt": b"password: " * 3_000_000}), Unread.TOO_LARGE),
    "bomb.gz": (gzip.compress(bytes(6_000_000)), Unread.TOO_LARGE),
    "bomb.bz2": (bz2.compress(bytes(6_000_000)), Unread.TOO_LARGE),
    "bomb.xz": (lzma.compress(bytes(6_000_000)), Unread.TOO_LARGE),
    "many.zip": (zipped({f"{number}": b"" for number in range(1500)}), Unread.TOO_MANY),
    "many.tar": (tarred({f"{number}": b"a" for number in range(1500)}), Unread.TOO_MANY),
    "deep.zip": (nested(9), Unread.TOO_DEEP),
    "locked.zip": (encrypted_zip(), Unread.ENCRYPTED),
    "locked.docx": (b"\xd0\xcf\x11\xe0" + bytes(60) + "EncryptedPackage".encode("utf-16-le"), Unread.ENCRYPTED),
    "cut.gz": (gzip.compress(SECRET.encode() * 9)[:-12], Unread.DAMAGED),
    "cut.tar": (tarred({"a": bytes(5000)})[:3000], Unread.DAMAGED),
    "notes.7z": (b"7z\xbc\xaf'\x1c" + bytes(60), Unread.UNKNOWN),
    "notes.rar": (b"Rar!\x1a\x07\1\0" + bytes(60), Unread.UNKNOWN),
    "overlapping.zip": (overlapping(400, b"a" * 40_000), Unread.TOO_DEEP),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_not_looked_into_is_said(name: str) -> None:
    content, reason = BOUNDED[name]
    assert reason in inspect_file(name, content).unread


def test_of_a_long_text_beginning_and_end_are_looked_at() -> None:
    middle = WORDS * (MAX_TEXT // 40)
    assert inspect_text(SECRET + middle).findings
    looked = inspect_text(middle + SECRET)
    assert looked.unread == (Unread.TOO_LARGE,)
    assert [(middle + SECRET)[slice(*finding.span)] for finding in looked.findings] == [SECRET.split()[1]]
    assert inspect_text(WORDS + SECRET).unread == ()
    for content in ((middle + SECRET).encode(), gzip.compress((middle + SECRET).encode())):
        looked = inspect_file("notes", content)
        assert looked.findings
        assert looked.unread == (Unread.TOO_LARGE,)


@pytest.mark.parametrize("name", ["notes.tar", "stored.zip", "le marked.txt", "access.docx"])
def test_a_file_that_was_cut_is_read_as_far_as_it_goes(name: str) -> None:
    content = secret_files()[name]
    looked = inspect_file(name, content, cut=True)
    assert looked.findings
    assert looked.unread == (Unread.TOO_LARGE,)
    assert Unread.DAMAGED not in inspect_file(name, content[: len(content) // 3], cut=True).unread


def test_the_end_of_a_longer_archive_is_read() -> None:
    for whole in (
        zipped({"a.txt": WORDS.encode() * 50, "b.txt": SECRET.encode()}),
        tarred({"a.txt": WORDS.encode() * 50, "b.txt": SECRET.encode()}),
    ):
        assert inspect_file("", whole[100:], cut=True).findings


def tar_with_size(field: bytes, *, copies: int = 3) -> bytes:
    """Headers of members whose sizes are written so, then a secret."""
    header = bytearray(tarred({"notes.txt": b"x"})[:512])
    header[124:136] = field.ljust(12, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) * copies + SECRET.encode().ljust(512, b"\n")


@pytest.mark.parametrize(
    "field", [b"-7777777777", b"-1", b"-0001000", b"+1000", b"0o1000", b"1_0", b"8", b"\x80" + b"\xff" * 11, b"77777777777"]
)
def test_a_size_that_is_none_in_a_tar_takes_no_time_and_hides_nothing(field: bytes) -> None:
    looked = inspect_file("a.tar", tar_with_size(field))
    assert looked.unread == (Unread.DAMAGED,)
    assert [finding.kind for finding in looked.findings] == [SecretKind.SERVER_SECRET]
    unpacking = archives.Unpacking()
    list(archives.members("a.tar", tar_with_size(field, copies=1), unpacking))
    assert unpacking.left <= archives.MAX_BYTES


def test_a_directory_that_lies_hides_nothing() -> None:
    honest = zipped({"a.txt": SECRET.encode(), "b.txt": WORDS.encode()})
    assert inspect_file("a.zip", honest.replace(b"PK\1\2", b"PK\0\0")).findings
    claims_all = bytearray(zipped({"cover": b"x" * 30}, zipfile.ZIP_STORED)[:65] + honest)
    claims_all[18:22] = struct.pack("<I", 4000)
    assert inspect_file("b.zip", bytes(claims_all)).findings


@given(st.binary(max_size=300), st.sampled_from(["", "a.zip", "a.pdf"]))
def test_no_bytes_break_it(noise: bytes, name: str) -> None:
    beginnings = (
        b"",
        b"PK\3\4",
        b"\x1f\x8b\x08",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"]\0\0",
        b"%PDF-",
        b"\xd0\xcf\x11\xe0",
        b"\x95",
        b"\xc5",
    )
    for beginning in beginnings:
        assert isinstance(inspect_file(name, beginning + noise), Inspection)


WHOLE = (
    zipped({"a.txt": SECRET.encode(), "b.zip": zipped({"c": b"d" * 99})}),
    gzip.compress(SECRET.encode()),
    lzma.compress(SECRET.encode()),
    lzma.compress(SECRET.encode(), lzma.FORMAT_ALONE),
    bz2.compress(SECRET.encode()),
    tarred({"a.txt": SECRET.encode()}),
    docx(SECRET),
    xlsx("a", "b"),
    pdf(SECRET),
    zipped({"a": SECRET.encode()}, zipfile.ZIP_LZMA),
)


@given(
    st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.integers(0, 10_000)
)
def test_no_damage_breaks_it(whole: bytes, changes: list[tuple[int, int]], length: int) -> None:
    content = bytearray(whole)
    for place, value in changes:
        content[place % len(content)] = value
    inspect_file("a", bytes(content))
    inspect_file("a", bytes(content[: length % len(content)]), cut=True)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4\n" + b"<< /FlateDecode >> stream\nx\n" * 3000,
        b"UEsDBBQAAAAIAAAAIQAAAAAAAAAA \n" * 3000,
        b"H4sIAAAAAAAAAAAAAAAAAAAAAAAA \n" * 3000,
    ],
    ids=["PDF", "ZIP", "gzip"],
)
def test_what_merely_begins_like_something_packed_counts_too(content: bytes) -> None:
    unpacking = archives.Unpacking()
    assert len(list(archives.members("", content, unpacking))) <= archives.MAX_MEMBERS
    assert Unread.TOO_MANY in inspect_file("a", content).unread


PICTURES = {
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4,
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * 4,
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_key_in_a_picture_or_behind_it_is_found(picture: bytes) -> None:
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(pasted_texts.der()) + b"\n-----END PRIVATE KEY-----\n"
    for content in (picture + pem, picture[:40] + b"tEXtkey\0" + pem + picture[40:], picture + pasted_texts.der() + b"\0\0"):
        assert {finding.kind for finding in inspect_file("a.png", content).findings} == {SecretKind.PRIVATE_KEY}
    assert inspect_file("a.png", picture) == Inspection()


def test_an_archive_behind_the_head_of_a_pdf_is_opened() -> None:
    assert inspect_file("a.pdf", b"%PDF-1.4\n" + zipped({"notes.txt": SECRET.encode()})).findings


def test_the_bounds_are_of_a_file_and_not_of_a_member() -> None:
    unpacking = archives.Unpacking()
    content = zipped({f"{number}.zip": zipped({"zeros": bytes(3_000_000)}) for number in range(9)})
    assert sum(len(member.content) for member in archives.members("", content, unpacking)) < 2 * archives.MAX_BYTES
    assert Unread.TOO_LARGE in unpacking.unread
