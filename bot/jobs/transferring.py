"""One program from the test environment into production: looked for there, exported here, imported there, followed to the end.

It may be begun anew at any moment: what was begun at Pismo is kept by its id, and looked for before anything is begun again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.jobs.pasted_tokens import belongs_to
from bot.jobs.proof_checks import ProofLine, line
from pismo.errors import PismoError, PismoErrorKind
from pismo.models import Program
from pismo.transfers import ERROR, SUCCESS, ExportStanding, ImportStanding, Transfers

LOOKS = 20
"""How often an import whose answer was lost is looked for, before people have to."""
_REASONS = {
    PismoErrorKind.UNAUTHORIZED: "unauthorized",
    PismoErrorKind.FORBIDDEN: "forbidden",
    PismoErrorKind.HANDSHAKE: "handshake",
    PismoErrorKind.UNAVAILABLE: "unavailable",
    PismoErrorKind.RATE_LIMITED: "unavailable",
}
UNKNOWN_PROGRAM = "EOA0020"
T = TypeVar("T")
Keep = Callable[[Mapping[str, Any]], Awaitable[bool]]


class StillWorkingError(Exception):
    """Pismo isn't done yet: look again later."""


class EndedError(Exception):
    """It can't go on; the last line says why."""


@dataclass
class Transferring:
    """``program_id``, ``type``: in test. ``test``: None without a token of it. ``progress``: what earlier attempts began; ``keep``
    stores it, and says False once nothing may be begun any more. ``lines``: what is to be told. ``found``: the program in production."""

    program_id: int
    name: str
    type: str
    test: Transfers | None
    production: Transfers
    progress: dict[str, Any]
    keep: Keep
    lines: list[ProofLine] = field(default_factory=list)
    found: Program | None = None

    async def run(self) -> None:
        """Raises StillWorkingError, and PismoError for what may work later; the lines show how far it got."""
        try:
            if not await self._looked():
                await self._imported(await self._import_id())
        except EndedError:
            pass

    async def _looked(self) -> bool:
        """Whether the program is there."""
        answer, found = await self._ask("look", self.production.program(self.name))
        if found is None:
            return False
        await self._is_own("look", self.production)
        if found.type not in (self.type, None, ""):
            known = {"id": str(found.id or "?"), "there": str(found.type), "asked": self.type}
            raise self._ended("look", "other_type", answer, **known)
        self.found = found
        imported, state = self.progress.get("import_id") or self.progress.get("sent"), str(found.status)
        self._add("look", "passed", "imported" if imported else "already", answer, id=str(found.id or "?"))
        active = state == "ACTIVE"
        self._add("there", "passed" if active else "failed", "active" if active else "pending", answer)
        return True

    async def _import_id(self) -> int:
        """Of the import that was begun, by this attempt or an earlier one."""
        if known := self.progress.get("import_id"):
            return int(known)
        begun = await self._ask("import", self.production.imports(self.name))
        sent, known = self.progress.get("sent"), self.progress.get("known") or ()
        under_way = [one for one in begun if (sent and one.id not in known) or one.status not in (SUCCESS, ERROR)]
        if under_way:
            return await self._kept(import_id=max(one.id for one in under_way))
        if sent:
            await self._kept(looks=int(self.progress.get("looks", 0)) + 1)
            if self.progress["looks"] < LOOKS:
                raise StillWorkingError
            await self._kept(sent=False)
            raise self._ended("import", "import_unsure")
        return await self._sent(await self._file(), [one.id for one in begun])

    async def _file(self) -> bytes:
        if self.test is None:
            raise self._ended("export", "no_test_token")
        if not self.progress.get("export_id"):
            await self._is_own("export", self.test)
            started = await self._ask("export", self.test.export(self.program_id))
            await self._kept(export_id=started.id)
        self._follows("export", standing := await self._ask("export", self.test.exported(int(self.progress["export_id"]))))
        self._add("export", "passed", "exported", standing)
        content, _, _ = await self._ask("export", self.test.download(int(self.progress["export_id"])))
        return content

    async def _sent(self, content: bytes, known: list[int]) -> int:
        """Kept before it is sent: if the answer is lost, it isn't sent again. ``known``: ids of imports that were there before."""
        await self._is_own("import", self.production)
        await self._kept(sent=True, known=known)
        try:
            begun = await self.production.import_(self.name, content)
        except PismoError as error:
            lost = error.kind is PismoErrorKind.UNEXPECTED or (error.transient and error.kind is not PismoErrorKind.RATE_LIMITED)
            if lost and error.sent:
                raise StillWorkingError from None
            await self._kept(sent=False)
            raise self._refused("import", error) from None
        return await self._kept(import_id=begun.id)

    async def _is_own(self, check: str, side: Transfers) -> None:
        """Raises EndedError unless the token is this organization's: which one a call is for, Pismo reads from the token. Asked before
        anything is begun, or believed to be there."""
        try:
            own = await belongs_to(side.org_id, side.token, side.pismo)
        except PismoError as error:
            if error.transient or error.kind in (PismoErrorKind.UNAUTHORIZED, PismoErrorKind.HANDSHAKE):
                raise self._refused(check, error) from None
            raise self._ended(check, "whose_unknown", error, org_id=side.org_id, status=str(error.status or "-")) from None
        if not own:
            raise self._ended(check, "other_organization", org_id=side.org_id)

    async def _imported(self, import_id: int) -> None:
        standing = await self._ask("import", self.production.imported(import_id))
        if standing.status == ERROR:
            await self._kept(sent=False, import_id=None)
        self._follows("import", standing)
        raise StillWorkingError  # it is listed in a moment

    def _follows(self, what: str, standing: ExportStanding | ImportStanding) -> None:
        """Raises unless it has succeeded."""
        if standing.status == ERROR:
            raise self._ended(
                what, f"{what}_error" if standing.failed else f"{what}_error_unnamed", standing, step=standing.failed
            )
        if standing.status != SUCCESS:
            raise StillWorkingError

    async def _kept(self, **more: Any) -> int:
        """Returns the import's id, 0 if it isn't known."""
        self.progress |= more
        if not await self.keep(self.progress):
            raise self._ended("import", "stopped")
        return int(self.progress.get("import_id") or 0)

    async def _ask(self, check: str, call: Awaitable[T]) -> T:
        try:
            return await call
        except PismoError as error:
            raise self._refused(check, error) from None

    def _refused(self, check: str, error: PismoError) -> Exception:
        """What may work later is raised as it is."""
        reason = _REASONS.get(error.kind, "refused")
        if error.kind is PismoErrorKind.UNAUTHORIZED and (self.progress.get("export_id") or self.progress.get("import_id")):
            reason = "token_ended"
        if error.code == UNKNOWN_PROGRAM:
            reason = "unknown_program"
        if error.message == "answer too long":
            reason = "too_long"
        ended = self._ended(
            check, reason, error, code=error.code or "-", status=str(error.status or "-"), id=str(self.program_id)
        )
        return error if error.transient else ended

    def _ended(self, check: str, reason: str, call: Any = None, **params: str | int) -> EndedError:
        self._add(check, "failed", reason, call, **params)
        return EndedError()

    def _add(self, check: str, outcome: str, reason: str, call: Any = None, **params: str | int) -> None:
        x_cid, ms = (call.x_cid, call.ms) if call is not None else ("", 0)
        self.lines = [*(one for one in self.lines if (one["check"], one["outcome"]) != (check, "failed"))]
        self.lines.append(line(check, outcome, f"moving.{reason}", x_cid=x_cid, ms=ms, **params))
