"""Reminders by the clock of whoever's turn it is: when, to whom, how often, and when they stop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.modals.dialogs import snooze_until
from flows import business_time
from flows.cases import channels, manage, snooze
from flows.cases.case import Case
from flows.cases.settle import calendar_of, side_of, timezone_of
from flows.model import Grant, Person
from flows.people import SYSTEM, Side
from flows.ports import Unit
from flows.problems import Problem, Refused
from flows.rules import ReminderTimes, Rules
from flows.state import StepState
from tests.flows.cases.casework import COLLEAGUE, KIM, LEAD, MONDAY, OWNER, STEPS, CaseBook, Escalated, Sent, case_book

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BUSINESS_DAY = business_time.BusinessDuration(days=1)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """A moment in 2026 in São Paulo; 9 March is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=SAO_PAULO).astimezone(UTC)


@pytest.fixture
async def acme(tmp_path: Path) -> AsyncIterator[CaseBook]:
    """An onboarding that began on Monday at ten."""
    async with case_book(tmp_path) as one:
        await one.start()
        await one.said()
        yield one


async def begun(one: CaseBook, moment: datetime) -> CaseBook:
    """An onboarding that began at another moment."""
    one.now = moment
    await one.start(channel=f"C{moment:%m%d%H%M}")
    await one.said()
    return one


# -- how often and when


async def test_a_customer_is_reminded_after_1_3_and_5_business_days_then_support_is_told(acme: CaseBook) -> None:
    assert await acme.wait(7.5) == [Sent(at(day, 10), "customer", LEAD.user_id, ("planning",)) for day in (10, 12, 16)]
    assert await acme.escalated() == []  # never with a reminder
    acme.now = at(17, 10)
    assert await acme.sweep() == []
    since = int(MONDAY.timestamp())
    assert await acme.escalated() == [Escalated(at(17, 10), "support", LEAD.user_id, "planning", 3, since)]
    assert await acme.wait(30) == []
    assert await acme.escalated() == []


