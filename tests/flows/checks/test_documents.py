import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks import documents
from flows.checks.documents import check_document, plain_number
from flows.checks.iso_codes import countries


@pytest.mark.parametrize(
    ("number", "country", "standard"),
    [
        ("16.727.230/0001-97", "BRA", "CNPJ"),
        ("12.ABC.345/01DE-35", "BRA", "CNPJ"),
        ("12.abc.345/01de-35", "br", "CNPJ"),
        ("390.533.447-05", "BRA", "CPF"),
        ("91-1144442", "USA", "EIN"),
        ("GODE561231GR8", "MEX", "RFC"),
        ("B&C950101AB1", "MEX", "RFC"),
        ("a&b-010203-xy9", "mx", "RFC"),
        ("\uff22\uff06C950101AB1", "MEX", "RFC"),
        ("PEÑ950101AB1", "MEX", "RFC"),
        ("PEN\u0303950101AB1", "MEX", "RFC"),
        ("20-05536168-2", "ARG", "CUIT"),
        ("213.123.432-1", "COL", "NIT"),
        ("12.531.909-2", "CHL", "RUT"),
        ("GB 980 7806 84", "GBR", "VAT"),
        ("980780684", "GBR", "VAT"),
        ("SC123456", "GBR", "Company number"),
        ("27AAPFU0939F1ZV", "IND", "GSTIN"),
        ("AAPFU0939F", "IND", "PAN"),
        ("U72200KA2015PTC082988", "IND", "CIN"),
        ("83 914 571 673", "AUS", "ABN"),
        ("004 085 616", "AUS", "ACN"),
        ("0001339050", "ZAF", "Tax number"),
        ("2015/123456/07", "ZAF", "Registration number"),
        ("DE 136,695 976", "DEU", "USt-IdNr."),
        ("Amtsgericht München HRB 12345", "DEU", "Handelsregister"),
        ("552 008 443", "FRA", "SIREN"),
        ("501 964 843", "PRT", "NIPC"),
        ("416001000000007", "DZA", "NIF"),
        ("1234567/M/A/E/001", "TUN", "MF"),
        ("AL J 91402501 L", "ALB", "NIPT"),
        ("100-531-385", "EGY", "TRN"),
        ("306 7221", "SEN", "NINEA"),
        ("213800KUD8LAJWSQ9D15", "BRA", "LEI"),
        ("213800KUD8LAJWSQ9D15", "AND", "LEI"),
        ("CNPJ: 16.727.230/0001-97", "BRA", "CNPJ"),
        ("CPF 390.533.447-05", "BRA", "CPF"),
        ("Tax ID: 91-1144442", "USA", "EIN"),
        ("USt-IdNr. DE136695976", "DEU", "USt-IdNr."),
        ("R.U.T. 12.531.909-2", "CHL", "RUT"),
        ("GSTIN: 27AAPFU0939F1ZV", "IND", "GSTIN"),
        ("B&amp;C950101AB1", "MEX", "RFC"),
    ],
)
def test_the_usual_ids_of_a_country_pass(number: str, country: str, standard: str) -> None:
    check = check_document(number, country)
    assert (check.standard, check.ok) == (standard, True)
    assert check.compact.replace("&", "A").isalnum()


@pytest.mark.parametrize(
    ("number", "country", "standard"),
    [
        ("16.727.230/0001-98", "BRA", "CNPJ"),
        ("12.ABC.345/01DE-36", "BRA", "CNPJ"),
        ("390.533.447-06", "BRA", "CPF"),  # shaped like a CPF, so it is checked as one
        ("123", "BRA", "CNPJ"),
        ("07-1144442", "USA", "EIN"),
        ("BC950101AB1", "MEX", "RFC"),
        ("B&C951301AB1", "MEX", "RFC"),
        ("83 914 571 674", "AUS", "ABN"),
    ],
)
def test_a_wrong_digit_is_noticed_and_the_standard_named(number: str, country: str, standard: str) -> None:
    check = check_document(number, country)
    assert (check.standard, check.ok) == (standard, False)


@pytest.mark.parametrize("country", ["AND", "ZZZ", "", "not a country"])
def test_nothing_is_said_where_no_standard_is_known(country: str) -> None:
    check = check_document("AB-123 456", country)
    assert (check.standard, check.ok, check.compact) == (None, None, "AB123456")


def test_every_listed_standard_exists_in_a_listed_country() -> None:
    assert set(documents._STANDARDS) <= set(countries())
    for entry in (entry for entries in documents._STANDARDS.values() for entry in entries):
        rule = entry.split("|", 1)[1]
        assert rule.startswith("=") or importlib.import_module(f"stdnum.{rule}").validate


@given(st.text(max_size=60), st.sampled_from(sorted(documents._STANDARDS)))
def test_no_text_breaks_a_check(number: str, country: str) -> None:
    assert check_document(number, country).ok in (True, False)


