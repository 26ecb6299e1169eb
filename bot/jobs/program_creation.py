"""Creating a program at Pismo with a pasted token: looked for first, begun at most once, and followed until it is ACTIVE.

Pismo has no key for idempotency: what is about to be begun is written down before it is sent, and an answer that is lost leads to looking
for the program, never to sending it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from bot.jobs.errors import EffectError, Pending, RetryLater, Unreachable, look_again
from bot.jobs.pasted_tokens import belongs_to, leave_to_holder, token_here
from bot.jobs.records import task_record
from bot.jobs.registry import Run
from flows.cases import creation
from flows.cases.case import Case, Cases
from flows.checks.iso_codes import canonical_zone
from flows.checks.programs import ACTIVE, PENDING
from flows.model import TaskRecord
from flows.outbox import CreateProgram
from flows.ports import Unit
from pismo.client import Pismo
from pismo.environments import Environments
from pismo.errors import PismoError, PismoErrorKind
from pismo.models import Program
from storage.store import Store

PENDING_FOR = timedelta(minutes=5)
"""How long it is followed while it is PENDING: what it lacks then is for people."""
PER_PAGE, MAX_PAGES = 50, 20
NEVER = frozenset({"EOA0030"})
"""Codes of a failed call that says for good that nothing was created."""
_OF_THE_CALL = (8, 9, 15, 16, 17, 18, 29, 30, 31, 33, 37, 38, 39, 40, 54, 55, 63, 73, 86)
_OF_OTHERS = (10, 11, 20, 21, 22, 34, 35, 36, 58, 64, 80, 82)
WORDED = frozenset(f"EOA{number:04}" for number in (*_OF_THE_CALL, *_OF_OTHERS))
"""Codes that have a sentence of their own; the latter are published for calls beside this one."""


@dataclass(frozen=True)
class _Attempt:
    """What one attempt needs."""

    run: Run[CreateProgram]
    case: Case
    record: TaskRecord
    token: SecretStr
    org_id: str
    body: Mapping[str, Any]


class ProgramCreations:
    """``tokens``: the pasted ones, by the task's item. A token is removed once its result is saved."""

    def __init__(self, store: Store, cases: Cases, environments: Environments, tokens: dict[str, SecretStr]) -> None:
        self._store, self._cases, self._environments, self._tokens = store, cases, environments, tokens

    @property
    def _pismo(self) -> Pismo:
        return self._environments.test

    async def run(self, run: Run[CreateProgram]) -> None:
        """Raises RetryLater as long as it is followed."""
        async with self._store.read() as unit:
            case = await self._cases.look(unit, run.onboarding_id, closed=True)
        record, item = task_record(case, run.effect), run.effect.item
        if record.state != "waiting":
            self._tokens.pop(item, None)
            return
        wanted, token = creation.creation_of(case, run.effect), self._tokens.get(item)
        if token is None:
            leave_to_holder(self._store, run)
            await self._finish(run, "program_token_lost")
            return
        expected = wanted.expected(case.situation)
        with token_here(run):
            try:
                token = await self._usable(token, item, expected)
                attempt = _Attempt(run, case, record, token, expected.org_id, wanted.template(record.answers))
                await self._go_on(attempt)
            except PismoError as error:
                await self._failed(run, case, error)

    async def given_up(self, unit: Unit, run: Run[CreateProgram], error: EffectError) -> bool:  # noqa: ARG002  whatever the reason
        """Pismo didn't answer for an hour, or the program didn't become ACTIVE: both sides read how far it got."""
        async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
            begun = creation.begun(case, run.effect)
            creation.finish(case, run.effect, "program_no_answer_begun" if begun else "program_no_answer")
        self._tokens.pop(run.effect.item, None)
        return True

    async def _usable(self, pasted: SecretStr, item: str, expected: Any) -> SecretStr:
        """The access token; that for a JWT which the customer signed is kept in its place."""
        from flows.checks.claims import is_signed_by_customer  # noqa: PLC0415  cryptography is not needed at startup
        from flows.checks.tokens import bearer  # noqa: PLC0415

        text = pasted.get_secret_value()
        if not is_signed_by_customer(text, expected):
            return SecretStr(bearer(text))
        granted = await self._pismo.token_openid(SecretStr(bearer(text)))
        self._tokens[item] = granted.value
        return granted.value

    # -- looking

    async def _go_on(self, attempt: _Attempt) -> None:
        program = await self._look(attempt)
        answers = attempt.record.answers
        if not (answers.get(creation.BEGUN) or answers.get(creation.SEEN) or await self._is_own(attempt)):
            return
        if program is not None:
            await self._there(attempt, program)
            return
        begun = creation.begun(attempt.case, attempt.run.effect)
        if begun is None:
            await self._begin(attempt)
        elif await self._has_failed(attempt, begun.get("import_id")):
            await self._finish(attempt.run, "program_import_failed", take_back=True)
        elif creation.overdue(attempt.case, begun):
            await self._finish(attempt.run, "program_not_seen")
        else:
            if attempt.record.answers.get(creation.BEGUN) is None:
                await self._saved(attempt.run, lambda case: creation.take_over(case, attempt.run.effect, begun), over=False)
            raise self._later(attempt)

    async def _look(self, attempt: _Attempt) -> Program | None:
        """The program of this very name; among several, the one that is as it was asked for."""
        name, others = attempt.body["name"], list[Program]()
        for number in range(1, MAX_PAGES + 1):
            page = await self._pismo.list_programs(attempt.token, attempt.org_id, number, PER_PAGE, name=name)
            same = [one for one in page.items if _same(one.name or "", name) and one.id is not None]
            others += same
            if (found := next((one for one in same if not _differing(one, attempt.body)), None)) is not None:
                return found
            if number * PER_PAGE >= page.total_items:
                break
        return others[0] if others else None

    async def _is_own(self, attempt: _Attempt) -> bool:
        """Before anything is begun or recorded: which organization a call is for, Pismo reads from the token."""
        try:
            if await belongs_to(attempt.org_id, attempt.token, self._pismo):
                return True
        except PismoError as error:
            if error.transient or error.kind in (PismoErrorKind.UNAUTHORIZED, PismoErrorKind.HANDSHAKE):
                raise
            await self._finish(attempt.run, "program_whose_unknown", _words(error))
        else:
            await self._finish(attempt.run, "program_other_organization")
        return False

    async def _there(self, attempt: _Attempt, program: Program) -> None:
        if differing := _differing(program, attempt.body):
            await self._finish(attempt.run, "program_name_taken", {"id": str(program.id), **differing})
            return
        effect, pressed = attempt.run.effect, attempt.record.at or attempt.case.now
        status = ACTIVE if program.status == ACTIVE else PENDING
        number, kind = program.id or 0, program.type or attempt.body["type"]
        if status == PENDING and attempt.case.now - pressed < PENDING_FOR:
            if attempt.record.answers.get(creation.SEEN) != [number, status]:
                await self._saved(attempt.run, lambda case: creation.seen(case, effect, number, kind, status), over=False)
            raise self._later(attempt)
        key = "program_became_active" if status == ACTIVE else "program_became_pending"
        await self._saved(attempt.run, lambda case: creation.found(case, effect, key, number, kind, status))

    async def _has_failed(self, attempt: _Attempt, import_id: int | None) -> bool:
        """Whether Pismo says that nothing will come of it. What it doesn't say about the import is left to looking for the program."""
        if import_id is None:
            return False
        try:
            record = await self._pismo.get_program_import(attempt.token, attempt.org_id, import_id)
        except PismoError as error:
            if error.kind is PismoErrorKind.UNAUTHORIZED:
                raise
            return False
        return record.status == "ERROR"

    def _later(self, attempt: _Attempt) -> Pending:
        """Look again."""
        return look_again(attempt.case.now - (attempt.record.at or attempt.case.now))

    # -- creating

    async def _begin(self, attempt: _Attempt) -> None:
        effect = attempt.run.effect
        if not await self._saved(attempt.run, lambda case: creation.begin(case, effect), over=False):
            return
        try:
            answer = await self._pismo.create_program(attempt.token, attempt.org_id, attempt.body)
        except PismoError as error:
            if error.kind is PismoErrorKind.RATE_LIMITED or not error.sent:
                await self._saved(attempt.run, lambda case: creation.take_back(case, effect), over=False)
                raise
            if error.code in NEVER or not (error.transient or error.kind is PismoErrorKind.UNEXPECTED):
                await self._refused(attempt.run, error)
                return
            raise Unreachable(f"pismo_{error.kind}") from None  # it may have been created: looked for from now on
        import_id = answer.program_import_id
        await self._saved(attempt.run, lambda case: creation.accepted(case, effect, import_id), over=False)
        raise self._later(attempt)

    async def _refused(self, run: Run[CreateProgram], error: PismoError) -> None:
        if error.kind is PismoErrorKind.UNAUTHORIZED:
            await self._finish(run, "program_token_refused", _words(error), take_back=True)
        elif error.kind is PismoErrorKind.FORBIDDEN:
            await self._finish(run, "program_forbidden", _words(error), take_back=True)
        else:
            known = error.code in WORDED
            why = {"why": f"program_refusal.{error.code}"} if known else {}
            key = "program_refused" if known else "program_refused_otherwise"
            await self._finish(run, key, why | _words(error), take_back=True)

    # -- ends

    async def _failed(self, run: Run[CreateProgram], case: Case, error: PismoError) -> None:
        """A look, or the exchange of a JWT, failed."""
        if error.retry_after is not None:
            raise RetryLater(error.retry_after, of_channel=False) from None
        if error.transient:
            raise Unreachable(f"pismo_{error.kind}") from None
        begun = creation.begun(case, run.effect) is not None
        if error.kind is PismoErrorKind.UNAUTHORIZED:
            await self._finish(run, "program_token_ended" if begun else "program_token_refused", _words(error))
        elif error.kind is PismoErrorKind.FORBIDDEN:
            await self._finish(run, "program_list_forbidden", _words(error))
        elif error.kind is PismoErrorKind.HANDSHAKE:
            await self._finish(run, "program_no_connection")
        else:
            await self._finish(run, "program_not_looked", _words(error))

    async def _finish(
        self, run: Run[CreateProgram], key: str, params: Mapping[str, str] = MappingProxyType({}), *, take_back: bool = False
    ) -> None:
        def work(case: Case) -> bool:
            if take_back:
                creation.take_back(case, run.effect)
            return creation.finish(case, run.effect, key, **params)

        await self._saved(run, work)

    async def _saved(self, run: Run[CreateProgram], work: Callable[[Case], bool], *, over: bool = True) -> bool:
        """In a transaction of its own. ``over``: the token is dropped once that is committed. False if it no longer counts."""

        async def transaction(unit: Unit) -> bool:
            async with self._cases.open(unit, run.onboarding_id, closed=True) as case:
                return work(case)

        counts = await self._store.transact(transaction)
        if over or not counts:
            self._tokens.pop(run.effect.item, None)
        return counts


def _words(error: PismoError) -> dict[str, str]:
    """What support at Pismo asks for."""
    return {"code": error.code or str(error.status), "detail": error.message, "x_cid": error.x_cid}


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _differing(program: Program, body: Mapping[str, Any]) -> dict[str, str]:
    """What a program of the same name has otherwise, if Pismo says: it is another one then."""
    there = program.model_dump()
    there["bin"], asked = (there["bin"] or {}).get("value"), {**body, "bin": (body.get("bin") or {}).get("value")}
    if there["timezone"] and canonical_zone(there["timezone"]) == canonical_zone(body["timezone"]):
        there["timezone"] = body["timezone"]
    for detail in ("type", "currency_numeric_code", "country_code", "timezone", "brand", "bin"):
        if there[detail] and there[detail] != asked.get(detail):
            return {"field": f"program_detail.{detail}", "there": there[detail], "asked": asked.get(detail) or "-"}
    return {}
