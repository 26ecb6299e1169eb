"""A step that takes several approvers is skipped by as many different people of support: who asks for it, who agrees, who withdraws it.
The bot itself asks about a step that is not planned any more; its word counts for nobody's.
"""

from flows.cases.case import Case
from flows.cases.settle import moved_on
from flows.model import Decision, Snapshot
from flows.people import SYSTEM, Who
from flows.problems import Refused
from flows.state import ENDED, Move, StepState, after

ASKED, DONE, WITHDRAWN, UNDONE, LAPSED = "skip", "skipped", "skip_withdrawn", "skip_undone", "skip_lapsed"
"""What a decision about skipping says. What is no longer asked for stays as a record; undone: the step was opened again; lapsed: the step
ended without it, or whoever asked is no longer support."""


def people_needed(case: Case, step_id: str) -> int:
    """How many different people it takes: as many as approve the step, or confirm one of its tasks. A step that is locked stands for
    the steps that it waits for: skipping it must not be a way around them, unless it is there for what the customer planned alone."""
    step, approvals_of = case.step(step_id), case.rules.approvals_of
    needed = max(1, approvals_of(step), *(approvals_of(step, task) for task in step.tasks))
    if case.record(step_id).state is not StepState.LOCKED or step.brought_by:
        return needed
    left = [one for one in step.requires if one in case.snapshot.steps and case.record(one).state not in ENDED]
    return max(needed, *(people_needed(case, one) for one in left)) if left else needed


def asked(snapshot: Snapshot, step_id: str) -> list[Decision]:
    """Who wants the step skipped as it stands now, in order; a new revision must be looked at anew."""
    return [] if snapshot.steps[step_id].state in ENDED else _decisions(snapshot, step_id, ASKED)


def proposed(snapshot: Snapshot, step_id: str) -> list[Decision]:
    """That the bot asked whether to skip the step as it stands now, if it did."""
    return [one for one in asked(snapshot, step_id) if one.user_id == SYSTEM.user_id]


def propose(case: Case, step_id: str) -> None:
    """Ask support whether to skip the step, for a reason that is known."""
    _decided(case, step_id, "", SYSTEM)


def skipped_by(snapshot: Snapshot, step_id: str) -> list[Decision]:
    """Who skipped the step together, in order; empty if one person did, or it isn't skipped."""
    return _decisions(snapshot, step_id, DONE) if snapshot.steps[step_id].state is StepState.SKIPPED else []


def _decisions(snapshot: Snapshot, step_id: str, verdict: str) -> list[Decision]:
    wanted = (_subject(step_id), snapshot.steps[step_id].revision, verdict)
    found = (d for d in snapshot.decisions if (d.subject, d.revision, d.verdict) == wanted)
    return sorted(found, key=lambda decision: decision.at)


def ask(case: Case, step_id: str, reason: str) -> list[Decision]:
    """The actor wants it skipped; returns all who do. Raises Refused if they asked already, or if it can't be skipped any more."""
    record = case.record(step_id)
    if after(record.state, Move.SKIP) is None:
        raise moved_on(record)
    end(_decisions(case.snapshot, step_id, DONE), UNDONE)
    end([one for one in asked(case.snapshot, step_id) if not case.is_support(Who(one.team_id, one.user_id))], LAPSED)
    before = asked(case.snapshot, step_id)
    if any(one.user_id == case.actor.user_id for one in before):
        raise Refused("skip_asked_by_you", step=step_id, given=len(before), needed=people_needed(case, step_id))
    return [*before, _decided(case, step_id, reason, case.actor)]


def end(wanted: list[Decision], verdict: str) -> None:
    """What was asked for is ``DONE``, ``WITHDRAWN``, ``UNDONE`` or ``LAPSED``."""
    for decision in wanted:
        decision.verdict = verdict


def lapse(case: Case, step_id: str) -> None:
    """Whoever wanted it skipped before it ended has not been asked about what begins now."""
    end(_decisions(case.snapshot, step_id, ASKED), LAPSED)


def _decided(case: Case, step_id: str, reason: str, actor: Who) -> Decision:
    record = case.record(step_id)
    named = f"{case.id}:{_subject(step_id)}:{record.revision}:{actor.user_id}"
    decision = next((d for d in case.snapshot.decisions if d.id == named), None)
    if decision is None:
        decision = Decision(
            id=named,
            onboarding_id=case.id,
            subject=_subject(step_id),
            revision=record.revision,
            digest=record.digest,
            verdict=ASKED,
            team_id=actor.team_id,
            user_id=actor.user_id,
            at=case.now,
            reason=reason,
        )
        case.unit.add(decision)
        case.snapshot.decisions.append(decision)
    decision.verdict, decision.reason, decision.at = ASKED, reason, case.now
    return decision


def _subject(step_id: str) -> str:
    return f"{step_id}.skip"
