"""Third companies in the customer's channel: told to support, named on the card until somebody of support accepts them, or they leave.

They see what is posted in the channel, as everybody there does, and open nothing: their people are never members of the onboarding.
"""

from collections.abc import Collection, Sequence

from flows.cases.access import is_member
from flows.cases.case import Case
from flows.model import Member, Snapshot, ThirdCompany
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
    lead = await company_lead(unit, snapshot.lead(), guest.team_id)
    elsewhere = await unit.members_elsewhere([guest.user_id, snapshot.lead().user_id], snapshot.onboarding.channel_id)
    return guest.user_id in of_other_customers(elsewhere, lead)


async def company_lead(unit: Unit, lead: Who, own_team: str) -> Who | None:
    """The lead, if whatever they lead is one customer's. None for a full member of the installing workspace, ``own_team``, whom support may
    have chosen to lead several customers' onboardings."""
    if lead.team_id != own_team:
        return lead
    row = await unit.person(lead)
    return lead if row is not None and row.guest else None


def of_other_customers(elsewhere: Sequence[Member], lead: Who | None, *, company: str = "") -> set[str]:
    """``elsewhere``: rows of the members of other onboardings, the lead's among them. ``lead``: as `company_lead` has it; the others in
    their onboardings are of their company. ``company``: the team that the customer's people have in common; empty for people of the
    installing workspace, of whose company it says nothing."""
    same = {member.onboarding_id for member in elsewhere if lead is not None and Who(member.team_id, member.user_id) == lead}
    return {
        member.user_id for member in elsewhere if member.onboarding_id not in same and not (company and member.team_id == company)
    }
