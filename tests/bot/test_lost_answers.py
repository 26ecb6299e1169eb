"""Slack does what the bot asks, but its answer is lost: nobody reads that it failed, and nothing stands twice."""

import contextlib
import io
import zipfile
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from bot.messages.buttons import Act, ButtonValue
from bot.modals import private_answers
from flows.cases import manage
from flows.outbox import ShareExport
from playground.acts import example
from playground.slack import Message
from playground.slack.screen import tells
from playground.walkthrough import effect_id, page_title, ready, said
from storage.tables import effects
from tests.bot.workplace import ENDLESS, STEPS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSION = STEPS["planning"].task("schedule_session").form


@pytest.fixture(autouse=True)
def patience(office: Workplace) -> None:
    office.patience = ENDLESS


def messages(office: Workplace) -> Iterator[Message]:
    for channel in office.slack.world.channels.values():
        yield from channel.messages


def twice(office: Workplace) -> list[str]:
    """Effects, files and bookmarks that stand more than once in a conversation. Archives of two customers may have the same name."""
    found = Counter(f"{message.channel.id} {effect_id(message)}" for message in messages(office) if effect_id(message))
    files = [(message.channel.id, file) for message in messages(office) for file in message.files]
    found += Counter(f"{channel_id} {file.name} {hash(file.content)}" for channel_id, file in files)
    for channel in office.slack.world.channels.values():
        found += Counter(f"{channel.id} {bookmark['link']}" for bookmark in channel.bookmarks)
    return [name for name, times in found.items() if times > 1]


async def open_form(office: Workplace, onboarding: str, step: str) -> None:
    office.ana.user.stack.clear()
    await office.press(office.ana, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step=step))


async def test_a_form_that_opened_is_not_said_to_have_failed(office: Workplace, onboarding: str) -> None:
    told = office.answers(office.ana)
    office.slack.faults.add("views.open", "drop_after")
    await open_form(office, onboarding, "planning")
    await office.settled()
    assert len(office.ana.views) == 1
    assert office.answers(office.ana) == told
    await office.journey.send_step(office.ana, "planning", example("planning"))
    assert await office.state(onboarding, "planning") == "submitted"


async def test_a_form_that_did_not_open_is_told_and_opens_at_the_next_press(office: Workplace, onboarding: str) -> None:
    office.slack.faults.add("views.open", "drop_before")
    await open_form(office, onboarding, "planning")
    await office.slack.until(lambda: tells(office.answers(office.ana)[-1], said("refused.no_answer")))
    assert office.ana.view is None
    await open_form(office, onboarding, "planning")
    await office.slack.until(lambda: ready(office.ana.view))


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_form_that_was_loading_comes_though_an_answer_is_lost(office: Workplace, onboarding: str, kind: str) -> None:
    told = office.answers(office.ana)
    async with contextlib.AsyncExitStack() as held:
        for _ in range(4):  # every read connection is in use for a while
            await held.enter_async_context(office.bot.store._reading.connect())
        await open_form(office, onboarding, "planning")
        await office.slack.until(lambda: office.ana.view)
        office.slack.faults.add("views.update", kind)
    await office.slack.until(lambda: ready(office.ana.view))
    await office.settled()
    assert office.answers(office.ana) == told
    assert ready(office.ana.view)


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_the_page_before_comes_though_an_answer_is_lost(office: Workplace, onboarding: str, kind: str) -> None:
    told = office.answers(office.ana)
    await office.open_step(onboarding, "organization")
    await open_form(office, onboarding, "organization")
    first = await office.slack.until(lambda: ready(office.ana.view) and office.ana.view)
    title = page_title(first)
    await office.journey.send_page(office.ana, first, example("organization"))
    assert page_title(office.ana.views[-1]) != title
    office.slack.faults.add("views.update", kind)
    await office.ana.click(office.ana.views[-1], action_id=Act.BACK)
    await office.settled()
    assert [page_title(view) for view in office.ana.views] == [title]
    assert office.answers(office.ana) == told
    assert (await office.journey.send_page(office.ana, office.ana.views[-1], example("organization"))).ok


