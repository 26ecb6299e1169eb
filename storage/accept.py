"""Lets a customer whose log was altered go on, once somebody has decided that what stands is to count.

Nothing that was altered becomes whole: an entry says what was found and how all rows are from now on, under a MAC like every other, and
the chain goes on from there. `storage.verify` no longer reports what that entry names, and only that.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import func, select

from flows.people import SYSTEM
from storage import audit, keys
from storage.audit import Entry, Head
from storage.chain import ACCEPT, REGISTER, Flaw, flaw_of_head
from storage.columns import unread
from storage.covered import UNCOVERED, Key, Written, stored_content
from storage.mapping import TABLES
from storage.store import Store
from storage.tables import audit_events, audit_heads
from storage.unit import Unit
from storage.verify import Finding, verify
from storage.verify_rows import chain_column


async def accept(store: Store, chain_id: str) -> Sequence[Finding]:
    """Returns what was found, and is accepted now; if nothing was, nothing is written. ``chain_id``: an onboarding, or `REGISTER`."""
    found = [finding for finding in await verify(store) if finding.onboarding_id == chain_id]
    if found:
        await store.transact(lambda unit: _accept(unit, chain_id, found))
    return found


async def _accept(unit: Unit, chain_id: str, found: Sequence[Finding]) -> None:
    facts: dict[str, object] = {"found": [[finding.flaw.value, finding.seq, finding.row] for finding in found]}
    if any(finding.flaw is Flaw.REMOVED for finding in found):
        facts["found"] = [[Flaw.ONBOARDING_MISSING.value, 0, ""]]
    if chain_id == REGISTER:  # it may have been emptied
        columns = audit_heads.c
        heads = await unit.connection.execute(select(columns.onboarding_id, columns.events, columns.hash))
        facts["heads"] = {one: Head(count, hashed).named for one, count, hashed in heads if one != REGISTER}
    head = await _what_stands(unit, chain_id, max(finding.seq for finding in found))
    entry, rows = Entry(ACCEPT, SYSTEM, facts, {}), await _rows(unit, chain_id)
    appended = await audit.append(unit.connection, chain_id, [entry], unit.now, rows=rows, onto=head)
    if (also := appended.registers) is not None:
        unit.record(REGISTER, also.tag, also.actor, facts=also.facts)


async def _what_stands(unit: Unit, chain_id: str, at_least: int) -> Head:
    """The last entry that stands, by the highest number that was ever used: none is used twice."""
    columns = audit_events.c
    of_chain = columns.onboarding_id == chain_id
    count, head = (
        (await unit.connection.execute(select(func.max(columns.seq)).where(of_chain))).scalar_one() or 0,
        (await unit.connection.execute(select(*unread(audit_heads)).where(audit_heads.c.onboarding_id == chain_id))).mappings(),
    )
    last = await unit.connection.scalar(select(columns.hash).where(of_chain, columns.seq == count))
    known = next((int(one["events"]) for one in head if flaw_of_head(one) is None), 0)
    return Head(max(count, known, at_least), last or "")


async def _rows(unit: Unit, chain_id: str) -> dict[Key, Written]:
    """All covered rows of an onboarding, whatever they contain."""
    found: dict[Key, Written] = {}
    listed = await keys.listed(unit.connection)
    for kind in UNCOVERED:
        table = TABLES[kind]
        for row in (await unit.connection.execute(select(*unread(table)).where(chain_column(table) == chain_id))).mappings():
            found[kind, row["id"]] = Written(chain_id, None, partial(stored_content, kind, row, listed))
    return found
