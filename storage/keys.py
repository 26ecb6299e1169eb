"""Which keys sealed what is stored, and whether the keyring in use has them.

``sealing_keys`` lists each key from the first transaction that seals with it, by its id and with a MAC made by it, which tells it from
another key of that id. ``keys rotate`` marks the older ones as retired. A process that has nothing but a retired key may still write
then; so it is taken off the list only by a bot that starts without it and finds nothing that it sealed. As long as nothing is sealed at
all, whoever writes takes the list over: the first to seal has the database.

A value that names a key which neither the keyring nor the list has was changed, or the list was. As long as a key on the list is proved,
it is the value: it is damaged like any other, and concerns its own customer. Where none is, nothing starts.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, literal, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.columns import Sealed
from storage.queries import Queries
from storage.sealing import KEY_ID, VERSION, Keyring, Place, SealError, UnknownKey, current, key_of, printable
from storage.tables import id_column, metadata, sealing_keys

PURPOSE = "sealing-key"
TRIED = 3
"""Values of a column, at most, of which one has to be opened to prove a key."""

_KEY = select(sealing_keys).where(sealing_keys.c.id == bindparam("key"))
_UNRETIRE = update(sealing_keys).where(sealing_keys.c.id == bindparam("key")).values(retired=False)
_LISTED = select(sealing_keys.c.id)
_NEEDED = _LISTED.where(sealing_keys.c.retired.is_(False))
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
    return frozenset(key for key in await connection.scalars(_LISTED) if _is_id(key))


def _is_id(key: object) -> bool:
    """What else is on the list, somebody else put there."""
    return isinstance(key, str) and KEY_ID.fullmatch(key) is not None


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
        await connection.execute(
            insert(sealing_keys), {"id": keyring.newest, "mac": _mac(keyring, keyring.newest), "retired": False}
        )
    elif not _made_by(keyring, own.id, own.mac):
        if not await _opens(connection, keyring, own.id):
            raise _lacking([own.id], [], [own.id])
        await _mend(connection, [own.id])
    elif own.retired:
        await connection.execute(_UNRETIRE, {"key": own.id})
    return sealed


@dataclass(frozen=True)
class _List:
    """What is wrong with the list, where the keyring has what it needs. ``spent``: ids of keys that the keyring lacks and that nothing
    is sealed with any more: retired ones, or where nothing is sealed at all, any. ``forged``: ids of keys that open what is stored,
    though the MAC beside them is not theirs. ``alien``: what stands for an id and is none."""

    spent: AbstractSet[str]
    forged: AbstractSet[str] = frozenset()
    alien: AbstractSet[Any] = frozenset()


async def require(unit: Queries) -> bool:
    """Whether the list is as `claim` would leave it. Raises UnknownKey if the keyring lacks a key that sealed what is stored, and
    SealError if the list was changed so that this can't be told.

    Quick, unless a retired key was taken out since a bot last started: then its id is looked for in the whole database.
    """
    found, own = await _read(unit.connection), await _own(unit.connection)
    return not found.spent and not found.forged and not found.alien and own is not None


async def require_named(unit: Queries, error: UnknownKey) -> None:
    """Raises SealError if the key that was lacking is on no list."""
    for key in {*error.key_ids} - await listed(unit.connection) - current().ids:
        raise unlisted(where(error), key)


async def require_listed(connection: AsyncConnection) -> None:
    """Only by the list, without the keys that are retired. Raises UnknownKey."""
    needed = {key for key in await connection.scalars(_NEEDED) if _is_id(key)}
    if missing := needed - current().ids:
        raise _lacking(needed, missing, [])


def without_any(connection: Connection) -> UnknownKey | None:
    """Names the keys that sealed what is stored, read without a keyring; None where nothing is sealed."""
    needed = [key for key in connection.scalars(_NEEDED) if _is_id(key)] if connection.execute(_ANY).first() else []
    return _lacking(needed, needed, []) if needed else None


async def claim(unit: Queries) -> None:
    """In a write, before a bot's first one: take what is no longer needed off the list, and mend it. Raises as `require`."""
    await _wait_for_others(unit.connection)
    found = await _read(unit.connection)
    if found.spent or found.alien:
        kept = await listed(unit.connection) - found.spent
        await unit.connection.execute(delete(sealing_keys).where(sealing_keys.c.id.not_in(kept)))
    await _mend(unit.connection, found.forged)


async def altered(connection: AsyncConnection) -> Sequence[str]:
    """What is wrong with the list itself. Raises as `require`."""
    found = await _read(connection)
    aliens = [f"{Place(sealing_keys.name, 'id', alien)}: not what was written" for alien in sorted(found.alien, key=str)]
    return [*(f"{sealing_keys.name}.mac of {key}: changed" for key in sorted(found.forged)), *aliens]


