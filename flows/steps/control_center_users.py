"""The users of Control Center: the published roles, and users read from what is pasted, attached or known already."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from flows.checks import people_lists
from flows.checks.email_faults import why_none
from flows.checks.emails import shortened
from flows.checks.list_headings import EMAIL_HEADINGS, NAME_HEADINGS, listed
from flows.checks.people_columns import EMAIL, NAME, Columns, ListedPerson, folded
from flows.checks.people_lists import PeopleList
from flows.forms import addresses
from flows.forms.fields import Answers
from flows.forms.step import Offer, Situation
from flows.problems import LineReason
from flows.steps.service_desk import USERS as DESK_USERS

ADMIN = "controlc-admin"
USER_MANAGER = "user-manager"
"""Pismo's documentation has this role, but not its technical name."""
ROLES: Mapping[str, tuple[str, ...]] = {
    ADMIN: listed("admin, administrator, administrador, administradora, adm"),
    USER_MANAGER: listed(
        "user manager, gestor de usuarios, gestora de usuarios, gerente de usuarios, administrador de usuarios, controlc user manager"
    ),
    "controlc-accounts-operator": listed(
        "accounts operator, account operator, operador de contas, operadora de contas, operador de cuentas, operadora de cuentas"
    ),
    "controlc-accounts-viewer": listed(
        "accounts viewer, account viewer, leitor de contas, visualizador de contas, visualizador de cuentas, lector de cuentas"
    ),
    "controlc-api-approver": listed(
        "api keys approver, api key approver, api approver, aprovador de chaves de api, aprobador de claves de api, aprobador de api"
    ),
    "controlc-autditor": listed("auditor, auditora, controlc auditor"),  # Pismo's spelling
    "controlc-backoffice-approver": listed(
        "backoffice approver, back office approver, aprovador de backoffice, aprobador de backoffice"
    ),
    "controlc-backoffice-operator": listed(
        "backoffice operator, back office operator, operador de backoffice, operadora de backoffice"
    ),
    "controlc-backoffice-viewer": listed(
        "backoffice viewer, back office viewer, leitor de backoffice, lector de backoffice, visualizador de backoffice"
    ),
    "controlc-collection-analyst": listed(
        "collections analyst, collection analyst, analista de cobranca, analista de cobrancas, analista de cobranza, analista de cobranzas"
    ),
    "controlc-seller-mgmt-admin": listed(
        "seller management admin, seller management, administrador de gestao de sellers, "
        "administrador de gestion de sellers, gestion de sellers, gestao de sellers"
    ),
    "controlc-setup-advanced": listed("setup advanced, advanced setup, setup avancado, setup avanzado"),
    "controlc-setup-advanced-viewer": listed(
        "setup advanced viewer, leitor de setup avancado, visualizador de setup avancado, "
        "lector de setup avanzado, visualizador de setup avanzado"
    ),
    "controlc-setup-approver": listed("setup approver, aprovador de setup, aprobador de setup"),
    "controlc-setup-operator": listed("setup operator, operador de setup, operadora de setup"),
    "controlc-setup-viewer": listed("setup viewer, leitor de setup, lector de setup, visualizador de setup"),
}
"""The published roles, and what else they are called in lists."""
APPROVERS = frozenset({"controlc-api-approver", "controlc-backoffice-approver", "controlc-setup-approver"})
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "test": listed("test, teste, tests, testing, sandbox, homologacao, homologacion, homolog, hml, ext, prueba, pruebas, qa"),
    "production": listed("production, producao, produccion, prod, prd, live, productivo"),
}
BOTH = listed(
    "both, all, ambos, todos, los dos, os dois, ambos os ambientes, todos os ambientes, all environments, both environments, "
    "ambos ambientes, ambos entornos, todos los ambientes, todos los entornos"
)
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "en": listed("en, english, ingles, en us, en gb"),
    "pt_BR": listed(
        "pt, portuguese, portugues, pt br, pt pt, brazilian portuguese, portugues do brasil, portugues de brasil, portugues brasileno"
    ),
}
HEADINGS: Mapping[str, tuple[str, ...]] = {
    NAME: NAME_HEADINGS,
    EMAIL: EMAIL_HEADINGS,
    "roles": listed(
        "role, roles, rol, papel, papeis, papeles, perfil, perfis, perfiles, profile, profiles, funcao, funcoes, funcion, funciones, "
        "permissions, permissoes, permisos"
    ),
    "environments": listed("environment, environments, env, ambiente, ambientes, entorno, entornos"),
    "language": listed("language, idioma, lingua, lengua, lang, preferred language, idioma preferido"),
}
SOURCES = ("people", "people_file")
MOST = 50
"""The most users in one list."""


@cache
def columns() -> Columns:
    values = {"roles": ROLES, "environments": ENVIRONMENTS, "language": LANGUAGES}
    words: dict[str, dict[str, tuple[str, ...]]] = {
        name: {folded(word): (value,) for value, all_ in of.items() for word in (value, *all_)} for name, of in values.items()
    }
    words["environments"] |= {word: tuple(ENVIRONMENTS) for word in BOTH}
    return Columns(HEADINGS, words)


def users_of(answers: Answers) -> list[dict[str, Any]]:
    return answers.get("users") or []


def roles_of(user: Mapping[str, Any]) -> tuple[str, ...]:
    """In the order of the table, whatever order they were chosen in. The first version of the journey has one a person."""
    chosen = user.get("roles") or [user.get("role")]
    return tuple(role for role in ROLES if role in chosen)


def people_listed(answers: Answers) -> PeopleList:
    """Those pasted or attached."""
    return _read(addresses.text_of(answers, *SOURCES))


