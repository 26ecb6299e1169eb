"""Reseal with the newest key everything that an older key sealed. After that, older keys can be removed from ENCRYPTION_KEYS.

Works in batches, each in its own transaction, while a bot is running; if stopped midway, it resumes where it stopped.
"""

from dataclasses import dataclass, field

from sqlalchemy import Table, and_, not_, or_, select, update

from storage import keys
from storage.audit import MAC_PURPOSE, head_text
from storage.sealing import Place, Plain, current
from storage.store import Store
from storage.tables import audit_heads, metadata, sealed_columns
from storage.unit import Unit


@dataclass
class Rotated:
    """``rows``: how many rows were resealed, by table. ``heads``: chains whose head got a new MAC.

    ``refused``: chains whose head failed verification and was left unchanged; `storage.verify` says more.
    """

    rows: dict[str, int] = field(default_factory=dict)
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
    await store.transact(lambda unit: _resign(unit, rotated))
    await store.transact(keys.retire)
    return rotated


async def _reseal(unit: Unit, table: Table, batch: int) -> int:
    keyring, columns = current(), sealed_columns(table)
    stale = or_(*(not_(column.startswith(keyring.prefix, autoescape=True)) for column in columns))
    rows = (await unit.session.execute(select(table.c.id, *columns).where(stale).order_by(table.c.id).limit(batch))).all()
    for row in rows:
        old = {column: getattr(row, column.name) for column in columns}
        places = {column: Place(table.name, column.name, row.id) for column in columns}
        new = {column.name: Plain(keyring.open(text, places[column]), places[column]) for column, text in old.items()}
        # Only if nobody wrote in between; what they wrote is sealed with the newest key.
        unchanged = and_(*(column == text for column, text in old.items()))
        await unit.session.execute(update(table).where(table.c.id == row.id, unchanged).values(new))
    return len(rows)


async def _resign(unit: Unit, rotated: Rotated) -> None:
    keyring = current()
    rotated.heads, rotated.refused = 0, []
    stale = not_(audit_heads.c.mac.startswith(keyring.prefix, autoescape=True))
    for head in (await unit.session.execute(select(audit_heads).where(stale).with_for_update())).all():
        text = head_text(head.onboarding_id, head.events, head.hash)
        if not keyring.genuine(MAC_PURPOSE, text, head.mac):
            rotated.refused.append(head.onboarding_id)
            continue
        mac = keyring.mac(MAC_PURPOSE, text)
        await unit.session.execute(update(audit_heads).where(audit_heads.c.onboarding_id == head.onboarding_id).values(mac=mac))
        rotated.heads += 1
