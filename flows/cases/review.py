"""Support decides on what was sent. A decision names its revision and digest, and counts once per person."""

from collections.abc import Sequence

from flows.cases import brought, copied
from flows.cases.case import Case
from flows.cases.presence import there
from flows.cases.settle import moved_on
from flows.forms.pages import answers_to_name
from flows.forms.step import GrantAsked, Step
from flows.model import Decision, Grant, Snapshot, new_id
from flows.people import SYSTEM
from flows.problems import Refused
from flows.state import Move, StepState

GIVEN = ("invited", "expired", "granted", "confirmed")
"""States of a grant that was set up with its role."""


def approvals(snapshot: Snapshot, step_id: str) -> list[Decision]:
    """The current revision's approvals so far, in order."""
    record = snapshot.steps[step_id]
    return sorted(
        (
            d
            for d in snapshot.decisions
            if d.subject == step_id and d.revision == record.revision and d.digest == record.digest and d.verdict == "approve"
        ),
        key=lambda d: d.at,
    )


def approve(case: Case, step_id: str, revision: int, digest: str) -> None:
    """One person's approval; the last one needed moves the step on."""
    step, record, actor = case.step(step_id), case.record(step_id), case.actor
    _decidable(case, step_id, revision, digest)
    if record.submitted_by == actor.user_id:
        raise Refused("own_submission", step=step_id)
    so_far, needed = approvals(case.snapshot, step_id), case.rules.approvals_of(step)
    if any(d.user_id == actor.user_id for d in so_far):
        raise Refused("approved_by_you", step=step_id, given=len(so_far), needed=needed)
    decision = _decision(case, step_id, "approve")
    case.unit.add(decision)
    case.snapshot.decisions.append(decision)
    given = len(so_far) + 1
    facts = {"revision": record.revision, "given": given, "needed": needed}
    case.log(f"step:{step_id}:approve", facts=facts, changes={"digest": record.digest})
    if given < needed:
        case.say("support", step_id, "approved_in_part", by=actor.user_id, given=given, needed=needed)
        return
    accept(case, step)
    case.say("support", step_id, "approved_here", by=actor.user_id, revision=record.revision)


def accept(case: Case, step: Step) -> None:
    """The step's answers take effect: it moves on, and the access it requests is tracked."""
    case.move(step.id, Move.APPROVE)
    _track_grants(case, step)
    if case.rules.approvals_of(step):
        case.say("customer", step.id, "approved", revision=case.record(step.id).revision)
    for effect in step.on_approval:
        case.ask(effect(step=step.id))
    copied.send(case, step)
    brought.follow(case, step)
    _set_go_live(case, step)


def _set_go_live(case: Case, step: Step) -> None:
    """A day that was accepted before says nothing new: it may have been changed since then."""
    (now, earlier), before = brought.accepted_answers(case, step), case.onboarding.go_live
    day = step.go_live(now)
    if day is None or day == before or (earlier is not None and day == step.go_live(earlier)):
        return
    case.onboarding.go_live = day
    case.log(
        "onboarding:go_live",
        by=SYSTEM,
        facts={"step": step.id, "from": before.isoformat() if before else "", "to": day.isoformat()},
    )
    if before is not None:
        case.say("customer", step.id, "go_live_changed", before=before.isoformat(), now=day.isoformat())


def send_back(
    case: Case, step_id: str, revision: int, digest: str, reason: str, *, named: Sequence[str] = (), reject: bool = False
) -> None:
    """Request changes or reject; the reason goes to the customer's thread. ``named``: the answers to correct (`answers_to_name`); what is
    none of them is left out."""
    record, actor = case.record(step_id), case.actor
    _decidable(case, step_id, revision, digest)
    how = Move.REJECT if reject else Move.REQUEST_CHANGES
    case.move(step_id, how, reason=reason)
    sent = case.snapshot.last(step_id)
    known = [one for one, _, _ in answers_to_name(case.step(step_id).form, sent.answers if sent else {}, case.situation)]
    record.named = " ".join(one for one in known if one in named)
    # Someone who gave one of the approvals may change their mind: a person's later decision replaces the earlier one.
    said = _decision(case, step_id, how.value, reason)
    earlier = next((d for d in case.snapshot.decisions if d.id == said.id), None)
    if earlier is None:
        case.unit.add(said)
    else:
        earlier.verdict, earlier.reason, earlier.at = said.verdict, reason, case.now
    facts, changes = {"revision": record.revision, "named": record.named}, {"digest": record.digest, "reason": reason}
    case.log(f"step:{step_id}:{how.value}", facts=facts, changes=changes)
    acts = [record.assignee_id, record.submitted_by, case.onboarding.lead_id]
    case.say("customer", step_id, how.value, call=acts, by=actor.user_id, reason=reason)
    case.say("support", step_id, f"{how.value}_here", by=actor.user_id, reason=reason)


