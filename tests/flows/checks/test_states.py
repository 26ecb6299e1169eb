"""The state of an address, however it is typed."""

from hypothesis import given
from hypothesis import strategies as st

from flows.checks.states import State, read_state

TYPED = """\
BRA SP SP|sp|S.P.|S P|ＳＰ|BR-SP|br sp|São Paulo|SAO PAULO|Sao Pualo|Estado de São Paulo|SP/Brasil|São Paulo (SP)|Campinas - SP|UF: SP
BRA SP Campinas SP|Campinas S.P.|SP SP|Campinas SP, 13010-000|Campinas SP Brasil
BRA MG Minas Gerais|minas gerais|MG - Minas Gerais|minas, Brasil
BRA DF Distrito Federal|Brasília/DF|Brasília DF
BRA SC Sta. Catarina
BRA SP SP Capital|São Paulo - Capital|Campinas S. P.|SP, Capital
BRA RJ Rio de Janeiro RJ|Rio de Janeiro - RJ
BRA - São Paulo RJ|São Paulo - RJ|São Paulo/RJ|Mato Grosso MS|Amazonas AC|Paraná PA
BRA - XX|SPX|Atlantis|Rio|-|☃|SP/RJ|SP RJ|Campinas XX|Bra|Estado
USA NY NY|N.Y.|New York|State of New York|NY, USA|NY 10001|New York (NY)
USA DC Washington, D.C.|DC|Washington DC 20001|Washington D.C., USA
USA MA Cambridge Mass.|Cambridge, Mass.
USA TN Nashville Tenn
USA IL Chicago Ill
USA NC Raleigh N. C.|Raleigh N.C. 27601
USA PA Washington PA|Washington, PA
USA - Lake Mary|NY NJ
CAN - Ontario QC
USA TX Tex.|Austin TX|Austin, TX 78701
USA DE Del.|Wilmington DE
USA AL Ala.
USA MS Miss.
USA WA Wash.
USA WV W. Va.|Charleston W. Va.
USA CA California|Calif|US-CA
CAN QC Québec|Quebec|QC
CAN ON Toronto Ont.|Toronto ON|Toronto ON M5V 2T6
CAN AB Alta.
CAN NL Nfld.
COL DC Bogotá D.C.|Bogotá DC|Bogotá
COL NSA Nte. de Santander
ARG B B|Buenos Aires|Pcia. de Bs. As.
ARG C C|Ciudad Autónoma de Buenos Aires|CABA|Capital Federal|Buenos Aires (CABA)|Cdad. de Buenos Aires
ARG X Cba.
ARG G Sgo. del Estero
AUS NT NT|Northern Territory
CHL RM RM|Región Metropolitana
DEU BY BY|Bayern
ESP CT Catalunya|Cataluña|CT
ESP MD Comunidad de Madrid|Madrid
IND MH Maharashtra|MH
PRT 11 11|Lisboa
MEX NL NL|N.L.|Monterrey, N.L.|Monterrey N.L.|Monterrey N. L.
MEX MIC Morelia Mich.|Mich.
MEX COA Saltillo Coah.
MEX CHH Cd. Juárez Chih
MEX ROO Cancún Q. Roo
MEX NLE NLE|Nuevo León|nuevo leon|Nvo. León|Monterrey NLE
MEX CMX CDMX|Ciudad de México|Distrito Federal|D.F.|México D.F.
MEX MEX Edo. de México|Edomex|Edo. de Méx.|Estado de Mex.
MEX GUA Gto.|León Gto.
MEX JAL Jal.|Guadalajara Jal. Mex.
MEX QUE Qro.
MEX AGU Ags.
MEX HID Hgo.
MEX DUR Dgo.
MEX TAM Tamps.|Ciudad Victoria Tamps
MEX CHP Chis.
MEX - Ciudad Guerrero|Puerto Nuevo
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


def test_a_state_is_called_as_in_its_country() -> None:
    assert read_state("nuevo leon", "MX") == State("NLE", "Nuevo León")


@given(st.text(max_size=70), st.sampled_from(["BRA", "MEX", "GBR", "XXX", ""]))
def test_what_is_kept_is_read_as_itself(typed: str, country: str) -> None:
    found = read_state(typed, country)
    assert not found.code or read_state(found.code, country) == found
