"""Sweeps: each finds the customers with something due and opens a case for one after the other.

A customer whose rows can't be read is skipped, and the onboarding logged; the others are served.
"""

import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import Counter

from bot.telemetry import logs, metrics
from flows.cases import departures, remind, renewals, report, silence
from flows.cases.case import Case, Cases
from flows.cases.presence import OF_SUPPORT
from flows.outbox import Draw, FollowMembers, PostReport
from flows.ports import Unit
from flows.problems import Refused
from storage.audit import Altered
from storage.sealing import SealError
from storage.store import Store, Unavailable

log = logging.getLogger("bot.jobs.sweeps")

SOON_EVERY = timedelta(minutes=5)
"""How often it is looked whether a customer's invitations expire soon, at most: people are told hours before."""

CARDS = 20
"""Checklists that are drawn again in one sweep because a day is over: the customers of a time zone don't all come at once."""
AGAIN = timedelta(hours=1)
"""When one of them that could not be asked for is looked at again."""

Due = Callable[[Unit], Awaitable[Sequence[str]]]
"""Ids of the onboardings with something due."""
Serve = Callable[[Case], Awaitable[int]]
"""Handles one of them; returns how many things were done."""


class Instead(Protocol):
    """What is done about one of them that can't be opened, or of which nothing is recorded."""

    async def __call__(self, unit: Unit, onboarding_id: str) -> None: ...


def ended_meanwhile(error: Exception) -> bool:
    """It was closed or erased after it was found due."""
    return isinstance(error, Refused) and error.key in ("closed", "gone")


def stops_all(error: Exception, locked: bool) -> bool:
    """Whether the next customer would fare no better: the store is unreachable, or locked for the second customer in a row.

    ``locked``: it was for the one before, and it has only one writer.
    """
    return isinstance(error, Unavailable) and (error.kind != "locked" or locked)


