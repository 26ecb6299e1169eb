"""Polls the Service Desk's tickets until they end: their status, and what is written there. Which ones is in the store; each process
keeps its own pace. What lapses soon is warned of even while the desk is away."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs.sweeps import ended_meanwhile, stops_all
from bot.telemetry import metrics
from flows.cases import ticket_lapses
from flows.cases.case import Case, Cases
from flows.cases.ticket_comments import DeskComment, Known, known, note_comments
from flows.cases.tickets import FiledTicket, note_status, note_unseen, open_ticket, record_with_ticket, with_tickets
from flows.model import TaskRecord
from flows.ports import Unit
from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault
from pismo.service_desk import ServiceDesk
from storage.store import Store, Unavailable

log = logging.getLogger("bot.jobs.ticket_poller")

NAME = "tickets"
MAX_WAIT = 6 * 3600.0
UNSEEN = (ServiceDeskFault.NOT_FOUND, ServiceDeskFault.FORBIDDEN)
FOR_ALL = (ServiceDeskFault.UNAUTHORIZED, ServiceDeskFault.RATE_LIMITED, ServiceDeskFault.UNAVAILABLE)
"""The next ticket would fare no better."""


Guard = Callable[[str], Awaitable[tuple[str, bool]]]
"""The kind of the secret in a text, if any, and whether some of it could not be looked into."""


class TicketPoller:
    """``await round()`` checks tickets that are due. ``guard``: looks for secrets in what the desk's people wrote.

    A ticket is looked at again after ``follow_seconds``; later after failures.
    """

    def __init__(
        self, store: Store, cases: Cases, service_desk: ServiceDesk | None, policies: ServiceDeskPolicies, guard: Guard
    ) -> None:
        self._store, self._cases, self._service_desk, self._guard = store, cases, service_desk, guard
        self._every, self._statuses = policies.follow_seconds, policies.statuses
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._resting, self._rests = 0.0, 0

    async def round(self) -> None:
        if self._service_desk is None:
            return
        async with self._store.read() as unit:
            records = await with_tickets(unit, self._cases.rules.journeys)
        self._forget_all_but({record.id for record in records})
        locked = False
        for record in records:
            if time.monotonic() < self._due.get(record.id, 0.0):
                continue
            try:
                await self._look(self._service_desk, record)
                locked = False
            except ServiceDeskError as error:  # the Service Desk itself fails
                self._rests += 1
                self._resting = time.monotonic() + max(error.retry_after or 0.0, self._pause(self._rests))
            except Exception as error:
                if ended_meanwhile(error):
                    continue
                if stops_all(error, locked and self._store.one_writer):
                    raise
                locked = isinstance(error, Unavailable)
                metrics.CHORE_FAILURES.labels(NAME).inc()
                log.error("a ticket was not updated", extra={"onboarding": record.onboarding_id}, exc_info=error)  # noqa: TRY400
                self._put_off(record)

    async def _look(self, service_desk: ServiceDesk, record: TaskRecord) -> None:
        """Raises ServiceDeskError if the Service Desk itself fails, not just this ticket."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, record.onboarding_id, closed=True)
        seen, kept = open_ticket(case, record.id), record_with_ticket(case, record.id)
        if ticket_lapses.is_due(case, record.id):
            await self._change(record, lambda case: ticket_lapses.warn(case, record.id))
        if seen is not None and kept is not None:
            if time.monotonic() < self._resting:
                self._due[record.id] = time.monotonic() + self._every
                return
            try:
                ticket = await self._now(service_desk, seen)
                news = await self._news(service_desk, record, seen.key, known(kept))
            except ServiceDeskError as error:
                extra = {"onboarding": record.onboarding_id, "error": str(error.fault), "status": error.status}
                log.warning("a ticket could not be checked", extra=extra)
                if error.fault in FOR_ALL or 300 <= (error.status or 0) < 400:
                    raise
                if error.fault in UNSEEN:
                    await self._unseen(record, "desk_unseen")
                else:
                    metrics.CHORE_FAILURES.labels(NAME).inc()
                self._put_off(record)
                return
            if news or ticket != seen:
                await self._change(record, lambda case: _note(case, record.id, ticket, news))
            self._rests = 0
        self._failures.pop(record.id, None)
        self._due[record.id] = time.monotonic() + self._every

    async def _now(self, service_desk: ServiceDesk, seen: FiledTicket) -> FiledTicket:
        link = seen.link
        if link:
            status = await service_desk.status(seen.key)
        else:  # filed by hand: its link isn't known yet
            request = await service_desk.request(seen.key)
            link, status = request.web, request.status
        now = replace(
            seen,
            link=link,
            status=status.name,
            ended=status.done,
            phase="" if status.done else self._statuses.phase(status.name),
            since=status.date.at,
        )
        if not status.done:
            return now
        history = [one.name for one in await service_desk.history(seen.key)] or [status.name]
        return replace(now, outcome=self._statuses.outcome(history))

    async def _news(self, service_desk: ServiceDesk, record: TaskRecord, key: str, before: Known) -> list[DeskComment]:
        """What others have written since. Nothing if the bot's user may see the ticket, but not that: support is told, once."""
        try:
            written = [one for one in await service_desk.comments(key) if before.is_news(one.id, one.body)]
        except ServiceDeskError as error:
            if error.fault not in UNSEEN:
                raise
            await self._unseen(record, "desk_comments_unseen")
            return []
        askers = await _askers(service_desk, key) if written else frozenset[str]()
        news = []
        for one in written:
            secret, unread = await self._guard(one.body)
            text = "" if secret or unread else one.body
            by_asker = one.author.account_id in askers
            news.append(DeskComment(one.id, one.author.display_name, text, by_asker=by_asker, secret=secret, unread=unread))
        return news

    async def _change(self, record: TaskRecord, does: Callable[[Case], None]) -> None:
        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, record.onboarding_id, closed=True) as case:
                does(case)

        await self._store.transact(note)

    async def _unseen(self, record: TaskRecord, key: str) -> None:
        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, record.onboarding_id, closed=True) as case:
                await note_unseen(case, record.id, key)

        await self._store.transact(note)

    def _put_off(self, record: TaskRecord) -> None:
        failures = self._failures[record.id] = self._failures.get(record.id, 0) + 1
        self._due[record.id] = time.monotonic() + self._pause(failures)

    def _pause(self, failures: int) -> float:
        return float(min(self._every * 2 ** min(failures, 16), max(MAX_WAIT, self._every)))

    def _forget_all_but(self, ids: set[str]) -> None:
        for table in (self._due, self._failures):
            for gone in table.keys() - ids:
                del table[gone]


async def _askers(service_desk: ServiceDesk, key: str) -> frozenset[str]:
    """Nobody where the bot's user may not see them: what is written there is shown all the same."""
    try:
        return await service_desk.askers(key)
    except ServiceDeskError as error:
        if error.fault not in (*UNSEEN, ServiceDeskFault.REFUSED):
            raise
    return frozenset()


def _note(case: Case, record_id: str, ticket: FiledTicket, news: Sequence[DeskComment]) -> None:
    """What was written before what followed from it: a ticket that has ended is told of no more."""
    note_comments(case, record_id, news, ticket)
    note_status(case, record_id, ticket)
