import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checks.email_domains import Domains, DomainWarning, free_domains
from flows.checks.email_faults import EmailFault
from flows.checks.email_roles import RoleWarning
from flows.checks.emails import EmailReport, Status, examine
from flows.checks.found_addresses import why_without_address
from flows.checks.list_texts import cleaned, lines

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
        f"{ANA}、{BIA}，{CAIO}",
        f"{ANA}،{BIA}؛{CAIO}",
        f"{ANA}；{BIA}｜{CAIO}",
        f"Ana &lt;{ANA}&gt;; Bia &amp;lt;{BIA}&amp;gt;; {CAIO.replace('@', '&#64;').replace('+', '&plus;')}",
        f"{ANA.replace('@', ' @')}, {BIA.replace('@', '@ ')}, {CAIO.replace('@', ' @ ')}",
        rf"{ANA}\n{BIA}\r\n{CAIO}",
        rf'["{ANA}", "{BIA.replace("@", chr(92) + "u0040")}", "{CAIO}"]',
        f"\u202b{ANA}\u202c\n\u2067{BIA}\u2069\n\ufe0f{CAIO}\u061c",
        f"{ANA.replace('@', '%40')}\nmailto:{BIA.replace('@', '%40')}\nmailto:{CAIO.replace('+', '%2B')}",
        f'<a href="mailto:{ANA}">Ana</a><br/><p>Bia &lt;{BIA}&gt;</p><td>Caio</td><td>{CAIO}</td>',
        f"{ANA.replace('@', ' [at] ').replace('.', ' [dot] ')}\n{BIA.replace('.', '(ponto)')}\n{CAIO}",
        f"De: Ana <{ANA}>\nPara: Bia <{BIA}>; Caio <{CAIO}>\nAssunto: Acessos\nMessage-ID: <CAF1@mail.gmail.com>",
        f"Souza, Ana <{ANA}>, Lima, Bia <{BIA}>, {CAIO}",
        f"Souza, Ana <{ANA}>; Lima, Bia <{BIA}>; Caio <{CAIO}>",
        f"Ana\t{ANA}\tOps, IT\nBia\t{BIA}\t\nCaio\t{CAIO}\tOps",
        f"1.{ANA}\n2.{BIA}\n3.{CAIO}",
        f'"Souza\nAna";"{ANA}"\n"Lima";"{BIA}"\n"Caio";"{CAIO}"',
        f"{{ana, bia}}@acmebank.com; {CAIO}",
        f"e-mail={ANA}\n<{BIA}|Bia> smtp:{CAIO}",
        f"Lista de usuários\n\n## Produção\n{ANA}\n{BIA}\n-----Original Message-----\nNuestros usuarios:\n{CAIO}",
        f"Nombre;Correo electrónico;Función\nAna;{ANA};Operaciones\nBia;{BIA};TI\nCaio;{CAIO};",
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
        ("ana@acmebank", EmailFault.NO_ENDING, {"domain": "acmebank"}),
        ("ana @ acmebank", EmailFault.NO_ENDING, {"domain": "acmebank"}),
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