def test_a_text_of_thousands_of_digits_is_no_number() -> None:
    assert check_document("1" * 5_000, "BRA").ok is False


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("CNPJ: 16.727.230/0001-97", "BRA", "16.727.230/0001-97"),
        ("\uff11\uff16.727.230/0001\u201397", "BRA", "16.727.230/0001-97"),
        ("CNPJ nº 16.727.230/0001-98", "BRA", "16.727.230/0001-98"),
        ("E-11470283-5", "VEN", "E-11470283-5"),
        (
            "CNPJ 16.727.230/0001-98 CPF 390.533.447-05",
            "BRA",
            "16.727.230/0001-98 CPF 390.533.447-05",
        ),  # which is meant isn't known
        ("Number of Acme 12", "BRA", "Number of Acme 12"),  # nothing is cut off what is not understood
        ("GODE561231GR8", "MEX", "GODE561231GR8"),
        ("HRB 12345", "DEU", "HRB 12345"),
        ("NIT 1234567890", "BOL", "1234567890"),
        ("Company No. 123456", "GBR", "123456"),
        ("e o 123456", "GBR", "e o 123456"),
        ("ABN 83 914 571 673 / ACN 004 085 616", "AUS", "83 914 571 673"),
    ],
)
def test_what_a_number_is_called_is_no_part_of_it(typed: str, country: str, kept: str) -> None:
    assert plain_number(typed, country) == plain_number(kept, country) == kept


LABELLED = """\
BRA 11.222.333/0001-81 CNPJ nº #|CNPJ n° #|CNPJ/MF nº #|C.N.P.J.: #|CNPJ (MF) #|# (CNPJ)|# - Matriz|Nº #|BR #|"#".
BRA 11.222.333/0001-81 CNPJ # I.E. 110.042.490.114|I.E. 110.042.490.114 CNPJ #|# e 390.533.447-05
BRA 390.533.447-05 inscrito no CPF/MF sob o nº #|CPF: #
ARG 20-05536168-2 CUIT Nº #|C.U.I.T. N° #|CUIT N.º #|CUIL/CUIT: #|CUIT nro. #
MEX GODE561231GR8 RFC Nº #|R.F.C.: #|RFC con homoclave: #|# (RFC)|RFC # Régimen 601
COL 213.123.432-1 NIT No. #|N.I.T. #|NIT # DV|NIT 213.123.432 DV 1|213.123.432 dígito de verificación: 1
CHL 12.531.909-2 RUT N° #|Rol Único Tributario #|RUN #
PER 20512333797 RUC Nº #|R.U.C. N° #|RUC20512333797
URY 21-100342-001-7 RUT N.º #|RUT/RUC: #
PRT 501964843 Contribuinte n.º #|NIPC n.º #|Número de contribuinte #
ESP J-99216582 C.I.F. nº #|NIF/CIF: #
USA 91-1144442 Employer Identification Number (EIN): #|Federal Tax ID #|FEIN #|US EIN #
GBR SC123456 Company No. #|Company Registration Number: #|CRN #|Registered in England and Wales No. #
IND 27AAPFU0939F1ZV GST No. #|GSTIN No. #
GBR 12345678 Tel: 02079460 Company 12345678|Phone number 02079460, Company No. #|# (Company number)|#, Main Street 5|# - Acme Ltd
GBR SC123456 Acme Ltd, #|# (Main Street 1)
IND U72200KA2015PTC082988 Acme Ltd - #
IRL 6388047V Tel 123456 VAT #|VAT: # / CRO 123456
LUX B12345 RCS Luxembourg #|R.C.S. Luxembourg #, TVA 15027441
FRA 552008443 SIREN # / SIRET 552 008 443 00013|Tél. 01 23 45 67 89 SIREN #
ITA 00743110157 P. IVA: #|C.F. e P.IVA #
"""
"""A country, a number of its, and how people write it, with # for the number itself."""


def test_labels_and_signs_around_a_number_are_cut_off() -> None:
    wrong = []
    for line in LABELLED.splitlines():
        country, number, typed = line.split(maxsplit=2)
        several = typed.replace("#", number).split("|")
        wrong += [one for one in several if plain_number(one, country) != number or not check_document(one, country).ok]
    assert wrong == []


DOUBTED = """\
FRA 552008443 00014|552008443 - 00014|SIREN 552008443, 00014|Tel 552008443 SIREN 111 111 111
GBR 12345678 9|12345678 / 9|Tel: 02079460|Phone number 02079460|02079460, 12345678|Company: Acme, Tel 02079460
NLD 12345678 B01|KvK 12345678 B01
HRV 12345678 901
SRB 12345678 9
IRL 123456 78|Tel 123456
HUN Tel 1234567890
"""
"""A country, and what might be a number of its if a part were left out, or if it weren't a telephone's."""


def test_no_part_of_a_number_and_no_telephone_is_taken_for_one() -> None:
    every = [
        (country, one) for country, typed in (line.split(maxsplit=1) for line in DOUBTED.splitlines()) for one in typed.split("|")
    ]
    assert [(country, one) for country, one in every if check_document(one, country).ok] == []
