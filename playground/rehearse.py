"""The whole journey by itself, headless, against the stand-ins: a transcript of who did and saw what. Exit code 0 if all is well.

python -m playground.rehearse [--http] [--to STEP]
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Collection

from flows.journey import JOURNEYS
from playground.acts import play, play_to
from playground.narrator import Narrator
from playground.office import Office
from playground.second_customer import play_second
from playground.walkthrough import Walkthrough

CUSTOMERS = ("first", "second")


def print_line(line: str) -> None:
    print(line, flush=True)


async def rehearse(
    *, socket_mode: bool = True, customers: Collection[str] = CUSTOMERS, to: str = "", tell: Callable[[str], None] = print_line
) -> int:
    """Play every act of these customers; or, with ``to``, that step of the first one's after those that it requires. The transcript goes
    to ``tell``, line by line. Returns the exit code; raises what did not come true.
    """
    began = time.monotonic()
    way = "in Socket Mode" if socket_mode else "over HTTP"
    if not to:
        tell(
            "Customers and two people of Pismo's support go through the whole journey, to production: Example Bank, by Slack Connect, with"
        )
        tell(
            "cards and lending, then Blue Coop, in Pismo's own workspace, with transaction banking."
            if len(customers) > 1
            else "cards and lending alone."
        )
    tell(f"The bot runs as a process of its own, {way}, over an embedded SQLite store.")
    tell("Ana and Bruno are Example Bank's, Gus, a guest, and Pat, a member, Blue Coop's, Sam and Kim are support. Kim reads")
    tell("Portuguese, Blue Coop's onboarding is in Spanish.")
    async with Office(socket_mode=socket_mode) as office:
        narrator = Narrator(office, tell)
        listening = asyncio.create_task(narrator.listen())
        try:
            if to:
                await play_to(Walkthrough(office, narrator), to)
            elif "first" in customers:
                await play(Walkthrough(office, narrator))
            if "second" in customers and not to:
                await play_second(office, narrator)
        except Exception:
            print(office.log.read_text()[-6000:], file=sys.stderr)
            raise
        finally:
            listening.cancel()
        narrator.catch_up()
        violations = list(office.slack.violations)
        calls, payloads = len(office.slack.calls), len(office.slack.deliveries)
        code = await office.stop_bot()
    for violation in violations:
        tell(f"Slack refused: {violation}")
    if code:
        tell(f"The bot ended with {code}.")
    tell(
        f"\n{payloads} payloads to the bot, {calls} calls to Slack, {len(violations)} refused; {time.monotonic() - began:.0f} s."
    )
    return 1 if violations or code else 0


async def _until_told(told: list[signal.Signals], asked: argparse.Namespace) -> int:
    """Ctrl-C and SIGTERM end it: everything started is stopped and removed. ``told`` gets the signal."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def break_off(how: signal.Signals) -> None:
        told.append(how)
        if task is not None:
            task.cancel()

    for how in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # even if Ctrl-C was ignored before, as in a script's background jobs
        loop.add_signal_handler(how, break_off, how)
    return await rehearse(socket_mode=not asked.http, to=asked.to)


def main() -> int:
    """The exit code: 0, 1 for what did not come true, 130 and 143 for Ctrl-C and SIGTERM."""
    reader = argparse.ArgumentParser(prog="python -m playground.rehearse", description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("--http", action="store_true", help="Slack reaches the bot over HTTP, not in Socket Mode")
    reader.add_argument(
        "--to", metavar="STEP", choices=JOURNEYS.latest.steps, default="", help="only this step, and those that it requires"
    )
    asked = reader.parse_args()
    told: list[signal.Signals] = []
    try:
        return asyncio.run(_until_told(told, asked))
    except asyncio.CancelledError:
        return 128 + told[0]


if __name__ == "__main__":
    sys.exit(main())
