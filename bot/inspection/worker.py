"""The process that looks into what people send: it has no key, no token and no database of the bot, and ends with it.

``python -m bot.inspection.worker MODULE …``, the first to be loaded at once, the others while there is nothing to do, with a socket as its
standard input. A frame is a length of four bytes, big-endian, and as many bytes of JSON. In comes ``{"job": "module:function",
"arguments": […], "seconds": n}``, seconds of the processor. Out goes ``null`` once the first module is loaded, and for each job ``null``
once its own is, then ``{"result": …}`` or ``{"failed": "<exception>"}``.
"""

import importlib
import json
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

MEMORY = 384 * 1024 * 1024
"""Bytes of its own that it may have at most. An idle one has about a tenth."""
ELAPSED = 4.0
"""How many times the processor time of a job may pass on the clock: a busy machine is no fault of what was sent in."""
ORPHANED = 1.0
"""Seconds past that after which it ends by itself: when the bot was killed, nobody else ends it."""


def receive(connection: socket.socket) -> Any:
    """The next frame's JSON. Raises EOFError at the end."""
    return json.loads(_exactly(connection, int.from_bytes(_exactly(connection, 4))))


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 16))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def frame(message: Any) -> bytes:
    content = json.dumps(message).encode()
    return len(content).to_bytes(4) + content


def work(connection: socket.socket, later: list[str]) -> None:
    """Job after job, until the bot closes the connection or is gone. ``later``: modules to load meanwhile."""
    with suppress(EOFError, ConnectionError):
        while True:
            while later and not select.select([connection], [], [], 0)[0]:
                importlib.import_module(later.pop(0))
            asked = receive(connection)
            connection.sendall(frame(_done(connection, **asked)))


def _done(connection: socket.socket, job: str, arguments: list[Any], seconds: float) -> dict[str, Any]:
    """Of an exception only its name: its text could quote what was looked into."""
    try:
        module, _, name = job.partition(":")
        function = getattr(importlib.import_module(module), name)
        connection.sendall(frame(None))
        signal.setitimer(signal.ITIMER_PROF, seconds)  # of the processor; ends the process, whatever it is doing
        signal.setitimer(signal.ITIMER_REAL, ELAPSED * seconds + ORPHANED)
        return {"result": function(*arguments)}
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        return {"failed": type(error).__name__}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    with suppress(ValueError, OSError):  # not every system has it, or lets it be lowered
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no dump of what people typed
    connection = socket.socket(fileno=sys.stdin.fileno())
    importlib.import_module(sys.argv[1])
    connection.sendall(frame(None))
    work(connection, sys.argv[2:])


if __name__ == "__main__":
    main()
