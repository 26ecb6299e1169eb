"""Support starts an onboarding, and what happens to its channel and its people later."""

from dataclasses import dataclass
from datetime import date

from flows.cases.onboarding import move, need_open, settle
from flows.journey import CURRENT, journey_of
from flows.model import LEFT, Member, Onboarding, Snapshot, StepRecord, new_id
from flows.outbox import redraw, say, tell, warn
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import Move, StepState


@dataclass(frozen=True)
class Start:
    """What `/onboarding start` asked."""

    customer: str
    channel_id: str
    lead: Who
    owner_id: str
    language: str
    go_live: date | None


async def start(unit: Unit, rules: Rules, asked: Start, actor: Who) -> str:
    """Begin an onboarding in a channel. Refused("channel_taken") when the channel belongs to one that is not closed."""
    there = await unit.by_channel(asked.channel_id)
    if there is not None and there.closed_at is None:
        raise Refused("channel_taken", customer=there.customer)
    onboarding = Onboarding(
        id=new_id("onb"),
        journey=CURRENT,
        customer=asked.customer,
        channel_id=asked.channel_id,
        team_id=asked.lead.team_id,
        lead_id=asked.lead.user_id,
        owner_id=asked.owner_id,
        language=asked.language,
        go_live=asked.go_live,
        started_at=unit.now,
        started_by=actor.user_id,
    )
    unit.add(onboarding)
    steps = {
        step_id: StepRecord(id=f"{onboarding.id}:{step_id}", onboarding_id=onboarding.id, step_id=step_id, position=position)
        for position, step_id in enumerate(journey_of(CURRENT).steps)
    }
    members = [_member(onboarding.id, asked.lead, "lead")]
    for row in (*steps.values(), *members):
        unit.add(row)
    facts = {"channel": asked.channel_id, "team": asked.lead.team_id, "lead": asked.lead.user_id, "journey": CURRENT}
    unit.record(onboarding.id, "onboarding:start", actor, facts=facts, changes={"customer": asked.customer})
    unit.effect(onboarding.id, "draw", what="card")
    unit.effect(onboarding.id, "bookmark")
    unit.effect(onboarding.id, "people")
    person = await unit.person(asked.lead)
    snapshot = Snapshot(
        onboarding=onboarding,
        steps=steps,
        submissions={},
        tasks=[],
        decisions=[],
        grants=[],
        members=members,
        lead_timezone=person.timezone if person is not None else "",
    )
    settle(unit, snapshot, rules)
    warn(unit, onboarding.id, "started", customer=asked.customer, by=actor.user_id, channel=asked.channel_id)
    return onboarding.id


def _member(onboarding_id: str, who: Who, role: str) -> Member:
    return Member(id=f"{onboarding_id}:{who}", onboarding_id=onboarding_id, team_id=who.team_id, user_id=who.user_id, role=role)


async def join(unit: Unit, onboarding: Onboarding, who: Who, *, welcome: bool) -> bool:
    """Remember a person of the customer; a person who just joined the channel is welcomed once. False: known already."""
    member = _member(onboarding.id, who, "colleague")
    known = await unit.get(Member, member.id)
    if known is not None and known.role != LEFT:
        return False
    if known is not None:
        known.role = member.role
    else:
        unit.add(member)
    unit.record(onboarding.id, "member:join", SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    if known is None and welcome and onboarding.closed_at is None:
        tell(unit, onboarding.id, who, onboarding.channel_id, "welcome", customer=onboarding.customer)
    return True


async def leave(unit: Unit, onboarding: Onboarding, who: Who) -> None:
    """A person of the customer left the channel: what they typed stays, and the onboarding is no longer shown to them."""
    member = await unit.get(Member, f"{onboarding.id}:{who}")
    if member is None or member.role == LEFT:
        return
    member.role = LEFT
    unit.record(onboarding.id, "member:leave", SYSTEM, facts={"team": who.team_id, "user": who.user_id})
    if who == Who(onboarding.team_id, onboarding.lead_id) and onboarding.closed_at is None:
        warn(unit, onboarding.id, "lead_left", customer=onboarding.customer, by=who.user_id, channel=onboarding.channel_id)


async def follow_channel(unit: Unit, old_id: str, new_id_: str) -> None:
    """Slack gave a channel another id (a private channel that is shared): everything follows it."""
    onboarding = await unit.by_channel(old_id)
    if onboarding is None:
        return
    onboarding.channel_id = new_id_
    unit.record(onboarding.id, "channel:id_changed", SYSTEM, facts={"old": old_id, "new": new_id_})
    unit.effect(onboarding.id, "move", old=old_id, new=new_id_)


async def sever(unit: Unit, channel_id: str) -> None:
    """The channel is no longer shared with the customer: nothing can reach them there; support is told once."""
    onboarding = await unit.by_channel(channel_id)
    if onboarding is None or onboarding.closed_at or onboarding.severed_at:
        return
    onboarding.severed_at = unit.now
    unit.record(onboarding.id, "channel:severed", SYSTEM, facts={"channel": channel_id})
    warn(unit, onboarding.id, "severed", customer=onboarding.customer, channel=channel_id)


async def share(unit: Unit, channel_id: str) -> None:
    """The channel is shared again: the card is drawn anew."""
    onboarding = await unit.by_channel(channel_id)
    if onboarding is None or onboarding.closed_at or not onboarding.severed_at:
        return
    onboarding.severed_at = None
    records = await unit.steps_of([onboarding.id])
    for record in records:  # reminders ceased; who was not told all of them is reminded again
        if record.turn and record.remind_at is None and record.escalated_at is None:
            record.remind_at = unit.now
    unit.record(onboarding.id, "channel:shared", SYSTEM, facts={"channel": channel_id})
    redraw(unit, onboarding.id, *[record.step_id for record in records])
    warn(unit, onboarding.id, "shared_again", customer=onboarding.customer, channel=channel_id)


async def close(unit: Unit, rules: Rules, onboarding_id: str, actor: Who) -> None:
    """Support closes the onboarding; the customer gets the receipt. A last step that was not sent is skipped with it."""
    snapshot = await need_open(unit, onboarding_id)
    onboarding, last = snapshot.onboarding, snapshot.steps["next_steps"]
    if last.state in (StepState.OPEN, StepState.CHANGES_REQUESTED):
        move(unit, last, Move.SKIP, actor)
        unit.record(onboarding_id, f"step:{last.step_id}:{Move.SKIP.value}", actor)
    onboarding.closed_at, onboarding.closed_by = unit.now, actor.user_id
    unit.record(onboarding_id, "onboarding:close", actor)
    settle(unit, snapshot, rules)
    redraw(unit, onboarding_id, *snapshot.steps)
    say(unit, onboarding_id, "customer", "next_steps", "receipt", mention=[onboarding.lead_id], customer=onboarding.customer)
