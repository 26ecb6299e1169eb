"""The proof of access: a pasted token is tried once against Pismo, and each check becomes a line. The token is in memory alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.blocks import plain_blocks
from bot.desk import Desk
from bot.effects import RetryLater, Unreachable
from bot.executors.messages import Messages, Result, task_record
from bot.wording import sentence
from flows.fulfilling import finish_proof
from flows.model import Effect, Snapshot
from flows.onboarding import situation
from flows.ports import Unit
from pismo.client import Pismo
from pismo.errors import Kind, PismoError
from pismo.models import Organization
from pismo.tokens import TokenError, clean_token, read_token

Line = dict[str, Any]


def line(check: str, outcome: str, reason: str, *, x_cid: str = "", ms: float = 0, **params: str | int) -> Line:
    """``reason`` is a key under ``proof.``; nothing here holds any part of the token."""
    return {"check": check, "outcome": outcome, "reason": reason, "params": params, "x_cid": x_cid, "ms": round(ms)}


def failure(check: str, error: PismoError) -> Line:
    """A refusal of Pismo's as a line that says what it means."""
    known = {Kind.UNAUTHORIZED: "unauthorized", Kind.FORBIDDEN: "forbidden", Kind.NOT_FOUND: "not_found"}
    reason = known.get(error.kind, "unavailable" if error.transient else "refused")
    code, status = error.code or "-", error.status or 0
    return line(check, "failed", reason, x_cid=error.x_cid, ms=error.ms, code=code, status=status)


def look_at(token: str, org_id: str, now: datetime) -> list[Line]:
    """What the token says of itself, before anyone is asked."""
    try:
        facts = read_token(token)
    except TokenError:
        return [line("token", "skipped", "token_unreadable"), line("tenant", "skipped", "tenant_unknown")]
    expired = facts.expires_at is not None and facts.expires_at <= now
    seen = line("token", "failed", "token_expired") if expired else line("token", "passed", "token_readable")
    if not facts.tenant:
        return [seen, line("tenant", "skipped", "tenant_unknown")]
    same = facts.tenant.casefold() == org_id.casefold()
    return [seen, line("tenant", "passed", "ok") if same else line("tenant", "failed", "tenant_differs")]


class Proof:
    def __init__(self, desk: Desk, messages: Messages, pismo: Pismo) -> None:
        self.desk, self.messages, self.pismo = desk, messages, pismo

    async def run(self, effect: Effect, again: bool) -> Result:  # noqa: ARG002  both calls only read
        """Try the token. While Pismo is slow or down the engine tries again; the token waits in memory until then."""
        item = effect.arguments["item"]
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        at = situation(snapshot, self.desk.rules, self.desk.clock())
        token = self.desk.tokens.get(item)
        if token is None:
            await self.finish(effect, [line("token", "failed", "token_lost")])
            return None
        lines = look_at(token, at.org_id, at.now)
        if any(seen["outcome"] == "failed" for seen in lines):
            skipped = [line(check, "skipped", "earlier_failed") for check in ("programs", "organization")]
            await self.finish(effect, lines + skipped)
            return None
        try:
            lines.append(await self._programs(token, at.org_id))
            organization = await self._organization(token, at.org_id, lines)
        except PismoError as error:  # transient: the engine comes again
            if error.retry_after is not None:
                raise RetryLater(error.retry_after) from None
            raise Unreachable(f"pismo_{error.kind}") from None
        differences = compared(snapshot, organization) if organization is not None else []
        await self.finish(effect, lines, differences)
        return None

    async def _programs(self, token: str, org_id: str) -> Line:
        try:
            page = await self.pismo.list_programs(clean_token(token), org_id)
        except PismoError as error:
            if error.transient:
                raise
            return failure("programs", error)
        return line("programs", "passed", "programs_count", x_cid=page.x_cid, ms=page.ms, count=page.total_items)

    async def _organization(self, token: str, org_id: str, lines: list[Line]) -> Organization | None:
        try:
            organization = await self.pismo.get_organization(clean_token(token), org_id)
        except PismoError as error:
            if error.transient:
                raise
            lines.append(failure("organization", error))
            return None
        lines.append(line("organization", "passed", "ok", x_cid=organization.x_cid, ms=organization.ms))
        return organization

    async def give_up(self, effect: Effect) -> None:
        """Pismo did not answer in spite of all tries: the person reads so, and pastes a fresh token later."""
        await self.finish(effect, [line("programs", "failed", "unavailable"), line("organization", "skipped", "earlier_failed")])

    async def finish(self, effect: Effect, lines: list[Line], differences: list[tuple[str, str, str]] | None = None) -> None:
        """Write down the result and forget the token."""
        asked = effect.arguments

        async def work(unit: Unit) -> None:
            await finish_proof(
                unit, self.desk.rules, effect.onboarding_id, asked["step"], asked["task"], asked["item"], lines, differences
            )

        await self.desk.transact(work)
        self.desk.tokens.pop(asked["item"], None)

    async def report(self, effect: Effect, again: bool) -> Result:
        """The lines in the customer's thread; what differs on the platform in support's."""
        asked = effect.arguments
        snapshot = await self.messages.snapshot(effect.onboarding_id)
        record = task_record(snapshot, asked["step"], asked["task"], asked["item"])
        where = asked["where"]
        texts = self.messages.texts(snapshot, where)
        said = [sentence(texts, "proof_passed" if record.state == "done" else "proof_failed", {})]
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


def _worded(texts: Any, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    reason = texts(f"proof.{entry['reason']}", **entry["params"])
    params = {"check": texts(f"check.{entry['check']}"), "outcome": texts(f"outcome.{entry['outcome']}"), "reason": reason}
    if not entry["x_cid"]:
        return "proof_line_skipped", params
    return "proof_line", {**params, "ms": entry["ms"], "x_cid": entry["x_cid"]}


def _differences(texts: Any, differences: list[list[str]]) -> str:
    if not differences:
        return sentence(texts, "proof_no_differences", {})
    lines = "\n".join(
        texts("say.proof_difference", field=field, ours=ours or "-", theirs=theirs or "-") for field, ours, theirs in differences
    )
    return sentence(texts, "proof_differences", {"lines": lines})
