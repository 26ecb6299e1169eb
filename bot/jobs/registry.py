"""What a handler gets and returns, and which handler runs which effect."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.jobs.errors import EffectError, Impossible
from flows.outbox import Effect, UnreadableEffectError, load
from storage.outbox import Claim
from storage.unit import Unit

E = TypeVar("E", bound=Effect)


@dataclass(frozen=True)
class Run(Generic[E]):
    """One attempt at an effect. ``again``: an earlier attempt may have gone through, so look before repeating.

    ``result``: what earlier attempts kept for this one. ``asked_at``: None if that doesn't matter.
    """

    id: str
    onboarding_id: str
    effect: E
    again: bool = False
    result: Mapping[str, Any] = field(default_factory=dict)
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Finished:
    """``result``: ids to keep with the effect. ``also``: runs in the transaction that marks it as done; it may run
    more than once, see `Store.transact`. ``called``: False if there was nothing to do outside, so the channel's turn is free."""

    result: Mapping[str, Any] = field(default_factory=dict)
    also: Callable[[Unit], Awaitable[None]] | None = None
    called: bool = True


Handler = Callable[[Run[E]], Awaitable[Finished | None]]
"""Runs an effect at least once. Raises what `bot.jobs.errors.meaning` understands; anything else is a bug."""
Allows = Callable[[Effect], Awaitable[None]]
"""Asked before each attempt. Raises what keeps the effect from being done now, as a handler does."""
GivenUp = Callable[[Unit, Run[E], EffectError], Awaitable[bool]]
"""What to do when an effect is given up, in the transaction that records it. True if that tells everyone who must know."""


class HandlersError(Exception):
    """An effect with no handler or with two, or a handler with no effect; the process refuses to start."""


@dataclass(frozen=True)
class _Entry:
    does: Handler[Any]
    given_up: GivenUp[Any] | None


async def anything(_effect: Effect) -> None:
    """Allows it."""


class Handlers:
    """Handlers by the class of their effect."""

    def __init__(self, allows: Allows = anything) -> None:
        self._allows = allows
        self._entries: dict[type[Effect], _Entry] = {}

    def on(self, kind: type[E], does: Handler[E], given_up: GivenUp[E] | None = None) -> None:
        """Raises HandlersError if there is one already."""
        if kind in self._entries:
            raise HandlersError(f"{kind.__name__} has two handlers")
        self._entries[kind] = _Entry(does, given_up)

    async def do(self, claim: Claim) -> Finished | None:
        """One attempt. Raises what the handler raises, and Impossible if this version can't read or do it."""
        try:
            effect = load(claim.kind, claim.arguments)
        except UnreadableEffectError:
            raise Impossible("unknown_kind") from None
        entry = self._entries.get(type(effect))
        if entry is None:
            raise Impossible("unknown_kind")
        run = Run(
            claim.id,
            claim.onboarding_id,
            effect,
            again=claim.attempts > 1,
            result=claim.result,
            asked_at=claim.created_at,
        )
        await self._allows(effect)
        return await entry.does(run)

    def told_of_giving_up(self, effect: Effect) -> GivenUp[Any] | None:
        """What to call when it is given up, if alerting support isn't enough."""
        entry = self._entries.get(type(effect))
        return entry.given_up if entry is not None else None

    def check(self, effects: Iterable[type[Effect]]) -> None:
        """Raises HandlersError unless exactly these have a handler."""
        wanted = set(effects)
        without = sorted(kind.__name__ for kind in wanted - self._entries.keys())
        unknown = sorted(kind.__name__ for kind in self._entries.keys() - wanted)
        if without or unknown:
            raise HandlersError(f"without a handler: {without}; never asked for: {unknown}")
