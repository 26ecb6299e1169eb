"""Records how far a program is on its way into production, and what became of it; tells both sides."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of, state_allows
from flows.cases.tasks import task_of
from flows.model import TaskRecord
from flows.outbox import MoveProgram, ReportMove
from flows.people import SYSTEM

HOLDS = timedelta(minutes=30)
"""How long an import that was sent, and of which nothing is listed, keeps another from being sent."""
CARRIED = ("org_id", "sent", "sent_at", "known", "import_id")
"""What a later move goes on from. The other ids are of what may be done again."""


def progress(case: Case, effect: MoveProgram, org_id: str) -> dict[str, Any]:
    """What was begun at Pismo for this move; at first, what an earlier one of the same program sent to this organization so lately
    that it may still come."""
    record = _waiting(case, effect)
    if record is None or record.answers.get("progress"):
        return dict(record.answers["progress"]) if record is not None else {}
    earlier = [one.answers["progress"] for one in _moves(case, effect, record) if one.answers.get("progress")]
    begun = earlier[-1] if earlier else {}
    if not begun.get("sent") or begun.get("org_id") != org_id or _overdue(case, begun):
        return {"org_id": org_id}
    return {name: begun[name] for name in CARRIED if name in begun}


def _moves(case: Case, effect: MoveProgram, record: TaskRecord) -> list[TaskRecord]:
    """All of the same program, in order."""
    transfer, situation = task_of(case.step(effect.step), effect.task).transfer, case.situation
    if transfer is None:
        return []
    wanted = transfer.program(record.answers, situation)
    moves = [one for one in case.snapshot.tasks if (one.step_id, one.task_id) == (effect.step, effect.task)]
    same = [one for one in moves if transfer.program(one.answers, situation) == wanted]
    return sorted(same, key=lambda one: one.at or case.now)


def _overdue(case: Case, begun: Mapping[str, Any]) -> bool:
    return case.now - datetime.fromtimestamp(begun.get("sent_at") or 0, tz=UTC) >= HOLDS


def stopped(case: Case, effect: MoveProgram, progress: Mapping[str, Any]) -> bool:
    """Whether nothing may be begun any more: the step was skipped, ended or changed before an import was sent. One that was is followed
    to its end, whatever became of the step."""
    step = case.step(effect.step)
    begun = progress.get("sent") or progress.get("import_id")
    return not begun and not state_allows(case.snapshot, step, task_of(step, effect.task))


def keep(case: Case, effect: MoveProgram, begun: Mapping[str, Any]) -> bool:
    """The ids of what was begun at Pismo, so that nothing is begun twice. False, and nothing may be begun, if the move no longer counts
    or was stopped."""
    record = _waiting(case, effect)
    if record is None or stopped(case, effect, progress(case, effect, str(begun.get("org_id")))):
        return False
    at = (record.answers.get("progress") or begun).get("sent_at") or int(case.now.timestamp())
    record.answers = {**record.answers, "progress": {**begun, "sent_at": at if begun.get("sent") else None}}
    return True


def finish(case: Case, effect: MoveProgram, lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any] | None) -> bool:
    """``lines``: as of a proof. ``found``: id and status of the program in production, if it is there. A move that no longer counts
    isn't recorded: False."""
    record = _waiting(case, effect)
    if record is None:
        return False
    record.state, record.at = "done" if found else "failed", case.now
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
