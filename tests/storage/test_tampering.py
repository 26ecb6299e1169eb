"""Whatever somebody does to the rows behind the program's back, with SQL and a hash function: `verify` finds it, or docs/privacy.md says
that it isn't covered."""

import asyncio
import contextlib
import json
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from flows.model import Departure, RefusedBlocks, StepRecord, WatchedChannel
from flows.outbox import Draw
from storage.accept import accept
from storage.anchors import Anchors
from storage.audit import entry_of
from storage.chain import hash_of
from storage.covered import UNCOVERED
from storage.erase import erase
from storage.mapping import TABLES
from storage.sealing import Keyring, current
from storage.store import Store
from storage.tables import audit_events, audit_heads, metadata, onboardings, step_days
from storage.unit import Unit
from storage.verify import Finding, verify
from tests.flows.cases.casework import KIM, CaseBook, case_book
from tests.storage.example import raw, whole

Cell = tuple[str, str]
"""A table and a column; without a column, whole rows."""
Rows = dict[Any, dict[str, Any]]

COVERED = {TABLES[kind].name: columns for kind, columns in UNCOVERED.items()}
LOG = {audit_events.name, audit_heads.name}
NOT_COVERED = {(name, "") for name in metadata.tables.keys() - COVERED.keys() - LOG} | {
    (table, column) for table, columns in COVERED.items() for column in columns
}


