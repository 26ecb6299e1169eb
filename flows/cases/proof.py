"""Records what an access verification found, tells both sides, and confirms the accesses that it saw in use."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.cases.tasks import do_task, task_of
from flows.forms.step import Comparison, Proof, ReportLine, Step, Task
from flows.model import Grant
from flows.outbox import ReportProof, RunProof
from flows.people import SYSTEM, Side
from flows.problems import Refused

MARKED_WITHIN = timedelta(days=1)
"""Support marks invitations as sent after sending them: sign-ons that long before count."""


@dataclass(frozen=True)
class Proved:
    """``lines``: check, outcome, reason, params, x_cid, ms each. ``compared``: by check, what it read, compared with what was approved.
    ``signed_on``: who of those invited has (addresses in lower case); None if that isn't known."""

    lines: Sequence[Mapping[str, Any]]
    compared: Mapping[str, Comparison] = field(default_factory=dict)
    signed_on: Collection[str] | None = None


def proof_of(case: Case, effect: RunProof | ReportProof) -> Proof:
    """What is proved, in the customer's own version. Raises Refused("gone") if nothing is any more."""
    proof = task_of(case.step(effect.step), effect.task).proof
    if proof is None:
        raise Refused("gone")
    return proof


def invited(case: Case, resource: str) -> Mapping[str, datetime]:
    """Whose sign-on would confirm an access: the addresses in lower case, and since when it counts."""
    return {
        grant.email.strip().casefold(): (grant.at or case.now) - MARKED_WITHIN
        for _, task in _confirming(case, resource)
        for grant in case.snapshot.grants
        if grant.resource == resource and grant.state in task.grant_from
    }


async def finish(case: Case, effect: RunProof, proved: Proved) -> bool:
    """Whether that is enough is the task's to say. A verification that no longer counts isn't recorded: False."""
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None or record.state != "waiting":
        return False
    proof = proof_of(case, effect)
    environment = proof.environment(record.answers)
    lines = list(_lines(proved))
    record.state = "done" if proof.passed(lines) else "failed"
    if proved.signed_on is not None:
        lines += [_line(one) for one in await _confirm(case, proof.sign_ons(environment), proved.signed_on)]
    differences = [list(one) for comparison in proved.compared.values() for one in comparison.differences]
    record.answers = {**record.answers, "lines": lines, "differences": differences if proved.compared else None}
    facts = {
        "item": effect.item,
        "environment": environment,
        "lines": [{k: line.get(k, "") for k in ("check", "outcome", "x_cid")} for line in lines],
    }
    case.log(f"task:{effect.step}.{effect.task}:{record.state}", by=SYSTEM, facts=facts)
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="customer"))
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="support"))
    return True


def _lines(proved: Proved) -> Iterator[Mapping[str, Any]]:
    """Each check, and after it how what it read compares."""
    for line in proved.lines:
        yield dict(line)
        if line["outcome"] == "passed" and line["check"] in proved.compared:
            yield from map(_line, proved.compared[line["check"]].lines)


def _line(one: ReportLine) -> dict[str, Any]:
    said = {"check": one.check, "outcome": one.outcome, "reason": one.reason, "params": dict(one.params)}
    return {**said, "x_cid": "", "ms": 0}


def _confirming(case: Case, resource: str) -> Iterator[tuple[Step, Task]]:
    """The task with which the customer says that this access is in use."""
    for step in case.journey.steps.values():
        for task in step.tasks:
            if task.side is Side.CUSTOMER and task.grant_to and resource in task.resource:
                yield step, task


async def _confirm(case: Case, resource: str, signed_on: Collection[str]) -> Sequence[ReportLine]:
    """As the people themselves would. Says only how many."""
    for step, task in _confirming(case, resource):
        mine = [grant for grant in case.snapshot.grants if grant.resource == resource]
        inside = [grant.id for grant in mine if grant.state in task.grant_from and grant.email.strip().casefold() in signed_on]
        if inside:
            with suppress(Refused):  # the step was sent anew, or the onboarding closed
                await do_task(case, step.id, task.id, {"grants": inside})
        return [_counted(mine, task)]
    return ()


def _counted(grants: Sequence[Grant], task: Task) -> ReportLine:
    there = sum(grant.state == task.grant_to for grant in grants)
    asked = sum(grant.state in (*task.grant_from, task.grant_to) for grant in grants)
    return ReportLine("sign_ons", "passed" if there == asked else "note", "signed_on", {"count": there, "of": asked})
