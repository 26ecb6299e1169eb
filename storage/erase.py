"""Erase one onboarding's personal data. Ids, states, times, and the audit chain stay; the chain can still be verified.

Of people, only Slack ids stay (in the log's actors, facts, and ids of rows). Digests are keyed with salts, which are erased with what
they cover; the log then states anew how the emptied rows are. Values that were damaged and can't be opened are overwritten like the others.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from flows.model import Draft, EffectRecord, Expiry, Member, Person, Posted, Received, Snapshot
from flows.people import SYSTEM, Who
from storage.columns import canonical
from storage.covered import Written
from storage.sealing import Place, Plain, SealError, UnknownKey
from storage.store import Store
from storage.tables import audit_events, drafts, effects, expiries, members, people, posted, received
from storage.unit import Unit

T = TypeVar("T")

NOTHING = canonical({})


async def erase(store: Store, onboarding_id: str, actor: Who = SYSTEM) -> dict[str, int]:
    """Erase, close the onboarding if it is open, and record it. Returns how many rows of each table were emptied or deleted.

    Raises LookupError if there is no such onboarding; StillReadError if it is erased, but SQLite's files still hold what was there:
    see `Store.truncate_log`. Database backups are not touched.
    """

    async def work(unit: Unit) -> dict[str, int]:
        snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None:
            raise LookupError("no such onboarding")
        counts = Counter(_empty(unit, snapshot))
        counts["audit_events"] = await _empty_changes(unit, onboarding_id)
        counts["people"] = await _forget_people(unit, snapshot)
        marks = [snapshot.onboarding.channel_id, onboarding_id, *(member.user_id for member in snapshot.members)]
        counts["effects"] = await _empty_effects(unit, onboarding_id, marks)
        counts["received"] = await _empty_received(unit, marks)
        await unit.session.execute(update(Posted).where(posted.c.onboarding_id == onboarding_id).values(digest=""))
        counts["drafts"] = await _delete_drafts(unit, onboarding_id, marks)
        for row in (*snapshot.members, *snapshot.companies):
            await unit.delete(row)
        for expiry in await _rows(unit, Expiry, expiries.c.onboarding_id == onboarding_id):
            await unit.delete(expiry)
        counts["members"] = len(snapshot.members)
        # The key of the digests that the log has of these rows is erased too.
        left: list[Any] = [snapshot.onboarding, *snapshot.steps.values(), *snapshot.tasks, *snapshot.decisions, *snapshot.grants]
        left += [one for sent in snapshot.submissions.values() for one in sent]
        unit.restate({(type(row), row.id): Written.unchanged(row) for row in left})
        unit.record(onboarding_id, "onboarding:erase", actor, facts=dict(counts))
        return dict(counts)

    counts = await store.transact(work)
    await store.truncate_log()
    return counts


def _empty(unit: Unit, snapshot: Snapshot) -> dict[str, int]:
    onboarding = snapshot.onboarding
    onboarding.customer = ""
    onboarding.erased_at = onboarding.erased_at or unit.now
    if onboarding.closed_at is None:
        onboarding.closed_at, onboarding.closed_by = unit.now, SYSTEM.user_id
    for step in snapshot.steps.values():
        step.reason, step.digest, step.remind_at = "", "", None
    submissions = [one for sent in snapshot.submissions.values() for one in sent]
    for submission in submissions:
        submission.answers, submission.digest, submission.salt = {}, "", ""
    for task in snapshot.tasks:
        task.answers = {}
    for decision in snapshot.decisions:
        decision.reason = decision.digest = ""
    for grant in snapshot.grants:
        grant.email = grant.name = ""
    return {
        "onboardings": 1,
        "steps": len(snapshot.steps),
        "submissions": len(submissions),
        "tasks": len(snapshot.tasks),
        "decisions": len(snapshot.decisions),
        "grants": len(snapshot.grants),
    }


async def _empty_changes(unit: Unit, onboarding_id: str) -> int:
    ids = (await unit.session.scalars(select(audit_events.c.id).where(audit_events.c.onboarding_id == onboarding_id))).all()
    rows = [
        {
            "row": row_id,
            "no_changes": Plain(NOTHING, Place(audit_events.name, "changes", row_id)),
            "no_salt": Plain("", Place(audit_events.name, "salt", row_id)),
        }
        for row_id in ids
    ]
    statement = update(audit_events).where(audit_events.c.id == bindparam("row"))
    connection = await unit.session.connection()
    if rows:
        await connection.execute(statement.values(changes=bindparam("no_changes"), salt=bindparam("no_salt")), rows)
    return len(rows)


async def _forget_people(unit: Unit, snapshot: Snapshot) -> int:
    """The customer's people who are in no other onboarding; people in support stay."""
    ours = {f"{member.team_id}/{member.user_id}" for member in snapshot.members} | {str(snapshot.lead())}
    elsewhere = select(Member).where(members.c.onboarding_id != snapshot.onboarding.id)
    ours -= {f"{member.team_id}/{member.user_id}" for member in await unit.session.scalars(elsewhere)}
    gone = delete(Person).where(people.c.id.in_(sorted(ours)), people.c.support.is_(False)).returning(people.c.id)
    return len((await unit.session.execute(gone)).all())


async def _empty_effects(unit: Unit, onboarding_id: str, marks: Iterable[str]) -> int:
    """The onboarding's effects, and those of no onboarding that mention it. Unfinished ones are dropped."""
    emptied = 0
    for effect in await _rows(unit, EffectRecord, effects.c.onboarding_id.in_([onboarding_id, ""])):
        if effect.onboarding_id == onboarding_id or _mentions(effect, "arguments", marks):
            effect.arguments = {}
            effect.state = "dropped" if effect.state in ("waiting", "running") else effect.state
            emptied += 1
    return emptied


async def _empty_received(unit: Unit, marks: Iterable[str]) -> int:
    emptied = 0
    for event in await _rows(unit, Received, received.c.id.is_not(None)):
        if _mentions(event, "payload", marks):
            event.payload = {}
            emptied += 1
    return emptied


async def _delete_drafts(unit: Unit, onboarding_id: str, marks: Iterable[str]) -> int:
    """The onboarding's drafts, and one for an onboarding in the same channel that was never started."""
    deleted = 0
    for draft in await _rows(unit, Draft, drafts.c.onboarding_id.in_([onboarding_id, ""])):
        if draft.onboarding_id == onboarding_id or _mentions(draft, "answers", marks):
            await unit.delete(draft)
            deleted += 1
    return deleted


async def _rows(unit: Unit, kind: type[T], wanted: ColumnElement[bool]) -> Sequence[T]:
    return (await unit.session.scalars(select(kind).where(wanted))).all()


def _mentions(row: Any, name: str, marks: Iterable[str]) -> bool:
    """What was damaged, and nobody can open any more, may."""
    try:
        text = json.dumps(getattr(row, name))
    except UnknownKey:
        raise
    except SealError:
        return True
    return any(f'"{mark}"' in text for mark in marks)
