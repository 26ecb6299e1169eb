"""The HTTP front: what a supervisor, a monitor and Slack get to see."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from starlette.applications import Starlette

from bot.ops.http_server import Connection, listener, server
from bot.slack.refused_requests import Reason, RefusedRequests
from bot.slack.web import MAX_BYTES, MAX_HELD, ops_routes, slack_routes
from playground.slack.delivery import signature

SECRET = "0123456789abcdef0123456789abcdef"
FORM = "application/x-www-form-urlencoded"


def bolt() -> AsyncApp:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U1")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize, request_verification_enabled=False, process_before_response=True)

    @app.command("/onboarding")
    async def _(ack: AsyncAck) -> None:
        await ack(text="hello")

    return app


class Front:
    def __init__(self, client: httpx.AsyncClient, reasons: dict[str, str]) -> None:
        self.client, self.reasons = client, reasons

    async def slack(
        self, body: bytes, *, secret: str = SECRET, age: int = 0, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        stamp = str(int(time.time()) - age)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(secret, stamp, body), "Content-Type": FORM}
        return await self.client.post("/slack/events", content=body, headers={**signed, **(headers or {})})


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    reasons: dict[str, str] = {}

    async def health() -> dict[str, str]:
        return reasons

    transport = httpx.ASGITransport(Starlette(routes=[*slack_routes(bolt(), SECRET), *ops_routes(health)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Front(client, reasons)


async def test_alive_and_ready(front: Front) -> None:
    assert (await front.client.get("/healthz")).status_code == 200
    ready = await front.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": {}, "notices": {}})


async def test_not_ready_says_why(front: Front) -> None:
    front.reasons["slack"] = "not reached since the start"
    answer = await front.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"slack": "not reached since the start"}
    assert (await front.client.get("/healthz")).status_code == 200
    told = (await front.client.get("/metrics")).text
    assert 'onboarding_not_ready{part="slack"} 1.0' in told
    assert 'onboarding_not_ready{part="database"} 0.0' in told
    front.reasons.clear()
    assert 'onboarding_not_ready{part="slack"} 0.0' in (await front.client.get("/metrics")).text


async def test_health_that_cannot_be_found_out_is_a_reason_and_keeps_no_metric_back(caplog: pytest.LogCaptureFixture) -> None:
    raised: list[Exception] = [KeyError("Rua das Flores")]

    async def health() -> dict[str, str]:
        for error in raised:
            raise error
        return {}

    transport = httpx.ASGITransport(Starlette(routes=ops_routes(health)))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        for _ in range(2):
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["reasons"]) == (
                503,
                {"health": "cannot be found out (KeyError): the log says more"},
            )
            assert 'onboarding_not_ready{part="health"} 1.0' in (await client.get("/metrics")).text
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        raised.clear()
        assert (await client.get("/readyz")).status_code == 200
        assert 'part="health"' not in (await client.get("/metrics")).text


async def test_a_signed_command_is_answered_and_counted(front: Front) -> None:
    answer = await front.slack(b"command=%2Fonboarding&text=help&user_id=U1&team_id=T1")
    assert (answer.status_code, answer.text) == (200, "hello")
    metrics = (await front.client.get("/metrics")).text
    assert 'onboarding_acks_total{kind="slash_commands",outcome="ok"}' in metrics


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ({"secret": "f" * 32}, 401, "signature"),
        ({"age": 302}, 401, "stale"),
        ({"age": -302}, 401, "stale"),
        ({"headers": {"X-Slack-Signature": ""}}, 401, "unsigned"),
        ({"headers": {"X-Slack-Request-Timestamp": "yesterday"}}, 401, "unsigned"),
        ({"headers": {"Content-Length": str(MAX_BYTES + 1)}}, 413, "malformed"),
        ({"headers": {"Content-Length": "9" * 5000}}, 413, "malformed"),
        ({"headers": {"Content-Length": "many"}}, 411, "malformed"),
    ],
)
async def test_what_is_not_from_slack_is_refused(
    front: Front, caplog: pytest.LogCaptureFixture, how: dict[str, Any], status: int, reason: str
) -> None:
    async def counted() -> float:
        told = (await front.client.get("/metrics")).text
        return float(told.split(f'onboarding_refused_requests_total{{reason="{reason}"}} ')[1].split("\n")[0])

    before = await counted()
    for _ in range(3):
        assert (await front.slack(b"command=%2Fonboarding&text=Flores", **how)).status_code == status
    assert await counted() == before + 3
    (line,) = caplog.records
    assert (line.__dict__["reason"], line.__dict__["requests"], "Flores" in caplog.text) == (reason, 1, False)
    assert (await front.slack(b"command=%2Fonboarding")).text == "hello"


def test_how_many_were_refused_is_told_with_the_next_a_minute_later(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    refused = RefusedRequests(lambda: now)
    reasons: tuple[Reason, ...] = ("stale", "stale", "unsigned", "stale")
    for reason in reasons:
        refused.add(reason)
    now = 60.0
    refused.add("stale")
    told = [(line.__dict__["reason"], line.__dict__["requests"]) for line in caplog.records]
    assert told == [("stale", 1), ("unsigned", 1), ("stale", 3)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", FORM),
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"7", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a":' * 100_000, FORM),
        (b'{"a":' + b"9" * 10_000 + b"}", "application/json"),
        (b"payload=", FORM),
        (b"payload=%5B%5D", FORM),
        (b"payload=null", FORM),
        (b"payload=%7B%7D&payload=7", FORM),
        (b'{"enterprise": 7}', "application/json"),
    ],
)
async def test_what_is_signed_and_no_payload_is_refused_and_logged_without_it(
    front: Front, caplog: pytest.LogCaptureFixture, body: bytes, kind: str
) -> None:
    assert (await front.slack(body, headers={"Content-Type": kind})).status_code == 400
    assert "makes no sense" in caplog.text
    assert (await front.slack(b"command=%2Fonboarding")).text == "hello"


stamps = st.one_of(st.integers().map(str), st.text(), st.sampled_from(["", "-1", "1e9", "NaN", "٣", "9" * 400, " 1 "]))
signatures = st.one_of(st.text(), st.sampled_from(["v0=", "v1=" + "0" * 64, "v0=" + "0" * 64, "v0=" + "é" * 64]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(body=st.binary(max_size=200), stamp=stamps, signed=signatures, now=st.booleans(), kind=st.text(max_size=20))
async def test_whatever_is_not_signed_gets_401(front: Front, body: bytes, stamp: str, signed: str, now: bool, kind: str) -> None:
    sent = {
        "x-slack-request-timestamp": str(int(time.time())) if now else stamp,
        "x-slack-signature": signed,
        "content-type": kind,
    }
    headers = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in sent.items()]
    assert (await front.client.post("/slack/events", content=body, headers=headers)).status_code == 401


async def test_only_posts_reach_the_events(front: Front) -> None:
    assert (await front.client.get("/slack/events")).status_code == 405


# -- connections


class Hasty(Connection):
    receive_seconds = 0.1
    max_connections = 3


class Patient(Connection):
    receive_seconds = 1e6


@asynccontextmanager
async def serving(connection: type[Connection] = Hasty, max_held: int = MAX_HELD) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """The front on a port of its own."""

    async def health() -> dict[str, str]:
        return {}

    listening = listener("127.0.0.1", 0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # what nobody reads soon piles up
    front = server([*slack_routes(bolt(), SECRET, max_held=max_held), *ops_routes(health)], connection)
    running = asyncio.create_task(front.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1], front
    finally:
        front.should_exit = True
        await running


@asynccontextmanager
async def served(connection: type[Connection] = Hasty) -> AsyncIterator[int]:
    async with serving(connection) as (port, _):
        yield port


def post(body: bytes) -> bytes:
    stamp = str(int(time.time()))
    head = f"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature(SECRET, stamp, body)}\r\n\r\n".encode()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came until the other side closed the connection."""
    async with asyncio.timeout(20):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def others_are_served(client: httpx.AsyncClient, port: int) -> None:
    """Sooner or later: on a busy machine, even an honest client may be too slow for the test's hasty server."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
                return


COMMAND = b"command=%2Fonboarding"


@pytest.mark.parametrize(
    "begin", [lambda: b"", lambda: b"\r\n", lambda: post(COMMAND) + COMMAND[:-1]], ids=("none", "a line", "a body")
)
async def test_a_request_that_never_ends_is_cut_off_and_others_are_served(begin: Callable[[], bytes]) -> None:
    async with served() as port, httpx.AsyncClient() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin())
        await others_are_served(client, port)
        assert await until_closed(reader) == b""
        writer.close()


async def test_who_keeps_connections_for_a_minute_finds_them_open() -> None:
    """As nginx and AWS's load balancers do: a press sent on one that the bot just closes would be lost."""
    async with serving() as (_, front):
        assert front.config.timeout_keep_alive > 60