async def test_support_is_reminded_after_4_business_hours_then_daily_and_then_its_channel_is_told(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.said()
    reminded = await acme.wait(2.5)
    assert reminded == [Sent(at(day, 14), "support", OWNER.user_id, ("planning",)) for day in (9, 10, 11)]
    assert await acme.escalated() == []
    assert await acme.sweep(at(12, 14)) == []  # the channel is told in place of a reminder
    assert [(one.where, one.user, one.reminders) for one in await acme.escalated()] == [("support_channel", OWNER.user_id, 3)]
    assert [sent.at for sent in await acme.wait(5)] == [at(13, 14), at(16, 14), at(17, 14)]
    assert await acme.escalated() == []  # once


async def test_support_is_told_of_a_slow_customer_in_its_own_business_hours(acme: CaseBook) -> None:
    async def work(unit: Unit) -> None:
        unit.add(Person(id=str(LEAD), team_id=LEAD.team_id, user_id=LEAD.user_id, timezone="Asia/Tokyo"))

    await acme.do(work)
    await acme.send("planning")
    await acme.send_back("planning", "Which products?")  # at ten in the evening in Tokyo: its count begins at nine the next day
    assert [one.at for one in await acme.wait(8)] == [at(10, 21), at(12, 21), at(16, 21)]
    assert await acme.sweep(at(17, 21)) == []
    assert await acme.escalated() == []
    await acme.wait(0.5)
    assert [one.reminders for one in await acme.escalated()] == [3]
    assert (await acme.step("planning")).escalated_at == at(18, 9)


async def test_the_night_the_week_end_and_a_holiday_of_support_do_not_count(tmp_path: Path) -> None:
    async with case_book(tmp_path) as one:
        await begun(one, at(17, 17, month=4))  # a Friday before Tiradentes (Tuesday the 21st)
        await one.send("planning")
        assert [sent.at for sent in await one.wait(6)] == [at(20, 12, month=4), at(22, 12, month=4), at(23, 12, month=4)]


async def test_the_customers_own_zone_and_holidays_count_once_they_are_known(acme: CaseBook) -> None:
    await acme.skip("planning")
    acme.now = datetime(2026, 4, 24, 15, tzinfo=UTC)  # a Friday; Saturday the 25th is a holiday in Portugal, Friday 1 May too
    await acme.send("organization", timezone="Europe/Lisbon", country="PRT", zipcode="1000-205", document_number="501964843")
    await acme.send_back("organization", "Which street?")
    assert timezone_of(await acme.snapshot(), acme.rules) == "Europe/Lisbon"
    acme.now = datetime(2026, 4, 30, 7, tzinfo=UTC)  # eight in Lisbon, four in São Paulo
    assert [s for s in await acme.sweep() if "organization" in s.steps] == []
    sent = await acme.sweep(datetime(2026, 4, 30, 8, tzinfo=UTC))
    assert any("organization" in s.steps for s in sent)
    record = await acme.step("organization")
    assert record.remind_at != datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert await acme.sweep(datetime(2026, 5, 1, 10, tzinfo=UTC)) == []  # Labour Day


async def test_a_state_that_is_changed_later_changes_the_holidays(acme: CaseBook) -> None:
    """9 July is a holiday in the state of São Paulo, and an ordinary day in Paraná."""
    await acme.skip("planning")
    moment = datetime(2027, 7, 9, 15, tzinfo=UTC)
    works = []
    for state in ("São Paulo", "Paraná"):
        acme.now = datetime(2027, 7, 1, 15, tzinfo=UTC)
        await acme.send("organization", state=state)
        works.append(business_time.is_open(calendar_of(Side.CUSTOMER, await acme.snapshot(), acme.rules), moment))
        await acme.send_back("organization", "Which state?")
    assert works == [False, True]


async def test_without_business_hours_a_reminder_can_be_tried_within_seconds(tmp_path: Path) -> None:
    times = ReminderTimes(
        customer=(business_time.BusinessDuration(seconds=20), business_time.BusinessDuration(seconds=40)), once_a_day=False
    )
    rules = Rules(times, replace(Rules().support_calendar, always_open=True), customer_always_open=True)
    night = at(15, 2)  # a Sunday
    async with case_book(tmp_path, rules, night) as one:
        await one.start()
        assert [sent.at - night for sent in await one.wait(1)] == [timedelta(seconds=20), timedelta(seconds=40)]


async def test_at_most_one_a_day_and_step(tmp_path: Path) -> None:
    hourly = ReminderTimes(customer=tuple(business_time.BusinessDuration(hours=n) for n in (1, 2, 3)))
    async with case_book(tmp_path, Rules(hourly)) as one:
        await one.start()
        sent = await one.wait(10)
    days = Counter(sent.at.astimezone(SAO_PAULO).date() for sent in sent)
    assert set(days.values()) == {1}


# -- to whom


async def test_several_steps_due_for_one_person_are_one_message(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    (sent, *_) = await acme.wait(1)
    assert sent.user == LEAD.user_id
    assert set(sent.steps) == {"service_desk", "environments", "control_center", "first_programs", "authentication"}


async def test_who_was_given_the_step_is_reminded_in_place_of_the_lead_or_the_owner(acme: CaseBook) -> None:
    await acme.skip("planning", "organization")
    await acme.act(lambda case: manage.assign(case, "authentication", COLLEAGUE, Side.CUSTOMER))
    sent = await acme.wait(1)
    assert {s.user: set(s.steps) for s in sent} == {
        LEAD.user_id: {"service_desk", "environments", "control_center", "first_programs"},
        COLLEAGUE.user_id: {"authentication"},
    }
    await acme.send("service_desk")
    await acme.act(lambda case: manage.assign(case, "service_desk", KIM, Side.SUPPORT))
    with pytest.raises(Refused, match="moved_on"):  # nobody is given what is over
        await acme.act(lambda case: manage.assign(case, "planning", COLLEAGUE, Side.CUSTOMER))
    assert [s.user for s in await acme.wait(1) if s.where == "support"] == [KIM.user_id]


# -- turns


async def test_another_turn_begins_another_count(acme: CaseBook) -> None:
    assert len(await acme.wait(3.5)) == 2
    await acme.send("planning")  # Thursday at 10 pm: support's four hours begin on Friday
    assert [(s.at, s.where) for s in await acme.wait(1)] == [(at(13, 13), "support")]
    await acme.send_back("planning", "Which products?")
    assert (await acme.step("planning")).reminded == 0
    assert [(s.at, s.where) for s in await acme.wait(5)] == [(at(17, 9), "customer")]


async def test_a_new_revision_gives_support_its_four_hours_again(acme: CaseBook) -> None:
    await acme.send("planning")
    acme.now = at(9, 13, 30)
    await acme.send("planning", goals="Other goals")
    assert [s.at for s in await acme.wait(0.5)] == [at(9, 17, 30)]


# -- outages


@pytest.mark.parametrize("back", [at(19, 10), at(20, 17, 59)])
async def test_after_an_outage_a_step_is_reminded_once(acme: CaseBook, back: datetime) -> None:
    assert len(await acme.sweep(back)) == 1
    assert await acme.escalated() == []
    assert await acme.sweep(back + timedelta(seconds=30)) == []
    assert await acme.wait(30) == []
    assert [one.reminders for one in await acme.escalated()] == [1]
    assert (await acme.step("planning")).escalated_at == business_time.add(acme.rules.support_calendar, back, BUSINESS_DAY)


async def test_back_in_the_night_it_waits_for_the_morning(acme: CaseBook) -> None:
    assert await acme.sweep(at(20, 23)) == []
    assert await acme.sweep(at(21, 12)) == []  # a Saturday
    assert [s.at for s in await acme.wait(5)] == [at(23, 9)]


async def test_support_too_is_reminded_once_after_an_outage(acme: CaseBook) -> None:
    await acme.send("planning")
    assert len(await acme.sweep(at(19, 10))) == 1
    assert [s.at for s in await acme.wait(2)] == [at(20, 10)]


# -- snooze


@pytest.mark.parametrize(
    ("chosen", "comes"),
    [
        ({"until": "tomorrow"}, at(10, 9)),
        ({"until": "three_days"}, at(12, 9)),
        ({"until": "date", "date": "2026-03-14"}, at(16, 9)),  # a Saturday
    ],
)
async def test_a_snoozed_step_is_quiet_until_then(acme: CaseBook, chosen: dict[str, str], comes: datetime) -> None:
    until = snooze_until(chosen, acme.now, SAO_PAULO)
    assert await acme.act(lambda case: snooze.snooze(case, "planning", until), LEAD) == comes
    assert await acme.said() == [("customer", "snoozed")]
    assert (await acme.wait(8))[0].at == comes


def test_tomorrow_is_that_of_the_customers_zone() -> None:
    moment = datetime(2026, 3, 9, 22, tzinfo=UTC)  # already Tuesday in Tokyo
    assert snooze_until({"until": "tomorrow"}, moment, ZoneInfo("Asia/Tokyo")).date() == date(2026, 3, 11)
    assert snooze_until({"until": "tomorrow"}, moment, SAO_PAULO).date() == date(2026, 3, 10)


async def test_an_escalated_step_can_be_snoozed_and_is_reminded_once_more(acme: CaseBook) -> None:
    await acme.wait(9)
    assert len(await acme.escalated()) == 1
    await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + DAY), LEAD)
    assert len(await acme.wait(20)) == 1
    assert await acme.escalated() == []  # support is not told a second time


