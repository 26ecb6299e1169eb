"""Records what a check of a product's set-up found and tells both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.cases.tasks import task_of
from flows.forms.step import SetupCheck
from flows.outbox import ReportSetupCheck, RunSetupCheck
from flows.people import SYSTEM
from flows.problems import Refused


def check_of(case: Case, effect: RunSetupCheck | ReportSetupCheck) -> SetupCheck:
    """What is read, in the customer's own version. Raises Refused("gone") if nothing is any more."""
    check = task_of(case.step(effect.step), effect.task).setup_check
    if check is None:
        raise Refused("gone")
    return check


def finish(case: Case, effect: RunSetupCheck, lines: Sequence[Mapping[str, Any]]) -> bool:
    """Each line: check (an item of the set-up, or of the token), outcome, reason, params, x_cid, ms. It counts if it told of anything
    whether it is there.

    A check that no longer counts isn't recorded: False.
    """
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None or record.state != "waiting":
        return False
    record.state = "done" if any(line["outcome"] in ("done", "missing", "missing_optional") for line in lines) else "failed"
    record.answers = {**record.answers, "lines": [dict(line) for line in lines]}
    facts = {"item": effect.item, "lines": [{k: line.get(k, "") for k in ("check", "outcome", "x_cid")} for line in lines]}
    case.log(f"task:{effect.step}.{effect.task}:{record.state}", by=SYSTEM, facts=facts)
    case.ask(ReportSetupCheck(step=effect.step, task=effect.task, item=effect.item, where="customer"))
    case.ask(ReportSetupCheck(step=effect.step, task=effect.task, item=effect.item, where="support"))
    return True
