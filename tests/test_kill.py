"""The bot is killed (SIGKILL) at random points of whole journeys and started again while people insist: nothing typed and sent is
lost, nothing stands twice, and every message tells what the store says."""

import asyncio
import contextlib
import json
import logging
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.app import build
from bot.config.policies import Policies
from bot.jobs.lasting import LastingMessages
from bot.messages.support import Support
from flows import outbox
from flows.forms.fields import Answers
from flows.journey import JOURNEYS
from flows.model import Snapshot
from playground.acts import Acts, example, play
from playground.office import CALM, Office
from playground.slack import Message
from playground.walkthrough import Walkthrough, effect_id
from storage.export import export
from storage.sealing import new_key
from tests import leaks
from tests.bot.workplace import settings_of

log = logging.getLogger(__name__)

KILLS = int(os.environ.get("KILLS") or 12)
"""In all; `make soak` kills more often."""
SEED = int(os.environ.get("KILL_SEED") or 1)
JOURNEY = 450
"""Payloads and calls of a journey, roughly."""
MAX_GAP = max(30, JOURNEY * 3 // KILLS)
"""Payloads and calls between two kills, at most: few kills are spread over a whole journey."""
STARTING = 0.15
"""The share of kills that come while the bot is still starting."""

KEYS = new_key()
"""Of both offices: what is stored is read in this process, which opens with the keys of the last store that was made."""

LASTING = 15.0
"""Seconds that people give what they do not press again; within less they press again."""
PATIENCE = 240.0
"""Seconds until something must have come true, however often the bot was killed in the meantime and however busy the machine is."""

STEPS = JOURNEYS.latest.steps

pytestmark = [pytest.mark.process, pytest.mark.chance, pytest.mark.timeout(KILLS * 30)]


class Killer:
    """Kills the bot and starts it again, until told that the journey ended, at ``most`` so many times. ``kills``: how often it did."""

    def __init__(self, office: Office, chance: random.Random, most: int) -> None:
        self.office, self.slack, self.chance, self.most = office, office.slack, chance, most
        self.kills, self.points = 0, list[str]()
        self.over = False

    def seen(self) -> int:
        return len(self.slack.calls) + len(self.slack.deliveries)

    async def run(self) -> None:
        while await self._kill_after(self.chance.randrange(MAX_GAP)):
            while self.chance.random() < STARTING:
                await self.office.spawn_bot()
                if not await self._kill_after(0, within=1.5):
                    break
            else:
                await self.office.spawn_bot()
            await self.slack.until(self.office.is_ready, timeout=PATIENCE)

    async def _kill_after(self, events: int, within: float = 0.03) -> bool:
        """After so many payloads and calls from now on, at one of the moments ``within`` seconds after them. False: it lives on."""
        until = self.seen() + events
        await self.slack.until(lambda: self.over or self.seen() >= until, timeout=PATIENCE)
        await asyncio.sleep(self.chance.uniform(0, within))  # a random moment is what this is about
        if self.over or self.kills >= self.most:
            return False
        self.points.append(self.slack.calls[-1].method if self.slack.calls else "the start")
        await self.office.kill_bot()
        self.kills += 1
        return True


async def test_kills_lose_nothing_and_double_nothing() -> None:
    chance = random.Random(SEED)
    try:
        kills = await asyncio.gather(*(tormented(random.Random(chance.random()), socket_mode=way) for way in (True, False)))
    except BaseException as error:
        error.add_note(f"play it again with KILL_SEED={SEED} KILLS={KILLS}")
        raise
    assert sum(kills) >= KILLS


async def tormented(chance: random.Random, *, socket_mode: bool) -> int:
    """As many journeys as half of the kills take."""
    kills = 0
    while kills < KILLS // 2:
        office = Office(socket_mode=socket_mode, policies=CALM)
        office.keys = KEYS
        leaks.listen(office)
        async with office:
            office.slack.retry_delays = (0.1, 1, 2, 4, 8)
            wait_long(office)
            office.slack.faults.duplicate_deliveries = chance.choice([0.0, 0.3])
            killer = Killer(office, chance, KILLS // 2 - kills)
            killing = asyncio.create_task(killer.run())
            playing = asyncio.create_task(play(Walkthrough(office), without={Acts.restart, Acts.reminder, Acts.verified}))
            try:
                await playing
                killer.over = True
                await killing
                await holds_together(office)
            except BaseException:
                log.exception("killed after %s\n%s", killer.points, office.log.read_text()[-8000:])
                raise
            finally:
                playing.cancel()
                killing.cancel()
                await asyncio.gather(playing, killing, return_exceptions=True)
            kills += killer.kills
    return kills


def wait_long(office: Office) -> None:
    """What people wait for, rather than press again, may take several starts of the bot."""
    until = office.slack.until

    async def patient(condition: Callable[[], Any], timeout: float = 10.0) -> Any:  # noqa: ASYNC109  as what it stands for
        return await until(condition, PATIENCE if timeout >= LASTING else timeout)

    office.slack.until = patient  # type: ignore[method-assign]


# -- what must be so in the end


async def holds_together(office: Office) -> None:
    await office.slack.until(lambda: not left(office), timeout=PATIENCE)
    assert [row for row in effects(office) if row[1] != "done"] == []
    assert await office.stop_bot(signal.SIGTERM) == 0
    code, printed = await office.command("verify-log")
    assert (code, "ok" in printed) == (0, True), printed
    assert office.slack.violations == []
    assert await leaks.leaks(office, office.log.read_text()) == []
    nothing_stands_twice(office)
    await store_and_messages_agree(office)


def effects(office: Office) -> list[tuple[str, str, str]]:
    """Kind, state and error of every effect."""
    with closing(office) as connection:
        return connection.execute("SELECT kind, state, error FROM effects").fetchall()


def left(office: Office) -> list[tuple[str, str, str]]:
    return [row for row in effects(office) if row[1] in ("waiting", "running")]


@contextlib.contextmanager
def closing(office: Office) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(f"file:{office.path}/onboarding.db?mode=ro", uri=True)) as connection:
        yield connection


def posted(office: Office) -> list[Message]:
    """All that the bot said to everybody in a channel."""
    return [m for c in (office.acme, office.support) for m in c.messages if m.bot and not m.ephemeral_to]


def nothing_stands_twice(office: Office) -> None:
    messages = posted(office)
    ids = Counter(effect_id(m) or m.text for m in messages if not m.files)  # files carry no metadata: their names tell
    assert [name for name, times in ids.items() if times > 1] == []
    said = Counter((m.channel.name, m.thread_ts, m.text) for m in messages if "tried to send a secret" not in m.text)
    doubled = [words for words, times in said.items() if times > 1]
    assert doubled == [], doubled
    assert len(office.acme.bookmarks) == 1
    sessions = [file.name for m in office.acme.messages for file in m.files]
    assert len(sessions) == len(set(sessions))


DRAWN: dict[str, outbox.LastingMessage] = {"card": "card", "step": "step", "review": "review"}


async def store_and_messages_agree(office: Office) -> None:
    bot = build(settings_of(office), Policies())
    try:
        async with bot.store.read() as unit:
            (onboarding,) = await unit.onboardings(closed=True)
            case = await bot.cases.look(unit, onboarding.id, closed=True)
        everything_sent_is_kept(case.snapshot)
        lasting = LastingMessages(bot.store, bot.cases, bot.adapters.slack, Support(office.support.id, "en"))
        for message in posted(office):
            _, name, step = (*effect_id(message).split(":"), "", "")[:3]
            kind = DRAWN.get(name)
            if kind is not None:
                drawn = await lasting.drawing(onboarding.id, kind, step)
                assert message.text == drawn.text, f"{kind} {step}"
                assert [shape(b) for b in message.blocks] == [shape(b) for b in drawn.blocks], f"{kind} {step}"
        exported = json.loads((await export(bot.store, onboarding.id)).json)
        assert {row["state"] for row in exported["steps"]} == {"done"}
        assert exported["drafts"] == []
    finally:
        await bot.store.close()


def shape(block: Any) -> Any:
    """A block as it was sent: Slack adds ids."""
    if isinstance(block, dict):
        return {name: shape(part) for name, part in block.items() if name != "block_id"}
    return [shape(part) for part in block] if isinstance(block, list) else block


def everything_sent_is_kept(snapshot: Snapshot) -> None:
    revisions = {step: len(snapshot.submissions.get(step, [])) for step in STEPS}
    assert revisions == {step: 2 if step == "organization" else 1 for step in STEPS}
    for step in STEPS:
        expected: Answers = example(step)
        if step == "organization":
            expected |= {"address": "Rua do Comércio", "number": "42"}
        if step == "authentication":
            continue  # its key is made anew each time
        kept = snapshot.submissions[step][-1].answers
        assert {name: told(kept.get(name)) for name in expected} == {name: told(value) for name, value in expected.items()}
    decided = Counter((d.subject, d.revision, d.team_id, d.user_id) for d in snapshot.decisions)
    assert [who for who, times in decided.items() if times > 1] == []


def told(value: Any) -> Any:
    """An answer to compare with another: numbers as typed, a list's items without "another one?", which is not kept."""
    if isinstance(value, list):
        return [told(item) for item in value]
    return {k: told(v) for k, v in value.items() if k != "then"} if isinstance(value, dict) else str(value)
