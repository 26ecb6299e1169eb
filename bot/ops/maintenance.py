"""What an operator does with the store from a terminal, whether the bot is running or not."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.config.settings import Settings
from flows.cases import repair
from flows.cases.naming import meant
from flows.model import Onboarding
from storage import heads_file
from storage.accept import accept
from storage.erase import erase
from storage.export import export
from storage.restore import doubt
from storage.rotate import Rotated, rotate
from storage.sealing import Keyring
from storage.store import Store
from storage.unit import Unit
from storage.verify import Finding, verify


class NotFoundError(Exception):
    """No customer matches, or more than one does. The text says which."""


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    store = Store(settings.database_url, Keyring.parse(settings.encryption_keys.get_secret_value()))
    try:
        yield store
    finally:
        await store.close()


async def _find(store: Store, customer: str) -> Onboarding:
    async with store.read() as unit:
        known = [o for o in await unit.onboardings(closed=True) if not o.erased_at]
    found = [o for o in known if o.id == customer.strip()] or meant(known, customer)
    if not found:
        raise NotFoundError("there is no such customer - give the name, a part of it, or the onboarding's id")
    if len(found) > 1:
        raise NotFoundError("several are meant - give the id: " + ", ".join(f"{o.id} ({o.customer})" for o in found[:10]))
    return found[0]


async def find(settings: Settings, customer: str) -> Onboarding:
    """The onboarding of a customer, by name, part of the name, or id. Raises NotFoundError."""
    async with _store(settings) as store:
        return await _find(store, customer)


async def export_files(settings: Settings, customer: str, folder: Path) -> list[Path]:
    """Writes the files, readable only by this user. Raises NotFoundError."""
    async with _store(settings) as store:
        onboarding = await _find(store, customer)
        exported = await export(store, onboarding.id)
    files = {"onboarding.json": exported.json, **exported.csv}
    return [_write(folder / f"{onboarding.id}-{name}", text) for name, text in files.items()]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


async def erase_one(settings: Settings, onboarding_id: str) -> None:
    async with _store(settings) as store:
        await erase(store, onboarding_id)


async def after_restore(settings: Settings) -> int:
    """A backup was restored and no bot runs yet: what it waits for is looked for in Slack before it is done, and each customer's
    messages are repaired (`flows.cases.repair`). Returns how many onboardings are open."""

    async def work(unit: Unit) -> int:
        known = await unit.onboardings()
        await doubt(unit, [onboarding.id for onboarding in known], repair.LOST)
        for onboarding in known:
            repair.begin(unit, onboarding.id)
        return len(known)

    async with _store(settings) as store:
        return await store.transact(work)


async def verify_log(settings: Settings, since: str | None = None, save: Path | None = None) -> tuple[Sequence[Finding], int]:
    """What is wrong, and how many onboardings there are. ``since``: what a file of heads says, to compare with; ``save``: where to write
    one, if nothing is wrong. Raises HeadsFileError."""
    async with _store(settings) as store:
        heads = heads_file.load(since) if since is not None else None
        async with store.read() as unit:
            count = len(await unit.onboardings(closed=True))
        reached = await heads_file.read_heads(store)  # before: what is written meanwhile may be what is wrong
        found = await verify(store, heads)
        if save is not None and not found:
            _write(save, heads_file.dump(reached))
        return found, count


async def accept_log(settings: Settings, onboarding_id: str, *, writes: bool) -> Sequence[Finding]:
    """What is wrong with one onboarding's log and rows; empty: the register's. ``writes``: and let it go on with that."""
    async with _store(settings) as store:
        if writes:
            return await accept(store, onboarding_id)
        return [finding for finding in await verify(store) if finding.onboarding_id == onboarding_id]


async def rotate_keys(settings: Settings) -> Rotated:
    async with _store(settings) as store:
        return await rotate(store)
