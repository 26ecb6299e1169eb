"""Support's channel must be private and nobody else's: nothing of customers is posted there while it isn't, and nothing is lost."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.adapters import Adapters
from bot.app import Bot, build
from bot.config.settings import Exit
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import table
from bot.ops.serve import serve
from bot.slack.support_channel import SupportChannel, UnfitChannelError
from flows.model import EffectRecord
from flows.outbox import Redraw
from flows.ports import Unit
from playground.slack import Channel, Message
from tests.bot.workplace import ENDLESS, PROMPT, Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = table("en")["own.for_support"].format(verb="queue")

Change = Callable[[Workplace], None]


def shared(office: Workplace) -> None:
    office.slack.share(office.support, office.slack.world.teams[1])


def unshared(office: Workplace) -> None:
    office.slack.unshare(office.support, office.slack.world.teams[1])


def public(office: Workplace) -> None:
    office.slack.convert(office.support, office.sam, private=False)


def private(office: Workplace) -> None:
    office.slack.convert(office.support, office.sam, private=True)


def archived(office: Workplace) -> None:
    office.slack.archive(office.support)


def unarchived(office: Workplace) -> None:
    office.slack.archive(office.support, archived=False)


def posted(office: Workplace) -> list[Message]:
    return [message for message in office.support.messages if message.bot]


async def waiting(office: Workplace) -> list[EffectRecord]:
    async with office.bot.store.read() as unit:
        return [effect for effect in await unit.open_effects() if effect.state == "waiting"]


@pytest.mark.parametrize(
    ("closes", "opens", "why"),
    [(shared, unshared, "shared with another company"), (public, private, "is public"), (archived, unarchived, "is archived")],
)
async def test_what_is_for_support_waits_until_the_channel_is_support_s_alone(
    office: Workplace, onboarding: str, closes: Change, opens: Change, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    office.patience = PROMPT
    before = len(posted(office))
    closes(office)
    await office.slack.until(lambda: why in office.bot.ready().get("support_channel", ""))
    await office.slack.until(lambda: office.slack.quiet)
    await office.act(onboarding, lambda case: case.warn("severed", customer="Acme Bank", channel=office.acme.id))
    await office.act(onboarding, lambda case: case.ask(Redraw(what="review", step="planning")))

    async def held() -> bool:
        return {effect.kind for effect in await waiting(office)} == {"say", "redraw"}

    await office.slack.until(held)
    assert len(posted(office)) == before
    assert [record for record in caplog.records if record.levelname == "ERROR" and why in record.getMessage()]
    assert await pressed_by_support(office, onboarding)
    opens(office)
    await office.slack.until(lambda: len(posted(office)) > before)
    await office.settled()
    assert office.bot.ready() == {}
    assert sum("is no longer shared" in message.text for message in posted(office)[before:]) == 1


async def pressed_by_support(office: Workplace, onboarding: str) -> bool:
    """Support acts where it still reads, in the customer's channel."""
    office.sam.user.stack.clear()
    await office.press(office.sam, office.acme, Act.OPEN_FORM, ButtonValue(onboarding=onboarding, step="planning"))
    return bool(await office.slack.until(lambda: office.sam.view is not None))


async def test_an_answer_from_before_the_sharing_does_not_open_it(office: Workplace) -> None:
    office.slack.emit({"type": "channel_shared", "connected_team_id": "T0ELSE", "channel": office.support.id}, office.support)
    await office.slack.until(lambda: "support_channel" in office.bot.ready())
    await office.bot.background.drain()
    await office.bot.support_channel.look()
    assert "support_channel" in office.bot.ready()
    gone = {"type": "channel_unshared", "previously_connected_team_id": "T0ELSE", "channel": office.support.id}
    office.slack.emit(gone | {"is_ext_shared": False}, office.support)
    await office.slack.until(lambda: office.bot.ready() == {})


async def test_an_event_that_comes_again_shuts_nothing_and_takes_no_rights(office: Workplace) -> None:
    shared(office)
    office.slack.remove(office.kim, office.support)
    await office.slack.until(lambda: "support_channel" in office.bot.ready())
    await office.slack.until(lambda: who(office.kim) not in office.bot.cases.access.support)
    again = [sent.payload for sent in office.slack.deliveries if sent.kind in ("channel_shared", "member_left_channel")][-2:]
    unshared(office)
    office.slack.invite(office.kim, office.support)
    await office.slack.until(lambda: office.bot.ready() == {})
    await office.slack.until(lambda: who(office.kim) in office.bot.cases.access.support)
    office.bot.support_people._joined.clear()  # as in a process that was not told that they are back
    for body in again:
        await office.bot.events.received(body)
    assert office.bot.ready() == {}
    assert who(office.kim) in office.bot.cases.access.support


async def test_what_waited_goes_out_though_another_process_heard_first_that_all_is_well(office: Workplace) -> None:
    opened: list[str] = []

    async def on_open() -> None:
        opened.append("again")

    late = SupportChannel(office.bot.store, office.bot.adapters.slack, office.support.id)
    late.on_open = on_open
    late.shut("shared")
    await late.look()
    assert (late.fault, opened) == ("shared", [])
    await late.reopen("shared")
    assert (late.fault, opened) == ("", ["again"])


async def test_what_another_process_knows_of_it_counts_for_who_joins(office: Workplace) -> None:
    other = SupportChannel(office.bot.store, office.bot.adapters.slack, office.support.id)
    await other.close("public")
    office.slack.invite(office.pat, office.support)
    await office.settled()
    await office.bot.support_people.refresh()
    assert REFUSED in (await office.pat.command("/onboarding queue", office.acme)).text
    await other.reopen("public")
    office.slack.remove(office.pat, office.support)
    await office.settled()