def claim(case: Case, step_id: str) -> None:
    """Someone in support claims a step; a second claim by the same person releases it. What somebody claimed who is gone is free."""
    record, actor = case.record(step_id), case.actor
    taken = record.claimer_id != actor.user_id
    if taken and there(case.snapshot, record.claimer_id):
        raise Refused("claimed", step=step_id, by=record.claimer_id)
    record.claimer_id = actor.user_id if taken else ""
    case.log(f"step:{step_id}:{'claim' if taken else 'unclaim'}")


def _decidable(case: Case, step_id: str, revision: int, digest: str) -> None:
    """Raises Refused if there is nothing left to decide, or the card showed another revision."""
    record = case.record(step_id)
    if record.state is not StepState.SUBMITTED:
        raise moved_on(record)
    if record.revision != revision or not digest or not record.digest.startswith(digest):
        raise Refused("newer_revision", step=step_id, revision=record.revision)


def _decision(case: Case, step_id: str, verdict: str, reason: str = "") -> Decision:
    record, actor = case.record(step_id), case.actor
    return Decision(
        id=f"{case.id}:{step_id}:{record.revision}:{actor.user_id}",
        onboarding_id=case.id,
        subject=step_id,
        revision=record.revision,
        digest=record.digest,
        verdict=verdict,
        team_id=actor.team_id,
        user_id=actor.user_id,
        at=case.now,
        reason=reason,
    )


def _track_grants(case: Case, step: Step) -> None:
    sent, grants = case.snapshot.last(step.id), case.snapshot.grants
    if sent is None:
        return
    wanted = list(step.grants(sent.answers))
    keys = {(asked.resource, asked.email.lower()) for asked in wanted}
    earlier = {one for one in case.journey.steps if case.journey.number(one) < case.journey.number(step.id)}
    anew = {resource for task in step.tasks for resource in task.resource}
    for grant in grants:  # addresses dropped by the new revision, or that an earlier step named; if nobody acted on them
        asked_here = grant.step_id == step.id or (grant.step_id in earlier and grant.resource in anew)
        if asked_here and grant.state == "asked" and (grant.resource, grant.email.lower()) not in keys:
            grant.state, grant.at = "withdrawn", case.now
    there = {(grant.resource, grant.email.lower()): grant for grant in grants if grant.state != "withdrawn"}
    for asked in wanted:
        key = (asked.resource, asked.email.lower())
        if key in there:
            _ask_again(case, there[key], asked)
            continue
        grant = there[key] = Grant(
            id=new_id("grant"),
            onboarding_id=case.id,
            step_id=step.id,
            resource=asked.resource,
            email=asked.email,
            name=asked.name,
            role=asked.role,
            language=asked.language,
            at=case.now,
        )
        case.unit.add(grant)
        grants.append(grant)


def _ask_again(case: Case, grant: Grant, asked: GrantAsked) -> None:
    """Update a grant that was requested before. If it was refused, or given with another role, it is requested again."""
    was = {"name": grant.name, "role": grant.role, "language": grant.language}
    wanted = {"name": asked.name, "role": asked.role, "language": asked.language}
    again = grant.state == "refused" or (asked.role != grant.role and grant.state in GIVEN)
    if was == wanted and not again:
        return
    grant.name, grant.role, grant.language = asked.name, asked.role, asked.language
    if again:
        grant.state, grant.at, grant.reference = "asked", case.now, ""
        grant.expires_at = grant.nudged_at = None
    facts = {"grant": grant.id, "resource": grant.resource, "state": grant.state}
    changes = {name: [was[name], value] for name, value in wanted.items() if value != was[name]}
    case.log(f"grant:{grant.resource}:{'asked' if again else 'changed'}", by=SYSTEM, facts=facts, changes=changes)
