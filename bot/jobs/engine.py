"""The only interface to DBOS, which runs effects in order after the commit that asked for them, and again after a crash.

A batch is what one commit asked for in one queue. Its job is enqueued in that commit's transaction, so either both exist or
neither. A job runs its batch in a step; if that has to wait, it sleeps durably and runs it again. All state is in our own tables.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import secrets
import socket
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy.ext.asyncio import AsyncSession

from storage.engine import sync_engine

log = logging.getLogger("bot.jobs.engine")

NAME, QUEUE, WORKFLOW = "onboarding", "effects", "run_batch"
VERSION = "1"
"""Pinned: DBOS's default, a hash of the code, would strand whatever is in flight on every edit."""
AT_ONCE = 64
"""Batches that one process holds; most are waiting if Slack is down. The runner limits how many work at the same time."""
THREADS = 16
"""For the engine's own reads and writes."""
KEPT = timedelta(days=7)
"""How long finished jobs are kept."""
PURGE_SECONDS = 86_400.0
TAKEOVER_SECONDS = 2.0
_EPOCH = 1_767_225_600
"""2026-01-01: priorities are small numbers."""

RunBatch = Callable[[str], Coroutine[Any, Any, float | None]]
"""Runs the effects of a batch, given by id. Returns None, or the seconds to wait before the next call."""
_run: RunBatch | None = None
"""The running engine's: DBOS has one registry per process."""


@DBOS.step()
async def _step(batch_id: str) -> float | None:
    if _run is None:
        raise RuntimeError("the engine is not running")
    return await _run(batch_id)


@DBOS.workflow(name=WORKFLOW)
async def _batch(batch_id: str) -> None:
    # Code outside steps runs again after a crash: only steps and sleeps here.
    while (wait := await _step(batch_id)) is not None:
        await DBOS.sleep_async(wait)


