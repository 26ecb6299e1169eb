"""Onboardings in any number, and what their leads send: copies of one, `bench.example`. Their ids differ, and nothing else does.

What was done earlier isn't copied (effects). Each has a log of its own (`Log`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from flows.model import new_salt
from storage.chain import ENTRY_PURPOSE, HEAD_PURPOSE, REGISTER, digest_of, entry_text, hash_of, head_text
from storage.columns import canonical
from storage.engine import sync_engine
from storage.sealing import Place, Plain, current
from storage.tables import audit_events, audit_heads

TOGETHER = 2_000
"""Onboardings written at a time, so that a hundred thousand needn't be held in memory."""

LOG = audit_events, audit_heads

Row = Mapping[str, Any]
"""By column. What is sealed stands open, as a `Plain`."""


@dataclass(frozen=True)
class Ids:
    """All that differs between two copies. Each has the same length in all, and stands in no other text."""

    onboarding: str
    lead: str
    channel: str
    effect: str
    trigger: str

    @classmethod
    def of(cls, number: int) -> "Ids":
        """Those of a customer, counted from 1."""
        return cls(
            f"onb_{number:016x}", f"ULEAD{number:06d}", f"CCUST{number:06d}", f"eff_{number:012x}", f"1{number:07d}.0.press"
        )


MODEL = Ids.of(0)
"""Of the one that is copied."""
NEWCOMER = Ids.of(900_000)
"""Of one that isn't in the database yet."""
TRIGGERS = count(1)


def number_of(onboarding: str) -> int:
    """The customer's, by its onboarding's id."""
    return int(onboarding.removeprefix("onb_"), 16)


def pattern(text: str) -> str:
    """The text with names in place of the model's ids: ``pattern(text) % ids``."""
    text = text.replace("%", "%%")
    for name, value in vars(MODEL).items():
        text = text.replace(value, f"%({name})s")
    return text


@dataclass(frozen=True)
class Change:
    """A row that sending the form writes. ``before``: None if it is new; ``after``: None if it is deleted."""

    table: Table
    before: Row | None
    after: Row | None


@dataclass(frozen=True)
class Example:
    """One onboarding: its rows, what sending its form writes, what its lead sends as JSON, the window that a press opens, and what
    support sends to begin another, the `NEWCOMER`'s."""

    rows: Sequence[tuple[Table, Row]]
    writes: Sequence[Change]
    press: str
    send: str
    view: Mapping[str, Any]
    begin: str

    def presses(self, numbers: Sequence[int]) -> list[str]:
        """Each with a trigger of its own, also if a customer presses again."""
        press = pattern(self.press)
        return [press % (vars(Ids.of(number)) | {"trigger": f"1.{next(TRIGGERS)}.press"}) for number in numbers]

    def sends(self, numbers: Sequence[int]) -> list[str]:
        send = pattern(self.send)
        return [send % vars(Ids.of(number)) for number in numbers]


def fill_in(url: str, shown: Example, numbers: Sequence[int]) -> None:
    """Write so many customers into a database, by the quickest way it has. A hundred thousand take about a minute."""
    engine, left = sync_engine(url), iter(numbers)
    by_table: dict[Table, list[Copier]] = {}
    for table, row in shown.rows:
        if table not in LOG:
            by_table.setdefault(table, []).append(copier(table, row, engine.dialect))
    log, register = Log(shown.rows, MODEL.onboarding), Log(shown.rows, REGISTER)
    with engine.begin() as connection:
        for table in LOG:
            insert_rows(connection, table, register.rows(table, vars(MODEL), engine.dialect))
    while some := [vars(Ids.of(number)) for number in islice(left, TOGETHER)]:
        with engine.begin() as connection:
            for table, copiers in by_table.items():
                insert_rows(connection, table, (copy(ids) for ids in some for copy in copiers))
            for table in LOG:
                insert_rows(connection, table, (row for ids in some for row in log.rows(table, ids, engine.dialect)))
    engine.dispose()


