"""Who acts: a person is the pair (home team, user id), never a name or an email address."""

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
"""The actor of whatever happens automatically: reminders, expiries, effects."""


class Side(StrEnum):
    """The two sides of an onboarding: whose turn it is, and who may click a button."""

    CUSTOMER = "customer"
    SUPPORT = "support"


class Role(StrEnum):
    """A person's role in one onboarding."""

    LEAD = "lead"
    COLLEAGUE = "colleague"
    SUPPORT = "support"
    FORMER = "former"  # of the customer, whose channel is no longer shared
    OUTSIDER = "outsider"
    SYSTEM = "system"  # whatever happens automatically
