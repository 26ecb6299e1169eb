"""What an operator does with the store from a terminal, whether the bot is running or not."""

import unicodedata
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.settings import Settings
from bot.ops.private_files import write
from flows.cases import repair
from flows.cases.naming import meant
from flows.model import Onboarding
from flows.problems import Refused
from storage import heads_file, keys, published_keys
from storage.accept import accept
from storage.audit import Altered
from storage.customers import customers, has_traces, named, readable_name
from storage.damage import damage
from storage.engine import is_sqlite
from storage.erase import erase
from storage.migrate import reading, state
from storage.restore import doubt, erased, newest_entry
from storage.rotate import Rotated, rotate
from storage.sealing import SealError, UnknownKey, current, printable, using
from storage.signing import VerifyingKey
from storage.store import Store, Unavailable
from storage.unit import Unit
from storage.verify import Finding, verify

if TYPE_CHECKING:
    from bot.jobs.packs import Pack
    from flows.cases.case import Cases

HOW_ALTERED = "keep a copy of the database, and compare it with a backup"
HOW_LACKING = "put the key that sealed it back, behind the newest"
LISTED = 10
"""How many customers are listed where several are meant."""
BATCH = 200
"""Onboardings that one transaction writes to, where all are."""


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


def keys_to_give(settings: Settings) -> UnknownKey | None:
    """Where no usable key is given: which would be needed, if anything is stored that can be looked at."""
    try:
        if state(settings.database_url).kind != "current":
            return None
        with reading(settings.database_url) as connection:
            return keys.without_any(connection)
    except Unavailable:
        return None


async def claim_keys(settings: Settings) -> None:
    """Before a bot runs; raises as `require_keys`."""
    async with _store(settings) as store:
        async with store.read() as unit:
            claimed = await keys.require(unit)
        if not claimed:
            await store.transact(keys.claim)


@dataclass(frozen=True)
class Customer:
    """``name``: empty where it can't be read, or was erased."""

    id: str
    name: str = ""

    def __str__(self) -> str:
        return printable(f"{self.id} ({self.name or 'its name cannot be read'})")


async def _find(store: Store, customer: str) -> str:
    """An onboarding's id, by itself, or by the customer's name or part of it, of which an erased one has none."""
    async with store.read() as unit:
        known = await customers(unit.connection)
    if any(one.id == customer.strip() for one in known):
        return customer.strip()
    return _one(meant(named(known), customer), "the name, a part of it, or the onboarding's id").id


async def find_exactly(settings: Settings, customer: str) -> Customer:
    """By id, also one that is erased, or of which only traces are left, or by the whole name. Raises NotFoundError."""
    async with _store(settings) as store, store.read() as unit:
        known = await customers(unit.connection)
        if found := [one for one in known if one.id == customer.strip()]:
            return Customer(found[0].id, readable_name(found[0]))
        if await has_traces(unit.connection, customer.strip()):
            return Customer(customer.strip())
    similar = meant(named(known), customer)
    same = [one for one in similar if _plain(one.customer) == _plain(customer)]
    if similar and not same:
        raise NotFoundError(f"no customer has exactly this name - give the id, if it is one of these: {_listed(similar)}")
    return _one(same, "the whole name, or the onboarding's id")


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _one(found: Sequence[Onboarding], how: str) -> Customer:
    if not found:
        raise NotFoundError(f"there is no such customer - give {how}")
    if len(found) > 1:
        raise NotFoundError(f"several are meant - give the id: {_listed(found)}")
    return Customer(found[0].id, found[0].customer)


def _listed(found: Sequence[Onboarding]) -> str:
    return ", ".join(str(Customer(one.id, one.customer)) for one in found[:LISTED]) + (", …" if len(found) > LISTED else "")


