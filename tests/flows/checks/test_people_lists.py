"""Lists of people as they come: with and without a heading, in any order, in two languages; and nobody is dropped."""

import pytest

from bot.messages.texts import languages, table
from flows.checks.people_columns import folded
from flows.checks.people_lists import MOST_LINES, PeopleList
from flows.checks.people_lists import read as read_list
from flows.steps.control_center_users import ROLES, columns

ANA = ("Ana Souza", "ana@bank.example", ["controlc-admin"], ["test"])
TWO_ROLES = ("Bia Lima", "bia@bank.example", ["controlc-api-approver", "controlc-setup-viewer"], ["test", "production"])


def read(text: str) -> PeopleList:
    return read_list(text, columns())


def people(text: str) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (one.name, one.email, sorted(one.values.get("roles", ())), list(one.values.get("environments", ())))
        for one in read(text).people
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Ana Souza; ana@bank.example; Admin; test",
        "Ana Souza, ana@bank.example, controlc-admin, test",
        "ana@bank.example;Ana Souza;Administrador;teste",
        "Ana Souza <ana@bank.example> - Admin (test)",
        "1. Ana Souza ana@bank.example Admin test",
        "- Admin; test; Ana Souza; ana @bank.example",
        "Ana Souza\tana@bank.example\tADMIN\tHomologação",
        "Ana Souza &lt;ana@bank.example&gt;; Admin; test",
        "Name: Ana Souza; E-mail: ana@bank.example; Role: Admin; Environment: test",
        "Name;E-mail;Roles;Environments\nAna Souza;ana@bank.example;Admin;test",
        "Ambientes,Papéis,E-mail,Nome completo\nteste,Administradora,ana@bank.example,Ana Souza",
        "First name;Last name;E-mail;Role;Environment\nAna;Souza;ana@bank.example;Admin;Test",
        "E-mail | Nome | Perfil | Ambiente\nana@bank.example | Ana Souza | Admin | teste",
        "Department\tName\tE-mail\tRole\tEnvironment\n\tAna Souza\tana@bank.example\tAdmin\tTest",
        "sep=;\r\nNome;E-mail;Papéis;Ambientes\r\nAna Souza;ana@bank.example;Admin;teste\r\n",
        "| Name | E-mail | Role | Environment |\n|---|---|---|---|\n| Ana Souza | ana@bank.example | Admin | test |",
        '"Nombre","Correo electrónico","Rol","Entorno"\n"Ana\nSouza","ana@bank.example","Administrador","prueba"',
        "Nombre y apellido;Correo;Perfiles;Ambiente;Idioma\nAna Souza;ana@bank.example;Administradora;Pruebas;Portugués",
    ],
)
def test_one_person_however_they_are_written(line: str) -> None:
    assert people(line) == [ANA]


@pytest.mark.parametrize(
    "line",
    [
        "Bia Lima; bia@bank.example; Setup viewer, API keys approver; both",
        '"Bia Lima","bia@bank.example","API keys approver + Setup viewer","test and production"',
        "Nome;E-mail;Papéis;Ambientes\nBia Lima;bia@bank.example;Leitor de setup / Aprovador de chaves de API;ambos",
        "bia@bank.example, Bia Lima, Setup viewer, API keys approver, test, production",
        "Bia Lima; bia@bank.example; Visualizador de setup y Aprobador de claves de API; prueba y producción",
        '"Name","E-mail","Roles","Environments"\n"Bia Lima","bia@bank.example","Setup viewer\nAPI keys approver","test\nproduction"',
    ],
)
def test_several_roles_and_environments(line: str) -> None:
    assert people(line) == [TWO_ROLES]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Ana &lt;ana@bank.example&gt;; Bia &lt;bia@bank.example&gt;", ["ana@bank.example", "bia@bank.example"]),
        ("ana@bank.example、bia@bank.example", ["ana@bank.example", "bia@bank.example"]),
        ("ana @bank.example, bia@ bank.example", ["ana@bank.example", "bia@bank.example"]),
        ("[ana@bank.example](mailto:ana@bank.example)", ["ana@bank.example"]),
        ("<mailto:ana@bank.example|ana@bank.example>", ["ana@bank.example"]),
        ("ana(at)bank.example", ["ana@bank.example"]),
        ("ana＠bank．example，bia@bank.example", ["ana@bank.example", "bia@bank.example"]),
        ("Ana; ana@bank.example; Admin\\nBia; bia@bank.example; Admin", ["ana@bank.example", "bia@bank.example"]),
        ("Ana; ana at bank.example; Admin", ["ana at bank.example"]),  # to be corrected on a page of its own
    ],
)
def test_several_on_a_line_and_addresses_as_programs_write_them(text: str, addresses: list[str]) -> None:
    assert [one.email for one in read(text).people] == addresses