@pytest.mark.parametrize("kind", ["429", "5xx"])
async def test_a_session_is_sent_once_though_its_file_is_refused_for_a_while(
    office: Workplace, onboarding: str, kind: str
) -> None:
    known = len(office.support.messages)
    await office.send(onboarding, "planning")
    await office.approve(onboarding, "planning")
    office.slack.faults.add("upload", kind)
    await office.do(onboarding, "planning", "schedule_session", SESSION.example if SESSION else {})
    thread = office.journey.thread("step", "planning")
    assert len([file for message in thread for file in message.files]) == 1
    assert not [message.text for message in office.support.messages[known:] if "this failed: " in message.text]


@pytest.mark.parametrize(
    "method",
    [
        "bookmarks.list",
        "bookmarks.add",
        "chat.getPermalink",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.history",
        "conversations.members",
        "conversations.open",
        "conversations.replies",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "upload",
        "views.publish",
    ],
)
async def test_an_onboarding_goes_on_and_nothing_stands_twice(office: Workplace, method: str) -> None:
    office.new_channel()
    known = len(office.support.messages)
    direct = len(office.answers(office.sam))
    office.slack.faults.add(method, "drop_after")
    if method in ("conversations.history", "conversations.replies"):  # asked only where an answer was lost
        office.slack.faults.add("chat.postMessage", "drop_after", times=2)
    onboarding = await office.begin()
    await office.send(onboarding, "planning")
    await office.approve(onboarding, "planning")
    await office.do(onboarding, "planning", "schedule_session", SESSION.example if SESSION else {})
    await office.act(onboarding, manage.export, office.sam)
    await office.settled()
    assert twice(office) == []
    assert office.slack.violations == []
    assert not [message.text for message in office.support.messages[known:] if "this failed: " in message.text]
    assert len(office.acme.bookmarks) == 1
    thread = office.journey.thread("step", "planning")
    assert len([message for message in thread if tells(message.text, said("say.approved"))]) == 1
    assert len([file for message in thread for file in message.files]) == 1
    assert len(office.answers(office.sam)) == direct + 1
    (sent,) = [message for message in messages(office) if message.channel.im == office.sam.id][-1].files
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
        assert {"export.json", "steps.csv", "events.csv"} <= set(archive.namelist())
    await office.tidy()


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_an_export_comes_once_though_nobody_can_look_for_it(office: Workplace, onboarding: str, kind: str) -> None:
    """Slack shares a file only after it has answered."""

    def exports() -> int:
        return len([message for message in messages(office) if message.channel.im == office.sam.id and message.files])

    before = exports()
    office.slack.faults.add("files.completeUploadExternal", kind)
    await office.act(onboarding, manage.export, office.sam)
    await office.settled()
    assert exports() == before + 1

    killed = update(effects).where(effects.c.kind == ShareExport.kind).values(state="running", due=0.0)  # in the middle
    await office.bot.store.transact(lambda unit: unit.connection.execute(killed))
    office.bot.runner.wake()
    await office.settled()
    assert twice(office) == []
    assert exports() == before + 1


@pytest.mark.parametrize("fault", ["5xx", "drop_before", "429"])
async def test_who_pressed_is_told_though_slack_does_not_take_it_at_once(
    office: Workplace, onboarding: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_answers, "AGAIN", (0.01, 0.02))
    told = len(office.answers(office.ana))
    office.slack.faults.add("chat.postEphemeral", fault, times=2, retry_after=0)
    await office.press(office.ana, office.acme, Act.APPROVE, ButtonValue(onboarding=onboarding, step="planning", revision=1))
    await office.slack.until(lambda: len(office.answers(office.ana)) > told)
    await office.settled()
    (answer,) = office.answers(office.ana)[told:]
    assert "support" in answer
