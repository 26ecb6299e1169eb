"""Programs into production, with pasted tokens of both environments. Tokens and the exported file are only in memory."""

from typing import Any

from pydantic import SecretStr

from bot.jobs.errors import EffectError, RetryLater, look_again
from bot.jobs.pasted_tokens import again, leave_to_holder, token_here
from bot.jobs.proof_checks import ProofLine, line
from bot.jobs.records import declared, task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.said import ways_on
from bot.jobs.threads import Threads
from bot.jobs.transferring import StillWorkingError, Transferring
from bot.messages.program_move import move_report
from flows.cases import moves
from flows.cases.case import Case, Cases
from flows.cases.tasks import task_of
from flows.checks.tokens import UnreadableToken, bearer
from flows.forms.pages import held_as
from flows.model import TaskRecord
from flows.outbox import MoveProgram, ReportMove
from flows.ports import Unit
from pismo.environments import Environments
from pismo.errors import PismoError
from pismo.models import Program
from pismo.transfers import Transfers
from storage.store import Store

FIELDS = ("token", "test_token")


class ProgramMoves:
    """``tokens``: the pasted ones, by the move's item and field (`held_as`). They are removed once the result is saved."""

    def __init__(self, store: Store, cases: Cases, threads: Threads, pismo: Environments, tokens: dict[str, SecretStr]) -> None:
        self._store, self._cases, self._threads, self._pismo, self._tokens = store, cases, threads, pismo, tokens

    async def run(self, run: Run[MoveProgram]) -> None:
        """Does as much as can be done now. While Pismo works, is slow or down, it is looked at again; the tokens stay in memory."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        record = task_record(case, run.effect)
        if record.state != "waiting":  # what it was asked for changed in the meantime; the person was told
            self._drop(run.effect)
            return
        age = case.now - (run.asked_at or case.now)
        if held_as(run.effect.item, "token") not in self._tokens:
            leave_to_holder(self._store, run)
        moving = self._moving(case, record, run)
        if isinstance(moving, dict):
            await self._finish(run, [moving], None)
            return
        with token_here(run):
            try:
                await moving.run()
            except StillWorkingError:
                raise look_again(age, {"lines": moving.lines}) from None
            except PismoError as error:
                raise again(error, moving.lines) from None
            await self._finish(run, moving.lines, moving.found)

    def _moving(self, case: Case, record: TaskRecord, run: Run[MoveProgram]) -> Transferring | ProofLine:
        """What is to be done; or why nothing can be, as a line."""
        transfer = declared(task_of(case.step(run.effect.step), run.effect.task).transfer)
        chosen, pismo = transfer.program(record.answers, case.situation), self._pismo.production
        test_org, production_org = transfer.org_ids(case.situation)
        progress = moves.progress(case, run.effect, production_org)
        if moves.stopped(case, run.effect, progress):
            return line("import", "failed", "moving.stopped")
        tokens: dict[str, SecretStr] = {}
        for name in FIELDS:
            if (held := self._tokens.get(held_as(run.effect.item, name))) is not None:
                try:
                    tokens[name] = SecretStr(bearer(held.get_secret_value()))
                except UnreadableToken:
                    return line("token", "failed", "proof.token_unusable")
        if chosen is None:
            return line("look", "failed", "moving.not_recorded")
        if pismo is None:
            return line("look", "failed", "proof.no_address")
        if "token" not in tokens:
            return line("token", "failed", "proof.token_lost")

        async def keep(progress: Any) -> bool:
            async def work(unit: Unit) -> bool:
                async with self._cases.open(unit, run.onboarding_id, closed=True, shows=False) as opened:
                    return moves.keep(opened, run.effect, progress)

            return await self._store.transact(work)

        test = Transfers(self._pismo.test, tokens["test_token"], test_org) if "test_token" in tokens else None
        production = Transfers(pismo, tokens["token"], production_org)
        return Transferring(*chosen, test, production, progress, keep)

    async def given_up(self, unit: Unit, run: Run[MoveProgram], error: EffectError) -> bool:
        """It took longer than tokens live: the person sees how far it got, and goes on with fresh ones later."""
        reached = [one for one in error.about.get("lines") or [] if one["outcome"] != "failed"]
        why = line("there", "failed", "moving.still" if isinstance(error, RetryLater) else "moving.unavailable")
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            if not moves.finish(case, run.effect, [*reached, why], None):
                self._drop(run.effect)
        return True  # the report, sent once this is committed, removes the tokens

    async def _finish(self, run: Run[MoveProgram], lines: list[ProofLine], found: Program | None) -> None:
        """In its own transaction, since the tokens may be dropped only once the result is saved."""
        there = {"program_id": str(found.id or ""), "status": found.status or ""} if found is not None else None

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                moves.finish(case, run.effect, lines, there)

        await self._store.transact(work)
        self._drop(run.effect)

    def _drop(self, effect: MoveProgram | ReportMove) -> None:
        for name in FIELDS:
            self._tokens.pop(held_as(effect.item, name), None)

    async def report(self, run: Run[ReportMove]) -> Finished:
        """The lines, in the customer's thread and support's."""
        self._drop(run.effect)
        thread = await self._threads.of(run, run.effect.where, run.effect.step)
        support, buttons = run.effect.where == "support", ways_on(thread, run.effect.task)
        shown = move_report(thread.texts, task_record(thread.case, run.effect), support=support, buttons=buttons)
        return await self._threads.post(run, thread, [shown])
