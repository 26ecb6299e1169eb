"""Erase one onboarding's personal data. Ids, states, times, and the audit chain stay; the chain can still be verified.

Of people, only Slack ids stay (in the log's actors, facts, and ids of rows). Digests are keyed with salts, which are erased with what
they cover; the log then states anew how the emptied rows are. No row is read as an object: whatever was damaged is overwritten as well.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import SEARCHED
from flows.people import SYSTEM, Who
from storage import audit, keys
from storage.chain import ERASE
from storage.columns import canonical, unread
from storage.covered import Written, contents_of
from storage.customers import has_traces
from storage.reading import DamagedError, read_value
from storage.sealing import Place, Plain, SealError, UnknownKey, current
from storage.store import Store
from storage.tables import (
    audit_events,
    calls,
    decisions,
    drafts,
    effects,
    expiries,
    grants,
    id_column,
    identifiers,
    locator,
    members,
    name_marks,
    notes,
    onboardings,
    people,
    posted,
    received,
    refused_fields,
    reminders,
    steps,
    submissions,
    tasks,
    third_companies,
)
from storage.unit import Unit

NOTHING = canonical({})
_SLACK_ID = re.compile("[A-Z][A-Za-z0-9]+")
"""What else somebody puts in an id's place, such as nothing, or a word that payloads have, others' rows would mention too."""
Marks = AbstractSet[Any]
"""Ids by which what belongs to no onboarding is known to mention one."""

_EMPTIED: Mapping[Table, Mapping[str, str]] = {
    onboardings: {"customer": ""},
    steps: {"reason": ""},
    submissions: {"answers": NOTHING, "salt": ""},
    decisions: {"reason": ""},
    tasks: {"answers": NOTHING},
    grants: {"email": "", "name": ""},
    calls: {"words": "", "answer": ""},
    notes: {"words": ""},
    audit_events: {"changes": NOTHING, "salt": ""},
}
"""By table, its sealed columns and what is sealed instead."""


async def erase(store: Store, onboarding_id: str, actor: Who = SYSTEM) -> dict[str, int]:
    """Erase, close the onboarding if it is open, and record it. Returns how many rows of each table were emptied or deleted; where all
    was erased before, nothing is written.

    Raises LookupError if nothing is known of such an onboarding; StillReadError if it is erased, but SQLite's files still hold what was
    there: see `Store.truncate_log`. Database backups are not touched.
    """

    async def work(unit: Unit) -> dict[str, int]:
        return await _erase(unit, onboarding_id, actor)

    counts = await store.transact(work)
    await store.truncate_log()
    return counts


async def _erase(unit: Unit, onboarding_id: str, actor: Who) -> dict[str, int]:
    connection, listed = unit.connection, await keys.listed(unit.connection)
    found = await _rows(connection, onboardings, onboardings.c.id == onboarding_id, locks=True)
    await audit.wait_for(connection, onboarding_id)  # whatever is in the log by then is emptied
    if not await has_traces(connection, onboarding_id):
        raise LookupError("no such onboarding")
    before = await contents_of(connection, onboarding_id, listed)
    people_there = await _rows(connection, members, members.c.onboarding_id == onboarding_id)
    there = (*(one["channel_id"] for one in found), *(member["user_id"] for member in people_there))
    marks = {onboarding_id, *(mark for mark in there if _SLACK_ID.fullmatch(str(mark)))}
    counts: dict[str, int] = {}
    for table, emptied in _EMPTIED.items():
        theirs = (table.c.id if table is onboardings else table.c.onboarding_id) == onboarding_id
        if table is audit_events:  # nothing was ever in the entry of an erasure
            theirs &= table.c.tag != ERASE
        counts[table.name] = await _empty(connection, table, await _rows(connection, table, theirs), emptied)
    await connection.execute(
        update(steps).where(steps.c.onboarding_id == onboarding_id).values(digest="", turn="", remind_at=None, escalate_at=None)
    )
    for table in (submissions, decisions, posted):
        await connection.execute(update(table).where(table.c.onboarding_id == onboarding_id).values(digest=""))
    counts[people.name] = await _forget_people(connection, onboarding_id, [*people_there, *_leads(found)])
    counts[effects.name] = await _empty_effects(connection, onboarding_id, marks, listed)
    counts[received.name] = await _empty_received(connection, marks, listed)
    counts[drafts.name] = await _delete_drafts(connection, onboarding_id, marks, listed)
    await _delete(connection, drafts, and_(drafts.c.form == SEARCHED, drafts.c.onboarding_id == ""))  # any may name it
    for table in (members, third_companies, expiries, identifiers, refused_fields, name_marks, reminders):
        counts[table.name] = await _delete(connection, table, table.c.onboarding_id == onboarding_id)
    counts[onboardings.name] += await _end(connection, found, unit.now)
    if any(counts.values()):
        after = await contents_of(connection, onboarding_id, listed)
        # The key of the digests that the log has of these rows is erased too.
        unit.restate(
            {key: Written.between(onboarding_id, before.get(key), after.get(key)) for key in before.keys() | after.keys()}
        )
        unit.record(onboarding_id, ERASE, actor, facts=counts)
    return counts


Found = Sequence[Mapping[Any, Any]]
"""Rows as `unread` gives them, each with its ``locator``."""


async def _rows(connection: AsyncConnection, table: Table, wanted: ColumnElement[bool], *, locks: bool = False) -> Found:
    query = select(locator(table, connection.dialect).label("locator"), *unread(table)).where(wanted)
    return (await connection.execute(query.with_for_update() if locks else query)).mappings().all()


async def _empty(
    connection: AsyncConnection,
    table: Table,
    found: Found,
    emptied: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
) -> int:
    """Seal in each row what is to stand there instead, and set ``values``. Returns in how many it did not stand yet."""
    rows = [
        {"row": row["locator"], **{f"no_{column}": Plain(text, _place(table, column, row)) for column, text in emptied.items()}}
        for row in found
        if any(_opened(table, column, row) != text for column, text in emptied.items())
    ]
    if rows:
        new: dict[str, Any] = {column: bindparam(f"no_{column}") for column in emptied}
        if "version" in table.c:
            new["version"] = table.c.version + 1
        its = locator(table, connection.dialect) == bindparam("row")
        await connection.execute(update(table).where(its).values({**new, **(values or {})}), rows)
    return len(rows)


async def _end(connection: AsyncConnection, found: Found, now: datetime) -> int:
    """Closed and erased, whatever stands there. Returns how many weren't."""
    values: dict[str, Any] = {}
    for row in found:
        if _moment(row, "closed_at") is None:
            values |= {"closed_at": now, "closed_by": SYSTEM.user_id}
        if _moment(row, "erased_at") is None:
            values["erased_at"] = now
        if values:
            await connection.execute(update(onboardings).where(onboardings.c.id == row["id"]).values(values))
    return bool(values)


