"""Programs from one environment into another: exported to a JSON file there, imported from it here. Pismo does both in its own time."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from pismo.calls import (
    DOWNLOAD_EXPORT,
    GET_EXPORT,
    GET_PROGRAM_IMPORT,
    LIST_IMPORTS,
    LIST_PROGRAMS,
    START_EXPORT,
    START_IMPORT,
)
from pismo.client import Pismo
from pismo.models import Program, ProgramsPage, Result

SUCCESS, ERROR = "SUCCESS", "ERROR"
"""How a transfer ends; until then it is PENDING, then PROCESS."""
PAGE, MAX_PAGES = 50, 10
"""Items asked for on a page, and pages read of a list."""

_None = BeforeValidator(lambda value: () if value is None else value)
"""For lists: an empty one may come as null."""


class TransferStep(BaseModel):
    """``name``: such as DUEDATES; which steps there are depends on the type of program."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str = ""
    status: str = ""


class Begun(Result):
    """An export or import that was asked for."""

    id: int
    program_name: str | None = None
    status: str = ""


class BegunPage(Result):
    total_items: int
    items: Annotated[tuple[Begun, ...], _None] = ()


class _Standing(Result):
    id: int | None = None
    program_id: int | None = None
    status: str = ""

    @property
    def steps(self) -> tuple[TransferStep, ...]:
        raise NotImplementedError

    @property
    def failed(self) -> str:
        """The step that ended in ERROR; empty if none says so."""
        return next((step.name for step in self.steps if step.status == ERROR), "")


class ExportStanding(_Standing):
    """How far an export is."""

    program_export_steps: Annotated[tuple[TransferStep, ...], _None] = Field(default=())

    @property
    def steps(self) -> tuple[TransferStep, ...]:
        return self.program_export_steps


class ImportStanding(_Standing):
    """How far an import is. ``program_id``: the new program's."""

    program_import_steps: Annotated[tuple[TransferStep, ...], _None] = Field(default=())

    @property
    def steps(self) -> tuple[TransferStep, ...]:
        return self.program_import_steps


@dataclass(frozen=True)
class Transfers:
    """One customer's calls in one environment, with one token. Raises PismoError, and ValueError as `Pismo` does."""

    pismo: Pismo
    token: SecretStr
    org_id: str

    async def program(self, name: str) -> tuple[Result, Program | None]:
        """The program of exactly this name: Pismo doesn't say whether the filter lists others, whose names contain it, too."""
        read = 0
        for number in range(1, MAX_PAGES + 1):
            page = await self.pismo.read(
                LIST_PROGRAMS, ProgramsPage, self.token, self.org_id, page=number, perPage=PAGE, name=name
            )
            read += len(page.items)
            found = next((one for one in page.items if one.name == name), None)
            if found is not None or not page.items or read >= page.total_items:
                break
        return page, found

    async def export(self, program_id: int) -> Begun:
        """Begin to export a program. It changes nothing, so it may be done again."""
        return await self.pismo.send(START_EXPORT, Begun, self.token, self.org_id, {"json": {"program_id": program_id}})

    async def exported(self, export_id: int) -> ExportStanding:
        return await self.pismo.read(GET_EXPORT, ExportStanding, self.token, self.org_id, id=export_id)

    async def download(self, export_id: int) -> tuple[bytes, str, int]:
        """The exported file, and the call's x-cid and ms."""
        return await self.pismo.download(DOWNLOAD_EXPORT, self.token, self.org_id, id=str(export_id))

    async def import_(self, name: str, file: bytes) -> Begun:
        """Begin to import a program. Another call imports another one, so look for it before a second call."""
        content = {"data": {"name": name}, "files": {"file": ("program.json", file, "application/json")}}
        return await self.pismo.send(START_IMPORT, Begun, self.token, self.org_id, content)

    async def imports(self, name: str) -> list[Begun]:
        """The first page of those whose program has exactly this name, whatever has become of them."""
        page = await self.pismo.read(LIST_IMPORTS, BegunPage, self.token, self.org_id, page=1, perPage=PAGE, text=name)
        return [one for one in page.items if one.program_name == name]

    async def imported(self, import_id: int) -> ImportStanding:
        return await self.pismo.read(GET_PROGRAM_IMPORT, ImportStanding, self.token, self.org_id, id=import_id)
