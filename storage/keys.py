"""Which keys sealed what is stored, and whether the keyring in use has them.

``sealing_keys`` lists each key from the first transaction that seals with it, by its id and with a MAC made by it, which tells it from
another key of that id. ``keys rotate`` marks the older ones as retired. A process that has nothing but a retired key may still write
then; so it is taken off the list only by a bot that starts without it and finds nothing that it sealed. As long as nothing is sealed at
all, whoever writes takes the list over: the first to seal has the database.

A value that names a key which neither the keyring nor the list has was changed, or the list was.
"""

import contextlib
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Sealed
from storage.queries import Queries
from storage.sealing import VERSION, Keyring, Place, SealError, UnknownKey, current, key_of
from storage.tables import audit_events, metadata, sealing_keys

PURPOSE = "sealing-key"

_KEY = select(sealing_keys).where(sealing_keys.c.id == bindparam("key"))
_UNRETIRE = update(sealing_keys).where(sealing_keys.c.id == bindparam("key")).values(retired=False)
_LISTED = select(sealing_keys.c.id)
_NEEDED = select(sealing_keys.c.id).where(sealing_keys.c.retired.is_(False))
_SALT = select(audit_events.c.id, audit_events.c.salt).where(audit_events.c.salt.like(bindparam("prefix"))).limit(1)
_NAMING = [
    column
    for table in metadata.sorted_tables
    if table is not sealing_keys
    for column in table.columns
    if isinstance(column.type, Sealed) or column.name == "mac"
]
"""The columns whose values name a key."""
_filled = {column: select(column).where(func.length(column) > 0) for column in _NAMING}
_SAMPLES = union_all(*(select(literal(str(column)), one.limit(1).scalar_subquery()) for column, one in _filled.items()))
"""One value of each column: it names a key, whether that is listed or not."""
_ANY = select(literal(1)).where(or_(*(one.exists() for one in _filled.values())))


async def listed(connection: AsyncConnection) -> frozenset[str]:
    """The ids of all keys that sealed something here."""
    return frozenset(await connection.scalars(_LISTED))


async def register(connection: AsyncConnection) -> bool:
    """List the newest key, in each transaction until one finds that something is sealed, and returns True: then the key stays listed.

    Raises UnknownKey if something is sealed with another key of this id, or with a key that the keyring lacks as it begins to seal.
    """
    keyring = current()
    own, sealed = await _own(connection), await _any(connection)
    if own is None or not sealed:
        await _wait_for_others(connection)
        own, sealed = await _own(connection), await _any(connection)
    if not sealed:
        await connection.execute(delete(sealing_keys))
        own = None
    if own is None:
        await require_listed(connection)
        mac = keyring.mac(PURPOSE, keyring.newest).removeprefix(keyring.prefix)
        await connection.execute(insert(sealing_keys), {"id": keyring.newest, "mac": mac, "retired": False})
    elif not _made_by(keyring, own.id, own.mac):
        raise _lacking([own.id], [], [own.id])
    elif own.retired:
        await connection.execute(_UNRETIRE, {"key": own.id})
    return sealed


async def require(unit: Queries) -> bool:
    """Whether the list is as `claim` would leave it. Raises UnknownKey if the keyring lacks a key that sealed what is stored, and
    SealError if the list was changed, or a value that names its key.

    Quick, unless a retired key was taken out since a bot last started: then its id is looked for in the whole database.
    """
    spent, own = await _spent(unit.connection), await _own(unit.connection)
    return not spent and own is not None


async def require_named(unit: Queries, error: UnknownKey) -> None:
    """Raises SealError if the key that was lacking is on no list."""
    for key in {*error.key_ids} - await listed(unit.connection):
        raise unlisted(str(error).partition(":")[0], key)


async def require_listed(connection: AsyncConnection) -> None:
    """Only by the list, without the keys that are retired. Raises UnknownKey."""
    needed = set(await connection.scalars(_NEEDED))
    if missing := needed - current().ids:
        raise _lacking(needed, missing, [])


