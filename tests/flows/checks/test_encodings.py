"""Text files as programs of three languages and three systems write them."""

import pytest

from flows.checks.emails import examine
from flows.checks.encodings import text_of_file

NAMES = "José Gonçalves;Operações\nAna Conceição;Crédito\nBegoña Ibáñez;Ingeniería\nMÔNICA FRANÇA;Câmbio\nLuís Sant'Ana;Aprovação"
LISTED = "Nome;E-mail;Função\r\n" + "".join(
    f"{name};{number}@bank.example;{role}\r\n"
    for number, (name, role) in enumerate(line.split(";") for line in NAMES.split("\n"))
)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252", "latin-1", "cp850", "mac_roman"],
)
def test_a_list_reads_the_same_however_it_was_saved(encoding: str) -> None:
    read = text_of_file(LISTED.encode(encoding))
    assert read == LISTED
    assert examine(read).valid == tuple(f"{number}@bank.example" for number in range(5))


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("cp1252", "D’Angelo – Ops; O’Neil, “Ana” <ana@bank.example>; 5 €; 1ª"),
        ("cp850", "Márcia França <ana@bank.example>"),
        ("cp437", "García Núñez <ana@bank.example>"),
        ("mac_roman", "García Núñez <ana@bank.example>"),
        ("cp932", "山田タロウさん <ana@bank.example>"),
        ("utf-16-le", "Łukasz Āboliņš <ana@bank.example>"),
        ("utf-16-be", "Ana <ana@bank.example>\n’"),
    ],
)
def test_one_line_is_enough_to_tell(encoding: str, line: str) -> None:
    assert text_of_file(line.encode(encoding)) == line
    assert examine(text_of_file(line.encode(encoding))).valid == ("ana@bank.example",)


def test_what_was_encoded_twice_is_read_once() -> None:
    for line in ("José Gonçalves; Conceição <ana@bank.example>", "Íris À Ávila <ana@bank.example>"):
        twice = "".join(
            chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252") for byte in line.encode()
        )
        assert text_of_file(twice.encode()) == line
    assert text_of_file("MAÇÃ® é".encode()) == "MAÇÃ® é"


def test_what_is_no_text_is_refused_and_a_cut_one_read() -> None:
    for content in (bytes(range(128, 256)) * 20, b"\x00\x01\x02\xff" * 50):
        with pytest.raises(UnicodeDecodeError):
            text_of_file(content)
    assert text_of_file("ana@bank.example;é".encode("utf-16-le") + b"\n") == "ana@bank.example;é"
