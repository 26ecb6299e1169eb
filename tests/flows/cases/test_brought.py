"""Planning's products bring their steps; a later revision adds steps, or asks support whether to skip one."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from flows.cases import manage
from flows.cases.skips import asked
from flows.journey import FIRST, Journeys
from flows.problems import Refused
from flows.rules import Rules
from tests.flows.cases.casework import KIM, OWNER, CaseBook, case_book

CARDS, BANKING, LENDING = "card_issuing", "core_banking", "digital_lending"


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as one:
        await one.start()
        yield one


async def plan(one: CaseBook, *products: str) -> None:
    await one.send("planning", products=list(products))
    await one.approve("planning")


async def setups(one: CaseBook) -> dict[str, str]:
    """The customer's set-up steps and their states, in the order shown."""
    steps = (await one.snapshot()).steps
    return {step.removeprefix("setup_"): record.state.value for step, record in steps.items() if step.startswith("setup_")}


async def test_the_products_bring_their_steps_once_planning_is_approved(acme: CaseBook) -> None:
    assert await setups(acme) == {}
    await acme.send("planning", products=[LENDING, CARDS])
    assert await setups(acme) == {}  # support has not agreed yet
    await acme.approve("planning")
    assert await setups(acme) == {CARDS: "locked", LENDING: "locked"}
    assert ("customer", "steps_added") in await acme.said()
    await acme.skip("planning", "organization", "first_programs", "authentication")
    assert await setups(acme) == {CARDS: "open", LENDING: "open"}


async def test_a_later_revision_adds_a_step_and_the_end_waits_for_it(acme: CaseBook) -> None:
    await plan(acme, CARDS)
    await acme.skip(*(step for step in (await acme.snapshot()).steps if step not in ("planning", "next_steps")))
    await plan(acme, CARDS, BANKING)
    await acme.skip("planning")
    assert await setups(acme) == {CARDS: "skipped", BANKING: "open"}
    with pytest.raises(Refused, match="not_all_done"):
        await acme.task("next_steps", "close_onboarding", {})
    await acme.skip("setup_core_banking")
    await acme.task("next_steps", "close_onboarding", {})
    assert (await acme.snapshot()).onboarding.closed_at is not None


async def test_support_is_asked_whether_to_skip_what_is_not_planned_any_more(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await acme.said()
    await plan(acme, CARDS)
    assert ("support", "step_unwanted") in await acme.said()
    assert [one.user_id for one in asked(await acme.snapshot(), "setup_digital_lending")] == ["system"]
    await plan(acme, CARDS)  # nobody is asked twice
    assert ("support", "step_unwanted") not in await acme.said()
    await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    assert await setups(acme) == {CARDS: "locked", LENDING: "skipped"}
    assert (await acme.step("setup_digital_lending")).changed_by == KIM.user_id
    assert ("customer", "skip_unwanted") in await acme.said()


async def test_support_keeps_it(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    await acme.act(lambda case: manage.withdraw_skip(case, "setup_digital_lending", 0), OWNER)
    assert await setups(acme) == {CARDS: "locked", LENDING: "locked"}
    with pytest.raises(Refused, match="skip_not_asked"):
        await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    await acme.said()
    await plan(acme, CARDS)  # which takes nothing away
    assert ("support", "step_unwanted") not in await acme.said()
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    assert ("support", "step_unwanted") in await acme.said()


async def test_a_product_that_comes_back_opens_its_step_again_and_nobody_is_asked_any_more(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await plan(acme, CARDS)
    await plan(acme, CARDS, LENDING)
    assert asked(await acme.snapshot(), "setup_digital_lending") == []
    await plan(acme, CARDS)
    await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
    await plan(acme, CARDS, LENDING)
    assert await setups(acme) == {CARDS: "locked", LENDING: "open"}


async def test_what_support_skipped_while_it_was_planned_stays_skipped(acme: CaseBook) -> None:
    await plan(acme, CARDS, LENDING)
    await acme.skip("setup_digital_lending")
    await plan(acme, CARDS, LENDING, BANKING)
    assert (await setups(acme))[LENDING] == "skipped"


async def test_a_step_that_takes_two_is_not_skipped_by_the_bots_word_and_one_more(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(approvals={"setup_digital_lending": 2})) as acme:
        await acme.start()
        await plan(acme, CARDS, LENDING)
        await plan(acme, CARDS)
        await acme.act(lambda case: manage.agree_to_skip(case, "setup_digital_lending", 0), KIM)
        assert (await setups(acme))[LENDING] == "locked"
        await acme.skip("setup_digital_lending")
        assert (await setups(acme))[LENDING] == "skipped"


async def test_who_began_on_the_first_journey_has_no_such_step(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(journeys=Journeys.known(FIRST))) as acme:
        await acme.start()
        acme.rules = acme.cases.rules = Rules()
        await plan(acme, CARDS, LENDING)
        assert list((await acme.snapshot()).steps) == list(FIRST.steps)


async def test_a_go_live_that_support_changed_stays_unless_a_revision_names_another_day(acme: CaseBook) -> None:
    async def planned(day: str, goals: str) -> date | None:
        await acme.send("planning", go_live=day, goals=goals)
        await acme.approve("planning")
        return (await acme.snapshot()).onboarding.go_live

    assert await planned("2026-09-01", "Cards.") == date(2026, 9, 1)
    await acme.act(lambda case: setattr(case.onboarding, "go_live", date(2026, 12, 1)))
    assert await planned("2026-09-01", "Cards and loans.") == date(2026, 12, 1)
    assert ("customer", "go_live_changed") not in await acme.said()
    assert await planned("2026-10-01", "Cards and loans.") == date(2026, 10, 1)