async def test_a_snooze_puts_off_what_is_escalated_and_never_hastens_it(acme: CaseBook) -> None:
    await acme.wait(1)  # the first reminder; two more would come, on the third and the fifth day
    assert await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + HOUR), LEAD) == at(10, 11)
    assert [one.at for one in await acme.wait(6.5)] == [at(11, 9), at(12, 10), at(16, 10)]  # one a day
    await acme.act(lambda case: snooze.snooze(case, "planning", at(20, 0)), LEAD)  # after the last, before it is escalated
    assert [one.at for one in await acme.wait(10)] == [at(20, 9)]
    assert [one.reminders for one in await acme.escalated()] == [5]
    assert (await acme.step("planning")).escalated_at == at(23, 9)


async def test_each_side_s_snooze_is_its_own_also_when_the_turn_comes_back(acme: CaseBook) -> None:
    await acme.act(lambda case: snooze.snooze(case, "planning", at(20, 0)), LEAD)
    await acme.send("planning")
    assert (await acme.step("planning")).remind_at == at(9, 14)  # support's
    await acme.act(lambda case: snooze.snooze(case, "planning", at(18, 0)), KIM)
    await acme.send_back("planning", "Which products?")
    assert (await acme.step("planning")).remind_at == at(20, 9)  # the customer's, as they said
    await acme.send("planning", goals="Other goals")
    assert [(one.at, one.where) for one in await acme.wait(9.5)] == [(at(18, 9), "support")]


