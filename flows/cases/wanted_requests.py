"""What a step requests of the Service Desk, as far as that is not filed yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.cases.case import Case
from flows.forms.fields import Answers
from flows.forms.step import DeskRequest, Step
from flows.model import Grant, Submission, TaskRecord
from flows.problems import Refused
from flows.state import WORKING, StepState


@dataclass(frozen=True)
class WantedRequest:
    """What one request is to ask for. ``about``: what is recorded with its ticket; ``emails``: its people's addresses; ``kept``: ids and
    numbers by which `was_wanted` finds both again."""

    about: Answers
    emails: frozenset[str]
    kept: Mapping[str, Any]


def wanted(case: Case, step: Step, resource: str) -> WantedRequest | None:
    """What is to be requested for a resource now; None if nothing is, or it has been. Raises Refused if the step requests nothing."""
    request = _request(step)
    if case.record(step.id).state is StepState.SKIPPED:
        return None
    if request.part is None:
        grants = [one for one in case.snapshot.grants if (one.step_id, one.resource, one.state) == (step.id, resource, "asked")]
        return _for_grants(grants) if grants else None
    accepted = accepted_by(case, step)
    part = request.part(accepted.answers, resource) if accepted is not None else None
    if accepted is None or part is None or any(covers(record.answers, resource, part) for record in _done(case, step)):
        return None
    return _for_part(request, resource, accepted.revision, part)


def was_wanted(case: Case, step: Step, resource: str, kept: Mapping[str, Any]) -> WantedRequest:
    """What a request asked for that was sent before."""
    request = _request(step)
    if request.part is None:
        return _for_grants([one for one in case.snapshot.grants if one.id in kept["grants"]])
    sent = next(one for one in case.snapshot.submissions[step.id] if one.revision == kept["revision"])
    return _for_part(request, resource, sent.revision, request.part(sent.answers, resource) or {})


def _for_grants(grants: Sequence[Grant]) -> WantedRequest:
    about = {"grants": [one.id for one in grants]}
    return WantedRequest(about, frozenset(one.email for one in grants), about)


def _for_part(request: DeskRequest, resource: str, revision: int, part: Answers) -> WantedRequest:
    return WantedRequest({"request": resource, "about": part}, frozenset(request.people(part)), {"revision": revision})


def covers(recorded: Answers, resource: str, part: Answers) -> bool:
    """Whether a record is of a request for just this, or settles it without one: support refused it, or had it set up."""
    filed = recorded.get("request") == resource and recorded.get("about") == part
    return filed or recorded.get("abouts", {}).get(resource) == part


def _done(case: Case, step: Step) -> Iterator[TaskRecord]:
    return (one for one in case.snapshot.tasks if (one.step_id, one.state) == (step.id, "done"))


def accepted_by(case: Case, step: Step) -> Submission | None:
    """The answers that take effect now: of a later revision, they do once it is approved."""
    record, sent = case.record(step.id), case.snapshot.submissions.get(step.id, [])
    if record.state is StepState.SKIPPED:
        return None
    if record.state in WORKING or record.state is StepState.DONE:
        return sent[-1] if sent else None
    approved = {d.revision for d in case.snapshot.decisions if d.subject == step.id and d.verdict == "approve"}
    return next((one for one in reversed(sent[:-1]) if one.revision in approved), None)


def unfiled(case: Case) -> Iterator[tuple[Step, list[str]]]:
    """Each step that still has something to request, and of which resources."""
    for step in case.journey.steps.values():
        resources = step.desk_request.resources if step.desk_request is not None else ()
        if left := [resource for resource in resources if wanted(case, step, resource) is not None]:
            yield step, left


def _request(step: Step) -> DeskRequest:
    if step.desk_request is None:
        raise Refused("gone")
    return step.desk_request
