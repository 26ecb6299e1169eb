"""The bot is killed (SIGKILL) at random points of whole journeys and started again, while Slack, Pismo and the Service Desk fail at
random, on both databases and over both transports. People insist, but never repeat what was acknowledged: nothing of it is lost,
nothing stands twice, and every message tells what the store says."""

import asyncio
import contextlib
import json
import logging
import math
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.app import build
from bot.config.policies import Policies
from bot.jobs.lasting import LastingMessages
from bot.messages.support import Support
from flows import outbox
from flows.cases.settle import situation_of
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.journey import JOURNEYS
from flows.model import Snapshot
from flows.rules import Rules
from playground.acts import Acts, example, play
from playground.companies import first_company
from playground.drill import SOON
from playground.office import CALM, Office
from playground.postgres import database, server
from playground.random_faults import RandomFaults
from playground.slack import Message, UnmetError
from playground.slack.screen import tells
from playground.walkthrough import FormRefusedError, Walkthrough, effect_id, said
from storage.export import export
from storage.sealing import new_key
from tests import leaks
from tests.bot.workplace import settings_of
from tests.databases import rows

log = logging.getLogger(__name__)

WARNING = said("say.secret_in_channel")
KILLS = int(os.environ.get("KILLS") or 8)
FAULTS = int(os.environ.get("FAULTS") or 12)
"""In all, not counting deliveries that came twice; `make soak` has more of both."""
SEED = int(os.environ.get("KILL_SEED") or 1)
"""Of the first journey; those that follow have the next ones."""
KILLS_EACH, FAULTS_EACH = 10, 100
"""About as many as one journey takes."""
FEW = 24
"""With fewer kills, each database is paired with one transport."""
JOURNEY = 450
"""Payloads and calls of a journey, roughly."""
STARTING = 0.15
"""The share of kills that come while the bot is still starting."""

KEYS = new_key()
"""Of all offices: what is stored is read in this process, which opens with the keys of the last store that was made."""

LASTING = 15.0
"""Seconds that people give what they do not press again; within less they press again."""
READY = 10.0
"""Seconds within which a bot that was started again is not killed, unless it is ready sooner."""
PATIENCE = 700.0
"""Seconds until something must have come true, however often the bot was killed in the meantime and however busy the machine is: after
bad luck again and again, an effect is tried every five minutes."""

pytestmark = [pytest.mark.process, pytest.mark.chance, pytest.mark.timeout(300 + KILLS * 30 + FAULTS * 5)]


@dataclass(frozen=True)
class Way:
    """Which database the bot has, and how Slack reaches it."""

    database: str
    socket_mode: bool

    def __str__(self) -> str:
        return f"{self.database}, {'Socket Mode' if self.socket_mode else 'HTTP'}"


WAYS = (Way("sqlite", True), Way("postgresql", False), Way("sqlite", False), Way("postgresql", True))


@dataclass
class Tally:
    """What happened on one way. ``tries``: presses, forms and commands of people. ``stopped``: journeys that ended otherwise."""

    way: Way
    journeys: int = 0
    seconds: float = 0.0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    tries: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    """The seeds of journeys after which something was wrong."""

    def count(self, office: Office) -> None:
        """What people did, and what Slack delivered twice."""
        self.duplicates += office.slack.faults.duplicated
        acts = [one for one in office.slack.deliveries if one.kind in ("block_actions", "view_submission", "slash_command")]
        self.tries += len(acts)
        self.acknowledged += sum(one.error is None for one in acts)

    @property
    def troubles(self) -> list[str]:
        return self.lost + self.doubled + self.wrong + self.stopped

    def __str__(self) -> str:
        kinds = ", ".join(f"{times} {kind}" for kind, times in sorted(self.faults.items()))
        ends = ", ".join(f"{len(getattr(self, end))} {end}" for end in ("lost", "doubled", "wrong", "stopped"))
        return (
            f"{self.way}: {self.journeys} journeys in {self.seconds:.0f} s, {self.kills} kills, {self.faults.total()} faults ({kinds}), "
            f"{self.duplicates} duplicates, {self.tries} tries, {self.acknowledged} acknowledged; {ends}"
        )


