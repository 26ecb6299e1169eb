"""Support decides on what was sent. A decision names the revision and digest it was made on, and counts once a person."""

from flows.cases.onboarding import move, need_open, said_by, settle, step_of
from flows.forms.step import GrantAsked, Step
from flows.model import Decision, Grant, Snapshot, new_id
from flows.outbox import redraw, say
from flows.people import SYSTEM, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import Move, StepState

GIVEN = ("invited", "expired", "granted", "confirmed")
"""States of an access that was set up with its role."""


def approvals(snapshot: Snapshot, step_id: str) -> list[Decision]:
    """Who approved the present revision so far, in order."""
    record = snapshot.steps[step_id]
    return sorted(
        (
            d
            for d in snapshot.decisions
            if d.subject == step_id and d.revision == record.revision and d.digest == record.digest and d.verdict == "approve"
        ),
        key=lambda d: d.at,
    )


def _decidable(snapshot: Snapshot, step_id: str, revision: int, digest: str) -> None:
    """Raises Refused where there is nothing to decide any more, or the card showed another revision."""
    record = snapshot.steps[step_id]
    if record.state is not StepState.SUBMITTED:
        raise Refused("moved_on", step=step_id, state=record.state.value, **said_by(record))
    if record.revision != revision or not digest or not record.digest.startswith(digest):
        raise Refused("newer_revision", step=step_id, revision=record.revision)


def _decision(snapshot: Snapshot, step_id: str, verdict: str, actor: Who, unit: Unit, reason: str = "") -> Decision:
    record = snapshot.steps[step_id]
    return Decision(
        id=f"{snapshot.onboarding.id}:{step_id}:{record.revision}:{actor.user_id}",
        onboarding_id=snapshot.onboarding.id,
        subject=step_id,
        revision=record.revision,
        digest=record.digest,
        verdict=verdict,
        team_id=actor.team_id,
        user_id=actor.user_id,
        at=unit.now,
        reason=reason,
    )


async def approve(unit: Unit, rules: Rules, onboarding_id: str, step_id: str, revision: int, digest: str, actor: Who) -> None:
    """One person's approval; the last one needed moves the step on."""
    snapshot = await need_open(unit, onboarding_id)
    step = step_of(snapshot.onboarding, step_id)
    _decidable(snapshot, step_id, revision, digest)
    record = snapshot.steps[step_id]
    if record.submitted_by == actor.user_id:
        raise Refused("own_submission", step=step_id)
    so_far = approvals(snapshot, step_id)
    needed = rules.approvals_of(step)
    if any(d.user_id == actor.user_id for d in so_far):
        raise Refused("approved_by_you", step=step_id, given=len(so_far), needed=needed)
    decision = _decision(snapshot, step_id, "approve", actor, unit)
    unit.add(decision)
    snapshot.decisions.append(decision)
    given = len(so_far) + 1
    facts = {"revision": record.revision, "given": given, "needed": needed}
    unit.record(onboarding_id, f"step:{step_id}:approve", actor, facts=facts, changes={"digest": record.digest})
    if given < needed:
        unit.effect(onboarding_id, "draw", what="review", step=step_id)
        say(unit, onboarding_id, "support", step_id, "approved_in_part", by=actor.user_id, given=given, needed=needed)
        return
    accept(unit, rules, snapshot, step, actor)
    say(unit, onboarding_id, "support", step_id, "approved_here", by=actor.user_id, revision=record.revision)
    settle(unit, snapshot, rules)


def accept(unit: Unit, rules: Rules, snapshot: Snapshot, step: Step, actor: Who) -> None:
    """The step's answers hold from now on: it moves on, and the accesses it asks for are tracked."""
    onboarding_id, record = snapshot.onboarding.id, snapshot.steps[step.id]
    move(unit, record, Move.APPROVE, actor)
    _track_grants(unit, snapshot, step)
    redraw(unit, onboarding_id, step.id)
    if rules.approvals_of(step):
        say(unit, onboarding_id, "customer", step.id, "approved", revision=record.revision)
    for kind in step.on_approval:
        unit.effect(onboarding_id, kind, step=step.id)


