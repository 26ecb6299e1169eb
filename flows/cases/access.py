"""Who may do what. Every action declares it; `role_of` finds out what a person is to an onboarding; one check enforces it."""

from enum import StrEnum

from flows.model import LEFT, Member, Onboarding
from flows.people import SYSTEM, Role, Side, Who
from flows.ports import Unit
from flows.problems import Refused


class May(StrEnum):
    """Who may use an action."""

    SUPPORT = "support"
    CUSTOMER = "customer"  # people of this onboarding's customer
    EITHER = "either"  # the customer's people and support

    def check(self, role: Role) -> None:
        """Raises Refused("not_yours") for an outsider, Refused("support_only") or Refused("customer_only") for the other side."""
        if role in ALLOWED[self]:
            return
        if role is Role.OUTSIDER:
            raise Refused("not_yours")
        raise Refused("support_only" if self is May.SUPPORT else "customer_only")


ALLOWED: dict[May, frozenset[Role]] = {
    May.SUPPORT: frozenset({Role.SUPPORT, Role.SYSTEM}),
    May.CUSTOMER: frozenset({Role.LEAD, Role.COLLEAGUE, Role.SYSTEM}),
    May.EITHER: frozenset({Role.LEAD, Role.COLLEAGUE, Role.SUPPORT, Role.SYSTEM}),
}


def for_side(side: Side) -> May:
    """Who does a task of a side: support's people support's; the customer's people, or support for them, the customer's."""
    return May.SUPPORT if side is Side.SUPPORT else May.EITHER


class Access:
    """Knows the people of support; asks the store for the customers'.

    Support = member of the support channel (or of the configured user group) whose home team is the installing team.
    """

    def __init__(self) -> None:
        self.team_id = ""  # the installing team (or enterprise), once known
        self.support: frozenset[Who] = frozenset()

    def is_support(self, who: Who) -> bool:
        return who in self.support

    async def role_of(self, unit: Unit, who: Who, onboarding: Onboarding, channel_id: str = "") -> Role:
        """What a person is to an onboarding. ``channel_id``: where they clicked, as Slack signed it: being in the customer's channel
        and of the customer's company makes a colleague of someone new."""
        if who == SYSTEM:
            return Role.SYSTEM
        if self.is_support(who):
            return Role.SUPPORT
        foreign = bool(self.team_id) and onboarding.team_id != self.team_id
        is_there = foreign and who.team_id == onboarding.team_id and channel_id and channel_id == onboarding.channel_id
        if not is_there and not await self.is_member(unit, who, onboarding.id):
            return Role.OUTSIDER
        return Role.LEAD if who == Who(onboarding.team_id, onboarding.lead_id) else Role.COLLEAGUE

    async def is_member(self, unit: Unit, who: Who, onboarding_id: str) -> bool:
        """Whether a person of the customer is known, and was not seen leaving the channel."""
        member = await unit.get(Member, f"{onboarding_id}:{who}")
        return member is not None and member.role != LEFT

    def require_support(self, who: Who) -> None:
        """For what belongs to no onboarding: commands, the queue."""
        if not self.is_support(who):
            raise Refused("support_only")
