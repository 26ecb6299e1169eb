"""Who acts: a person is the pair (home team, user id), never a name or an e-mail."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, order=True)
class Who:
    """A Slack person by their home team (``T…``) and user id."""

    team_id: str
    user_id: str

    def __str__(self) -> str:
        return f"{self.team_id}/{self.user_id}"


SYSTEM = Who("", "system")
"""The actor of what happens by itself: reminders, expiries, effects."""


class Side(StrEnum):
    """The two sides of an onboarding: whose turn it is, and who may press a button."""

    CUSTOMER = "customer"
    SUPPORT = "support"


class Role(StrEnum):
    """What a person is to one onboarding."""

    LEAD = "lead"
    COLLEAGUE = "colleague"
    SUPPORT = "support"
    OUTSIDER = "outsider"
    SYSTEM = "system"  # what happens by itself