async def named(connection: AsyncConnection, key: str) -> Mapping[str, int]:
    """How many stored values name a key, by column; without columns of which none does."""
    counts = {str(column): select(func.count()).where(_names(column, key)) for column in _NAMING}
    return {name: count for name, query in counts.items() if (count := (await connection.execute(query)).scalar_one())}


async def forget(unit: Queries, key: str) -> None:
    """Take a key off the list that the keyring lacks: what it sealed is damaged from now on, and nothing asks for it any more.

    Raises LookupError if it isn't on the list, and ValueError if the keyring has it.
    """
    if key in current().ids:
        raise ValueError(key)
    gone = delete(sealing_keys).where(sealing_keys.c.id == key).returning(sealing_keys.c.id)
    if (await unit.connection.execute(gone)).first() is None:
        raise LookupError(key)


async def retire(unit: Queries) -> None:
    """All but the newest."""
    await unit.connection.execute(update(sealing_keys).where(sealing_keys.c.id != current().newest).values(retired=True))


async def _read(connection: AsyncConnection) -> _List:
    """Raises as `require`."""
    keyring = current()
    found = (await connection.execute(select(sealing_keys))).all()
    rows, alien = {row.id: row for row in found if _is_id(row.id)}, {row.id for row in found if not _is_id(row.id)}
    wrong = {key for key, row in rows.items() if key in keyring.ids and not _made_by(keyring, key, row.mac)}
    if not await _any(connection):
        return _List({*wrong, *rows.keys() - keyring.ids}, alien=alien)
    forged = {key for key in wrong if await _opens(connection, keyring, key)}
    wrong -= forged
    sampled = {key_of(value): column for column, value in await connection.execute(_SAMPLES) if value}
    unnamed = sampled.keys() - rows.keys() - {""}
    wrong |= {key for key in unnamed & keyring.ids if not await _opens(connection, keyring, key)}
    missing = rows.keys() - keyring.ids
    retired = {key for key, row in rows.items() if row.retired} - sampled.keys()
    spent = {key for key in retired & missing if not await _seals(connection, key)}
    if wrong or missing - spent:
        spent |= {key for key in retired - spent if not await _seals(connection, key)}
        raise _lacking((rows.keys() | wrong) - spent, missing - spent, wrong)
    if not rows.keys() & keyring.ids:  # none is proved
        for key in unnamed - keyring.ids:
            raise unlisted(sampled[key], key)
    return _List(spent, forged, alien)


def where(error: UnknownKey) -> str:
    """What was sealed with the key, without the rest of what is said; ids of rows have colons."""
    return str(error).rpartition(": sealed with")[0] or str(error)


def unlisted(where: str, key: str) -> SealError:
    return SealError(
        f"{where} names the key {printable(key)}, which never sealed anything here: that was changed, or {sealing_keys.name}"
    )


async def _own(connection: AsyncConnection) -> Row[Any] | None:
    return (await connection.execute(_KEY, {"key": current().newest})).one_or_none()


async def _any(connection: AsyncConnection) -> bool:
    """Whether anything is sealed."""
    return (await connection.execute(_ANY)).first() is not None


def _mac(keyring: Keyring, key: str) -> str:
    return keyring.mac_of(key, PURPOSE, key).rpartition(".")[2]


def _made_by(keyring: Keyring, key: str, mac: Any) -> bool:
    return keyring.genuine(PURPOSE, key, f"{VERSION}.{key}.{mac}")


async def _mend(connection: AsyncConnection, forged: Collection[str]) -> None:
    for key in forged:
        right = {"mac": _mac(current(), key)}
        await connection.execute(update(sealing_keys).where(sealing_keys.c.id == key).values(right))


def _names(column: Any, key: str) -> ColumnElement[bool]:
    prefix = f"{VERSION}.{key}."
    named: ColumnElement[bool] = func.substr(column, 1, len(prefix)) == prefix
    return named


async def _seals(connection: AsyncConnection, key: str) -> bool:
    """Whether a stored value names this key."""
    found = or_(*(select(column).where(_names(column, key)).exists() for column in _NAMING))
    return (await connection.execute(select(literal(1)).where(found))).first() is not None


async def _opens(connection: AsyncConnection, keyring: Keyring, key: str) -> bool:
    """Whether the keyring's key of this id opens what a key of this id sealed: one of a few values of each column."""
    for column in _NAMING:
        if isinstance(column.type, Sealed):
            row_id = id_column(column.table)
            for row in await connection.execute(select(row_id, column).where(_names(column, key)).limit(TRIED)):
                with contextlib.suppress(SealError):
                    keyring.open(row[1], Place(column.table.name, column.name, row[0]))
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
