"""Nobody who is gone is called: somebody stands in for them, support is told once, and a choice or their return ends it."""

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from flows.cases import calls as help_calls
from flows.cases import change, channels, departures, manage, members, review
from flows.cases.case import Case
from flows.cases.change import Particulars
from flows.cases.presence import called, gone, in_line
from flows.model import LEAD, Call, Posted
from flows.outbox import HandOverEverywhere, load
from flows.people import Role, Side, Who
from flows.problems import Problem, Refused
from tests.flows.cases.casework import COLLEAGUE, KIM, LIZ, OWNER, CaseBook, case_book
from tests.flows.cases.casework import LEAD as ANA

CARLA = Who("TCUST", "UCARLA")


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as book:
        await book.start()
        for who in (COLLEAGUE, CARLA):
            await book.act(partial(members.join, who=who, welcome=False))
        await book.news("departure", "say")
        yield book


async def leaves(acme: CaseBook, who: Who) -> None:
    if acme.access.is_support(who):
        acme.access.support -= {who}
    else:
        await acme.act(partial(members.leave, who=who), closed=True)
    await follow(acme)


async def comes_back(acme: CaseBook, who: Who) -> None:
    if who.team_id == OWNER.team_id:
        acme.access.support |= {who}
    else:
        await acme.act(partial(members.join, who=who, welcome=False))
    await follow(acme)


async def follow(acme: CaseBook) -> None:
    support = {who.user_id for who in acme.access.support}
    of_support = {OWNER.user_id, KIM.user_id, LIZ.user_id}
    await acme.act(lambda case: departures.follow_support(case, lambda user: user in of_support - support), closed=True)


async def calls(acme: CaseBook) -> dict[str, Call]:
    """Those that nobody has answered, by kind."""
    return {call.kind: call for call in (await acme.snapshot()).calls if call.answered_at is None}


async def is_called(acme: CaseBook, side: Side, step: str = "planning") -> tuple[str, ...]:
    snapshot = await acme.snapshot()
    return called(snapshot, *in_line(snapshot, snapshot.steps[step], side))


async def deleted(message: str, case: Case) -> None:
    """Somebody deleted a lasting message in Slack."""
    posted = await case.unit.get(Posted, message)
    assert posted is not None
    await channels.post_again(case, posted)


async def mentioned(acme: CaseBook) -> set[str]:
    return {user for effect in await acme.news("say", "ticket_news") for user in effect.arguments["mention"]}


@pytest.mark.parametrize(("side", "first", "second"), [(Side.CUSTOMER, COLLEAGUE, ANA), (Side.SUPPORT, KIM, OWNER)])
async def test_the_next_in_line_is_called_then_the_channel_and_support_is_told_once(
    acme: CaseBook, side: Side, first: Who, second: Who
) -> None:
    kinds = ["assignee_left", "lead_left"] if side is Side.CUSTOMER else ["claimer_left", "owner_left"]
    await acme.act(partial(manage.assign, step_id="planning", person=first, side=side))
    await acme.news("say")
    assert await is_called(acme, side) == (first.user_id,)
    for who, kind, then in ((first, kinds[0], (second.user_id,)), (second, kinds[1], ())):
        await leaves(acme, who)
        await leaves(acme, who)  # told twice
        assert [effect.arguments["user"] for effect in await acme.news("departure")] == [who.user_id]
        assert (await calls(acme))[kind].user_id == who.user_id
        assert await is_called(acme, side) == then
    assert (await calls(acme))[kinds[0]].words == "planning"
    if side is Side.SUPPORT:
        await acme.send("planning")
    sent = await acme.wait(14)
    assert {one.user for one in sent if one.where == side.value} == {""}
    assert not {first.user_id, second.user_id} & ({one.user for one in sent} | await mentioned(acme))
    await comes_back(acme, second)
    assert set(await calls(acme)) == {kinds[0]}
    assert await is_called(acme, side) == (second.user_id,)
    await comes_back(acme, first)
    assert await calls(acme) == {}
    assert await is_called(acme, side) == (first.user_id,)
    await leaves(acme, first)  # once more, and it is told once more
    assert {effect.arguments["user"] for effect in await acme.news("departure")} == {first.user_id, second.user_id}
    assert set(await calls(acme)) == {kinds[0]}


