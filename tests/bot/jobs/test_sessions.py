"""Planning sessions as the customer's thread tells them: set, moved, cancelled, with a calendar file or without one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from flows.forms.fields import Answers
from flows.problems import Refused
from playground.slack import Message, SeenMessage
from playground.slack.payloads import actions_on_view
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.bot.workplace import ENDLESS, Workplace

EN = Texts("en")

pytestmark = pytest.mark.asyncio(loop_scope="module")

STARTS = int(datetime(2099, 3, 10, 12, tzinfo=UTC).timestamp())
HOUR, YEAR = 3600, 366 * 86_400
SESSION = {"starts": STARTS, "minutes": "60", "link": "https://meet.example/a", "agenda": "Goals"}


async def approved(office: Workplace, **changed: Any) -> str:
    onboarding = await office.begin(office.new_channel())
    await office.send(onboarding, "planning", **changed)
    await office.approve(onboarding, "planning")
    return onboarding


async def scheduled(office: Workplace, onboarding: str, **changed: Any) -> str:
    """The session's item."""
    await office.do(onboarding, "planning", "schedule_session", {**SESSION, **changed})
    return [task.item for task in (await office.snapshot(onboarding)).tasks if task.task_id == "schedule_session"][-1]


def thread(office: Workplace) -> list[Message]:
    return office.journey.thread("step", "planning")


def shown(office: Workplace) -> str:
    return "\n".join(SeenMessage.of(message).shown for message in thread(office))


def events(office: Workplace) -> list[tuple[str, Any]]:
    """Status and event of each calendar file in the thread."""
    calendars = [Calendar.from_ical(file.content) for message in thread(office) for file in message.files]
    return [(str(event["STATUS"]), event) for calendar in calendars for event in calendar.walk("VEVENT")]


def tasks_offered(office: Workplace) -> set[str]:
    """On the review card."""
    blocks = str(office.journey.lasting("review", "planning").blocks)
    return {task for task in ("schedule", "move", "cancel", "hold") if f'"task":"{task}_session"' in blocks}


async def test_a_session_is_a_message_with_all_that_matters_and_then_a_file(office: Workplace) -> None:
    onboarding = await approved(office, attendees="ana@bank.example, Bo <bo@bank.example>")
    await scheduled(office, onboarding)
    [told, filed] = thread(office)[-2:]
    said = SeenMessage.of(told).shown
    assert all(
        words in said for words in (f"<@{office.ana.id}>", f"<!date^{STARTS}^", "60 minutes", "Goals", "https://meet.example/a")
    )
    assert not told.files
    assert "attached" not in said
    [(status, event)] = events(office)
    assert filed.files
    assert status == "CONFIRMED"
    assert str(event["DESCRIPTION"]).endswith("Attendees: ana@bank.example, bo@bank.example")
    await office.tidy()


async def test_a_moved_session_shows_old_and_new_and_replaces_the_one_in_the_calendar(office: Workplace) -> None:
    onboarding = await approved(office)
    item = await scheduled(office, onboarding)
    await office.do(onboarding, "planning", "move_session", {"session": item, "starts": STARTS + HOUR, "minutes": "90"})
    said = SeenMessage.of(thread(office)[-2]).shown
    assert f"<!date^{STARTS}^" in said
    assert f"<!date^{STARTS + HOUR}^" in said
    assert "60 → 90" in said
    assert "Agenda:" not in said  # it stays as it was, and is said as it is
    assert "Goals" in said
    await office.do(onboarding, "planning", "move_session", {"session": item, "link": "https://meet.example/b"})
    said = SeenMessage.of(thread(office)[-2]).shown
    assert "Time:" not in said
    assert "https://meet.example/a" in said
    assert "https://meet.example/b" in said
    assert tells(SeenMessage.of(thread(office)[-1]).shown, wording("say.session_file_anew"))
    assert [event["SEQUENCE"] for _, event in events(office)] == [0, 1, 2]
    assert len({str(event["UID"]) for _, event in events(office)}) == 1
    last = events(office)[-1][1]
    assert (last["DTSTART"].dt, last["DTEND"].dt - last["DTSTART"].dt) == (
        datetime.fromtimestamp(STARTS + HOUR, UTC),
        timedelta(minutes=90),
    )
    await office.tidy()


async def test_a_cancelled_session_says_why_and_can_be_neither_moved_nor_held(office: Workplace) -> None:
    onboarding = await approved(office)
    item = await scheduled(office, onboarding)
    assert tasks_offered(office) == {"schedule", "move", "cancel", "hold"}
    await office.do(onboarding, "planning", "cancel_session", {"session": item, "reason": "The lead is ill."})
    said = SeenMessage.of(thread(office)[-2]).shown
    assert "Mar 10, 2099" in said
    assert "The lead is ill." in said
    assert [(status, event["SEQUENCE"]) for status, event in events(office)] == [("CONFIRMED", 0), ("CANCELLED", 1)]
    assert tells(SeenMessage.of(thread(office)[-1]).shown, wording("say.session_file_called_off"))
    assert tasks_offered(office) == {"schedule"}
    with pytest.raises(Refused):
        await office.do(onboarding, "planning", "move_session", {"session": item, "starts": STARTS + HOUR})
    again = await scheduled(office, onboarding)
    value = ButtonValue(onboarding=onboarding, step="planning", task="hold_session")
    await office.press(office.sam, office.support, Act.TASK, value)
    await office.settled()
    assert office.answers(office.sam)[-1] == EN("refused.task_not_open", at="Mar 10, 2099 at 12:00 PM UTC")
    waits = EN("review.task_opens", task=EN("task.planning.hold_session.button"), at="Mar 10, 2099 at 12:00 PM UTC")
    assert waits in office.journey.lasting("review", "planning").text
    await office.do(onboarding, "planning", "move_session", {"session": again, "starts": STARTS - 100 * YEAR})
    await office.do(onboarding, "planning", "hold_session", {"session": again, "notes": "Cards first."})
    assert tasks_offered(office) == {"schedule"}
    await office.do(onboarding, "planning", "close_planning", {})
    assert await office.state(onboarding, "planning") == "done"
    await office.tidy()


