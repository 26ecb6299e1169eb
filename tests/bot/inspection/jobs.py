"""What the tests of the inspections have done in its processes."""

import os
import re


def echo(text: str) -> str:
    return text


def pid() -> int:
    return os.getpid()


def spin() -> None:
    while True:
        pass


def backtrack() -> None:
    """Inside one call of C, where no signal handler of Python is reached."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def grow() -> int:
    return len(bytearray(1 << 40))


def die() -> None:
    os._exit(1)


def environment() -> dict[str, str]:
    return dict(os.environ)
