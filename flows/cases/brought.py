"""What an accepted answer, such as the products of planning, means to later steps: it brings those that not every customer has, or takes
them away again, and a step whose own answers should cover it is opened again for what is new."""

from collections.abc import Iterator, Sequence

from flows.cases import skips
from flows.cases.case import Case
from flows.forms.fields import Answers
from flows.forms.step import Coverage, Step
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
    for step in case.journey.steps.values():
        if step.covers is not None and step.covers.step == accepted.id:
            _cover(case, step, step.covers, now, before or {})


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


def _cover(case: Case, step: Step, coverage: Coverage, now: Answers, before: Answers) -> None:
    """Have what is new asked for, and leave what isn't wanted any more: it may be in use. What was sent after the other step's answers
    was sent with them in view; a step that was skipped stays so."""
    record, sent, other = case.record(step.id), case.snapshot.last(step.id), case.snapshot.last(coverage.step)
    if sent is None or other is None or record.state is StepState.SKIPPED:
        return
    covered = set(coverage.covered(sent.answers))
    wanted, earlier = list(coverage.wanted(now)), list(coverage.wanted(before))
    fills = [record.assignee_id, record.submitted_by, case.onboarding.lead_id]
    lacking = [one for one in wanted if one not in covered and one not in earlier]
    if lacking and other.at > sent.at:
        if record.state is StepState.DONE:
            _open_again(case, record, case.step(coverage.step))
        case.say("customer", step.id, coverage.lacking, call=fills, fields=_labels(coverage, lacking))
        case.say("support", step.id, f"{coverage.lacking}_here", fields=_labels(coverage, lacking))
    elif record.state is StepState.OPEN and (gone := [one for one in earlier if one not in covered and one not in wanted]):
        case.say("customer", step.id, coverage.gone, call=fills, fields=_labels(coverage, gone))
    left = [one for one in earlier if one in covered and one not in wanted]
    if left:
        case.log(f"step:{step.id}:unwanted", by=SYSTEM, facts={"because": coverage.step, "what": left})
        acts = [record.claimer_id, case.onboarding.owner_id]
        case.say("support", step.id, coverage.unplanned, call=acts, fields=_labels(coverage, left))


def _labels(coverage: Coverage, names: Sequence[str]) -> list[str]:
    return [f"{coverage.label}.{one}" for one in names]


def _open_again(case: Case, record: StepRecord, accepted: Step) -> None:
    case.move(record.step_id, Move.REOPEN, by=SYSTEM)
    case.log(f"step:{record.step_id}:{Move.REOPEN.value}", by=SYSTEM, facts={"because": accepted.id})
    skips.lapse(case, record.step_id)


def _ask_to_skip(case: Case, step: Step, accepted: Step) -> None:
    if skips.proposed(case.snapshot, step.id):
        return
    skips.propose(case, step.id)
    case.log(f"step:{step.id}:unwanted", by=SYSTEM, facts={"because": accepted.id})
    case.say("support", step.id, "step_unwanted", call=[case.onboarding.owner_id], step=step.id)
