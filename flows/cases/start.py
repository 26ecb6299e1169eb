"""Support starts an onboarding."""

from dataclasses import dataclass
from datetime import date

from flows.cases.case import Case, Shown
from flows.cases.members import member_of
from flows.model import LEAD, Onboarding, Snapshot, StepRecord, new_id
from flows.outbox import AddBookmark, RememberMembers
from flows.people import Role, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules


@dataclass(frozen=True)
class StartRequest:
    """What `/onboarding start` asked for."""

    customer: str
    channel_id: str
    lead: Who
    owner_id: str
    language: str
    go_live: date | None
    team_id: str = ""
    """The home team of the customer's company, if it isn't the lead's: the lead may be of the installing workspace."""


async def start(unit: Unit, rules: Rules, asked: StartRequest, actor: Who) -> str:
    """Start an onboarding in a channel, on the latest journey. Returns its id.

    Raises Refused("channel_taken") if the channel has an onboarding that isn't closed.
    """
    there = await unit.by_channel(asked.channel_id)
    if there is not None and there.closed_at is None:
        raise Refused("channel_taken", customer=there.customer)
    snapshot = await _written(unit, rules, asked, actor)
    case = Case(unit, rules, snapshot, actor, Role.SUPPORT)
    facts = {
        "channel": asked.channel_id,
        "company": case.onboarding.team_id,
        "team": asked.lead.team_id,
        "lead": asked.lead.user_id,
        "journey": case.onboarding.journey,
    }
    case.log("onboarding:start", facts=facts, changes={"customer": asked.customer})
    case.ask(AddBookmark())
    case.ask(RememberMembers())
    case.warn("started", customer=asked.customer, by=actor.user_id, channel=asked.channel_id)
    await case.end(Shown.nothing())
    return case.id


async def _written(unit: Unit, rules: Rules, asked: StartRequest, actor: Who) -> Snapshot:
    """The rows of a new onboarding."""
    journey = rules.journeys.latest
    onboarding = Onboarding(
        id=new_id("onb"),
        journey=journey.version,
        customer=asked.customer,
        channel_id=asked.channel_id,
        team_id=asked.team_id or asked.lead.team_id,
        lead_id=asked.lead.user_id,
        owner_id=asked.owner_id,
        language=asked.language,
        go_live=asked.go_live,
        started_at=unit.now,
        started_by=actor.user_id,
    )
    steps = {
        step_id: StepRecord(id=f"{onboarding.id}:{step_id}", onboarding_id=onboarding.id, step_id=step_id, position=position)
        for position, (step_id, step) in enumerate(journey.steps.items())
        if not step.brought_by
    }
    lead = member_of(onboarding.id, asked.lead, LEAD)
    for row in (onboarding, *steps.values(), lead):
        unit.add(row)
    person = await unit.person(asked.lead)
    return Snapshot(
        onboarding=onboarding,
        steps=steps,
        submissions={},
        tasks=[],
        decisions=[],
        grants=[],
        members=[lead],
        lead_timezone=person.timezone if person is not None else "",
    )
