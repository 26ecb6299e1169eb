"""Access requests at the Service Desk: filed over its REST API if configured, else shown as a text to paste.

A request is filed only once: its summary contains the effect's id. If an attempt may have gone through, the bot searches for it
until the Service Desk's index must have it; only then does it file it again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs import lease
from bot.jobs.errors import EffectError, Impossible, RetryLater, Unreachable
from bot.jobs.ready_text import ReadyTexts
from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.slack.client import Slack
from flows.cases.case import Case, Cases
from flows.cases.tickets import FiledTicket, note_filed, note_given_up
from flows.model import EffectRecord, Grant
from flows.outbox import FileRequest, RequestAccess, ShowReadyText
from flows.ports import Unit
from pismo.jsm_errors import ServiceDeskError
from pismo.jsm_form import NameNotFoundError, Values, fill
from pismo.jsm_models import CustomerRequest
from pismo.service_desk import RequestForm, ServiceDesk
from storage.store import Store

MAX_NAMES = 30


def marker_of(run: Run[FileRequest]) -> str:
    """A single word that the Service Desk's search finds."""
    return run.id.rpartition("_")[2]


class AccessRequests:
    """``service_desk``: None if none is configured."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        slack: Slack,
        ready_texts: ReadyTexts,
        service_desk: ServiceDesk | None,
        policies: ServiceDeskPolicies,
    ) -> None:
        self._store, self._cases, self._slack, self._ready_texts = store, cases, slack, ready_texts
        self._service_desk, self._policies = service_desk, policies

    async def request(self, run: Run[RequestAccess]) -> Finished:
        """Ask for one request per resource, in a lane of their own, or post the text to paste."""
        step_id = run.effect.step
        if self._service_desk is None:
            return await self._ready_texts.post(run, ShowReadyText(step=step_id))

        async def ask(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                for resource in declared(case.step(step_id).access_request).resources:
                    if _asked(case, resource):
                        case.ask(FileRequest(step=step_id, resource=resource))

        return Finished(also=ask, called=False)

    async def file(self, run: Run[FileRequest]) -> Finished | None:
        """File one request, without anything that support filed by hand in the meantime."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        grants, sent = _asked(case, run.effect.resource), run.result.get("sent")
        if self._service_desk is None or case.onboarding.closed_at or not (grants or sent):
            return None
        access = declared(case.step(run.effect.step).access_request)
        try:
            names = self._policies.names[access.portal(case.situation)]
            form = await self._service_desk.form(names)
            if sent and (found := await self._find(self._service_desk, run, form, case.now)):
                return self._filed(run, found, run.result["grants"])
            if not grants:
                return None  # it never arrived, and support has filed it by hand by now
            channel = await self._channel(case) if run.effect.resource in access.with_channel else ""
            emails = {grant.email for grant in grants}
            texts = access.filed(case.situation, run.effect.resource, emails, marker_of(run), channel)
            values = fill(form.fields, names, run.effect.resource, *texts)
            covered = [grant.id for grant in grants]
            return self._filed(run, await self._send(self._service_desk, run, form, values, covered), covered)
        except NameNotFoundError as error:
            about = {"name": error.name, "there": tuple(error.there[:MAX_NAMES])}
            raise Impossible(f"desk_{error.what}", about) from None
        except ServiceDeskError as error:
            raise _failure(error) from None

    async def _channel(self, case: Case) -> str:
        """The name of the customer's channel in Slack."""
        return (await self._slack.channel(case.onboarding.channel_id)).name

    async def _find(
        self, service_desk: ServiceDesk, run: Run[FileRequest], form: RequestForm, now: datetime
    ) -> CustomerRequest | None:
        """What an earlier attempt filed. Raises RetryLater while the search may not find it yet."""
        found = await service_desk.find(form, marker_of(run))
        if found is None:
            lag = self._policies.lag_seconds
            left = lag - (now - datetime.fromisoformat(run.result["sent"])).total_seconds()
            if left > 0:
                raise RetryLater(min(left, lag / 8), "desk_index")
        return found

    async def _send(
        self, service_desk: ServiceDesk, run: Run[FileRequest], form: RequestForm, values: Values, covered: list[str]
    ) -> CustomerRequest:
        """Record the attempt before sending: after a crash, we know that it may have been sent."""
        await self._store.transact(lambda unit: _keep(unit, run, {"sent": unit.now.isoformat(), "grants": covered}))
        lease.check()
        try:
            return await service_desk.file(form, values)
        except ServiceDeskError as error:
            if not error.happened:
                await self._store.transact(lambda unit: _keep(unit, run, {}))
            raise

    def _filed(self, run: Run[FileRequest], filed: CustomerRequest, covered: list[str]) -> Finished:
        ticket = FiledTicket(filed.key, filed.web, filed.status.name, filed.status.done)

        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                await note_filed(case, run.effect, run.id, covered, ticket)

        return Finished({"ticket": filed.key}, note)

    async def given_up(self, unit: Unit, run: Run[FileRequest], error: EffectError) -> bool:
        """Support gets the text to paste, with the reason why the bot couldn't file it."""
        effect = run.effect
        about = {"why": error.key, "maybe": bool(run.result.get("sent")), **error.about}
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            note_given_up(case, effect)
            case.ask(ShowReadyText(step=effect.step, resource=effect.resource, **about))
        return False


def _asked(case: Case, resource: str) -> list[Grant]:
    return [grant for grant in case.snapshot.grants if grant.resource == resource and grant.state == "asked"]


def _failure(error: ServiceDeskError) -> EffectError:
    key = f"desk_{error.fault}"
    if not error.transient:
        return Impossible(key, {"detail": error.detail})
    return RetryLater(error.retry_after, key) if error.retry_after is not None else Unreachable(key)


async def _keep(unit: Unit, run: Run[FileRequest], result: Mapping[str, Any]) -> None:
    """Keep a result for the next attempt."""
    lease.check()
    record = await unit.get(EffectRecord, run.id)
    if record is None:
        raise Impossible("gone")  # erased
    record.result = dict(result)
