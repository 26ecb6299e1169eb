"""The whole journey by itself, headless, against the stand-ins: a transcript of who did and saw what. Exit code 0 when all came true.

python -m playground.rehearse
"""

import asyncio
import sys
import time

from playground.acts import play
from playground.journey import Journey
from playground.office import Office

WIDTH = 8


def tell(who: str, what: str) -> None:
    for number, line in enumerate(what.splitlines() or [""]):
        print(f"{who if number == 0 else '':>{WIDTH}}  {line}", flush=True)


async def rehearse() -> int:
    """Play every act; the transcript goes to standard output."""
    began = time.monotonic()
    tell("", "A customer of another company and two people of Pismo's support go through all seven steps.")
    tell("", "The bot runs as a process of its own, in Socket Mode, over an embedded SQLite store.")
    async with Office() as office:
        try:
            await play(Journey(office, tell))
        except Exception:
            print(office.log.read_text()[-6000:], file=sys.stderr)
            raise
        violations = office.slack.violations
        calls, clicks = len(office.slack.calls), len(office.slack.deliveries)
    for violation in violations:
        tell("Slack", f"refused: {violation}")
    tell(
        "", f"{clicks} payloads to the bot, {calls} calls to Slack, {len(violations)} refused; {time.monotonic() - began:.0f} s."
    )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(rehearse()))
