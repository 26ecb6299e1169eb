"""One onboarding in a real store whose clock the test sets; reads back what use cases asked to post, as people would get it."""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select

from flows.cases import fill, manage, remind, renewals, review, start, tasks
from flows.cases.access import Access
from flows.cases.case import Case, Cases
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.journey import JOURNEYS
from flows.model import EffectRecord, Snapshot, StepRecord
from flows.people import SYSTEM, Who
from flows.rules import Rules
from flows.state import StepState
from storage.migrate import upgrade
from storage.sealing import Keyring, new_key
from storage.store import Store
from storage.tables import effects as effects_table
from storage.unit import Unit

T = TypeVar("T")

STEPS = {step_id: step for step_id, step in JOURNEYS.latest.steps.items() if not step.brought_by}
"""Those that every customer has."""
LEAD, COLLEAGUE = Who("TCUST", "UANA"), Who("TCUST", "UBRUNO")
OWNER, KIM, LIZ = Who("THOME", "USAM"), Who("THOME", "UKIM"), Who("THOME", "ULIZ")
MONDAY = datetime(2026, 3, 9, 13, tzinfo=UTC)
"""Ten o'clock in São Paulo."""


class Sent(NamedTuple):
    """A reminder: when, in whose thread, to whom, about which steps."""

    at: datetime
    where: str
    user: str
    steps: tuple[str, ...]


class Escalated(NamedTuple):
    """``where``: the step's thread, or the support channel. ``reminders``: how many were sent to ``user`` since (Unix seconds)."""

    at: datetime
    where: str
    user: str
    step: str
    reminders: int
    since: int


