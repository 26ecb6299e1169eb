"""Has what people send looked into by processes that can be killed, each look within a time: nothing sent in can stop the bot.

Each process has a thread that talks with it and kills it when a time is over. Which bounds a look has besides is up to what is called.
"""

import asyncio
import base64
import contextlib
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.inspection.worker import ELAPSED, frame, receive
from bot.telemetry import metrics, traces
from flows.checks.secret_kinds import SecretKind

log = logging.getLogger("bot.inspection.inspections")
metrics.begin(metrics.INSPECTIONS, ("done", "not_looked_into"))

ROOT = Path(__file__).parents[2]
INHERITED = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""All that a process gets of the bot's environment: no key and no token."""
MAX_REQUEST = 4 * 1024 * 1024
"""Bytes of JSON that are handed over at most. A request of Slack has at most one megabyte."""

SECONDS = 1.0
"""What a look may take of the processor while Slack waits for the answer."""
WITHIN = 2.0
"""On the clock, with waiting for a process that is free and has loaded what it needs. Slack waits for three."""
SLOW = 0.1
"""Seconds after which a job may well be stuck: another process is started, to be there when this one is killed."""
LOAD_SECONDS = 60.0
"""Until a process must have loaded what it needs. On a quiet machine it takes a third of one."""
START_SECONDS = 20.0
"""Until the bot begins all the same, though what is sent in may not be looked into at once."""
PATIENT_SECONDS, PATIENT_WITHIN = 5.0, 60.0
"""The same for files in channels, after the acknowledgement."""


class Hindrance(StrEnum):
    """Why something was not looked into, besides what `flows.checks.guard.Unread` names."""

    NOT_BEGUN = "not_begun"
    """Every process was at work."""
    TOOK_TOO_LONG = "took_too_long"
    BROKE_OFF = "broke_off"
    """The look failed, or its process did."""
    NOT_ALLOWED = "not_allowed"
    """The bot may not read the file."""
    NOT_DELIVERED = "not_delivered"
    """Slack did not hand over the file."""


class NotBegun(TimeoutError):  # noqa: N818  an answer, not a failure
    """Every process was at work."""


class NotLookedInto(Exception):  # noqa: N818  an answer, not a failure
    """``why``: a `Hindrance`, or "too_large"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Verdict:
    """``found``: kinds of secret (`flows.checks.guard.SecretKind`); ``unread``: why something was not looked into. Each once.
    ``marks``: as `bot.inspection.results` makes them, to be keyed before they are kept."""

    found: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "Verdict":
        return cls(frozenset(result["found"]), frozenset(result["unread"]), frozenset(result["marks"]))

    def __or__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.found | other.found, self.unread | other.unread, self.marks | other.marks)


class _Child:
    """One process. What its calls raise means that it is of no more use: EOFError, OSError, ValueError, TimeoutError."""

    def __init__(self, modules: str) -> None:
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._connection, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "bot.inspection.worker", *modules.split()]
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603  our own module
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                process_group=0,
            )
        self.pid = self._process.pid

    def load(self) -> None:
        """Back when it has loaded what it needs."""
        self._wait(time.monotonic() + LOAD_SECONDS)
        receive(self._connection)

    def ask(
        self, request: bytes, seconds: float, until: float, slow: Callable[[], None], begun: threading.Event
    ) -> dict[str, Any]:
        """``seconds``: of the job itself; ``until``: by the monotonic clock, in any case. ``slow``: called if the job takes a while;
        ``begun``: set once it has begun."""
        self._wait(until)
        self._connection.sendall(request)
        answer = receive(self._connection)
        begun.set()
        if answer is None:
            until = min(until, time.monotonic() + ELAPSED * seconds)
            self._wait(min(until, time.monotonic() + SLOW))
            try:
                self._connection.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                slow()
            self._wait(until)
            answer = receive(self._connection)
        return dict(answer)

    def _wait(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)

    def stop(self) -> None:
        """Whoever waits for its answer reads the end."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()

    @property
    def ran_out_of_time(self) -> bool:
        """Whether it ended by itself, for that."""
        return self._process.returncode in (-signal.SIGPROF, -signal.SIGALRM)


