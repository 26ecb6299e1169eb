"""The customer's people: who joins their channel and who leaves it."""

from collections.abc import Collection

from flows.cases import departures
from flows.cases.case import Case
from flows.cases.presence import SIDES, held, holders
from flows.model import COLLEAGUE, LEAD, LEFT, Member, Snapshot
from flows.outbox import DrawHome
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit
from flows.problems import Refused


def member_of(onboarding_id: str, who: Who, role: str) -> Member:
    return Member(id=f"{onboarding_id}:{who}", onboarding_id=onboarding_id, team_id=who.team_id, user_id=who.user_id, role=role)


async def join(case: Case, who: Who, *, welcome: bool) -> bool:
    """Remember someone at the customer; whoever just joined the channel is welcomed once. False: already known."""
    member = member_of(case.id, who, LEAD if who == case.snapshot.lead() else COLLEAGUE)
    known = await case.unit.get(Member, member.id)
    if known is not None and known.role != LEFT:
        return False
    if known is not None:
        known.role = member.role
    else:
        case.unit.add(member)
        case.snapshot.members.append(member)
    departures.come_back(case, who.user_id, Side.CUSTOMER)
    case.log("member:join", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    if known is None and welcome and not (case.onboarding.closed_at or case.onboarding.severed_at):
        case.tell(who, "welcome", customer=case.onboarding.customer)
    return True


def be_back(case: Case, who: Who) -> None:
    """Someone who was seen leaving is in the channel all the same: the event that they came back was lost."""
    for member in case.snapshot.members:
        if Who(member.team_id, member.user_id) == who and member.role == LEFT:
            member.role = LEAD if who == case.snapshot.lead() else COLLEAGUE
            departures.come_back(case, who.user_id, Side.CUSTOMER)
            case.log("member:join", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id})


def take_in(case: Case, who: Who) -> None:
    """Somebody whom support chose to lead or to do a step is the customer's from now on: of its company, or of the installing workspace.

    Raises Refused("not_in_onboarding") for somebody of a third company.
    """
    if who.team_id not in (case.onboarding.team_id, case.actor.team_id):
        raise Refused("not_in_onboarding")
    if any(Who(one.team_id, one.user_id) == who for one in case.snapshot.members):
        be_back(case, who)
        return
    member = member_of(case.id, who, LEAD if who == case.snapshot.lead() else COLLEAGUE)
    case.unit.add(member)
    case.snapshot.members.append(member)
    case.log("member:join", facts={"team": who.team_id, "user": who.user_id})


async def leave(case: Case, who: Who) -> None:
    """Someone at the customer left the channel: their input stays, but they no longer see the onboarding, and are not called."""
    member = await case.unit.get(Member, f"{case.id}:{who}")
    if member is None and who.user_id in needed(case.snapshot):  # they were given a step before anything was told of them
        member = member_of(case.id, who, COLLEAGUE)
        case.unit.add(member)
        case.snapshot.members.append(member)
    if member is None or member.role == LEFT:
        return
    member.role = LEFT
    case.log("member:leave", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    case.ask(DrawHome(team=who.team_id, user=who.user_id))
    departures.leave(case, who, Side.CUSTOMER)


def present(snapshot: Snapshot) -> set[str]:
    """The user ids of the customer's people who are in their channel, as far as is known."""
    return {one.user_id for one in snapshot.members if one.role != LEFT}


def needed(snapshot: Snapshot) -> list[str]:
    """The user ids of those at the customer who lead, or were given a step in which something is left to do."""
    kinds = {user_id: held(snapshot, user_id) for user_id in holders(snapshot)}
    return [user_id for user_id, found in kinds.items() if any(SIDES[kind] is Side.CUSTOMER for kind in found)]


async def follow(case: Case, there: Collection[str]) -> None:
    """Who isn't in the customer's channel any more has left it: an event may have been lost, and Slack tells of none who leave with their
    account. Who comes back is told, or presses something.

    ``there``: user ids.
    """
    if case.onboarding.severed_at:
        return
    known = {one.user_id: Who(one.team_id, one.user_id) for one in case.snapshot.members}
    given = {one: Who(case.onboarding.team_id, one) for one in needed(case.snapshot)}
    for user_id, who in sorted({**given, **known}.items()):
        if user_id not in there:
            await leave(case, who)


def redraw_home(unit: Unit, who: Who) -> None:
    """Somebody who belongs to no onboarding may see something else: who is no longer support."""
    unit.ask("", DrawHome(team=who.team_id, user=who.user_id))
