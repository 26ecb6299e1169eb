import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.email_domains import FREE_MAIL, DomainWarning
from flows.checks.emails import EmailFault, EmailReport, RoleWarning, Status, examine

ANA, BIA, CAIO = "ana@acmebank.com", "bia@acmebank.com", "caio.souza+cards@acmebank.com.br"


def statuses(report: EmailReport) -> list[tuple[str, str]]:
    return [(entry.address, str(entry.status)) for entry in report.entries]


def warnings(address: str, others: str = "", **options: list[str]) -> dict[str, object]:
    entry = examine(f"{address}\n{others}", **options).entries[0]  # type: ignore[arg-type]
    assert entry.status is Status.NEW
    return {note.key: note.params.get("suggestion", True) for note in entry.warnings}


@pytest.mark.parametrize(
    "text",
    [
        f"{ANA}\n{BIA}\n{CAIO}",
        f"{ANA}, {BIA}, {CAIO}",
        f"{ANA};{BIA};{CAIO};",
        f"{ANA} {BIA} {CAIO}",
        f"{ANA}\t{BIA}\r\n{CAIO}",
        f"{ANA} / {BIA} / {CAIO}",
        f"{ANA}/{BIA}/{CAIO}",
        f'Ana <{ANA}>, "Lima, Bia" <{BIA}>; Caio Souza<{CAIO}>',
        f"{ANA} <{ANA}>, {BIA} <{BIA}>, {CAIO} <{CAIO}>",
        f"<mailto:{ANA}|{ANA}> <mailto:{BIA}|{BIA}>\n<mailto:{CAIO}|{CAIO}>",
        f"mailto:{ANA}\nMAILTO:{BIA}?subject=Hi%20there&cc=x@y.com\n[{CAIO}](mailto:{CAIO})",
        f"- {ANA}\n• {BIA}\n* {CAIO}",
        f"1. {ANA}\n2) {BIA}\n(3) {CAIO}",
        f"1- {ANA}.\n2- {BIA}!\nAnd last {CAIO}...",
        f"'{ANA}', \"{BIA}\", `{CAIO}`",
        f"“{ANA}” ‘{BIA}’ «{CAIO}»",
        f"E-mail: {ANA}\nE-mail:{BIA}\nTo:{CAIO}",
        f"\u00a0{ANA}\u00a0\u200b{BIA}\u2003{CAIO}\ufeff",
        f"{ANA.replace('@', '＠').replace('.', '．')}\n{BIA.upper().replace('BIA', 'bia')}\n{CAIO}",
        ANA.replace("acme", "ac\u200bme") + f"\n{BIA}\n{CAIO}",
        f"name;e-mail;phone\nAna;{ANA};+55 11 91234-5678\nBia;{BIA};\n;{CAIO};",
        f'"Name","E-mail","Site"\n"Ana","{ANA}","acmebank.com"\n"Lima, Bia","{BIA}","www.acmebank.com"\n"C","{CAIO}","x"',
        f"| Ana | {ANA} |\n| Bia | {BIA} |\n| Caio | {CAIO} |",
        f'="{ANA}"\n="{BIA}"\n="{CAIO}"',
        f"{ANA.replace('@', ' (at) ')}\n{BIA.replace('@', '[at]')}\n{CAIO}",
        f"> {ANA}\n> {BIA}\n>> {CAIO}",
        f"see https://acmebank.com/@team/page?x=a@b.com {ANA}\n{BIA}\n{CAIO}",
    ],
)
def test_addresses_are_found_in_whatever_is_pasted(text: str) -> None:
    assert statuses(examine(text)) == [(ANA, "new"), (BIA, "new"), (CAIO, "new")]


def test_each_address_counts_once_and_those_asked_for_before_are_told() -> None:
    report = examine(f"{ANA}\nANA@AcmeBank.com\n{BIA}\n{BIA}\n{CAIO}", known=["Bia@AcmeBank.com"])
    assert [entry.status for entry in report.entries] == [
        *(Status.NEW, Status.DUPLICATE),
        *(Status.KNOWN, Status.DUPLICATE),
        Status.NEW,
    ]
    assert report.valid == (ANA, CAIO)
    assert (report.count(Status.DUPLICATE), report.count(Status.KNOWN), report.left_out) == (2, 1, False)


