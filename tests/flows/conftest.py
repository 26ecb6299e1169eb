"""An onboarding on a real store, ready to be filled in."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from flows.cases.case import need
from flows.cases.start import StartRequest, start
from flows.forms.step import EXAMPLES_AT
from flows.journey import JOURNEYS
from flows.model import StepRecord
from flows.people import Who
from flows.ports import Unit
from flows.rules import Rules
from flows.state import StepState
from storage import migrate
from storage.sealing import using
from storage.store import Store
from tests.storage.example import KEYRING


def _open(onboarding_id: str, step_id: str, position: int) -> StepRecord:
    """What planning would bring."""
    where, name = StepState.OPEN, f"{onboarding_id}:{step_id}"
    return StepRecord(id=name, onboarding_id=onboarding_id, step_id=step_id, position=position, state=where)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database with an onboarding whose steps can all be filled in, and the onboarding's id; each test gets a copy."""
    path = tmp_path_factory.mktemp("steps") / "store.db"
    migrate.upgrade(f"sqlite:///{path}")

    async def begin(unit: Unit) -> str:
        asked = StartRequest("Acme Bank", "C1", Who("T2", "U_ANA"), "U_SUE", "en", date(2099, 1, 15))
        onboarding_id = await start(unit, Rules(), asked, Who("T1", "U_SUE"))
        for record in (await need(unit, onboarding_id)).steps.values():
            record.state = StepState.OPEN
        for position, (step_id, step) in enumerate(JOURNEYS.latest.steps.items()):
            if step.brought_by:
                unit.add(_open(onboarding_id, step_id, position))
        return onboarding_id

    async def once() -> str:
        async with stored(path) as store:
            return await store.transact(begin)

    return path, asyncio.run(once())


@asynccontextmanager
async def stored(path: Path) -> AsyncIterator[Store]:
    with using(KEYRING):
        store = Store(f"sqlite+aiosqlite:///{path}", KEYRING, clock=lambda: EXAMPLES_AT)
        yield store
        await store.close()


@pytest.fixture
async def store(tmp_path: Path, begun: tuple[Path, str]) -> AsyncIterator[Store]:
    shutil.copy(begun[0], tmp_path / "store.db")
    async with stored(tmp_path / "store.db") as store:
        yield store


@pytest.fixture
def onboarding(begun: tuple[Path, str]) -> str:
    return begun[1]