async def test_a_request_that_comes_byte_by_byte_is_cut_off() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        closed = asyncio.create_task(until_closed(reader))
        for byte in b"POST /slack/events HTTP/1.1\r\n" + b"X-A: b\r\n" * 10_000:
            writer.write(bytes([byte]))
            done, _ = await asyncio.wait({closed}, timeout=0.01)
            if done:
                break
        assert await closed == b""
        writer.close()


async def test_endless_headers_are_cut_off() -> None:
    async with served(Patient) as port, httpx.AsyncClient() as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\n" + b"X-A: " + b"a" * 200_000)
        assert (await until_closed(reader))[:12] in (b"HTTP/1.1 400", b"")  # none where the rest was still on its way
        await others_are_served(client, port)
        writer.close()


@pytest.mark.parametrize("sizes", [(70_000,), (150_000, 70_000), (600_000,), (20, 150_000, 20)])
async def test_a_request_of_any_size_is_answered_though_it_comes_at_once_with_others(sizes: tuple[int, ...]) -> None:
    bodies = [COMMAND + b"&text=" + b"a" * size for size in sizes]
    async with served(Patient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(post(body) + body for body in bodies))
        async with asyncio.timeout(20):
            for _ in bodies:
                assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 400_000)
        assert (await until_closed(reader))[:12] in (b"HTTP/1.1 400", b"")
        writer.close()


