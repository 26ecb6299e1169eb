"""Log lines: JSON, with their context, without anything secret or personal, and silent about others' requests."""

import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot.telemetry import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("DEBUG", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs.OWN:
        logging.getLogger(name).setLevel(logging.NOTSET)


def last(stream: io.StringIO) -> dict[str, object]:
    line = json.loads(stream.getvalue().splitlines()[-1])
    assert isinstance(line, dict)
    return line


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("token xoxb-12-34-abcDEF in it", "abcDEF"),
        ("app xapp-1-A0-99-deadbeef", "deadbeef"),
        ("refresh xoxe.xoxp-1-Mi0y", "Mi0y"),
        ("Authorization: Bearer s3cr3t.value", "s3cr3t"),
        ("Authorization: Basic czNjcjN0OnZhbHVl", "czNjcjN0"),
        ("postgresql://bot:s3cr3t@db/onboarding", "s3cr3t"),
        ("wss://wss-primary.slack.com/link/?ticket=s3cr3t-ticket&app_id=1", "s3cr3t"),
        ("from ana.souza@acme.example.com", "ana.souza"),
        ("-----BEGIN " + "PRIVATE KEY-----\nMIIEs3cr3t\n-----END " + "PRIVATE KEY-----", "s3cr3t"),
        ("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEs3cr3t cut off", "s3cr3t"),
        ("jwt eyJhbGciOi.eyJzdWIiOiJhIn0.c2ln", "eyJzdWIi"),
    ],
)
def test_secrets_and_addresses_are_cut_out_of_every_value(lines: io.StringIO, text: str, secret: str) -> None:
    logging.getLogger("bot.test").warning("said %s", text, extra={"detail": [text], "nested": {"deep": text}})
    assert secret not in lines.getvalue()
    assert last(lines)["logger"] == "bot.test"


def test_a_line_carries_its_context_and_level(lines: io.StringIO) -> None:
    with logs.context(kind="draw", onboarding="onb_1"):
        logging.getLogger("bot.test").info("effect", extra={"outcome": "done", "ms": 12})
    logging.getLogger("bot.test").info("outside")
    inside, outside = (json.loads(line) for line in lines.getvalue().splitlines())
    assert {
        "event": "effect",
        "kind": "draw",
        "onboarding": "onb_1",
        "outcome": "done",
        "ms": 12,
        "level": "info",
    }.items() <= inside.items()
    assert "kind" not in outside


def test_no_value_begins_a_line_or_steers_a_terminal(lines: io.StringIO) -> None:
    said = '\r\n{"level": "info"}\u2028x\x1b[2J\x9b1m\u202e\u0085'
    logging.getLogger("bot.test").warning(said, extra={"detail": said})
    (line,) = lines.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["detail"] == said


def test_an_exception_tells_where_but_not_what_a_person_typed(lines: io.StringIO) -> None:
    try:
        int("Rua das Flores")
    except ValueError:
        logging.getLogger("bot.test").exception("failed")
    assert "Rua das Flores" not in lines.getvalue()
    told = last(lines)["exception"]
    assert isinstance(told, list)
    assert told[0]["error"] == "ValueError"
    assert any("test_logs.py" in frame for frame in told[0]["frames"])


async def test_what_others_say_of_an_exception_does_not_quote_what_a_person_typed(lines: io.StringIO) -> None:
    async def fails() -> None:
        int("Rua das Flores")

    loop = asyncio.get_running_loop()
    loop.call_soon(int, "Rua das Flores")
    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    del task  # nobody asked for what it raised
    gc.collect()
    try:
        int("Rua das Flores")
    except ValueError as error:
        logging.getLogger("slack_sdk.socket_mode.aiohttp").exception(f"Failed to run a message listener: {error}")  # noqa: G004, TRY401  theirs
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert {line["event"]: line["exception"][0]["error"] for line in said} == {
        "Exception in callback int": "ValueError",
        "Task exception was never retrieved: test_what_others_say_of_an_exception_does_not_quote_what_a_person_typed.": "ValueError",
        "Failed to run a message listener: ValueError": "ValueError",
    }
    assert "Flores" not in lines.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "slack_sdk.web",
        "slack_bolt",
        "httpx",
        "aiohttp.client",
        "sqlalchemy.engine",
        "uvicorn.error",
        "aiosqlite",
        "any_other",
    ],
)
def test_others_never_write_at_debug(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).debug("whole request with answers")
    assert lines.getvalue() == ""


def test_error_ids_are_short_and_readable() -> None:
    ids = {logs.error_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) == 6 and not set(one) & set("01OI") for one in ids)
