"""Step 2, organization: the details that Pismo's `OrgDetails` takes, with its limits; support creates it and records the org ID."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from flows.documents import check_document
from flows.fields import Answers, FormPage, Input, Kind
from flows.people import Side
from flows.problems import Problem, fault
from flows.step import Form, Page, Situation, Step, Task


def _email(value: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  not needed to start

    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise fault("email_invalid") from None


def known(kind: Literal["currency", "country", "timezone"]) -> AfterValidator:
    """The value must be one of the catalogue's."""

    def check(value: str) -> str:
        from flows import catalog  # noqa: PLC0415  its names are loaded at first use

        if not catalog.known(kind, value):
            raise fault(f"unknown_{kind}")
        return value

    return AfterValidator(check)


Email = Annotated[str, Field(max_length=255), AfterValidator(_email), Input(Kind.EMAIL)]
Country = Annotated[str, known("country"), Input(Kind.SEARCH, source="country")]


class Company(FormPage):
    country: Country
    official_name: Annotated[str, Field(min_length=1, max_length=100), Input(Kind.TEXT)]
    org_name: Annotated[str | None, Field(max_length=80), Input(Kind.TEXT)] = None
    document_number: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    document_reason: Annotated[str | None, Field(max_length=300), Input(Kind.TEXT)] = None


class Address(FormPage):
    address: Annotated[str, Field(min_length=1, max_length=80), Input(Kind.TEXT)]
    number: Annotated[int, Field(ge=0, le=2_147_483_647), Input(Kind.NUMBER)]
    complementary_address: Annotated[str | None, Field(max_length=50), Input(Kind.TEXT)] = None
    neighborhood: Annotated[str | None, Field(max_length=50), Input(Kind.TEXT)] = None
    zipcode: Annotated[str, Field(min_length=1, max_length=9), Input(Kind.TEXT)]
    city: Annotated[str, Field(min_length=1, max_length=60), Input(Kind.TEXT)]
    state: Annotated[str, Field(min_length=1, max_length=2, pattern=r"^[A-Za-z0-9]{1,2}$"), Input(Kind.TEXT)]


class Representative(FormPage):
    legal_proxy_kind: Annotated[Literal["person", "entity"], Input(Kind.CHOICE, ("person", "entity"))]
    legal_proxy_name: Annotated[str, Field(min_length=1, max_length=50), Input(Kind.TEXT)]
    legal_proxy_document: Annotated[str, Field(min_length=1, max_length=20), Input(Kind.TEXT)]
    responsible: Email


class Settings(FormPage):
    currency: Annotated[str, known("currency"), Input(Kind.SEARCH, source="currency")]
    timezone: Annotated[str, Field(max_length=60), known("timezone"), Input(Kind.SEARCH, source="timezone")]
    language: Annotated[Literal["en-US", "pt-BR"], Input(Kind.CHOICE, ("en-US", "pt-BR"), choices="platform_language")]


def _folded(value: str) -> str:
    from flows.org_id import OrgIdProblem, read_org_id  # noqa: PLC0415

    try:
        return read_org_id(value).value
    except OrgIdProblem as problem:
        raise fault(problem.key, **problem.params) from None


class OrgId(FormPage):
    org_id: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_folded), Input(Kind.TEXT)]
    confirm_unusual: Annotated[list[Literal["yes"]] | None, Input(Kind.CHOICES, ("yes",))] = None


def _company(answers: Answers, _at: Situation) -> Iterable[Problem]:
    found = check_document(answers["document_number"], answers["country"])
    if found.ok is False and not answers.get("document_reason"):
        yield Problem("document_number", "document_check_digits", {"standard": found.standard or ""})
    if not answers.get("org_name") and len(answers["official_name"]) > 80:
        yield Problem("org_name", "org_name_needed")


def _org_id(answers: Answers, _at: Situation) -> Iterable[Problem]:
    from flows.org_id import read_org_id  # noqa: PLC0415

    if not read_org_id(answers["org_id"]).usual_shape and not answers.get("confirm_unusual"):
        yield Problem("org_id", "org_id_unusual")


def to_org_details(answers: Answers) -> dict[str, Any]:
    """The answers under the names and in the forms of Pismo's `OrgDetails`."""
    from flows import catalog  # noqa: PLC0415  its names are loaded at first use
    from flows.iso_codes import numeric_code  # noqa: PLC0415

    names = ("official_name", "document_number", "address", "number", "complementary_address", "neighborhood", "zipcode", "city")
    details: dict[str, Any] = {name: answers[name] for name in names if answers.get(name) not in (None, "")}
    return details | {
        "org_name": answers.get("org_name") or answers["official_name"],
        "state": answers["state"].upper(),
        "country": catalog.label("country", answers["country"], "en")[:30],
        "country_code": answers["country"],
        "legal_proxy_name": answers["legal_proxy_name"],
        "legal_proxy_document": answers["legal_proxy_document"],
        "responsible": answers["responsible"],
        "currency_numeric_code": numeric_code(answers["currency"]),
        "timezone": answers["timezone"],
        "language": answers["language"],
    }


COMPARED = (
    "official_name",
    "org_name",
    "document_number",
    "address",
    "number",
    "complementary_address",
    "neighborhood",
    "zipcode",
    "city",
    "state",
    "country_code",
    "legal_proxy_name",
    "legal_proxy_document",
    "responsible",
    "currency_numeric_code",
    "timezone",
    "language",
)
"""What the platform keeps of what was approved; its `country` is free text beside the code."""


def compare(answers: Answers, organization: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(field, approved, on the platform) where they differ in more than case, spacing or punctuation of numbers."""
    ours = to_org_details(answers)
    return [
        (name, str(ours.get(name) or ""), str(organization.get(name) or ""))
        for name in COMPARED
        if _same_form(name, ours.get(name)) != _same_form(name, organization.get(name))
    ]


def _same_form(name: str, value: Any) -> str:
    text = " ".join(str(value or "").casefold().split())
    if name in ("document_number", "legal_proxy_document", "zipcode"):
        return "".join(sign for sign in text if sign.isalnum())
    return text


STEP = Step(
    "organization",
    Form(
        "organization",
        (
            Page("company", Company, check=_company),
            Page("address", Address),
            Page("representative", Representative),
            Page("settings", Settings),
        ),
        review=True,
        example={
            "country": "BRA",
            "official_name": "Acme Bank S.A.",
            "org_name": "Acme Bank",
            "document_number": "11.222.333/0001-81",
            "address": "Avenida Paulista",
            "number": "1000",
            "neighborhood": "Bela Vista",
            "zipcode": "01310100",
            "city": "São Paulo",
            "state": "SP",
            "legal_proxy_kind": "person",
            "legal_proxy_name": "Ana Souza",
            "legal_proxy_document": "123456",
            "responsible": "ana@acmebank.example",
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
                (Page("org_id", OrgId, check=_org_id),),
                example={"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"},
            ),
        ),
    ),
    finished=lambda at: bool(at.org_id),
)
