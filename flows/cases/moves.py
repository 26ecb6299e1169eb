"""Records how far a program is on its way into production, and what became of it; tells both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.model import TaskRecord
from flows.outbox import MoveProgram, ReportMove
from flows.people import SYSTEM


def keep(case: Case, effect: MoveProgram, progress: Mapping[str, Any]) -> bool:
    """The ids of what was begun at Pismo, so that nothing is begun twice. False if the move no longer counts."""
    record = _waiting(case, effect)
    if record is None:
        return False
    record.answers = {**record.answers, "progress": dict(progress)}
    return True


def finish(case: Case, effect: MoveProgram, lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any] | None) -> bool:
    """``lines``: as of a proof. ``found``: id and status of the program in production, if it is there. A move that no longer counts
    isn't recorded: False."""
    record = _waiting(case, effect)
    if record is None:
        return False
    record.state = "done" if found else "failed"
    record.answers = {**record.answers, "lines": [dict(line) for line in lines], "found": dict(found) if found else None}
    facts = {
        "item": effect.item,
        "found": dict(found or {}),
        "lines": [{name: line.get(name, "") for name in ("check", "outcome", "x_cid")} for line in lines],
    }
    case.log(f"task:{effect.step}.{effect.task}:{record.state}", by=SYSTEM, facts=facts)
    for where in ("customer", "support"):
        case.ask(ReportMove(step=effect.step, task=effect.task, item=effect.item, where=where))
    return True


def _waiting(case: Case, effect: MoveProgram) -> TaskRecord | None:
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    return record if record is not None and record.state == "waiting" else None
