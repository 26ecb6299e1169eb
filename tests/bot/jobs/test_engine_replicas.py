"""Several processes on one PostgreSQL: when one is killed, another takes over its work, in order, within seconds."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator

import pytest

from storage.migrate import upgrade
from storage.sealing import new_key
from tests.storage.postgres import database, server

REPLICA = """
import asyncio, sys
from bot.jobs.engine import Engine
from bot.jobs.registry import Handlers
from bot.jobs.runner import Runner
from flows.outbox import DeleteFile
from storage.sealing import Keyring
from storage.store import Store

url, key, mode = sys.argv[1:]

async def do(run):
    print("does", run.effect.file, run.again, flush=True)
    if mode == "hang":
        await asyncio.Event().wait()

async def main():
    engine = Engine(url, poll_seconds=0.02)
    store = Store(url, Keyring.parse(key), engine.enqueue)
    handlers = Handlers()
    handlers.on(DeleteFile, do)
    await engine.start(Runner(store, handlers).run_batch)
    print("started", flush=True)
    if mode == "hang":
        for n in "12":
            async with store.write() as unit:
                unit.ask("onb_1", DeleteFile(file=n))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def url() -> Iterator[str]:
    with server() as postgres:
        if postgres is None:
            pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL, or install its server")
        with database(postgres) as url:
            upgrade(url)
            yield url


async def says(process: Process, line: str) -> list[str]:
    """What a process prints up to a line."""
    assert process.stdout is not None
    said: list[str] = []
    while line not in said:
        read = await process.stdout.readline()
        if not read:
            pytest.fail(f"it ended after {said}: see what it wrote to standard error")
        said.append(read.decode().strip())
    return said


@pytest.mark.process
@pytest.mark.postgres
async def test_a_survivor_takes_over_what_a_killed_replica_had_in_hand(url: str) -> None:
    key = new_key()
    replicas = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", REPLICA, url, key, mode, stdout=PIPE) for mode in ("hang",)
    ]
    try:
        await says(replicas[0], "does 1 False")
        replicas.append(await asyncio.create_subprocess_exec(sys.executable, "-c", REPLICA, url, key, "go", stdout=PIPE))
        await says(replicas[1], "started")
        replicas[0].kill()
        assert await says(replicas[1], "does 2 False") == ["does 1 True", "does 2 False"]
    finally:
        for replica in replicas:
            if replica.returncode is None:
                replica.kill()
            await replica.communicate()
