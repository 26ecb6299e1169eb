"""The audit log: one chain of entries per onboarding, appended to by each commit that changes what the log covers.

`storage.chain` says what protects an entry. Appending checks the head and the entry it extends, and refuses if they are not this
program's. The chain with the empty id is the register: it names the head of each chain when it begins, when its onboarding is closed, and
every few minutes if it moved (`storage.anchors`), which reveals chains that were removed or put back to an earlier state.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import new_salt
from flows.people import SYSTEM, Who
from storage import keys
from storage.chain import (
    ACCEPT,
    ANCHOR,
    BEGIN,
    ENTRY_PURPOSE,
    ERASE,
    HEAD_PURPOSE,
    HEADS,
    OF_ROWS,
    REGISTER,
    Flaw,
    digest_of,
    entry_text,
    flaw_of_entry,
    flaw_of_head,
    hash_of,
    head_text,
    shortened,
)
from storage.columns import canonical, loads, moment, unread
from storage.covered import GONE, NEW, Key, Written, digest_of_row, name_of
from storage.sealing import Place, Plain, SealError, UnknownKey, current
from storage.tables import audit_events, audit_heads

ROWS = "rows:change"
"""The tag of an entry that a commit gets which records nothing but changes covered rows."""

ENDINGS = frozenset({"onboarding:close", ERASE, ACCEPT})
"""Tags after which the register names the head at once: little may follow that would show that the chain was put back."""


class Altered(Exception):  # noqa: N818  reads as what happened
    """The chain isn't what this program wrote, so nothing is appended to it: the transaction is refused. ``at_end``: whether that shows
    where it is appended to; otherwise `storage.anchors` found it, and finds when it is mended. Rows concern nobody's appending."""

    def __init__(self, onboarding_id: str, flaw: Flaw, *, at_end: bool = True) -> None:
        of = "the rows of" if flaw in OF_ROWS else "the log of"
        super().__init__(
            f"{of} {onboarding_id or 'the register'} {'are' if flaw in OF_ROWS else 'is'} not what was written: {flaw.value}"
        )
        self.onboarding_id, self.flaw, self.at_end = onboarding_id, flaw, at_end


# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_LOCK = select(audit_heads.c.events).where(audit_heads.c.onboarding_id == bindparam("chain")).with_for_update()
_beyond = and_(audit_events.c.onboarding_id == audit_heads.c.onboarding_id, audit_events.c.seq >= audit_heads.c.events)
_register = audit_heads.alias("register")
_LAST = (
    select(
        *(column.label(f"head_{column.name}") for column in audit_heads.c),
        *(column.label(f"register_{column.name}") for column in _register.c if column.name != "salt"),
        *(column for column in unread(audit_events) if column.name not in ("changes", "salt")),  # no hash covers them
    )
    .select_from(audit_heads.outerjoin(audit_events, _beyond).outerjoin(_register, _register.c.onboarding_id == REGISTER))
    .where(audit_heads.c.onboarding_id == bindparam("chain"))
    .order_by(audit_events.c.seq)
    .limit(2)
)
"""The head with its last entry, and with one that is beyond it; each time with the register's head."""
_LOCK_LAST = _LAST.with_for_update(of=audit_heads)
_HEADS = select(func.count()).select_from(audit_heads)
_MOVE_HEAD = (
    update(audit_heads)
    .where(audit_heads.c.onboarding_id == bindparam("chain"))
    .values(events=bindparam("count"), hash=bindparam("last"), mac=bindparam("its_mac"))
)
_RENEW_KEY = (
    update(audit_heads)
    .where(audit_heads.c.onboarding_id == bindparam("chain"))
    .values(salt=bindparam("its_salt", type_=audit_heads.c.salt.type))
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


@dataclass(frozen=True)
class Head:
    """Where a chain is: its number of entries, and the last one's hash."""

    count: int = 0
    hash: str = ""

    @property
    def named(self) -> list[Any]:
        """As the register names it."""
        return [self.count, shortened(self.hash)]


@dataclass(frozen=True)
class Extended:
    """A chain that is appended to. ``key``: of its digests of rows; ``register``: where the register was when it was read, None if it
    didn't hold."""

    head: Head
    key: str
    register: Head | None


@dataclass(frozen=True)
class Appended:
    """Where a chain is afterwards. ``registers``: what is to be appended to the register, if anything."""

    head: Head
    registers: Entry | None = None


async def wait_for(connection: AsyncConnection, onboarding_id: str) -> None:
    """Wait for those who write to a chain: its head stays locked until the transaction ends."""
    await connection.execute(_LOCK, {"chain": onboarding_id})


async def append(
    connection: AsyncConnection,
    onboarding_id: str,
    entries: Sequence[Entry],
    at: datetime,
    *,
    rows: Mapping[Key, Written] | None = None,
    begins: bool = False,
    before: tuple[str, Head] | None = None,
    onto: Head | None = None,
) -> Appended:
    """Append entries to a chain. Raises Altered, and UnknownKey if another process appended to it with a key that this one lacks.

    ``rows``: the covered rows that the transaction wrote. ``begins``: there is no such chain yet. ``before``: the chain that this process
    wrote to before, and where it was then. ``onto``: what to extend, although it isn't what was written.
    The head stays locked until the transaction ends, so that the chain, and the effects written after it, follow commit order.
    """
    if rows and not entries:
        entries = [Entry(ROWS, SYSTEM, {}, {})]
    if onboarding_id == REGISTER:  # it begins with the first chains, whose heads were just written
        begun = sum(entry.tag == BEGIN for entry in entries)
        begins = bool(begun) and (await connection.execute(_HEADS)).scalar_one() == begun
    if onto is None:
        found, begins = await _find(connection, onboarding_id, begins=begins)
    else:
        found, flaw = await read_head(connection, onboarding_id, locks=True)
        found, begins = Extended(onto, found.key, found.register), flaw is Flaw.HEAD_MISSING
    head, old_key = found.head, found.key
    key = new_salt() if not old_key or any(entry.tag == ERASE for entry in entries) else old_key
    made: list[dict[str, Any]] = []
    for seq, entry in enumerate(entries, start=head.count + 1):
        row = _row(onboarding_id, seq, made[-1]["hash"] if made else head.hash, entry, at)
        if seq == head.count + len(entries):
            row["rows"] |= {name_of(one): _digests(one, written, old_key, key) for one, written in (rows or {}).items()}
            row["rows"] |= _others(onboarding_id, found.register, before)
        row["hash"] = hash_of(row)
        made.append({**row, "mac": current().mac(ENTRY_PURPOSE, entry_text(row))})
    await connection.execute(_EVENTS, made)
    head = Head(made[-1]["seq"], made[-1]["hash"])
    mac = current().mac(HEAD_PURPOSE, head_text(onboarding_id, head.count, head.hash))
    salt = Plain(key, Place(audit_heads.name, "salt", onboarding_id))
    if begins:
        new = {"onboarding_id": onboarding_id, "events": head.count, "hash": head.hash, "mac": mac, "salt": salt}
        await connection.execute(_BEGIN_HEAD, new)
    else:
        await connection.execute(_MOVE_HEAD, {"chain": onboarding_id, "count": head.count, "last": head.hash, "its_mac": mac})
        if key != old_key:
            await connection.execute(_RENEW_KEY, {"chain": onboarding_id, "its_salt": salt})
    if onboarding_id != REGISTER and (begins or any(entry.tag in ENDINGS for entry in entries)):
        return Appended(head, Entry(BEGIN if begins else ANCHOR, SYSTEM, {"heads": {onboarding_id: head.named}}, {}))
    return Appended(head)


async def _find(connection: AsyncConnection, onboarding_id: str, *, begins: bool) -> tuple[Extended, bool]:
    """A chain, checked and locked, and whether it begins. Raises as `append`."""
    found, flaw = await read_head(connection, onboarding_id, locks=True)
    if flaw is not None and flaw is not Flaw.HEAD_MISSING:
        # On PostgreSQL, whoever waited for the lock sees the head as it is by then, but the entries of before.
        found, flaw = await read_head(connection, onboarding_id, locks=True)
    if flaw is Flaw.HEAD_MISSING and begins:
        return found, True
    if flaw is Flaw.UNKNOWN_KEY:
        lacking = await keys.listed(connection) - current().ids
        what = f"the log of {onboarding_id or 'the register'} goes on under a key that the bot lacks"
        raise UnknownKey(f"{what}, one of: {', '.join(sorted(lacking))}", *sorted(lacking))
    if flaw is not None:
        raise Altered(onboarding_id, flaw)
    return found, False


async def read_head(connection: AsyncConnection, onboarding_id: str, *, locks: bool = False) -> tuple[Extended, Flaw | None]:
    """A chain's head, as far as it holds, and what is wrong with it or with the entry that it names."""
    statement = _LOCK_LAST if locks else _LAST
    found = [dict(row) for row in (await connection.execute(statement, {"chain": onboarding_id})).mappings()]
    if not found:
        return Extended(Head(), "", None), Flaw.HEAD_MISSING
    last = found[0]
    head = {name: last[f"head_{name}"] for name in audit_heads.c.keys()}  # noqa: SIM118  a collection of columns
    all_known = all(current().knows(str(value)) for value in (head["mac"], head["salt"], last["mac"]))
    listed = frozenset() if all_known else await keys.listed(connection)
    key, flaw = key_of(head, listed)
    flaw = flaw_of_head(head, listed) or flaw
    if flaw in (None, Flaw.UNKNOWN_KEY) and last["id"] is None:
        flaw = Flaw.CUT
    if flaw in (None, Flaw.UNKNOWN_KEY) and (len(found) > 1 or last["hash"] != head["hash"]):
        flaw = Flaw.HEAD_CHANGED
    where = Head(head["events"], head["hash"]) if flaw is None else Head()
    return Extended(where, key, _register_of(last)), flaw or flaw_of_entry(entry_of(last), listed)


def key_of(head: Mapping[Any, Any], listed: AbstractSet[str]) -> tuple[str, Flaw | None]:
    """The key of a chain's digests of rows, and what is wrong with it. ``listed``: as `flaw_of_head`."""
    try:
        return current().open(head["salt"], Place(audit_heads.name, "salt", head["onboarding_id"])), None
    except UnknownKey as error:
        return "", Flaw.HEAD_CHANGED if listed.isdisjoint(error.key_ids) else Flaw.UNKNOWN_KEY
    except (SealError, AttributeError):
        return "", Flaw.HEAD_CHANGED


def _register_of(found: Mapping[str, Any]) -> Head | None:
    register = {name: found[f"register_{name}"] for name in ("onboarding_id", "events", "hash", "mac")}
    if register["onboarding_id"] is None or flaw_of_head(register):
        return None
    return Head(register["events"], register["hash"])


def _others(onboarding_id: str, register: Head | None, before: tuple[str, Head] | None) -> dict[str, str]:
    """What an entry names of other chains."""
    others = {REGISTER: register, **dict([before] if before else [])}
    return {
        f"{HEADS}{chain}": f"{head.count}:{shortened(head.hash)}"
        for chain, head in others.items()
        if head and chain != onboarding_id
    }


def entry_of(found: Mapping[Any, Any]) -> dict[str, Any]:
    """An entry's row as `unread` gives it, with what is covered by its hash as it was when it was written; values that nobody could have
    written stay as they are."""
    entry = dict(found)
    for name, read in (("at", moment), ("facts", loads), ("rows", loads)):
        try:
            entry[name] = read(found[name])
        except (TypeError, ValueError):
            continue
    return entry


def _row(onboarding_id: str, seq: int, previous: str, entry: Entry, at: datetime) -> dict[str, Any]:
    row_id, salt, changes = f"{onboarding_id}:{seq}", new_salt(), canonical(dict(entry.changes))
    return {
        "id": row_id,
        "onboarding_id": onboarding_id,
        "seq": seq,
        "at": at,
        "tag": entry.tag,
        "team_id": entry.actor.team_id,
        "user_id": entry.actor.user_id,
        "changes": Plain(changes, Place(audit_events.name, "changes", row_id)),
        "salt": Plain(salt, Place(audit_events.name, "salt", row_id)),
        "facts": loads(canonical(dict(entry.facts))),  # as it will be read back
        "rows": {},
        "changes_digest": digest_of(salt, changes),
        "previous": previous,
    }


def _digests(row: Key, written: Written, old_key: str, key: str) -> tuple[str, str]:
    """As it was found, and as it was left."""
    name = name_of(row)
    was = NEW if written.was is None else digest_of_row(old_key, name, written.was)
    return was, GONE if written.content is None else digest_of_row(key, name, written.content())