async def export_pack(settings: Settings, customer: str) -> "Pack":
    """``customer``: also the id of an erased one. Raises NotFoundError."""
    from bot.jobs.packs import pack  # noqa: PLC0415  what no other command of these needs

    async with _store(settings) as store:
        return await pack(store, _cases(settings), await _find(store, customer), by="")


def _cases(settings: Settings) -> "Cases":
    """With nobody in support: whoever runs a command may do what it does."""
    from bot.config.policies import load  # noqa: PLC0415  what few of these commands need
    from flows.cases.access import Access  # noqa: PLC0415
    from flows.cases.case import Cases  # noqa: PLC0415

    return Cases(load(settings.config_file).rules, Access())


def write_pack(made: "Pack", to: Path) -> Path:
    """``to``: a file that ends in ``.zip``, or a folder, which is made if need be. Readable only by this user. Raises OSError."""
    path = to if to.suffix == ".zip" else to / made.name
    write(path, made.content)
    return path


async def public_keys(settings: Settings) -> tuple[Mapping[str, VerifyingKey], Mapping[str, VerifyingKey]]:
    """What evidence packs are verified with, by key id: of the keys in use, the one that signs first; and of those that were retired."""
    async with _store(settings) as store, store.read() as unit:
        own = published_keys.own()
        retired = await published_keys.retired(unit.connection)
        return own, {key: public for key, public in retired.items() if key not in own}


async def erase_one(settings: Settings, onboarding_id: str) -> None:
    """Of one that is erased already, what was put back since, and what SQLite's files still hold. Raises StillReadError if they still
    do."""
    async with _store(settings) as store:
        await erase(store, onboarding_id)


def keeps_dead_rows(settings: Settings) -> bool:
    """PostgreSQL leaves the former versions of rows in its files."""
    return not is_sqlite(settings.database_url)


async def after_restore(settings: Settings) -> int:
    """A backup was restored and no bot runs yet: what it waits for is looked for in Slack before it is done, and each customer's
    messages are repaired (`flows.cases.repair`). Returns how many onboardings are open. Whatever ends it half way, it can be run again."""
    async with _store(settings) as store:
        await store.transact(lambda unit: doubt(unit, repair.LOST))
        async with store.read() as unit:
            known = await unit.open_onboardings(severed=True)
        for first in range(0, len(known), BATCH):

            async def work(unit: Unit, first: int = first) -> None:
                for onboarding_id in known[first : first + BATCH]:
                    repair.begin(unit, onboarding_id)

            await store.transact(work)
    return len(known)


async def last_entry(settings: Settings) -> datetime | None:
    """When the newest entry of the audit log was written; None if nothing was ever done."""
    async with _store(settings) as store, store.read() as unit:
        return await newest_entry(unit.connection)


def back_with(settings: Settings, restored: Settings) -> Sequence[str] | None:
    """The ids of those who were erased by now and are not in what was restored; None where the database in use can't be read."""
    try:
        if state(settings.database_url).kind != "current":
            return None
        with reading(settings.database_url) as now, reading(restored.database_url) as then:
            return sorted(set(erased(now)) & set(erased(then, gone=False)))
    except Unavailable:
        return None


@dataclass(frozen=True)
class Repaired:
    """``retried``: effects that were given up and are tried again. ``refused``: why nothing is done, where its log doesn't hold or a value
    of it is damaged."""

    customer: Customer
    retried: int = 0
    refused: str = ""