@pytest.mark.parametrize("shares", [False, True])
async def test_while_it_is_public_nobody_becomes_support_by_joining(office: Workplace, shares: bool) -> None:
    public(office)
    await office.slack.until(lambda: "is public" in office.bot.ready().get("support_channel", ""))
    if shares:
        shared(office)
        await office.settled()
    office.slack.invite(office.pat, office.support)
    await office.settled()
    await office.bot.support_people.refresh()
    assert REFUSED in (await office.pat.command("/onboarding queue", office.acme)).text
    assert REFUSED not in (await office.sam.command("/onboarding queue", office.acme)).text
    office.slack.remove(office.pat, office.support)
    if shares:
        unshared(office)
    private(office)
    await office.slack.until(lambda: office.bot.ready() == {})


@asynccontextmanager
async def built(office: Workplace, channel: Channel) -> AsyncIterator[Bot]:
    """A bot that isn't started yet, with this support channel."""
    settings = office.settings().model_copy(update={"support_channel": channel.id})
    bot = build(settings, office.rules, adapters=replace(Adapters.real(settings), patience=ENDLESS))
    try:
        yield bot
    finally:
        await bot.stop()


@pytest.mark.parametrize("how", ["shared_with", "invited", "org_shared", "public", "archived"])
async def test_the_bot_does_not_start_with_such_a_channel_and_does_once_it_is_mended(office: Workplace, how: str) -> None:
    channel = office.slack.add_channel(f"support-{how}", office.slack.world.teams[0], [office.sam], private=how != "public")
    fault: object = [office.slack.world.teams[1]] if how in ("shared_with", "invited") else True
    if how != "public":
        setattr(channel, how, fault)
    async with built(office, channel) as bot:
        with pytest.raises(UnfitChannelError):
            await bot.start()
        channel.private, channel.shared_with, channel.invited = True, [], []
        channel.org_shared = channel.archived = False
        await bot.support_channel.begin()
        assert bot.support_channel.trouble() == ""


async def test_a_customer_s_channel_is_never_support_s(office: Workplace) -> None:
    """Of guests: it is private and not shared."""
    gus = office.slack.add_person("Gus", office.slack.world.teams[0], restricted=True)
    channel = office.slack.add_channel("guests", office.slack.world.teams[0], [office.sam, gus], private=True)
    await office.begin(channel, gus, "Guest Bank")
    async with built(office, channel) as bot:
        with pytest.raises(UnfitChannelError, match="customers"):
            await bot.start()
    async with built(office, office.support) as bot:
        await bot.support_channel.begin()
        assert bot.support_channel.trouble() == ""


async def test_rows_that_somebody_wrote_or_damaged_take_the_channel_from_nobody(office: Workplace) -> None:
    columns = "journey, customer, team_id, lead_id, owner_id, language, started_at, started_by, closed_by, version"
    office.new_channel()
    copied = await office.begin()
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        for row_id in ("onb_forged", "onb_damaged"):
            connection.execute(
                f"INSERT INTO onboardings (id, channel_id, closed_at, {columns}) "  # noqa: S608  names of ours
                f"SELECT ?, ?, '2026-01-01', {columns} FROM onboardings WHERE id = ?",
                (row_id, office.support.id, copied),
            )
        connection.execute("UPDATE onboardings SET started_at = 'x' WHERE id = 'onb_damaged'")
        connection.execute("INSERT OR REPLACE INTO watched_channels VALUES (?, 'x', 'x')", (office.support.id,))
    async with built(office, office.support) as bot:
        await bot.support_channel.begin()
        assert bot.support_channel.trouble() == ""
    with contextlib.closing(sqlite3.connect(office.file)) as connection, connection:
        connection.execute("DELETE FROM onboardings WHERE id IN ('onb_forged', 'onb_damaged')")
        connection.execute("DELETE FROM watched_channels")


async def test_the_process_says_why_it_does_not_start(office: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    channel = office.slack.add_channel("everybody", office.slack.world.teams[0], [office.sam])
    settings = office.settings().model_copy(update={"support_channel": channel.id, "port": "0"})
    assert await serve(settings) == Exit.CONFIGURATION
    assert "SUPPORT_CHANNEL is public" in caplog.text


async def test_a_start_without_slack_goes_by_what_is_stored_and_looks_before_it_posts(office: Workplace, onboarding: str) -> None:
    before = len(posted(office))
    await office.act(onboarding, lambda case: case.warn("severed", customer="Acme Bank", channel=office.acme.id))
    await office.settled()
    assert len(posted(office)) == before + 1
    await office.stop_bot()
    office.slack.faults.add("*", "5xx", times=None)
    async with built(office, office.support) as bot:
        await bot.start()
        assert "slack" in bot.ready()
        assert "support_channel" not in bot.ready()

        async def warn(unit: Unit) -> None:
            async with bot.cases.open(unit, onboarding, closed=True) as case:
                case.warn("severed", customer="Acme Bank", channel=office.acme.id)

        office.support.shared_with.append(office.slack.world.teams[1])
        office.slack.faults.clear()
        await bot.store.transact(warn)
        await office.slack.until(lambda: "shared with another company" in bot.ready().get("support_channel", ""))
        assert len(posted(office)) == before + 1
        office.support.shared_with.clear()
        await bot.support_channel.look()
        await office.slack.until(lambda: len(posted(office)) == before + 2)
    await office.start_bot()
