"""Reseal with the newest key everything that an older key sealed, and renew the MACs that one made. Older keys can go afterwards.

Works in batches, each in its own transaction, while a bot is running; if stopped midway, it resumes where it stopped.
"""

import contextlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Table, and_, not_, or_, select, true, update

from storage import keys
from storage.audit import Altered
from storage.chain import ENTRY_PURPOSE, HEAD_PURPOSE, REGISTER, Flaw, entry_text, head_text
from storage.identifiers import mark_of
from storage.names import mark_name
from storage.published_keys import note_retired
from storage.sealing import Place, Plain, SealError, UnknownKey, current
from storage.store import Store
from storage.tables import (
    audit_events,
    audit_heads,
    id_column,
    identifiers,
    locator,
    metadata,
    name_marks,
    onboardings,
    posted,
    sealed_columns,
)
from storage.unit import Unit
from storage.verify_chain import verify_chain


@dataclass
class Rotated:
    """``rows``: how many rows were resealed, by table. ``entries``: of the audit log, and ``heads``: of its chains, that got a new MAC.

    ``refused``: chains that don't hold and keep their MACs; `storage.verify` says more. ``unreadable``: values that were damaged, so that
    no key opens them; they stay as they are, and so name the older key.
    """

    rows: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    heads: int = 0
    refused: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


async def rotate(store: Store, batch: int = 200) -> Rotated:
    """Raises UnknownKey for a value that is sealed with a key that the keyring lacks."""
    rotated = Rotated()
    for table in metadata.sorted_tables:
        if sealed_columns(table):
            rotated.rows[table.name] = 0
            while count := await _reseal_all(store, table, batch, rotated.unreadable):
                rotated.rows[table.name] += count
    async with store.read() as unit:
        chains = [row.onboarding_id for row in await unit.connection.execute(select(audit_heads.c.onboarding_id))]
    for chain in sorted(chains, key=str):
        await _resign_chain(store, chain, rotated, batch)
    await _mark_all(store, batch)
    await store.transact(_forget_drawings)
    if REGISTER not in rotated.refused:
        await store.transact(note_retired)
    await store.transact(keys.retire)
    return rotated


async def _reseal_all(store: Store, table: Table, batch: int, unreadable: list[str]) -> int:
    """Go through a table once; those who have only an older key may write meanwhile. Returns how many rows were resealed."""
    total, after = 0, None
    while True:
        one = await store.transact(partial(_reseal, table=table, batch=batch, after=after))
        total, after = total + one.count, one.last
        unreadable += [where for where in one.unreadable if where not in unreadable]
        if after is None:
            return total


@dataclass
class _Batch:
    """``last``: its last row's `locator`; None behind the table's last row."""

    last: Any
    count: int = 0
    unreadable: list[str] = field(default_factory=list)


async def _reseal(unit: Unit, *, table: Table, batch: int, after: Any) -> _Batch:
    keyring, columns, row_id = current(), sealed_columns(table), id_column(table)
    stale = or_(*(not_(column.startswith(keyring.prefix, autoescape=True)) for column in columns))
    located = locator(table, unit.connection.dialect)
    wanted = select(located.label("located"), row_id.label("row_id"), *columns)
    wanted = wanted.where(stale, true() if after is None else located > after)
    rows = (await unit.session.execute(wanted.order_by(located).limit(batch))).all()
    done, listed = _Batch(rows[-1].located if rows else None), await keys.listed(unit.connection)
    for row in rows:
        old = {column: getattr(row, column.name) for column in columns}
        new = dict[str, Plain]()
        for column, text in old.items():
            place = Place(table.name, column.name, row.row_id)
            try:
                new[column.name] = Plain(keyring.open(text, place), place)
            except SealError as error:
                if isinstance(error, UnknownKey) and not listed.isdisjoint(error.key_ids):
                    raise
                done.unreadable.append(str(error))
        if any(not old[column].startswith(keyring.prefix) for column in columns if column.name in new):
            # Only if nobody wrote in between; what they wrote is sealed with the newest key.
            unchanged = and_(*(column == text for column, text in old.items() if column.name in new))
            await unit.session.execute(update(table).where(located == row.located, unchanged).values(new))
            done.count += 1
    return done


