"""Processes of the bot that begin with its code read: reading it takes a second of the processor, most of what starting one takes.

Each is a fork of one process that has read the code and done nothing else, by the standard library's fork server. It has an environment,
a folder and a session of its own, and ends and is killed as any other. Tests of the demo start the bot as an operator does.
"""

import asyncio
import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.code_read"])


class Warm:
    """A process that runs a module as ``python -m`` does; it has what is used of `asyncio.subprocess.Process`. ``out``, ``errors``: files
    that it writes to; ``held``: open files that it keeps open too; ``strict``: a warning is an error. Its standard input ends when this
    process does."""

    @staticmethod
    def watch(command: Sequence[str]) -> None:
        """Called with what is about to be started."""

    def __init__(
        self,
        *command: str,
        folder: Path,
        environment: Mapping[str, str],
        out: Path,
        errors: Path,
        held: Sequence[int] = (),
        strict: bool = False,
    ) -> None:
        self.watch(command)
        with contextlib.chdir(ROOT):  # where the server finds the code
            forkserver.ensure_running()
        theirs, self._input = os.pipe()
        keeps = [_Handed(fd) for fd in (theirs, *held)]
        self._process = FORKS.Process(
            target=_run, args=(command, folder, dict(environment), (out, errors), keeps, strict), daemon=True
        )
        self._process.start()
        os.close(theirs)
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """None as long as it lives; negative after a signal."""
        code = self._process.exitcode
        if code is not None and self._input >= 0:
            os.close(self._input)
            self._input = -1
        return code

    def write(self, line: str) -> None:
        """To its standard input."""
        os.write(self._input, f"{line}\n".encode())

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def end(self) -> None:
        """Back when it is killed, if it still lived."""
        self._process.kill()
        self._process.join()
        assert self.returncode is not None

    @classmethod
    async def run(cls, *command: str, folder: Path, environment: Mapping[str, str], strict: bool = False) -> tuple[int, str, str]:
        """To its end: its code, what it printed, and its errors."""
        with tempfile.TemporaryDirectory() as place:
            out, errors = Path(place, "out"), Path(place, "errors")
            process = cls(*command, folder=folder, environment=environment, out=out, errors=errors, strict=strict)
            try:
                code = await process.wait()
            finally:
                process.end()
            printed, wrong = (file.read_text() for file in (out, errors))
            return code, printed, wrong

    async def wait(self) -> int:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        with open(os.dup(self._process.sentinel), "rb") as sentinel:  # noqa: ASYNC230, PTH123  only looked at
            loop.add_reader(sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(sentinel)
        code = self.returncode
        assert code is not None
        return code


class _Handed:
    """An open file that becomes one of the process's own."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __reduce__(self) -> tuple[Any, ...]:
        return _taken, (DupFd(self.fd),)


def _taken(handed: Any) -> int:
    return int(handed.detach())


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    files: Sequence[Path],
    keeps: Sequence[int],
    strict: bool,
) -> None:
    """In the new process."""
    os.setsid()
    os.dup2(keeps[0], 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  until it ends
    for number, file in enumerate(files, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if strict:
        warnings.simplefilter("error")
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
