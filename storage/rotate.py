"""Reseal with the newest key everything that an older key sealed, and renew the MACs that one made. Older keys can go afterwards.

Works in batches, each in its own transaction, while a bot is running; if stopped midway, it resumes where it stopped.
"""

from dataclasses import dataclass, field

from sqlalchemy import Table, and_, not_, or_, select, update

from storage import keys
from storage.audit import Altered
from storage.chain import ENTRY_PURPOSE, HEAD_PURPOSE, Flaw, entry_text, head_text
from storage.sealing import Place, Plain, current
from storage.store import Store
from storage.tables import audit_events, audit_heads, id_column, metadata, posted, sealed_columns
from storage.unit import Unit
from storage.verify_chain import verify_chain


@dataclass
class Rotated:
    """``rows``: how many rows were resealed, by table. ``entries``: of the audit log, and ``heads``: of its chains, that got a new MAC.

    ``refused``: chains that don't hold and keep their MACs; `storage.verify` says more.
    """

    rows: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    heads: int = 0
    refused: list[str] = field(default_factory=list)


async def rotate(store: Store, batch: int = 200) -> Rotated:
    """Raises SealError for a value that none of the keys opens."""
    rotated = Rotated()
    for table in metadata.sorted_tables:
        if not sealed_columns(table):
            continue
        total = 0
        while count := await store.transact(lambda unit, table=table: _reseal(unit, table, batch)):  # type: ignore[misc]
            total += count
        rotated.rows[table.name] = total
    async with store.read() as unit:
        chains = [row.onboarding_id for row in await unit.connection.execute(select(audit_heads.c.onboarding_id))]
    for chain in sorted(chains):
        await _resign_chain(store, chain, rotated, batch)
    await store.transact(_forget_drawings)
    await store.transact(keys.retire)
    return rotated


async def _reseal(unit: Unit, table: Table, batch: int) -> int:
    keyring, columns, row_id = current(), sealed_columns(table), id_column(table)
    stale = or_(*(not_(column.startswith(keyring.prefix, autoescape=True)) for column in columns))
    rows = (await unit.session.execute(select(row_id.label("row_id"), *columns).where(stale).order_by(row_id).limit(batch))).all()
    for row in rows:
        old = {column: getattr(row, column.name) for column in columns}
        places = {column: Place(table.name, column.name, row.row_id) for column in columns}
        new = {column.name: Plain(keyring.open(text, places[column]), places[column]) for column, text in old.items()}
        # Only if nobody wrote in between; what they wrote is sealed with the newest key.
        unchanged = and_(*(column == text for column, text in old.items()))
        await unit.session.execute(update(table).where(row_id == row.row_id, unchanged).values(new))
    return len(rows)


async def _resign_chain(store: Store, chain_id: str, rotated: Rotated, batch: int) -> None:
    """New MACs for a chain that holds. One that doesn't keeps those it has: new ones would vouch for it."""
    async with store.read() as unit:
        if not (await verify_chain(unit.connection, chain_id, await keys.listed(unit.connection))).holds:
            rotated.refused.append(chain_id)
            return
    while count := await store.transact(lambda unit: _resign_entries(unit, chain_id, batch)):
        rotated.entries += count
    rotated.heads += await store.transact(lambda unit: _resign_head(unit, chain_id))


async def _resign_entries(unit: Unit, chain_id: str, batch: int) -> int:
    keyring, columns = current(), audit_events.c
    stale = and_(columns.onboarding_id == chain_id, not_(columns.mac.startswith(keyring.prefix, autoescape=True)))
    wanted = select(columns.id, columns.onboarding_id, columns.seq, columns.hash, columns.mac).where(stale).limit(batch)
    found = (await unit.connection.execute(wanted)).mappings().all()
    for entry in found:
        if not keyring.genuine(ENTRY_PURPOSE, entry_text(entry), entry["mac"]):
            raise Altered(chain_id, Flaw.CHANGED)  # since it was verified
        mac = keyring.mac(ENTRY_PURPOSE, entry_text(entry))
        await unit.connection.execute(update(audit_events).where(columns.id == entry["id"]).values(mac=mac))
    return len(found)


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


async def _forget_drawings(unit: Unit) -> None:
    """Digests of messages that an older key made: with that key, what the messages say can be tried. They are drawn once more."""
    stale = not_(posted.c.digest.startswith(current().prefix, autoescape=True))
    await unit.connection.execute(update(posted).where(posted.c.digest != "", stale).values(digest=""))
