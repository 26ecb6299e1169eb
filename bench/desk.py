"""Support's lists and the report beside 1,000 and 10,000 open onboardings: the processor's time for each, and for its statements alone.

They are copies of some that the use cases began (`playground.customers`), each with a name of its own, and hold what the lists read: no
drafts, no answers, no log. What the report adds up is made up, of a year. On PostgreSQL the server's own time is not counted.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import Engine, event, insert, select

from bench.aims import Aim, Row
from bench.customers import insert_rows
from bench.testbed import Testbed
from flows.cases.report import Report, report
from flows.desk import Only, Page, Wanted
from flows.journey import JOURNEYS
from flows.rules import Rules
from playground import postgres
from playground.customers import add_customers
from playground.invented import invented_name
from playground.office import Office
from storage import tables
from storage.columns import unread
from storage.engine import sync_engine
from storage.migrate import upgrade
from storage.names import marks_of
from storage.sealing import Place, Plain, current, using
from storage.step_times import add_up_a_day
from storage.store import Store
from storage.unit import Unit

MODELS, SIZES = 100, (1_000, 10_000)
COPIED = (
    *(tables.onboardings, tables.steps, tables.calls, tables.decisions, tables.grants),
    *(tables.expiries, tables.effects, tables.third_companies, tables.posted),
)
TURNS: Sequence[tuple[str, str, str]] = (
    ("customer", "open", "submitted"),
    ("support", "submitted", "changes_requested"),
    ("customer", "changes_requested", "submitted"),
    ("support", "submitted", "done"),
)
"""Of a step that the report adds up: whose, and the step's state before and after."""
DONE, REFUSED, LATELY = 7, 12, 365
"""Of each onboarding, steps that were done and fields that were refused, on any of so many days up to today."""
OWNER = "UOWNER0000"
"""Whoever asks for what is theirs: one of those who own and claim."""
CALLS = 10
"""Of each list a round."""
RULES = Rules()
Models = dict[str, list[dict[str, Any]]]
"""By table, rows as the driver gives them."""
Ask = Callable[[Unit], Awaitable[Page[Any] | Report]]


async def _home(unit: Unit) -> Page[Any]:
    """As App Home shows them: a page of both lists."""
    await unit.standings(Wanted())
    return await unit.waiting(Wanted())


LISTS: dict[str, Ask] = {
    "queue": lambda unit: unit.waiting(Wanted()),
    "queue, 100 rows": lambda unit: unit.waiting(Wanted(), limit=100),
    "queue, what is mine": lambda unit: unit.waiting(Wanted(Only.MINE, OWNER)),
    "queue, overdue": lambda unit: unit.waiting(Wanted(Only.OVERDUE)),
    "queue, one step": lambda unit: unit.waiting(Wanted(step_id="organization")),
    "queue, the 500th row on": lambda unit: unit.waiting(Wanted(), first=500),
    "board": lambda unit: unit.standings(Wanted()),
    "board, 100 rows": lambda unit: unit.standings(Wanted(), limit=100),
    "board, overdue": lambda unit: unit.standings(Wanted(Only.OVERDUE)),
    "find, two words": lambda unit: unit.named("acme ban"),
    "find, two letters": lambda unit: unit.named("ba"),
    "App Home, both lists": _home,
    "report, 30 days": lambda unit: report(unit, RULES),
    "report, all that is stored": lambda unit: report(unit, RULES, 0),
}


def measure(bed: Testbed, *, rounds: int) -> Iterator[Row]:
    found: dict[str, dict[int, tuple[list[float], list[float], int]]] = {name: {} for name in LISTS}
    with ExitStack() as stack:
        models = asyncio.run(_models(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bed.folder)))))
        for size in SIZES:
            if bed.server is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=bed.folder))
                url = f"sqlite+aiosqlite:///{folder}/onboarding.db"
            else:
                url = stack.enter_context(postgres.database(bed.server))
            upgrade(url)
            copy_all(url, models, size)
            asyncio.run(_add_up(url))
            for name, times in asyncio.run(_measure(url, rounds * CALLS)).items():
                found[name][size] = times
    for name, by_size in found.items():
        most = by_size[SIZES[-1]]
        ours, bare = (median(times) for times in most[:2])
        some = ", ".join(
            f"{size:,} open: {median(taken):.1f} ms, {count:,} in all" for size, (taken, _, count) in by_size.items()
        )
        aims = (
            Aim(ours, 50, "ms of the processor"),
            Aim(ours / bare if bed.server is None else None, 3, "× its statements alone"),
        )
        yield Row(f"{name}, beside {SIZES[-1]:,}", some, aims if bed.server is None else aims[:1])


