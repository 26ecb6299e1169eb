"""Why an effect was not done: whether to try again, and what support reads about it."""

from collections.abc import Mapping
from typing import Any

from bot.slack.errors import SlackError
from flows.problems import Refused
from storage.store import Conflict, Unavailable


class EffectError(Exception):
    """``key``: looked up as ``why.<key>``, never a text from outside. ``about``: details for the handler that is told it was given up;
    they may be personal, so they are in no log."""

    def __init__(self, key: str, about: Mapping[str, Any] | None = None) -> None:
        super().__init__(key)
        self.key, self.about = key, about or {}


class RetryLater(EffectError):  # noqa: N818  said by the other side, not a failure
    """Not now: in so many seconds."""

    def __init__(self, seconds: float, key: str = "ratelimited", about: Mapping[str, Any] | None = None) -> None:
        super().__init__(key, about)
        self.seconds = seconds


class Unreachable(EffectError):  # noqa: N818  as above
    """No answer, or one that says nothing: it may have happened or not. Tried again, ever more slowly."""


class Impossible(EffectError):  # noqa: N818  as above
    """It will never work as it is: the channel is gone, the bot is not in it. Given up at once."""


def meaning(error: Exception) -> EffectError | None:
    """What a handler's exception says about trying again; None for a fault of ours."""
    found: EffectError | None = None
    match error:
        case EffectError():
            found = error
        case SlackError(retry_after=float(seconds)):
            found = RetryLater(seconds)
        case SlackError():
            found = Unreachable(error.error) if error.transient else Impossible(error.error)
        case Conflict() | Unavailable():
            found = Unreachable("database")
        case TimeoutError() | ConnectionError():
            found = Unreachable("unreachable")
        case Refused():
            found = Impossible(error.key)
    return found
