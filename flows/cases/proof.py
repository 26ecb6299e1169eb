"""Records what an access verification found and tells both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.cases.case import Case
from flows.cases.tasks import record_of
from flows.outbox import ReportProof, RunProof
from flows.people import SYSTEM


def finish(
    case: Case,
    effect: RunProof,
    lines: Sequence[Mapping[str, Any]],
    differences: Sequence[tuple[str, str, str]] | None = None,
) -> bool:
    """Each line: check, outcome (passed, failed, skipped), reason, x_cid, ms. Passed if nothing failed and programs were readable.

    ``differences``: the organization's (field, approved, on the platform). A verification that no longer counts isn't recorded:
    False.
    """
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None or record.state != "waiting":
        return False
    read = any((line["check"], line["outcome"]) == ("programs", "passed") for line in lines)
    record.state = "done" if read and all(line["outcome"] != "failed" for line in lines) else "failed"
    found = None if differences is None else [list(difference) for difference in differences]
    record.answers = {**record.answers, "lines": [dict(line) for line in lines], "differences": found}
    facts = {
        "item": effect.item,
        "environment": record.answers.get("environment", ""),
        "lines": [{k: line.get(k, "") for k in ("check", "outcome", "x_cid")} for line in lines],
    }
    case.log(f"task:{effect.step}.{effect.task}:{record.state}", by=SYSTEM, facts=facts)
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="customer"))
    case.ask(ReportProof(step=effect.step, task=effect.task, item=effect.item, where="support"))
    return True