async def test_bodies_that_nobody_signed_take_no_more_memory_than_is_set_aside() -> None:
    async with serving(Patient, max_held=300_000) as (port, _):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        unsigned = post(b"a" * 200_000)
        for _, writer in held:
            writer.write(unsigned + b"b" * 100_000)
        first = [asyncio.create_task(reader.readline()) for reader, _ in held]
        async with asyncio.timeout(20):
            refused, waiting = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            assert {one.result()[:12] for one in refused} == {b"HTTP/1.1 503"}
            assert waiting
            for _, writer in held:
                writer.write(b"b" * 100_000)
            assert {one[:12] for one in await asyncio.gather(*first)} == {b"HTTP/1.1 503", b"HTTP/1.1 401"}
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(COMMAND) + COMMAND)
            assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
            writer.close()
        for _, writer in held:
            writer.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.001)


async def test_who_reads_no_answers_is_cut_off() -> None:
    async with serving() as (port, front), httpx.AsyncClient() as client:
        with socket.socket() as here:
            here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            here.connect(("127.0.0.1", port))
            await until(lambda: bool(front.server_state.connections))
            here.setblocking(False)

            def is_over() -> bool:
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    here.send(b"GET /metrics HTTP/1.1\r\nHost: bot\r\n\r\n" * 50)
                return not front.server_state.connections

            await until(is_over)
        await others_are_served(client, port)


RAW = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /\xff HTTP/1.1\r\nHost: bot\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: bot\r\n\r\n",
    b"GET /healthz?%ff%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /slack/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"POST /slack/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n",
    b"POST /slack/events HTTP/1.1\r\nX-Slack-Request-Timestamp: \xd9\xa3\r\nX-Slack-Signature: \xff\r\nContent-Length: 1\r\n\r\nx",
    b"GET /slack/events HTTP/1.1\r\nHost: bot\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: bot\r\n\r\n",
    b"GET /healthz/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


async def test_whatever_comes_over_the_wire_is_refused_and_never_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as port, httpx.AsyncClient() as client:
        for raw in RAW:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(raw)
            async with asyncio.timeout(20):
                assert await reader.read(10) in (b"HTTP/1.1 4", b"HTTP/1.1 2", b""), raw
            writer.close()
        await others_are_served(client, port)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_too_many_connections_leave_room_for_others_again() -> None:
    async with served() as port, httpx.AsyncClient() as client:
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        readers = [(await asyncio.open_connection(sock=one)) for one in held]
        for reader, _ in readers:
            assert await until_closed(reader) == b""
        await others_are_served(client, port)
        for _, writer in readers:
            writer.close()


async def test_a_connection_is_used_again_and_no_answer_is_kept_or_guessed_at() -> None:
    async with served(Patient) as port, httpx.AsyncClient() as client:
        for _ in range(2):
            answer = await client.post(
                f"http://127.0.0.1:{port}/slack/events",
                content=COMMAND,
                headers=dict(line.split(": ") for line in post(COMMAND).decode().strip().split("\r\n")[1:]),
            )
            assert (answer.status_code, answer.text) == (200, "hello")
            assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
