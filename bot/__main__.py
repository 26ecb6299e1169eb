"""The entry point of ``pismo-onboarding``, the console script, and of ``python -m bot``."""

import gc
import signal
import sys
from types import FrameType

from bot.config.command import COMMAND


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # what a command imports is no garbage: it isn't looked through again and again meanwhile
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup has it ignored
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    from bot.ops.cli import main as cli  # noqa: PLC0415  counts as what a command imports

    cli(prog_name=COMMAND)


def _end(number: int, _: FrameType | None) -> None:
    """As after Ctrl-C, what a command has half made is taken away first: a copy of the database, for instance. `run` has its own way to
    end, once it listens."""
    signal.signal(number, signal.SIG_IGN)  # once is enough
    sys.exit(128 + number)  # as a shell has it


if __name__ == "__main__":
    main()
