"""The baselines in Starlette, all in one process.

    python -m bench.servers PORT

``/checked`` does only what every endpoint for Slack must do: it reads the body, checks its age and signature, and answers. ``/opens``
answers and then opens a window. ``/writes`` writes the rows that sending a form writes, in one transaction, and then answers.

It takes SLACK_SIGNING_SECRET, SLACK_BOT_TOKEN, SLACK_API_URL, DATABASE_URL and ENCRYPTION_KEYS from the environment, as the bot does.
"""

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import uvicorn
from sqlalchemy import Delete, Dialect, Insert, Update, bindparam, delete, insert, update
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.customers import Change, Example, Ids, cell, number_of
from bench.example import example
from storage import sealing, tables
from storage.engine import is_sqlite, sync_engine
from storage.sealing import Keyring

CONNECTIONS = 10
"""To PostgreSQL, as many as the bot has. SQLite has one writer."""


SECRET = os.environ.get("SLACK_SIGNING_SECRET", "")
TOKEN = os.environ.get("SLACK_BOT_TOKEN", "")


async def genuine(request: Request) -> bytes:
    """The body. Raises HTTPException if it isn't Slack's."""
    body = await request.body()
    stamp = request.headers["x-slack-request-timestamp"]
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(stamp)) < 300
    if not (fresh and hmac.compare_digest(f"v0={digest}", request.headers["x-slack-signature"])):
        raise HTTPException(401)
    return body


def payload_of(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parse_qs(body.decode())["payload"][0])
    return found


async def checked(request: Request) -> Response:
    await genuine(request)
    return Response()


class Baselines:
    def __init__(self, shown: Example, url: str) -> None:
        self._view, self._api = shown.view, os.environ["SLACK_API_URL"]
        self._slack: aiohttp.ClientSession | None = None
        self._threads = ThreadPoolExecutor(1 if is_sqlite(url) else CONNECTIONS)
        self._engine = sync_engine(url)
        self._writes = [prepared(change, self._engine.dialect) for change in shown.writes]

    async def opens(self, request: Request) -> Response:
        payload = payload_of(await genuine(request))
        return Response(background=BackgroundTask(self._open, payload["trigger_id"]))

    async def _open(self, trigger: str) -> None:
        self._slack = self._slack or aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})
        async with self._slack.post(f"{self._api}views.open", json={"trigger_id": trigger, "view": self._view}) as answer:
            await answer.json()

    async def writes(self, request: Request) -> Response:
        payload = payload_of(await genuine(request))
        onboarding = json.loads(payload["view"]["private_metadata"])["onboarding"]
        await asyncio.get_running_loop().run_in_executor(self._threads, self.write, vars(Ids.of(number_of(onboarding))))
        return JSONResponse({"response_action": "clear"})

    def write(self, ids: Mapping[str, str]) -> None:
        """What the customer's submission writes. Blocks."""
        with self._engine.begin() as connection:
            for words, values in self._writes:
                connection.exec_driver_sql(words, values(ids))

    def close(self) -> None:
        self._engine.dispose()
        self._threads.shutdown()


Values = Callable[[Mapping[str, str]], Any]
"""From a customer's ids to what the driver takes."""


def prepared(change: Change, dialect: Dialect) -> tuple[str, Values]:
    """The statement's text, compiled once, and how its values are made."""
    table, key = change.table, "onboarding_id" if change.table is tables.audit_heads else "id"
    before, after = change.before or {}, change.after or {}
    new = {name: value for name, value in after.items() if name not in before or value != before[name]}
    values = {f"new_{name}": cell(table, name, value, dialect) for name, value in new.items()}
    if not before:
        words: Insert | Update | Delete = insert(table).values({name: bindparam(f"new_{name}") for name in new})
    else:
        values["its_key"] = cell(table, key, before[key], dialect)
        words = update(table).values({name: bindparam(f"new_{name}") for name in new}) if new else delete(table)
        words = words.where(table.c[key] == bindparam("its_key"))
    compiled = words.compile(dialect=dialect)
    if compiled.positiontup is None:
        return str(compiled), lambda ids: {name: value(ids) for name, value in values.items()}
    in_order = [values[name] for name in compiled.positiontup]
    return str(compiled), lambda ids: tuple(value(ids) for value in in_order)


def main(port: int) -> None:
    sealing.use(Keyring.parse(os.environ["ENCRYPTION_KEYS"]))
    baselines = Baselines(example(), os.environ["DATABASE_URL"])
    paths = {"checked": checked, "opens": baselines.opens, "writes": baselines.writes}
    app = Starlette(routes=[Route(f"/{name}", does, methods=["POST"]) for name, does in paths.items()])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
