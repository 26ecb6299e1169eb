"""Errors for Sentry: each with its id, and with nothing of what a person or a secret may have put into them."""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sentry_sdk.client import Client
from sentry_sdk.utils import event_from_exception

from bot.slack.background import Background
from bot.slack.errors import SlackError
from bot.telemetry import logs
from bot.telemetry.sentry import SentryHandler
from storage.lock import AlreadyRunningError
from tests.collector import Collector, collecting

TOKEN, ADDRESS, TYPED, PERSON = "xoxb-12-34-abcDEFghi", "ana.souza@acme.example.com", "Rua das Flores", "U0ANASOUZA"
PERSONAL = ("abcDEFghi", "ana.souza", "Flores", PERSON)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


@pytest.fixture
def sentry(collector: Collector) -> Iterator[SentryHandler]:
    handler = SentryHandler(collector.dsn, "pismo-onboarding@1.2.3", "staging")
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    handler.finish(60.0)


async def break_down(typed: str) -> None:
    """With everything in its variables, its exception's text, its cause, and what is logged beside it."""
    try:
        int(typed)
    except ValueError as error:
        said = f"{TOKEN} of {ADDRESS}"
        raise SlackError("chat.postMessage", said) from error


def telling(event: dict[str, Any]) -> list[str]:
    return [one for one in PERSONAL if one in json.dumps(event)]


async def test_a_failure_after_an_acknowledgement_arrives_with_its_id_and_without_what_was_typed(
    collector: Collector, sentry: SentryHandler, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background()
    with logs.context(kind="interactive", user=PERSON, onboarding="onb_0123456789abcdef"):
        logging.getLogger("bot.slack.client").warning("asked %s", TYPED, exc_info=ValueError(TYPED))  # no error of ours
        background.later(break_down(TYPED))
        await background.drain()
        await asyncio.sleep(0)  # it is logged by a callback
    event = await collector.event()
    (logged,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (event["logentry"]["message"], event["level"], event["logger"]) == (
        "background work failed",
        "error",
        "bot.slack.background",
    )
    assert event["tags"] == {"error_id": logged.__dict__["error_id"], "error": "SlackError", "kind": "interactive"}
    assert (event["release"], event["environment"], event["server_name"]) == ("pismo-onboarding@1.2.3", "staging", "")
    cause, error = event["exception"]["values"]
    assert (cause["type"], cause["value"]) == ("ValueError", "")
    assert (error["type"], error["value"]) == ("SlackError", "chat.postMessage: [token] of [e-mail]")
    assert error["stacktrace"]["frames"][-1].keys() == {"filename", "lineno", "function", "in_app"}
    assert error["stacktrace"]["frames"][-1]["function"] == "break_down"
    assert telling(event) == []
    assert not {"breadcrumbs", "request", "user", "extra", "modules", "contexts"} & event.keys()
    assert event["sdk"]["integrations"] == []


async def test_what_sentry_would_take_by_itself_would_be_found(collector: Collector) -> None:
    """Else the test above proves nothing."""
    client = Client(collector.dsn, default_integrations=False, release="1.2.3")
    try:
        await break_down(TYPED)
    except SlackError as error:
        client.capture_event(event_from_exception(error, client_options=client.options)[0])
    assert set(telling(await collector.event())) == set(PERSONAL) - {PERSON}
    client.close(60.0)


async def test_what_other_libraries_say_is_left_out_and_a_sentry_that_is_away_holds_nothing_up(
    collector: Collector, sentry: SentryHandler
) -> None:
    collector.goes_on.clear()
    sentry.finish(0.01)
    away = SentryHandler(collector.dsn, "pismo-onboarding@1.2.3")
    record = logging.LogRecord(
        "asyncio", logging.ERROR, "", 0, f"Task exception: {TYPED}", None, (KeyError, KeyError(TYPED), None)
    )
    away.handle(record)
    away.finish(0.01)  # it would wait for ever
    event = await collector.event()
    assert (event["logentry"]["message"], event["exception"]["values"][0]["type"]) == ("asyncio", "KeyError")
    assert telling(event) == []


def run_on(file: str) -> None:
    try:
        Path(file).read_bytes()
    except OSError as error:
        raise AlreadyRunningError(file) from error


async def test_no_path_of_this_machine_is_told(collector: Collector, sentry: SentryHandler) -> None:
    log = logging.getLogger("bot.test")
    try:
        run_on("/home/ana.souza/Acme Bank/onboarding.db")
    except AlreadyRunningError as error:
        log.error("cannot be used", extra={"error": str(error), "error_id": "7K3QF2"}, exc_info=error)  # noqa: TRY400  with more
    event = await collector.event()
    cause, _ = event["exception"]["values"]
    assert (cause["type"], cause["value"]) == ("FileNotFoundError", "No such file or directory")
    assert "[path]" in event["tags"]["error"]
    assert not [word for word in ("ana.souza", "Acme", "/home", "onboarding.db") if word in json.dumps(event)]


async def test_a_sentry_that_is_away_is_told_of_once_and_so_is_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    failed = logging.makeLogRecord({"name": "bot.test", "levelno": logging.ERROR, "msg": "failed", "error_id": "7K3QF2"})
    address = socket.socket()
    address.bind(("127.0.0.1", 0))  # until it listens, it refuses connections
    sentry = SentryHandler(f"http://{'0' * 32}@127.0.0.1:{address.getsockname()[1]}/42", "pismo-onboarding@1.2.3")
    for _ in range(3):
        sentry.handle(failed)
    await asyncio.to_thread(sentry._client.flush, 60.0)
    with collecting(address) as collector:
        sentry.handle(failed)
        await collector.event()
        await asyncio.to_thread(sentry.finish, 60.0)
    told = [(record.getMessage()[:23], record.__dict__.get("error")) for record in caplog.records]
    assert told == [("errors are not taken: S", "network"), ("errors are taken again", None)]
