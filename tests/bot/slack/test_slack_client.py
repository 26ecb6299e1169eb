"""The Web API client against the stand-in: nothing is posted twice, nothing is retried unasked, every refusal is one error."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.messages.tables import table
from bot.slack import client
from bot.slack.client import Me, Slack, SlackError
from bot.slack.files import marked
from playground.slack import Channel, SlackPerson
from playground.slack import SlackStandIn as Playground

BLOCKS: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": "Step 2 is open"}}]


@dataclass
class Place:
    world: Playground
    slack: Slack
    channel: Channel
    ana: SlackPerson

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.world.calls)

    def texts(self) -> list[str]:
        return [message.text for message in self.channel.messages if message.bot]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with Playground("0123456789abcdef0123456789abcdef") as world:
        vendor, acme = world.add_team("Pismo"), world.add_team("Acme Bank")
        ana = world.add_person("Ana", acme, locale="pt-BR", tz="America/Sao_Paulo")
        channel = world.add_channel("acme_pismo", vendor, [ana], shared_with=[acme])
        slack = Slack(world.bot_token, world.api_url)
        await slack.start()
        yield Place(world, slack, channel, ana)
        await slack.stop()


async def test_an_answer_lost_after_the_post_makes_no_second_message(place: Place) -> None:
    place.world.faults.add("chat.postMessage", "drop_after")
    with pytest.raises(SlackError) as lost:
        await place.slack.post_once(place.channel.id, "hello", BLOCKS, "eff_1")
    assert lost.value.transient
    channel, ts = await place.slack.post_once(place.channel.id, "hello", BLOCKS, "eff_1", again=True)
    assert place.texts() == ["hello"]
    assert (channel, ts) == (place.channel.id, place.channel.messages[-1].ts)


async def test_it_is_known_for_how_long_slack_has_been_silent(place: Place) -> None:
    for kind in ("drop_before", "5xx"):
        assert place.slack.silence == 0
        place.world.faults.add("auth.test", kind, times=2)
        for _ in range(2):  # one alone says nothing of how long it lasted
            assert place.slack.silence == 0
            with pytest.raises(SlackError):
                await place.slack.whoami()
        assert place.slack.silence > 0
        place.world.faults.add("auth.test", "invalid_auth")  # a refusal is an answer
        with pytest.raises(SlackError):
            await place.slack.whoami()
        assert place.slack.logged_out == "invalid_auth"
    await place.slack.whoami()
    assert place.slack.logged_out == ""


async def test_while_slack_answers_nothing_what_can_wait_is_tried_one_at_a_time(place: Place) -> None:
    patient = Slack(place.world.bot_token, place.world.api_url, can_wait=lambda: True)
    await patient.start()

    async def tried(times: int = 1) -> int:
        """How many of so many calls at once reach Slack; all that don't are to be tried later."""
        before = len(place.world.calls)
        ended = await asyncio.gather(*(patient.whoami() for _ in range(times)), return_exceptions=True)
        assert all(isinstance(end, Me) or (isinstance(end, SlackError) and end.transient) for end in ended)
        return len(place.world.calls) - before

    place.world.faults.add("*", "silent", times=None, seconds=0.05)
    assert await tried(8) == 8
    assert await tried(8) == 1
    assert await tried(8) == 1
    place.world.faults.clear()
    assert await tried(8) == 1
    assert await tried(8) == 8
    await patient.stop()


async def test_slack_is_asked_again_after_five_minutes_at_most(place: Place) -> None:
    place.world.faults.add("chat.postMessage", "429", retry_after=86_400)
    with pytest.raises(SlackError) as resting:
        await place.slack.post(place.channel.id, "hello", BLOCKS)
    assert resting.value.retry_after == 300


