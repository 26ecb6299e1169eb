"""Step 2, organization: the details that Pismo's `OrgDetails` accepts, within its limits. Support records the org ID."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from flows.checks.documents import check_document, plain_number
from flows.checks.org_id import OrgIdKey, OrgIdProblem, read_org_id
from flows.checks.postal_codes import read_postal_code
from flows.checks.states import read_state
from flows.forms.fields import NAME, OR_NONE, AddressState, Answers, Country, Email, FormPage, Input, Kind, state_in
from flows.forms.parity import TEST, ParityCell, ParityState
from flows.forms.step import BusinessPlace, Form, Page, ParityItem, Situation, Step, Task
from flows.people import Side
from flows.problems import Note, NoteKind, Problem, fault
from flows.state import StepState
from flows.steps.authentication import proofs
from flows.steps.org_details import org_id, shared
from flows.steps.org_update import AddressToType, CompanyToType, Shown, ToChange, ToType, changes, details, outdated, to_copy

INT32 = 2**31 - 1
MAX_ORG_NAME, MAX_DOCUMENT, MAX_ZIPCODE = 80, 20, 9
WHOLE_ADDRESSES = ("BRA", "CAN", "USA")
"""Countries where every address has a postal code and a two-letter state."""

KINDS = ("person", "entity")
LANGUAGES = ("en-US", "pt-BR")


Document = Annotated[str, Field(min_length=1, max_length=60), Input(Kind.TEXT)]
"""What it is called may stand before it: that is cut off."""
Reason = Annotated[
    str | None, Field(max_length=300), Input(Kind.TEXT, doubted=True, explains="document_number", words="document_doubt")
]


class Company(FormPage):
    country: Country
    official_name: Annotated[str, Field(min_length=1, max_length=100), NAME, Input(Kind.TEXT)]
    org_name: Annotated[str | None, Field(max_length=MAX_ORG_NAME), NAME, OR_NONE, Input(Kind.TEXT)] = None
    document_number: Document
    document_reason: Reason = None


class Address(FormPage):
    address: Annotated[str, Field(min_length=1, max_length=80), Input(Kind.TEXT)]
    number: Annotated[int | None, Field(ge=0, le=INT32), Input(Kind.NUMBER)] = None
    complementary_address: Annotated[str | None, Field(max_length=50), OR_NONE, Input(Kind.TEXT)] = None
    neighborhood: Annotated[str | None, Field(max_length=50), OR_NONE, Input(Kind.TEXT)] = None
    zipcode: Annotated[str | None, Field(max_length=40), OR_NONE, Input(Kind.TEXT)] = None
    city: Annotated[str, Field(min_length=1, max_length=60), NAME, Input(Kind.TEXT)]
    state: AddressState = None


class RepresentativeAndSettings(FormPage):
    legal_proxy_kind: Annotated[str, Input(Kind.CHOICE, KINDS)]
    legal_proxy_name: Annotated[str, Field(min_length=1, max_length=50), NAME, Input(Kind.TEXT)]
    legal_proxy_document: Document
    responsible: Email
    currency: Annotated[str, Input(Kind.SEARCH, source="currency")]
    timezone: Annotated[str, Field(max_length=60), Input(Kind.SEARCH, source="timezone")]
    language: Annotated[str, Input(Kind.CHOICE, LANGUAGES, choices="platform_language")]


def _spelt(value: str) -> str:
    try:
        return read_org_id(value).value
    except OrgIdProblem as problem:
        raise fault(problem.key, **problem.params) from None


OrgId = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_spelt), Input(Kind.TEXT)]
Unusual = Annotated[
    list[str] | None, Input(Kind.CHOICES, ("yes",), doubted=True, explains="org_id", words="org_id.confirm_unusual")
]
SharedReason = Annotated[
    str | None, Field(max_length=1000), Input(Kind.LONG_TEXT, doubted=True, explains="org_id", words="org_id.shared_reason")
]


class OrgIdPage(ToType):
    country: Shown = None
    country_code: Shown = None
    currency_numeric_code: Shown = None
    timezone: Shown = None
    org_id: OrgId
    confirm_unusual: Unusual = None
    shared_reason: SharedReason = None


class CorrectedOrgId(FormPage):
    org_id: OrgId
    confirm_unusual: Unusual = None
    shared_reason: SharedReason = None


def _document(answers: Answers, name: str) -> Iterator[Problem]:
    if len(plain_number(str(answers[name]), str(answers.get("country", "")))) > MAX_DOCUMENT:
        yield Problem(name, "string_too_long", {"max_length": MAX_DOCUMENT})


def _normal_document(answers: Answers, name: str) -> Answers:
    return {name: plain_number(str(answers[name]), str(answers.get("country", "")))} if answers.get(name) else {}


def _normal_company(answers: Answers) -> Answers:
    """Nothing is explained where nothing is doubted."""
    number = _normal_document(answers, "document_number")
    doubted = check_document(answers["document_number"], answers["country"]).ok is False
    return number if doubted else {**number, "document_reason": None}


def _company(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    yield from _document(answers, "document_number")
    found = check_document(answers["document_number"], answers["country"])
    if found.ok is False and not answers.get("document_reason"):
        yield Problem("document_reason", "document_doubted", {"standard": found.standard or ""})
    if not answers.get("org_name") and len(answers["official_name"]) > MAX_ORG_NAME:
        yield Problem("org_name", "org_name_needed", {"maximum": MAX_ORG_NAME})


def _compulsory(answers: Answers) -> tuple[str, ...]:
    return ("zipcode", "state") if answers.get("country") in WHOLE_ADDRESSES else ()


def _address(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    country, state = str(answers.get("country", "")), answers.get("state")
    yield from (Problem(name, "missing") for name in _compulsory(answers) if not answers.get(name))
    if typed := answers.get("zipcode"):
        yield from _postal_code(typed, country)
    if state:
        yield from _state(str(state), country)


def _state(typed: str, country: str) -> Iterator[Problem]:
    if not read_state(typed, country).code:
        yield Problem("state", "state_unknown" if country in WHOLE_ADDRESSES else "state_not_listed")


def _postal_code(typed: str, country: str) -> Iterator[Problem]:
    code = read_postal_code(typed, country)
    if code.value is None:
        yield Problem("zipcode", "postal_code", {"like": code.like})
    elif len(code.value) > MAX_ZIPCODE:
        yield Problem("zipcode", "string_too_long", {"max_length": MAX_ZIPCODE})


def _normal_address(answers: Answers) -> Answers:
    country, zipcode = str(answers.get("country", "")), answers.get("zipcode")
    state = state_in(country, answers.get("state"))
    normal = {"zipcode": read_postal_code(zipcode, country).value or zipcode} if zipcode else {}
    return {**normal, "state": state and (read_state(state, country).code or state)}


def _org_id(answers: Answers, _situation: Situation) -> Iterator[Problem]:
    if not read_org_id(answers["org_id"]).usual_shape and not answers.get("confirm_unusual"):
        yield Problem("confirm_unusual", OrgIdKey.UNUSUAL)


def _notes(answers: Answers, _situation: Situation) -> Iterator[Note]:
    """What support should look at, above all the reason for an overridden check."""
    found = check_document(str(answers.get("document_number", "")), str(answers.get("country", "")))
    if found.ok:
        yield Note("document_ok", {"standard": found.standard or ""})
    elif found.ok is None:
        yield Note("document_unknown", kind=NoteKind.TO_CHECK)
    else:
        yield Note(
            "document_overridden",
            {"standard": found.standard or "", "reason": answers.get("document_reason") or ""},
            NoteKind.TO_CHECK,
        )


def _recorded(situation: Situation) -> Iterator[Note]:
    if known := org_id(situation):
        yield Note("org_id", {"org_id": known})


def _parity(situation: Situation, environment: str) -> ParityCell:
    known = org_id(situation)
    if proofs.last(situation, environment) or (environment == TEST and known):
        return ParityCell(ParityState.THERE, "org_id", {"org_id": known})
    return ParityCell(ParityState.UNKNOWN if known else ParityState.MISSING)


STEP = Step(
    "organization",
    Form(
        "organization",
        (
            Page("company", Company, check=_company, normal=_normal_company),
            Page("address", Address, compulsory=_compulsory, check=_address, normal=_normal_address),
            Page(
                "representative_and_settings",
                RepresentativeAndSettings,
                check=lambda answers, _situation: _document(answers, "legal_proxy_document"),
                normal=lambda answers: _normal_document(answers, "legal_proxy_document"),
            ),
        ),
        prefill=lambda situation: {
            "official_name": situation.customer,
            "language": "pt-BR" if situation.language == "pt_BR" else "en-US",
        },
        notes=_notes,
        review=True,
        example={
            "country": "BRA",
            "official_name": "Example Bank S.A.",
            "org_name": "Example Bank",
            "document_number": "11.222.333/0001-81",
            "address": "Avenida Paulista",
            "number": "1000",
            "neighborhood": "Bela Vista",
            "zipcode": "01310-100",
            "city": "São Paulo",
            "state": "SP",
            "legal_proxy_kind": "entity",
            "legal_proxy_name": "Example Holding Ltda.",
            "legal_proxy_document": "11.222.333/0002-62",
            "responsible": "contact@bank.example",
            "currency": "BRL",
            "timezone": "America/Sao_Paulo",
            "language": "pt-BR",
        },
    ),
    requires=("planning",),
    tasks=(
        Task(
            "record_org_id",
            Side.SUPPORT,
            Form(
                "organization.record_org_id",
                (
                    Page("to_type", CompanyToType),
                    Page("address_to_type", AddressToType),
                    Page("org_id", OrgIdPage, check=_org_id),
                ),
                copied=to_copy,
                example={"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
            ),
            adds=lambda _answers, situation: {"details": details(situation)},
            unique="org_id",
            notes=shared,
        ),
        Task(
            "correct_org_id",
            Side.SUPPORT,
            Form(
                "organization.correct_org_id",
                (Page("org_id", CorrectedOrgId, check=_org_id),),
                example={"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
            ),
            ready=lambda situation: bool(org_id(situation)),
            repeatable=True,
            optional=True,
            also_in=(StepState.DONE,),
            unique="org_id",
            notes=shared,
        ),
        Task(
            "update_organization",
            Side.SUPPORT,
            Form("organization.update_organization", (Page("changes", ToChange),), copied=changes, example={"changed": ["yes"]}),
            ready=lambda situation: bool(outdated(situation)),
            repeatable=True,
            adds=lambda _answers, situation: {"details": details(situation)},
        ),
    ),
    finished=lambda situation: bool(org_id(situation)) and not outdated(situation),
    on_card=_recorded,
    facts=_recorded,
    business_place=lambda answers: BusinessPlace(*(str(answers.get(name) or "") for name in ("timezone", "country", "state"))),
    receipt=_recorded,
    contact=lambda answers: str(answers.get("responsible") or ""),
    parity=(ParityItem("organization", _parity),),
)
