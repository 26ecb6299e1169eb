"""The demo's clock, which can be moved ahead: the stand-ins and the bot use it, the bot through its CLOCK_FILE."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from bot.config import clock
from flows import business_time
from flows.business_time import BusinessDuration, Calendar

CUSTOMER = Calendar("America/Sao_Paulo", country="BR", subdivision="SP")
"""When the demo's customer works."""

MOVES: Mapping[str, BusinessDuration] = MappingProxyType(
    {
        "+1 hour": BusinessDuration(seconds=3600),
        "+1 business day": BusinessDuration(days=1),
        "+3 days": BusinessDuration(seconds=3 * 86_400),
    }
)


class DemoClock(clock.Clock):
    """It never goes back: what the bot has stored would then be in the future."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._file = path

    def time(self) -> float:
        """Unix seconds, as Slack's and Pismo's timestamps count them."""
        return self().timestamp()

    def advance(self, seconds: float) -> timedelta:
        """Move on; returns how far ahead it is then. Raises ValueError for a negative value, or beyond ten years."""
        ahead = self.ahead.total_seconds() + seconds
        if seconds < 0 or ahead > clock.MAX_SECONDS:
            raise ValueError("the clock moves ahead alone, and at most ten years")
        fresh = self._file.with_name(self._file.name + ".new")
        fresh.write_text(f"{ahead:.6f}\n")
        fresh.replace(self._file)
        return self.ahead

    def move(self, how: str) -> timedelta:
        """One of MOVES; a business day ends in the customer's opening hours."""
        now = self()
        return self.advance((after(now, MOVES[how]) - now).total_seconds())


def after(moment: datetime, duration: BusinessDuration) -> datetime:
    """Business days by the customer's calendar, everything else by the clock."""
    if duration.days:
        return business_time.add(CUSTOMER, moment, duration)
    return moment + duration.elapsed
