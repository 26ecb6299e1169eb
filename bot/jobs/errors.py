"""Why an effect failed: whether to try again, and what support reads about it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bot.slack.errors import SlackError
from flows.problems import Refused
from storage.audit import Altered
from storage.sealing import UnknownKey
from storage.store import Conflict, Unavailable


class EffectError(Exception):
    """``key``: looked up as ``why.<key>``, never text from outside. ``about``: details for the handler's ``given_up``; they may
    be personal, so they are never logged. ``kept``: what its next attempt finds in `Run.result`, beside what was there."""

    def __init__(self, key: str, about: Mapping[str, Any] | None = None) -> None:
        super().__init__(key)
        self.key, self.about = key, about or {}
        self.kept: Mapping[str, Any] = {}


class RetryLater(EffectError):  # noqa: N818  requested by the other side, not a failure
    """Not now; try again in ``seconds``. ``partly``: something of it was done before, so next time it must be looked for.
    ``of_channel``: all else that goes into its channel is to wait too."""

    def __init__(
        self,
        seconds: float,
        key: str = "ratelimited",
        about: Mapping[str, Any] | None = None,
        *,
        partly: bool = False,
        of_channel: bool = True,
    ) -> None:
        super().__init__(key, about)
        self.seconds, self.partly, self.of_channel = seconds, partly, of_channel


class Pending(RetryLater):
    """In the ordinary course: what it waits for is under way, or in another's hands. Nobody told it to slow down."""


SOON, LATER = 0.5, 30.0
"""Seconds between two looks at what Pismo is doing, at least and at most."""


def look_again(age: timedelta, about: Mapping[str, Any] | None = None) -> Pending:
    """Pismo is still at it: after a sixth of the time it has taken, so that what is quick is seen soon, what is slow seldom asked for."""
    return Pending(min(LATER, max(SOON, age.total_seconds() / 6)), about=about, of_channel=False)


class Withheld(EffectError):  # noqa: N818  as above
    """It may not be posted where it belongs, until people mend that: it waits, however old it gets."""


class Unreachable(EffectError):  # noqa: N818  as above
    """No answer, or an inconclusive one: it may or may not have happened. Retried with growing pauses."""


class Impossible(EffectError):  # noqa: N818  as above
    """It can't work as things are, e.g. the channel is gone or the bot isn't in it. Given up at once."""


@contextmanager
def later_part(*, begun: bool) -> Iterator[None]:
    """Around each of several calls. ``begun``: one went through, so that being told to wait doesn't mean that nothing was done."""
    try:
        yield
    except SlackError as error:
        if begun and error.retry_after is not None:
            raise RetryLater(error.retry_after, partly=True, of_channel=error.of_channel) from None
        raise


def meaning(error: Exception) -> EffectError | None:
    """What a handler's exception means for retrying; None for a bug."""
    found: EffectError | None = None
    match error:
        case EffectError():
            found = error
        case SlackError(retry_after=float(seconds)):
            found = RetryLater(seconds, of_channel=error.of_channel)
        case SlackError():
            found = Unreachable(error.error) if error.transient else Impossible(error.error, {"scope": error.scope})
        case Conflict() | Unavailable():
            found = Unreachable("database")
        case UnknownKey():  # another process seals with a key that this one was not given yet
            found = Unreachable("key_unknown")
        case TimeoutError() | ConnectionError():
            found = Unreachable("unreachable")
        case Altered():
            found = Impossible("altered_log")
        case Refused():
            found = Impossible(error.key)
    return found
