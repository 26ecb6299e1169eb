"""The real bot in the loop of the test, between the stand-ins, with the people of the office: quicker than a process of its own.

An onboarding is brought to any step by the use cases themselves, so that a test begins where its subject begins.
"""

import asyncio
import contextlib
import json
import signal
import sqlite3
from collections.abc import Awaitable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from pydantic import SecretStr

from bot.app import Bot
from bot.buttons import Act, ButtonValue
from bot.engine import Engine
from bot.policies import Policies
from bot.serve import listener
from bot.settings import Settings
from bot.web import build
from flows import filling, fulfilling, reviewing, starting, steering
from flows.fields import Answers
from flows.form import collect
from flows.journey import CURRENT, JOURNEYS
from flows.model import Snapshot
from flows.onboarding import situation
from flows.people import Who
from flows.ports import Unit
from playground.journey import Journey
from playground.office import Office
from playground.slack import Channel, Delivery, Message, Outcome, Person, Seen, UnmetError
from playground.slack.payloads import actions_on_message
from storage.engine import checkpoint
from storage.migrate import upgrade
from tests import leaks

STEPS = JOURNEYS[CURRENT].steps

_empty: list[bytes] = []
"""A migrated database with nothing in it, made once: migrations take longer than most tests."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are pytest's."""
        yield


async def _as_coroutine(running: Awaitable[float | None]) -> float | None:
    return await running


async def _with_a_queue(url: str) -> None:
    """The engine writes down its queue at its first start, and sees a new one only a second later."""

    async def nothing(_batch_id: str) -> None:
        return None

    engine = Engine(url, nothing)
    await engine.start()
    await engine.stop()
    checkpoint(url)


def who(person: Person) -> Who:
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


