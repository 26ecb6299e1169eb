"""The Service Desk's questions as calls, so that they stand in support's queue: one for each ticket that waits for an answer."""

from flows.cases.case import Case
from flows.model import Call, TaskRecord
from flows.people import SYSTEM, Who

QUESTION = "question"
"""The kind of call: `flows.model.Call`."""


def open_question(case: Case, record: TaskRecord, words: str = "") -> None:
    """The ticket waits for an answer. If it did before, it has done so since then. ``words``: what the desk asks, where it may be shown."""
    if _unanswered(case, record):
        return
    count = sum(call.id.startswith(_prefix(record)) for call in case.snapshot.calls)
    name = f"{_prefix(record)}{count + 1}"
    call = Call(id=name, onboarding_id=case.id, kind=QUESTION, step_id=record.step_id, at=case.now, words=words)
    case.unit.add(call)
    case.snapshot.calls.append(call)


def end_question(case: Case, record: TaskRecord, by: Who = SYSTEM, answer: str = "") -> None:
    """It was answered, or the ticket went on without."""
    for call in _unanswered(case, record):
        call.answered_at, call.answered_by, call.answer = case.now, by.user_id, answer


def asked_in(case: Case, record_id: str) -> Call | None:
    """The question that waits on the ticket of this record."""
    return next(
        (call for call in case.snapshot.calls if call.id.startswith(f"{record_id}:{QUESTION}:") and not call.answered_at), None
    )


def record_asked_about(call: Call) -> str:
    """The id of the record of the ticket that a question is about."""
    return call.id.rpartition(f":{QUESTION}:")[0]


def _unanswered(case: Case, record: TaskRecord) -> list[Call]:
    return [call for call in case.snapshot.calls if call.id.startswith(_prefix(record)) and call.answered_at is None]


def _prefix(record: TaskRecord) -> str:
    return f"{record.id}:{QUESTION}:"