def _track_grants(unit: Unit, snapshot: Snapshot, step: Step) -> None:
    sent = snapshot.last(step.id)
    if sent is None:
        return
    wanted = list(step.grants(sent.answers))
    keys = {(asked.resource, asked.email.lower()) for asked in wanted}
    for grant in snapshot.grants:  # an address that a new revision no longer names, and nobody acted on
        if grant.step_id == step.id and grant.state == "asked" and (grant.resource, grant.email.lower()) not in keys:
            grant.state, grant.at = "withdrawn", unit.now
    there = {(grant.resource, grant.email.lower()): grant for grant in snapshot.grants if grant.state != "withdrawn"}
    for asked in wanted:
        key = (asked.resource, asked.email.lower())
        if key in there:
            _ask_again(unit, there[key], asked)
            continue
        grant = there[key] = Grant(
            id=new_id("grant"),
            onboarding_id=snapshot.onboarding.id,
            step_id=step.id,
            resource=asked.resource,
            email=asked.email,
            name=asked.name,
            role=asked.role,
            language=asked.language,
            at=unit.now,
        )
        unit.add(grant)
        snapshot.grants.append(grant)


def _ask_again(unit: Unit, grant: Grant, asked: GrantAsked) -> None:
    """An access that was asked for before, as it is asked for now. What was refused, or given with another role, is asked for anew."""
    was = {"name": grant.name, "role": grant.role, "language": grant.language}
    wanted = {"name": asked.name, "role": asked.role, "language": asked.language}
    anew = grant.state == "refused" or (asked.role != grant.role and grant.state in GIVEN)
    if was == wanted and not anew:
        return
    grant.name, grant.role, grant.language = asked.name, asked.role, asked.language
    if anew:
        grant.state, grant.at, grant.reference = "asked", unit.now, ""
        grant.expires_at = grant.nudged_at = None
    facts = {"grant": grant.id, "resource": grant.resource, "state": grant.state}
    changes = {name: [was[name], value] for name, value in wanted.items() if value != was[name]}
    unit.record(
        grant.onboarding_id, f"grant:{grant.resource}:{'asked' if anew else 'changed'}", SYSTEM, facts=facts, changes=changes
    )


async def send_back(
    unit: Unit,
    rules: Rules,
    onboarding_id: str,
    step_id: str,
    revision: int,
    digest: str,
    actor: Who,
    reason: str,
    *,
    reject: bool = False,
) -> None:
    """Ask for changes, or reject, with the reason that goes to the customer's thread."""
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    _decidable(snapshot, step_id, revision, digest)
    record = snapshot.steps[step_id]
    how = Move.REJECT if reject else Move.REQUEST_CHANGES
    move(unit, record, how, actor, reason=reason)
    # One who approved in part before may change their mind: the later word of a person replaces the earlier one.
    earlier = next((d for d in snapshot.decisions if d.id == f"{onboarding_id}:{step_id}:{revision}:{actor.user_id}"), None)
    if earlier is None:
        unit.add(_decision(snapshot, step_id, how.value, actor, unit, reason))
    else:
        earlier.verdict, earlier.reason, earlier.at = how.value, reason, unit.now
    facts, changes = {"revision": record.revision}, {"digest": record.digest, "reason": reason}
    unit.record(onboarding_id, f"step:{step_id}:{how.value}", actor, facts=facts, changes=changes)
    redraw(unit, onboarding_id, step_id)
    mention = [record.assignee_id or record.submitted_by or snapshot.onboarding.lead_id]
    say(unit, onboarding_id, "customer", step_id, how.value, mention=mention, by=actor.user_id, reason=reason)
    say(unit, onboarding_id, "support", step_id, f"{how.value}_here", by=actor.user_id, reason=reason)
    settle(unit, snapshot, rules)


async def claim(unit: Unit, onboarding_id: str, step_id: str, actor: Who) -> None:
    """A person of support takes a step; a second claim by the same person lets it go."""
    snapshot = await need_open(unit, onboarding_id)
    step_of(snapshot.onboarding, step_id)
    record = snapshot.steps[step_id]
    taken = record.claimer_id != actor.user_id
    if taken and record.claimer_id:
        raise Refused("claimed", step=step_id, by=record.claimer_id)
    record.claimer_id = actor.user_id if taken else ""
    unit.record(onboarding_id, f"step:{step_id}:{'claim' if taken else 'unclaim'}", actor)
    unit.effect(onboarding_id, "draw", what="review", step=step_id)