class Workplace(Office):
    """``bot``: the running bot; ``journey``: people who fill forms and press buttons.

    At its end it is searched for every secret that anybody typed; ``secrets``: such as the guard would not know of.
    """

    def __init__(self, policies: Policies | None = None, *, tls: bool = False) -> None:
        super().__init__(socket_mode=False, tls=tls)
        self.rules = policies or Policies(sweep_seconds=3600, poll_seconds=0.05)
        self.journey = Journey(self)
        self.slack.retry_delays = (0.02, 0.05, 0.1)
        self.secrets: list[str] = []
        self.written = leaks.Log()
        self._patience: tuple[int, float] | None = None
        self._bot: Bot | None = None
        self._server: _Server | None = None
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
            await _with_a_queue(self.database_url)
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

    async def start_bot(self) -> None:
        """A new Bot on what is stored; back when it knows Slack and takes requests."""
        self._bot = bot = Bot(self.settings(), self.rules)
        if self._patience is not None:
            self.patient(*self._patience)
        run_batch, loop = bot.engine._run_batch, asyncio.get_running_loop()

        async def in_this_loop(batch_id: str) -> float | None:
            """The engine finds a loop of its own while that of the tests stands still between two of them."""
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_as_coroutine(run_batch(batch_id)), loop))

        bot.engine._run_batch = in_this_loop
        listening = listener("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        async def health() -> Mapping[str, str]:
            return bot.ready()

        config = uvicorn.Config(build(bot.bolt, health), log_config=None, access_log=False, lifespan="off", ws="none")
        self._server = server = _Server(config)
        await bot.start()
        self._serving = asyncio.create_task(server.serve(sockets=[listening]))
        self.slack.deliver_by(Delivery.http(f"{self.url}/slack/events"))
        await self.slack.until(lambda: server.started and not bot.ready())

    def patient(self, attempts: int = 3, wait: float = 0.02) -> None:
        """From now on effects are tried so often, with so many seconds between; as in production when it was never said."""
        self._patience = attempts, wait
        self.bot.effects._most_attempts = attempts
        self.bot.effects._wait = lambda _attempt: wait

    async def stop_bot(self, how: signal.Signals = signal.SIGTERM) -> int:  # noqa: ARG002  in one process there is one end
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        if self._bot is not None:
            with contextlib.suppress(UnmetError):  # a job in the engine's own loop would be destroyed half-way, with a warning
                await self.slack.until(self._no_jobs, timeout=2)
            await self._bot.stop()
        self._bot = self._server = self._serving = None
        return 0

    def _no_jobs(self) -> bool:
        with contextlib.closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            pending = "SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
            return not connection.execute(pending).fetchone()[0]

    async def restart(self) -> None:
        await self.stop_bot()
        await self.start_bot()

    async def settled(self) -> None:
        """All that was begun is done: tasks after acknowledgements, events, effects."""

        async def still() -> bool:
            if not self.slack.quiet or self.bot.desk._tasks:
                return False
            async with self.bot.store.read() as unit:
                return not await unit.stale_effects(unit.now + timedelta(days=1))

        await self.slack.until(still, timeout=20)

    # -- onboardings

    async def begin(
        self, channel: Channel | None = None, lead: Person | None = None, customer: str = "Acme Bank", language: str = "en"
    ) -> str:
        """Start an onboarding by the use case itself; its id, once its card and first step are posted."""
        channel, lead = channel or self.acme, lead or self.ana
        asked = starting.Start(
            customer=customer,
            channel_id=channel.id,
            lead=who(lead),
            owner_id=self.sam.id,
            language=language,
            go_live=None,
        )
        onboarding = await self.bot.desk.transact(lambda unit: starting.start(unit, self.rules.rules, asked, who(self.sam)))
        await self.settled()
        return onboarding

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

    async def snapshot(self, onboarding: str) -> Snapshot:
        async with self.bot.store.read() as unit:
            found = await unit.snapshot(onboarding)
        if found is None:
            raise LookupError(onboarding)
        return found

    async def state(self, onboarding: str, step: str) -> str:
        return (await self.snapshot(onboarding)).steps[step].state.value

    async def open_step(self, onboarding: str, step: str) -> None:
        """Skip what comes before a step, so that the customer can fill it."""
        rules = self.rules.rules

        async def work(unit: Unit) -> None:
            needed = list(STEPS[step].requires)
            while needed:
                one = needed.pop(0)
                snapshot = await filling_snapshot(unit, onboarding)
                if snapshot.steps[one].state.value not in ("done", "skipped"):
                    await steering.skip(unit, rules, onboarding, one, who(self.sam), "Not needed here.")
                needed += STEPS[one].requires

        await self.bot.desk.transact(work)

    async def send(self, onboarding: str, step: str, person: Person | None = None, **changed: Any) -> None:
        """Open a step and send its example, checked as a sent form is."""
        await self.open_step(onboarding, step)
        rules, actor = self.rules.rules, who(person or self.ana)

        async def work(unit: Unit) -> None:
            snapshot = await filling_snapshot(unit, onboarding)
            form = STEPS[step].form
            raw = {**form.example, **changed}
            clean, problems = collect(form, raw, situation(snapshot, rules, unit.now, actor))
            if problems:
                raise ValueError(problems)
            filling.submit(unit, rules, snapshot, STEPS[step], clean, actor)

        await self.bot.desk.transact(work)
        await self.settled()

    async def approve(self, onboarding: str, step: str, *people: Person) -> None:
        """By one or more of support (Sam)."""
        record = (await self.snapshot(onboarding)).steps[step]
        for person in people or (self.sam,):
            await self.bot.desk.transact(
                lambda unit, by=person: reviewing.approve(  # type: ignore[misc]
                    unit, self.rules.rules, onboarding, step, record.revision, record.digest, who(by)
                )
            )
        await self.settled()

    async def do(self, onboarding: str, step: str, task: str, answers: Answers, person: Person | None = None) -> None:
        await self.bot.desk.transact(
            lambda unit: fulfilling.do_task(unit, self.rules.rules, onboarding, step, task, answers, who(person or self.sam))
        )
        await self.settled()

    # -- pressing what need not be on the screen

    async def press(
        self,
        person: Person,
        channel: Channel,
        act: Act | str,
        value: ButtonValue | str = "",
        *,
        message: Message | None = None,
        at: str = "",
    ) -> Outcome:
        """A press as Slack delivers it, of a button that stands (or stood) on a message of the bot. ``at``: its action_ts."""
        there = message or Message(self.slack.world.new_ts(), channel, self.slack.bot_user_id, "An old message", bot=True)
        payload = actions_on_message(self.slack, person.user, there, {})
        text = value if isinstance(value, str) else value.dumped()
        action = {"type": "button", "block_id": "b", "action_id": str(act), "value": text}
        action["action_ts"] = at or self.slack.world.new_ts()
        return await self.deliver(person, payload | {"actions": [action]})

    async def deliver(self, person: Person, payload: Mapping[str, Any]) -> Outcome:
        """A payload as it is."""
        answer = await self.slack.courier.interact(dict(payload))
        return Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body, view=person.view)

    async def deliver_command(self, person: Person, text: str, channel: Channel) -> Outcome:
        """`/onboarding <text>` of anyone, as if Slack let them."""
        payload = {
            "team_id": person.team_id,
            "channel_id": channel.id,
            "user_id": person.id,
            "command": "/onboarding",
            "text": text,
            "trigger_id": self.slack.new_trigger(person.user),
            "response_url": "",
        }
        answer = await self.slack.courier.command(payload)
        return Outcome(answer.ok, answer.ms, answer.status, answer.error, answer.body)

    def answers(self, person: Person) -> list[str]:
        """All that the bot said to one person alone, oldest first."""
        told = [
            message
            for channel in self.slack.world.channels.values()
            for message in channel.messages
            if message.ephemeral_to == person.id or (channel.im == person.id and message.bot)
        ]
        return [Seen.of(message).said for message in sorted(told, key=lambda message: message.ts)]

    def shown(self, person: Person) -> str:
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


async def filling_snapshot(unit: Unit, onboarding: str) -> Snapshot:
    snapshot = await unit.snapshot(onboarding)
    if snapshot is None:
        raise LookupError(onboarding)
    return snapshot
