"""Secrets in the customer's channel are found wherever a message can hold text, and what was not looked into is said; once each."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.listeners import messages
from playground.slack import Channel, FileUpload
from playground.slack.screen import tells
from playground.walkthrough import said as wording
from tests.bot.workplace import INSPECTIONS, Workplace

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
LARGE = 300 * 1024


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(office: Workplace) -> Channel:
    shared = office.new_channel()
    await office.begin()
    return shared


@pytest.fixture
def acme(office: Workplace, channel: Channel) -> Channel:
    """The same for all tests; of what was said before nobody sees anything."""
    channel.messages.clear()
    office.support.messages.clear()
    return channel


def supports(office: Workplace, words: str) -> list[str]:
    return [message.text for message in office.support.messages if words in message.text]


def privately(channel: Channel) -> list[str]:
    return [message.text for message in channel.messages if message.ephemeral_to]


async def told_once(office: Workplace, acme: Channel) -> None:
    """Support where and what kind, the person what to do; and the secret is nowhere."""
    await office.settled()
    warnings = [text for text in supports(office, "> from Acme Bank posted a secret (private key)") if f"<#{acme.id}>" in text]
    assert len(warnings) == 1
    (word,) = privately(acme)
    assert "private key" in word
    assert await office.leaks() == []


def forwarded(**more: Any) -> dict[str, Any]:
    return {
        "is_share": True,
        "is_msg_unfurl": True,
        "author_id": "U0OTHER",
        "channel_id": "C0OTHER",
        "fallback": "[a message]",
    } | more


async def test_in_a_forwarded_message(office: Workplace, acme: Channel) -> None:
    await office.ana.say(acme, "See here", attachments=[forwarded(text=KEY)])
    await told_once(office, acme)


async def test_in_blocks_alone(office: Workplace, acme: Channel) -> None:
    await office.ana.say(acme, "", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": KEY}}])
    await told_once(office, acme)


def deeper(files: list[dict[str, str]]) -> dict[str, Any]:
    return forwarded(attachments=[forwarded(message_blocks=[{"team": "T0", "message": {"files": files}}])])


@pytest.mark.parametrize("holding", [lambda files: forwarded(files=files), deeper], ids=["attached", "deeper"])
async def test_in_a_file_of_a_forwarded_message(
    office: Workplace, acme: Channel, holding: Callable[[list[dict[str, str]]], dict[str, Any]]
) -> None:
    other = office.new_channel()
    said = await office.ana.say(other, "", files=[FileUpload("a.pem", KEY.encode())])
    await office.settled()
    files = [{"id": file.id, "file_access": "check_file_info"} for file in other.find(said.ts).files]  # type: ignore[union-attr]
    await office.ana.say(acme, "See here", attachments=[holding(files)])
    await told_once(office, acme)


async def test_a_file_s_name(office: Workplace, acme: Channel) -> None:
    await office.ana.say(acme, "", files=[FileUpload("password=Tr0ub4dor-and-3.txt", b"nothing")])
    await office.settled()
    assert len(supports(office, f"(password) in <#{acme.id}>")) == 1


async def test_a_message_that_only_got_a_preview_is_not_told_again(office: Workplace, acme: Channel) -> None:
    said = await office.ana.say(acme, KEY)
    await office.ana.edit(said, f"{KEY}\nand a word")
    await told_once(office, acme)


async def test_an_edited_snippet_is_looked_into_again(office: Workplace, acme: Channel) -> None:
    said = await office.ana.say(acme, "", files=[FileUpload("notes.txt", b"Nothing yet.")])
    await office.settled()
    assert privately(acme) == []
    message = acme.find(said.ts)
    assert message is not None
    for _ in range(2):
        await office.ana.edit_file(message.files[0], KEY.encode())
        await told_once(office, acme)


async def test_another_secret_of_the_same_kind_is_told_again(office: Workplace, acme: Channel) -> None:
    said = await office.ana.say(acme, "password=Tr0ub4dor-and-3")
    await office.ana.edit(said, "password=C0rrect-horse-7")
    await office.settled()
    assert len(privately(acme)) == 2
    await office.ana.edit(said, "My password=C0rrect-horse-7")
    await office.settled()
    assert len(privately(acme)) == 2


async def test_a_file_told_once_silences_no_other_file(office: Workplace, acme: Channel) -> None:
    known = await office.ana.say(acme, "", files=[FileUpload("a.txt", b"password=Tr0ub4dor-and-3")])
    await office.settled()
    other = office.ana._upload(FileUpload("b.txt", b"password=C0rrect-horse-7"), acme)
    files = [{"id": file.id} for file in (acme.find(known.ts).files[0], other)]  # type: ignore[union-attr]
    event = {"type": "message", "subtype": "file_share", "user": office.ana.id, "channel": acme.id, "files": files, "text": ""}
    office.slack.emit({**event, "ts": office.slack.world.new_ts(), "user_team": office.ana.team_id}, acme)
    await office.settled()
    assert len(privately(acme)) == 2
    assert other.id in [call.args["file"] for call in office.slack.calls if call.method == "files.delete"]


async def test_another_app_s_post_is_told_to_support_alone(office: Workplace, acme: Channel) -> None:
    office.slack.post_by_app(acme, "Alarm", [{"text": KEY, "fallback": "Alarm"}])
    await office.settled()
    (warning,) = supports(office, "Another app or a workflow posted a secret (private key)")
    assert f"<#{acme.id}>" in warning
    assert privately(acme) == []


async def test_what_slackbot_repeats_is_told_to_support_alone(office: Workplace, acme: Channel) -> None:
    reminder = {"type": "message", "user": "USLACKBOT", "channel": acme.id, "text": "Reminder: password=Tr0ub4dor-and-3"}
    office.slack.emit({**reminder, "ts": office.slack.world.new_ts()}, acme)
    await office.settled()
    assert len(supports(office, "Another app or a workflow posted a secret (password)")) == 1
    assert privately(acme) == []


async def test_files_elsewhere_than_in_a_customer_s_channel_are_not_fetched(office: Workplace) -> None:
    office.slack.faults.add("download", "5xx", times=None)
    await office.sam.say(office.support, "The export.", files=[FileUpload("export.txt", b"what a customer sent")])
    await office.settled()
    office.slack.faults.clear()
    async with office.bot.store.read() as unit:
        assert await unit.unhandled() == []


async def test_the_bot_s_own_messages_are_not_looked_at(office: Workplace, acme: Channel) -> None:
    mine = {"type": "message", "user": office.slack.bot_user_id, "bot_id": office.slack.bot_id, "channel": acme.id}
    office.slack.emit({**mine, "ts": office.slack.world.new_ts(), "text": KEY}, acme)
    await office.settled()
    assert supports(office, acme.id) == []


# -- what was not looked into


async def test_of_a_large_file_both_ends_are_looked_into_and_that_is_said(office: Workplace, acme: Channel) -> None:
    filler = b"A line of figures 123, 456\n" * (LARGE // 27)
    await office.ana.say(acme, "", files=[FileUpload("large.txt", filler + KEY.encode())])
    await told_once(office, acme)
    (said,) = supports(office, f"posted in <#{acme.id}>")
    assert "too large" in said


async def test_a_large_file_without_a_secret_is_said_not_to_have_been_read_whole(office: Workplace, acme: Channel) -> None:
    await office.ana.say(acme, "", files=[FileUpload("large.txt", b"123, 456\n" * (LARGE // 9))])
    await office.settled()
    assert len(supports(office, f"posted in <#{acme.id}>")) == 1
    (word,) = privately(acme)
    assert "couldn't fully check" in word
    assert "too large" in word


async def test_a_file_that_may_not_be_read_is_said(office: Workplace, acme: Channel) -> None:
    message = await office.ana.say(acme, "")
    file = office.ana._upload(FileUpload("plan.txt", b"a plan"), acme)
    file.denied = True
    stub = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    event = {"type": "message", "subtype": "file_share", "user": office.ana.id, "channel": acme.id, "files": [stub]}
    office.slack.emit({**event, "ts": message.ts, "user_team": office.ana.team_id, "text": ""}, acme)
    await office.settled()
    (said,) = supports(office, f"posted in <#{acme.id}>")
    assert tells(said, wording("unread.not_allowed"))
    assert tells(privately(acme)[0], wording("unread.not_allowed"))


async def test_a_link_to_a_file_elsewhere_is_none_of_the_bot_s_business(office: Workplace, acme: Channel) -> None:
    message = await office.ana.say(acme, "")
    file = office.ana._upload(FileUpload("plan", b""), acme)
    file.external = True
    stub = {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    event = {"type": "message", "subtype": "file_share", "user": office.ana.id, "channel": acme.id, "files": [stub]}
    office.slack.emit({**event, "ts": message.ts, "user_team": office.ana.team_id, "text": ""}, acme)
    await office.settled()
    assert supports(office, acme.id) == []


async def test_what_takes_too_long_is_not_looked_into_and_said_while_others_go_on(
    office: Workplace, acme: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of the text that makes the guard slow, should there be one, the worker is given what never ends."""
    run = INSPECTIONS.run

    async def stuck(job: str, *arguments: Any, **limits: Any) -> Any:
        if job.endswith("messages:look") and "slow" in json.dumps(arguments):
            return await INSPECTIONS.stuck()
        return await run(job, *arguments, **limits)

    monkeypatch.setattr(INSPECTIONS, "run", stuck)
    await office.ana.say(acme, "slow")
    await office.bruno.say(acme, KEY)
    await office.slack.until(lambda: supports(office, "couldn't fully check"))
    await office.settled()
    assert all(sent.status == 200 for sent in office.slack.deliveries if sent.kind == "message")
    assert any("took too long" in text for text in privately(acme))
    assert any("private key" in text for text in privately(acme))  # Bruno's