@lru_cache(maxsize=8)
def _read(text: str) -> PeopleList:
    """A page looks at the same text several times."""
    return people_lists.read(text, columns())


def with_listed(answers: Answers, situation: Situation) -> Answers:
    """The answers with those who are listed or picked among the users. Whoever is among them already is brought up to date with what is
    said of them now. Lines in which there is nobody stay where they were typed."""
    found = people_listed(answers)
    users = [dict(user) for user in users_of(answers)]
    before = list(users)
    for person, _ in _joined((*found.people, *_picked(answers, situation))):
        there = next((user for user in before if _same(user, person)), None)
        given = {name: value for name, value in _as_user(person).items() if value}
        if there is not None:
            if there.get("name") and not person.name:
                given.pop("name", None)  # one that the address spells out is no news
            if person.values:
                there.pop("unread", None)  # of what was said before
            before.remove(there)  # of two without an address, each is somebody
            there.update(given)
        else:
            users.append({**_usual(answers), **given})
    return {**answers, "people": "\n".join(found.rest), "people_file": None, "known_people": [], "users": users}


def left_out(answers: Answers) -> Iterator[tuple[str, LineReason]]:
    """What names nobody, and why; headings are none."""
    for text in people_listed(answers).left_out:
        yield shortened(text), LineReason(*why_none(text))


def _same(user: Mapping[str, Any], person: ListedPerson) -> bool:
    if person.email:
        return str(user.get("email", "")).strip().casefold() == person.email.casefold()
    return not user.get("email") and user.get("name") == person.name


def _as_user(person: ListedPerson) -> dict[str, Any]:
    roles, environments = person.values.get("roles", ()), person.values.get("environments", ())
    return {
        "name": person.name or name_in(person.email),
        "email": person.email,
        "roles": [role for role in ROLES if role in roles],
        "environments": [one for one in ENVIRONMENTS if one in environments],
        "language": next(iter(person.values.get("language", ())), ""),
        "unread": list(person.unread),
    }


def _usual(answers: Answers) -> dict[str, Any]:
    """What those get of whom a list says nothing."""
    usual = {name: answers.get(f"usual_{name}") for name in ("roles", "environments", "language")}
    return {name: value for name, value in usual.items() if value}


def name_in(address: str) -> str:
    """The name that an address such as ``ana.souza@bank.example`` spells out; empty if it may be none."""
    words = address.partition("@")[0].replace("_", ".").split(".")
    return " ".join(word.capitalize() for word in words) if len(words) > 1 and all(word.isalpha() for word in words) else ""


def differing(people: Iterable[ListedPerson]) -> Iterator[str]:
    """The addresses of which a list says two different things. Saying less is none, and environments add up."""
    yield from (person.email for person, differs in _joined(people) if differs)


def _joined(people: Iterable[ListedPerson]) -> Iterator[tuple[ListedPerson, bool]]:
    """Each address once, with all that a list says of it, and whether that is two different things. Who has no address is somebody each
    time."""
    found: dict[str | int, tuple[ListedPerson, bool]] = {}
    for place, person in enumerate(people):
        key = person.email.casefold() or place
        before, differs = found.get(key, (person, False))
        differs = differs or _names_differ(before.name, person.name) or _values_differ(before.values, person.values)
        whole = ListedPerson(
            max(before.name, person.name, key=lambda name: len(name.split())),
            before.email,
            {**before.values, **person.values, **_environments(before, person)},
            tuple(dict.fromkeys((*before.unread, *person.unread))),
        )
        found[key] = whole, differs
    yield from found.values()


def _names_differ(one: str, other: str) -> bool:
    """Whether neither is a part of the other."""
    words, others = set(folded(one).split()), set(folded(other).split())
    return not (words <= others or others <= words)


def _values_differ(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    return any(set(one[column]) != set(other[column]) for column in (one.keys() & other.keys()) - {"environments"})


def _environments(*of: ListedPerson) -> dict[str, tuple[str, ...]]:
    """Of all, where any says one."""
    found = dict.fromkeys(one for person in of for one in person.values.get("environments", ()))
    return {"environments": tuple(found)} if found else {}


# -- known already


def known_people(situation: Situation) -> dict[str, str]:
    """By address, who was named for the Service Desk or an environment: their name, or an empty text."""
    desk, environments = (situation.answers.get(step, {}) for step in ("service_desk", "environments"))
    names = {person.email.casefold(): person.name for person in _read(_named_before(situation)).people if person.name}
    found = (*addresses.addresses(desk, *DESK_USERS), *addresses.addresses(environments, "test_users", "production_users"))
    return {address: names.get(address.casefold(), "") for address in dict.fromkeys(found) if len(address) <= _OPTION}


_OPTION = 150
"""Characters that Slack takes in an option's value."""


def _named_before(situation: Situation) -> str:
    desk, environments = (situation.answers.get(step, {}) for step in ("service_desk", "environments"))
    return "\n".join((addresses.text_of(desk, *DESK_USERS), addresses.text_of(environments, "test_users", "production_users")))


def nobody_known(_answers: Answers, situation: Situation) -> tuple[str, ...]:
    """Nobody can be picked before somebody was named."""
    return () if _named_before(situation).strip() else ("known_people",)


def offered(situation: Situation) -> Iterator[Offer]:
    yield from (Offer(address, f"{name} · {address}" if name else address) for address, name in known_people(situation).items())


def _picked(answers: Answers, situation: Situation) -> Sequence[ListedPerson]:
    picked = answers.get("known_people") or []
    names = known_people(situation) if picked else {}
    return [ListedPerson(names.get(address, ""), str(address)) for address in picked]