async def test_who_is_not_reminded_has_nothing_to_snooze(acme: CaseBook) -> None:
    with pytest.raises(Refused, match="snooze_with_customer"):
        await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + DAY), KIM)
    await acme.send("planning")
    with pytest.raises(Refused, match="snooze_with_support") as refused:
        await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + DAY), LEAD)
    assert (refused.value.params["state"], refused.value.params["by"]) == ("submitted", LEAD.user_id)
    comes = await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + DAY), KIM)
    assert comes > acme.now


async def test_who_chooses_a_day_off_is_told_once_when_the_reminder_comes_instead(acme: CaseBook) -> None:
    await acme.send("planning")

    async def chosen(case: Case, day: datetime) -> tuple[Problem, ...]:
        return await snooze.day_off(case, "planning", day, "date")

    tiradentes, saturday, monday = (datetime(2026, 4, day, tzinfo=SAO_PAULO) for day in (21, 18, 20))
    (problem,) = await acme.act(partial(chosen, day=tiradentes), KIM)
    assert (problem.field, problem.key, problem.params["date"]) == ("date", "snooze_holiday", "2026-04-22")
    assert problem.params["holiday"] == "Tiradentes"
    assert await acme.act(partial(chosen, day=tiradentes), KIM) == ()  # meant so
    assert [one.key for one in await acme.act(partial(chosen, day=saturday), KIM)] == ["snooze_day_off"]
    assert await acme.act(partial(chosen, day=monday), KIM) == ()


async def test_what_cannot_be_snoozed(acme: CaseBook) -> None:
    with pytest.raises(Refused, match="snooze_past"):
        await acme.act(lambda case: snooze.snooze(case, "planning", acme.now), LEAD)
    await acme.skip("planning")
    with pytest.raises(Refused, match="moved_on"):
        await acme.act(lambda case: snooze.snooze(case, "planning", acme.now + DAY), LEAD)


# -- moments that are waited for


