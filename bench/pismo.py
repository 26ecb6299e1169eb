"""What the Pismo client adds to bare httpx on the same TLS connection, and to PyJWT alone when checking a JWT with a loaded key.

One run, taking turns: each round does a number of the one, then as many of the other. The server answers every call alike; for
both, it is in this process.
"""

import asyncio
import ssl
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import SecretStr

from bench.aims import Aim, Row
from flows.checks import claims
from pismo.client import Pismo
from pismo.tls import ClientTls
from playground.pismo import Sandbox, Signer
from playground.pismo.tls import ServerTls

ROUNDS, CALLS, CHECKS = 40, 25, 100
CALL_AIM, CHECK_AIM = 1.3, 1.2


async def timed(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Average seconds of one, over so many times."""
    began = time.perf_counter()
    for _ in range(times):
        await work()
    return (time.perf_counter() - began) / times


@asynccontextmanager
async def server(sandbox: Sandbox) -> AsyncIterator[str]:
    """An address that answers an organization at once, over TLS that asks for a certificate of the sandbox's authority."""
    if sandbox.authority is None:
        raise ValueError("a sandbox over TLS is needed")

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"id": "TN-bench", "official_name": "Acme", "city": "Recife", "country_code": "BRA"})

    app = web.Application()
    app.router.add_get("/orgs-core/v1/orgs/TN-bench", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ServerTls(sandbox.authority).context)
        await site.start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def calls(sandbox: Sandbox, url: str) -> tuple[float, float]:
    """Median seconds of a call: bare httpx, the client."""
    settings, token = sandbox.settings, SecretStr(Signer().assertion("TN-bench"))
    tls = ClientTls(settings["PISMO_CLIENT_CERT"], SecretStr(settings["PISMO_CLIENT_KEY"]), settings["PISMO_CA_FILE"])
    context = ssl.create_default_context(cafile=settings["PISMO_CA_FILE"])
    context.load_cert_chain(settings["PISMO_CLIENT_CERT"], settings["PISMO_CLIENT_KEY"])
    headers = {"authorization": f"Bearer {token.get_secret_value()}", "x-tenant": "TN-bench"}
    bare: list[float] = []
    ours: list[float] = []
    async with httpx.AsyncClient(base_url=url, verify=context) as http, Pismo(url, tls=tls) as client:

        async def ask_bare() -> None:
            (await http.get("/orgs-core/v1/orgs/TN-bench", headers=headers)).raise_for_status().json()

        async def ask_ours() -> None:
            await client.get_organization(token, "TN-bench")

        for work in (ask_bare, ask_ours):  # connect, and set up whatever is set up once
            await timed(work, CALLS)
        for number in range(ROUNDS):
            turns = ((bare, ask_bare), (ours, ask_ours))
            for times, work in turns if number % 2 else reversed(turns):
                times.append(await timed(work, CALLS))
    return statistics.median(bare), statistics.median(ours)


async def checks() -> tuple[float, float]:
    """Median seconds of a check of signature, issuer, audience and times: PyJWT, ours."""
    signer = Signer()
    text = signer.assertion("TN-bench")
    key = load_pem_public_key(signer.public_key.encode())
    expected = claims.Expected("TN-bench", signer.iss, signer.sub, signer.aud, signer.public_key)
    alone: list[float] = []
    ours: list[float] = []

    async def check_alone() -> None:
        jwt.decode(text, key, algorithms=["RS256"], audience=signer.aud, issuer=signer.iss)  # type: ignore[arg-type]  # an RSA key

    async def check_ours() -> None:
        if claims.check_assertion(text, expected, datetime.now(UTC)):
            raise AssertionError("a good JWT was refused")

    for work in (check_alone, check_ours):
        await timed(work, CHECKS)
    for number in range(ROUNDS):
        turns = ((alone, check_alone), (ours, check_ours))
        for times, work in turns if number % 2 else reversed(turns):
            times.append(await timed(work, CHECKS))
    return statistics.median(alone), statistics.median(ours)


def row(what: str, alone: float, ours: float, aim: Aim) -> Row:
    return Row(what, f"alone {alone * 1e6:.0f} µs, ours {ours * 1e6:.0f} µs", (aim,))


async def called() -> Row:
    async with Sandbox() as sandbox, server(sandbox) as url:
        alone, ours = await calls(sandbox, url)
    return row("a call of Pismo, one TLS connection", alone, ours, Aim(ours / alone, CALL_AIM, "× httpx"))


async def checked() -> Row:
    alone, ours = await checks()
    return row("the check of a customer's JWT", alone, ours, Aim(ours / alone, CHECK_AIM, "× PyJWT"))


def measure() -> Iterator[Row]:
    yield asyncio.run(called())
    yield asyncio.run(checked())
