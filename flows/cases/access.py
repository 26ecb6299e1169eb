"""Who may do what. Every action declares it; `role_of` gives a person's role in an onboarding; one check enforces it."""

from enum import StrEnum

from flows.model import LEFT, Snapshot
from flows.people import SYSTEM, Role, Side, Who
from flows.problems import Refused


class May(StrEnum):
    """Who may use an action."""

    SUPPORT = "support"
    CUSTOMER = "customer"  # this onboarding's customer
    EITHER = "either"  # the customer's people and support

    def check(self, role: Role) -> None:
        """Raises Refused("not_in_onboarding") for an outsider, Refused("not_shared") for the former customer's people,
        Refused("support_only") or Refused("customer_only") for the other side."""
        if role in ALLOWED[self]:
            return
        if role is Role.OUTSIDER:
            raise Refused("not_in_onboarding")
        if role is Role.FORMER:
            raise Refused("not_shared")
        raise Refused("support_only" if self is May.SUPPORT else "customer_only")


ALLOWED: dict[May, frozenset[Role]] = {
    May.SUPPORT: frozenset({Role.SUPPORT, Role.SYSTEM}),
    May.CUSTOMER: frozenset({Role.LEAD, Role.COLLEAGUE, Role.SYSTEM}),
    May.EITHER: frozenset({Role.LEAD, Role.COLLEAGUE, Role.SUPPORT, Role.SYSTEM}),
}


def for_side(side: Side) -> May:
    """Who may do a side's tasks: support does its own; the customer's can be done by their people or by support."""
    return May.SUPPORT if side is Side.SUPPORT else May.EITHER


class Access:
    """Knows who is in support; the customer's people are in their onboarding.

    Support: members of the support channel (or the configured user group) whose home team is the installing team.
    """

    def __init__(self) -> None:
        self.team_id = ""  # the installing team (or enterprise), once known
        self.enterprise_id = ""  # its Enterprise Grid organization, if any
        self.support: frozenset[Who] = frozenset()

    def is_support(self, who: Who) -> bool:
        return who in self.support

    def role_of(self, who: Who, snapshot: Snapshot, channel_id: str = "") -> Role:
        """A person's role in an onboarding. ``channel_id``: where they clicked, signed by Slack. Someone new in the customer's
        channel and from the customer's company counts as a colleague; of the installing workspace, only whoever is recorded as the
        customer's, since others there may be Pismo's. Once the channel is severed, the customer's people are former."""
        onboarding = snapshot.onboarding
        if who == SYSTEM:
            return Role.SYSTEM
        if self.is_support(who):
            return Role.SUPPORT
        foreign = bool(self.team_id) and onboarding.team_id != self.team_id
        is_there = foreign and who.team_id == onboarding.team_id and channel_id and channel_id == onboarding.channel_id
        if not is_there and not is_member(snapshot, who):
            return Role.OUTSIDER
        if onboarding.severed_at:
            return Role.FORMER
        return Role.LEAD if who == snapshot.lead() else Role.COLLEAGUE

    def require_support(self, who: Who) -> None:
        """For what is outside any onboarding: support's commands, the queue. Raises Refused("not_in_support")."""
        if not self.is_support(who):
            raise Refused("not_in_support")


def is_member(snapshot: Snapshot, who: Who) -> bool:
    """Whether this is a known person of the customer who hasn't been seen leaving the channel."""
    return any(Who(member.team_id, member.user_id) == who and member.role != LEFT for member in snapshot.members)
