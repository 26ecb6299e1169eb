"""The public keys that verify evidence packs, also of keys that are retired: nobody can derive those any more.

Each goes into the register of the audit log when the keys are rotated, whose entries nobody forges without the keys.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.people import SYSTEM
from storage.audit import entry_of
from storage.chain import REGISTER, flaw_of_entry
from storage.columns import unread
from storage.sealing import current
from storage.signing import VerifyingKey, public_key
from storage.tables import audit_events, audit_heads
from storage.unit import Unit

RETIRE = "key:retire"
"""The tag of the register's entry. Facts ``public``: by the id of a sealing key, its raw public key, 64 hex digits."""

_RETIRED = select(*unread(audit_events)).where(audit_events.c.onboarding_id == REGISTER, audit_events.c.tag == bindparam("tag"))
_BEGUN = select(audit_heads.c.onboarding_id).where(audit_heads.c.onboarding_id == REGISTER)


def own() -> dict[str, VerifyingKey]:
    """Of the keys in use, by id, the one that signs first."""
    newest = current().newest
    return {key: public_key(key) for key in (newest, *sorted(current().ids - {newest}))}


async def retired(connection: AsyncConnection) -> Mapping[str, VerifyingKey]:
    """Of keys that no longer sign, by id, as genuine entries of the register have them."""
    found = (await connection.execute(_RETIRED.order_by(audit_events.c.seq), {"tag": RETIRE})).mappings()
    entries = [entry for row in found if flaw_of_entry(entry := entry_of(row)) is None]
    return {key: VerifyingKey(bytes.fromhex(raw)) for entry in entries for key, raw in entry["facts"]["public"].items()}


async def note_retired(unit: Unit) -> None:
    """All but the newest, as far as it isn't noted yet. Raises Altered if the register does not hold."""
    if (await unit.connection.execute(_BEGUN)).first() is None:  # nothing was ever stored, so nothing was signed
        return
    known = await retired(unit.connection)
    _, *older = own().items()
    if new := {key: public.raw.hex() for key, public in older if key not in known}:
        unit.record(REGISTER, RETIRE, SYSTEM, facts={"public": new})
