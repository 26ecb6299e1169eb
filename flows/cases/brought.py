"""Steps that not every customer has: an accepted answer, such as the products of planning, brings them or takes them away again."""

from collections.abc import Iterator

from flows.cases import skips
from flows.cases.case import Case
from flows.forms.fields import Answers
from flows.forms.step import Step
from flows.journey import Journey
from flows.model import StepRecord
from flows.people import SYSTEM
from flows.state import ENDED, Move, StepState


def follow(case: Case, accepted: Step) -> None:
    """Add the steps that these answers bring, and open again those that were skipped when earlier ones took them away. Ask support
    whether to skip those that they take away: what was done may still be needed."""
    now, before = accepted_answers(case, accepted)
    added: list[str] = []
    for step in _brought_by(case.rules.journeys.of(case.onboarding), accepted):
        record, wanted = case.snapshot.steps.get(step.id), step.wanted(now)
        if wanted and record is None:
            _add(case, step, accepted)
            added.append(step.id)
        elif wanted and record is not None:
            skips.end(skips.proposed(case.snapshot, record.step_id), skips.WITHDRAWN)
            if before is not None and not step.wanted(before) and record.state is StepState.SKIPPED:
                _open_again(case, record, accepted)
                added.append(step.id)
        elif record is not None and record.state not in ENDED and (before is None or step.wanted(before)):
            _ask_to_skip(case, step, accepted)
    if added:
        case.say("customer", accepted.id, "steps_added", steps=added)


def accepted_answers(case: Case, step: Step) -> tuple[Answers, Answers | None]:
    """The answers that take effect now, and those that did before."""
    sent = case.snapshot.submissions[step.id]
    approved = {d.revision for d in case.snapshot.decisions if d.subject == step.id and d.verdict == "approve"}
    earlier = [one.answers for one in sent[:-1] if one.revision in approved]
    return sent[-1].answers, earlier[-1] if earlier else None


def _brought_by(journey: Journey, accepted: Step) -> Iterator[Step]:
    return (step for step in journey.steps.values() if step.brought_by == accepted.id)


def _add(case: Case, step: Step, accepted: Step) -> None:
    position = list(case.rules.journeys.of(case.onboarding).steps).index(step.id)
    record = StepRecord(id=f"{case.id}:{step.id}", onboarding_id=case.id, step_id=step.id, position=position)
    case.unit.add(record)
    case.snapshot.steps[step.id] = record
    case.log(f"step:{step.id}:add", by=SYSTEM, facts={"because": accepted.id})


def _open_again(case: Case, record: StepRecord, accepted: Step) -> None:
    case.move(record.step_id, Move.REOPEN, by=SYSTEM)
    case.log(f"step:{record.step_id}:{Move.REOPEN.value}", by=SYSTEM, facts={"because": accepted.id})
    skips.lapse(case, record.step_id)


def _ask_to_skip(case: Case, step: Step, accepted: Step) -> None:
    if skips.proposed(case.snapshot, step.id):
        return
    skips.propose(case, step.id)
    case.log(f"step:{step.id}:unwanted", by=SYSTEM, facts={"because": accepted.id})
    case.say("support", step.id, "step_unwanted", mention=[case.onboarding.owner_id], step=step.id)