def test_of_several_on_a_line_each_has_what_stands_behind_their_address() -> None:
    found = people("Ana Souza <ana@bank.example> Admin, Bia Lima <bia@bank.example> Setup viewer")
    assert found == [
        ("Ana Souza", "ana@bank.example", ["controlc-admin"], []),
        ("Bia Lima", "bia@bank.example", ["controlc-setup-viewer"], []),
    ]


def test_a_heading_counts_from_its_line_on() -> None:
    found = read("Ana Souza; ana@bank.example; Admin; test\nE-mail;Name;Department\nbia@bank.example;Bia Lima;Sales")
    assert [(one.name, one.email, one.unread) for one in found.people] == [(*ANA[:2], ()), (*TWO_ROLES[:2], ())]
    assert found.left_out == ()


def test_what_is_not_understood_is_kept_with_the_person() -> None:
    (person,) = read("Eva Melo; eva@bank.example; Setup superuser; test").people
    assert (person.name, person.unread) == ("Eva Melo", ("Setup superuser",))
    (below,) = read("Name;E-mail;Roles\nEva Melo;eva@bank.example;Admin, Wizard").people
    assert (list(below.values["roles"]), below.unread) == (["controlc-admin"], ("Wizard",))


def test_an_unknown_role_is_never_taken_for_a_name() -> None:
    (person,) = read("eva@bank.example; Setup superuser").people
    assert (person.name, person.unread) == ("", ("Setup superuser",))


def test_a_heading_that_is_not_known_hides_no_role() -> None:
    found = read(
        "Name;E-mail;Department;What they get\nEva Melo;eva@bank.example;IT;Admin\nFabio Reis;f@bank.example;HR;Admn viewer"
    )
    assert [one.values.get("roles") for one in found.people] == [("controlc-admin",), None]
    assert found.people[1].unread == ("Admn viewer",)
    assert found.ignored == ("Department", "What they get")
    assert read("\n".join(found.rest)) == PeopleList((), (), found.ignored, found.rest)


