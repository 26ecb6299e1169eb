"""The bot as `python -m bot run` starts it, ending with whoever started it: however they end, its standard input closes too."""

import os
import signal
import sys
import threading
import time

PATIENCE = 10.0
"""Seconds it gets for a graceful end on its own."""


def end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


def run() -> None:
    threading.Thread(target=end_with_input, daemon=True).start()
    from bot.ops.cli import main  # noqa: PLC0415  after the thread has started: importing takes a while

    main(["run"])


if __name__ == "__main__":
    run()
