"""The customer's own `/onboarding`, where Slack lets them type it: guests and members of the installing workspace."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from bot.messages.buttons import Act
from bot.messages.texts import Texts
from flows.cases import channels, manage
from flows.cases.case import Case
from flows.people import Side
from flows.ports import Unit
from playground.slack import Channel, Message, SlackPerson
from playground.walkthrough import action_id, ready
from storage.store import Store
from tests.bot.workplace import Workplace, who

pytestmark = pytest.mark.asyncio(loop_scope="module")
EN = Texts("en")


class Guests(Workplace):
    """Gus, a guest, leads Guest Credit in its channel; Pat is a member of Pismo's workspace and not in support."""

    channel: Channel
    onboarding: str

    async def typed(self, person: SlackPerson, line: str = "", channel: Channel | None = None) -> Message:
        """What they alone read. Raises LookupError if a form opens instead."""
        before = self.alone(person)
        outcome = await person.command(f"/onboarding {line}".strip(), channel or self.channel)
        assert outcome.ok, outcome.error
        await self.slack.until(lambda: ready(person.view) or self.alone(person) > before)
        if person.view is not None:
            raise LookupError(person.view.title)
        return max((m for _, m in self.read_by(person)), key=lambda m: m.ts)

    def alone(self, person: SlackPerson) -> int:
        return len(self.read_by(person))

    def read_by(self, person: SlackPerson) -> list[tuple[Channel, Message]]:
        there = [(channel, m) for channel in self.slack.world.channels.values() for m in channel.messages if m.bot]
        return [(channel, m) for channel, m in there if person.id in (m.ephemeral_to, channel.im)]

    async def opens(self, person: SlackPerson, line: str = "", channel: Channel | None = None) -> str:
        """The title of the form that opens."""
        with pytest.raises(LookupError) as opened:
            await self.typed(person, line, channel)
        await person.close()
        return str(opened.value)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place() -> AsyncIterator[Guests]:
    async with Guests() as place:
        await place.begin(customer="Acme Bank")
        yield place


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def guests(place: Guests) -> AsyncIterator[None]:
    """An onboarding of its own for each test."""
    pismo = place.slack.world.teams[0]
    place.channel = place.slack.add_channel("guests_pismo", pismo, [place.sam, place.pat, place.gus])
    place.onboarding = await place.begin(place.channel, place.gus, "Guest Credit")
    yield
    await place.tidy()
    await place.close(place.onboarding)
    await place.settled()


async def test_it_opens_their_next_form_and_says_what_is_waited_for_where_none_is_left(place: Guests) -> None:
    gus, planning = place.gus, EN("step.planning.title")
    for line in ("", "próximo", "  Formulário "):
        assert await place.opens(gus, line) == planning
    dm = place.slack.world.dm(gus.user, place.slack.bot_user_id)
    assert await place.opens(gus, "", dm) == planning
    await place.settled()
    assert (await place.snapshot(place.onboarding)).onboarding.pressed_at is not None
    await place.send(place.onboarding, "planning", gus)
    told = await place.typed(gus)
    assert told.ephemeral_to == gus.id
    for words in (EN("own.nothing_now"), planning, EN("turn.support"), f"<@{place.sam.id}>"):
        assert words in told.text
    await gus.click(told, action_id=action_id(told.blocks, Act.CHECKLIST))
    await place.settled()
    assert EN("card.title", customer="Guest Credit") in place.answers(gus)[-1]
    await place.act(place.onboarding, lambda case: manage.skip(case, "planning", "Held before."), place.sam)
    await place.settled()
    assert await place.opens(gus) == EN("step.organization.title")

    def give(case: Case) -> None:
        manage.assign(case, "service_desk", who(gus), Side.CUSTOMER)

    await place.act(place.onboarding, give, place.sam)
    assert await place.opens(gus) == EN("step.service_desk.title")
    await place.close(place.onboarding)
    assert f"<@{place.sam.id}>" in (closed := await place.typed(gus)).text
    assert action_id(closed.blocks, Act.OPEN_FORM) is None