def test_who_has_a_role_but_no_address_is_listed_and_any_other_line_is_left_out_as_it_is() -> None:
    found = read("Our users:\nFabio Reis; Admin\nana@bank.example; Admin\nThank you!")
    assert [(one.name, one.email) for one in found.people] == [("Fabio Reis", ""), ("", "ana@bank.example")]
    assert found.left_out == ("Thank you!",)  # a title is nobody


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Administrators:\nana@b.example\nbia@b.example\nAuditores:\ncaio@b.example",
            ["ana: Admin", "bia: Admin", "caio: Auditor"],
        ),
        ("# Admin\nana@b.example\n## Users\nbia@b.example", ["ana: Admin", "bia: "]),
        ("Perfil: Admin\nana@b.example\nbia@b.example; Auditor", ["ana: Admin", "bia: Auditor"]),
        ("Ambiente: teste\nNome: Ana\nE-mail: ana@b.example\nNome: Bia\nE-mail: bia@b.example", ["ana: test", "bia: test"]),
        ("Test environment:\nAna; ana@b.example; Admin", ["ana: test Admin"]),
        (
            "Produção\nAdministradores\nana@b.example\nAuditors\nbia@b.example\nHomologação\ncaio@b.example",
            ["ana: Admin production", "bia: Auditor production", "caio: test"],
        ),
        ("Ambiente: Teste\nPerfil: Admin\nana@b.example\nbia@b.example", ["ana: Admin test", "bia: Admin test"]),
        (
            "Role: Auditor\nEnvironment: Test\nName: Ana\nE-mail: ana@b.example\nName: Bia\nE-mail: bia@b.example",
            ["ana: test Auditor", "bia: test Auditor"],
        ),
        ("ana@b.example\nRole: Auditor\nEnvironment: Test", ["ana: ? Role: Auditor ? Environment: Test"]),  # hers? nobody knows
        ("Role: Wizard\nEnvironment: Test\nana@b.example", ["ana: ", "LEFT Role: Wizard", "LEFT Environment: Test"]),
        ("Admins:\nana@b.example\nTest environment:\nbia@b.example", ["ana: Admin", "bia: test"]),
        ("Admins:\nana@b.example\nEquipe Cartões:\nbia@b.example", ["ana: Admin", "bia: ", "LEFT Equipe Cartões:"]),
        ("Name;E-mail\nAdmins;\nAna;ana@b.example\nAuditor;\nBia;bia@b.example", ["ana: Admin", "bia: Auditor"]),
        ("Administradores (produção):\nPedro Souza\nana@b.example", ["ana: Admin production", "LEFT Pedro Souza"]),
        (
            "Admin: ana@b.example, test; Auditor: bia@b.example, Bia Gil, production",
            ["ana: Admin test", "bia: Auditor production"],
        ),
        (
            "Admins 2:\nana@b.example\n+55 11 98888-7777\nbia@b.example\nUser 3\neva@b.example",
            ["ana: Admin", "bia: Admin", "eva: Admin", "LEFT +55 11 98888-7777", "LEFT User 3"],
        ),
        ("Ana Souza Teste\nana.souza@b.example; Admin\nEva Teste; eva.teste@b.example", ["ana.souza: test Admin", "eva.teste: "]),
        (
            "Acme Admins; ana@b.example; bia@b.example\nAdmins, auditors; eva@b.example",
            ["ana: ? Acme Admins", "bia: ? Acme Admins", "eva: Admin ? auditors"],
        ),
        ("Admin; +55 11 98888-7777\nana@b.example", ["ana: ", "LEFT Admin; +55 11 98888-7777"]),
        ("All users:\nana@b.example", ["ana: "]),
        ("Setup superusers:\nana@b.example", ["ana: ? Setup superusers"]),
        ("Admins and auditors:\nana@b.example", ["ana: ? Admins and auditors"]),
        ("ana@b.example\n# Admin\nbia@b.example\nAuditor\neva@b.example", ["ana: ", "bia: Admin", "eva: Auditor"]),
        (
            "Acme Admins - test:\nana@b.example\n# Rui Paz; Auditor",
            ["ana: ? Acme Admins - test", ": Auditor ? Acme Admins - test"],
        ),
        ("Roles: Admin, Auditor\nana@b.example", ["ana: Admin Auditor"]),
        ("Operators\nana@b.example", ["ana: ? Operators"]),
        ("ana@b.example\nAdmin\nbia@b.example\nAuditor", ["ana: ? Admin", "bia: ? Auditor"]),  # of the one above? nobody knows
        ("Setup Reviewers\nana@b.example\nAdmins\nbia@b.example", ["ana: ? Setup Reviewers", "bia: Admin"]),
        (
            "Viewer\nana@b.example\nAdmin\nbia@b.example\nOperator\neva@b.example",
            ["ana: ? Viewer", "bia: Admin", "eva: ? Operator"],
        ),
        ("Carla Brasil\nana@b.example\nAdmin\nbia@b.example", ["ana: ? Admin", "bia: ", "LEFT Carla Brasil"]),
        ("ana@b.example\nPedro Souza\nAdmin\nbia@b.example", ["ana: ", "bia: ", "LEFT Pedro Souza", "LEFT Admin"]),
        ("Carla Brasil\nana@b.example\n# Admin", ["ana: ", "LEFT Carla Brasil", "LEFT # Admin"]),
    ],
)
def test_a_title_counts_for_all_below_it_up_to_the_next_and_none_is_dropped(text: str, found: list[str]) -> None:
    role = {"controlc-admin": "Admin", "controlc-autditor": "Auditor"}
    said = read(text)
    told = [
        f"{one.email.partition('@')[0]}: "
        + " ".join(
            [
                *(role.get(value, value) for values in one.values.values() for value in values),
                *(f"? {part}" for part in one.unread),
            ]
        )
        for one in said.people
    ]
    assert [*told, *(f"LEFT {text}" for text in said.left_out)] == found
    assert read("\n".join(said.rest)) == PeopleList((), said.left_out, said.ignored, said.rest)


@pytest.mark.parametrize("language", languages())
def test_every_role_is_known_by_its_name_in_each_language_and_its_technical_name(language: str) -> None:
    for role in ROLES:
        for name in (role, table(language)[f"choice.role.{role}"]):
            assert columns().values["roles"][folded(name)] == (role,), name


def test_what_is_far_too_long_is_refused_or_not_understood_but_named() -> None:
    endless = "Ana Souza; ana@bank.example; Admin; " + ", ".join(["test"] * 20_000)
    assert read(endless).more
    (person,) = read("ana@bank.example; " + " ".join(["test"] * 100)).people
    assert person.unread == (f"{' '.join(['test'] * 100)[:100]}…",)
    assert read("a@" * 500).more
    many = read("\n".join(f"u{n}@bank.example" for n in range(MOST_LINES + 1)))
    assert (len(many.people), many.more) == (MOST_LINES, True)


def test_of_a_long_line_everybody_is_read() -> None:
    text = "; ".join(f"Person {n} <p{n}@bank.example>" for n in range(100))
    assert [(one.name, one.email) for one in read(text).people] == [(f"Person {n}", f"p{n}@bank.example") for n in range(100)]


