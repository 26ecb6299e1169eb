"""The organization step's answers as Pismo's `OrgDetails`, and how they compare with what the platform has."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flows.checks.iso_codes import alpha3, canonical_zone, numeric_code
from flows.checks.states import MAX_CODE
from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.problems import Note, NoteKind

MAX_COUNTRY = 30
RECORDED, CORRECTED = "organization.record_org_id", "organization.correct_org_id"
RECORDED_PRODUCTION, CORRECTED_PRODUCTION = "production.record_org", "production.correct_org"
_FIELDS = {"currency_numeric_code": "currency", "country_code": "country"}
"""Details with another name in the form."""
_AS_ANSWERED = (
    *(
        "official_name",
        "document_number",
        "address",
        "number",
        "complementary_address",
        "neighborhood",
        "zipcode",
        "city",
        "state",
    ),
    *("legal_proxy_name", "legal_proxy_document", "responsible", "timezone", "language"),
)


def org_id(situation: Situation) -> str:
    """The org ID that support recorded, or corrected since; or an empty string."""
    last = situation.done.get(CORRECTED) or situation.done.get(RECORDED, {})
    return str(last.get("org_id", ""))


def shared(answers: Answers, _situation: Situation) -> Iterator[Note]:
    """Why another customer has the org ID too."""
    if answers.get("shared"):
        yield Note("org_id_shared", {"reason": answers.get("shared_reason") or "-"}, NoteKind.TO_CHECK)


def recorded_in_production(situation: Situation) -> str:
    """As support recorded it for production, or corrected it since, or an empty string."""
    last = situation.done.get(CORRECTED_PRODUCTION) or situation.done.get(RECORDED_PRODUCTION, {})
    return str(last.get("org_id", ""))


def production_org_id(situation: Situation) -> str:
    """As recorded for production, else test's where they are to be the same, or an empty string."""
    same = situation.get("production", "org", "same") == "same"
    return recorded_in_production(situation) or (org_id(situation) if same else "")


def label_of(detail: str) -> str:
    """The key of a Pismo organization detail's label in the form."""
    return f"field.organization.{_FIELDS.get(detail, detail)}.label"


def to_org_details(answers: Answers) -> dict[str, Any]:
    """What was given, under the names and in the formats of `OrgDetails`: ISO 4217 numeric, ISO 3166-1 alpha-3. A state whose
    code is too long for it, such as Australia's NSW, is left out."""
    details: dict[str, Any] = {name: answers[name] for name in _sent(answers) if answers.get(name) not in (None, "")}
    return details | {
        "org_name": answers.get("org_name") or answers["official_name"],
        "country": _country_name(answers["country"]),
        "country_code": answers["country"],
        "currency_numeric_code": numeric_code(answers["currency"]),
    }


def _sent(answers: Answers) -> Iterator[str]:
    for name in _AS_ANSWERED:
        if name != "state" or len(answers.get("state") or "") <= MAX_CODE:
            yield name


def _country_name(code: str) -> str:
    """In English, without the code; only the code if the name is too long for `OrgDetails`."""
    from flows.checks import catalog  # noqa: PLC0415  loads its names on first use

    name = catalog.label("country", code, "en").removesuffix(f" ({code})")
    return name if len(name) <= MAX_COUNTRY else code


def compare(answers: Answers, organization: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(field, approved, on the platform) where they differ in more than case, spacing, punctuation in ids, and code formats.

    ``country`` is skipped: free text next to ``country_code``. So is a state that can't be sent.
    """
    ours = to_org_details(answers)
    names = [*_sent(answers), "org_name", "country_code", "currency_numeric_code"]
    pairs = ((name, str(_given(ours.get(name))), str(_given(organization.get(name)))) for name in names)
    return [(name, mine, theirs) for name, mine, theirs in pairs if _reconciled(name, mine) != _reconciled(name, theirs)]


def differences(situation: Situation, organization: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(field, approved, on the platform) where the organization isn't what was sent; nothing if it wasn't."""
    sent = situation.answers.get("organization")
    return compare(sent, organization) if sent is not None else []


def _given(value: Any) -> Any:
    return "" if value is None else value


def _id(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum() or sign == "&")  # as in Mexico's RFC


def _number(text: str) -> str:
    return re.sub(r"\.0+$", "", text).lstrip("0") or text


_FORMS: Mapping[str, Callable[[str], str]] = {
    "document_number": _id,
    "legal_proxy_document": _id,
    "zipcode": _id,
    "number": _number,
    "state": lambda text: text.rpartition("-")[2],
    "country_code": lambda text: alpha3(text) or text,
    "currency_numeric_code": lambda text: numeric_code(text) or text.zfill(3) if text else "",
    "timezone": lambda text: canonical_zone(text.replace(" ", "_")) or text,
    "language": lambda text: text.replace("_", "-"),
}


def _reconciled(name: str, value: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    return _FORMS.get(name, str)(text).casefold()
