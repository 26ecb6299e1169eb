"""The audit log: one chain of events per onboarding.

An event's hash covers its predecessor's hash and the whole event except its changes, of which it covers a salted digest:
erasing changes and salt leaves the chain verifiable and the digest meaningless. Each chain has a head with its count and last
hash under a MAC, which reveals a truncated chain. The chain with the empty id is the register: it gets an event for each
onboarding whose chain begins, which reveals an onboarding removed along with its head.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.people import SYSTEM, Who
from storage.columns import canonical
from storage.sealing import Place, Plain, current
from storage.tables import audit_events, audit_heads

REGISTER = ""
"""The id of the chain that lists the start of every other chain."""

BEGIN = "onboarding:begin"
MAC_PURPOSE = "audit-head"


# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_HEAD = select(audit_heads).where(audit_heads.c.onboarding_id == bindparam("chain")).with_for_update()
_MOVE_HEAD = (
    update(audit_heads)
    .where(audit_heads.c.onboarding_id == bindparam("chain"))
    .values(events=bindparam("count"), hash=bindparam("last"), mac=bindparam("its_mac"))
)
_BEGIN_HEAD = insert(audit_heads)
# For what it returns, SQLAlchemy sends all rows in one statement; else psycopg sends a pipeline (see `storage.outbox`).
_EVENTS = insert(audit_events).returning(audit_events.c.seq)


@dataclass(frozen=True)
class Entry:
    """An event to be appended to the log."""

    tag: str
    actor: Who
    facts: Mapping[str, Any]
    changes: Mapping[str, Any]


def digest_of(salt: str, changes: str) -> str:
    """The digest of an event's changes as canonical JSON, 64 hex digits."""
    return sha256((salt + changes).encode()).hexdigest()


def hash_of(event: Mapping[str, Any], *, seq: int | None = None) -> str:
    """The hash of an event's row, 64 hex digits. ``seq``: as if it were elsewhere in the chain."""
    seq = event["seq"] if seq is None else seq
    covered = {
        "id": f"{event['onboarding_id']}:{seq}",
        "onboarding": event["onboarding_id"],
        "seq": seq,
        "at": event["at"].isoformat(timespec="microseconds"),
        "tag": event["tag"],
        "actor": [event["team_id"], event["user_id"]],
        "facts": event["facts"],
        "changes": event["changes_digest"],
    }
    return sha256((event["previous"] + canonical(covered)).encode()).hexdigest()


def head_text(onboarding_id: str, count: int, last: str) -> str:
    """What a head's MAC covers."""
    return f"{onboarding_id}\n{count}\n{last}"


async def append(connection: AsyncConnection, onboarding_id: str, entries: Sequence[Entry], at: datetime) -> None:
    """Append entries to a chain; with none, only wait for those who write to it.

    The head stays locked until the transaction ends, so that the chain, and the effects written after it, follow commit order.
    """
    head = (await connection.execute(_HEAD, {"chain": onboarding_id})).one_or_none()
    if not entries:
        return
    count, last = (head.events, head.hash) if head else (0, "")
    rows = []
    for seq, entry in enumerate(entries, start=count + 1):
        row = _row(onboarding_id, seq, last, entry, at)
        last = row["hash"]
        rows.append(row)
    await connection.execute(_EVENTS, rows)
    count += len(rows)
    mac = current().mac(MAC_PURPOSE, head_text(onboarding_id, count, last))
    if head:
        await connection.execute(_MOVE_HEAD, {"chain": onboarding_id, "count": count, "last": last, "its_mac": mac})
    else:
        await connection.execute(_BEGIN_HEAD, {"onboarding_id": onboarding_id, "events": count, "hash": last, "mac": mac})
        if onboarding_id != REGISTER:
            await append(connection, REGISTER, [Entry(BEGIN, SYSTEM, {"onboarding": onboarding_id}, {})], at)


def _row(onboarding_id: str, seq: int, previous: str, entry: Entry, at: datetime) -> dict[str, Any]:
    row_id, salt, changes = f"{onboarding_id}:{seq}", token_hex(16), canonical(dict(entry.changes))
    row = {
        "id": row_id,
        "onboarding_id": onboarding_id,
        "seq": seq,
        "at": at,
        "tag": entry.tag,
        "team_id": entry.actor.team_id,
        "user_id": entry.actor.user_id,
        "changes": Plain(changes, Place(audit_events.name, "changes", row_id)),
        "salt": Plain(salt, Place(audit_events.name, "salt", row_id)),
        "facts": json.loads(canonical(dict(entry.facts))),  # as it will be read back
        "changes_digest": digest_of(salt, changes),
        "previous": previous,
    }
    return {**row, "hash": hash_of(row)}