@cache
def _empty() -> bytes:
    """A migrated, empty database: migrations take longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


class CaseBook:
    """``act`` does something as one person in its own case, as the listeners do."""

    def __init__(self, store: Store, rules: Rules, clock: list[datetime]) -> None:
        self.store, self.rules, self._clock = store, rules, clock
        self.access = access = Access()
        access.team_id, access.support = OWNER.team_id, frozenset({OWNER, KIM, LIZ})
        self.cases = Cases(rules, access)
        self.id = ""
        self._read: set[str] = set()

    @property
    def now(self) -> datetime:
        return self._clock[0]

    @now.setter
    def now(self, at: datetime) -> None:
        self._clock[0] = at

    async def do(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        return await self.store.transact(work)

    async def act(self, work: Callable[[Case], Any], who: Who = OWNER, *, closed: bool = False, shows: bool = True) -> Any:
        """``work`` may be a coroutine function. ``closed``, ``shows``: as `Cases.open` takes them."""

        async def opened(unit: Unit) -> Any:
            async with self.cases.open(unit, self.id, who, closed=closed, shows=shows) as case:
                done = work(case)
                return await done if inspect.isawaitable(done) else done

        return await self.do(opened)

    async def start(self, channel: str = "C1", customer: str = "Acme Bank") -> str:
        asked = start.StartRequest(customer, channel, LEAD, OWNER.user_id, "en", None)
        self.id = await self.do(lambda unit: start.start(unit, self.rules, asked, OWNER))
        return self.id

    async def snapshot(self) -> Snapshot:
        async with self.store.read() as unit:
            found = await unit.snapshot(self.id)
        assert found is not None
        return found

    async def step(self, step: str) -> StepRecord:
        return (await self.snapshot()).steps[step]

    async def skip(self, *steps: str) -> None:
        """By one person, or two where it takes two."""
        for step in steps:
            for who in (OWNER, KIM):
                if (await self.step(step)).state is not StepState.SKIPPED:
                    await self.act(partial(manage.skip, step_id=step, reason="Not needed."), who)

    async def send(self, step: str, actor: Who = LEAD, **changed: Any) -> None:
        """The step's example with changes, checked as a sent form is."""

        def work(case: Case) -> None:
            form = case.step(step).form  # of the customer's own version
            fill.fillable(case, step)
            clean, problems = collect(form, {**form.example, **changed}, case.situation)
            assert problems == [], problems
            fill.submit(case, step, clean)

        await self.act(work, actor)

    async def approve(self, step: str, actor: Who = OWNER, *, shown: StepRecord | None = None) -> None:
        """``shown``: the step as it was on the card that was pressed."""
        seen = shown or await self.step(step)
        await self.act(lambda case: review.approve(case, step, seen.revision, seen.digest[:16]), actor)

    async def send_back(self, step: str, reason: str, actor: Who = OWNER) -> None:
        seen = await self.step(step)
        await self.act(lambda case: review.send_back(case, step, seen.revision, seen.digest[:16], reason), actor)

    async def task(self, step: str, task: str, answers: Answers, actor: Who = OWNER) -> None:
        await self.act(lambda case: tasks.do_task(case, step, task, answers), actor, closed=True)

    # -- what the bot was asked to post

    async def news(self, *kinds: str) -> list[EffectRecord]:
        """Effects of these kinds asked for since the last look, which are done by now: one that waits would do for a later one."""
        async with self.store.write() as unit:
            found = (await unit.session.scalars(select(EffectRecord).where(effects_table.c.kind.in_(kinds)))).all()
            for effect in found:
                effect.state = "done"
        new = [effect for effect in found if effect.id not in self._read]
        self._read |= {effect.id for effect in new}
        return sorted(new, key=lambda effect: effect.seq)

    async def said(self) -> list[tuple[str, str]]:
        """(where, key) of what was said since the last look."""
        return [(effect.arguments["where"], effect.arguments["key"]) for effect in await self.news("say")]

    # -- time

    async def sweep(self, at: datetime | None = None) -> list[Sent]:
        """What a sweep at this moment sends."""
        self.now = at or self.now

        count = 0
        async with self.store.read() as unit:
            due, expiring = await remind.due(unit), await remind.expiring(unit, self.rules)
            ending = await renewals.due(unit, self.rules)
        here = self.id
        for self.id in due:
            count += await self.act(remind.remind, SYSTEM, closed=True)
        for self.id in expiring:
            await self.act(remind.expire, SYSTEM)
        for self.id in ending:
            await self.act(renewals.warn, SYSTEM, closed=True)
        self.id = here
        sent = [
            Sent(self.now, e.arguments["where"], e.arguments["user"], tuple(e.arguments["steps"]))
            for e in await self.news("remind")
        ]
        assert len(sent) == count
        return sent

    async def next_due(self) -> datetime | None:
        records = (await self.snapshot()).steps.values()
        return min((at for r in records for at in (r.remind_at, r.escalate_at) if at), default=None)

    async def escalated(self) -> list[Escalated]:
        """What support, or its channel, was told of since the last look."""
        told = [one.arguments for one in await self.news("escalate")]
        return [Escalated(self.now, one["where"], one["user"], one["step"], one["count"], one["since"]) for one in told]

    async def wait(self, days: float) -> list[Sent]:
        """Let this many days pass, with a sweep whenever something is due."""
        end, sent = self.now + timedelta(days=days), list[Sent]()
        while (due := await self.next_due()) is not None and due <= end:
            sent += await self.sweep(max(due, self.now))
        self.now = end
        return sent


@asynccontextmanager
async def case_book(folder: Path, rules: Rules | None = None, now: datetime = MONDAY) -> AsyncIterator[CaseBook]:
    """A database of its own."""
    path, clock = folder / "case.db", [now]
    path.write_bytes(_empty())
    store = Store(f"sqlite+aiosqlite:///{path}", Keyring.parse(new_key()), clock=lambda: clock[0])
    try:
        yield CaseBook(store, rules or Rules(), clock)
    finally:
        await store.close()


def raw_bytes(store: Store) -> str:
    """The database's file and its write-ahead log, as far as they can be read as text."""
    path = Path(store._url.partition("///")[2])
    files = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    return json.dumps([file.read_bytes().decode("latin-1") for file in files])