class Log:
    """A chain of the audit log that is copied: hashes and MACs are made anew, since they cover the ids. The digests of rows are the
    model's, so `storage.verify` takes the copies' rows for changed ones."""

    def __init__(self, rows: Sequence[tuple[Table, Row]], chain_id: str) -> None:
        entries = [row for table, row in rows if table is audit_events and row["onboarding_id"] == chain_id]
        self._entries = [_entry(row) for row in sorted(entries, key=lambda row: int(row["seq"]))]

    def rows(self, table: Table, ids: Mapping[str, str], dialect: Dialect) -> Iterator[Sequence[Any]]:
        """Of one of the tables of `LOG`, as the driver takes them."""
        entries: list[dict[str, Any]] = []
        for make in self._entries:
            entries.append(make(ids, entries[-1]["hash"] if entries else ""))
        last = entries[-1]
        text = head_text(last["onboarding_id"], last["seq"], last["hash"])
        head = {name: last[name] for name in ("onboarding_id", "hash")} | {"events": last["seq"]}
        head["mac"] = current().mac(HEAD_PURPOSE, text)
        head["salt"] = Plain(new_salt(), Place(audit_heads.name, "salt", last["onboarding_id"]))
        for row in entries if table is audit_events else [head]:
            yield [bound(row[name]) for name, bound in _binding(table, dialect)]


@cache
def _binding(table: Table, dialect: Dialect) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """By column, what makes a value what the driver takes."""
    processors = {column.name: column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns}
    return [(name, processor or (lambda value: value)) for name, processor in processors.items()]


def _entry(row: Row) -> Callable[[Mapping[str, str], str], dict[str, Any]]:
    """Makes an entry from a customer's ids and the predecessor's hash."""
    values = {name: copied(value) for name, value in row.items()}
    told = {name: copied(canonical(row[name])) for name in ("facts", "rows")}

    def make(ids: Mapping[str, str], previous: str) -> dict[str, Any]:
        entry = {name: value(ids) for name, value in values.items()}
        entry |= {name: json.loads(value(ids)) for name, value in told.items()} | {"previous": previous}
        entry["changes_digest"] = digest_of(entry["salt"].text, entry["changes"].text)
        entry["hash"] = hash_of(entry)
        return entry | {"mac": current().mac(ENTRY_PURPOSE, entry_text(entry))}

    return make


Copied = Callable[[Mapping[str, str]], Any]
"""Makes a value from a customer's ids."""
Copier = Callable[[Mapping[str, str]], Sequence[Any]]
"""Makes the values of a customer's row from the customer's ids, as the driver takes them."""


def copier(table: Table, row: Row, dialect: Dialect) -> Copier:
    cells = [cell(table, name, value, dialect) for name, value in row.items()]
    return lambda ids: [value(ids) for value in cells]


def cell(table: Table, name: str, value: Any, dialect: Dialect) -> Copied:
    """Makes a column's value, as the driver takes it."""
    if isinstance(value, Plain):
        plain, seal = copied(value), current().seal
        return lambda ids: seal(plain(ids))
    process = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return copied(process(value) if process is not None else value)


def copied(value: Any) -> Copied:
    """A text, a `Plain`, or anything else, which is the same in all."""
    if isinstance(value, Plain):
        text, place, row = pattern(value.text), value.place, pattern(value.place.row)
        return lambda ids: Plain(text % ids, Place(place.table, place.column, row % ids))
    if type(value) is str and (told := pattern(value)) != value:
        return lambda ids: told % ids
    return lambda _: value


def insert_rows(connection: Connection, table: Table, rows: Iterator[Sequence[Any]]) -> None:
    """Each as the driver takes it, in the order of the table's columns."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        holes = ", ".join("?" * len(table.columns))
        raw.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({holes})", rows)  # noqa: S608  our own names
        return
    with raw.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
