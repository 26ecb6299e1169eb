"""What an operator does with the store from a terminal, whether the bot is running or not."""

import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.config.settings import Settings
from bot.jobs.failures import readable_name
from bot.ops.private_files import write, write_all
from flows.cases import repair
from flows.cases.naming import meant
from flows.model import Onboarding
from storage import heads_file, keys
from storage.accept import accept
from storage.engine import is_sqlite
from storage.erase import erase
from storage.export import export
from storage.restore import doubt
from storage.rotate import Rotated, rotate
from storage.sealing import SealError, UnknownKey, current, using
from storage.store import Store
from storage.unit import Unit
from storage.verify import Finding, verify

HOW_ALTERED = "keep a copy of the database, and compare it with a backup"
HOW_LACKING = "put the key that sealed it back, behind the newest"
LISTED = 10
"""How many customers are listed where several are meant."""


class NotFoundError(Exception):
    """No customer matches, or more than one does. The text says which."""


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    """Raises SealError where something stored names a key that never sealed anything here."""
    store = Store(settings.database_url, settings.keyring)
    try:
        yield store
    except UnknownKey as error:
        async with store.read() as unit:
            await keys.require_named(unit, error)
        raise
    finally:
        await store.close()


async def require_keys(settings: Settings) -> None:
    """Raises UnknownKey if something stored is sealed with a key that is not among the settings'."""
    async with _store(settings) as store, store.read() as unit:
        await keys.require(unit)


async def claim_keys(settings: Settings) -> None:
    """Before a bot runs; raises as `require_keys`."""
    async with _store(settings) as store:
        async with store.read() as unit:
            claimed = await keys.require(unit)
        if not claimed:
            await store.transact(keys.claim)


async def _find(store: Store, customer: str) -> Onboarding:
    """By id, name, or part of the name."""
    async with store.read() as unit:
        if (found := await unit.get(Onboarding, customer.strip())) and not found.erased_at:
            return found
        return _one(
            meant(_named(await unit.onboardings(closed=True)), customer), "the name, a part of it, or the onboarding's id"
        )


async def find_exactly(settings: Settings, customer: str) -> Onboarding:
    """By id, also one that is erased, or by the whole name. Raises NotFoundError."""
    async with _store(settings) as store, store.read() as unit:
        if found := await unit.get(Onboarding, customer.strip()):
            return found
        similar = meant(_named(await unit.onboardings(closed=True)), customer)
        same = [one for one in similar if _plain(one.customer) == _plain(customer)]
        if similar and not same:
            raise NotFoundError(f"no customer has exactly this name - give the id, if it is one of these: {_listed(similar)}")
        return _one(same, "the whole name, or the onboarding's id")


def name_of(onboarding: Onboarding) -> str:
    """The customer's name, or that it can't be read."""
    return readable_name(onboarding) or "its name cannot be read"


def _named(onboardings: Sequence[Onboarding]) -> Sequence[Onboarding]:
    """Those with a name that can be read: one that was damaged doesn't hide the others."""
    return [one for one in onboardings if readable_name(one)]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _one(found: Sequence[Onboarding], how: str) -> Onboarding:
    if not found:
        raise NotFoundError(f"there is no such customer - give {how}")
    if len(found) > 1:
        raise NotFoundError(f"several are meant - give the id: {_listed(found)}")
    return found[0]


def _listed(found: Sequence[Onboarding]) -> str:
    return ", ".join(f"{one.id} ({one.customer})" for one in found[:LISTED]) + (", …" if len(found) > LISTED else "")


async def export_files(settings: Settings, customer: str, folder: Path) -> tuple[Sequence[Path], Sequence[str]]:
    """Writes the files, readable only by this user. Returns them, and where values were damaged and left out.

    Raises NotFoundError, and OSError as `write_all`.
    """
    async with _store(settings) as store:
        onboarding = await _find(store, customer)
        exported = await export(store, onboarding.id)
    files = {"onboarding.json": exported.json, **{f"{name}.csv": text for name, text in exported.csv.items()}}
    return write_all(folder, {f"{onboarding.id}-{name}": text for name, text in files.items()}), exported.unreadable


async def erase_one(settings: Settings, onboarding: Onboarding) -> None:
    """Of one that is erased already, only what SQLite's files still hold. Raises StillReadError if they still do."""
    async with _store(settings) as store:
        if onboarding.erased_at:
            await store.truncate_log()
        else:
            await erase(store, onboarding.id)


def keeps_dead_rows(settings: Settings) -> bool:
    """PostgreSQL leaves the former versions of rows in its files."""
    return not is_sqlite(settings.database_url)


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


@dataclass(frozen=True)
class Verified:
    """``count``: onboardings. ``findings``: what is wrong with the log and the rows it answers for. ``keys``: what is wrong with the
    keys; where they are lacking, a part can't be verified."""

    count: int
    findings: Sequence[Finding]
    keys: SealError | None = None


async def verify_log(settings: Settings, since: str | None = None, save: Path | None = None) -> Verified:
    """``since``: what a file of heads says, to compare with; ``save``: where to write one, if nothing is wrong. Raises HeadsFileError."""
    async with _store(settings) as store:
        heads = heads_file.load(since) if since is not None else None
        async with store.read() as unit:
            count = len(await unit.onboardings(closed=True))
            wrong = await _wrong_with_keys(unit)
        if wrong is not None:
            # With another key under its id, everything would look altered.
            with using(current().without(wrong.key_ids if isinstance(wrong, UnknownKey) else ())):
                return Verified(count, await verify(store, heads), wrong)
        reached = await heads_file.read_heads(store)  # before: what is written meanwhile may be what is wrong
        found = await verify(store, heads)
        if save is not None and not found:
            write(save, heads_file.dump(reached))
        return Verified(count, found)


async def wrong_with(settings: Settings, onboarding_id: str) -> Sequence[Finding]:
    """What is wrong with one onboarding's log and rows; empty: the register's. Raises NotFoundError where nothing is known of it, and
    UnknownKey: what can't be read is not accepted."""
    async with _store(settings) as store:
        async with store.read() as unit:
            await _require_keys_to_accept(unit)
            known = not onboarding_id or await unit.get(Onboarding, onboarding_id) is not None
        found = [finding for finding in await verify(store) if finding.onboarding_id == onboarding_id]
    if not known and not found:
        raise NotFoundError('there is no such onboarding - give its id as verify-log has it, or "register"')
    return found


async def accept_log(settings: Settings, onboarding_id: str, shown: Sequence[Finding]) -> None:
    """Let it go on with what `wrong_with` said. Raises FoundOtherwiseError and UnknownKey."""
    async with _store(settings) as store:
        async with store.read() as unit:
            await _require_keys_to_accept(unit)
        await accept(store, onboarding_id, shown)


async def _require_keys_to_accept(unit: Unit) -> None:
    if isinstance(wrong := await _wrong_with_keys(unit), UnknownKey):
        raise wrong


async def _wrong_with_keys(unit: Unit) -> SealError | None:
    try:
        await keys.require(unit)
    except SealError as error:
        return error
    return None


async def rotate_keys(settings: Settings) -> Rotated:
    async with _store(settings) as store:
        return await rotate(store)