@pytest.mark.parametrize(
    ("text", "fault", "params"),
    [
        ("ana.acmebank.com", EmailFault.MISSING_AT, {}),
        (f"{ANA}, bia.lima.acmebank.com, {CAIO}", EmailFault.MISSING_AT, {}),
        ("ana#acmebank.com", EmailFault.MISSING_AT, {}),
        ("ana@bia@acmebank.com", EmailFault.SEVERAL_AT, {}),
        ("@acmebank.com", EmailFault.NO_NAME, {}),
        ("ana@", EmailFault.NO_DOMAIN, {}),
        ("ana@acmebank", EmailFault.BAD_DOMAIN, {"domain": "acmebank"}),
        ("ana@acme_bank.com", EmailFault.BAD_DOMAIN, {"domain": "acme_bank.com"}),
        ("ana@acmebank.c", EmailFault.BAD_DOMAIN, {"domain": "acmebank.c"}),
        ("ana@10.0.0.1", EmailFault.BAD_DOMAIN, {"domain": "10.0.0.1"}),
        ("ana@-acmebank.com", EmailFault.BAD_DOMAIN, {"domain": "-acmebank.com"}),
        ("ana..lima@acmebank.com", EmailFault.DOTS, {}),
        ("ana.@acmebank.com", EmailFault.DOTS, {}),
        ("ana@acmebank..com", EmailFault.DOTS, {}),
        ("joão@acmebank.com", EmailFault.CHARACTER, {"character": "ã"}),
        ('"ana lima"@acmebank.com', EmailFault.CHARACTER, {"character": '"'}),
        ("ana@acmebank.local", EmailFault.RESERVED, {"domain": "acmebank.local"}),
        ("a" * 65 + "@acmebank.com", EmailFault.TOO_LONG, {"maximum": 64}),
        ("ana@" + "a." * 130 + "com", EmailFault.TOO_LONG, {"maximum": 254}),
    ],
)
def test_an_invalid_address_comes_with_its_reason_and_never_among_the_valid(text: str, fault: str, params: object) -> None:
    report = examine(text)
    (entry,) = (entry for entry in report.entries if entry.status is Status.INVALID)
    assert (entry.key, entry.params) == (fault, params)
    assert entry.address not in report.valid
    assert len(entry.address) <= 81
    corrected = examine(f"{ANA}\n{BIA}")  # a corrected list passes
    assert corrected.valid == (ANA, BIA)


@pytest.mark.parametrize("text", ["", "   ", "Good morning, the people will follow.", "Name;E-mail;Phone", "😀" * 50, "J. Silva"])
def test_a_text_without_addresses_gives_none(text: str) -> None:
    assert examine(text).entries == ()


@pytest.mark.parametrize(
    ("domain", "suggestion"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("yaho.com.br", "yahoo.com.br"),
        ("gmai1.com", "gmail.com"),
        ("acmebnak.com", "acmebank.com"),
        ("acmebamk.com", "acmebank.com"),
        ("acrnebank.com", "acmebank.com"),
        ("аcmebank.com", "acmebank.com"),  # a Cyrillic letter
        ("acmebank.con", "acmebank.com"),
        ("acmebank.co", "acmebank.com"),
        ("other.con", "other.com"),
        ("other.com.bt", "other.com.br"),
    ],
)
def test_a_domain_that_looks_like_another_comes_with_the_other(domain: str, suggestion: str) -> None:
    assert warnings(f"ana@{domain}", home_domains=["acmebank.com"]) == {DomainWarning.LOOKALIKE: suggestion}


def test_the_most_common_domain_of_a_list_is_taken_for_the_companys() -> None:
    colleagues = "\n".join(f"user{n}@acmebank.com" for n in range(5))
    assert warnings("ana@acmebnak.com", colleagues) == {DomainWarning.LOOKALIKE: "acmebank.com"}
    assert warnings("ana@partner.com", colleagues) == {DomainWarning.FOREIGN: True}
    assert warnings("ana@acmebank.com", colleagues) == {}
    assert warnings("ana@partner.com", "bia@other.com") == {}  # no company to be foreign to


def test_two_domains_of_similar_weight_are_no_slip_of_each_other() -> None:
    both = "\n".join(f"user{n}@acmebank.com\nuser{n}@acmebanc.com" for n in range(5))
    assert DomainWarning.LOOKALIKE not in warnings("ana@acmebanc.com", both)