async def _measure(url: str, calls: int) -> dict[str, tuple[list[float], list[float], int]]:
    """Of each list milliseconds of this process's time, and of its statements by the driver alone; how many there are."""
    store, found = Store(url, current()), dict[str, tuple[list[float], list[float], int]]()
    said: list[tuple[str, Any]] = []
    event.listen(Engine, "before_cursor_execute", lambda _c, _cursor, words, values, *_: said.append((words, values)))
    with closing(sync_engine(url).raw_connection()) as raw:
        for name, ask in LISTS.items():
            ours, bare, count = list[float](), list[float](), 0
            for number in range(calls + 1):
                said.clear()
                began = time.process_time()
                async with store.read() as unit:
                    drawn = await ask(unit)
                    count = drawn.figures.open if isinstance(drawn, Report) else drawn.total
                took = time.process_time() - began
                asked, cursor, began = list(said), raw.cursor(), time.process_time()
                for words, values in asked:
                    cursor.execute(words, values)
                    cursor.fetchall()
                if number:  # the first one builds the statement
                    ours.append(took * 1000)
                    bare.append((time.process_time() - began) * 1000)
            found[name] = ours, bare, count
    await store.close()
    return found


async def _add_up(url: str) -> None:
    """As the bot does it once a day."""
    store = Store(url, current())
    while await store.transact(lambda unit: add_up_a_day(unit.connection, unit.now)):
        pass
    await store.close()


async def _models(folder: Path) -> Models:
    """Rows of customers that the use cases began."""
    office = Office(folder=folder)
    office._people()  # noqa: SLF001  nothing of it runs
    upgrade(office.database_url)
    with using(current()):  # what is copied is sealed with the keys of what is measured
        await add_customers(office, MODELS, lambda _: None)
    engine = sync_engine(office.database_url)
    with engine.connect() as connection:
        rows = {table.name: [dict(row) for row in connection.execute(select(*unread(table))).mappings()] for table in COPIED}
    engine.dispose()
    return rows


def copy_all(url: str, models: Models, count: int) -> None:
    """Write so many customers into an empty database."""
    engine, chance = sync_engine(url), Random(count)
    owners = sorted({row["owner_id"] for row in models["onboardings"]})
    with engine.begin() as connection:
        for copy in range(count // MODELS):
            names = {row["id"]: invented_name(chance) for row in models["onboardings"]}
            for table in COPIED:
                rows = (_copied(row, copy, table.name, names, owners[0]) for row in models[table.name])
                insert_rows(connection, table, ([row[column.name] for column in table.c] for row in rows))
            marks = [(mark, _id(one, copy)) for one, name in names.items() for mark in marks_of(name)]
            insert_rows(connection, tables.name_marks, iter(marks))
            ids = [_id(row["id"], copy) for row in models["onboardings"]]
            connection.execute(insert(tables.turns), [turn for one in ids for turn in _turns(one, chance)])
            connection.execute(insert(tables.refused_fields), [row for one in ids for row in _refused(one, chance)])
    engine.dispose()


def _copied(row: dict[str, Any], copy: int, table: str, names: dict[str, str], owner: str) -> dict[str, Any]:
    """With ids of its own. What is sealed can't be opened any more, but for the name."""
    onboarding = row["id"] if table == "onboardings" else row["onboarding_id"]
    new = {name: OWNER if value == owner else value for name, value in row.items()} | {"onboarding_id": _id(onboarding, copy)}
    new["id"] = row["id"].replace(onboarding, _id(onboarding, copy)) if onboarding in row["id"] else f"{row['id']}{copy}"
    if table == "onboardings":
        new["channel_id"] = f"{row['channel_id']}{copy}"
        new["customer"] = current().seal(Plain(names[onboarding], Place(table, "customer", new["id"])))
    return new | ({"seq": row["seq"] + copy * 1_000_000} if table == "effects" else {})


def _turns(onboarding: str, chance: Random) -> Iterator[dict[str, Any]]:
    for step in chance.sample(list(JOURNEYS.latest.steps), DONE):
        ended = datetime.now(UTC) - timedelta(days=LATELY * chance.random())
        for number, (side, state, becomes) in reversed(list(enumerate(TURNS))):
            turn = {"id": f"{onboarding}:{step}:{number}", "onboarding_id": onboarding, "step_id": step, "side": side}
            began = ended - timedelta(days=3 * chance.random())
            yield turn | {
                "state": state,
                "next_state": becomes,
                "began_at": began,
                "ended_at": ended,
                "seconds": chance.randrange(10**5),
            }
            ended = began


def _refused(onboarding: str, chance: Random) -> Iterator[dict[str, Any]]:
    for number in range(REFUSED):
        yield {
            "id": f"{onboarding}:{number}",
            "onboarding_id": onboarding,
            "form": chance.choice(list(JOURNEYS.latest.steps)),
            "field": f"field_{chance.randrange(5)}",
            "reason": f"reason_{chance.randrange(3)}",
            "day": datetime.now(UTC).date() - timedelta(days=chance.randrange(LATELY)),
            "times": 1,
        }


def _id(onboarding: str, copy: int) -> str:
    return f"{onboarding}{copy:04d}"
