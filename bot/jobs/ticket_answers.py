"""Answers to the Service Desk: each becomes one public comment on its ticket. It carries a word by which it is found again, since Jira
knows no idempotency key; where the desk waits for an answer, the portal's button that says so is pressed too."""

import re

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs import lease
from bot.jobs.access_requests import failure
from bot.jobs.errors import EffectError, Impossible
from bot.jobs.registry import Finished, Run
from flows.cases.case import Case, Cases
from flows.cases.ticket_comments import note_answered, note_too_late, note_unanswered, waiting
from flows.cases.tickets import FiledTicket, ticket_of
from flows.outbox import FileAnswer
from flows.people import Who
from flows.ports import Unit
from pismo.jsm_errors import ServiceDeskError
from pismo.jsm_models import Comment
from pismo.service_desk import ServiceDesk
from storage.store import Store


class TicketAnswers:
    """``service_desk``: None if none is configured."""

    def __init__(self, store: Store, cases: Cases, service_desk: ServiceDesk | None, policies: ServiceDeskPolicies) -> None:
        self._store, self._cases = store, cases
        self._service_desk, self._policies = service_desk, policies

    async def file(self, run: Run[FileAnswer]) -> Finished | None:
        """Also once the onboarding is closed: the request goes on at the desk, and somebody there waits for the answer."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        record = waiting(case, run.effect)
        if record is None:
            return None
        if self._service_desk is None:
            raise Impossible("desk_none")
        ticket = ticket_of(case, record)
        try:
            written = await self._written(self._service_desk, run, case, ticket)
            pressed = written is not None and (ticket.ended or await self._press(self._service_desk, ticket.key))
        except ServiceDeskError as error:
            raise failure(error) from None

        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                if written is None:
                    note_too_late(case, run.effect)
                else:
                    note_answered(case, run.effect, written.id, unpressed=not pressed)

        return Finished({"comment": written.id} if written is not None else {}, note)

    async def _written(self, service_desk: ServiceDesk, run: Run[FileAnswer], case: Case, ticket: FiledTicket) -> Comment | None:
        """Look before writing it again: comments are read from Jira's database, not from an index that lags. None if the ticket has
        ended without it."""
        if run.again:
            for one in await service_desk.comments(ticket.key):
                if run.effect.answer in one.body:
                    return one
        if ticket.ended:
            return None
        lease.check()
        return await service_desk.comment(ticket.key, _body(run.effect, self._side(case, run.effect.by)))

    def _side(self, case: Case, user: str) -> str:
        by_support = self._cases.access.is_support(Who(self._cases.access.team_id, user))
        return "Pismo" if by_support else case.onboarding.customer

    async def _press(self, service_desk: ServiceDesk, key: str) -> bool:
        """Whether the desk no longer waits for an answer, as far as the bot can see to that: the answer stands there anyway."""
        try:
            if self._policies.statuses.phase((await service_desk.status(key)).name) != "pending":
                return True
            for transition in await service_desk.transitions(key):
                if self._policies.statuses.answers(transition.name):
                    lease.check()
                    await service_desk.transit(key, transition)
                    return True
        except ServiceDeskError as error:
            if error.transient:
                raise
        return False

    async def given_up(self, unit: Unit, run: Run[FileAnswer], error: EffectError) -> bool:
        """Support gets the text to write it by hand; the alert has the retry button."""
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            note_unanswered(case, run.effect, error.key)
        return False


_MARK = re.compile(r"\{(?=noformat)", re.IGNORECASE)


def _body(answer: FileAnswer, side: str) -> str:
    """Jira reads a comment as wiki markup: between these marks, nothing is."""
    text = _MARK.sub("{ ", answer.text)
    return f"{{noformat}}\n{text}\n{{noformat}}\n({_plain(side)} · {answer.answer})"


def _plain(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in " .,&'" else " " for sign in name)