class Engine:
    """``enqueue`` is the store's hook for effects; ``await start(run_batch)`` starts running what was enqueued. After a crash,
    the batch in progress runs again.
    """

    def __init__(self, url: str, *, poll_seconds: float = 0.4) -> None:
        self._url, self._poll = url, poll_seconds
        self._sqlite = url.startswith("sqlite")
        self._executor = "single" if self._sqlite else f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._client: DBOSClient | None = None
        self._engine: sa.Engine | None = None
        self._alive: sa.Connection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._running = 0
        self._idle = asyncio.Event()
        self._stopping = False
        self._last_priority = 0

    async def start(self, run_batch: RunBatch) -> None:
        """Run what is left from before, and whatever is enqueued from now on, on this event loop."""
        global _run  # noqa: PLW0603  see above
        if _run is not None:
            raise RuntimeError("another engine runs in this process")
        _run = self._tracked(run_batch, asyncio.get_running_loop())
        try:
            await self._launch()
        except BaseException:
            _run = None
            raise

    async def _launch(self) -> None:
        self._stopping = False
        self._engine = sync_engine(self._url)
        if not self._sqlite:
            self._alive = await asyncio.to_thread(self._hold_own_lock)
        DBOS(
            config={
                "name": NAME,
                "system_database_url": str(self._engine.url.render_as_string(hide_password=False)),
                "system_database_engine": self._engine,
                "executor_id": self._executor,
                "application_version": VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "max_executor_threads": THREADS,
                "scheduler_polling_interval_sec": 3600.0,  # we schedule nothing with it
                "log_level": "WARNING",  # its INFO lines advertise a web console
            }
        )
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            polling_interval_sec=self._poll,
            worker_concurrency=AT_ONCE,
            partition_concurrency=1,
            on_conflict="always_update",
        )
        self._client = DBOSClient(
            system_database_engine=self._engine, application_name=NAME, serializer=DBOSPortableJSONSerializer()
        )
        self._tasks = [asyncio.create_task(self._every(PURGE_SECONDS, self._purge))]
        if not self._sqlite:
            self._tasks.append(asyncio.create_task(self._every(TAKEOVER_SECONDS, self._take_over)))

    async def stop(self, *, within: float = 8.0) -> None:
        """Let running effects finish, for up to ``within`` seconds; what is waiting or hasn't begun runs after the next start."""
        global _run  # noqa: PLW0603  see above
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._running:
                    self._idle.clear()
                    await self._idle.wait()
        # What is interrupted from here on runs after the next start: not worth DBOS's error lines.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        await asyncio.to_thread(DBOS.destroy)
        _run = None
        if self._alive is not None:
            await asyncio.to_thread(self._alive.close)
        if self._engine is not None:
            self._engine.dispose()
        self._client = self._engine = self._alive = None

    @property
    def started(self) -> bool:
        return self._client is not None

    async def enqueue(self, session: AsyncSession, queue: str, batch_id: str) -> None:
        """In the caller's transaction: run the batch after the commit, and after earlier ones in its queue (an onboarding's).

        ``batch_id`` may have a suffix after a colon, which makes another job for a batch whose first job has ended.
        """
        client = self._client
        if client is None:
            raise RuntimeError("the engine is not running")
        priority = self._next_priority()
        await session.run_sync(
            lambda inner: client.enqueue_in_transaction(
                inner,
                {
                    "workflow_name": WORKFLOW,
                    "queue_name": QUEUE,
                    "workflow_id": batch_id,
                    "queue_partition_key": queue or "-",
                    "priority": priority,
                    "app_version": VERSION,
                },
                batch_id.partition(":")[0],
            )
        )

    def _next_priority(self) -> int:
        """Later is higher. DBOS's own timestamps are in whole seconds on SQLite with Python 3.11: too coarse to keep order."""
        self._last_priority = max(self._last_priority + 1, int((time.time() - _EPOCH) * 8))
        return self._last_priority

    async def lost(self, batch_ids: list[str]) -> list[str]:
        """Those of the batches that have no waiting or running job (any more)."""
        jobs = await DBOS.list_workflows_async(
            workflow_id_prefix=batch_ids,
            status=["ENQUEUED", "DELAYED", "PENDING"],
            load_input=False,
            load_output=False,
        )
        busy = {job.workflow_id.partition(":")[0] for job in jobs}
        return [batch_id for batch_id in batch_ids if batch_id not in busy]

    def _tracked(self, run_batch: RunBatch, loop: asyncio.AbstractEventLoop) -> RunBatch:
        """Counts running batches, so that `stop` can wait for them. While stopping, nothing begins and no result is passed on."""

        async def counted(batch_id: str) -> float | None:
            self._running += 1
            try:
                return await run_batch(batch_id)
            finally:
                self._running -= 1
                if not self._running:
                    self._idle.set()

        async def run(batch_id: str) -> float | None:
            wait = None
            if not self._stopping:
                wait = await _in(loop, counted(batch_id))
            if self._stopping:
                await asyncio.Event().wait()  # never set: DBOS is stopping; the next process reruns the batch and finds it done
            return wait

        return run

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as error:  # noqa: BLE001  the next round tries again
                log.warning("engine upkeep failed", extra={"work": work.__name__, "error": type(error).__name__})

    async def _purge(self) -> None:
        """Delete jobs that finished some time ago: DBOS itself keeps them forever."""
        before = (datetime.now(UTC) - KEPT).isoformat()
        while True:
            old = await DBOS.list_workflows_async(
                status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=200, load_input=False, load_output=False
            )
            if not old:
                return
            await DBOS.delete_workflows_async([job.workflow_id for job in old])

    # -- several processes on PostgreSQL: each holds an advisory lock while alive; whoever gets another's lock takes over its work

    def _hold_own_lock(self) -> sa.Connection:
        assert self._engine is not None  # noqa: S101  set by the caller
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(sa.select(sa.func.pg_advisory_lock(_lock_of(self._executor))))
        return connection

    def _keep_own_lock(self) -> None:
        """The lock is tied to its connection: reconnect if it broke, before others think that this process is dead."""
        assert self._alive is not None  # noqa: S101  held since the start on PostgreSQL
        try:
            self._alive.execute(sa.select(1))
        except sa.exc.DBAPIError:
            self._alive.close()
            self._alive = self._hold_own_lock()

    async def _take_over(self) -> None:
        await asyncio.to_thread(self._keep_own_lock)
        pending = await DBOS.list_workflows_async(status="PENDING", queue_name=QUEUE, load_input=False, load_output=False)
        by_executor: dict[str, list[str]] = defaultdict(list)
        for job in pending:
            if job.executor_id and job.executor_id != self._executor:
                by_executor[job.executor_id].append(job.workflow_id)
        for executor, jobs in by_executor.items():
            if await asyncio.to_thread(self._try_lock, executor):
                try:
                    log.warning("taking over the work of a process that ended", extra={"executor": executor, "jobs": len(jobs)})
                    await DBOS.resume_workflows_async(jobs, queue_name=QUEUE)
                finally:
                    await asyncio.to_thread(self._unlock, executor)

    def _try_lock(self, executor: str) -> bool:
        assert self._alive is not None  # noqa: S101  held since the start on PostgreSQL
        return bool(self._alive.execute(sa.select(sa.func.pg_try_advisory_lock(_lock_of(executor)))).scalar())

    def _unlock(self, executor: str) -> None:
        assert self._alive is not None  # noqa: S101  held since the start on PostgreSQL
        self._alive.execute(sa.select(sa.func.pg_advisory_unlock(_lock_of(executor))))


async def _in(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, float | None]) -> float | None:
    """Run on this loop: DBOS uses its own while the one it was started on isn't running, e.g. between two tests."""
    if asyncio.get_running_loop() is loop:
        return await work
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def _lock_of(executor: str) -> int:
    """A signed 64-bit number, as PostgreSQL's advisory locks require."""
    return int.from_bytes(hashlib.sha256(f"{NAME}:{executor}".encode()).digest()[:8], "big", signed=True)