async def repair_customers(settings: Settings, customer: str | None) -> Sequence[Repaired]:
    """As ``/onboarding repair`` (`flows.cases.repair`), by whoever runs the command, whom the log calls the system. None: all that are
    open. Raises NotFoundError."""
    cases, done = _cases(settings), list[Repaired]()
    async with _store(settings) as store:
        if customer is None:
            async with store.read() as unit:
                wanted = list(await unit.open_onboardings(severed=True))
        else:
            wanted = [await _find(store, customer)]
        for onboarding_id in wanted:

            async def work(unit: Unit, onboarding_id: str = onboarding_id) -> Repaired:
                async with cases.open(unit, onboarding_id, closed=True, shows=False) as case:
                    failed = len(await unit.failed_effects(case.id))
                    await repair.repair(case)
                    return Repaired(Customer(case.id, case.onboarding.customer), failed)

            try:
                done.append(await store.transact(work))
            except (Altered, SealError) as error:
                done.append(Repaired(Customer(onboarding_id), refused=str(error)))
            except Refused:
                if customer is None:  # since they were listed
                    continue
                raise NotFoundError(f"{printable(onboarding_id)} was erased: there is nothing to draw") from None
    return done


@dataclass(frozen=True)
class Verified:
    """``count``: onboardings. ``findings``: what is wrong with the log and the rows it answers for. ``damage``: where nothing but what
    the bot can't have written stands, in what the log does not cover. ``keys``: what is wrong with the keys; where they are lacking, a
    part can't be verified."""

    count: int
    findings: Sequence[Finding]
    damage: Sequence[str] = ()
    keys: SealError | None = None


async def verify_log(settings: Settings, since: str | None = None, save: Path | None = None) -> Verified:
    """``since``: what a file of heads says, to compare with; ``save``: where to write one, if nothing is wrong. Raises HeadsFileError."""
    async with _store(settings) as store:
        heads = heads_file.load(since) if since is not None else None
        async with store.read() as unit:
            count = sum(one.erased_at is None for one in await customers(unit.connection))
            wrong = await _wrong_with_keys(unit)
            # With another key under its id, everything would look altered.
            with using(current().without(wrong.key_ids if isinstance(wrong, UnknownKey) else ())):
                listed = await keys.altered(unit.connection) if wrong is None else ()
                damaged = list(dict.fromkeys([*listed, *await damage(unit.connection)]))
        if wrong is not None:
            with using(current().without(wrong.key_ids if isinstance(wrong, UnknownKey) else ())):
                return Verified(count, await verify(store, heads), damaged, wrong)
        reached = await heads_file.read_heads(store)  # before: what is written meanwhile may be what is wrong
        found = await verify(store, heads)
        if save is not None and not found and not damaged:
            write(save, heads_file.dump(reached))
        return Verified(count, found, damaged)


async def wrong_with(settings: Settings, onboarding_id: str) -> Sequence[Finding]:
    """What is wrong with one onboarding's log and rows; empty: the register's. Raises NotFoundError where nothing is known of it, and
    UnknownKey: what can't be read is not accepted."""
    async with _store(settings) as store:
        async with store.read() as unit:
            await _require_keys_to_accept(unit)
            known = not onboarding_id or await has_traces(unit.connection, onboarding_id)
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


def logs(chain_ids: Sequence[str]) -> str:
    """As people read them."""
    return ", ".join(printable(one) or "the register" for one in chain_ids)


async def what_names(settings: Settings, key: str) -> Mapping[str, int]:
    """How many stored values name a key that is to be forgotten, by column. Raises NotFoundError."""
    async with _store(settings) as store, store.read() as unit:
        if key in current().ids:
            raise NotFoundError(f"the bot has the key {key}, so there is nothing to forget - take it out after: keys rotate")
        listed = await keys.listed(unit.connection)
        if key not in listed:
            raise NotFoundError(f"the database lists no key {printable(key)} - give one of these: {_ids(listed - current().ids)}")
        return await keys.named(unit.connection, key)


def _ids(key_ids: Iterable[str]) -> str:
    return ", ".join(printable(key) for key in sorted(key_ids)) or "none that the bot lacks"


async def forget_key(settings: Settings, key: str) -> None:
    """As `storage.keys.forget`."""
    async with _store(settings) as store:
        await store.transact(lambda unit: keys.forget(unit, key))


async def rotate_keys(settings: Settings) -> Rotated:
    async with _store(settings) as store:
        return await rotate(store)
