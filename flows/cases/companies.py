"""Third companies in the customer's channel: told to support, named on the card until somebody of support accepts them, or they leave.

They see what is posted in the channel, as everybody there does, and open nothing: their people are never members of the onboarding.
"""

from collections.abc import Collection

from flows.cases.access import is_member
from flows.cases.case import Case
from flows.cases.naming import open_with_name
from flows.model import Snapshot, ThirdCompany
from flows.outbox import Draw, WarnOfCompany
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.problems import Refused


async def arrive(case: Case, company: str, user_id: str = "") -> None:
    """``company``: its team id, or the user id of a guest who belongs to another customer. ``user_id``: who joined; without, the channel
    was connected with the company."""
    if case.onboarding.closed_at:
        return
    row = _find(case, company) or (_unmanned(case) if user_id and company != user_id else None)
    if row is None:
        row = ThirdCompany(id=f"{case.id}:{company}", onboarding_id=case.id, team_id=company, people=[], at=case.now)
        case.unit.add(row)
        case.snapshot.companies.append(row)
        case.log("company:arrive", by=SYSTEM, facts={"team": company, "user": user_id})
        case.ask(WarnOfCompany(team=company))
        case.ask(Draw(what="card"))
    if user_id:
        if not row.people:  # the card names one of them from now on
            case.ask(Draw(what="card"))
        row.people = sorted({*row.people, user_id})
    else:
        row.connected = True


async def depart(case: Case, company: str) -> None:
    """The channel is no longer connected with it."""
    if (row := _find(case, company)) is not None:
        row.people, row.connected = [], False
        await _end(case, row)


async def leave(case: Case, user_id: str) -> None:
    """Somebody left the channel."""
    for row in [row for row in case.snapshot.companies if user_id in row.people]:
        row.people = [one for one in row.people if one != user_id]
        await _end(case, row)


async def remain(case: Case, members: Collection[str]) -> None:
    """Only these people are in the channel: Slack does not tell of each who leaves with their company."""
    for user_id in {one for row in case.snapshot.companies for one in row.people} - {*members}:
        await leave(case, user_id)


async def recognize(case: Case, company: str) -> None:
    """It turns out to be the customer's own organization."""
    if (row := _find(case, company)) is not None:
        await _remove(case, row)


async def _end(case: Case, row: ThirdCompany) -> None:
    """If nobody of it is there any more."""
    if row.people or row.connected:
        return
    await _remove(case, row)
    if not case.onboarding.closed_at:
        case.warn("company_left", company=row.team_id, customer=case.onboarding.customer, channel=case.onboarding.channel_id)


async def _remove(case: Case, row: ThirdCompany) -> None:
    await case.unit.delete(row)
    case.snapshot.companies.remove(row)
    case.log("company:depart", by=SYSTEM, facts={"team": row.team_id})
    case.ask(Draw(what="card"))


def accept(case: Case, company: str) -> None:
    """Somebody of support says that it may be there. Raises Refused("company_gone") or Refused("company_accepted")."""
    row = _find(case, company)
    if row is None:
        raise Refused("company_gone")
    if row.accepted_at:
        raise Refused("company_accepted", by=row.accepted_by, at=int(row.accepted_at.timestamp()))
    row.accepted_at, row.accepted_by = case.now, case.actor.user_id
    case.log("company:accept", facts={"team": company})
    case.ask(Draw(what="card"))
    customer, by = case.onboarding.customer, case.actor.user_id
    case.warn("company_accepted", company=company, customer=customer, channel=case.onboarding.channel_id, by=by)


def unaccepted(snapshot: Snapshot) -> tuple[str, ...]:
    """The third companies in the channel that nobody of support accepted, each by one of its people if any is known, else by its id."""
    return tuple(row.people[0] if row.people else row.team_id for row in snapshot.companies if row.accepted_at is None)


def _find(case: Case, company: str) -> ThirdCompany | None:
    return next((row for row in case.snapshot.companies if row.team_id == company), None)


def _unmanned(case: Case) -> ThirdCompany | None:
    """The one organization that the channel is connected with and of which nobody has come yet: Slack does not tell whose people are of
    it. None once it is accepted, so that nobody is accepted with it."""
    rows = [row for row in case.snapshot.companies if row.team_id.startswith("E") and row.connected and not row.people]
    return rows[0] if len(rows) == 1 and rows[0].accepted_at is None else None


async def is_of_another_customer(unit: Unit, snapshot: Snapshot, guest: Who) -> bool:
    """Whether a guest of the installing workspace is another customer's, in an open onboarding elsewhere: all customers' guests share that
    workspace, so that it doesn't tell."""
    if is_member(snapshot, guest):
        return False
    here, lead = snapshot.onboarding, snapshot.lead()
    return bool(await of_other_customers(unit, {guest.user_id}, here.customer, here.channel_id, lead, own_team=guest.team_id))


async def of_other_customers(
    unit: Unit, user_ids: Collection[str], customer: str, channel_id: str, lead: Who, *, own_team: str
) -> set[str]:
    """The ids of other customers' open onboardings that any of these people are in, in other channels than this ``customer``'s.

    Whatever else the lead takes part in is this customer's too. A full member of the installing workspace, ``own_team``, may act for
    several customers: of theirs, what has this customer's name is.
    """
    elsewhere = await unit.members_elsewhere({*user_ids, lead.user_id}, channel_id)
    same = {row.onboarding_id for row in elsewhere if Who(row.team_id, row.user_id) == lead}
    if same and await _is_full_member(unit, lead, own_team):
        same &= (await open_with_name(unit, customer)).keys()
    return {row.onboarding_id for row in elsewhere if row.user_id in user_ids} - same


async def _is_full_member(unit: Unit, who: Who, own_team: str) -> bool:
    """Also whoever isn't known."""
    person = await unit.person(who) if who.team_id == own_team else None
    return who.team_id == own_team and (person is None or not person.guest)