# -- turns


class Held:
    """Looks at files named ``held.txt`` wait until they are let go. ``begun``: the names of all files whose look began, in order."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.let_go = asyncio.Event()
        self._run = INSPECTIONS.run

    async def run(self, job: str, *arguments: Any, **limits: Any) -> Any:
        if job.endswith("files:look"):
            self.begun.append(str(arguments[0]))
            if arguments[0] == "held.txt":
                await self.let_go.wait()
        return await self._run(job, *arguments, **limits)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    holding = Held()
    monkeypatch.setattr(INSPECTIONS, "run", holding.run)
    yield holding
    holding.let_go.set()


async def test_many_files_in_one_channel_hold_up_no_other_channel_s(office: Workplace, acme: Channel, held: Held) -> None:
    other = office.new_channel()
    await office.begin()
    for _ in range(3):
        await office.ana.say(acme, "", files=[FileUpload("held.txt", KEY.encode())])
    await office.slack.until(lambda: bool(held.begun))
    await office.ana.say(other, "", files=[FileUpload("key.txt", KEY.encode())])
    await office.slack.until(lambda: any(f"<#{other.id}>" in text for text in supports(office, "private key")))
    assert held.begun == ["held.txt", "key.txt"]
    held.let_go.set()
    await office.settled()
    assert len(privately(acme)) == 3


async def test_what_has_waited_long_for_its_turn_is_looked_into_by_a_later_round(
    office: Workplace, acme: Channel, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.ana.say(acme, "", files=[FileUpload("held.txt", b"nothing")])
    await office.slack.until(lambda: bool(held.begun))
    monkeypatch.setattr(messages, "TURN_SECONDS", 0.0)
    await office.ana.say(acme, "", files=[FileUpload("key.txt", KEY.encode())])

    async def left() -> bool:
        async with office.bot.store.read() as unit:
            return any(row.attempts == 0 for row in await unit.unhandled())

    await office.slack.until(left)
    held.let_go.set()
    await office.settled()
    assert held.begun == ["held.txt"]
    await office.bot.events.handle_left()
    await told_once(office, acme)