async def claim(unit: Queries) -> None:
    """In a write, before a bot's first one: take what is no longer needed off the list. Raises as `require`."""
    await _wait_for_others(unit.connection)
    if spent := await _spent(unit.connection):
        await unit.connection.execute(delete(sealing_keys).where(sealing_keys.c.id.in_(spent)))


async def retire(unit: Queries) -> None:
    """All but the newest."""
    await unit.connection.execute(update(sealing_keys).where(sealing_keys.c.id != current().newest).values(retired=True))


async def _spent(connection: AsyncConnection) -> Collection[str]:
    """Ids of keys that the keyring lacks and that nothing is sealed with any more: retired ones, or where nothing is sealed at all, any.
    Raises as `require`."""
    keyring = current()
    rows = {row.id: row for row in await connection.execute(select(sealing_keys))}
    wrong = [key for key, row in rows.items() if key in keyring.ids and not _made_by(keyring, key, row.mac)]
    if not await _any(connection):
        return {*wrong, *rows.keys() - keyring.ids}
    sampled = {key_of(value): column for column, value in await connection.execute(_SAMPLES) if value}
    for key in sampled.keys() - rows.keys() - keyring.ids - {""}:
        raise unlisted(sampled[key], key)
    for key in wrong:
        if await _opens(connection, keyring, key):
            raise SealError(f"{sealing_keys.name}.mac of {key}: changed")
    missing = rows.keys() - keyring.ids
    retired = {key for key, row in rows.items() if row.retired} - sampled.keys()
    spent = {key for key in retired & missing if not await _seals(connection, key)}
    if wrong or missing - spent:
        spent |= {key for key in retired - spent if not await _seals(connection, key)}
        raise _lacking(rows.keys() - spent, missing - spent, wrong)
    return spent


def unlisted(where: str, key: str) -> SealError:
    return SealError(f"{where} names the key {key}, which never sealed anything here: that was changed, or {sealing_keys.name}")


async def _own(connection: AsyncConnection) -> Row[Any] | None:
    return (await connection.execute(_KEY, {"key": current().newest})).one_or_none()


async def _any(connection: AsyncConnection) -> bool:
    """Whether anything is sealed."""
    return (await connection.execute(_ANY)).first() is not None


def _made_by(keyring: Keyring, key: str, mac: str) -> bool:
    return keyring.genuine(PURPOSE, key, f"{VERSION}.{key}.{mac}")


async def _seals(connection: AsyncConnection, key: str) -> bool:
    """Whether a stored value names this key."""
    prefix = f"{VERSION}.{key}."
    found = or_(*(select(column).where(func.substr(column, 1, len(prefix)) == prefix).exists() for column in _NAMING))
    return (await connection.execute(select(literal(1)).where(found))).first() is not None


async def _opens(connection: AsyncConnection, keyring: Keyring, key: str) -> bool:
    """Whether the keyring's key of this id opens what a key of this id sealed: then it is the list that was changed."""
    for row in await connection.execute(_SALT, {"prefix": f"{VERSION}.{key}.%"}):
        with contextlib.suppress(SealError):
            keyring.open(row.salt, Place(audit_events.name, "salt", row.id))
            return True
    return False


async def _wait_for_others(connection: AsyncConnection) -> None:
    """Until they have listed their keys; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(f"LOCK TABLE {sealing_keys.name} IN SHARE ROW EXCLUSIVE MODE")


def _lacking(needed: Collection[str], missing: Collection[str], wrong: Collection[str]) -> UnknownKey:
    said = f"what is stored is sealed with {_named(needed)}"
    if missing:
        said += f"; the bot lacks {_named(missing)}"
    if wrong:
        said += f"; the bot has another key under the id {', '.join(sorted(wrong))}"
    return UnknownKey(said, *sorted({*missing, *wrong}))


def _named(keys: Collection[str]) -> str:
    return f"the key{'' if len(keys) == 1 else 's'} {', '.join(sorted(keys))}"
