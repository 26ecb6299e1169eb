"""Reread the audit log and name what doesn't verify."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.audit import BEGIN, MAC_PURPOSE, REGISTER, digest_of, hash_of, head_text
from storage.columns import canonical
from storage.sealing import Place, SealError, UnknownKey, current, key_of
from storage.store import Store
from storage.tables import audit_events, audit_heads, onboardings

Event = dict[str, Any]


class Flaw(StrEnum):
    """What can be wrong with a chain."""

    CHANGED = "changed"  # an event's content, or the predecessor's hash in it, is not what was written
    CHANGES_CHANGED = "changes_changed"  # the erasable part of an event is not what was written
    SWAPPED = "swapped"  # an event is in another's place
    GAP = "gap"  # events are missing before others
    CUT = "cut"  # the last events are missing
    HEAD_CHANGED = "head_changed"  # the head was not written by this program, or not for these events
    HEAD_MISSING = "head_missing"
    ONBOARDING_MISSING = "onboarding_missing"  # the chain exists, its onboarding doesn't
    REMOVED = "removed"  # the register lists a chain of which nothing is left
    UNKNOWN_KEY = "unknown_key"  # the keyring lacks the key that it takes to verify this


@dataclass(frozen=True)
class Finding:
    """``seq``: the event's (for a gap or cut, the first missing one's); 0 for the chain as a whole."""

    onboarding_id: str
    flaw: Flaw
    seq: int = 0

    def __str__(self) -> str:
        where = self.onboarding_id or "the register of onboardings"
        return f"{where}: {self.flaw.value}" + (f" at event {self.seq}" if self.seq else "")


async def verify(store: Store) -> list[Finding]:
    """Every flaw in every chain; empty if the log is intact. Reads a consistent snapshot, one chain at a time."""
    async with store.read() as unit:
        session = unit.session
        heads = {head.onboarding_id: head for head in await session.execute(select(audit_heads))}
        known = set(await session.scalars(select(onboardings.c.id)))
        chained = set(await session.scalars(select(audit_events.c.onboarding_id).distinct()))
        began = select(audit_events.c.facts).where(audit_events.c.onboarding_id == REGISTER, audit_events.c.tag == BEGIN)
        registered = {str(facts.get("onboarding")) for facts in await session.scalars(began)}
        found = []
        for onboarding_id in sorted(heads.keys() | known | chained | registered | ({REGISTER} if known else set())):
            head = heads.get(onboarding_id)
            if onboarding_id in registered and head is None and onboarding_id not in known | chained:
                found.append(Finding(onboarding_id, Flaw.REMOVED))
                continue
            if onboarding_id not in known and onboarding_id != REGISTER:
                found.append(Finding(onboarding_id, Flaw.ONBOARDING_MISSING))
            found += await _verify_chain(session, onboarding_id, head)
    return found


async def _verify_chain(session: AsyncSession, onboarding_id: str, head: Row[Any] | None) -> list[Finding]:
    query = select(audit_events).where(audit_events.c.onboarding_id == onboarding_id).order_by(audit_events.c.seq)
    events = [dict(row) for row in (await session.execute(query)).mappings()]
    flaws = _flaws(events)
    flaws += _flaws_of_head(onboarding_id, head, events, known={seq for _, seq in flaws})
    return [Finding(onboarding_id, flaw, seq) for flaw, seq in flaws]


def _flaws(events: Sequence[Event]) -> list[tuple[Flaw, int]]:
    found: list[tuple[Flaw, int]] = []
    seq, last, sound = 0, "", True
    for event in events:
        missing = event["seq"] != seq + 1
        if missing:
            found.append((Flaw.GAP, seq + 1))
        whole = event["id"] == f"{event['onboarding_id']}:{event['seq']}" and hash_of(event) == event["hash"]
        linked = missing or event["previous"] == last or not sound
        if not whole and any(hash_of(event, seq=other["seq"]) == event["hash"] for other in events):
            found.append((Flaw.SWAPPED, event["seq"]))
        elif not whole or not linked:
            found.append((Flaw.CHANGED, event["seq"]))
        elif flaw := _flaw_of_changes(event):
            found.append((flaw, event["seq"]))
        seq, last, sound = event["seq"], event["hash"], whole
    return found


def _flaw_of_changes(event: Event) -> Flaw | None:
    """None if the erasable part is what was written, or was erased: then it and its salt are empty, but sealed."""
    try:
        salt = current().open(event["salt"], Place(audit_events.name, "salt", event["id"]))
        changes = current().open(event["changes"], Place(audit_events.name, "changes", event["id"]))
    except UnknownKey:
        return Flaw.UNKNOWN_KEY
    except SealError:
        return Flaw.CHANGES_CHANGED
    holds = digest_of(salt, changes) == event["changes_digest"] if salt else changes == canonical({})
    return None if holds else Flaw.CHANGES_CHANGED


def _flaws_of_head(onboarding_id: str, head: Row[Any] | None, events: Sequence[Event], known: set[int]) -> list[tuple[Flaw, int]]:
    """``known``: events already found flawed; if the last is one of them, its difference from the head is nothing new."""
    if head is None:
        return [(Flaw.HEAD_MISSING, 0)]
    last = events[-1] if events else None
    seq, hashed = (last["seq"], last["hash"]) if last else (0, "")
    if key_of(head.mac) and not current().knows(head.mac):
        return [(Flaw.UNKNOWN_KEY, 0)]
    if not current().genuine(MAC_PURPOSE, head_text(onboarding_id, head.events, head.hash), head.mac):
        return [(Flaw.HEAD_CHANGED, 0)]
    if head.events > seq:
        return [(Flaw.CUT, seq + 1)]
    differs = head.events < seq or (head.hash != hashed and seq not in known)
    return [(Flaw.HEAD_CHANGED, 0)] if differs else []
