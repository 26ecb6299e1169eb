"""The real bot in the loop of the test, between the stand-ins, with the people of the office: quicker than a process of its own.

An onboarding is brought to any step by the use cases themselves, so that a test begins where its subject begins.
"""

import asyncio
import contextlib
import json
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import uvicorn
from pydantic import SecretStr

from bot.adapters import Adapters
from bot.app import Bot, build
from bot.config.policies import Policies
from bot.config.settings import Settings
from bot.inspection.inspections import Inspections
from bot.jobs.errors import RetryLater
from bot.jobs.executor import Patience
from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import languages, table
from bot.ops.http_server import listener, server
from bot.slack.web import ops_routes, slack_routes
from flows.cases import fill, manage, review, tasks
from flows.cases.case import Case
from flows.cases.start import StartRequest, start
from flows.desk import Need, Wanted
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.journey import JOURNEYS
from flows.model import Snapshot, StepRecord
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.state import ENDED
from playground.office import Office
from playground.slack import Channel, Delivery, Message, Outcome, SeenMessage, SlackPerson, Team
from playground.slack.payloads import actions_on_message
from playground.walkthrough import Walkthrough
from storage.engine import checkpoint
from storage.migrate import upgrade
from storage.outbox import Claim
from tests import leaks
from tests.bot.jobs.engine_place import Restless

STEPS = {step_id: step for step_id, step in JOURNEYS.latest.steps.items() if not step.brought_by}
"""Those that every customer has."""

_empty: list[bytes] = []
"""A migrated database with nothing in it, made once: migrations take longer than most tests."""


def soon(_attempt: int) -> float:
    """The pause before the next attempt."""
    return 0.02


@dataclass(frozen=True)
class ThreeTimes(Patience):
    """Gives up after the third time, since a test can't wait for an effect to grow old."""

    def ends(self, claim: Claim, age: timedelta) -> bool:
        return claim.attempts >= 3 or super().ends(claim, age)


PROMPT = ThreeTimes(wait=soon)
ENDLESS = Patience(wait=soon)


@dataclass(frozen=True)
class _Told(Patience):
    """As the workplace says at the moment, so that a test can change it while the bot runs."""

    of: Callable[[], Patience] = Patience

    def ends(self, claim: Claim, age: timedelta) -> bool:
        return self.of().ends(claim, age)

    def rest(self, why: RetryLater) -> float:
        return self.of().rest(why)


class _Shared(Inspections):
    """One for all bots of the tests' own process: starting its processes for each would take longer than most tests."""

    async def run(self, job: str, *arguments: Any, seconds: float = 0.0, within: float = 0.0, patient: bool = False) -> Any:
        """Takes its time: what else the machine does meanwhile is no subject of a test."""
        return await super().run(job, *arguments, seconds=max(seconds, LONG), within=max(within, LONG), patient=patient)

    async def stuck(self) -> Any:
        """As if what was handed over took too long."""
        return await super().run("tests.bot.inspection.jobs:spin", seconds=0.1, within=LONG)

    async def broken_off(self) -> Any:
        """As if what was handed over had ended the process that looks into it."""
        return await super().run("tests.bot.inspection.jobs:die", seconds=LONG, within=LONG)

    def close(self) -> None:
        """They end with this process."""


INSPECTIONS = _Shared()
LONG = 30.0
"""Seconds."""


