"""What a case asks for when it ends: each message whose content changed, once, before anything that is said."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows.cases import manage, review
from flows.cases.access import May
from flows.cases.case import Case
from flows.forms import addresses
from flows.journey import FIRST, Journeys
from flows.outbox import Draw, Effect, Say, load
from flows.people import SYSTEM, Role, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import StepState
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, OWNER, CaseBook, case_book


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as one:
        await one.start()
        yield one


async def asked(one: CaseBook) -> list[Effect]:
    """All effects since the last look, in order."""
    from flows.outbox import KINDS  # noqa: PLC0415  beside its only use

    return [load(record.kind, record.arguments) for record in await one.news(*KINDS)]


async def drawn(one: CaseBook) -> list[tuple[str, str]]:
    return [(effect.what, effect.step) for effect in await asked(one) if isinstance(effect, Draw)]


async def test_a_beginning_draws_the_card_and_the_step_that_opens(acme: CaseBook) -> None:
    assert await drawn(acme) == [("card", ""), ("step", "planning")]


async def test_what_is_sent_draws_the_card_its_step_and_its_review_card_once(acme: CaseBook) -> None:
    await asked(acme)
    await acme.send("planning")
    assert await drawn(acme) == [("card", ""), ("step", "planning"), ("review", "planning")]


async def test_drawings_come_before_what_is_said_in_their_threads(acme: CaseBook) -> None:
    await acme.send("planning")
    kinds = [type(effect) for effect in await asked(acme)]
    sent = kinds[kinds.index(Say) :] if Say in kinds else []
    assert Draw in kinds
    assert sent
    await acme.approve("planning")
    kinds = [type(effect) for effect in await asked(acme)]
    assert kinds == sorted(kinds, key=lambda kind: kind is not Draw)


async def test_a_step_that_opens_and_was_never_sent_has_no_review_card_to_draw(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.approve("planning")
    await acme.skip("planning")
    await asked(acme)
    await acme.send("organization")
    await acme.approve("organization")
    await asked(acme)
    await acme.task("organization", "record_org_id", {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"})
    found = await drawn(acme)
    assert ("review", "organization") in found
    assert {step for what, step in found if what == "review"} == {"organization"}
    assert {step for what, step in found if what == "step"} == {
        "organization",
        "environments",
        "control_center",
        "first_programs",
        "authentication",
        "setup_card_issuing",
        "setup_core_banking",
    }
    assert len(found) == len(set(found))


async def test_a_half_approval_draws_the_review_card_alone(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await acme.send("authentication")
    await asked(acme)
    await acme.approve("authentication", KIM)
    assert await drawn(acme) == [("review", "authentication")]


async def test_a_claim_draws_the_review_card_alone(acme: CaseBook) -> None:
    await acme.send("planning")
    await asked(acme)
    await acme.act(lambda case: review.claim(case, "planning"), KIM)
    assert await drawn(acme) == [("review", "planning")]


async def test_what_changes_nothing_asks_for_nothing(acme: CaseBook) -> None:
    await asked(acme)
    await acme.act(lambda _: None)
    assert await asked(acme) == []


async def test_the_end_is_drawn_everywhere(acme: CaseBook) -> None:
    await acme.send("planning")
    await asked(acme)
    await acme.act(manage.close)
    assert ("review", "planning") in await drawn(acme)


async def test_a_use_case_that_refuses_leaves_nothing_behind(acme: CaseBook) -> None:
    await asked(acme)

    def half(case: Case) -> None:
        case.record("planning").state = StepState.DONE
        case.warn("started")
        raise Refused("gone")

    with pytest.raises(Refused):
        await acme.act(half)
    assert (await acme.step("planning")).state is StepState.OPEN
    assert await asked(acme) == []


@pytest.mark.parametrize(
    ("who", "may", "refused"),
    [
        (OWNER, May.SUPPORT, ""),
        (OWNER, May.CUSTOMER, "customer_only"),
        (LEAD, May.CUSTOMER, ""),
        (LEAD, May.SUPPORT, "support_only"),
        (COLLEAGUE, May.EITHER, "not_in_onboarding"),  # not seen in the channel yet
        (Who("TELSE", "UMALLORY"), May.EITHER, "not_in_onboarding"),
        (SYSTEM, May.SUPPORT, ""),
    ],
)
async def test_who_may_not_is_refused_before_anything_is_looked_at(acme: CaseBook, who: Who, may: May, refused: str) -> None:
    async def opened(unit: Unit) -> Role:
        async with acme.cases.open(unit, acme.id, who, may) as case:
            return case.role

    if refused:
        with pytest.raises(Refused, match=refused):
            await acme.do(opened)
    else:
        assert await acme.do(opened) in (Role.SUPPORT, Role.LEAD, Role.SYSTEM)


async def test_an_onboarding_that_is_over_is_opened_only_by_what_asks_for_it(acme: CaseBook) -> None:
    await acme.act(manage.close)
    with pytest.raises(Refused, match="closed"):
        await acme.act(lambda _: None)
    await acme.act(lambda _: None, closed=True)


async def test_the_company_s_own_address_is_what_a_step_of_its_journey_says(tmp_path: Path) -> None:
    """Whichever step that is: it tells foreign addresses from the company's own."""
    planning = replace(FIRST.steps["planning"], contact=lambda _answers: "ceo@acme.example")
    organization = replace(FIRST.steps["organization"], contact=lambda _answers: "")
    second = replace(FIRST, version="2", steps={**FIRST.steps, "planning": planning, "organization": organization})
    async with case_book(tmp_path, Rules(journeys=Journeys.known(FIRST))) as book:

        async def contacts(*steps: str) -> list[str]:
            known = [(await book.act(lambda case: case.situation)).contact]
            for step in steps:
                await book.send(step)
                await book.approve(step)
                known.append((await book.act(lambda case: case.situation)).contact)
            return known

        await book.start(channel="C1")
        await book.skip("planning")
        assert await contacts("organization") == ["", "contact@bank.example"]
        book.rules = book.cases.rules = Rules(journeys=Journeys.known(FIRST, second))
        await book.start(channel="C2")
        assert await contacts("planning") == ["", "ceo@acme.example"]
        assert addresses.home_domains(await book.act(lambda case: case.situation)) == ("acme.example",)
