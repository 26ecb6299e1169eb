"""Requests to the Service Desk: filed over its REST API if configured, else shown as a text to paste.

A request is filed only once: its summary contains the effect's id. If an attempt may have gone through, the bot searches for it
until the Service Desk's index must have it; only then does it file it again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.config.service_desk import ServiceDeskPolicies
from bot.jobs import lease
from bot.jobs.errors import EffectError, Impossible, Pending, RetryLater, Unreachable
from bot.jobs.ready_text import ReadyTexts
from bot.jobs.records import declared
from bot.jobs.registry import Finished, Run
from bot.slack.client import Slack
from flows.cases.case import Case, Cases
from flows.cases.desk_requests import note_filed, note_given_up
from flows.cases.tickets import FiledTicket
from flows.cases.wanted_requests import WantedRequest, wanted, was_wanted
from flows.forms.step import Filing
from flows.model import EffectRecord
from flows.outbox import FileRequest, RequestAccess, ShowReadyText
from flows.ports import Unit
from pismo.jsm_errors import ServiceDeskError, ServiceDeskFault
from pismo.jsm_form import NameNotFoundError, Values, fill
from pismo.jsm_models import CustomerRequest
from pismo.service_desk import RequestForm, ServiceDesk
from storage.store import Store

MAX_NAMES = 30
MOST_NAMED = 100
"""Addresses for which an account is looked for: each takes a call. The others are left to support."""
UNNAMED = (ServiceDeskFault.REFUSED, ServiceDeskFault.FORBIDDEN)
"""What Jira answers, among other things, if somebody may not be named as a participant. Nothing was filed then."""


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
        """Ask for one request per resource, in a lane of their own. Without a Service Desk, for the texts to paste: accesses can be
        asked for in one, other things have nothing in common."""
        step_id, away = run.effect.step, self._service_desk is None

        async def ask(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                step = case.step(step_id)
                request = declared(step.desk_request)
                if away and request.part is None:
                    case.ask(ShowReadyText(step=step_id))
                    return
                for resource in request.resources:
                    if wanted(case, step, resource) is not None:
                        case.ask((ShowReadyText if away else FileRequest)(step=step_id, resource=resource))

        return Finished(also=ask, called=False)

    async def file(self, run: Run[FileRequest]) -> Finished | None:
        """File one request, without anything that support filed by hand in the meantime."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        step, sent = case.step(run.effect.step), run.result.get("sent")
        now, request = wanted(case, step, run.effect.resource), declared(step.desk_request)
        if self._service_desk is None or case.onboarding.closed_at or not (now or sent):
            return None
        try:
            form = await self._service_desk.form(self._policies.names[request.portal(case.situation)])
            if sent and (found := await self._find(self._service_desk, run, form, case.now)):
                before = was_wanted(case, step, run.effect.resource, run.result)
                return self._filed(run, found, before, _unnamed(before, run.result.get("named", ())))
            if now is None:
                return None  # it never arrived, and support has filed it by hand by now
            return await self._send(self._service_desk, run, case, form, now)
        except NameNotFoundError as error:
            about = {"name": error.name, "there": tuple(error.there[:MAX_NAMES])}
            raise Impossible(f"desk_{error.what}", about) from None
        except ServiceDeskError as error:
            raise failure(error) from None

    async def _find(
        self, service_desk: ServiceDesk, run: Run[FileRequest], form: RequestForm, now: datetime
    ) -> CustomerRequest | None:
        """What an earlier attempt filed. Raises Pending while the search may not find it yet."""
        found = await service_desk.find(form, marker_of(run))
        if found is None:
            lag = self._policies.lag_seconds
            left = lag - (now - datetime.fromisoformat(run.result["sent"])).total_seconds()
            if left > 0:
                raise Pending(min(left, lag / 8), "desk_index")
        return found

    async def _send(
        self, service_desk: ServiceDesk, run: Run[FileRequest], case: Case, form: RequestForm, now: WantedRequest
    ) -> Finished:
        """With its people as participants as far as they are found and the bot's account may name them. Raises NameNotFoundError."""
        accounts = await self._accounts(service_desk, form, now)
        try:
            return await self._file(service_desk, run, case, form, now, accounts)
        except ServiceDeskError as error:
            if not accounts or error.fault not in UNNAMED:
                raise
        return await self._file(service_desk, run, case, form, now, {})

    async def _accounts(self, service_desk: ServiceDesk, form: RequestForm, now: WantedRequest) -> dict[str, str]:
        """The account IDs of its people by their place among them; of none where the bot's account may not look for them."""
        found = dict[str, str]()
        try:
            for place, address in enumerate(_people(now)[:MOST_NAMED] if form.adds_participants else ()):
                if account := await service_desk.account(form, address):
                    found[str(place)] = account
        except ServiceDeskError as error:
            if error.transient:
                raise
        return found

    async def _file(
        self,
        service_desk: ServiceDesk,
        run: Run[FileRequest],
        case: Case,
        form: RequestForm,
        now: WantedRequest,
        accounts: Mapping[str, str],
    ) -> Finished:
        """Record the attempt before sending: after a crash, we know that it may have been sent, and who is named in it."""
        unnamed = _unnamed(now, accounts)
        values = await self._values(run, case, form, now, unnamed)
        sent = {**now.kept, "named": [*accounts]}
        await self._store.transact(lambda unit: _keep(unit, run, {"sent": unit.now.isoformat(), **sent}))
        lease.check()
        try:
            filed = await service_desk.file(form, values, [*accounts.values()])
        except ServiceDeskError as error:
            if not error.happened:
                await self._store.transact(lambda unit: _keep(unit, run, {}))
            raise
        return self._filed(run, filed, now, unnamed)

    async def _values(
        self, run: Run[FileRequest], case: Case, form: RequestForm, now: WantedRequest, unnamed: Sequence[str]
    ) -> Values:
        request, resource = declared(case.step(run.effect.step).desk_request), run.effect.resource
        channel = (await self._slack.channel(case.onboarding.channel_id)).name if resource in request.with_channel else ""
        filing = Filing(marker_of(run), now.emails, channel, unnamed, part=now.about.get("about") or {})
        names = self._policies.names[request.portal(case.situation)]
        return fill(form.fields, names, resource, *request.filed(case.situation, resource, filing))

    def _filed(self, run: Run[FileRequest], filed: CustomerRequest, asked: WantedRequest, unnamed: Sequence[str]) -> Finished:
        """Found only later, it may have ended by now: how, its history tells, which the poller reads."""
        status = filed.status
        phase = "" if status.done else self._policies.statuses.phase(status.name)
        ticket = FiledTicket(filed.key, filed.web, "" if status.done else status.name, phase=phase, since=status.date.at)

        async def note(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                await note_filed(case, run.effect, run.id, asked.about, ticket, unnamed)

        return Finished({"ticket": filed.key}, note)

    async def given_up(self, unit: Unit, run: Run[FileRequest], error: EffectError) -> bool:
        """Support gets the text to paste, with the reason why the bot couldn't file it."""
        effect = run.effect
        about = {"why": error.key, "maybe": bool(run.result.get("sent")), **error.about}
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            note_given_up(case, effect)
            case.ask(ShowReadyText(step=effect.step, resource=effect.resource, **about))
        return False


def _people(asked: WantedRequest) -> list[str]:
    """In the same order each time."""
    return sorted(asked.emails)


def _unnamed(asked: WantedRequest, named: Collection[str]) -> list[str]:
    """The addresses of those who are not named. ``named``: the places of the others: what is kept of an attempt holds no address."""
    return [address for place, address in enumerate(_people(asked)) if str(place) not in named]


def failure(error: ServiceDeskError) -> EffectError:
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
