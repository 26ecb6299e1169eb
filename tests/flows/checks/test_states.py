"""The state of an address, however it is typed."""

from hypothesis import given
from hypothesis import strategies as st

from flows.checks.states import read_state

TYPED = """\
BRA SP SP|sp|S.P.|S P|ＳＰ|BR-SP|br sp|São Paulo|SAO PAULO|Sao Pualo|Estado de São Paulo
BRA MG Minas Gerais|minas gerais
BRA - XX|SPX|Atlantis|Rio|-|☃
USA NY NY|N.Y.|New York|State of New York
USA CA California|Calif|US-CA
CAN QC Québec|Quebec|QC
ARG B B|Buenos Aires
ARG C C|Ciudad Autónoma de Buenos Aires
AUS NT NT|Northern Territory
CHL RM RM|Región Metropolitana
DEU BY BY|Bayern
ESP CT Catalunya|Cataluña|CT
ESP MD Comunidad de Madrid|Madrid
IND MH Maharashtra|MH
PRT 11 11|Lisboa
MEX NL NL|N.L.
MEX NLE NLE|Nuevo León|nuevo leon
AUS NSW NSW|New South Wales
GBR SCT Scotland
XXX AB AB
XXX - Anywhere
"""
"""Country, code, and what people type for it; "-": for none."""


def test_a_code_or_a_name_is_read_as_it_is_meant() -> None:
    wrong = []
    for line in TYPED.splitlines():
        country, code, typed = line.split(maxsplit=2)
        wrong += [(country, one) for one in typed.split("|") if (read_state(one, country).code or "-") != code]
    assert wrong == []


def test_a_code_of_more_than_two_characters_is_known_but_does_not_fit() -> None:
    assert [read_state(one, "MEX").fits for one in ("NL", "Nuevo León", "nowhere")] == [True, False, False]
    assert read_state("nuevo leon", "MX").name == "Nuevo León"


@given(st.text(max_size=70), st.sampled_from(["BRA", "MEX", "GBR", "XXX", ""]))
def test_what_is_kept_is_read_as_itself(typed: str, country: str) -> None:
    found = read_state(typed, country)
    assert not found.code or read_state(found.code, country) == found
