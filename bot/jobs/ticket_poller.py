"""Polls the Service Desk's tickets until they end. Which ones is in the store; each process keeps its own pace."""

import logging
import time
from dataclasses import replace

from bot.jobs.sweeps import ended_meanwhile, stops_all
from bot.telemetry import metrics
from flows.cases.case import Cases
from flows.cases.tickets import FiledTicket, note_status, note_unseen, open_ticket, with_tickets
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


class TicketPoller:
    """``await round()`` checks tickets that are due. ``every``: seconds between checks of a ticket; longer after failures."""

    def __init__(self, store: Store, cases: Cases, service_desk: ServiceDesk | None, every: float) -> None:
        self._store, self._cases, self._service_desk, self._every = store, cases, service_desk, every
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._resting, self._rests = 0.0, 0

    async def round(self) -> None:
        if self._service_desk is None or time.monotonic() < self._resting:
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
                return
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
            seen = open_ticket(await self._cases.look(unit, record.onboarding_id, closed=True), record.id)
        if seen is not None:
            try:
                ticket = await _now(service_desk, seen)
            except ServiceDeskError as error:
                extra = {"onboarding": record.onboarding_id, "error": str(error.fault), "status": error.status}
                log.warning("a ticket could not be checked", extra=extra)
                if error.fault in FOR_ALL or 300 <= (error.status or 0) < 400:
                    raise
                if error.fault in UNSEEN:
                    await self._unseen(record)
                else:
                    metrics.CHORE_FAILURES.labels(NAME).inc()
                self._put_off(record)
                return
            await self._note(record, ticket)
            self._rests = 0
        self._failures.pop(record.id, None)
        self._due[record.id] = time.monotonic() + self._every

    async def _note(self, record: TaskRecord, ticket: FiledTicket) -> None:
        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, record.onboarding_id, closed=True) as case:
                note_status(case, record.id, ticket)

        await self._store.transact(note)

    async def _unseen(self, record: TaskRecord) -> None:
        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, record.onboarding_id, closed=True) as case:
                await note_unseen(case, record.id)

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


async def _now(service_desk: ServiceDesk, seen: FiledTicket) -> FiledTicket:
    if seen.link:
        status = await service_desk.status(seen.key)
        return replace(seen, status=status.name, ended=status.done)
    request = await service_desk.request(seen.key)  # filed by hand: its link isn't known yet
    return FiledTicket(seen.key, request.web, request.status.name, request.status.done)