def test_what_is_not_covered_is_named_with_its_reason() -> None:
    text = (
        Path("docs/privacy.md").read_text(encoding="utf-8").partition("## What the log does not cover")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (`.*?) \| (.+?) \|$", text, re.MULTILINE)
    named = {name for cell, _ in rows for name in re.findall(r"`([\w.]+)`", cell)}
    assert named == {f"{table}.{column}".rstrip(".") for table, column in NOT_COVERED}
    assert all(len(reason) > 20 for _, reason in rows)


# -- a database to tamper with


@dataclass
class Played:
    """``now``, ``before``: the file, and as it was halfway. ``counts``: what was tried, and what of it was found."""

    keyring: Keyring
    now: Path
    before: Path
    counts: Counter[str] = field(default_factory=Counter)


async def play(folder: Path) -> Played:
    """Two onboardings, of which one goes on after the copy was made, and three with rows in every table: one of them was altered and
    accepted before, one is erased after."""
    async with case_book(folder) as acme:
        anchors = Anchors(acme.store)
        await whole(acme.store)
        accepted, erased = await whole(acme.store), await whole(acme.store)
        await acme.store.transact(in_no_onboarding)
        raw(acme.store._url, PACE)
        raw(acme.store._url, "DELETE FROM decisions WHERE onboarding_id = :o", o=accepted)
        raw(acme.store._url, "DELETE FROM audit_events WHERE id = :e", e=f"{accepted}:2")
        assert len(await accept(acme.store, accepted)) == 1
        await acme.start("C1", "Acme Bank")
        first = acme.id
        await some_steps(acme)
        await acme.start("C2", "Blue Coop")
        await acme.send("planning")
        await anchors.round()
        before = copied(acme, folder / "before.db")
        second, acme.id = acme.id, first
        await erase(acme.store, erased)
        await acme.send("organization", legal_name="Acme Holding")
        await acme.approve("organization")
        await acme.task("organization", "record_org_id", {"org_id": "TN-34778262-f4f0-464d-b4c6-a14e2dc6f4be"})
        await acme.act(lambda case: case.ask(Draw(what="card")))
        await anchors.round()
        acme.id = second
        await acme.send_back("planning", "Which goals?")
        acme.id = first  # whoever writes next names where the others are
        await acme.act(lambda case: case.log("onboarding:look"))
        assert await verify(acme.store) == []
        return Played(current(), copied(acme, folder / "now.db"), before)


PACE = "INSERT INTO paces (name, next) VALUES ('support', 0)"


async def in_no_onboarding(unit: Unit) -> None:
    unit.add(Departure(id="UGONE", at=unit.now))
    unit.add(WatchedChannel(id="C0SUPPORT", fault="public", at=unit.now))
    unit.add(RefusedBlocks(id="tables", at=unit.now))
    await unit.once("a press")
    of_a_day = {"step_id": "planning", "side": "support", "day": unit.now.date(), "onboardings": 1, "seconds": 60}
    await unit.connection.execute(insert(step_days), of_a_day)


async def some_steps(acme: CaseBook) -> None:
    await acme.send("planning")
    await acme.send_back("planning", "Which goals?", KIM)
    await acme.skip("planning")
    await acme.send("organization")
    await acme.send_back("organization", "Which company is it?")


def copied(acme: CaseBook, to: Path) -> Path:
    with (
        contextlib.closing(sqlite3.connect(acme.store._url.partition("///")[2])) as there,
        contextlib.closing(sqlite3.connect(to)) as here,
    ):
        there.backup(here)
    return to


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    played = asyncio.run(play(tmp_path_factory.mktemp("played")))
    yield played
    print(f"\ntampering: {dict(sorted(played.counts.items()))}")  # noqa: T201  for `make soak`


def read(path: Path) -> dict[str, Rows]:
    """All rows, by their place in the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            name: {row["id_of_row"]: dict(row) for row in connection.execute(f"SELECT rowid AS id_of_row, * FROM {name}")}  # noqa: S608
            for name in metadata.tables
        }


def differing(now: dict[str, Rows], was: dict[str, Rows]) -> set[Cell]:
    found: set[Cell] = set()
    for table in metadata.tables:
        key = next(iter(metadata.tables[table].primary_key)).name
        after, before = ({row[key]: row for row in rows[table].values()} for rows in (now, was))
        found |= {(table, "") for _ in after.keys() ^ before.keys()}
        found |= {
            (table, column)
            for row_id in after.keys() & before.keys()
            for column, value in after[row_id].items()
            if column != "id_of_row" and value != before[row_id][column]
        }
    return found


# -- each column, each in turn


EXAMPLES = (settings.default or settings()).max_examples // 8
KINDS_OF_CELL = ("change", "swap")
KINDS_OF_TABLE = ("delete", "add")
ALL = [(kind, name, column.name) for name, table in metadata.tables.items() for column in table.columns for kind in KINDS_OF_CELL]
ALL += [(kind, name, "") for name in metadata.tables for kind in KINDS_OF_TABLE]


async def test_there_is_no_column_and_no_table_that_can_be_altered_unseen(played: Played, tmp_path: Path) -> None:
    """Every one of them in `make soak`, else some; of its rows, one that is drawn."""
    path, was = tmp_path / "tampered.db", read(played.now)
    assert [name for name, rows in was.items() if not rows] == []
    shutil.copy(played.now, path)
    store, tried = Store(f"sqlite+aiosqlite:///{path}", played.keyring), Counter[str]()
    missed: list[object] = []
    for kind, table, column in random.sample(ALL, min(len(ALL), EXAMPLES * 2)):
        with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.IntegrityError), connection:
            alter(connection, was[table], kind, table, column)
        changed = differing(read(path), was)
        if not changed:
            continue  # the database refused, or there is nothing to swap
        covered = any(is_covered(cell) for cell in changed)
        tried[f"{kind}, {'covered' if covered else 'not covered'}"] += 1
        if bool(await verify(store)) != covered:
            missed.append((kind, table, column))
        with contextlib.closing(sqlite3.connect(played.now)) as fresh, contextlib.closing(sqlite3.connect(path)) as tampered:
            fresh.backup(tampered)
    await store.close()
    assert missed == []
    played.counts.update(tried)
    print(f"altered in turn: {sum(tried.values())}, of {len(ALL)}")  # noqa: T201  for `make soak`


def alter(connection: sqlite3.Connection, rows: Rows, kind: str, table: str, column: str) -> None:
    one, other = random.sample(list(rows.values()), 2) if len(rows) > 1 else [next(iter(rows.values()))] * 2
    tampering = Tampering(connection, {table: rows}, {}, None)
    match kind:
        case "change":
            value = one[column]
            tampering._set(table, one["id_of_row"], column, value + 7 if isinstance(value, int) else f"{value or ''}x")
        case "swap":
            different = [row for row in rows.values() if row[column] != one[column]]
            other = random.choice(different) if different else one
            tampering._swap(table, column, one["id_of_row"], other["id_of_row"])
        case "delete":
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (one["id_of_row"],))  # noqa: S608  our own names
        case "add":
            tampering._insert(table, copy_of(table, one))


def is_covered(cell: Cell) -> bool:
    return not {cell, (cell[0], "")} & NOT_COVERED


# -- what somebody may do


def copy_of(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Under another id."""
    key = next(iter(metadata.tables[table].primary_key)).name
    row = row | {key: row[key] + 1000 if isinstance(row[key], int) else f"{row[key]}2"}
    return row | ({"id": f"{row['id']}2"} if "id" in row and key != "id" else {})


class Tampering:
    """One thing done to the database. ``draw``: chooses."""

    def __init__(self, connection: sqlite3.Connection, rows: dict[str, Rows], older: dict[str, Rows], draw: Any) -> None:
        self._sql, self._rows, self._older, self._draw = connection, rows, older, draw

    def _one(self, label: str, of: Sequence[Any]) -> Any:
        assume(of)
        return self._draw(st.sampled_from(of), label)

    def _table(self) -> str:
        return str(self._one("table", [name for name, rows in self._rows.items() if rows]))

    def _column(self, table: str) -> str:
        return str(self._one("column", [column.name for column in metadata.tables[table].columns]))

    def _set(self, table: str, row: int, column: str, value: Any) -> None:
        self._sql.execute(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', (value, row))  # noqa: S608  our own names

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        names = [name for name in row if name != "id_of_row"]
        listed, holes = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        self._sql.execute(f"INSERT INTO {table} ({listed}) VALUES ({holes})", [row[name] for name in names])  # noqa: S608

    def change(self) -> None:
        table = self._table()
        column, row = self._column(table), self._one("row", list(self._rows[table]))
        value = self._rows[table][row][column]
        others = [one[column] for rows in (self._rows, self._older) for one in rows[table].values() if one[column] != value]
        made = ["", "x", f"{value}x", 0, 7, "2020-01-01 00:00:00.000000", "{}", b"\xff"]
        self._set(table, row, column, self._one("value", others + made))

    def delete(self) -> None:
        table = self._table()
        self._sql.execute(f"DELETE FROM {table} WHERE rowid = ?", (self._one("row", list(self._rows[table])),))  # noqa: S608

    def add(self) -> None:
        table = self._table()
        row = copy_of(table, self._rows[table][self._one("row", list(self._rows[table]))])
        if table == audit_events.name and self._draw(st.booleans(), "at its end"):
            seq = max(one["seq"] for one in self._rows[table].values() if one["onboarding_id"] == row["onboarding_id"]) + 1
            row |= {"seq": seq, "id": f"{row['onboarding_id']}:{seq}"}
        self._insert(table, row)

    def swap(self) -> None:
        table = self._table()
        column, rows = self._column(table), list(self._rows[table])
        self._swap(table, column, self._one("one", rows), self._one("other", rows))

    def _swap(self, table: str, column: str, one: int, other: int) -> None:
        values = [self._rows[table][row][column] for row in (one, other)]
        self._set(table, one, column, "put aside")
        self._set(table, other, column, values[0])
        self._set(table, one, column, values[1])

    def put_back_row(self) -> None:
        table = self._table()
        row = dict(self._one("row", list(self._older[table].values())))
        key = next(iter(metadata.tables[table].primary_key)).name
        self._sql.execute(f"DELETE FROM {table} WHERE {key} = ?", (row[key],))  # noqa: S608
        self._insert(table, row)

    def put_back_table(self) -> None:
        self._put_back([self._table()], "")

    def put_back_customer(self) -> None:
        """All rows of an onboarding, its log and the head of that; or the register's."""
        chains = sorted({row["onboarding_id"] for row in self._older[audit_heads.name].values()})
        theirs = [name for name, table in metadata.tables.items() if name == "onboardings" or "onboarding_id" in table.c]
        self._put_back(theirs, str(self._one("customer", chains)), whole=True)

    def _put_back(self, tables: Sequence[str], onboarding_id: str, *, whole: bool = False) -> None:
        for table in tables:
            named = "onboarding_id" if "onboarding_id" in metadata.tables[table].c else "id"
            chosen, values = (f"WHERE {named} = ?", [onboarding_id]) if whole else ("", [])
            self._sql.execute(f"DELETE FROM {table} {chosen}", values)  # noqa: S608
            for row in self._older[table].values():
                if not whole or row[named] == onboarding_id:
                    self._insert(table, row)

    def forge(self) -> None:
        """An entry is rewritten, and all hashes behind it are made to fit."""
        entries = list(self._rows[audit_events.name].values())
        chosen = self._one("entry", entries)
        chain = sorted(
            (one for one in entries if one["onboarding_id"] == chosen["onboarding_id"]), key=lambda one: int(one["seq"])
        )
        column = self._one("column", ["tag", "team_id", "user_id", "at", "facts", "rows", "changes_digest"])
        value = self._one("value", ["{}", "[]", "x", "2020-01-01 00:00:00.000000", *(one[column] for one in entries)])
        last = ""
        for entry in chain:
            forged = entry | {"previous": last} | ({column: value} if entry is chosen else {})
            try:
                last = hash_of(entry_of({name: one for name, one in forged.items() if name != "id_of_row"}))
            except (AttributeError, TypeError):
                assume(False)
            for name in (column, "previous"):
                self._set(audit_events.name, entry["id_of_row"], name, forged[name])
            self._set(audit_events.name, entry["id_of_row"], "hash", last)
        self._sql.execute("UPDATE audit_heads SET hash = ? WHERE onboarding_id = ?", (last, chosen["onboarding_id"]))


async def go_on(path: Path, keyring: Keyring) -> None:
    """The bot's next ordinary event for each customer, as far as it can be stored."""
    store = Store(f"sqlite+aiosqlite:///{path}", keyring)
    async with store.read() as unit:
        ids = (await unit.connection.execute(select(onboardings.c.id))).scalars().all()
    for onboarding_id in ids:

        async def work(unit: Unit, onboarding_id: str = onboarding_id) -> None:
            snapshot = await unit.snapshot(onboarding_id)
            assert snapshot is not None
            snapshot.onboarding.language = "pt_BR"
            for row in (*snapshot.steps.values(), *snapshot.tasks, *snapshot.decisions, *snapshot.members):
                setattr(row, "changed_by" if isinstance(row, StepRecord) else "user_id", "UNEXT")
            for sent in snapshot.submissions.values():
                sent[-1].user_id = "UNEXT"
            unit.record(onboarding_id, "step:planning:claim", KIM)

        with contextlib.suppress(Exception):
            await store.transact(work)
    await store.close()


KINDS = ("change", "change", "delete", "add", "swap", "put_back_row", "put_back_table", "put_back_customer", "forge")


async def found_in(path: Path, keyring: Keyring) -> list[Finding]:
    store = Store(f"sqlite+aiosqlite:///{path}", keyring)
    try:
        return await verify(store)
    finally:
        await store.close()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_row_that_is_changed_deleted_added_swapped_or_put_back_is_found(
    played: Played, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "tampered.db"
    shutil.copy(played.now, path)
    was, older = read(played.now), read(played.before)
    kind = data.draw(st.sampled_from(KINDS), "kind")
    with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.IntegrityError), connection:
        getattr(Tampering(connection, was, older, data.draw), kind)()
    changed = differing(read(path), was)
    assume(changed)
    covered = sorted(cell for cell in changed if is_covered(cell))
    found = asyncio.run(found_in(path, played.keyring))
    played.counts[f"{kind}, {'covered' if covered else 'not covered'}"] += 1
    event(f"{kind}: {'covered' if covered else 'not covered'}")
    if covered:
        assert found, covered
        assert all(str(finding) for finding in found)
        asyncio.run(go_on(path, played.keyring))
        assert asyncio.run(found_in(path, played.keyring)), ("after the next event", covered)
    else:
        assert found == [], json.dumps(sorted(changed))
