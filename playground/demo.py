"""The bot to try without Slack: a page in the browser with the customers and Pismo's support side by side.

python -m playground.demo [--port N] [--fresh] [--no-browser]
"""

import argparse
import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import sys
import time
import webbrowser
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from playground.lasting import LastingOffice, clear
from playground.life import life_of
from playground.office import ROOT
from playground.page.office_page import OfficePage
from playground.page.server import ServedPage, serve
from playground.page.try_this import tips
from playground.page.words import FALLBACK
from playground.saving import SavedError
from playground.seed import seed
from playground.slack import UnmetError

HERE = "127.0.0.1"
PORT = 8080
PORTS_TRIED = 50
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 15.0
"""Seconds within which a killed demo's bot exits."""
FLAG = "--yes-other-machines-may-use-it"
BEGIN_ANEW = "Start over with: make demo FRESH=1"
HELLO = """
Open {url}

Left is the Slack of customers, right is that of Pismo's support; the real bot serves all. To try:
{try_this}
  - Below, press "Play the next step for me", or switch on a fault.
{where}
Ctrl-C ends it; the next start continues from there. make demo FRESH=1 starts over.
"""
ONLY_HERE = "The page is for this machine alone."
NOT_ONLY_HERE = "Whoever reaches this machine can use the page: it asks nobody who they are."


class DemoRefusedError(Exception):
    """The demo cannot start; the text says why and what to do."""


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m playground.demo", description="The bot in a page of the browser, without Slack."
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="the page's port; when it is in use, the next free one (default: %(default)s)"
    )
    parser.add_argument("--host", default=HERE, help=f"another address than {HERE}; needs {FLAG}")
    parser.add_argument(FLAG, dest="others", action="store_true", help="the page doesn't ask who they are")
    parser.add_argument(
        "--fresh", action="store_true", default=os.environ.get("FRESH", "") not in ("", "0"), help="forget what was; also FRESH=1"
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument("--no-seed", dest="seed", action="store_false", help="begin with an empty workspace")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where all is kept (default: .demo in the project)")
    asked = parser.parse_args(words)
    if asked.host != HERE and not asked.others:
        parser.error(f"the page doesn't ask who they are, so it listens only on {HERE}; if others may use it, add {FLAG}")
    if not 0 <= asked.port <= 65535:
        parser.error("a port is a number from 0 to 65535")
    return asked


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """One demo per folder at a time. Gives the open lock, which the bot holds too, since it may outlive a killed demo.

    Raises:
        DemoRefusedError: another demo is running there.

    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if _runs(folder / "pid") or time.monotonic() > deadline:
                    raise DemoRefusedError(f"A demo runs in {folder} already. Use its page, or end it with Ctrl-C.") from None
                time.sleep(0.1)
        (folder / "pid").write_text(str(os.getpid()))
        try:
            yield lock.fileno()
        finally:
            (folder / "pid").unlink(missing_ok=True)


def _runs(pid: Path) -> bool:
    """Whether the process that wrote this file is alive."""
    try:
        os.kill(int(pid.read_text()), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def say(words: str) -> None:
    with contextlib.suppress(OSError):  # a closed terminal
        print(words, flush=True)


@contextlib.asynccontextmanager
async def served(page: ServedPage, host: str, port: int) -> AsyncIterator[str]:
    """At the port, or at the next free one. Raises DemoRefusedError."""
    last = min(port + PORTS_TRIED, 65536) if port else 1
    for tried in range(port, last):
        async with contextlib.AsyncExitStack() as stack:
            try:
                url = await stack.enter_async_context(serve(page, host, tried))
            except OSError as error:
                if tried == last - 1 or not _taken(error):
                    raise DemoRefusedError(
                        f"The page cannot be served at {host}, port {tried}: {error.strerror or error}."
                    ) from None
                say(f"Port {tried} is in use.")
                continue
            yield url
            return


def _taken(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)


async def run(asked: argparse.Namespace, held: int) -> None:
    """Run until asked to stop. Raises DemoRefusedError."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ENDS:
        loop.add_signal_handler(number, told.set)
    running = asyncio.create_task(_run(asked, held))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        say("\nEnding.")
        running.cancel()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _run(asked: argparse.Namespace, held: int) -> None:
    """The whole demo; it ends by cancellation."""
    if asked.fresh:
        clear(asked.folder)
    office = LastingOffice(asked.folder, held=[held])
    say("Starting the stand-ins for Slack and Pismo, and the bot ...")
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(office)
        except SavedError as error:
            raise DemoRefusedError(f"What {asked.folder} holds cannot be used: {error}. {BEGIN_ANEW}") from None
        say(f"Slack's stand-in listens at {office.slack.url}, Pismo's at {office.pismo.url}, the bot at {office.url}.")
        life = life_of(office)
        life.also = say
        if office.fresh and asked.seed:
            say("Two companies and their people are made up, and begin:")
            await seed(office, lambda words: say(f"  {words}"))
        elif not office.fresh:
            say("Continuing where it was left.")
        watching = asyncio.create_task(life.keeper.watch())
        stack.callback(watching.cancel)
        url = await stack.enter_async_context(served(OfficePage(office), asked.host, asked.port))
        try_this = "\n".join(f"  - {tip.words(FALLBACK)}" for tip in tips(office))
        say(HELLO.format(url=url, try_this=try_this, where=ONLY_HERE if asked.host == HERE else NOT_ONLY_HERE))
        if asked.browser:
            await asyncio.to_thread(show, url)
        await asyncio.Event().wait()


def show(url: str) -> bool:
    """Open the browser if there is a screen; without one, a text browser would take over the terminal."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    with contextlib.suppress(webbrowser.Error):
        return webbrowser.open(url)
    return False


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0 when it was asked to stop, 1 when it could not go on, 2 for wrong arguments."""
    asked = arguments(sys.argv[1:] if words is None else words)
    try:
        with locked(asked.folder) as held:
            asyncio.run(run(asked, held))
    except DemoRefusedError as error:
        print(error, file=sys.stderr)
        return 1
    except UnmetError as error:
        print(f"The demo didn't start as it should: {str(error).splitlines()[0]}\n{BEGIN_ANEW}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
