"""Which keys sealed what is stored, and whether the keyring in use has them.

``sealing_keys`` lists each key from the first transaction that seals with it, by its id and with a MAC made by it, which tells it from
another key of that id. ``keys rotate`` marks the older ones as retired. A process that has nothing but a retired key may still write
then; so it is taken off the list only by a bot that starts without it and finds nothing that it sealed.
"""

import contextlib
from collections.abc import Collection

from sqlalchemy import bindparam, delete, func, insert, literal, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Sealed
from storage.queries import Queries
from storage.sealing import VERSION, Keyring, Place, SealError, UnknownKey, current, key_of
from storage.tables import audit_events, metadata, sealing_keys
from storage.unit import Unit

PURPOSE = "sealing-key"

_KEY = select(sealing_keys).where(sealing_keys.c.id == bindparam("key"))
_UNRETIRE = update(sealing_keys).where(sealing_keys.c.id == bindparam("key")).values(retired=False)
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
_SAMPLES = union(*(select(select(column).limit(1).scalar_subquery()) for column in _NAMING))
"""One value of each, in case the list was lost."""


async def register(connection: AsyncConnection) -> None:
    """List the newest key, in the transaction that is the first to seal with it. Raises UnknownKey if the id is another key's."""
    keyring = current()
    listed = (await connection.execute(_KEY, {"key": keyring.newest})).one_or_none()
    if listed is None:
        await _wait_for_others(connection)
        listed = (await connection.execute(_KEY, {"key": keyring.newest})).one_or_none()
    if listed is None:
        mac = keyring.mac(PURPOSE, keyring.newest).removeprefix(keyring.prefix)
        await connection.execute(insert(sealing_keys), {"id": keyring.newest, "mac": mac, "retired": False})
    elif not _made_by(keyring, listed.id, listed.mac):
        raise _lacking([listed.id], [], [listed.id])
    elif listed.retired:
        await connection.execute(_UNRETIRE, {"key": listed.id})


async def require(unit: Queries) -> bool:
    """Whether the list is as `claim` would leave it. Raises UnknownKey if the keyring lacks a key that sealed what is stored, and
    SealError if the list was changed.

    Quick, unless a retired key was taken out since a bot last started: then its id is looked for in the whole database.
    """
    spent, own = await _spent(unit.connection), await unit.connection.execute(_KEY, {"key": current().newest})
    return not spent and own.first() is not None


async def require_listed(connection: AsyncConnection) -> None:
    """Only by the list, without the keys that are retired. Raises UnknownKey."""
    needed = set(await connection.scalars(_NEEDED))
    if missing := needed - current().ids:
        raise _lacking(needed, missing, [])


async def claim(unit: Unit) -> None:
    """Before a bot's first write: of two that start on an empty database with different keys, one is refused. Raises as `require`."""
    await _wait_for_others(unit.connection)
    if spent := await _spent(unit.connection):
        await unit.connection.execute(delete(sealing_keys).where(sealing_keys.c.id.in_(spent)))


async def retire(unit: Unit) -> None:
    """All but the newest."""
    await unit.connection.execute(update(sealing_keys).where(sealing_keys.c.id != current().newest).values(retired=True))


async def _spent(connection: AsyncConnection) -> Collection[str]:
    """Ids of retired keys that the keyring lacks and that nothing is sealed with any more. Raises as `require`."""
    keyring = current()
    listed = {row.id: row for row in await connection.execute(select(sealing_keys))}
    sampled = {key_of(value) for (value,) in await connection.execute(_SAMPLES) if value} - {""}
    wrong = [key for key, row in listed.items() if key in keyring.ids and not _made_by(keyring, key, row.mac)]
    for key in wrong:
        if await _opens(connection, keyring, key):
            raise SealError(f"{sealing_keys.name}.mac of {key}: changed")
    missing = (listed.keys() | sampled) - keyring.ids
    retired = {key for key, row in listed.items() if row.retired} - sampled
    spent = {key for key in retired & missing if not await _seals(connection, key)}
    if wrong or missing - spent:
        spent |= {key for key in retired - spent if not await _seals(connection, key)}
        raise _lacking((listed.keys() | sampled) - spent, missing - spent, wrong)
    return spent


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
        said += f"; ENCRYPTION_KEYS lacks {_named(missing)}"
    if wrong:
        said += f"; ENCRYPTION_KEYS has another key under the id {', '.join(sorted(wrong))}"
    return UnknownKey(said, *sorted({*missing, *wrong}))


def _named(keys: Collection[str]) -> str:
    return f"the key{'' if len(keys) == 1 else 's'} {', '.join(sorted(keys))}"