class Sweeps:
    def __init__(self, store: Store, cases: Cases) -> None:
        self._store, self._cases = store, cases
        self._looked_at: dict[str, datetime] = {}
        """When it was last seen by onboarding whether an invitation expires soon."""
        self._tomorrow: dict[str, datetime] = {}
        """By onboarding, when its checklist is to be drawn again: when the customer's day is over."""

    async def remind(self) -> None:
        async def serve(case: Case) -> int:
            return remind.remind(case)

        await self._sweep("reminders", remind.due, serve, closed=True, counted=metrics.REMINDERS)

    async def expire(self) -> None:
        """Invitations whose code has expired or soon will. Whether it is soon depends on the customer's business hours, so that each is
        opened, but no more than every few minutes."""

        async def due(unit: Unit) -> Sequence[str]:
            over, soon = await unit.expiring(unit.now), await remind.expiring(unit, self._cases.rules)
            self._looked_at = {one: self._looked_at[one] for one in soon if one in self._looked_at}
            lately = {one for one, at in self._looked_at.items() if unit.now - at < SOON_EVERY}
            return [one for one in soon if one in over or one not in lately]

        async def serve(case: Case) -> int:
            self._looked_at[case.id] = case.now
            return remind.expire(case)

        await self._sweep("expiries", due, serve)

    async def tell_of_silence(self) -> None:
        """Customers of whom nobody has pressed anything since the onboarding began."""

        async def serve(case: Case) -> int:
            return silence.tell(case, self._cases.access.team_id)

        await self._sweep("silence", silence.due, serve)

    async def warn_of_renewals(self) -> None:
        async def due(unit: Unit) -> Sequence[str]:
            return await renewals.due(unit, self._cases.rules)

        await self._sweep("renewals", due, renewals.warn, closed=True)

    async def count_down(self) -> None:
        """Checklists say how many days are left until go-live: soon after the customer's midnight, each is drawn again. Slack isn't called
        for one that shows that already."""
        midnights: dict[str, datetime] = {}

        async def due(unit: Unit) -> Sequence[str]:
            ids = await unit.counting_down()
            self._tomorrow = {one: self._tomorrow[one] for one in ids if one in self._tomorrow}
            found = [one for one in ids if one not in self._tomorrow or self._tomorrow[one] <= unit.now][:CARDS]
            self._tomorrow |= dict.fromkeys(found, unit.now + AGAIN)
            return found

        async def serve(case: Case) -> int:
            situation = case.situation
            tomorrow = situation.today + timedelta(days=1)
            midnights[case.id] = datetime.combine(tomorrow, time(), ZoneInfo(situation.timezone))
            case.ask(Draw(what="card"))
            return 1

        for one in await self._sweep("go_live", due, serve):
            self._tomorrow[one] = midnights[one]

    async def follow_channel(self, channel: str) -> None:
        """Review cards of open onboardings appear in support's channel, if it is another than it was."""
        found: dict[str, Sequence[str]] = {}

        async def due(unit: Unit) -> Sequence[str]:
            found.update(await unit.posted_elsewhere("review", channel))
            return list(found)

        async def serve(case: Case) -> int:
            for step_id in found[case.id]:
                case.ask(Draw(what="review", step=step_id))
            return len(found[case.id])

        await self._sweep("support_channel", due, serve)

    async def post_report(self, patience: timedelta) -> None:
        """The weekly one, once, however many processes look. None about a time in which there was nothing yet."""
        async with self._store.read() as unit:
            due = report.weekly(self._cases.rules, unit.now, patience)
            if due is None or await unit.was_seen(key := f"report:{due.day}") or not await unit.began_before(due.at):
                return

        async def work(unit: Unit) -> None:
            if await unit.once(key):
                unit.ask("", PostReport(day=due.day.isoformat()))

        await self._store.transact(work)

    async def follow_support(self, is_gone: Callable[[str], bool]) -> None:
        """Who of support has left, or come back, in each onboarding in which something is theirs, also if its answers can't be read.
        ``is_gone``: by user id."""
        untold: dict[str, list[str]] = {}

        async def due(unit: Unit) -> Sequence[str]:
            gone = [one for one in await unit.owners_and_claimers() if is_gone(one)]
            told = await unit.unanswered(OF_SUPPORT)
            for onboarding_id, user_id in sorted(set(await unit.held_by(gone)) - set(told)):
                untold.setdefault(onboarding_id, []).append(user_id)
            return sorted({*untold, *(onboarding_id for onboarding_id, user_id in told if not is_gone(user_id))})

        async def serve(case: Case) -> int:
            return departures.follow_support(case, is_gone)

        async def tell_alone(unit: Unit, onboarding_id: str) -> None:
            for user_id in untold.get(onboarding_id, ()):
                await departures.tell_alone(unit, onboarding_id, user_id)

        await self._sweep("departures", due, serve, closed=True, unread=True, instead=tell_alone)

    async def follow_members(self) -> None:
        """Once a day, who is still in the customers' channels."""

        async def ask(unit: Unit) -> None:
            if await unit.once(f"members:{unit.now.date().isoformat()}"):
                for onboarding_id in await unit.open_onboardings():
                    unit.ask(onboarding_id, FollowMembers())

        await self._store.transact(ask)

    async def count_certificates(self) -> None:
        async with self._store.read() as unit:
            left = [(one.last_day - unit.today).days for one in await unit.expiries()]
        metrics.CERTIFICATE_DAYS.set(min(left, default=math.nan))
        for days in (0, *self._cases.rules.renewal_days):
            metrics.CERTIFICATES.labels(str(days)).set(sum(n <= days for n in left))

    async def _sweep(
        self,
        chore: str,
        due: Due,
        serve: Serve,
        *,
        closed: bool = False,
        counted: Counter | None = None,
        unread: bool = False,
        instead: Instead | None = None,
    ) -> Sequence[str]:
        """Returns the ids of those who were served.

        ``unread``: a customer whose answers can't be read is served too, as `Cases.open` does with ``shows`` False. ``instead``: what is
        done about one of whom nothing can be read or recorded, besides skipping them.

        One transaction per customer. If another writer holds a customer's rows, that one is left for the next sweep.

        Raises Unavailable if the store is unreachable, or if SQLite, with its one writer, is locked for two customers in a row:
        the others would fare no better.
        """
        async with self._store.read() as unit:
            ids = await due(unit)
        served, locked = list[str](), False
        for onboarding_id in ids:

            async def work(unit: Unit, onboarding_id: str = onboarding_id, *, shows: bool = True) -> int:
                async with self._cases.open(unit, onboarding_id, closed=closed, shows=shows) as case:
                    return await serve(case)

            try:
                try:
                    done = await self._store.transact(work)
                except SealError:
                    if not unread:
                        raise
                    done = await self._store.transact(partial(work, shows=False))
            except Exception as error:
                if ended_meanwhile(error):
                    continue
                if stops_all(error, locked and self._store.one_writer):
                    raise
                locked = isinstance(error, Unavailable)
                metrics.CHORE_FAILURES.labels(chore).inc()
                extra = {"chore": chore, "onboarding": onboarding_id, "error": logs.named(error)}
                log.error("a customer was skipped in a sweep", extra=extra, exc_info=error)  # noqa: TRY400
                if instead is not None and isinstance(error, (Altered, SealError)):
                    await self._store.transact(partial(instead, onboarding_id=onboarding_id))
            else:
                locked = False
                served.append(onboarding_id)
                if counted is not None:
                    counted.inc(done)
        return served