async def test_a_decision_a_stuck_call_and_a_close_mention_nobody_who_is_gone(acme: CaseBook) -> None:
    await acme.send("planning", COLLEAGUE)
    await acme.act(partial(review.claim, step_id="planning"), KIM)
    for who in (COLLEAGUE, ANA, KIM, OWNER):
        await leaves(acme, who)
    await acme.news("say")
    await acme.send_back("planning", "Please say more.", LIZ)
    said = [effect.arguments for effect in await acme.news("say")]
    read = [(one["mention"], one["broadcast"]) for one in said if one["where"] == "customer"]
    assert read == [([], True)]  # by whoever reads the channel
    call = await acme.act(partial(help_calls.stuck, step_id="planning", words="Where?"), CARLA)
    assert await mentioned(acme) == set()
    await leaves(acme, CARLA)
    await acme.act(partial(help_calls.answer, call_id=call.id, words="There."), LIZ)
    await acme.send("planning", CARLA)
    await acme.act(partial(manage.skip, step_id="planning", reason="Not needed."), LIZ)
    await acme.act(partial(manage.reopen, step_id="planning", reason="Needed."), LIZ)
    assert await mentioned(acme) == set()
    await acme.act(manage.close, LIZ)
    assert await mentioned(acme) == set()
    assert "lead_left" not in await calls(acme)


async def test_whoever_takes_over_has_all_at_once_and_the_former_ones_lose_what_only_they_may(acme: CaseBook) -> None:
    for step in ("planning", "organization"):
        await acme.act(partial(manage.assign, step_id=step, person=ANA, side=Side.CUSTOMER))
        await acme.act(partial(review.claim, step_id=step), OWNER)
    for who in (ANA, OWNER):
        await leaves(acme, who)
    assert set(await calls(acme)) == {"lead_left", "assignee_left", "owner_left", "claimer_left"}
    await acme.news("say", "departure")
    await acme.act(partial(change.hand_over, person=ANA.user_id, successor=CARLA, side=Side.CUSTOMER), KIM)
    await acme.act(partial(change.hand_over, person=OWNER.user_id, successor=KIM, side=Side.SUPPORT), KIM)
    snapshot = await acme.snapshot()
    assert (snapshot.onboarding.lead_id, snapshot.onboarding.owner_id) == (CARLA.user_id, KIM.user_id)
    for step in ("planning", "organization"):
        assert (snapshot.steps[step].assignee_id, snapshot.steps[step].claimer_id) == (CARLA.user_id, KIM.user_id)
    assert await calls(acme) == {}
    assert {(call.answered_by, call.answer) for call in snapshot.calls} == {("UKIM", "UCARLA"), ("UKIM", "UKIM")}
    assert await mentioned(acme) == {CARLA.user_id, KIM.user_id}
    assert {member.user_id for member in snapshot.members if member.role == LEAD} == {CARLA.user_id}
    await comes_back(acme, ANA)
    assert acme.access.role_of(ANA, await acme.snapshot()) is Role.COLLEAGUE
    assert acme.access.role_of(CARLA, await acme.snapshot()) is Role.LEAD
    await comes_back(acme, OWNER)
    with pytest.raises(Refused, match="claimed") as refused:
        await acme.act(partial(review.claim, step_id="planning"), OWNER)
    assert refused.value.params["by"] == KIM.user_id


async def test_what_is_done_or_given_away_in_another_way_needs_nobody_any_more(acme: CaseBook) -> None:
    await acme.act(partial(manage.assign, step_id="planning", person=COLLEAGUE, side=Side.CUSTOMER))
    await acme.act(partial(review.claim, step_id="planning"), KIM)
    for who in (COLLEAGUE, KIM):
        await leaves(acme, who)
    assert set(await calls(acme)) == {"assignee_left", "claimer_left"}
    await acme.news("departure")
    card = Posted(id="", onboarding_id=acme.id, kind="departure", subject=f"{KIM.user_id}:1", channel_id="C", ts="1.2")
    card.id = f"{acme.id}:{card.kind}:{card.subject}"
    await acme.do(lambda unit: unit.place(card))
    await acme.act(partial(deleted, card.id))
    assert [effect.arguments["user"] for effect in await acme.news("departure")] == [KIM.user_id]  # posted again
    await acme.act(partial(review.claim, step_id="planning"), LIZ)  # what Kim took is free
    assert set(await calls(acme)) == {"assignee_left"}
    await acme.news("say")
    await acme.skip("planning")
    assert await mentioned(acme) == {ANA.user_id}
    assert await calls(acme) == {}
    assert COLLEAGUE.user_id in gone(await acme.snapshot())


