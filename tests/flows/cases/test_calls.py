"""Who is stuck calls support until somebody answers, says that it is settled, or the step moves on; notes are support's alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flows.cases import calls, change, channels, departures, manage, notes
from flows.cases.case import Case
from flows.model import Call, Person, Posted
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit
from flows.problems import Refused
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, LIZ, CaseBook, case_book


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    async with case_book(tmp_path) as one:
        await one.start()
        await one.news("say", "draw")
        yield one


async def stuck(acme: CaseBook, words: str, step: str = "planning", who: Any = LEAD) -> Call:
    found = await acme.act(partial(calls.stuck, step_id=step, words=words), who)
    assert isinstance(found, Call)
    return found


async def test_a_call_waits_until_one_of_support_answers_and_the_second_reads_who_did(acme: CaseBook) -> None:
    async def known(unit: Unit) -> None:
        unit.add(Person(id=str(KIM), team_id=KIM.team_id, user_id=KIM.user_id, support=True, name="Kim Lee"))

    await acme.do(known)
    call = await stuck(acme, "Who attends?")
    assert [effect.arguments["call"] for effect in await acme.news("call")] == [call.id]
    assert {(one.arguments["what"], one.arguments["step"]) for one in await acme.news("draw")} >= {("step", "planning")}
    assert await acme.said() == [("customer", "stuck_received")]

    async def second(case: Case) -> Any:
        return await calls.answered(case, call.id)

    assert await acme.act(second, LIZ) == ()
    await acme.act(lambda case: calls.answer(case, call.id, "Whoever decides."), KIM)
    (said,) = await acme.news("say")
    assert (said.arguments["where"], said.arguments["key"]) == ("customer", "call_answered")
    assert (said.arguments["mention"], said.arguments["params"]["reason"]) == ([LEAD.user_id], "Whoever decides.")
    assert [effect.arguments["call"] for effect in await acme.news("call")] == [call.id]  # its message changes
    (problem,) = await acme.act(second, LIZ)
    assert (problem.key, problem.params["name"]) == ("call_answered_by", "Kim Lee")
    for again in (calls.answer, calls.settle):
        with pytest.raises(Refused, match="call_answered"):
            await acme.act(partial(again, call_id=call.id, words="Me too."), LIZ)
    (kept,) = (await acme.snapshot()).calls
    assert (kept.words, kept.answered_by, kept.answer) == ("Who attends?", KIM.user_id, "Whoever decides.")
    later = await stuck(acme, "And from which company?")
    await acme.act(lambda case: calls.settle(case, later.id, ""), LIZ)
    assert await acme.said() == [("customer", "stuck_received"), ("customer", "call_settled_plain")]


async def test_whoever_waits_for_support_on_its_holiday_reads_which_it_is_and_until_when(acme: CaseBook) -> None:
    acme.now = datetime(2027, 4, 21, 13, tzinfo=UTC)
    await stuck(acme, "Who attends?")
    await acme.send("planning")
    told = [one.arguments["params"] for one in await acme.news("say") if one.arguments["key"] == "support_holiday"]
    assert told == [{"holiday": "Tiradentes", "until": int(datetime(2027, 4, 22, 12, tzinfo=UTC).timestamp())}] * 2


async def test_whoever_answers_has_the_call_until_they_let_go_and_a_colleague_can_take_it_over(acme: CaseBook) -> None:
    call = await stuck(acme, "Who attends?")
    await acme.news("call")

    async def claimed(who: Who, *, over: bool = False) -> str:
        """Who answers it, after they have tried to."""
        got = await acme.act(partial(calls.claim, call_id=call.id, over=over), who)
        snapshot = await acme.snapshot()
        answers = calls.answering(snapshot, snapshot.calls[0])
        assert got == (answers == who.user_id)
        return answers

    assert [await claimed(who) for who in (KIM, KIM, LIZ)] == [KIM.user_id] * 3
    assert len(await acme.news("call")) == 1  # its message changes once
    with pytest.raises(Refused, match="call_claimed") as refused:
        await acme.act(partial(calls.release, call_id=call.id), LIZ)
    assert refused.value.params["by"] == KIM.user_id
    assert await claimed(LIZ, over=True) == LIZ.user_id
    (told,) = [one.arguments for one in await acme.news("tell")]
    assert (told["user"], told["key"], told["channel"]) == (KIM.user_id, "call_taken_over", "")  # in support's channel
    await acme.act(partial(change.hand_over, person=LIZ.user_id, successor=KIM, side=Side.SUPPORT))
    await acme.act(partial(calls.release, call_id=call.id), KIM)
    assert [await claimed(who) for who in (LIZ, KIM)] == [LIZ.user_id] * 2
    async with acme.store.read() as unit:
        assert LIZ.user_id in await unit.owners_and_claimers()
        assert (acme.id, LIZ.user_id) in await unit.held_by([LIZ.user_id])
    await acme.act(lambda case: departures.follow_support(case, lambda user_id: user_id == LIZ.user_id), SYSTEM)
    assert await claimed(KIM) == KIM.user_id  # nobody waits for who is gone
    await acme.act(lambda case: calls.answer(case, call.id, "Whoever decides."), LIZ)
    assert calls.claimed_by(await acme.snapshot(), KIM.user_id) == []


async def test_a_step_that_ends_and_an_onboarding_that_is_closed_end_the_calls(acme: CaseBook) -> None:
    one = await stuck(acme, "Who attends?")
    acme.now += timedelta(minutes=1)
    other = await stuck(acme, "Which CSR?", "authentication", COLLEAGUE)
    await acme.send("planning")
    assert [call.answered_at for call in (await acme.snapshot()).calls] == [None, None]  # it can come back
    await acme.skip("planning")
    assert [call.answered_by for call in (await acme.snapshot()).calls] == [SYSTEM.user_id, ""]
    with pytest.raises(Refused, match="call_passed"):
        await acme.act(lambda case: calls.answer(case, one.id, "Whoever decides."), KIM)
    await acme.act(manage.close)
    assert {call.id for call in (await acme.snapshot()).calls if call.answered_by == SYSTEM.user_id} == {one.id, other.id}
    async with acme.store.read() as unit:
        assert len(await unit.times(acme.id, ["call:stuck:passed"], SYSTEM, one.at.replace(year=2020))) == 2


async def test_a_call_s_message_that_was_deleted_comes_back_while_it_waits(acme: CaseBook) -> None:
    call = await stuck(acme, "Who attends?")
    subject = call.id.rpartition(":")[2]
    place = Posted(id=f"{acme.id}:call:{subject}", onboarding_id=acme.id, kind="call", subject=subject, channel_id="C", ts="1.2")

    async def deleted(case: Case) -> None:
        posted = await case.unit.posted(case.id, "call", subject)
        assert posted is not None
        await channels.post_again(case, posted)

    await acme.do(lambda unit: unit.place(place))
    await acme.news("call")
    await acme.act(deleted)
    assert [effect.arguments["call"] for effect in await acme.news("call")] == [call.id]
    await acme.do(lambda unit: unit.place(place))
    await acme.act(lambda case: calls.settle(case, call.id, ""), KIM)
    edited = [(effect.arguments["call"], effect.pace) for effect in await acme.news("redraw_call")]
    assert edited == [(call.id, "")]  # beside what waits to be said in support's channel
    await acme.act(deleted)
    assert await acme.news("call") == []


async def test_lists_lead_to_no_message_that_was_deleted(acme: CaseBook) -> None:
    """One alert may tell of several effects; a warning of a third company comes back."""
    about = {"onboarding_id": acme.id, "channel_id": "CSUPPORT"}
    alerts = [Posted(id=f"{acme.id}:alert:{one}", kind="alert", subject=one, ts="1.2", **about) for one in ("eff_1", "eff_2")]
    company = Posted(id=f"{acme.id}:company:T3", kind="company", subject="T3", ts="3.4", **about)

    async def deleted(case: Case) -> None:
        for message in (alerts[0], company):
            posted = await case.unit.posted_at(message.channel_id, message.ts)
            assert posted is not None
            await channels.post_again(case, posted)

    async def posted(unit: Unit) -> None:
        for one in (*alerts, company):
            await unit.place(one)

    await acme.do(posted)
    await acme.act(deleted)
    async with acme.store.read() as unit:
        assert [await unit.get(Posted, one.id) for one in (*alerts, company)] == [None] * 3
    assert [effect.arguments["team"] for effect in await acme.news("third_company")] == ["T3"]


async def test_support_is_asked_while_it_works_too_and_who_still_fills_in_the_form_of_an_ended_step_loses_nothing(
    acme: CaseBook,
) -> None:
    await acme.send("planning")
    await acme.act(lambda case: calls.may_call(case, "planning"), LEAD)
    await acme.send_back("planning", "Which products?")
    await acme.act(lambda case: calls.may_call(case, "planning"), LEAD)
    await acme.skip("planning")
    with pytest.raises(Refused, match="moved_on") as refused:
        await acme.act(lambda case: calls.may_call(case, "planning"), LEAD)
    assert refused.value.params["state"] == "skipped"
    (problem,) = await acme.act(lambda case: calls.ended(case, "planning"), LEAD)
    assert (problem.field, problem.key) == ("reason", "stuck_ended")


async def test_a_note_goes_to_support_s_thread_and_the_last_ones_are_shown(acme: CaseBook) -> None:
    for words in ("One", "Two", "Three", "Four"):
        acme.now += timedelta(minutes=1)
        await acme.act(partial(notes.add, step_id="planning", words=words), KIM)
    assert await acme.said() == [("support", "noted")] * 4
    acme.now += timedelta(minutes=1)
    await acme.act(lambda case: notes.add(case, "", "They merge in May."), KIM)
    assert (await acme.said(), [one.arguments["user"] for one in await acme.news("tell")]) == ([], [KIM.user_id])
    snapshot = await acme.snapshot()
    assert [note.words for note in notes.last(snapshot, "planning")] == ["Two", "Three", "Four"]
    assert [note.words for note in notes.last(snapshot)] == ["Three", "Four", "They merge in May."]
    with pytest.raises(Refused, match="gone"):
        await acme.act(lambda case: notes.add(case, "unknown", "?"), KIM)