def _moment(row: Mapping[Any, Any], name: str) -> datetime | None:
    try:
        at: datetime | None = read_value(onboardings.c[name], row[name])
    except DamagedError:
        return None
    return at


def _leads(found: Found) -> Found:
    return [{"team_id": row["team_id"], "user_id": row["lead_id"]} for row in found]


async def _forget_people(connection: AsyncConnection, onboarding_id: str, theirs: Found) -> int:
    """The customer's people who are in no other onboarding; people in support stay."""
    ours = {f"{member['team_id']}/{member['user_id']}" for member in theirs}
    for member in await _rows(connection, members, members.c.onboarding_id != onboarding_id):
        ours.discard(f"{member['team_id']}/{member['user_id']}")
    named = or_(people.c.id.in_(sorted(ours)), (people.c.team_id + "/" + people.c.user_id).in_(sorted(ours)))
    return await _delete(connection, people, named & people.c.support.is_not(True))


async def _empty_effects(connection: AsyncConnection, onboarding_id: str, marks: Marks, listed: AbstractSet[str]) -> int:
    """The onboarding's effects, and those of no onboarding that mention it. Unfinished ones are dropped."""
    found = await _rows(connection, effects, effects.c.onboarding_id.in_([onboarding_id, ""]))
    chosen = _concerning(effects, "arguments", found, onboarding_id, marks, listed)
    state = case((or_(effects.c.state == "waiting", effects.c.state == "running"), "dropped"), else_=effects.c.state)
    return await _empty(connection, effects, chosen, {"arguments": NOTHING}, {"state": state})


async def _empty_received(connection: AsyncConnection, marks: Marks, listed: AbstractSet[str]) -> int:
    found = await _rows(connection, received, received.c.id.is_not(None))
    chosen = [row for row in found if _mentions(received, "payload", row, marks, listed)]
    return await _empty(connection, received, chosen, {"payload": NOTHING})


async def _delete_drafts(connection: AsyncConnection, onboarding_id: str, marks: Marks, listed: AbstractSet[str]) -> int:
    """The onboarding's drafts, and one for an onboarding in the same channel that was never started."""
    found = await _rows(connection, drafts, drafts.c.onboarding_id.in_([onboarding_id, ""]))
    chosen = _concerning(drafts, "answers", found, onboarding_id, marks, listed)
    return await _delete(connection, drafts, locator(drafts, connection.dialect).in_([row["locator"] for row in chosen]))


async def _delete(connection: AsyncConnection, table: Table, wanted: ColumnElement[bool]) -> int:
    return len((await connection.execute(delete(table).where(wanted).returning(func.length(id_column(table))))).all())


def _concerning(
    table: Table, column: str, found: Found, onboarding_id: str, marks: Marks, listed: AbstractSet[str]
) -> list[Mapping[Any, Any]]:
    return [row for row in found if row["onboarding_id"] == onboarding_id or _mentions(table, column, row, marks, listed)]


def _mentions(table: Table, column: str, row: Mapping[Any, Any], marks: Marks, listed: AbstractSet[str]) -> bool:
    """What was damaged, and nobody can open any more, may. Raises UnknownKey for a key that is ``listed``."""
    try:
        text = current().open(row[column], _place(table, column, row))
    except UnknownKey as error:
        if not listed.isdisjoint(error.key_ids):
            raise
        return True
    except SealError:
        return True
    return any(f'"{mark}"' in text for mark in marks)


def _opened(table: Table, column: str, row: Mapping[Any, Any]) -> str | None:
    """None if it can't be."""
    try:
        return current().open(row[column], _place(table, column, row))
    except SealError:
        return None


def _place(table: Table, column: str, row: Mapping[Any, Any]) -> Place:
    return Place(table.name, column, row["id"])
