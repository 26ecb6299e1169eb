"""What is sealed of an effect: its arguments, with the columns that decide what is done with them and where they go. So nobody makes an
effect of another kind or of another customer of one that was asked for, or one that doesn't wait for support's channel."""

from collections.abc import Mapping
from typing import Any

from flows.outbox import BOUND, Effect, dump
from storage.columns import canonical
from storage.reading import DamagedError
from storage.sealing import Place
from storage.tables import effects


def arguments_text(effect: Effect, onboarding_id: str, pace: str) -> str:
    """What is to be sealed."""
    return canonical({**dump(effect), BOUND: [onboarding_id, effect.kind, pace]})


def require_bound(arguments: Mapping[str, Any], effect_id: str, onboarding_id: str, kind: str, pace: str) -> None:
    """Raises DamagedError if the opened arguments are not this row's, or were erased."""
    if arguments.get(BOUND) != [onboarding_id, kind, pace]:
        place = Place(effects.name, "arguments", effect_id)
        raise DamagedError(f"{place}: asked for with another onboarding, kind or pace, or erased")
