"""For all tests: what each starts, how long it may take, and a fixed seed."""

import asyncio
import gc
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from playground.office import Office
from tests.warm import Warm

# A deadline measures what else the machine does at the moment, not the code.
settings.register_profile("fixed", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("soak", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("fixed")

os.environ["ENV_FILE"] = os.devnull  # a developer's own .env is nobody's business here

MEMORY = Path("/dev/shm")  # noqa: S108  Linux's
ROOM = 4 * 2**30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # Each commit waits until it is on the disk, thousands of times, on a disk that others use too; tests leave nothing that has to last.
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # what pytest has asked for already

HEAVY = ("process", "browser", "postgres")
HEAVY_SECONDS = 600
"""Most that a test of those may take; the others have the default of pyproject.toml."""

WHOLE = {
    "Office]": "process",
    "Workplace]": "bot",
    "ProofPlace]": "bot",
    "DeskPlace]": "bot",
    "proof_place.Acme]": "bot",
    "Setting]": "bot",
    "Crowd]": "bot",
}
"""Fixtures that give one of these run the whole bot: as a process, or in the test's own."""

LONG_FIRST = (
    "test_kill.py",
    "test_rehearsal.py",
    "test_access.py",
    "test_products_to_go_live.py",
    "test_the_journey_in_english.py",
    "test_the_demo.py",
    "test_the_journey_in_portuguese.py",
    "test_next_step.py",
    "test_database_outages.py",
    "test_package.py",
    "test_cli.py",
    "test_effects_processes.py",
    "test_demo.py",
    "test_workspace.py",
    "test_drawn_anew.py",
    "test_effects_contract.py",
    "test_adding_a_step.py",
    "test_restored_backup.py",
    "test_looks.py",
    "test_mishaps.py",
    "test_proof_faults.py",
    "test_filing.py",
    "test_setup_check.py",
    "test_trouble.py",
    "test_serve.py",
    "test_proof_of_access.py",
    "test_typed.py",
    "test_drawings.py",
    "test_steps.py",
)
"""Files that take ten seconds of the processor and more are begun first, so that no worker is left with one of them when the others
have nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in _needs(item):
            item.add_marker(name)
        if _is_heavy(item) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HEAVY_SECONDS))
    turns = _turns(items)
    items.sort(key=lambda item: turns[item.path])


def _turns(items: Sequence[pytest.Item]) -> dict[Path, float]:
    """Heavy files wait for processes and browsers much of their time: between them stand those with a bot of their own, which take the
    processor meanwhile. All others are quick, and make the workers end together."""
    heavy = {item.path: None for item in items if _is_heavy(item) or item.path.name in LONG_FIRST}
    bots = {item.path: None for item in items if item.path not in heavy and item.get_closest_marker("bot")}
    quick = {item.path: None for item in items if item.path not in heavy and item.path not in bots}
    names = {name: turn for turn, name in enumerate(LONG_FIRST)}
    longest_first = sorted(heavy, key=lambda path: names.get(path.name, len(names)))
    turns = {path: turn / len(those) for those in (longest_first, list(bots)) for turn, path in enumerate(those)}
    return turns | {path: 1.0 + turn for turn, path in enumerate(quick)}


def _is_heavy(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in HEAVY)


def _needs(item: pytest.Item) -> set[str]:
    """The markers that follow from where a test stands, from its fixtures and its parameters."""
    needs = {"browser", "process"} if "tests/e2e/" in item.nodeid else set[str]()
    if not isinstance(item, pytest.Function):
        return needs
    if "browser" in item.fixturenames:
        needs.add("browser")
    if hasattr(item, "callspec") and "postgresql" in item.callspec.params.values():
        needs.add("postgres")
    for made in (one for name in item.fixturenames for one in item._fixtureinfo.name2fixturedefs.get(name, ())):
        gives = str(made.func.__annotations__.get("return", ""))
        needs |= {marker for kind, marker in WHOLE.items() if gives.endswith(kind)}
    return needs


# -- the garbage collector: it stops all that a worker does, for up to two seconds on a busy machine, as long as a writer waits for its turn

NEVER = 2**31 - 1
OFTEN = 200
"""After how many collections of what is young all is looked through, once the test has ended."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Imported modules stay for good: they can be left out."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, NEVER)


def pytest_runtest_logfinish() -> None:
    if gc.get_count()[2] > OFTEN:
        gc.collect()


# -- a test that starts a process is marked as one

_now: list[pytest.Item] = []
"""The test that is being run."""
WORKER = "bot.inspection.worker"
"""Belongs to the bot: all bots that run in the tests' own process share some."""


_popen = subprocess.Popen.__init__


def _watch(command: str | Sequence[str]) -> None:
    if not _now or _is_heavy(_now[-1]) or (WORKER in command and _now[-1].get_closest_marker("bot")):
        return
    raise RuntimeError(f"{_now[-1].nodeid} starts {command!r}: mark it with @pytest.mark.process")


def _watched(self: object, args: Any, *more: Any, **named: Any) -> None:
    _watch(args)
    _popen(cast("Any", self), args, *more, **named)


subprocess.Popen.__init__ = _watched  # type: ignore[method-assign]
Warm.watch = staticmethod(_watch)  # type: ignore[method-assign]


def pytest_runtest_protocol(item: pytest.Item) -> None:
    _now[:] = [item]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """A shared process may be ended after any test."""
    _now.clear()


# -- a statement is compiled once for all stores, as a bot does for its one store: it takes longer than most of what tests do with it

_compiled = LRUCache[Any, Any](5_000)


def _is_same(self: object, other: object) -> bool:
    return type(self) is type(other)


def _by_class(self: object) -> int:
    return hash(type(self))


Engine._compiled_cache = property(lambda _: _compiled, lambda *_: None)  # type: ignore[assignment]
DefaultDialect.__eq__ = _is_same  # type: ignore[method-assign]
DefaultDialect.__hash__ = _by_class  # type: ignore[method-assign]


# -- bots of offices begin warm, unless something else has to start them

_cold = Office.spawn_bot


async def _spawn(self: Office) -> None:
    if self.wrapper:
        await _cold(self)
        return
    self.process = Warm(
        "playground.leash", folder=self.path, environment=self.environment(), out=self.log, errors=self.log, held=self.held
    )


async def _command(self: Office, *words: str) -> tuple[int, str]:
    code, out, errors = await Warm.run("bot", *words, folder=self.path, environment=self.environment())
    return code, out + errors


Office.spawn_bot = _spawn  # type: ignore[method-assign]
Office.command = _command  # type: ignore[method-assign]


# -- a test that hangs says where


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What each task waits for, when the time is over: the traceback itself ends in the event loop."""
    report = yield
    if call.excinfo is not None and "Timeout (>" in str(call.excinfo.value):
        waiting = io.StringIO()
        for task in [one for one in gc.get_objects() if type(one) is asyncio.Task]:  # of all loops, none of which runs now
            if not task.done():
                task.print_stack(file=waiting)
        report.sections.append(("what tasks wait for", waiting.getvalue()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What tests recorded as their summary is printed even if they passed, and in whichever worker."""
    reports = (report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome))
    for report in reports:
        for name, words in report.user_properties if report.when == "call" else ():
            if name == "summary":
                terminalreporter.write_line(str(words))
    terminalreporter.write_line(f"order and chance by --randomly-seed={config.getoption('randomly_seed', None)}")
