"""Everything stored about one onboarding, decrypted: as JSON, and as CSV for a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from flows.model import AuditEvent, Person
from storage.sealing import SealError, UnknownKey
from storage.store import Store
from storage.tables import audit_events, people

Record = Mapping[str, Any]

_BEFORE_FORMULA = re.compile("(?<![{0}])[{0}]*(?=[=+@＝＋－＠-])".format(r""";\s"'\u00ad\u200b-\u200f\u2060\ufeff"""))
"""What a spreadsheet skips, or takes for the end of a cell, before a sign with which a formula begins."""


@dataclass(frozen=True)
class Export:
    """``csv``: one text per kind of row, by name, e.g. ``steps`` and ``events``. ``unreadable``: where values were damaged, so that they
    are left empty (in the JSON null, with this list)."""

    json: str
    csv: dict[str, str]
    unreadable: Sequence[str] = ()


async def export(store: Store, onboarding_id: str) -> Export:
    """Raises LookupError if there is no such onboarding."""
    async with store.read() as unit:
        snapshot = await unit.snapshot(onboarding_id)
        if snapshot is None:
            raise LookupError("no such onboarding")
        events = select(AuditEvent).where(audit_events.c.onboarding_id == onboarding_id).order_by(audit_events.c.seq)
        who = [f"{member.team_id}/{member.user_id}" for member in snapshot.members]
        kinds: dict[str, Sequence[Any]] = {
            "onboarding": [snapshot.onboarding],
            "steps": list(snapshot.steps.values()),
            "submissions": [one for sent in snapshot.submissions.values() for one in sent],
            "drafts": await unit.drafts(onboarding_id),
            "tasks": snapshot.tasks,
            "decisions": snapshot.decisions,
            "grants": snapshot.grants,
            "expiries": [one for one in await unit.expiries() if one.onboarding_id == onboarding_id],
            "members": snapshot.members,
            "companies": snapshot.companies,
            "people": (await unit.session.scalars(select(Person).where(people.c.id.in_(who)).order_by(people.c.id))).all(),
            "events": (await unit.session.scalars(events)).all(),
        }
        unreadable: list[str] = []
        records = {name: [_record(row, unreadable) for row in rows] for name, rows in kinds.items()}
    whole = {**records, "onboarding": records["onboarding"][0], **({"unreadable": unreadable} if unreadable else {})}
    text = json.dumps(whole, default=_iso, ensure_ascii=False, indent=2)
    return Export(text, {name: _csv(rows) for name, rows in records.items() if rows}, unreadable)


def _record(row: Any, unreadable: list[str]) -> Record:
    """Adds to ``unreadable``. Raises UnknownKey: with that key the value can be read."""
    record = dict[str, Any]()
    for one in fields(row):
        try:
            record[one.name] = getattr(row, one.name)
        except UnknownKey:
            raise
        except SealError as error:
            record[one.name] = None
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
