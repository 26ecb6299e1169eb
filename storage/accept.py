"""Lets a customer whose log was altered go on, once somebody has decided that what stands is to count.

Nothing that was altered becomes whole: an entry says what was found and how all rows are from now on, under a MAC like every other, and
the chain goes on from there. `storage.verify` no longer reports what that entry names, and only that.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from sqlalchemy import select

from flows.people import SYSTEM
from storage import audit, keys
from storage.audit import Entry, Head
from storage.chain import ACCEPT, REGISTER, Flaw, flaw_of_head, standing
from storage.columns import unread
from storage.covered import Key, Written, contents_of
from storage.store import Store
from storage.tables import audit_heads, onboardings
from storage.unit import Unit
from storage.verify import Finding, examine
from storage.verify_chain import entries


class FoundOtherwiseError(Exception):
    """What is wrong is no longer what was decided upon: nothing is accepted."""


async def accept(store: Store, chain_id: str, shown: Sequence[Finding] | None = None) -> Sequence[Finding]:
    """Returns what was found, and is accepted now; if nothing was, nothing is written. ``chain_id``: an onboarding, or `REGISTER`.
    ``shown``: what somebody decided upon. Raises FoundOtherwiseError."""
    examined = await examine(store)
    found = [finding for finding in examined.findings if finding.onboarding_id == chain_id]
    if shown is not None and found != list(shown):
        raise FoundOtherwiseError
    if found:
        missed = examined.missed.get(chain_id, frozenset())
        await store.transact(lambda unit: _accept(unit, chain_id, found, missed))
    return found


async def _accept(unit: Unit, chain_id: str, found: Sequence[Finding], missed: AbstractSet[int]) -> None:
    """``missed``: numbers of entries that others name and that aren't there."""
    known = [[finding.flaw.value, finding.seq, finding.row] for finding in found]
    facts: dict[str, object] = {"found": known, "missed": sorted(missed)}
    if chain_id == REGISTER:  # it may have been emptied
        columns = audit_heads.c
        heads = await unit.connection.execute(select(columns.onboarding_id, columns.events, columns.hash))
        facts["heads"] = {one: Head(count, hashed).named for one, count, hashed in heads if one != REGISTER}
    elif await unit.connection.scalar(select(onboardings.c.id).where(onboardings.c.id == chain_id)) is None:
        known.append([Flaw.ONBOARDING_MISSING.value, 0, ""])
    head, facts["stood"] = await _what_stands(unit, chain_id, missed, {finding.seq for finding in found})
    entry, rows = Entry(ACCEPT, SYSTEM, facts, {}), await _rows(unit, chain_id)
    appended = await audit.append(unit.connection, chain_id, [entry], unit.now, rows=rows, onto=head)
    if (also := appended.registers) is not None:
        unit.record(REGISTER, also.tag, also.actor, facts=also.facts)


async def _what_stands(
    unit: Unit, chain_id: str, missed: AbstractSet[int], flawed: AbstractSet[int]
) -> tuple[Head, Mapping[str, str]]:
    """The last entry that stands, by the highest number that was ever used: none is used twice. And how the flawed ones stand."""
    last, stood = Head(), dict[str, str]()
    async for entry in entries(unit.connection, chain_id):  # as `storage.verify_chain` goes through them
        if isinstance(entry["seq"], int):
            last = Head(entry["seq"], entry["hash"])
            if entry["seq"] in flawed:
                stood[str(entry["seq"])] = standing(entry)
    wanted = select(*unread(audit_heads)).where(audit_heads.c.onboarding_id == chain_id)
    head = (await unit.connection.execute(wanted)).mappings().first()
    known = int(head["events"]) if head is not None and flaw_of_head(head) is None else 0
    return Head(max([last.count, known, *missed, *flawed]), last.hash), stood


async def _rows(unit: Unit, chain_id: str) -> dict[Key, Written]:
    """All covered rows of an onboarding, whatever they contain."""
    found = await contents_of(unit.connection, chain_id, await keys.listed(unit.connection))
    return {key: Written.between(chain_id, None, content) for key, content in found.items()}
