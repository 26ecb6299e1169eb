"""What people type behind `/onboarding` is read as they meant it, whatever their keyboard or what they pasted made of it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.command_line import CommandLine, nearest, parted, read_line
from flows.names import customer_of_channel, folded

SPACES = [" ", "  ", "\u00a0", "\u202f", "\u2003", "\u3000", "\t", "\n"]
QUOTES = [('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ("`", "`"), ("*", "*"), ("「", "」"), ("", "")]
APOSTROPHES = ["'", "’", "‘", "´", "`", "ʼ", "＇", ""]
DASHES = ["-", "–", "—", "−", "‐", "‑", "―", "－", "/"]
HIDDEN = ["", "\u200b", "\u00ad", "\u200e", "\u2060", "\ufeff"]
NAMES = ["Acme Bank - S.A.", "D'Ávila Crédito", "São João Pagamentos", "Łódź Bank", "99 Pay"]


def wide(text: str) -> str:
    """In full-width letters."""
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def bare(text: str) -> str:
    """Without the accents over its letters."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


@given(st.data())
def test_a_name_is_the_same_however_it_is_typed(data: st.DataObject) -> None:
    def one(choices: list[str]) -> str:
        return data.draw(st.sampled_from(choices))

    name = data.draw(st.sampled_from(NAMES))
    written = name.replace(" ", one(SPACES)).replace("'", one(APOSTROPHES)).replace("-", one(DASHES))
    for change in data.draw(st.lists(st.sampled_from([str.upper, str.lower, bare, wide]), max_size=2)):
        written = change(written)
    opening, closing = data.draw(st.sampled_from(QUOTES))
    place = data.draw(st.integers(0, len(written)))
    quoted = opening + written[:place] + one(HIDDEN) + written[place:] + closing
    between = one([*SPACES, ":", ": ", "：", " – ", ", "])
    line = f"{one(HIDDEN)}{data.draw(st.sampled_from(['status', 'STATUS', 'Status', wide('status')]))}{between}{quoted}"
    read = read_line(line)
    assert (read.verb, folded(read.rest)) == ("status", folded(name)), ascii(line)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", CommandLine("")),
        ("?", CommandLine("")),
        ("“status acme”", CommandLine("status", "acme")),
        ("/onboarding status acme", CommandLine("status", "acme")),
        ("onboarding", CommandLine("onboarding")),
        ("Situação Acme", CommandLine("situacao", "Acme")),
        ("hand‑over @Ana", CommandLine("hand-over", "Ana")),
        ("assign acme <@U0KIM|kim>", CommandLine("assign", "acme", person="U0KIM")),
        ("status <#C0ACME|acme_pismo>", CommandLine("status", channel_id="C0ACME")),
        ("find <http://pay.com|pay.com>", CommandLine("find", "pay.com")),
        ("status https://pismo.slack.com/archives/C0ACME", CommandLine("status", channel_id="C0ACME")),
        ("start in <https://app.slack.com/client/T0/C0ACME/p1?x=1|the channel>", CommandLine("start", "in", "C0ACME")),
        ("matrix D&amp;D", CommandLine("matrix", "D&D")),
        ("export Acme (Brasil)", CommandLine("export", "Acme (Brasil)")),
    ],
)
def test_a_line_is_a_command_and_what_it_is_about(text: str, read: CommandLine) -> None:
    assert read_line(text) == read


def test_a_space_in_place_of_a_dash_or_a_dash_in_place_of_a_space_is_the_same_command() -> None:
    known = {"status", "hand-over"}
    assert parted("hand", "Over: Acme Bank", known) == ("hand-over", "Acme Bank")
    assert parted("hand-over", "over", known) == ("hand-over", "over")
    assert parted("status-acme", "bank", known) == ("status", "acme bank")
    assert parted("danse", "acme", known) == ("danse", "acme")


def test_a_slip_of_the_finger_is_recognized_and_no_other_word() -> None:
    known = ("status", "skip", "repair", "report", "reopen")
    for typo, meant in (("stauts", "status"), ("stats", "status"), ("statuss", "status"), ("skyp", "skip"), ("reprot", "report")):
        assert nearest(typo, known) == [meant]
    assert nearest("rep", known) == ["repair", "report"]
    assert nearest("danse", known) == nearest("st", known) == []


def test_a_channels_name_tells_the_customers() -> None:
    assert customer_of_channel("acme_bank_pismo") == "Acme Bank"
    assert customer_of_channel("pismo-99pay") == "99pay"
    assert customer_of_channel("pismo") == ""