AT, SPACE, MISSING, NAME, NONE = (
    *(EmailFault.AT_IN_WORDS, EmailFault.SPACE, EmailFault.MISSING_AT, EmailFault.NAME_ONLY, EmailFault.NO_ADDRESS),
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("maria at acmebank.com.br", [("maria at acmebank.com.br", AT)]),
        ("maria ARROBA bank.example", [("maria ARROBA bank.example", AT)]),
        ("maria at acmebank dot com", [("maria at acmebank dot com", AT)]),
        ("joao acmebank.com.br", [("joao acmebank.com.br", SPACE)]),
        ("Pedro Souza", [("Pedro Souza", NAME)]),
        (
            "J. Silva\nMARIA DA CONCEIÇÃO\nSouza, Pedro",
            [("J. Silva", NAME), ("MARIA DA CONCEIÇÃO", NAME), ("Souza, Pedro", NAME)],
        ),
        ("joao.acme.tech", [("joao.acme.tech", MISSING)]),
        ("not-an-address\nana.souza", [("not-an-address", MISSING), ("ana.souza", MISSING)]),
        ("Good morning, the people will follow.", [("Good morning, the people will follow.", NONE)]),
        ("Obrigado!\n+55 11 91234-5678", [("Obrigado!", NONE), ("+55 11 91234-5678", NONE)]),
        ("https://acmebank.com/@team", [("https://acmebank.com/@team", NONE)]),
        (f"{ANA}; Pedro Souza; {BIA}", [("Pedro Souza", NAME)]),
        (f"{ANA}, maria at acmebank.com", [("maria at acmebank.com", AT)]),
        (f"{ANA} joao.acmebank.com {BIA}", [("joao.acmebank.com", MISSING)]),
        (
            "maria at acme.com, joao acme.com, Pedro Souza, joao.acme.tech",
            [("maria at acme.com", AT), ("joao acme.com", SPACE), ("Pedro Souza", NAME), ("joao.acme.tech", MISSING)],
        ),
        (f"Ana Lima, {ANA}, Bia Reis, {BIA}", []),
        (f"Nome: Ana\nE-mail: {ANA}\nFunção: Ops\nNome: Pedro\nFunção: TI", [("Nome: Pedro", NAME), ("Função: TI", NONE)]),
        ("**Pedro Souza**\n--- Pedro Souza", [("**Pedro Souza**", NAME), ("--- Pedro Souza", NAME)]),
        ("Pedro Souza (sem e-mail)\n李四", [("Pedro Souza (sem e-mail)", NAME), ("李四", NAME)]),
        ("Para: Ana Souza; Bia Lima", [("Ana Souza", NAME), ("Bia Lima", NAME)]),
        (f"Nome;E-mail;Função\nAna;{ANA};Ops\nPedro;;Ops\nEva;pendente;Ops", [("Pedro", NAME), ("pendente", NONE)]),
        (f"Ana Souza;{ANA};Operações;www.acmebank.com;acmebank.com", []),
        (f"{ANA}, c.acmebank.com, d.acmebank.com", [("c.acmebank.com", MISSING), ("d.acmebank.com", MISSING)]),
        (f"{ANA}; pedro.souza; Pedro; ana", [("pedro.souza", MISSING), ("Pedro", NAME)]),
        (f"{ANA} bob.souza.acmebank.com e Pedro", [("bob.souza.acmebank.com", MISSING), ("Pedro", NAME)]),
        (f"Ana; {ANA}; Bob; bob.acmebank.com", [("bob.acmebank.com", MISSING)]),
        (f"Ana; {ANA}; Carla Nunes; Bia; {BIA}", [("Carla Nunes", NAME)]),
        (f"Ana <{ANA}>, Pedro, Bia <{BIA}>; carla", [("Pedro", NAME), ("carla", NONE)]),
        (f"Souza, Ana <{ANA}>; Nunes, Carla; Lima, Bia <{BIA}>", [("Nunes, Carla", NAME)]),
        (f"Nome: Ana E-mail: {ANA} Cargo: Gerente Nome: Carla Nome: Bia E-mail: {BIA}", [("Carla", NAME)]),
        (f"Usuario: {ANA}; Rol: Admin; Usuario: pedro.lima", [("pedro.lima", MISSING)]),
        (f"Ana/{ANA}; Bia/{BIA}; Pedro Souza/TI", [("Pedro Souza/TI", NONE)]),
        (f"1. Ana – Gerente – {ANA} 2. Bia – {BIA} 3. Carla Nunes – Analista", [("Carla Nunes", NAME)]),
        (f"Ana;Lima;{ANA}\nBia;Reis;{BIA}\nwww.acmebank.com", [("www.acmebank.com", NONE)]),
        (
            f'"Lima, Ana (TI)" <{ANA}>; "Souza, Pedro"; cc: bob.acmebank.com',
            [("Souza, Pedro", NAME), ("bob.acmebank.com", MISSING)],
        ),
        (
            f"Ana Souza\nGerente de TI\n{ANA}\nPedro: pedro.acmebank.com",
            [("Gerente de TI", NONE), ("pedro.acmebank.com", MISSING)],
        ),
        ("Ana Silva\ncarlos.silva@acmebank.com", [("Ana Silva", NAME)]),
        ("Bia Costa\nRui Costa rui.costa@acmebank.com", [("Bia Costa", NAME)]),
        ("Bia Costa\nRui Costa bia.costa@acmebank.com", [("Bia Costa", NAME)]),
        ("Maria Souza\njose.maria@acmebank.com", [("Maria Souza", NAME)]),
        ("Ana\nmariana@acmebank.com\nAna\nanabela@acmebank.com", [("Ana", NAME), ("Ana", NAME)]),
        ("bia.reis@acmebank.com, Pedro Reis", [("Pedro Reis", NAME)]),
        ("Ana\nana.lima@acmebank.com\nJosé C. Silva\njsilva2@acmebank.com\nAna Gil Paz\nagil@acmebank.com", []),
        ("Ana Souza\nana.souza.ext@acmebank.com\nAna Souza\nasouza.ext@acmebank.com\nAna Souza\nsouza@acmebank.com", []),
        ("Jürgen Müller\njuergen.mueller@acmebank.com\nØrn Åse\noern.aase@acmebank.com\nGroß, Jörg\njgross@acmebank.com", []),
        ("Ana Souza\nrui.ana.souza@acmebank.com\nAna Souza\nsouza.rui@acmebank.com", [("Ana Souza", NAME)] * 2),
        ("Souza, Rui\nsouza.rui@acmebank.com\nEva Maria Melo\nmaria.melo@acmebank.com\nGil Paz\nGil Paz pazg@acmebank.com", []),
        (f"dn: CN=Ana,OU=IT,DC=acmebank,DC=com\ncn: Ana\nmail: {ANA}", []),
        (f"{ANA};Sul\n{BIA};Norte\nx@acmebank.com;Leste\npedro.acmebank.com;Oeste", [("pedro.acmebank.com", MISSING)]),
        ("Pedro Souza, Bob Reis, Carla Nunes", [("Pedro Souza", NAME), ("Bob Reis", NAME), ("Carla Nunes", NAME)]),
        ("Name;E-mail;Phone\nE-mail\nUsers:\nLista de usuários\nSubject: access\n---\nsep=;", []),
        ("Acme users:\nPrezados:\nPara a homologação:\n## Produção\n--- Forwarded message ---\nSubject:", []),
        (
            "Pedro Souza:\n# Carla Nunes\n=== Bob Reis ===",
            [("Pedro Souza:", NAME), ("# Carla Nunes", NAME), ("=== Bob Reis ===", NAME)],
        ),
        (f"To:\n{ANA}\nCc:\nBcc:\n{BIA}\nResponder a:\nQA:\nAcme:\nGestores:\n**Auditors**:\n## Auditors\nRisk Analysts:", []),
        (f"Ana: {ANA}\nPedro:\nRisk Analysts:", [("Pedro:", NAME)]),
        ("", []),
        ("   \n😀😀", []),
    ],
)
def test_each_line_without_an_address_is_named_with_its_reason_and_a_heading_is_nobody(
    text: str, named: list[tuple[str, str]]
) -> None:
    report = examine(text)
    assert [(entry.address, entry.key) for entry in report.entries if entry.status is Status.INVALID] == named
    sent_of = re.findall(r"[\w.]+@acmebank\.com", text)
    assert set(report.valid) <= set(sent_of)
    meant = [entry.params["meant"] for entry in report.entries if "meant" in entry.params]
    assert all(examine(str(address)).valid == (address,) for address in meant)  # what is proposed can be sent


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
    for free in ("gmail.com", "globo.com", "hotmail.es", "gmx.net"):
        assert warnings(f"ana@{free}") == {DomainWarning.FREE_MAIL: True}
    for throw_away in ("mailinator.com", "yopmail.com", "x.mailinator.com"):
        assert warnings(f"ana@{throw_away}", home_domains=home) == {DomainWarning.THROW_AWAY: True}
    assert warnings("ana@partner.com", home_domains=home) == {DomainWarning.FOREIGN: True}
    for own in ("ana@acmebank.com", "ana@br.acmebank.com", "ana@acmebank.com.br"):
        assert warnings(own, home_domains=home) == {}


