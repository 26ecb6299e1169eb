"""The proof of access: a pasted token is tried against Pismo, and each check becomes a line. The token is only in memory."""

from pydantic import SecretStr

from bot.jobs.errors import EffectError
from bot.jobs.pasted_tokens import again, leave_to_holder, token_here
from bot.jobs.proof_checks import ORGANIZATION_CHECK, Checks, all_skipped, line
from bot.jobs.records import task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.said import ways_on
from bot.jobs.threads import Threads
from bot.messages.proof import report
from flows.cases import proof
from flows.cases.case import Case, Cases
from flows.cases.proof import Proved
from flows.forms.step import PROGRAMS_CHECK, Comparison, Proof
from flows.outbox import ReportProof, RunProof
from flows.ports import Unit
from pismo.client import Pismo
from pismo.environments import Environments
from pismo.errors import PismoError
from storage.store import Store


class Proofs:
    """``tokens``: the pasted ones, by the proof's item. A token is removed once its proof's result is saved."""

    def __init__(self, store: Store, cases: Cases, threads: Threads, pismo: Environments, tokens: dict[str, SecretStr]) -> None:
        self._store, self._cases, self._threads, self._pismo, self._tokens = store, cases, threads, pismo, tokens

    async def run(self, run: Run[RunProof]) -> None:
        """All calls can be repeated. While Pismo is slow or down, it is tried again; the token stays in memory until then."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        record, item = task_record(case, run.effect), run.effect.item
        if record.state != "waiting":  # what it should prove changed in the meantime; the person was told
            self._tokens.pop(item, None)
            return
        wanted = proof.proof_of(case, run.effect)
        environment = wanted.environment(record.answers)
        pismo, token = self._pismo.get(environment), self._tokens.get(item)
        if pismo is None:
            await self._finish(run, Proved(all_skipped("no_address")))
            return
        if token is None:
            leave_to_holder(self._store, run)
            lost = line("token", "failed", "token_lost")
            await self._finish(
                run, Proved([lost if seen["check"] == "token" else seen for seen in all_skipped("earlier_failed")])
            )
            return
        with token_here(run):
            await self._finish(run, await self._tried(case, wanted, environment, pismo, token))

    async def _tried(self, case: Case, wanted: Proof, environment: str, pismo: Pismo, token: SecretStr) -> Proved:
        situation = case.situation
        # Details that differ from what was approved are corrected in the test environment only.
        sent = wanted.corrections(situation) if pismo is self._pismo.test else {}
        invited = proof.invited(case, wanted.sign_ons(environment))
        checks = Checks(pismo, wanted.expected(situation, environment), situation.now, sent, invited)
        try:
            await checks.run(token)
        except PismoError as error:  # transient: tried again
            raise again(error, checks.lines) from None
        compared: dict[str, Comparison] = {}
        if checks.programs is not None:
            compared[PROGRAMS_CHECK] = wanted.programs(situation, environment, checks.programs)
        if checks.organization is not None:
            compared[ORGANIZATION_CHECK] = wanted.organization(situation, environment, checks.organization.model_dump())
        return Proved(checks.lines, compared, checks.signed_on)

    async def given_up(self, unit: Unit, run: Run[RunProof], error: EffectError) -> bool:
        """Pismo didn't answer despite all attempts: the person sees how far it got, and pastes a fresh token later."""
        lines = error.about.get("lines") or [line(PROGRAMS_CHECK, "failed", "unavailable")]
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            if not await proof.finish(case, run.effect, Proved(lines)):
                self._tokens.pop(run.effect.item, None)
        return True  # the report, sent once this is committed, removes the token

    async def _finish(self, run: Run[RunProof], proved: Proved) -> None:
        """In its own transaction, since the token may be dropped only once the result is saved."""

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                await proof.finish(case, run.effect, proved)

        await self._store.transact(work)
        self._tokens.pop(run.effect.item, None)

    async def report(self, run: Run[ReportProof]) -> Finished:
        """The same to both sides: what is the customer's own is no secret from them."""
        self._tokens.pop(run.effect.item, None)
        thread = await self._threads.of(run, run.effect.where, run.effect.step)
        record, case = task_record(thread.case, run.effect), thread.case
        environment = proof.proof_of(case, run.effect).environment(record.answers)
        support, buttons = run.effect.where == "support", ways_on(thread, run.effect.task)
        shown = report(thread.texts, record, environment, case.onboarding.customer, support=support, buttons=buttons)
        return await self._threads.post(run, thread, [shown])
