"""A check of a product's set-up: what it found becomes a line for each item. The pasted token is only in memory, as a proof's."""

from collections.abc import Sequence

from pydantic import SecretStr

from bot.jobs.errors import EffectError
from bot.jobs.pasted_tokens import again, leave_to_holder, token_here
from bot.jobs.proof_checks import ProofLine, line
from bot.jobs.records import task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.said import ways_on
from bot.jobs.setup_checks import SetupChecks, unread
from bot.jobs.threads import Threads
from bot.messages.setup_check import setup_report
from flows.cases import setup_check
from flows.cases.case import Cases
from flows.outbox import ReportSetupCheck, RunSetupCheck
from flows.ports import Unit
from pismo.environments import Environments
from pismo.errors import PismoError
from storage.store import Store


class SetupCheckRuns:
    """``tokens``: the pasted ones, by the check's item. A token is removed once its check's result is saved."""

    def __init__(self, store: Store, cases: Cases, threads: Threads, pismo: Environments, tokens: dict[str, SecretStr]) -> None:
        self._store, self._cases, self._threads, self._pismo, self._tokens = store, cases, threads, pismo, tokens

    async def run(self, run: Run[RunSetupCheck]) -> None:
        """All calls only read. While Pismo is slow or down, it is tried again; the token stays in memory until then."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        record, item = task_record(case, run.effect), run.effect.item
        if record.state != "waiting":  # what it should check changed in the meantime; the person was told
            self._tokens.pop(item, None)
            return
        wanted, situation = setup_check.check_of(case, run.effect), case.situation
        environment = wanted.environment(record.answers)
        readings = list(wanted.readings(situation, environment))
        pismo, token = self._pismo.get(environment), self._tokens.get(item)
        if pismo is None:
            await self._finish(run, [unread(one, "proof.no_address") for one in readings])
            return
        if token is None:
            leave_to_holder(self._store, run)
            await self._finish(run, [line("token", "failed", "proof.token_lost"), *map(unread, readings)])
            return
        checks = SetupChecks(pismo, wanted.expected(situation, environment), situation.now, readings)
        with token_here(run):
            try:
                await checks.run(token)
            except PismoError as error:  # transient: tried again
                raise again(error, checks.lines) from None
            await self._finish(run, checks.lines)

    async def given_up(self, unit: Unit, run: Run[RunSetupCheck], error: EffectError) -> bool:
        """Pismo didn't answer despite all attempts: the person sees how far it got, and pastes a fresh token later."""
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            wanted = setup_check.check_of(case, run.effect)
            readings = wanted.readings(case.situation, wanted.environment(task_record(case, run.effect).answers))
            lines = error.about.get("lines") or [unread(one, "setup_check.away") for one in readings]
            if not setup_check.finish(case, run.effect, lines):
                self._tokens.pop(run.effect.item, None)
        return True  # the report, sent once this is committed, removes the token

    async def _finish(self, run: Run[RunSetupCheck], lines: Sequence[ProofLine]) -> None:
        """In its own transaction, since the token may be dropped only once the result is saved."""

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                setup_check.finish(case, run.effect, lines)

        await self._store.transact(work)
        self._tokens.pop(run.effect.item, None)

    async def report(self, run: Run[ReportSetupCheck]) -> Finished:
        """The lines, in the customer's thread and support's."""
        self._tokens.pop(run.effect.item, None)
        thread = await self._threads.of(run, run.effect.where, run.effect.step)
        record, texts = task_record(thread.case, run.effect), thread.texts
        wanted = setup_check.check_of(thread.case, run.effect)
        environment = wanted.environment(record.answers)
        labels = {one.item: one.label for one in wanted.readings(thread.case.situation, environment)}
        support, buttons = run.effect.where == "support", ways_on(thread, run.effect.task)
        shown = setup_report(texts, record, environment, labels, support=support, buttons=buttons)
        return await self._threads.post(run, thread, [shown])
