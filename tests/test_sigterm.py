"""The bot's process is told to end (SIGTERM) in the middle of a burst of presses. It ends in time; who was answered finds it done, who
was not finds nothing changed; and after the next start all is done once."""

import asyncio
import contextlib
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping

import pytest

from bot.messages.buttons import Act, ButtonValue
from playground.office import CALM, Office
from playground.slack import Delivery, Message
from playground.slack.screen import tells
from playground.walkthrough import effect_id
from playground.walkthrough import said as wording
from tests.bot.workplace import Workplace

pytestmark = pytest.mark.process

APPROVED = wording("say.approved")
CUSTOMERS = 16
PRESSING = 3
LATE = 2000.0
"""Milliseconds after which an answer may be cut off although what it answers was done."""
ENDS_WITHIN = 15.0
"""Seconds; container platforms kill after 20, or as they are told."""


class Place(Workplace):
    """Its bot first runs in the test's loop, where onboardings are begun quickly, then as a process of its own on the same database."""

    def __init__(self, *, socket_mode: bool) -> None:
        super().__init__()
        self.socket_mode, self.policies, self.files = socket_mode, CALM, False

    async def start_process(self) -> None:
        await self.stop_bot()
        (self.path / "policies.toml").write_text(self.policies)
        self.url = f"http://127.0.0.1:{self.port}"
        self.slack.deliver_by(Delivery.socket() if self.socket_mode else Delivery.http(f"{self.url}/slack/events"))
        await self.spawn_bot()
        await self.slack.until(self.is_ready, timeout=60)

    async def end_process(self, how: signal.Signals = signal.SIGTERM) -> int:
        return await Office.stop_bot(self, how)

    def effects(self, *states: str) -> int:
        marks = ", ".join("?" * len(states))
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            query = f"SELECT count(*) FROM effects WHERE state IN ({marks})"  # noqa: S608  only marks
            return int(connection.execute(query, states).fetchone()[0])

    def approved(self) -> set[str]:
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return {row[0] for row in connection.execute("SELECT onboarding_id FROM decisions")}


@pytest.mark.parametrize("socket_mode", [True, False], ids=["Socket Mode", "HTTP"])
async def test_told_to_end_in_a_burst_it_keeps_what_it_answered(socket_mode: bool) -> None:
    async with Place(socket_mode=socket_mode) as place:
        waiting = await submitted(place)
        await place.start_process()
        try:
            for method in ("chat.update", "chat.postMessage"):
                place.slack.faults.add(method, "slow", times=None, seconds=0.3)
            first, left, answered, late = asyncio.Event(), list(waiting), set[str](), set[str]()

            async def press() -> None:
                """One after the other, until one is not answered."""
                while left:
                    onboarding = left.pop()
                    outcome = await place.press(place.sam, place.support, Act.APPROVE, waiting[onboarding])
                    if not outcome.ok:
                        late.update([onboarding] if outcome.ms >= LATE else ())
                        return
                    answered.add(onboarding)
                    first.set()

            presses = asyncio.gather(*(press() for _ in range(PRESSING)))
            await first.wait()
            told = time.monotonic()
            assert await place.end_process() == 0, place.log.read_text()[-3000:]
            assert time.monotonic() - told < ENDS_WITHIN
            await presses
            assert answered <= place.approved() <= answered | late
            assert place.effects("waiting") > 0

            place.slack.faults.clear()
            place.slack.ack_seconds = 30.0
            await place.start_process()
            left += waiting.keys() - answered
            await press()
            await place.slack.until(lambda: place.approved() == set(waiting), timeout=60)
            await place.slack.until(lambda: not place.effects("waiting", "running"), timeout=60)
            assert place.effects("failed") == 0
            said = [
                m.thread_ts for m in posts(place) if m.thread_ts and m.channel is not place.support and tells(m.text, APPROVED)
            ]
            assert len(said) == len(set(said)) == CUSTOMERS
            ids = Counter(effect_id(message) for message in posts(place))
            assert [name for name, times in ids.items() if times > 1] == []
            assert await place.end_process() == 0
        finally:
            await place.end_process(signal.SIGKILL)


async def submitted(place: Place) -> Mapping[str, ButtonValue]:
    """Onboardings whose first step waits for support's approval, and their button for it."""
    found = {}
    for _ in range(CUSTOMERS):
        place.new_channel()
        onboarding = await place.begin()
        await place.send(onboarding, "planning")
        step = (await place.snapshot(onboarding)).steps["planning"]
        found[onboarding] = ButtonValue(onboarding=onboarding, step="planning", revision=step.revision, digest=step.digest)
    return found


def posts(place: Place) -> list[Message]:
    """All of the bot that have an effect's id."""
    return [message for channel in place.slack.world.channels.values() for message in channel.messages if effect_id(message)]