async def test_a_method_that_is_to_rest_is_not_called_for_others_either(place: Place) -> None:
    patient = Slack(place.world.bot_token, place.world.api_url, can_wait=lambda: True)
    await patient.start()
    other = place.world.add_channel("blue_pismo", place.world.world.teams[0], [place.ana])
    _, ts = await patient.post(place.channel.id, "hello", BLOCKS)
    _, beside = await patient.post(other.id, "hello", BLOCKS)
    place.world.faults.add("chat.update", "429", retry_after=2)
    with pytest.raises(SlackError):
        await patient.update(place.channel.id, ts, "one", BLOCKS)
    with pytest.raises(SlackError) as resting:
        await patient.update(other.id, beside, "two", BLOCKS)
    assert 0 < (resting.value.retry_after or 0) <= 2
    assert place.calls("chat.update") == 1
    await place.slack.update(other.id, beside, "for somebody who waits", BLOCKS)

    async def over() -> bool:
        try:
            await patient.update(other.id, beside, "two", BLOCKS)
        except SlackError:
            return False
        return True

    await place.world.until(over)
    assert place.calls("chat.update") == 3
    assert other.messages[-1].text == "two"
    place.world.faults.add("chat.postMessage", "429", retry_after=30)
    with pytest.raises(SlackError):
        await patient.post(place.channel.id, "hello", BLOCKS)
    await patient.post(other.id, "its own limit", BLOCKS)
    await patient.stop()


async def test_a_person_who_waits_is_served_though_slack_answered_nothing(place: Place) -> None:
    place.world.faults.add("*", "silent", times=5, seconds=0.05)
    await asyncio.gather(*(place.slack.whoami() for _ in range(5)), return_exceptions=True)
    assert len(await asyncio.gather(*(place.slack.whoami() for _ in range(3)))) == 3


async def test_a_call_lost_before_it_arrived_is_posted_by_the_second_try(place: Place) -> None:
    place.world.faults.add("chat.postMessage", "drop_before")
    with pytest.raises(SlackError):
        await place.slack.post_once(place.channel.id, "hello", BLOCKS, "eff_1")
    await place.slack.post_once(place.channel.id, "hello", BLOCKS, "eff_1", again=True)
    assert place.texts() == ["hello"]


async def test_a_reply_is_looked_for_in_its_thread_and_other_effects_are_not_taken_for_it(place: Place) -> None:
    _, root = await place.slack.post_once(place.channel.id, "root", BLOCKS, "eff_0")
    await place.slack.post_once(place.channel.id, "other", BLOCKS, "eff_1", root)
    _, ts = await place.slack.post_once(place.channel.id, "mine", BLOCKS, "eff_2", root, again=True)
    assert (await place.slack.post_once(place.channel.id, "mine", BLOCKS, "eff_2", root, again=True))[1] == ts
    assert place.texts() == ["root", "other", "mine"]
    assert all(message.thread_ts == root for message in place.channel.messages[1:])


async def test_the_newest_messages_are_looked_at_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 1)
    names = [f"eff_{number}" for number in range(client.MAX_PAGES + 2)]
    for name in names:
        await place.slack.post_once(place.channel.id, name, BLOCKS, name)
    await place.slack.post_once(place.channel.id, names[-1], BLOCKS, names[-1], again=True)
    assert place.texts() == names


async def test_a_bot_that_may_not_read_posts_all_the_same(place: Place) -> None:
    place.world.scopes -= {"channels:history", "groups:history"}
    await place.slack.post_once(place.channel.id, "hello", BLOCKS, "eff_1", again=True)
    assert place.texts() == ["hello"]


async def test_nothing_is_repeated_by_the_client_itself(place: Place) -> None:
    for kind in ("drop_before", "drop_after", "5xx", "429"):
        place.world.faults.add("chat.postMessage", kind)
        before = place.calls("chat.postMessage")
        with pytest.raises(SlackError):
            await place.slack.post(place.channel.id, "hello", BLOCKS)
        assert place.calls("chat.postMessage") == before + 1


@pytest.mark.parametrize(
    ("kind", "transient", "retry_after"),
    [
        ("429", True, 7.0),
        ("5xx", True, None),
        ("drop_before", True, None),
        ("channel_not_found", False, None),
        ("is_archived", False, None),
        ("invalid_blocks", False, None),
        ("internal_error", True, None),
    ],
)
async def test_each_refusal_says_whether_to_try_again(
    place: Place, kind: str, transient: bool, retry_after: float | None
) -> None:
    place.world.faults.add("chat.update", kind, retry_after=7)
    _, ts = await place.slack.post(place.channel.id, "hello", BLOCKS)
    with pytest.raises(SlackError) as refused:
        await place.slack.update(place.channel.id, ts, "hello", BLOCKS)
    assert (refused.value.transient, refused.value.retry_after) == (transient, retry_after)