def test_real_providers_are_never_called_a_slip() -> None:
    domains = Domains({}, ["acmebank.com"])
    said = {note.key for domain in free_domains() if (note := domains.warning(domain)) is not None}
    assert said == {DomainWarning.FREE_MAIL, DomainWarning.THROW_AWAY}


@pytest.mark.parametrize(
    "local",
    [
        "info",
        "suporte",
        "SUPORTE",
        "team",
        "ti",
        "cards.team",
        "suporte-cartoes",
        "no-reply",
        "lista_ti",
        "contato",
        "ventas",
        "equipe",
    ],
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
    *(
        "{a," * 60_000,
        "a at " * 40_000,
        "\\n" * 100_000,
        "<a " * 60_000,
        '";' * 100_000,
        "1. - " * 40_000,
        "@ " * 100_000,
    ),
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


pieces = st.sampled_from(
    (
        *(
            ANA,
            BIA,
            "ana @acme.com",
            "maria at acme.com",
            "joao acme.com",
            "Pedro Souza",
            "joao.acme.tech",
            "ana@@x.com",
            "@",
            "x@",
        ),
        *(
            "Nome;E-mail",
            "E-mail:",
            "Users",
            "Subject: x",
            "Obrigado!",
            '"',
            ";",
            ",",
            "\t",
            "|",
            "<",
            ">",
            "(",
            "&lt;",
            "\\n",
            "\n",
        ),
        *("1. ", "- ", " ", "https://a.com/@b", "mailto:", "\u200b", "＠", "é", "sep=;", "<br>", "<td>", "%40", " at ", "="),
    )
)


@given(st.lists(st.one_of(pieces, st.text(max_size=20)), max_size=15).map("".join))
def test_every_line_is_an_address_or_named_or_a_heading_and_what_is_valid_stays_valid(text: str) -> None:
    report = examine(text)
    assert examine("\n".join(report.valid)).valid == report.valid
    assert all(entry.key for entry in report.entries if entry.status is Status.INVALID)
    for line in lines(cleaned(text)):
        if list(lines(cleaned(line))) == [line]:
            assert examine(line).entries or why_without_address(line) is None


written = st.sampled_from(("{0}", "<{0}>", "{1} <{0}>", "'{1}' <{0}>", '"{2}" <{0}>', "{1} ({0})", "mailto:{0}", "{1} - {0}"))
sent = st.builds(
    lambda form, n: (form.format(f"ana{n}.reis@bank.example", "Ana Reis", "Reis, Ana"), ""), written, st.integers(0, 99)
)
attempts = ("igor at bank.example", "dora.bank.example", "eva.gil.bank.example", "rui.paz")
lost = st.sampled_from((*attempts, "Carla Nunes", "Pedro")).map(lambda text: (text, text))
between = st.sampled_from((", ", ";", "; ", "\t", "\n", "\n- ", " | "))


@given(st.lists(st.tuples(st.one_of(sent, lost), between), min_size=2, max_size=12))
def test_nobody_who_is_typed_vanishes_without_a_word(typed: list[tuple[tuple[str, str], str]]) -> None:
    text = "".join(one + separator for (one, _), separator in typed)
    report = examine(text)
    listed = " ".join(entry.address for entry in report.entries if entry.status is Status.INVALID)
    entries = [(one, "@" in one or one in attempts) for (one, _), _ in typed]
    names = {one for (one, _), (_, is_entry) in pairwise(entries) if is_entry}  # of who follows
    names |= {one for (before, _), (one, _) in pairwise(entries) if before in attempts}  # it might be theirs
    for (one, alone), _ in typed:
        if alone:
            assert alone in listed or (alone in names and alone not in attempts), text
        else:
            assert re.findall(r"\w+\.reis@bank.example", one)[0] in report.valid, text
