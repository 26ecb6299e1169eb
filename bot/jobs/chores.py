"""Recurring chores. Each has its own loop, so that one that fails or hangs never stops another."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.config.policies import Policies
from bot.jobs import ticket_poller
from bot.jobs.sweeps import Sweeps
from bot.jobs.ticket_poller import TicketPoller
from bot.slack.support_channel import SupportChannel
from bot.slack.support_people import SupportPeople
from bot.telemetry import logs, metrics, traces
from flows.cases.case import Cases
from flows.cases.report import PATIENCE
from storage import step_times
from storage.anchors import Anchors
from storage.outbox import Outbox
from storage.retention import purge
from storage.store import Store
from storage.turns import in_background

log = logging.getLogger("bot.jobs.chores")

REFRESH_SECONDS = 300.0
"""How often Slack is asked who is in the support channel and whether that is support's alone; its events tell both at once."""
PROFILES_SECONDS = 2.0
"""How often profiles of support's are looked after, a few at a time."""
PURGE_SECONDS = 86_400.0
MEMBERS_SECONDS = 3_600.0
"""How often it is looked whether the day's comparison of all channels' members with the store was begun."""
ANCHOR_SECONDS = 300.0
"""How often the register names where each log is, at most. Whoever puts a log back to what it was before that is found out."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Chore:
    """Runs at startup and then every ``seconds``. ``retry``: the pause after a failure, doubled after each further one up to
    ``seconds``; 0 for the usual pause."""

    name: str
    seconds: float
    work: Work
    retry: float = 0.0

    def pause(self, failures: int) -> float:
        """``failures``: in a row; 0 after a success."""
        if not failures or not self.retry:
            return self.seconds
        return min(self.seconds, self.retry * 2.0 ** min(failures - 1, 8))


class Chores:
    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = chores
        self._loops: list[asyncio.Task[None]] = []
        metrics.begin(metrics.CHORE_FAILURES, [chore.name for chore in chores])

    def start(self) -> None:
        self._loops = [asyncio.create_task(_loop(chore)) for chore in self._chores]

    async def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops = []


async def _loop(chore: Chore) -> None:
    in_background.set(True)
    failures = 0
    metrics.CHORE_SUCCESS.labels(chore.name).set(time.time())
    while True:
        try:
            with traces.chore(chore.name):
                await chore.work()
            failures = 0
            metrics.CHORE_SUCCESS.labels(chore.name).set(time.time())
        except Exception as error:  # noqa: BLE001  a loop outlives a failure; the next round tries again
            failures += 1
            metrics.CHORE_FAILURES.labels(chore.name).inc()
            log.warning("a chore failed", extra={"chore": chore.name, "error": logs.named(error)})
        await asyncio.sleep(chore.pause(failures))


def chores(
    policies: Policies,
    store: Store,
    cases: Cases,
    outbox: Outbox,
    poller: TicketPoller,
    support_channel: SupportChannel,
    support_people: SupportPeople,
    *,
    handle_left_events: Work,
) -> list[Chore]:
    """All the bot's chores. ``handle_left_events``: handles stored events that weren't handled yet."""
    sweeps, often = Sweeps(store, cases), policies.sweep_seconds
    anchors = Anchors(store)
    patience = min(PATIENCE, timedelta(days=policies.retention_days))  # longer than that, nobody knows that it was posted

    async def purge_old() -> None:
        gone = await purge(store, timedelta(days=policies.retention_days))
        await outbox.forget()
        if any(gone.values()):
            log.info("purged old records", extra=gone)
        while await store.transact(lambda unit: step_times.add_up_a_day(unit.connection, unit.now)):
            pass

    async def anchor_log() -> None:
        head = await anchors.round()
        if head is not None:
            log.info("the register of the audit log moved", extra={"entries": head.count, "hash": head.hash})

    async def age_of_queue() -> None:
        oldest = await outbox.oldest()
        async with store.read() as unit:
            metrics.QUEUE_AGE.set((unit.now - oldest).total_seconds() if oldest is not None else 0.0)

    return [
        Chore("reminders", often, sweeps.remind),
        Chore("expiries", often, sweeps.expire),
        Chore("silence", often, sweeps.tell_of_silence),
        Chore("renewals", often, sweeps.warn_of_renewals),
        Chore("go_live", often, sweeps.count_down),
        Chore("weekly_report", often, lambda: sweeps.post_report(patience)),
        Chore("departures", often, lambda: sweeps.follow_support(support_people.is_gone)),
        Chore("members", MEMBERS_SECONDS, sweeps.follow_members, retry=60.0),
        Chore("certificates", often, sweeps.count_certificates),
        Chore(ticket_poller.NAME, often, poller.round),
        Chore("audit_log", ANCHOR_SECONDS, anchor_log),
        Chore("queue_age", often, age_of_queue),
        Chore("left_events", often, handle_left_events),
        Chore("support_people", REFRESH_SECONDS, support_people.refresh, retry=2.0),
        Chore("support_profiles", PROFILES_SECONDS, support_people.renew),
        Chore("support_fitness", REFRESH_SECONDS, support_channel.look, retry=2.0),
        Chore("support_channel", PURGE_SECONDS, lambda: sweeps.follow_channel(support_channel.id), retry=60.0),
        Chore("purge", PURGE_SECONDS, purge_old, retry=60.0),
    ]
