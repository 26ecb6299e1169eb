"""What support types in at Pismo, and what it has to change there once a later revision of the details is approved."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from flows.forms.fields import MAX_LENGTH, Answers, FormPage, Input, Kind
from flows.forms.parity import TEST
from flows.forms.step import Difference, Situation
from flows.steps.authentication import proofs, proving
from flows.steps.org_details import RECORDED, compare, to_org_details

UPDATED = "organization.update_organization"
Shown = Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.TEXT, forget=True)]


class ToType(FormPage):
    """Its optional fields with `Shown` are there to be copied from; what is typed there is dropped."""

    @model_validator(mode="after")
    def _drop_shown(self) -> "ToType":
        for name, info in type(self).model_fields.items():
            if any(isinstance(item, Input) and item.forget for item in info.metadata):
                setattr(self, name, None)
        return self


class CompanyToType(ToType):
    official_name: Shown = None
    org_name: Shown = None
    document_number: Shown = None
    legal_proxy_name: Shown = None
    legal_proxy_document: Shown = None
    responsible: Shown = None
    language: Shown = None


class AddressToType(ToType):
    address: Shown = None
    number: Shown = None
    complementary_address: Shown = None
    neighborhood: Shown = None
    zipcode: Shown = None
    city: Shown = None
    state: Shown = None


class ToChange(ToType):
    changes: Annotated[str | None, Field(max_length=MAX_LENGTH), Input(Kind.LONG_TEXT, filetypes=("txt",), forget=True)] = None
    changed: Annotated[list[str], Input(Kind.CHOICES, ("yes",), choices="changed_at_pismo")]


def details(situation: Situation) -> Answers:
    """What was sent last, under the names and in the formats of the platform; nothing if nothing was."""
    sent = situation.answers.get("organization")
    return to_org_details(sent) if sent else {}


def to_copy(situation: Situation) -> Answers:
    return {name: str(value) for name, value in details(situation).items()}


def outdated(situation: Situation) -> list[Difference]:
    """(detail, approved, at Pismo) of what was approved since support typed the details in there: without what a proof has read there in
    the meantime as approved, and what support accepted as it is there."""
    sent, typed = situation.answers.get("organization"), _typed_in(situation)
    if not sent or not typed:
        return []
    left = compare(sent, typed)
    if left and _read_since(situation):
        differing = {detail for detail, _, _ in proving.unaccepted(situation)}
        return [one for one in left if one[0] in differing]
    return left


def changes(situation: Situation) -> Answers:
    """The same to copy from, line by line in the platform's terms."""
    lines = "\n".join(_lines(situation))
    return {"changes": lines} if lines else {}


def _lines(situation: Situation) -> Iterator[str]:
    approved = details(situation)
    for detail, ours, theirs in outdated(situation):
        yield f"{detail}: {theirs or '-'} → {approved.get(detail, ours) or '-'}"


def _typed_in(situation: Situation) -> Answers | None:
    """The details as support last typed them in at Pismo."""
    updates = [answers for _, answers in situation.items.get(UPDATED, ())]
    last = updates[-1] if updates else situation.done.get(RECORDED, {})
    typed: Answers | None = last.get("details")
    return typed


def _read_since(situation: Situation) -> bool:
    """Whether a passed proof in the test environment has read the organization since its details were sent last."""
    ran = [(item, answers) for item, answers in situation.items.get(proofs.PROVE, ()) if proofs.environment_of(answers) == TEST]
    if not ran or ran[-1][1].get("differences") is None:
        return False
    asked, sent = situation.done_at.get(f"{proofs.PROVE}:{ran[-1][0]}"), situation.sent_at.get("organization")
    return asked is not None and sent is not None and sent < asked