async def test_planning_waits_for_its_session_and_support_is_reminded_from_its_end_on(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.approve("planning")
    session = {"minutes": "60", "link": "https://meet.example/a", "agenda": "Goals", "starts": int(at(20, 9).timestamp())}
    await acme.task("planning", "schedule_session", session)
    with pytest.raises(Refused, match="task_not_open"):
        await acme.task("planning", "hold_session", {"session": "*", "notes": "Cards first."})
    await acme.act(channels.sever, SYSTEM)
    await acme.act(channels.share, SYSTEM)
    await acme.sweep()
    assert (await acme.step("planning")).turn.partition(":")[0] == ""
    planned = [task.item for task in (await acme.snapshot()).tasks]
    move = {"session": planned[0], **session, "starts": int(at(19, 9).timestamp()), "sequence": 1}
    await acme.task("planning", "move_session", move)
    assert [(sent.at, sent.where) for sent in await acme.wait(10.5)] == [(at(19, 14), "support")]
    await acme.task("planning", "hold_session", {"session": planned[0], "notes": "Cards first."})
    assert [(sent.at, sent.where) for sent in await acme.wait(1)] == [(at(20, 14), "support")]


# -- when nobody is reminded


async def test_a_closed_onboarding_is_quiet(acme: CaseBook) -> None:
    await acme.act(manage.close)
    assert await acme.next_due() is None
    assert await acme.sweep(at(20, 10)) == []


async def test_a_severed_channel_is_quiet_until_it_is_shared_again(acme: CaseBook) -> None:
    await acme.act(channels.sever, SYSTEM)
    assert await acme.wait(5) == []
    await acme.act(channels.share, SYSTEM)
    assert (await acme.wait(3))[0] == Sent(at(16, 9), "customer", LEAD.user_id, ("planning",))


async def test_skipped_and_locked_steps_are_quiet(acme: CaseBook) -> None:
    await acme.skip(*[step for step in STEPS if step != "next_steps"])
    assert {s.steps for s in await acme.wait(20)} == {("next_steps",)}


async def test_nobody_is_reminded_to_close_what_has_an_open_step_again(acme: CaseBook) -> None:
    await acme.skip(*[step for step in STEPS if step != "next_steps"])
    await acme.send("next_steps")
    assert (await acme.step("next_steps")).turn.startswith("support")
    await acme.act(lambda case: manage.reopen(case, "control_center", "Somebody is missing."))
    assert (await acme.step("next_steps")).turn == ""
    assert {s.steps for s in await acme.wait(20)} == {("control_center",)}
    await acme.skip("control_center")
    assert (await acme.step("next_steps")).turn.startswith("support")
    assert all(r.remind_at is None for r in (await acme.snapshot()).steps.values() if r.state is StepState.SKIPPED)


# -- invitations


async def invited(one: CaseBook) -> None:
    """Control Center is approved and its invitations go out now."""
    await one.skip("planning", "organization")
    await one.send("control_center")
    await one.approve("control_center")
    await one.task("control_center", "send_invitations", {"grants": ["*"]})
    await one.said()


async def grants(one: CaseBook) -> list[Grant]:
    return (await one.snapshot()).grants


async def test_an_invitation_is_nudged_once_while_the_customer_works_before_it_expires(tmp_path: Path) -> None:
    async with case_book(tmp_path) as one:
        await begun(one, at(9, 16))
        await invited(one)
        count = len(await grants(one))
        await one.sweep(at(10, 11))  # five hours before
        assert await one.news("nudge", "say") == []
        await one.sweep(at(10, 12))
        (nudge,) = await one.news("nudge")
        assert len(nudge.arguments["grants"]) == count
        await one.sweep(at(10, 13))
        assert await one.news("nudge", "say") == []


async def test_who_would_expire_before_the_morning_is_nudged_the_evening_before(tmp_path: Path) -> None:
    async with case_book(tmp_path) as one:
        await begun(one, at(9, 9, 5))
        await invited(one)
        await one.sweep(at(9, 13))
        assert await one.news("nudge") == []
        await one.sweep(at(9, 17))
        assert len(await one.news("nudge")) == 1


async def test_an_expired_invitation_is_told_and_sent_again(tmp_path: Path) -> None:
    async with case_book(tmp_path) as one:
        await begun(one, at(9, 16))
        await invited(one)
        await one.sweep(at(10, 16))
        assert await one.said() == [("support", "invitation_expired")]
        assert {grant.state for grant in await grants(one)} == {"expired"}
        await one.sweep(at(10, 17))
        assert await one.said() == []
        resend = next(t for t in STEPS["control_center"].tasks if "expired" in t.grant_from and t.grant_to == "invited")
        await one.task("control_center", resend.id, {"grants": ["*"]})
        again = await grants(one)
        assert {(grant.state, grant.nudged_at) for grant in again} == {("invited", None)}
        assert {grant.expires_at for grant in again} == {at(11, 17)}


async def test_of_a_skipped_step_nothing_is_offered_and_nobody_is_told(acme: CaseBook) -> None:
    await invited(acme)
    await acme.skip("control_center")
    await acme.said()
    await acme.sweep(at(9, 17))
    await acme.sweep(at(10, 17))
    assert await acme.news("nudge", "say") == []
    assert {grant.state for grant in await grants(acme)} == {"expired"}
    for task in ("send_invitations", "confirm_access", "withdraw_access"):
        with pytest.raises(Refused, match="moved_on"):
            await acme.task("control_center", task, {"grants": ["*"]}, LEAD if task == "confirm_access" else OWNER)
    await acme.act(lambda case: manage.reopen(case, "control_center", "They need it after all."))
    await acme.send("control_center")
    await acme.approve("control_center")
    await acme.task("control_center", "send_invitations", {"grants": ["*"]})
    assert {grant.state for grant in await grants(acme)} == {"invited"}


# -- whenever the sweep runs


@dataclass(frozen=True)
class Played:
    """``zone``: the lead's. By number of the sweep: after which one the customer sends (-1: never), and by how many hours who snoozes."""

    start: datetime
    zone: str
    pauses: list[timedelta]
    sends: int
    snoozes: dict[int, int]


@st.composite
def plays(draw: st.DrawFn) -> Played:
    start = MONDAY + timedelta(minutes=draw(st.integers(0, 60 * 24 * 400)))
    pauses = draw(st.lists(st.integers(1, 60 * 30).map(lambda m: timedelta(minutes=m)), min_size=3, max_size=8))
    zone = draw(st.sampled_from(["America/Sao_Paulo", "Asia/Tokyo", "Pacific/Auckland", "America/Los_Angeles"]))
    snoozes = draw(st.dictionaries(st.integers(0, 15), st.integers(1, 72), max_size=3))
    return Played(start, zone, pauses, draw(st.integers(-1, len(pauses) - 1)), snoozes)


@settings(max_examples=settings().max_examples // 10, suppress_health_check=[HealthCheck.too_slow])
@given(plays())
def test_never_two_a_day_never_outside_hours_never_forgotten_and_escalated_after_the_last(played: Played) -> None:
    async def play(one: CaseBook) -> None:
        async def zone(unit: Unit) -> None:
            unit.add(Person(id=str(LEAD), team_id=LEAD.team_id, user_id=LEAD.user_id, timezone=played.zone))

        await one.do(zone)
        await one.start()
        calendars = {side: calendar_of(side, await one.snapshot(), one.rules) for side in Side}
        seen: list[Sent] = []
        told: list[Escalated] = []
        for number, pause in enumerate(played.pauses + [timedelta(hours=11)] * 18):
            seen += await one.sweep(one.now + pause)
            told += await one.escalated()
            turn = side_of(await one.step("planning"))
            if number in played.snoozes and turn is not None:
                until = one.now + timedelta(hours=played.snoozes[number])
                who = LEAD if turn is Side.CUSTOMER else OWNER
                await one.act(partial(snooze.snooze, step_id="planning", until=until), who)
            if number == played.sends:
                await one.send("planning")
        for sent in seen:
            assert business_time.is_open(calendars[Side(sent.where)], sent.at)
        zones = {side.value: ZoneInfo(calendar.timezone) for side, calendar in calendars.items()}
        days = Counter((sent.where, sent.at.astimezone(zones[sent.where]).date()) for sent in seen)
        assert set(days.values()) <= {1}
        record = await one.step("planning")
        assert record.remind_at is not None or record.escalate_at is not None or record.escalated_at is not None
        for this in told:
            side = Side.CUSTOMER if this.where == "support" else Side.SUPPORT
            since = datetime.fromtimestamp(this.since, UTC)
            mine = [sent.at for sent in seen if sent.where == side.value and since <= sent.at <= this.at]
            assert business_time.is_open(calendars[Side.SUPPORT], this.at)
            assert this.at >= business_time.add(calendars[side], max(mine), BUSINESS_DAY)
            if side is Side.CUSTOMER:  # whoever snoozed: not before what was planned without it
                assert this.at >= business_time.add(calendars[side], since, business_time.BusinessDuration(days=6))
            assert this.reminders == len(mine)
        assert len(told) <= 2

    async def main() -> None:
        with TemporaryDirectory() as folder:
            async with case_book(Path(folder), now=played.start) as one:
                await play(one)

    asyncio.run(main())


async def test_until_the_customer_says_a_zone_the_lead_s_in_slack_counts(acme: CaseBook) -> None:
    async def work(unit: Unit) -> None:
        unit.add(Person(id=str(LEAD), team_id=LEAD.team_id, user_id=LEAD.user_id, timezone="Asia/Tokyo"))

    await acme.do(work)
    assert timezone_of(await acme.snapshot(), acme.rules) == "Asia/Tokyo"
    await acme.send("planning")
    await acme.approve("planning")
    assert timezone_of(replace(await acme.snapshot(), lead_timezone="Nowhere/Real"), acme.rules) == acme.rules.customer_timezone
