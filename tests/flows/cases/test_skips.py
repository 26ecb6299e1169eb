"""A step that takes two approvers is skipped by two, however one person goes about it."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.cases import manage
from flows.cases.skips import asked, skipped_by
from flows.people import Who
from flows.problems import Refused
from flows.rules import Rules
from flows.state import ENDED
from storage.tables import audit_events
from tests.flows.cases.casework import KIM, LIZ, OWNER, STEPS, CaseBook, case_book

TWO = ("authentication", "production")
"""Authentication is set up, and production opened, by two."""


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        await book.start()
        yield book


async def skip(acme: CaseBook, step: str, who: Who = OWNER) -> str:
    """What came of it: the step's state, or why it was refused."""
    try:
        await acme.act(partial(manage.skip, step_id=step, reason="Had before."), who)
    except Refused as refused:
        return refused.key
    return (await acme.step(step)).state.value


async def wanted(acme: CaseBook, step: str) -> list[str]:
    return [decision.user_id for decision in asked(await acme.snapshot(), step)]


async def test_one_person_alone_gets_nowhere_near_the_end(acme: CaseBook) -> None:
    for _ in range(2):
        for step in (*STEPS, *reversed(list(STEPS))):
            await skip(acme, step)
    left = {step for step, record in (await acme.snapshot()).steps.items() if record.state not in ENDED}
    assert left == {*TWO, "next_steps"}
    with pytest.raises(Refused, match="production_lacks"):
        await acme.task("next_steps", "close_onboarding", {})
    for step in (*TWO, "next_steps"):
        assert await skip(acme, step, KIM) == "skipped"
    await acme.task("next_steps", "close_onboarding", {})
    assert (await acme.snapshot()).onboarding.closed_at


@pytest.mark.parametrize("step", TWO)
@pytest.mark.parametrize("unlocked", [False, True])
async def test_two_people_skip_it_together_locked_or_not(acme: CaseBook, step: str, unlocked: bool) -> None:
    if unlocked:
        await acme.skip("planning", "organization")
    before = (await acme.step(step)).state.value
    await acme.said()
    assert await skip(acme, step) == before
    assert await acme.said() == [("support", "skip_asked")]  # the customer hears of it once it is decided
    assert await skip(acme, step) == "skip_asked_by_you"
    assert await wanted(acme, step) == [OWNER.user_id]
    await acme.act(lambda case: manage.agree_to_skip(case, step, 0), KIM)
    record = await acme.step(step)
    assert (record.state.value, record.reason, record.changed_by) == ("skipped", "Had before.", KIM.user_id)
    with pytest.raises(Refused, match="moved_on") as late:
        await acme.act(lambda case: manage.agree_to_skip(case, step, 0), LIZ)
    assert late.value.params["by"] == KIM.user_id
    assert ("customer", "skip") in await acme.said()
    assert await skip(acme, step, LIZ) == "moved_on"


async def test_what_was_withdrawn_must_be_asked_for_anew(acme: CaseBook) -> None:
    await skip(acme, "authentication")
    await acme.act(lambda case: manage.withdraw_skip(case, "authentication", 0), KIM)
    assert await wanted(acme, "authentication") == []
    with pytest.raises(Refused, match="skip_not_asked"):
        await acme.act(lambda case: manage.agree_to_skip(case, "authentication", 0), LIZ)
    assert await skip(acme, "authentication", KIM) == "locked"
    assert await skip(acme, "authentication", OWNER) == "skipped"


async def test_a_step_opened_again_takes_two_again(acme: CaseBook) -> None:
    await acme.skip("planning", "organization", "authentication")
    await acme.act(lambda case: manage.reopen(case, "authentication", "Needed after all."))
    assert await wanted(acme, "authentication") == []
    assert await skip(acme, "authentication", LIZ) == "open"
    assert await skip(acme, "authentication", KIM) == "skipped"
    assert {one.user_id for one in skipped_by(await acme.snapshot(), "authentication")} == {LIZ.user_id, KIM.user_id}


async def test_a_request_ends_with_the_step_that_it_was_made_for(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(approvals={"organization": 2})) as acme:
        await acme.start()
        await acme.skip("planning")
        await acme.send("organization")
        assert await skip(acme, "organization") == "submitted"
        for who in (KIM, LIZ):
            await acme.approve("organization", who)
        form = STEPS["organization"].task("record_org_id").form
        assert form is not None
        await acme.task("organization", "record_org_id", dict(form.example))
        assert (await acme.step("organization")).state.value == "done"
        await acme.act(lambda case: manage.reopen(case, "organization", "Another name."))
        assert await wanted(acme, "organization") == []
        with pytest.raises(Refused, match="skip_not_asked"):
            await acme.act(lambda case: manage.agree_to_skip(case, "organization", 1), KIM)
        assert await skip(acme, "organization", KIM) == "open"
        assert await skip(acme, "organization", LIZ) == "skipped"


async def test_who_left_support_does_not_count_any_more(acme: CaseBook) -> None:
    assert await skip(acme, "authentication") == "locked"
    acme.access.support -= {OWNER}
    await acme.act(lambda case: manage.agree_to_skip(case, "authentication", 0), KIM)
    assert (await acme.step("authentication")).state.value == "locked"
    assert await wanted(acme, "authentication") == [KIM.user_id]
    assert await skip(acme, "authentication", LIZ) == "skipped"


async def test_a_new_revision_must_be_looked_at_before_it_is_skipped(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await skip(acme, "authentication")
    await acme.send("authentication")
    assert await wanted(acme, "authentication") == []
    with pytest.raises(Refused, match="skip_not_asked"):
        await acme.act(lambda case: manage.agree_to_skip(case, "authentication", 0), KIM)
    assert await skip(acme, "authentication", KIM) == "submitted"
    assert await skip(acme, "authentication", OWNER) == "skipped"


async def test_closing_skips_no_step_that_takes_two(tmp_path: Path) -> None:
    async with case_book(tmp_path, Rules(approvals={"next_steps": 2})) as acme:
        await acme.start()
        await acme.skip(*(step for step in STEPS if step != "next_steps"))
        with pytest.raises(Refused, match="skip_first"):
            await acme.task("next_steps", "close_onboarding", {})
        await acme.skip("next_steps")
        await acme.task("next_steps", "close_onboarding", {})
        assert (await acme.snapshot()).onboarding.closed_at


async def test_an_installation_that_asks_for_one_approver_asks_for_one(tmp_path: Path) -> None:
    one = {"authentication": 1, "authentication.record_claims": 1}
    async with case_book(tmp_path, Rules(approvals=one)) as acme:
        await acme.start()
        assert await skip(acme, "authentication") == "skipped"


async def test_who_asked_stands_in_the_log(acme: CaseBook) -> None:
    await skip(acme, "authentication")
    await skip(acme, "authentication", KIM)

    async with acme.store.read() as unit:
        rows = await unit.session.execute(select(audit_events.c.tag, audit_events.c.user_id).order_by(audit_events.c.seq))
        told = [(tag, user) for tag, user in rows if "skip" in tag]
    assert told == [("step:authentication:skip_asked", OWNER.user_id), ("step:authentication:skip", KIM.user_id)]
