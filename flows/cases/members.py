"""The customer's people: who joins their channel and who leaves it."""

from flows.cases.case import Case
from flows.model import COLLEAGUE, LEFT, Member
from flows.outbox import DrawHome
from flows.people import SYSTEM, Who
from flows.ports import Unit


def member_of(onboarding_id: str, who: Who, role: str) -> Member:
    return Member(id=f"{onboarding_id}:{who}", onboarding_id=onboarding_id, team_id=who.team_id, user_id=who.user_id, role=role)


async def join(case: Case, who: Who, *, welcome: bool) -> bool:
    """Remember someone at the customer; whoever just joined the channel is welcomed once. False: already known."""
    member = member_of(case.id, who, COLLEAGUE)
    known = await case.unit.get(Member, member.id)
    if known is not None and known.role != LEFT:
        return False
    if known is not None:
        known.role = member.role
    else:
        case.unit.add(member)
    case.log("member:join", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    if known is None and welcome and not (case.onboarding.closed_at or case.onboarding.severed_at):
        case.tell(who, "welcome", customer=case.onboarding.customer)
    return True


async def leave(case: Case, who: Who) -> None:
    """Someone at the customer left the channel: their input stays, but they no longer see the onboarding."""
    onboarding = case.onboarding
    member = await case.unit.get(Member, f"{case.id}:{who}")
    if member is None or member.role == LEFT:
        return
    member.role = LEFT
    case.log("member:leave", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    case.ask(DrawHome(team=who.team_id, user=who.user_id))
    if who == Who(onboarding.team_id, onboarding.lead_id) and onboarding.closed_at is None:
        case.warn("lead_left", customer=onboarding.customer, by=who.user_id, channel=onboarding.channel_id)


def redraw_home(unit: Unit, who: Who) -> None:
    """Somebody who belongs to no onboarding may see something else: who is no longer support."""
    unit.ask("", DrawHome(team=who.team_id, user=who.user_id))