class _Lane:
    """Some processes, started as they are needed, and as many threads that talk with them. Nothing is given to one that still loads,
    and the one that worked last works next, so that a bot with little to do keeps one. ``modules``: what a process loads, the first
    before it has anything to do."""

    def __init__(self, most: int, modules: str) -> None:
        self._most, self._modules = most, modules
        self._talking = ThreadPoolExecutor(most, thread_name_prefix="inspection")
        self._loading = ThreadPoolExecutor(most, thread_name_prefix="inspection-loading")
        self._free: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        """None wakes who waits for one when there will be none."""
        self._children: set[_Child] = set()
        self._changing, self._wanted, self._load_begun, self._closed = threading.Lock(), 0, False, False

    async def run(self, request: bytes, seconds: float, within: float) -> dict[str, Any]:
        """Raises what `_Child.ask` does, or NotBegun; another process takes the place of that one by itself."""
        begun, until = threading.Event(), time.monotonic() + within
        asked = asyncio.get_running_loop().run_in_executor(self._talking, self._ask, request, seconds, until, begun)
        try:
            async with asyncio.timeout(within):  # while it waits for a thread
                return await asked
        except TimeoutError:
            raise (TimeoutError if begun.is_set() else NotBegun) from None

    def _ask(self, request: bytes, seconds: float, until: float, begun: threading.Event) -> dict[str, Any]:
        for child in self._next(until):
            try:
                answer = child.ask(request, seconds, until, self.grow, begun)
            except BaseException as error:
                self._ended(child)
                self.grow()
                if isinstance(error, (EOFError, ConnectionError)) and not begun.is_set():
                    continue  # it was gone before, whoever ended it
                if child.ran_out_of_time:
                    raise TimeoutError from None
                raise
            self._free.put(child)
            return answer
        raise TimeoutError

    def _next(self, until: float) -> Iterator[_Child]:
        """Those that are free, one after the other, each as soon as there is one."""
        with contextlib.suppress(queue.Empty):
            while not self._closed:
                if self._free.empty():
                    self.grow()
                child = self._free.get(timeout=max(0.0, until - time.monotonic()))
                if child is not None:
                    yield child

    def grow(self) -> None:
        """Start one more process, unless one starts already or there are as many as there may be."""
        with self._changing:
            if self._wanted < self._most and not self._load_begun and not self._closed:
                self._wanted += 1
                self._load_begun = True
                self._loading.submit(self._load)

    def _load(self) -> None:
        child = None
        try:
            with self._changing:
                if self._closed:
                    return
                child = _Child(self._modules)
                self._children.add(child)
            child.load()
        except Exception as error:  # noqa: BLE001  whatever it is, the next one may start
            if not self._closed:
                log.error("a process that looks into what is sent in does not start", extra={"error": type(error).__name__})  # noqa: TRY400
            self._ended(child)
        else:
            self._free.put(child)
        finally:
            self._load_begun = False

    def _ended(self, child: _Child | None) -> None:
        with self._changing:
            self._wanted -= 1
            if child is not None:
                self._children.discard(child)
        if child is not None:
            child.kill()

    def pids(self) -> list[int]:
        with self._changing:
            return [child.pid for child in self._children]

    def close(self) -> None:
        with self._changing:
            self._closed = True
            for child in self._children:
                child.stop()
        for _ in range(self._most):
            self._free.put(None)
        self._loading.shutdown(cancel_futures=True)
        self._talking.shutdown(cancel_futures=True)
        for child in self._children:
            child.kill()
        self._children.clear()


class Inspections:
    """Two processes for what Slack waits for, one for the rest, so that no long look at a file delays an acknowledgement."""

    def __init__(self) -> None:
        self._quick, self._patient = _Lane(2, "bot.inspection.messages bot.inspection.pages"), _Lane(1, "bot.inspection.files")

    async def warm(self) -> None:
        """Back when forms and messages can be looked into, or after `START_SECONDS`."""
        request = frame({"job": "bot.inspection.pages:loaded", "arguments": [], "seconds": SECONDS})
        with contextlib.suppress(TimeoutError, EOFError, OSError, ValueError):  # the next one may start
            await self._quick.run(request, SECONDS, START_SECONDS)

    def close(self) -> None:
        """Kills what is running."""
        self._quick.close()
        self._patient.close()

    @property
    def pids(self) -> list[int]:
        return self._quick.pids() + self._patient.pids()

    async def message(self, now: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Verdict:
        """A message of Slack; of an edited one, what it had not ``before``."""
        try:
            return Verdict.of(await self.run("bot.inspection.messages:look", now, before))
        except NotLookedInto as error:
            return Verdict(unread=frozenset({error.why}))

    async def text(self, text: str) -> tuple[str, bool]:
        """A text from another system: the kind of the gravest secret in it, if any, and whether some of it was not looked into."""
        try:
            verdict = Verdict.of(await self.run("bot.inspection.messages:look", {"text": text}, None, patient=True))
        except NotLookedInto:
            return "", True
        return next((kind.value for kind in SecretKind if kind in verdict.found), ""), bool(verdict.unread)

    async def file(
        self, name: str, content: bytes, *, cut: bool = False, patient: bool = False, within: float = WITHIN
    ) -> Verdict:
        """``cut``: the content is the beginning or the end of a longer one. ``patient``: Slack doesn't wait; else ``within`` seconds."""
        encoded = base64.b64encode(content).decode()
        try:
            return Verdict.of(await self.run("bot.inspection.files:look", name, encoded, cut, within=within, patient=patient))
        except NotLookedInto as error:
            return Verdict(unread=frozenset({error.why}))

    async def run(
        self, job: str, *arguments: Any, seconds: float = SECONDS, within: float = WITHIN, patient: bool = False
    ) -> Any:
        """What ``module:function`` returns for these arguments; all of it JSON. Raises NotLookedInto."""
        if patient:
            seconds, within = PATIENT_SECONDS, PATIENT_WITHIN
        request = frame({"job": job, "arguments": arguments, "seconds": seconds})
        began, why = time.perf_counter(), str(Hindrance.BROKE_OFF)
        if len(request) > MAX_REQUEST:
            why, answer = "too_large", {"failed": "request"}
        else:
            try:
                answer = await (self._patient if patient else self._quick).run(request, seconds, within)
            except TimeoutError as error:
                why = Hindrance.NOT_BEGUN if isinstance(error, NotBegun) else Hindrance.TOOK_TOO_LONG
                answer = {"failed": type(error).__name__}
            except (EOFError, OSError, ValueError) as error:
                answer = {"failed": type(error).__name__}
        metrics.INSPECTIONS.labels("not_looked_into" if "failed" in answer else "done").inc()
        traces.called("inspect", job.rpartition(".")[2], why if "failed" in answer else "done", time.perf_counter() - began)
        if "failed" in answer:
            log.warning("something sent in was not looked into", extra={"job": job, "why": why, "error": answer["failed"]})
            raise NotLookedInto(why)
        return answer["result"]