async def test_who_hands_over_everything_is_told_of_once_and_no_customer_is_called(acme: CaseBook) -> None:
    """A step that she took and that was done since is nothing to hand over."""
    first = acme.id
    second = await acme.start("C2", "Blue Coop")
    await acme.start("C3", "Third Bank")
    await acme.act(partial(review.claim, step_id="planning"), KIM)
    await acme.skip("planning")
    for acme.id in (first, second):
        await acme.act(partial(change.change, wanted=Particulars("Acme Bank", ANA, KIM.user_id, "en", None)))
    await acme.act(partial(review.claim, step_id="planning"), KIM)
    await acme.news("say")
    await acme.act(partial(change.hand_over_everywhere, person=KIM.user_id, successor=LIZ))
    (asked,) = await acme.news("hand_over_everywhere")
    everywhere = load(asked.kind, asked.arguments)
    assert isinstance(everywhere, HandOverEverywhere)
    await acme.do(partial(change.hand_over_in_each, asked=everywhere))
    (told,) = [one.arguments for one in await acme.news("handed_over")]
    assert (set(told["onboardings"]), told["count"], told["successor"]) == ({first, second}, 2, LIZ.user_id)
    asked_for = [one.onboarding_id for one in await acme.news("hand_over")]
    assert sorted(asked_for) == sorted([first, second])
    hands_over = partial(change.hand_over, person=KIM.user_id, successor=LIZ, side=Side.SUPPORT, of_many=True)
    may = partial(change.hand_over_problems, person=KIM.user_id, successor=LIZ.user_id, side=Side.SUPPORT, everywhere=True)
    assert await acme.act(may) == ()
    for acme.id in asked_for:
        await acme.act(hands_over)
        assert (await acme.snapshot()).onboarding.owner_id == LIZ.user_id
    said = [one.arguments for one in await acme.news("say")]
    assert [(one["where"], one["key"], one["mention"]) for one in said] == [("customer_channel", "contact_changed", [])] * 2
    assert await acme.act(may) == (Problem("person", "has_nothing_anywhere"),)


async def test_of_what_is_closed_only_support_keeps_something(acme: CaseBook) -> None:
    await acme.act(manage.close)
    await acme.news("say", "departure")
    for who in (ANA, OWNER):
        await leaves(acme, who)
    assert set(await calls(acme)) == {"owner_left"}
    await acme.act(partial(change.hand_over_everywhere, person=OWNER.user_id, successor=KIM), KIM, closed=True)
    assert await calls(acme) == {}
    assert await acme.said() == [("support_channel", "owner_changed")]


async def test_who_is_missing_from_the_channel_has_left_it(acme: CaseBook) -> None:
    """Also somebody given a step of whom nothing else was told."""
    await acme.act(partial(manage.assign, step_id="planning", person=Who("TCUST", "UNEW"), side=Side.CUSTOMER))
    present = [ANA.user_id, CARLA.user_id, OWNER.user_id]
    for _ in range(2):
        await acme.act(partial(members.follow, there=present))
    assert gone(await acme.snapshot()) == {COLLEAGUE.user_id, "UNEW"}
    assert await is_called(acme, Side.CUSTOMER) == (ANA.user_id,)
    await acme.act(partial(manage.assign, step_id="planning", person=COLLEAGUE, side=Side.CUSTOMER))  # who is back, as Slack says
    assert gone(await acme.snapshot()) == {"UNEW"}


def test_every_mention_of_the_cases_goes_through_who_is_still_there() -> None:
    """`Case.say`, `Case.warn` and `Case.announce` leave out who is gone; nothing else there mentions anybody by itself."""
    own = {path.name for path in Path("flows/cases").glob("*.py") if re.search(r"\b(Say|TellOfTicket)\(", path.read_text())}
    assert own == {"case.py", "tickets.py"}
