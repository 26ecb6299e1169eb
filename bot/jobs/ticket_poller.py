"""Tickets of the Service Desk, looked at now and then until they end. What is followed is in the store; the pace is a process's own."""

import logging
import time

from bot.desk import Desk
from flows.cases.tickets import Ticket, note_status, note_unseen, open_tickets
from flows.model import TaskRecord
from flows.ports import Unit
from pismo.jsm_errors import DeskError, DeskFault
from pismo.service_desk import ServiceDesk

log = logging.getLogger("bot.jobs.ticket_poller")

LONGEST_WAIT = 6 * 3600.0
UNSEEN = (DeskFault.NOT_FOUND, DeskFault.FORBIDDEN)


class Following:
    """``await round()`` looks at what is due. ``every``: seconds between two looks at a ticket; longer after failures."""

    def __init__(self, desk: Desk, service_desk: ServiceDesk | None, every: float) -> None:
        self.desk, self.service_desk, self.every = desk, service_desk, every
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._resting, self._rests = 0.0, 0

    async def round(self) -> None:
        if self.service_desk is None or time.monotonic() < self._resting:
            return
        async with self.desk.store.read() as unit:
            records = await open_tickets(unit)
        for table in (self._due, self._failures):
            for gone in table.keys() - {record.id for record in records}:
                del table[gone]
        for record in records:
            if time.monotonic() < self._due.get(record.id, 0.0):
                continue
            try:
                await self._look(self.service_desk, record)
                self._rests = 0
                self._failures.pop(record.id, None)
                self._due[record.id] = time.monotonic() + self.every
            except DeskError as error:
                log.warning("a ticket could not be looked at", extra={"error": str(error.fault), "status": error.status})
                if error.fault not in UNSEEN:  # the others would fare no better
                    self._rests += 1
                    self._resting = time.monotonic() + max(error.retry_after or 0.0, self._pause(self._rests))
                    return
                await self._unseen(record)

    async def _look(self, service_desk: ServiceDesk, record: TaskRecord) -> None:
        key, link = record.answers["ticket"], record.answers.get("link") or ""
        if link:
            status = await service_desk.status(key)
        else:  # filed by hand: where its page is, is not known yet
            request = await service_desk.request(key)
            status, link = request.status, request.web
        ticket = Ticket(key, link, status.name, status.done)
        await self.desk.transact(lambda unit: note_status(unit, record, ticket))

    async def _unseen(self, record: TaskRecord) -> None:
        async def work(unit: Unit) -> None:
            await note_unseen(unit, record)

        await self.desk.transact(work)
        failures = self._failures[record.id] = self._failures.get(record.id, 0) + 1
        self._due[record.id] = time.monotonic() + self._pause(failures)

    def _pause(self, failures: int) -> float:
        return float(min(self.every * 2 ** min(failures, 16), max(LONGEST_WAIT, self.every)))