async def test_a_slow_store_is_no_obstacle_to_the_window(place: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's three seconds are those of the trigger: the window is there before anything was read."""
    gus, read = place.gus, type(place.bot.store).read
    begun = place.slack.world.users[gus.id].stack
    let = asyncio.Event()

    @asynccontextmanager
    async def late(store: Store) -> AsyncIterator[Unit]:
        await let.wait()
        async with read(store) as unit:
            yield unit

    monkeypatch.setattr(type(place.bot.store), "read", late)
    outcome = await gus.command("/onboarding", place.channel)
    assert outcome.ok
    view = await place.slack.until(lambda: begun[-1] if begun else None)
    assert EN("form_ui.loading") in json.dumps(view.data, ensure_ascii=False)
    let.set()
    await place.slack.until(lambda: ready(gus.view))
    assert gus.view is not None
    assert gus.view.title == EN("step.planning.title")


async def test_status_and_help_are_theirs_and_a_slip_is_asked_back(place: Guests) -> None:
    gus = place.gus
    for line in ("status", "Situação", "status, please", "status Acme Bank", "status-acme"):
        told = await place.typed(gus, line)
        assert told.ephemeral_to == gus.id
        assert EN("card.title", customer="Guest Credit") in told.text
        assert "Acme Bank" not in told.text
    assert action_id(told.blocks, Act.OPEN_FORM)
    for line in ("help", "¿ayuda?", "?"):
        assert EN("own.title") in (await place.typed(gus, line)).text
    assert EN("refused.did_you_mean", verb="stauts", meant="/onboarding status") in (await place.typed(gus, "stauts")).text
    assert EN("own.title") in (await place.typed(gus, "zebra")).text
    for line, instead in (
        ("fila", "own.instead_ask"),
        ("matriz", "own.instead_matrix"),
        ("hand over acme", "own.instead_ask"),
        ("qeue", "own.instead_ask"),
    ):
        told = await place.typed(gus, line)
        assert EN(instead, button=EN("button.matrix")).replace("*", "") in told.text
        assert EN("own.title") in told.text


async def test_of_several_onboardings_it_is_the_channel_s_or_they_press_one(place: Guests) -> None:
    gus, pt = place.gus, Texts("pt_BR")
    channel = place.slack.add_channel("second_pismo", place.slack.world.teams[0], [place.sam, gus])
    second = await place.begin(channel, gus, "Guest Leasing", language="pt_BR")
    await place.send(second, "planning", gus)
    assert await place.opens(gus, "", place.channel) == EN("step.planning.title")
    assert "Guest Leasing" in (await place.typed(gus, "status", channel)).text
    dm = place.slack.world.dm(gus.user, place.slack.bot_user_id)
    assert "Guest Leasing" in (await place.typed(gus, "status leasing", dm)).text
    asked = await place.typed(gus, "", dm)
    assert "Guest Credit" in asked.text
    assert "Guest Leasing" in asked.text
    await gus.click(asked, action_id=action_id(asked.blocks, Act.OPEN_FORM))
    await place.slack.until(lambda: ready(gus.view))
    await gus.close()
    await gus.click(asked, action_id=f"{Act.CHECKLIST}:{second}")
    await place.settled()
    assert pt("card.title", customer="Guest Leasing") in place.answers(gus)[-1]
    for texts, here in ((EN, place.channel), (pt, channel), (EN, place.channel)):  # each in its onboarding's language
        assert texts("own.for_support", verb="fila") in (await place.typed(gus, "fila", here)).text
    home = await gus.open_home()
    assert home is not None
    for title in (EN("card.title", customer="Guest Credit"), pt("card.title", customer="Guest Leasing")):
        assert title in json.dumps(home.data, ensure_ascii=False)

    def changed(case: Case) -> None:
        case.onboarding.language = "es"

    await place.act(second, changed, place.sam)  # as by another process
    es = Texts("es")
    assert es("own.title") in (await place.typed(gus, "help", channel)).text
    await place.act(second, channels.sever)
    for line in ("", "status"):  # nothing is said of the other one instead
        assert es("refused.not_shared") in (await place.typed(gus, line, channel)).text
    await place.act(second, channels.share)
    assert es("card.title", customer="Guest Leasing") in (await place.typed(gus, "status", channel)).text
    await place.close(second)


async def test_who_is_of_none_reads_how_to_join_and_then_has_it(place: Guests) -> None:
    pat = place.pat
    for channel in (place.channel, place.acme):
        for line in ("", "status"):
            told = await place.typed(pat, line, channel)
            assert f"<@{place.sam.id}>" in told.text
            assert not any(name in told.text for name in ("Acme Bank", "Guest Credit"))
    assert EN("own.title") not in (await place.typed(pat, "queue")).text
    await place.sam.command("/onboarding assign", place.channel)
    await place.slack.until(lambda: ready(place.sam.view))
    assert place.pat.user.username in await place.sam.search("Person", "")
    await place.sam.fill({"Step": EN("step.planning.title"), "Person": pat.user.username})
    assert (await place.sam.submit()).closed
    await place.settled()
    assert await place.opens(pat) == EN("step.planning.title")
    assert "Guest Credit" in (await place.typed(pat, "status")).text
