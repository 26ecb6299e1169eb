"""The running process: bot, HTTP server and Socket Mode together, from startup to a graceful shutdown."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Sequence

import uvicorn

from bot.app import build
from bot.config.policies import load
from bot.config.settings import Exit, Settings
from bot.ops.http_server import Binding, bindings, listener, server
from bot.ops.startup_checks import VerificationError, verify
from bot.ops.warm_up import warm_up
from bot.slack.socket_mode import PING_SECONDS, SocketMode
from bot.slack.support_channel import FAULTS, UnfitChannelError
from bot.slack.web import ops_routes, slack_routes
from storage.lock import AlreadyRunningError, only_one
from storage.sealing import UnknownKey
from storage.store import Conflict, Unavailable

log = logging.getLogger("bot.ops.serve")

CHECK_SECONDS = 2.0
GARBAGE = 5_000
"""New objects, less those that went, after which the youngest are looked through for circles. Python's 700 is reached with each click."""


async def serve(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, or until Socket Mode is lost; finish what was acknowledged; return the exit code."""
    try:
        verify()
    except VerificationError as error:
        for fault in error.faults:
            log.error("the bot is incomplete: use the files of one version", extra={"fault": fault})  # noqa: TRY400  says it all
        return Exit.CONFIGURATION
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(only_one(settings.database_url))
        except AlreadyRunningError as error:
            log.error(  # noqa: TRY400  the file is all there is to know
                "another bot runs on this file: end that one first; SQLite is for one at a time, PostgreSQL for as many as you like",
                extra={"file": error.file},
            )
            return Exit.CONFIGURATION
        except OSError as error:
            log.error(  # noqa: TRY400  as above
                "the file beside the database that keeps a second bot away cannot be locked: let this user write the folder",
                extra={"error": str(error)},
            )
            return Exit.CONFIGURATION
        return await _serve(settings)


async def _serve(settings: Settings) -> int:
    with contextlib.ExitStack() as stack:
        listening = list[tuple[Binding, socket.socket]]()
        for binding in bindings(settings):
            try:
                listening.append((binding, stack.enter_context(listener(binding.host, int(binding.port)))))
            except OSError as error:
                log.error(  # noqa: TRY400  the address is all there is to know
                    "%s and %s cannot be used: set others, or stop what is using them",
                    *binding.variables,
                    extra={"host": binding.host, "port": binding.port, "error": error.strerror},
                )
                return Exit.CONFIGURATION
        return await _run(settings, listening)


async def _run(settings: Settings, listening: Sequence[tuple[Binding, socket.socket]]) -> int:
    policies = load(settings.config_file)
    bot = build(settings, policies)
    if settings.clock_file:
        log.warning(
            "CLOCK_FILE is set: the bot's clock is not the machine's; for demonstrations only",
            extra={"ahead": str(bot.adapters.clock.ahead)},
        )
    token = settings.slack_app_token.get_secret_value() if settings.slack_app_token and settings.socket_mode else ""
    silence = policies.socket_silence_seconds
    sockets = SocketMode(bot.bolt, token, give_up_after=silence, ping_seconds=min(PING_SECONDS, silence / 4)) if token else None

    async def health() -> dict[str, str]:
        wrong = dict(bot.ready())
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await bot.store.check()
        except TimeoutError:
            wrong["database"] = "does not answer"
        except (Unavailable, Conflict, UnknownKey) as error:
            wrong["database"] = str(error)
        if sockets is not None and (trouble := sockets.trouble()):
            wrong["socket_mode"] = trouble
        return wrong

    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else ""
    servers = []
    for binding, one in listening:
        routes = [
            *(slack_routes(bot.bolt, secret) if binding.slack else ()),
            *(ops_routes(health, bot.notices) if binding.ops else ()),
        ]
        servers.append((server(routes), one))
    try:
        await bot.start()
    except UnfitChannelError as error:
        what, how = FAULTS[error.fault]
        extra = {"channel": bot.support_channel.id, "how": how}
        log.error("SUPPORT_CHANNEL %s; all answers of all customers are shown there", what, extra=extra)  # noqa: TRY400  says it all
        for _, one in listening:
            one.close()
        await bot.stop()
        return Exit.CONFIGURATION
    _spare_the_collector()
    try:
        bot.background.later(warm_up(bot.store, policies.rules))
        for binding, one in listening:
            host, port = one.getsockname()[:2]
            extra = {"host": host, "port": port, "by": "Socket Mode" if sockets else "HTTP"}
            log.info("listening", extra={**extra, "slack": binding.slack, "ops": binding.ops})
        return await _until_told(servers, sockets)
    finally:
        await bot.stop()
        log.info("ended")


def _spare_the_collector() -> None:
    """What was imported stays: it isn't looked through again and again. Garbage in circles is some fifty small objects a click."""
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)


async def _until_told(servers: Sequence[tuple[uvicorn.Server, socket.socket]], sockets: SocketMode | None) -> int:
    """Receive requests until then. Both ways in end at once, so that the whole end takes less than a supervisor waits."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if sockets is not None:
        await sockets.start()
    running = [asyncio.create_task(one.serve(sockets=[listening])) for one, listening in servers]
    waiting = [*running, asyncio.create_task(told.wait())]
    lost = asyncio.create_task(sockets.lost()) if sockets else None
    if lost is not None:
        waiting.append(lost)
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        log.info("ending", extra={"why": "told to" if told.is_set() else "cannot go on"})
        if lost is not None and lost.done():
            return Exit.SOCKET_LOST
        return Exit.OK if told.is_set() else Exit.FAILED
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        for one, _ in servers:
            one.should_exit = True
        await asyncio.gather(*running, *([sockets.stop()] if sockets is not None else []), return_exceptions=True)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
