"""What support must change at Pismo once a later revision of the organization is approved."""

from datetime import timedelta
from typing import Any

import pytest

from flows.forms.fields import Answers
from flows.forms.step import Situation
from flows.steps import org_update
from flows.steps.authentication.proofs import PROVE
from flows.steps.authentication.proving import SETTLE
from flows.steps.org_details import RECORDED, to_org_details
from flows.steps.organization import STEP
from tests.flows.steps.filled_forms import NOW, a_situation, example, sent

CLEAN = sent(STEP.form, example(STEP.form))
RENAMED = {**CLEAN, "official_name": "Example Bank Holding S.A.", "city": "Campinas"}
ORG = {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be", "details": to_org_details(CLEAN)}


def renamed(*, answers: Answers = RENAMED, proofs: tuple[tuple[int, Any], ...] = (), **items: list[Answers]) -> Situation:
    """The organization was created as `CLEAN` and then sent anew. ``proofs``: how many hours after that one was asked for, and the
    differences that it found."""
    found: dict[str, list[tuple[str, Answers]]] = {name: list(enumerate_items(of)) for name, of in items.items()}
    ran = [(f"p{n}", {"environment": "test", "differences": differs}) for n, (_, differs) in enumerate(proofs)]
    return a_situation(
        answers={"organization": answers},
        sent_at={"organization": NOW},
        done={RECORDED: ORG},
        done_at={f"{PROVE}:p{n}": NOW + timedelta(hours=hours) for n, (hours, _) in enumerate(proofs)},
        items={PROVE: ran, org_update.UPDATED: found.get("updated", []), SETTLE: found.get("settled", [])},
    )


def enumerate_items(answers: list[Answers]) -> list[tuple[str, Answers]]:
    return [(f"i{number}", one) for number, one in enumerate(answers)]


def names(situation: Situation) -> list[str]:
    return [detail for detail, _, _ in org_update.outdated(situation)]


def test_what_differs_from_what_was_typed_in_is_shown_old_and_new_in_the_platforms_terms() -> None:
    situation = renamed(answers={**CLEAN, "official_name": "Example Bank Holding S.A.", "currency": "USD"})
    assert org_update.changes(situation) == {
        "changes": "official_name: Example Bank S.A. → Example Bank Holding S.A.\ncurrency_numeric_code: 986 → 840"
    }
    assert STEP.task("update_organization").ready(situation)
    assert not STEP.finished(situation)


def test_nothing_is_to_change_while_it_is_as_it_was_typed_in() -> None:
    situation = renamed(answers={**CLEAN, "document_reason": "As registered."})
    assert names(situation) == []
    assert not STEP.task("update_organization").ready(situation)
    assert STEP.finished(situation)


def test_what_support_changed_by_hand_is_done_until_the_next_revision() -> None:
    task = STEP.task("update_organization")
    recorded = task.adds({"changed": ["yes"]}, renamed())
    assert STEP.finished(renamed(updated=[recorded]))
    assert names(renamed(answers={**RENAMED, "city": "Santos"}, updated=[recorded])) == ["city"]


@pytest.mark.parametrize(
    ("proofs", "left"),
    [
        ((), ["official_name", "city"]),
        (((-1, []),), ["official_name", "city"]),  # before it was sent: of the earlier details
        (((1, []),), []),
        (((1, [["city", "Campinas", "São Paulo"]]),), ["city"]),
        (((1, None),), ["official_name", "city"]),  # the organization could not be read
        (((1, [["city", "Campinas", "São Paulo"]]), (2, [])), []),
    ],
)
def test_a_proof_that_read_it_since_tells_what_is_left(proofs: tuple[tuple[int, Any], ...], left: list[str]) -> None:
    assert names(renamed(proofs=proofs)) == left


def test_what_support_accepts_as_it_is_at_pismo_need_not_be_changed() -> None:
    differs = ["city", "Campinas", "São Paulo"]
    assert names(renamed(proofs=((1, [differs]),), settled=[{"accepted": [differs]}])) == []


def test_each_detail_can_be_copied_in_the_platforms_terms_and_what_is_typed_there_is_dropped() -> None:
    task = STEP.task("record_org_id")
    assert task.form is not None
    situation = a_situation(answers={"organization": CLEAN})
    copied = task.form.copied(situation)
    fields = {name for page in task.form.pages for name in page.model.model_fields}
    assert copied.keys() == to_org_details(CLEAN).keys() <= fields
    assert (copied["currency_numeric_code"], copied["country_code"], copied["number"]) == ("986", "BRA", "1000")
    clean = sent(task.form, {**copied, "official_name": "typed over", "org_id": ORG["org_id"]}, situation)
    assert {name: value for name, value in clean.items() if value is not None} == {"org_id": ORG["org_id"]}
    assert task.adds(clean, situation) == {"details": to_org_details(CLEAN)}