async def test_one_that_is_left_when_planning_is_closed_can_still_be_cancelled(office: Workplace) -> None:
    onboarding = await approved(office)
    held, left = await scheduled(office, onboarding, starts=STARTS - 100 * YEAR), await scheduled(office, onboarding)
    await office.do(onboarding, "planning", "hold_session", {"session": held, "notes": "Cards first."})
    await office.do(onboarding, "planning", "close_planning", {})
    assert tasks_offered(office) == {"move", "cancel"}
    await office.do(onboarding, "planning", "cancel_session", {"session": left, "reason": "All was said."})
    assert tasks_offered(office) == set()
    assert "All was said." in shown(office)
    await office.tidy()


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("error", ["slack_connect_file_upload_sharing_blocked", "file_uploads_disabled"])
async def test_where_no_file_is_allowed_the_message_stands_and_support_hears_why(
    office: Workplace, method: str, error: str
) -> None:
    onboarding = await approved(office)
    office.slack.faults.add(method, error, times=None)
    item = await scheduled(office, onboarding)
    assert "https://meet.example/a" in shown(office)
    assert events(office) == []
    told = SeenMessage.of(office.journey.thread("review", "planning")[-1]).shown
    assert tells(told, wording("say.session_without_file"))
    async with office.bot.store.read() as unit:
        assert await unit.failed_effects(onboarding) == []
    office.slack.faults.clear()
    await office.do(onboarding, "planning", "move_session", {"session": item, "minutes": "30"})
    assert [event["SEQUENCE"] for _, event in events(office)] == [1]
    await office.tidy()


async def test_a_file_that_slack_does_not_answer_about_holds_up_no_message_and_comes_once(office: Workplace) -> None:
    onboarding, office.patience = await approved(office), ENDLESS
    fault = office.slack.faults.add("upload", "5xx", times=3)
    await scheduled(office, onboarding)
    assert fault.times == 0
    assert "https://meet.example/a" in shown(office)
    assert len(events(office)) == 1
    await office.tidy()


async def test_support_moves_it_in_a_window_that_tells_sessions_apart_by_time_in_their_zone(office: Workplace) -> None:
    onboarding = await approved(office)
    await scheduled(office, onboarding)
    late = await scheduled(office, onboarding, starts=STARTS + HOUR, agenda="Accounts")
    value = ButtonValue(onboarding=onboarding, step="planning", task="move_session")
    await office.press(office.kim, office.support, Act.TASK, value)
    await office.settled()
    view = office.kim.view
    assert view is not None
    payload = actions_on_view(office.slack, office.kim.user, view)
    payload |= {"type": "block_suggestion", "block_id": "session~moved", "action_id": "value", "value": ""}
    options = (await office.deliver(office.kim, payload)).body["options"]
    assert [option["text"]["text"] for option in options] == [
        "10/03/2099 às 09:00 UTC-03:00 · Goals",
        "10/03/2099 às 10:00 UTC-03:00 · Accounts",
    ]
    wrong: Answers = {"session": options[1]["text"]["text"]}
    await office.journey.type_in(office.kim, view, wrong)
    outcome = await office.kim.submit()
    assert tells(str(outcome.body), wording("error.session_unchanged"))
    await office.journey.type_in(office.kim, view, {**wrong, "agenda": "Accounts and cards"})
    await office.kim.submit()
    await office.settled()
    assert "Accounts → Accounts and cards" in shown(office)
    moved = [task for task in (await office.snapshot(onboarding)).tasks if task.task_id == "move_session"]
    assert [(task.answers["session"], task.answers["starts"]) for task in moved] == [(late, STARTS + HOUR)]
    await office.tidy()


async def test_the_planned_go_live_day_becomes_the_onboardings_once_it_is_approved(office: Workplace) -> None:
    onboarding = await office.begin(office.new_channel())
    await office.send(onboarding, "planning", go_live="2099-06-01")
    assert "Jun 1, 2099" not in SeenMessage.of(office.journey.lasting("card")).shown
    await office.approve(onboarding, "planning")
    assert "Jun 1, 2099" in SeenMessage.of(office.journey.lasting("card")).shown
    assert not tells(shown(office), wording("say.go_live_changed"))  # there was none before
    await office.send(onboarding, "planning", go_live="2099-09-01")
    await office.approve(onboarding, "planning")
    assert "Sep 1, 2099" in SeenMessage.of(office.journey.lasting("card")).shown
    assert "is now Sep 1, 2099 (before: Jun 1, 2099)" in shown(office)
    await office.tidy()