class Killer:
    """Kills the bot and starts it again, until told that the journey ended, at ``most`` so many times. ``kills``: how often it did."""

    def __init__(self, office: Office, chance: random.Random, most: int) -> None:
        self.office, self.slack, self.chance, self.most = office, office.slack, chance, most
        self.max_gap = max(30, JOURNEY // max(1, most))  # few kills are spread over a whole journey
        self.kills, self.points = 0, list[str]()
        self.over = False

    def seen(self) -> int:
        return len(self.slack.calls) + len(self.slack.deliveries)

    async def run(self) -> None:
        while await self._kill_after(self.chance.randrange(self.max_gap)):
            while self.chance.random() < STARTING:
                await self.office.spawn_bot()
                if not await self._kill_after(0, within=1.5):
                    break
            else:
                await self.office.spawn_bot()
            with contextlib.suppress(UnmetError):  # where Slack fails, it may take long
                await self.slack.until(self.office.is_ready, timeout=READY)

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


class Misfortune:
    """Faults of all that the bot talks to, at random, about ``most`` together: `end` stops them, and `met` counts them by kind."""

    def __init__(self, office: Office, chance: random.Random, most: int) -> None:
        self.office, self.slack = office, office.slack.faults
        share = min(0.25, most * 3 / JOURNEY)
        self.at_slack = RandomFaults(chance, ("drop_before", "drop_after", "5xx", "429"), share, most)
        self.slack.at_random = self.at_slack
        office.slack.world.chance.seed(chance.random())
        self.slack.duplicate_deliveries = chance.choice([0.0, 0.3])
        others = ("drop_before", "drop_after", "429")
        self.pismo = office.pismo.faults.at_random = RandomFaults(chance, (*others, "5xx", "gateway"), 0.3, most // 20)
        self.desk = office.service_desk.at_random = RandomFaults(chance, (*others, "500", "gateway"), 0.3, most // 20)

    def end(self) -> None:
        self.slack.clear()
        self.office.pismo.faults.clear()
        self.office.service_desk.at_random = None

    @property
    def met(self) -> Counter[str]:
        found = Counter[str]()
        for whose, at_random in (("Slack", self.at_slack), ("Pismo", self.pismo), ("Service Desk", self.desk)):
            found.update({f"{kind} of {whose}": times for kind, times in at_random.met.items()})
        return found


async def test_kills_and_faults_lose_nothing_and_double_nothing(record_property: Callable[[str, object], None]) -> None:
    with server() as url:
        ways = [way for way in (WAYS if KILLS >= FEW else WAYS[:2]) if url is not None or way.database == "sqlite"]
        kills, faults = KILLS // len(ways), FAULTS // len(ways)
        planned = max(1, math.ceil(kills / KILLS_EACH), math.ceil(faults / FAULTS_EACH))
        each = math.ceil(kills / planned), math.ceil(faults / planned)
        tallies = await asyncio.gather(*(torment(way, kills, faults, each, url or "") for way in ways))
    for tally in tallies:
        record_property("summary", str(tally))
    size = f"KILLS={each[0] * len(ways)} FAULTS={each[1] * len(ways)}"
    again = [f"{tally.way}: play it again with KILL_SEED={seed} {size}" for tally in tallies for seed in tally.failed]
    troubles = [f"{tally.way}: {trouble}" for tally in tallies for trouble in tally.troubles]
    assert not troubles, "\n".join([*map(str, tallies), *troubles, *again])


async def torment(way: Way, kills: int, faults: int, each: tuple[int, int], server_url: str) -> Tally:
    """As many journeys as so many kills and faults take; after three that failed, no more. ``each``: the most of both in one."""
    tally = Tally(way)
    while (tally.kills < kills or tally.faults.total() < faults) and len(tally.failed) < 3:
        seed, began = SEED + tally.journeys, time.monotonic()
        with contextlib.ExitStack() as stack:
            policies = CALM if way.database == "sqlite" else CALM + SOON
            office = Office(socket_mode=way.socket_mode, policies=policies)
            if way.database == "postgresql":
                office.database_url = stack.enter_context(database(server_url))
            office.keys = KEYS
            before = len(tally.troubles)
            left_over = max(0, kills - tally.kills), max(0, faults - tally.faults.total())
            await journey(office, random.Random(f"{seed} {way}"), tally, *map(min, each, left_over))
        if len(tally.troubles) > before:
            tally.failed.append(seed)
        tally.journeys += 1
        tally.seconds += time.monotonic() - began
        log.info("%s", tally)
    return tally


async def journey(office: Office, chance: random.Random, tally: Tally, kills: int, faults: int) -> None:
    """One whole journey, and what must be so in its end."""
    leaks.listen(office)
    async with office:
        office.slack.retry_delays = (0.1, 1, 2, 4, 8)
        wait_long(office)
        misfortune = Misfortune(office, chance, faults)
        killer = Killer(office, chance, kills)
        killing = asyncio.create_task(killer.run())
        playing = asyncio.create_task(play(Walkthrough(office), without={Acts.restart, Acts.reminder, Acts.verified}))
        try:
            await playing
            killer.over = True
            await killing
            await look_at_the_end(office, misfortune, tally)
        except (UnmetError, FormRefusedError) as error:
            log.exception("killed after %s\n%s", killer.points, office.log.read_text()[-8000:])
            tally.lost.append(str(error).partition("\n")[0])
        except BaseException as error:
            log.exception("killed after %s\n%s", killer.points, office.log.read_text()[-8000:])
            if not isinstance(error, Exception):
                raise
            tally.stopped.append(repr(error))
        finally:
            playing.cancel()
            killing.cancel()
            await asyncio.gather(playing, killing, return_exceptions=True)
        tally.kills += killer.kills
        tally.faults += misfortune.met
        tally.count(office)


def wait_long(office: Office) -> None:
    """What people wait for, rather than press again, may take several starts of the bot."""
    until = office.slack.until

    async def patient(condition: Callable[[], Any], timeout: float = 10.0) -> Any:  # noqa: ASYNC109  as what it stands for
        return await until(condition, PATIENCE if timeout >= LASTING else timeout)

    office.slack.until = patient  # type: ignore[method-assign]


# -- what must be so in the end


async def look_at_the_end(office: Office, misfortune: Misfortune, tally: Tally) -> None:
    """Raises UnmetError if something that was asked for is never done."""
    await office.slack.until(lambda: not left(office), timeout=PATIENCE)
    misfortune.end()
    tally.lost += [f"{kind} {state}: {error}" for kind, state, error in effects(office) if state != "done"]
    tally.doubled += doubled(office)
    if (code := await office.stop_bot(signal.SIGTERM)) != 0:
        tally.stopped.append(f"ended with {code}")
    code, printed = await office.command("verify-log")
    if code or "ok" not in printed:
        tally.wrong.append(printed)
    tally.wrong += map(str, office.slack.violations)
    tally.wrong += await leaks.leaks(office, office.log.read_text())
    await compare_with_the_store(office, tally)


def effects(office: Office) -> list[tuple[str, str, str]]:
    """Kind, state and error of every effect."""
    return [(kind, state, error) for kind, state, error in rows(office.database_url, "SELECT kind, state, error FROM effects")]


def left(office: Office) -> list[tuple[str, str, str]]:
    return [row for row in effects(office) if row[1] in ("waiting", "running")]


def posted(office: Office) -> list[Message]:
    """All that the bot said to everybody in a channel."""
    return [m for c in (office.acme, office.support) for m in c.messages if m.bot and not m.ephemeral_to]


def doubled(office: Office) -> list[str]:
    """What stands more than once."""
    messages = posted(office)
    found = Counter(effect_id(m) or m.text for m in messages if not m.files)  # files carry no metadata: their names tell
    found += Counter(f"{m.channel.name} {m.thread_ts} {m.text}" for m in messages if not tells(m.text, WARNING))
    found += Counter(file.name for m in office.acme.messages for file in m.files)
    found += Counter(f"bookmark in {mark['channel_id']}" for mark in office.acme.bookmarks)
    found += Counter(str(ticket.values) for ticket in office.service_desk.tickets)
    found += Counter(f"{ticket.key} {said.body}" for ticket in office.service_desk.tickets for said in ticket.comments)
    return [name for name, times in found.items() if times > 1]


DRAWN: dict[str, outbox.LastingMessage] = {"card": "card", "step": "step", "review": "review"}


async def compare_with_the_store(office: Office, tally: Tally) -> None:
    bot = build(settings_of(office), Policies())
    try:
        async with bot.store.read() as unit:
            (onboarding,) = await unit.onboardings(closed=True)
            snapshot = (await bot.cases.look(unit, onboarding.id, closed=True)).snapshot
        tally.lost += not_kept(snapshot, first_company(office).choices)
        tally.doubled += decided_twice(snapshot)
        lasting = LastingMessages(bot.store, bot.cases, bot.adapters.slack, Support(office.support.id, "en"))
        for message in posted(office):
            _, name, step = (*effect_id(message).split(":"), "", "")[:3]
            kind = DRAWN.get(name)
            if kind is not None:
                drawn = await lasting.drawing(onboarding.id, kind, step)
                if (message.text, shape(message.blocks)) != (drawn.text, shape(drawn.blocks)):
                    tally.wrong.append(f"{kind} {step} shows {message.text!r}, not {drawn.text!r}")
        exported = json.loads((await export(bot.store, onboarding.id)).json)
        tally.lost += [f"{row['step_id']} is {row['state']}" for row in exported["steps"] if row["state"] != "done"]
        tally.wrong += [f"a draft of {draft['form']} is left" for draft in exported["drafts"]]
    finally:
        await bot.store.close()


def shape(block: Any) -> Any:
    """A block as it was sent: Slack adds ids."""
    if isinstance(block, dict):
        return {name: shape(part) for name, part in block.items() if name != "block_id"}
    return [shape(part) for part in block] if isinstance(block, list | tuple) else block


def not_kept(snapshot: Snapshot, choices: Mapping[str, Answers]) -> Iterator[str]:
    """Answers that were sent. ``choices``: those that are the company's."""
    for step in snapshot.steps:
        sent = snapshot.submissions.get(step, [])
        wanted = 2 if step == "organization" else 1
        if len(sent) < wanted:
            yield f"revision {len(sent) + 1} of {step}"
        if not sent or step == "authentication":  # its key is made anew each time
            continue
        typed: Answers = {**example(step), **choices.get(step, {})}
        if step == "organization":
            typed |= {"address": "Rua do Comércio", "number": "42"}
        situation = situation_of(snapshot, Rules(), datetime.now(UTC))
        form = JOURNEYS.latest.steps[step].form
        known = {name for page in form.pages if page.known for name in page.model.model_fields}  # not asked, so nobody typed it
        expected, _ = collect(form, typed, situation)
        kept = sent[-1].answers
        yield from (f"{step}.{name}" for name in expected.keys() - known if told(kept.get(name)) != told(expected[name]))


def decided_twice(snapshot: Snapshot) -> Iterator[str]:
    for step in snapshot.steps:
        if len(snapshot.submissions.get(step, [])) > (2 if step == "organization" else 1):
            yield f"the last revision of {step}"
    decided = Counter((d.subject, d.revision, d.team_id, d.user_id) for d in snapshot.decisions)
    yield from (
        f"a decision on {subject}, revision {revision}" for (subject, revision, *_), times in decided.items() if times > 1
    )


def told(value: Any) -> Any:
    """An answer to compare with another: numbers as typed, a list's items without "another one?", which is not kept."""
    if isinstance(value, list):
        return [told(item) for item in value]
    return {k: told(v) for k, v in value.items() if k != "then"} if isinstance(value, dict) else str(value)