@pytest.mark.parametrize(
    ("text", "found", "left_out"),
    [
        ("Ana ana@b.example; Carla Nunes; Bob bob@b.example", ["Ana: ", "Bob: "], ["Carla Nunes"]),
        ("Ana Reis <ana@b.example>; Bob bob@b.example, Carla Nunes", ["Ana Reis: ", "Bob: "], ["Carla Nunes"]),
        ("ana@b.example; bob@b.example; carla.b.example", [": ", ": "], ["carla.b.example"]),
        ("Ana ana@b.example Admin; Eva Gil Auditor; Bob bob@b.example", ["Ana: Admin", "Eva Gil: Auditor", "Bob: "], []),
        ("Ana; ana@b.example; Eva; Auditor; Bob; bob@b.example; Admin", ["Ana: ", "Eva: Auditor", "Bob: Admin"], []),
        ("Souza, Ana <ana@b.example>; Lima, Bia <bia@b.example>", ["Ana Souza: ", "Bia Lima: "], []),
        ("Name: Ana\nEmail: ana@b.example\nRole: Admin\nName: Bob\nEmail: bob@b.example", ["Ana: Admin", "Bob: "], []),
        ("Email: ana@b.example; Role: Admin", [": Admin"], []),
        ("Nome: Ana E-mail: ana@b.example Papel: Admin Nome: Bob E-mail: bob@b.example", ["Ana: Admin", "Bob: "], []),
        ("Nombre: Ana\nCorreo: ana@b.example\nTeléfono: 5\nRol: Auditor\n\nPedro Lima", ["Ana: Auditor"], ["Pedro Lima"]),
        ("User: ana@b.example; Role: Admin; User: pedro.lima; Role: Auditor", [": Admin", "pedro.lima: Auditor"], []),
        ("Ana Reis\nana.reis@b.example\nBob Gil\nbob@b.example", ["Ana Reis: ", "Bob Gil: "], []),
        ("Larry Page\nlarry.page@b.example\nBruna Teste\nbruna.teste@b.example", ["Larry Page: ", "Bruna Teste: "], []),
        ("Ana Silva\ncarlos.silva@b.example; Admin", [": Admin"], ["Ana Silva"]),
        ("Bia Silva\nRui Silva; bia.silva@b.example", ["Rui Silva: "], ["Bia Silva"]),
        ("Ana Silva\nana.silva@b.example; Setup Approver; Admin", ["Ana Silva: Approver+Admin"], []),
        ("Ana Silva (Admin)\nana.silva@b.example\nRui Silva\nana.silva@b.example", ["Ana Silva: Admin", ": "], ["Rui Silva"]),
        ("Admins: ana@b.example, bob@b.example; Auditor: eva@b.example", [": Admin", ": Admin", ": Auditor"], []),
        ("Admin: ana@b.example; Auditor: bob@b.example;", [": Admin", ": Auditor"], []),
        ("Admin: Ana <ana@b.example>, Auditor: Bob <bob@b.example>,", ["Ana: Admin", "Bob: Auditor"], []),
        ("Admins; ana@b.example; bob@b.example", [": Admin", ": Admin"], []),
        ("Auditors; ana@b.example\nAdmins - bob@b.example", [": Auditor", ": Admin"], []),
        ("Name;E-mail;Role\nAna;ana@b.example;Admins, auditors", ["Ana: Admin+Auditor"], []),
        ("Admins: Ana <ana@b.example>,\nbob@b.example,\nAuditors: eva@b.example", ["Ana: Admin", ": Admin", ": Auditor"], []),
        ("Admins: ana@b.example,\nMaria Lima\nbob@b.example;", [": Admin", ": "], ["Maria Lima"]),
        ("Perfil: Admin; ana@b.example, bob@b.example", [": Admin", ": Admin"], []),
        ("Admin ana@b.example; Auditor bob@b.example", [": Admin", ": Auditor"], []),
        ("Admins: Ana <ana@b.example>, bob@b.example\nAuditors: eva@b.example", ["Ana: Admin", ": Admin", ": Auditor"], []),
        ("ana@b.example (Ana, Admin), bob@b.example (Bob, Auditor)", ["Ana: Admin", "Bob: Auditor"], []),
        ("Pedro; rui.paz | Bob <bob@b.example>", ["Bob: "], ["Pedro", "rui.paz"]),
        ("Pedro; ana@b.example; pedro.souza; bob@b.example", [": ", ": "], ["Pedro"]),
    ],
)
def test_nobody_on_a_line_vanishes_and_nothing_is_given_to_somebody_else(
    text: str, found: list[str], left_out: list[str]
) -> None:
    role = {"controlc-admin": "Admin", "controlc-autditor": "Auditor", "controlc-setup-approver": "Approver"}
    said = read(text)
    assert [f"{one.name}: {'+'.join(role[value] for value in one.values.get('roles', ()))}" for one in said.people] == found
    assert list(said.left_out) == left_out
    assert read("\n".join(said.rest)) == PeopleList(
        (), said.left_out, said.ignored, said.rest
    )  # what is left says the same again
