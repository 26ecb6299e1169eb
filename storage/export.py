"""Everything stored about one onboarding, decrypted: as JSON, and as CSV for a spreadsheet."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.model import (
    AuditEvent,
    Call,
    Decision,
    Draft,
    Expiry,
    Grant,
    Member,
    Note,
    Onboarding,
    Person,
    RefusedField,
    StepRecord,
    Submission,
    TaskRecord,
    ThirdCompany,
    Turn,
)
from storage import keys
from storage.columns import unread
from storage.mapping import TABLES
from storage.reading import readable_part
from storage.sealing import SealError, UnknownKey
from storage.store import Store
from storage.tables import audit_heads, members
from storage.verify import verify_alone

Record = Mapping[str, Any]

_BEFORE_FORMULA = re.compile("(?<![{0}])[{0}]*(?=[=+@＝＋－＠-])".format(r""";\s"'\u00ad\u200b-\u200f\u2060\ufeff"""))
"""What a spreadsheet skips, or takes for the end of a cell, before a sign with which a formula begins."""


_ORDER: Mapping[type, tuple[str, ...]] = {
    StepRecord: ("position",),
    Submission: ("step_id", "revision"),
    TaskRecord: ("at", "id"),
    Decision: ("at", "id"),
    Grant: ("step_id", "id"),
    Member: ("role", "id"),
    Turn: ("ended_at", "id"),
    AuditEvent: ("seq", "id"),
}
"""Of which rows aren't in the order of their ids."""


_UNMAPPED: Mapping[type, tuple[str, ...]] = {AuditEvent: ("rows", "salt")}
"""What an entry's hash and the digest of its changes need besides the fields: without it nobody could compute them again."""


@dataclass(frozen=True)
class LogState:
    """Where the log was, and that it held: only whoever has the keys can tell. ``count``: of its entries; ``hash``: of the last, both as
    the head has them. ``flaws``: what did not hold, of the log and of the rows that it answers for."""

    count: int
    hash: str
    flaws: Sequence[str]


@dataclass(frozen=True)
class Export:
    """``csv``: one text per kind of row, by name, e.g. ``steps`` and ``events``. ``unreadable``: where values were damaged, so that they
    are left empty (in the JSON null, with this list). ``customer``: empty where it was erased or can't be read."""

    json: str
    csv: dict[str, str]
    log: LogState
    customer: str = ""
    erased_at: datetime | None = None
    unreadable: Sequence[str] = ()


_HEAD = select(audit_heads.c.events, audit_heads.c.hash).where(audit_heads.c.onboarding_id == bindparam("chain"))
_KINDS: Mapping[str, type] = {
    "onboarding": Onboarding,
    "steps": StepRecord,
    "submissions": Submission,
    "drafts": Draft,
    "tasks": TaskRecord,
    "decisions": Decision,
    "grants": Grant,
    "expiries": Expiry,
    "members": Member,
    "companies": ThirdCompany,
    "calls": Call,
    "notes": Note,
    "durations": Turn,
    "refused_fields": RefusedField,
    "people": Person,
    "events": AuditEvent,
}


async def export(store: Store, onboarding_id: str) -> Export:
    """Raises LookupError if there is no such onboarding, and UnknownKey if a key is lacking."""
    async with store.read() as unit:
        listed = await keys.listed(unit.connection)
        found = {name: await _rows(unit.connection, kind, onboarding_id) for name, kind in _KINDS.items()}
        if not found["onboarding"]:
            raise LookupError("no such onboarding")
        log = await _log(unit.connection, onboarding_id)
    return await asyncio.to_thread(_written, found, listed, log)  # a large one takes tenths of a second


def _written(found: Mapping[str, Sequence[Mapping[Any, Any]]], listed: AbstractSet[str], log: LogState) -> Export:
    """``found``: rows by the name of their kind. Raises UnknownKey."""
    unreadable: list[str] = []
    records = {name: [_record(_KINDS[name], row, listed, unreadable) for row in rows] for name, rows in found.items()}
    onboarding = records["onboarding"][0]
    whole = {**records, "onboarding": onboarding, **({"unreadable": unreadable} if unreadable else {})}
    text = json.dumps(whole, default=_iso, ensure_ascii=False, indent=2)
    tables = {name: _encodable(_csv(rows)) for name, rows in records.items() if rows}
    return Export(_encodable(text), tables, log, onboarding["customer"] or "", onboarding["erased_at"], unreadable)


async def _log(connection: AsyncConnection, onboarding_id: str) -> LogState:
    head = (await connection.execute(_HEAD, {"chain": onboarding_id})).one_or_none()
    flaws = [str(finding) for finding in await verify_alone(connection, onboarding_id)]
    return LogState(head.events, head.hash, flaws) if head is not None else LogState(0, "", flaws)


def _encodable(text: str) -> str:
    """Half a surrogate pair, which JSON can hold and UTF-8 can't, is written as JSON writes it."""
    return text.encode(errors="backslashreplace").decode()


async def _rows(connection: AsyncConnection, kind: type, onboarding_id: str) -> Sequence[Mapping[Any, Any]]:
    table = TABLES[kind]
    theirs = select(members.c.team_id + "/" + members.c.user_id).where(members.c.onboarding_id == onboarding_id)
    named = table.c.id if kind is Onboarding else table.c.get("onboarding_id")
    wanted = table.c.id.in_(theirs) if named is None else named == onboarding_id
    order = [table.c[name] for name in _ORDER.get(kind, ("id",))]
    return (await connection.execute(select(*unread(table)).where(wanted).order_by(*order))).mappings().all()


def _record(kind: type, found: Mapping[Any, Any], listed: AbstractSet[str], unreadable: list[str]) -> Record:
    """Adds to ``unreadable``. Raises UnknownKey for a key that is ``listed``: with that key the value can be read."""
    row, damaged = readable_part(kind, found)
    unreadable += damaged
    record = dict[str, Any]()
    for name in (*(one.name for one in fields(kind)), *_UNMAPPED.get(kind, ())):
        try:
            record[name] = getattr(row, name)
        except SealError as error:
            if isinstance(error, UnknownKey) and not listed.isdisjoint(error.key_ids):
                raise
            record[name] = None
            unreadable.append(str(error))
    return record


def _iso(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _csv(rows: Sequence[Record]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return _text(json.dumps(value, ensure_ascii=False))
    if isinstance(value, str):
        return _text(value)
    return _iso(value) if isinstance(value, date | datetime) else str(value)


def _text(value: str) -> str:
    """A spreadsheet runs text that begins like a formula (OWASP, CSV injection); an apostrophe makes it text again.

    Where a spreadsheet separates cells by semicolons, as in Brazil, a cell may begin in the middle of the text.
    """

    def marked(found: re.Match[str]) -> str:
        if found.start() == 0:
            return f"'{found[0]}"
        return f"{found[0]}'" if re.search(r"[;\t\r\n]", found[0]) else found[0]

    return _BEFORE_FORMULA.sub(marked, value)