def ended(pid: int) -> bool:
    """Whether a process is gone; one that nobody has taken leave of yet counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def who(person: SlackPerson) -> Who:
    return Who(person.team_id, person.id)


def settings_of(office: Office) -> Settings:
    return Settings(
        slack_bot_token=SecretStr(office.slack.bot_token),
        slack_signing_secret=SecretStr(office.slack.signing_secret),
        slack_app_token=None,
        slack_api_url=office.slack.api_url,
        support_channel=office.support.id,
        support_usergroup="",
        database_url=office.database_url,
        encryption_keys=SecretStr(office.keys),
        pismo_api_url=office.pismo.url,
    )


OFFERS = tuple(
    text.partition("*")[0] for one in languages() for text in (table(one)["list.next"], table(one)["list.nothing_next"])
)
"""How an offer of what waits next begins."""


class Workplace(Office):
    """``bot``: the running bot; ``journey``: people who fill forms and press buttons. ``patience``: of the effects; it may be changed.

    At its end it is searched for every secret that anybody typed; ``secrets``: such as the guard would not know of.
    """

    def __init__(self, policies: Policies | None = None, *, patience: Patience | None = None, tls: bool = False) -> None:
        super().__init__(socket_mode=False, tls=tls)
        self.rules = policies or Policies(sweep_seconds=3600, channel_seconds=0.0)
        self.patience = patience or Patience()
        self.journey = Walkthrough(self)
        self.slack.retry_delays = (0.02, 0.05, 0.1)
        self.secrets: list[str] = []
        self.written = leaks.Log()
        self._bot: Bot | None = None
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def bot(self) -> Bot:
        if self._bot is None:
            raise RuntimeError("the bot does not run")
        return self._bot

    @property
    def file(self) -> Path:
        return self.path / "onboarding.db"

    # -- life

    async def __aenter__(self) -> Self:
        leaks.listen(self)
        self.written.open()
        await self.slack.start()
        await self.sandbox.start()
        self._people()
        if not _empty:
            upgrade(self.database_url)
            checkpoint(self.database_url)
            _empty.append(self.file.read_bytes())
        self.file.write_bytes(_empty[0])
        await self.start_bot()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.written.close()
        found = [] if kind else await self.leaks()
        await super().__aexit__(kind, error, trace)
        assert found == [], found

    async def leaks(self) -> list[str]:
        """Where a secret that somebody typed can be read."""
        return await leaks.leaks(self, self.written.stream.getvalue(), self.secrets)

    def settings(self) -> Settings:
        return settings_of(self)

    def adapters(self) -> Adapters:
        patience = _Told(wait=self._wait, of=lambda: self.patience)
        return replace(Adapters.real(self.settings()), patience=patience, inspections=INSPECTIONS)

    def _wait(self, attempt: int) -> float:
        return self.patience.wait(attempt)

    async def start_bot(self) -> None:
        """A new Bot on what is stored; back when it knows Slack and takes requests."""
        self._bot = bot = build(self.settings(), self.rules, adapters=self.adapters())
        listening = listener("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        async def health() -> Mapping[str, str]:
            return bot.ready()

        self._server = serving = server([*slack_routes(bot.bolt, self.slack.signing_secret), *ops_routes(health, bot.notices)])
        await bot.start()
        self._serving = asyncio.create_task(serving.serve(sockets=[listening]))
        self.slack.deliver_by(Delivery.http(f"{self.url}/slack/events"))
        await self.slack.until(lambda: serving.started and not bot.ready())

    async def stop_bot(self, how: signal.Signals = signal.SIGTERM) -> int:  # noqa: ARG002  in one process there is one end
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        if self._bot is not None:
            await self._bot.stop()
        self._bot = self._server = self._serving = None
        return 0

    async def restart(self) -> None:
        await self.stop_bot()
        await self.start_bot()

    async def taken_elsewhere(self, monkeypatch: pytest.MonkeyPatch, trying: Coroutine[Any, Any, str]) -> str:
        """As where several processes run: what is tried with a pasted token is taken again and again by one that has no token, while
        Pismo does not answer. Returns what is told once it does."""
        monkeypatch.setattr(type(self.bot.store), "one_writer", False)
        patience, self.patience = self.patience, Restless(wait=soon)
        self.pismo.faults.add("*", "5xx", times=10_000)
        tried = asyncio.create_task(trying)
        await self.slack.until(lambda: self.bot.tokens)
        tokens = dict(self.bot.tokens)
        self.bot.tokens.clear()
        left = self.left_to_others
        await self.slack.until(lambda: self.left_to_others > left + 1)
        self.bot.tokens.update(tokens)
        self.pismo.faults.clear()
        told = await tried
        self.patience = patience
        return told

    @property
    def left_to_others(self) -> int:
        """How often an effect was put off without having been tried."""
        return self.written.stream.getvalue().count('"ratelimited"')

    async def settled(self) -> None:
        """All that was begun is done: tasks after acknowledgements, events, effects."""

        async def still() -> bool:
            if not self.slack.quiet or self.bot.background.busy:
                return False
            async with self.bot.store.read() as unit:
                return not await unit.open_effects()

        await self.slack.until(still, timeout=20)

    # -- onboardings

    async def begin(
        self, channel: Channel | None = None, lead: SlackPerson | None = None, customer: str = "Acme Bank", language: str = "en"
    ) -> str:
        """Start an onboarding by the use case itself; its id, once its card and first step are posted."""
        channel, lead = channel or self.acme, lead or self.ana
        asked = StartRequest(
            customer=customer,
            channel_id=channel.id,
            lead=who(lead),
            owner_id=self.sam.id,
            language=language,
            go_live=None,
        )
        onboarding = await self.bot.store.transact(lambda unit: start(unit, self.rules.rules, asked, who(self.sam)))
        await self.settled()
        return onboarding

    def join_grid(self, team: Team, enterprise: str) -> None:
        """The workspace is one of an Enterprise Grid organization's. The bot learns that of its own when it starts."""
        grid, world = replace(team, enterprise=enterprise), self.slack.world
        world.teams[world.teams.index(team)] = grid
        for user in world.users.values():
            user.team = grid if user.team == team else user.team

    def new_channel(self) -> Channel:
        """Acme's from now on, for an onboarding of its own."""
        pismo, acme = self.slack.world.teams[:2]
        self.acme = self.slack.add_channel("acme_pismo", pismo, [self.sam, self.ana, self.bruno], shared_with=[acme])
        return self.acme

    async def tidy(self) -> None:
        """What is begun ends, no form is open, and nothing is faulty any more."""
        for person in self.slack.people.values():
            person.user.stack.clear()
        self.slack.faults.clear()
        self.slack.trigger_seconds = 3.0
        self.pismo.faults.clear()
        await self.settled()

    async def leads_to(self, onboarding: str, need: Need) -> set[tuple[str, str]]:
        """The messages, by ts and thread, to which support's queue leads for what waits for this reason."""
        async with self.bot.store.read() as unit:
            rows = (await unit.waiting(Wanted(), limit=1000)).rows
        found = [row.place for row in rows if (row.onboarding_id, row.need) == (onboarding, need)]
        return {(place.ts, place.thread_ts) for place in found if place is not None}

    async def snapshot(self, onboarding: str) -> Snapshot:
        async with self.bot.store.read() as unit:
            found = await unit.snapshot(onboarding)
        if found is None:
            raise LookupError(onboarding)
        return found

    async def state(self, onboarding: str, step: str) -> str:
        return (await self.snapshot(onboarding)).steps[step].state.value

    async def act(self, onboarding: str, work: Callable[[Case], object], by: SlackPerson | None = None) -> None:
        """Carry out a use case; what follows by itself is not waited for. ``by``: None for what happens by itself."""
        actor = who(by) if by is not None else SYSTEM

        async def transaction(unit: Unit) -> None:
            async with self.bot.cases.open(unit, onboarding, actor, closed=True) as case:
                done = work(case)
                if isinstance(done, Awaitable):
                    await done

        await self.bot.store.transact(transaction)

    async def close(self, onboarding: str) -> None:
        """By Sam, whatever is left to do."""
        await self.act(onboarding, manage.close, self.sam)

    async def add_steps(self, onboarding: str) -> None:
        """All that planning can bring."""

        def add(case: Case) -> None:
            for position, (step_id, step) in enumerate(JOURNEYS.latest.steps.items()):
                if step.brought_by:
                    name = f"{onboarding}:{step_id}"
                    record = StepRecord(id=name, onboarding_id=onboarding, step_id=step_id, position=position)
                    case.unit.add(record)
                    case.snapshot.steps[step_id] = record

        await self.act(onboarding, add)

    async def open_step(self, onboarding: str, step: str) -> None:
        """Skip what comes before a step, so that the customer can fill it."""
        before = set[str]()
        there, steps = (await self.snapshot(onboarding)).steps, JOURNEYS.latest.steps
        needed = list(steps[step].requires)
        while needed:
            before.add(needed[0])
            needed += steps[needed.pop(0)].requires
        await self.skip(onboarding, *(one for one in steps if one in before and one in there))

    async def skip(self, onboarding: str, *steps: str) -> None:
        """By Sam, and by Kim too where it takes two; what has ended stays as it is."""

        def skip(case: Case) -> None:
            for step in steps:
                if case.record(step).state not in ENDED:
                    manage.skip(case, step, "Not needed here.")

        for person in (self.sam, self.kim):
            await self.act(onboarding, skip, person)

    async def send(self, onboarding: str, step: str, person: SlackPerson | None = None, **changed: Any) -> None:
        """Open a step and send its example, checked as a sent form is."""
        await self.open_step(onboarding, step)

        def submit(case: Case) -> None:
            form = case.step(step).form
            clean, problems = collect(form, {**form.example, **changed}, case.situation)
            if problems:
                raise ValueError(problems)
            fill.submit(case, step, clean)

        await self.act(onboarding, submit, person or self.ana)
        await self.settled()

    async def approve(self, onboarding: str, step: str, *people: SlackPerson) -> None:
        """By one or more of support (Sam)."""
        record = (await self.snapshot(onboarding)).steps[step]
        for person in people or (self.sam,):
            await self.act(onboarding, lambda case: review.approve(case, step, record.revision, record.digest), person)
        await self.settled()

    async def do(self, onboarding: str, step: str, task: str, answers: Answers, person: SlackPerson | None = None) -> None:
        await self.act(onboarding, lambda case: tasks.do_task(case, step, task, answers), person or self.sam)
        await self.settled()

    @contextlib.contextmanager
    def damaged(self, onboarding: str, table: str, column: str = "answers") -> Iterator[None]:
        """What is sealed in this column of the customer's rows can't be read meanwhile."""

        def write(values: Iterable[tuple[str, str]]) -> None:
            with contextlib.closing(sqlite3.connect(self.file)) as connection, connection:
                connection.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", values)  # noqa: S608  names of ours

        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            query = f"SELECT {column}, id FROM {table} WHERE onboarding_id = ?"  # noqa: S608  names of ours
            whole: list[tuple[str, str]] = connection.execute(query, (onboarding,)).fetchall()
        write((value[:-8] + "AAAAAAAA", row) for value, row in whole)
        try:
            yield
        finally:
            write(whole)

    # -- pressing what need not be on the screen

    async def press(
        self,
        person: SlackPerson,
        channel: Channel,
        act: Act | str,
        value: ButtonValue | str = "",
        *,
        message: Message | None = None,
        action_ts: str = "",
    ) -> Outcome:
        """A press as Slack delivers it, of a button that stands (or stood) on a message of the bot."""
        there = message or Message(self.slack.world.new_ts(), channel, self.slack.bot_user_id, "An old message", bot=True)
        payload = actions_on_message(self.slack, person.user, there, {})
        text = value if isinstance(value, str) else value.dump()
        action = {"type": "button", "block_id": "b", "action_id": str(act), "value": text}
        action["action_ts"] = action_ts or self.slack.world.new_ts()
        return await self.deliver(person, payload | {"actions": [action]})

    async def deliver(self, person: SlackPerson, payload: Mapping[str, Any]) -> Outcome:
        """A payload as it is."""
        answer = await self.slack.courier.interact(dict(payload))
        return Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body, view=person.view)

    async def deliver_command(self, person: SlackPerson, text: str, channel: Channel, trigger: str = "") -> Outcome:
        """`/onboarding <text>` of anyone, as if Slack let them. ``trigger``: that of an earlier one, which is sent again."""
        payload = {
            "team_id": person.team_id,
            "channel_id": channel.id,
            "user_id": person.id,
            "command": "/onboarding",
            "text": text,
            "trigger_id": trigger or self.slack.new_trigger(person.user),
            "response_url": "",
        }
        answer = await self.slack.courier.command(payload)
        return Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body)

    def answers(self, person: SlackPerson) -> list[str]:
        """All that the bot said to one person alone, oldest first, without what waits next for them."""
        return [said for said in self.told(person) if not said.startswith(OFFERS)]

    def told(self, person: SlackPerson) -> list[str]:
        """All that the bot said to one person alone, oldest first."""
        told = [
            message
            for channel in self.slack.world.channels.values()
            for message in channel.messages
            if message.ephemeral_to == person.id or (channel.im == person.id and message.bot)
        ]
        return [SeenMessage.of(message).said for message in sorted(told, key=lambda message: message.ts)]

    def shown(self, person: SlackPerson) -> str:
        """What the modal on top shows."""
        return json.dumps(person.view.data, ensure_ascii=False) if person.view else ""

    # -- what is stored

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables that hold customers' things, to tell whether anything was changed."""
        names = (
            "onboardings",
            "steps",
            "submissions",
            "drafts",
            "decisions",
            "tasks",
            "grants",
            "members",
            "effects",
            "audit_events",
            "posted",
        )
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}  # noqa: S608  own names
