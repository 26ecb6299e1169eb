"""The proof of access: a pasted token is tried against Pismo, and each check becomes a line. The token is only in memory."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from bot.jobs.errors import EffectError, RetryLater, Unreachable
from bot.jobs.proof_checks import Checks, ProofLine, all_skipped, line
from bot.jobs.records import task_record
from bot.jobs.registry import Finished, Run
from bot.jobs.threads import Threads
from bot.messages.texts import Raw, Texts
from bot.messages.wording import sentence
from flows.cases import proof
from flows.cases.case import Cases
from flows.forms.step import PROGRAMS_CHECK, Difference, Proof
from flows.model import TaskRecord
from flows.outbox import ReportProof, RunProof
from flows.ports import Unit
from flows.problems import Amount
from pismo.environments import Environments
from pismo.errors import PismoError
from storage.store import Store

ELSEWHERE = timedelta(minutes=2)
"""Where several processes run: for so long a proof whose token isn't here is left to the one that was given it."""


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
        pismo, token = self._pismo.get(wanted.environment(record.answers)), self._tokens.get(item)
        if pismo is None:
            await self._finish(run, all_skipped("no_address"))
            return
        if token is None and not self._store.one_writer and run.asked_at is not None and case.now - run.asked_at < ELSEWHERE:
            raise RetryLater(1.0)
        if token is None:
            lost = line("token", "failed", "token_lost")
            await self._finish(run, [lost if seen["check"] == "token" else seen for seen in all_skipped("earlier_failed")])
            return
        situation = case.situation
        # Details that differ from what was approved are corrected in the test environment only.
        sent = wanted.corrections(situation) if pismo is self._pismo.test else {}
        checks = Checks(pismo, wanted.expected(situation), situation.now, sent)
        try:
            await checks.run(token)
        except PismoError as error:  # transient: tried again
            raise _failure(error, checks.lines) from None
        found = checks.organization
        differences = wanted.differences(situation, found.model_dump()) if found is not None else []
        await self._finish(run, checks.lines, differences)

    async def given_up(self, unit: Unit, run: Run[RunProof], error: EffectError) -> bool:
        """Pismo didn't answer despite all attempts: the person sees how far it got, and pastes a fresh token later."""
        lines = error.about.get("lines") or [line(PROGRAMS_CHECK, "failed", "unavailable")]
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            if not proof.finish(case, run.effect, lines):
                self._tokens.pop(run.effect.item, None)
        return True  # the report, sent once this is committed, removes the token

    async def _finish(
        self, run: Run[RunProof], lines: Sequence[ProofLine], differences: Sequence[Difference] | None = None
    ) -> None:
        """In its own transaction, since the token may be dropped only once the result is saved."""

        async def work(unit: Unit) -> None:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                proof.finish(case, run.effect, lines, differences)

        await self._store.transact(work)
        self._tokens.pop(run.effect.item, None)

    async def report(self, run: Run[ReportProof]) -> Finished:
        """The lines, in the customer's thread and support's; in support's, also what differs on the platform."""
        self._tokens.pop(run.effect.item, None)
        thread = await self._threads.of(run, run.effect.where, run.effect.step)
        record, texts = task_record(thread.case, run.effect), thread.texts
        proved = proof.proof_of(thread.case, run.effect)
        said = [_headline(texts, record, proved.environment(record.answers))]
        said += [sentence(texts, *_worded(texts, entry)) for entry in record.answers["lines"]]
        differences = record.answers.get("differences")
        if run.effect.where == "support" and differences is not None:
            said.append(_told_differences(texts, differences, proved))
        return await self._threads.say(run, thread, "\n".join(said))


def _failure(error: PismoError, lines: list[ProofLine]) -> EffectError:
    about = {"lines": lines}
    if error.retry_after is not None:
        return RetryLater(error.retry_after, about=about)
    return Unreachable(f"pismo_{error.kind}", about)


def _headline(texts: Texts, record: TaskRecord, environment: str) -> str:
    outcomes = {entry["outcome"] for entry in record.answers["lines"]}
    key = "proof_passed" if record.state == "done" else "proof_failed" if "failed" in outcomes else "proof_skipped"
    return sentence(texts, key, {"environment": texts(f"environment.{environment}")})


def _worded(texts: Texts, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    params = {name: Amount(value) if isinstance(value, int) else value for name, value in entry["params"].items()}
    reason = entry["reason"] if "." in entry["reason"] else f"proof.{entry['reason']}"
    said = {
        "check": texts(f"check.{entry['check']}"),
        "outcome": texts(f"outcome.{entry['outcome']}"),
        "reason": Raw(texts.md(reason, **params)),
    }
    if not entry["x_cid"]:
        return "proof_line_skipped", said
    return "proof_line", {**said, "ms": Amount(entry["ms"]), "x_cid": entry["x_cid"]}


def _told_differences(texts: Texts, differences: Sequence[Sequence[str]], proved: Proof) -> str:
    if not differences:
        return sentence(texts, "proof_no_differences", {})
    lines = "\n".join(
        texts.md(
            "say.proof_difference", field=_label(texts, proved.label_of(field), field), ours=ours or "-", theirs=theirs or "-"
        )
        for field, ours, theirs in differences
    )
    return sentence(texts, "proof_differences", {"lines": Raw(lines)})


def _label(texts: Texts, key: str, detail: str) -> str:
    """What the form calls a detail of the organization at Pismo."""
    return texts(key) if texts.has(key) else detail