def test_free_and_foreign_domains_and_the_companys_own() -> None:
    home = ["@AcmeBank.com", "acmebank.com.br"]
    assert warnings("ana@gmail.com", home_domains=home) == {DomainWarning.FREE_MAIL: True}
    assert warnings("ana@gmail.com") == {DomainWarning.FREE_MAIL: True}
    assert warnings("ana@partner.com", home_domains=home) == {DomainWarning.FOREIGN: True}
    for own in ("ana@acmebank.com", "ana@br.acmebank.com", "ana@acmebank.com.br"):
        assert warnings(own, home_domains=home) == {}


def test_real_providers_are_never_called_a_slip() -> None:
    for domain in FREE_MAIL:
        assert warnings(f"ana@{domain}", home_domains=["acmebank.com"]) == {DomainWarning.FREE_MAIL: True}


@pytest.mark.parametrize(
    "local", ["info", "suporte", "SUPORTE", "team", "ti", "cards.team", "suporte-cartoes", "no-reply", "lista_ti"]
)
def test_shared_mailboxes_are_told_because_everybody_there_gets_the_code(local: str) -> None:
    assert warnings(f"{local}@acmebank.com") == {RoleWarning.ROLE_OR_LIST: True}


@pytest.mark.parametrize("local", ["ana", "tim", "teamara", "dev.patel", "grace.hopper", "lis.tavares", "it2"])
def test_people_are_no_shared_mailboxes(local: str) -> None:
    assert warnings(f"{local}@acmebank.com") == {}


def test_an_address_can_have_two_warnings() -> None:
    assert warnings("info@gmial.com") == {DomainWarning.LOOKALIKE: "gmail.com", RoleWarning.ROLE_OR_LIST: True}


def test_of_many_addresses_five_thousand_are_read() -> None:
    chance = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    distinct = "\n".join(f"user{n}@{''.join(chance.choices(letters, k=12))}.com.br" for n in range(5000))
    assert len(examine(distinct, home_domains=["acmebank.com"]).valid) == 5000
    report = examine(", ".join(f"Person {n} <user{n}@acmebank.com>" for n in range(5001)), home_domains=["acmebank.com"])
    assert (len(report.valid), report.left_out) == (5000, True)


JUNK = (
    "@" * 1_000_000,
    "a@" * 500_000,
    "a" * 2_000_000,
    "a@b" + "." * 1_000_000,
    "<" * 1_000_000,
    "x://" * 300_000,
    "mailto:" * 150_000,
    "a.b" * 500_000,
    "\u200b" * 1_000_000,
    ",;\t" * 300_000,
    "ﷺ" * 100_000,
    "/".join(["a@b.co"] * 150_000),
)
"""Where a backtracking pattern would never end."""


LENGTHS = (10_000, pytest.param(10_000_000, marks=pytest.mark.megabytes))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("text", JUNK, ids=lambda text: repr(text[:6]))
def test_junk_is_gone_through_to_its_end(text: str, length: int) -> None:
    text = text if len(text) <= length else text[: length - 10] + text[-10:]
    report = examine(text, home_domains=["acmebank.com"])
    assert len(report.entries) <= 5000
    assert all(len(entry.address) <= 81 for entry in report.entries)


locals_ = st.from_regex(r"\A[a-z][a-z0-9]{0,10}([._+-][a-z0-9]{1,6}){0,2}\Z")
domains = st.from_regex(r"\A[a-z][a-z0-9-]{0,10}[a-z0-9]\.(com|com\.br|io|org)\Z").filter(lambda domain: "--" not in domain)
addresses = st.builds("{}@{}".format, locals_, domains)
separators = st.sampled_from(["\n", ", ", ";", "\t", " ", "\r\n- ", ";\n", " | ", "\u00a0"])


@given(
    st.lists(st.tuples(addresses, separators), max_size=30),
    st.sampled_from(["{}", "<{}>", '"{}"', "X Y <{}>", "mailto:{}", "{}."]),
)
def test_any_list_comes_back_complete_and_in_order(pasted: list[tuple[str, str]], form: str) -> None:
    report = examine("".join(form.format(address) + separator for address, separator in pasted))
    assert list(report.valid) == list(dict.fromkeys(address for address, _ in pasted))
    assert report.count(Status.INVALID) == 0


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_what_is_valid_stays_valid(text: str) -> None:
    report = examine(text)
    assert examine("\n".join(report.valid)).valid == report.valid
    assert all(entry.key for entry in report.entries if entry.status is Status.INVALID)
