"""A demo with a crowd of customers (`playground.customers`).

python -m playground.crowd 1000 [--folder .crowd] [--serve] [--port N]
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from playground import demo
from playground.customers import add_customers
from playground.lasting import LastingOffice, clear
from playground.office import ROOT

FOLDER = ROOT / ".crowd"


async def make(folder: Path, count: int, held: Sequence[int]) -> None:
    """A demo's folder with so many customers. What the bot is to post for them waits for it."""
    clear(folder)
    async with LastingOffice(folder, held=held, bot=False) as office:
        await add_customers(office, count, demo.say)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m playground.crowd", description="A demo with a crowd of customers.")
    parser.add_argument("count", type=int, help="how many customers")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where all is kept (default: .crowd in the project)")
    parser.add_argument("--serve", action="store_true", help="and the demo's page on it")
    parser.add_argument("--port", type=int, default=demo.PORT, help="the page's port (default: %(default)s)")
    asked = parser.parse_args(words)
    serving = ["--folder", str(asked.folder), "--port", str(asked.port)]
    try:
        with demo.locked(asked.folder) as held:
            asyncio.run(make(asked.folder, asked.count, [held]))
    except demo.DemoRefusedError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.serve:
        return demo.main([*serving, "--no-browser"])
    demo.say(f"To look at it: python -m playground.demo {' '.join(serving)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