async def test_a_refused_block_says_where_and_the_token_is_nowhere(place: Place) -> None:
    with pytest.raises(SlackError) as refused:
        await place.slack.post(place.channel.id, "hello", [{"type": "section"}])
    assert refused.value.error == "invalid_blocks"
    assert refused.value.detail
    assert place.world.bot_token not in f"{refused.value!r} {refused.value.detail}"


async def test_slack_that_cannot_be_reached_is_an_error_like_others() -> None:
    slack = Slack("xoxb-1-t", "http://127.0.0.1:9/api/")
    await slack.start()
    with pytest.raises(SlackError) as refused:
        await slack.whoami()
    assert (refused.value.error, refused.value.transient) == ("unreachable", True)
    await slack.stop()


async def test_a_bookmark_is_set_once_and_takes_the_place_of_an_earlier_one(place: Place) -> None:
    _, earlier = await place.slack.post(place.channel.id, "card", BLOCKS)
    _, ts = await place.slack.post(place.channel.id, "another card", BLOCKS)
    links = [await place.slack.permalink(place.channel.id, one) for one in (earlier, ts)]
    for _ in range(2):
        await place.slack.bookmark_once(place.channel.id, "Checklist", links[0], instead_of=[ts])
    assert [bookmark["link"] for bookmark in place.channel.bookmarks] == links[:1]
    for _ in range(2):
        await place.slack.bookmark_once(place.channel.id, "Checklist of Acme", links[1], instead_of=[earlier])
    assert [(mark["link"], mark["title"]) for mark in place.channel.bookmarks] == [(links[1], "Checklist of Acme")]


async def test_a_file_whose_answer_got_lost_is_sent_once(place: Place) -> None:
    place.world.faults.add("files.completeUploadExternal", "drop_after")
    send = (place.channel.id, "session.ics", b"BEGIN:VCALENDAR", "Your session", "eff_1")
    await place.slack.upload_once(*send)
    await place.slack.upload_once(*send, again=True)
    files = [file for message in place.channel.messages for file in message.files]
    assert [(file.name, file.content) for file in files] == [(marked("session.ics", "eff_1"), b"BEGIN:VCALENDAR")]


async def test_a_limit_on_files_says_how_long_to_wait(place: Place) -> None:
    send = (place.channel.id, "session.ics", b"BEGIN:VCALENDAR", "Your session", "eff_1")
    place.world.faults.add("upload", "429", retry_after=7)
    with pytest.raises(SlackError) as limited:
        await place.slack.upload_once(*send)
    assert (limited.value.retry_after, limited.value.transient) == (7, True)
    await place.slack.upload_once(*send)
    file = {"id": place.channel.messages[-1].files[0].id, "file_access": "check_file_info"}
    place.world.faults.add("download", "429", retry_after=7)
    with pytest.raises(SlackError) as limited:
        await place.slack.download(file, 1000)
    assert (limited.value.retry_after, limited.value.transient) == (7, True)
    assert await place.slack.download(file, 1000) == b"BEGIN:VCALENDAR"


async def test_a_file_is_fetched_up_to_its_limit_and_only_from_slack(place: Place) -> None:
    await place.slack.upload_once(place.channel.id, "key.pem", b"x" * 1000, "", "eff_1")
    file = {"id": place.channel.messages[-1].files[0].id, "file_access": "check_file_info"}
    assert await place.slack.download(file, 1000) == b"x" * 1000
    with pytest.raises(SlackError, match="file_too_large"):
        await place.slack.download(file, 999)
    for foreign in ("https://files.slack.com.example.org/x", "http://files.slack.com/x"):
        with pytest.raises(SlackError, match="foreign_address"):
            await place.slack.download({"url_private": foreign}, 10)


async def test_people_and_channels(place: Place) -> None:
    me = await place.slack.whoami()
    assert (me.user_id, me.team_id) == (place.world.bot_user_id, place.world.installing_team.id)
    assert me.scopes == place.world.scopes
    ana = await place.slack.user(place.ana.id)
    assert ana is not None
    assert (ana.team_id, ana.locale, ana.timezone, ana.is_guest) == (place.ana.team_id, "", "America/Sao_Paulo", False)
    assert await place.slack.user("U0UNKNOWN") is None
    assert set(await place.slack.members(place.channel.id)) == {place.ana.id, me.user_id}
    channel = await place.slack.channel(place.channel.id)
    assert (channel.name, channel.is_member, channel.is_shared) == ("acme_pismo", True, True)
    with pytest.raises(SlackError, match="channel_not_found"):
        await place.slack.channel("C0UNKNOWN")


