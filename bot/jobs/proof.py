"""The proof of access: a pasted token is tried once against Pismo, and each check becomes a line. The token is in memory alone."""

from collections.abc import Mapping
from typing import Any

from flows.cases.onboarding import situation_of

from bot.desk import Desk
from bot.jobs.posts import Messages, Result, task_record
from bot.jobs.proof_checks import Checks, Line, all_skipped, line
from bot.jobs.runner import RetryLater, Unreachable
from bot.messages.blocks import plain_blocks
from bot.messages.texts import Texts
from bot.messages.wording import detail, sentence
from flows.cases.tasks import finish_proof
from flows.model import EffectRecord, Snapshot, TaskRecord
from flows.ports import Unit
from flows.problems import Amount
from flows.steps.authentication.proving import corrections
from flows.steps.authentication.token_check import expected
from pismo.environments import Environments
from pismo.errors import PismoError
from pismo.models import Organization


class Proof:
    def __init__(self, desk: Desk, messages: Messages, pismo: Environments) -> None:
        self.desk, self.messages, self.pismo = desk, messages, pismo
        self._last: dict[str, list[Line]] = {}  # how far the last attempt of a run came, by item

    async def run(self, effect: EffectRecord, again: bool) -> Result:  # noqa: ARG002  all calls may be repeated
        """Try the token. While Pismo is slow or down the engine tries again; the token waits in memory until then."""
        item = effect.arguments["item"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        record = task_record(snapshot, effect.arguments["step"], effect.arguments["task"], item)
        if record.state != "waiting":  # what it was to prove was changed in the meantime; the person was told
            self._forget(item)
            return None
        asked = record.answers
        pismo, token = self.pismo.get(asked.get("environment", "test")), self.desk.tokens.get(item)
        if pismo is None:
            await self.finish(effect, all_skipped("no_address"))
            return None
        if token is None:
            lost = line("token", "failed", "token_lost")
            await self.finish(effect, [lost if seen["check"] == "token" else seen for seen in all_skipped("earlier_failed")])
            return None
        situation = situation_of(snapshot, self.desk.rules, self.desk.clock())
        # What is not as approved was found in the test environment, and is corrected there.
        sent = corrections(situation) if pismo is self.pismo.test else {}
        checks = Checks(pismo, expected(situation), situation.now, sent)
        try:
            await checks.run(token)
        except PismoError as error:  # transient: the engine comes again
            self._last[item] = checks.lines
            if error.retry_after is not None:
                raise RetryLater(error.retry_after) from None
            raise Unreachable(f"pismo_{error.kind}") from None
        differences = compared(snapshot, checks.organization) if checks.organization is not None else []
        await self.finish(effect, checks.lines, differences)
        return None

    async def give_up(self, effect: EffectRecord) -> bool:
        """Pismo did not answer in spite of all tries: the person reads how far it came, and pastes a fresh token later."""
        failed = [line("programs", "failed", "unavailable")]
        await self.finish(effect, self._last.get(effect.arguments["item"], failed))
        return True

    async def finish(
        self, effect: EffectRecord, lines: list[Line], differences: list[tuple[str, str, str]] | None = None
    ) -> None:
        """Write down the result and forget the token."""
        asked = effect.arguments

        async def work(unit: Unit) -> None:
            await finish_proof(
                unit, self.desk.rules, effect.onboarding_id, asked["step"], asked["task"], asked["item"], lines, differences
            )

        await self.desk.transact(work)
        self._forget(asked["item"])

    def _forget(self, item: str) -> None:
        self.desk.tokens.pop(item, None)
        self._last.pop(item, None)

    async def report(self, effect: EffectRecord, again: bool) -> Result:
        """The lines in the customer's thread; what differs on the platform in support's."""
        asked = effect.arguments
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        record = task_record(snapshot, asked["step"], asked["task"], asked["item"])
        where = asked["where"]
        texts = self.messages.texts(snapshot, where)
        said = [_headline(texts, record)]
        said += [sentence(texts, *_worded(texts, entry)) for entry in record.answers["lines"]]
        differences = record.answers.get("differences")
        if where == "support" and differences is not None:
            said.append(_differences(texts, differences))
        text = "\n".join(said)
        return await self.messages.post(effect, snapshot, where, asked["step"], text, plain_blocks(text), again=again)


def compared(snapshot: Snapshot, organization: Organization) -> list[tuple[str, str, str]]:
    """(field, approved, on the platform) where the organization is not what was approved."""
    from flows.steps.organization import compare  # noqa: PLC0415  this step alone can be compared

    sent = snapshot.last("organization")
    if sent is None:
        return []
    return [
        (field, str(ours or ""), str(theirs or "")) for field, ours, theirs in compare(sent.answers, organization.model_dump())
    ]


def _headline(texts: Texts, record: TaskRecord) -> str:
    outcomes = {entry["outcome"] for entry in record.answers["lines"]}
    key = "proof_passed" if record.state == "done" else "proof_failed" if "failed" in outcomes else "proof_skipped"
    environment = texts(f"choice.environment.{record.answers.get('environment', 'test')}")
    return sentence(texts, key, {"environment": environment})


def _worded(texts: Texts, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    params = {name: Amount(value) if isinstance(value, int) else value for name, value in entry["params"].items()}
    reason = entry["reason"] if "." in entry["reason"] else f"proof.{entry['reason']}"
    said = {
        "check": texts(f"check.{entry['check']}"),
        "outcome": texts(f"outcome.{entry['outcome']}"),
        "reason": texts(reason, **params),
    }
    if not entry["x_cid"]:
        return "proof_line_skipped", said
    return "proof_line", {**said, "ms": Amount(entry["ms"]), "x_cid": entry["x_cid"]}


def _differences(texts: Texts, differences: list[list[str]]) -> str:
    if not differences:
        return sentence(texts, "proof_no_differences", {})
    lines = "\n".join(
        texts("say.proof_difference", field=detail(texts, field), ours=ours or "-", theirs=theirs or "-")
        for field, ours, theirs in differences
    )
    return sentence(texts, "proof_differences", {"lines": lines})
