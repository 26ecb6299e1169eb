"""Where a write stands in a trace of whoever runs the store, which is not this room's matter: it keeps the place with what it stores."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Traced(Protocol):
    """One write. ``traceparent``: its place (W3C Trace Context), kept with the effects that it asks for; empty without a trace."""

    @property
    def traceparent(self) -> str: ...

    def joins(self, traceparent: str) -> None:
        """An effect that another write asked for is done for this one too: that one's place."""


class Untraced:
    traceparent = ""

    def joins(self, traceparent: str) -> None:
        """Nobody wants to know."""


Tracing = Callable[[], AbstractContextManager[Traced]]
"""Entered around each write."""

UNTRACED = Untraced()


def untraced() -> AbstractContextManager[Traced]:
    return nullcontext(UNTRACED)