def view(words: str) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Form"}
    return {"type": "modal", "title": title, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": words}}]}


def on_screen(person: SlackPerson) -> list[str]:
    return [shown.blocks[0]["text"]["text"] for shown in person.views]


async def test_windows_whose_answer_got_lost_stand_once_and_can_be_changed(place: Place) -> None:
    ana = place.ana
    place.world.faults.add("views.open", "drop_after")
    below = await place.slack.open_view(place.world.new_trigger(ana.user), view("one"))
    place.world.faults.add("views.push", "drop_after")
    above = await place.slack.push_view(place.world.new_trigger(ana.user, below.id), view("two"))
    assert on_screen(ana) == ["one", "two"]
    place.world.faults.add("views.update", "drop_after")
    await place.slack.update_view(above, view("three"))
    assert on_screen(ana) == ["one", "three"]
    await place.slack.update_view(above, view("what she saw before"))
    assert on_screen(ana) == ["one", "three"]


async def test_a_window_that_did_not_open_is_an_error(place: Place) -> None:
    place.world.faults.add("views.open", "drop_before")
    with pytest.raises(SlackError) as lost:
        await place.slack.open_view(place.world.new_trigger(place.ana.user), view("one"))
    assert lost.value.unsure
    place.world.trigger_seconds = 0
    with pytest.raises(SlackError, match="expired_trigger_id") as late:
        await place.slack.open_view(place.world.new_trigger(place.ana.user), view("one"))
    assert not late.value.unsure
    assert on_screen(place.ana) == []


async def test_a_private_word_and_a_direct_message(place: Place) -> None:
    await place.slack.ephemeral(place.channel.id, place.ana.id, "only you", BLOCKS)
    assert [message.text for message in place.ana.sees(place.channel)] == ["only you"]
    await place.slack.direct(place.ana.id, "just us", BLOCKS)
    assert place.calls("conversations.open") == 1


def test_a_marked_name_keeps_its_ending() -> None:
    assert marked("session.ics", "eff_1") != marked("session.ics", "eff_2")
    assert marked("session.ics", "eff_1").startswith("session-")
    assert marked("session.ics", "eff_1").endswith(".ics")


async def test_tables_are_sent_as_sections_where_slack_refuses_them(place: Place) -> None:
    """At once, by every call that shows some; from then on without being refused first."""
    blocks = table("What waits", ["Customer", "Step"], [["Acme Bank", "Planning"]])
    channel, ts = await place.slack.post(place.channel.id, "t", blocks)
    assert place.channel.messages[-1].blocks[0]["type"] == "data_table"
    place.world.faults.tables = False
    await place.slack.update(channel, ts, "t", blocks)
    assert [block["type"] for block in place.channel.messages[-1].blocks] == ["rich_text"]
    assert place.calls("chat.update") == 2
    await place.slack.ephemeral(channel, place.ana.id, "t", blocks)
    await place.slack.publish_home(place.ana.id, {"type": "home", "blocks": blocks})
    link, url = place.world.new_response_url(place.ana.user, place.channel)
    await place.slack.respond(url, "t", blocks)
    assert place.channel.messages[-1].ephemeral_to == place.ana.id
    assert link.replies[0].blocks[0]["type"] == "rich_text"
    assert place.calls("chat.postEphemeral") == place.calls("views.publish") == place.calls("response_url") == 1
    for _ in range(4):
        await place.slack.respond(url, "t", BLOCKS)
    with pytest.raises(SlackError, match="used_url"):
        await place.slack.respond(url, "t", BLOCKS)
    await place.slack.tell(channel, place.ana.id, "t", BLOCKS)


async def test_a_block_that_is_wrong_by_itself_says_nothing_of_tables(place: Place) -> None:
    blocks = table("What waits", ["Customer", "Step"], [["Acme Bank", "Planning"]])
    with pytest.raises(SlackError):
        await place.slack.post(place.channel.id, "t", [*blocks, {"type": "unheard_of"}])
    await place.slack.post(place.channel.id, "t", blocks)
    assert place.channel.messages[-1].blocks[0]["type"] == "data_table"