async def _resign_chain(store: Store, chain_id: str, rotated: Rotated, batch: int) -> None:
    """New MACs for a chain that holds. One that doesn't keeps those it has: new ones would vouch for it."""
    async with store.read() as unit:
        chain = await verify_chain(unit.connection, chain_id, await keys.listed(unit.connection))
        if not chain.holds:
            rotated.refused.append(chain_id)
            return
        accepted = {seq for _, seq in chain.accepted}
    after: int | None = 0
    while after is not None:
        count, after = await store.transact(
            partial(_resign_entries, chain_id=chain_id, accepted=accepted, batch=batch, after=after)
        )
        rotated.entries += count
    rotated.heads += await store.transact(lambda unit: _resign_head(unit, chain_id))


async def _resign_entries(
    unit: Unit, *, chain_id: str, accepted: AbstractSet[int], batch: int, after: int
) -> tuple[int, int | None]:
    """``accepted``: numbers of entries that may be flawed. Returns how many got a new MAC, and the last one's number; None behind the
    chain's last."""
    keyring, columns = current(), audit_events.c
    stale = and_(columns.onboarding_id == chain_id, not_(columns.mac.startswith(keyring.prefix, autoescape=True)))
    wanted = select(columns.id, columns.onboarding_id, columns.seq, columns.hash, columns.mac).where(stale, columns.seq > after)
    found = (await unit.connection.execute(wanted.order_by(columns.seq).limit(batch))).mappings().all()
    count = 0
    for entry in found:
        if keyring.genuine(ENTRY_PURPOSE, entry_text(entry), entry["mac"]):
            mac = keyring.mac(ENTRY_PURPOSE, entry_text(entry))
            await unit.connection.execute(update(audit_events).where(columns.id == entry["id"]).values(mac=mac))
            count += 1
        elif entry["seq"] not in accepted:
            raise Altered(chain_id, Flaw.CHANGED)  # since it was verified
    return count, found[-1]["seq"] if found else None


async def _resign_head(unit: Unit, chain_id: str) -> int:
    keyring = current()
    stale = not_(audit_heads.c.mac.startswith(keyring.prefix, autoescape=True))
    wanted = select(audit_heads).where(audit_heads.c.onboarding_id == chain_id, stale).with_for_update()
    head = (await unit.connection.execute(wanted)).one_or_none()
    if head is None:
        return 0
    text = head_text(chain_id, head.events, head.hash)
    if not keyring.genuine(HEAD_PURPOSE, text, head.mac):
        raise Altered(chain_id, Flaw.HEAD_CHANGED)
    mac = keyring.mac(HEAD_PURPOSE, text)
    await unit.connection.execute(update(audit_heads).where(audit_heads.c.onboarding_id == chain_id).values(mac=mac))
    return 1


async def _mark_all(store: Store, batch: int) -> None:
    """New marks for identifiers and names, which are resealed by now; of what no key opens they stay, and find it as before."""
    for mark in (_mark, _mark_names):
        after: str | None = ""
        while after is not None:
            after = await store.transact(partial(mark, batch=batch, after=after))


async def _mark(unit: Unit, *, batch: int, after: str) -> str | None:
    columns = identifiers.c
    stale = not_(columns.mark.startswith(current().prefix, autoescape=True))
    wanted = select(columns.id, columns.kind, columns.value).where(stale, columns.id > after).order_by(columns.id).limit(batch)
    found = (await unit.session.execute(wanted)).all()
    for row in found:
        with contextlib.suppress(SealError):
            mark = mark_of(row.kind, current().open(row.value, Place(identifiers.name, columns.value.name, row.id)))
            await unit.session.execute(
                update(identifiers).where(columns.id == row.id, columns.value == row.value).values(mark=mark)
            )
    return found[-1].id if found else None


async def _mark_names(unit: Unit, *, batch: int, after: str) -> str | None:
    marks, columns = name_marks.c, onboardings.c
    stale = select(marks.onboarding_id).where(not_(marks.mark.startswith(current().prefix, autoescape=True)))
    wanted = select(columns.id, columns.customer).where(columns.id.in_(stale), columns.id > after).order_by(columns.id)
    found = (await unit.session.execute(wanted.limit(batch).with_for_update())).all()
    for row in found:
        with contextlib.suppress(SealError):
            name = current().open(row.customer, Place(onboardings.name, columns.customer.name, row.id))
            await mark_name(unit.connection, row.id, name)
    return found[-1].id if found else None


async def _forget_drawings(unit: Unit) -> None:
    """Digests of messages that an older key made: with that key, what the messages say can be tried. They are drawn once more."""
    stale = not_(posted.c.digest.startswith(current().prefix, autoescape=True))
    await unit.connection.execute(update(posted).where(posted.c.digest != "", stale).values(digest=""))
