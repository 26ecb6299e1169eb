"""Differences between what was approved and what is on the platform: what keeps the step open, what is sent, what is accepted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.forms.step import Difference, Situation
from flows.journey import FIRST, JOURNEYS
from flows.steps.authentication import proofs, proving

NOW = datetime(2026, 3, 9, 13, tzinfo=UTC)
CITY, ZIP, PROXY = ("city", "Recife", "Olinda"), ("zipcode", "50000-000", "50000-001"), ("legal_proxy_name", "", "Another Ltda.")
TASK = JOURNEYS.latest.steps["authentication"].task("settle_organization")


def after(*runs: list[Difference], settled: tuple[Answers, ...] = (), environment: str = "test") -> Situation:
    """After proofs that found these differences, and what support then decided."""
    ran = [(f"p{n}", {"environment": environment, "differences": [list(one) for one in run]}) for n, run in enumerate(runs)]
    decided = [(f"s{n}", answers) for n, answers in enumerate(settled)]
    items: dict[str, Any] = {proofs.PROVE: ran, proving.SETTLE: decided}
    return Situation(NOW, NOW.date(), "Acme Bank", "en", "UTC", items=items, steps=tuple(JOURNEYS.latest.steps))


def settle(situation: Situation, **raw: Any) -> tuple[Situation, list[str]]:
    """After support sends the form; and the keys of its errors."""
    assert TASK.form is not None
    clean, problems = collect(TASK.form, raw, situation)
    record = {**clean, **TASK.adds(clean, situation)}
    more = {**situation.items, proving.SETTLE: [*situation.items[proving.SETTLE], ("next", record)]}
    return replace(situation, items=more), [problem.key for _, problem in problems]


def test_equal_is_done() -> None:
    assert proving.unaccepted(after([])) == []
    assert not TASK.ready(after([]))


def test_a_difference_waits_for_support_and_keeps_the_step_open() -> None:
    situation = after([CITY])
    assert TASK.ready(situation)
    assert proving.unaccepted(situation) == [CITY]


def test_what_is_to_be_corrected_waits_for_the_next_proof() -> None:
    situation, errors = settle(after([CITY, ZIP]), send=["city"], reason="The new building has another code.")
    assert errors == []
    assert (proving.to_send(situation), proving.unaccepted(situation)) == ([CITY], [CITY])
    assert not TASK.needed(situation)
    assert proving.unaccepted(replace(situation, items={**situation.items, proofs.PROVE: after([ZIP]).items[proofs.PROVE]})) == []


def test_what_stays_needs_a_reason_and_then_is_accepted() -> None:
    situation = after([CITY, ZIP])
    assert settle(situation, send=["city"])[1] == ["reason_to_accept"]
    assert settle(situation)[1] == ["reason_to_accept"]
    situation, errors = settle(situation, reason="As registered.")
    assert (errors, proving.unaccepted(situation)) == ([], [])


def test_another_value_on_the_platform_is_not_what_was_accepted() -> None:
    situation, _ = settle(after([CITY]), reason="As registered.")
    changed = ("city", "Recife", "Natal")
    situation = replace(situation, items={**situation.items, proofs.PROVE: after([CITY], [changed]).items[proofs.PROVE]})
    assert proving.unaccepted(situation) == [changed]
    assert TASK.ready(situation)


def test_what_was_accepted_of_test_is_not_of_production() -> None:
    """A program that is exported takes test's values along. In journey 1 nobody could accept it there."""
    test, there = after([CITY], settled=({"accepted": [list(CITY)]},)), after([CITY], environment="production")
    both = replace(test, items={**test.items, proofs.PROVE: [*test.items[proofs.PROVE], *there.items[proofs.PROVE]]})
    assert (proving.unaccepted(both), proving.unaccepted(both, "production")) == ([], [CITY])
    assert proving.unaccepted(replace(both, steps=tuple(FIRST.steps)), "production") == []
    decided = {proving.SETTLE_PRODUCTION: [("s", {"accepted": [list(CITY)]})]}
    assert proving.unaccepted(replace(both, items={**both.items, **decided}), "production") == []


def test_what_pismo_lets_nobody_change_cannot_be_sent() -> None:
    document = ("legal_proxy_document", "11.222.333/0002-62", "11.222.333/0003-43")
    assert settle(after([document]), send=["legal_proxy_document"])[1] == ["not_offered"]


def test_what_differs_in_a_program_is_accepted_or_mended_elsewhere() -> None:
    program = ("program:Cards:type", "CREDITO", "DEBITO")
    assert settle(after([program]), send=["program:Cards:type"])[1] == ["not_offered"]
    situation, errors = settle(after([program]), reason="Pismo has it so.")
    assert (errors, proving.unaccepted(situation)) == ([], [])
    situation, errors = settle(after([CITY, program]), send=["city"], reason="Pismo has it so.")
    assert (errors, proving.unaccepted(situation)) == ([], [CITY])


def test_what_was_never_given_cannot_be_sent() -> None:
    situation = after([PROXY])
    assert settle(situation, send=["legal_proxy_name"])[1] == ["not_offered"]
    assert settle(situation, reason="Pismo wrote it.")[1] == []


@pytest.mark.parametrize(("environment", "proved"), [("test", True), ("production", False)])
def test_the_step_asks_for_a_proof_in_the_test_environment(environment: str, proved: bool) -> None:
    situation = after([], environment=environment)
    assert proving.proved(situation) is proved
    assert proving.proved(situation, environment)


def test_journey_1_has_no_first_programs_to_wait_for() -> None:
    assert FIRST.steps["authentication"].task("prove_access").requires == ()
    assert TASK.requires == ()
    assert JOURNEYS.latest.steps["authentication"].task("prove_access").requires == ("first_programs",)
