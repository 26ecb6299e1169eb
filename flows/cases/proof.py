"""Records what an access verification found and tells both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.cases.tasks import task_of
from flows.forms.step import Difference, Proof
from flows.outbox import ReportProof, RunProof
from flows.people import SYSTEM
from flows.problems import Refused


def proof_of(case: Case, effect: RunProof | ReportProof) -> Proof:
    """What is proved, in the customer's own version. Raises Refused("gone") if nothing is any more."""
    proof = task_of(case.step(effect.step), effect.task).proof
    if proof is None:
        raise Refused("gone")
    return proof


def finish(
    case: Case,
    effect: RunProof,
    lines: Sequence[Mapping[str, Any]],
    differences: Sequence[Difference] | None = None,
) -> bool:
    """Each line: check, outcome (passed, failed, skipped), reason, x_cid, ms. Whether that is enough is the task's to say.

    ``differences``: the organization's (field, approved, on the platform). A verification that no longer counts isn't recorded:
    False.
    """
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None or record.state != "waiting":
        return False
    proof = proof_of(case, effect)
    record.state = "done" if proof.passed(lines) else "failed"
    found = None if differences is None else [list(difference) for difference in differences]
    record.answers = {**record.answers, "lines": [dict(line) for line in lines], "differences": found}
    facts = {
        "item": effect.item,
        "environment": proof.environment(record.answers),
        "lines": [{k: line.get(k, "") for k in ("check", "outcome", "x_cid")} for line in lines],
    }
    case.log(f"task:{effect.step}.{effect.task}:{record.state}", by=SYSTEM, facts=facts)
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="customer"))
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="support"))
    return True
