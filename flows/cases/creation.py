"""A program that is created with a pasted token: what was begun is written down before Pismo is asked, so that nothing happens twice."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.cases.tasks import new_record, task_of
from flows.forms.step import Creation
from flows.model import TaskRecord, new_id
from flows.outbox import CreateProgram
from flows.people import SYSTEM
from flows.problems import Refused

HOLDS = timedelta(minutes=30)
"""How long a program that was begun and isn't listed keeps another from being begun: creating one takes "2 minutes or more"."""
BEGUN, SEEN = "begun", "seen"
"""The answers that say so: ``at`` (Unix seconds), and ``import_id`` once Pismo gave one; the id and status that it was seen with."""


def creation_of(case: Case, effect: CreateProgram) -> Creation:
    """What is created, in the customer's own version. Raises Refused("gone") if nothing is any more."""
    creation = task_of(case.step(effect.step), effect.task).creation
    if creation is None:
        raise Refused("gone")
    return creation


def begun(case: Case, effect: CreateProgram) -> Mapping[str, Any] | None:
    """When a program of this name was begun, by this item, or by an earlier one so lately that it may still come."""
    record = _waiting(case, effect)
    if record is None:
        return None
    if record.answers.get(BEGUN):
        return dict(record.answers[BEGUN])
    creation, name = creation_of(case, effect), _name(case, effect)
    for other in reversed(list(_records(case, effect))):
        found = other.answers.get(BEGUN)
        if found and creation.template(other.answers)["name"] == name and not overdue(case, found):
            return dict(found)
    return None


def overdue(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether what was begun then should have been there long ago. Nothing is sent again before somebody asks for it."""
    return case.now - datetime.fromtimestamp(found["at"], tz=UTC) >= HOLDS


def begin(case: Case, effect: CreateProgram) -> bool:
    """Write down that Pismo is about to be asked; False if this no longer counts."""
    return _mark(case, effect, {"at": int(case.now.timestamp())})


def take_over(case: Case, effect: CreateProgram, found: Mapping[str, Any]) -> bool:
    """What an earlier item began is followed by this one."""
    return _mark(case, effect, found)


def accepted(case: Case, effect: CreateProgram, import_id: int) -> bool:
    record = _waiting(case, effect)
    if record is None:
        return False
    if case.onboarding.severed_at is None:
        case.say("customer", effect.step, "program_begun", name=_name(case, effect))
    return _mark(case, effect, {**(record.answers.get(BEGUN) or {}), "import_id": import_id})


def take_back(case: Case, effect: CreateProgram) -> bool:
    """Pismo has not created it, and won't: it can be begun again."""
    creation, name = creation_of(case, effect), _name(case, effect)
    for record in _records(case, effect):
        if record.answers.get(BEGUN) and creation.template(record.answers)["name"] == name:
            record.answers = {**record.answers, BEGUN: None}
    return _waiting(case, effect) is not None


def finish(case: Case, effect: CreateProgram, key: str, **params: Any) -> bool:
    """It isn't followed any more; ``key`` and ``params``: what both sides are told. False if it no longer counts."""
    record = _waiting(case, effect)
    if record is None:
        return False
    record.state = "failed"
    _told(case, effect, record, key, params)
    return True


def seen(case: Case, effect: CreateProgram, number: int, kind: str, status: str) -> bool:
    """It is there: recorded as support would, once for each status, while it is followed further."""
    record, creation = _waiting(case, effect), creation_of(case, effect)
    if record is None:
        return False
    if record.answers.get(SEEN) == [number, status]:
        return True
    record.answers = {**record.answers, SEEN: [number, status]}
    answers, item = creation.recorded(record.answers, number, kind, status), new_id("item")
    new_record(case, effect.step, creation.recording, item, answers).state = "done"
    case.log(
        f"task:{effect.step}.{creation.recording}:done",
        by=SYSTEM,
        facts={"state": "done", "item": item},
        changes={"answers": answers},
    )
    return True


def found(case: Case, effect: CreateProgram, key: str, number: int, kind: str, status: str) -> bool:
    """It is there, and followed no more; told to both sides."""
    record = _waiting(case, effect)
    if record is None or not seen(case, effect, number, kind, status):
        return False
    record.state = "done"
    _told(case, effect, record, key, {"id": str(number), "type": kind})
    return True


def _told(case: Case, effect: CreateProgram, record: TaskRecord, key: str, params: Mapping[str, Any]) -> None:
    case.log(
        f"task:{effect.step}.{effect.task}:{record.state}",
        by=SYSTEM,
        facts={"item": effect.item, "outcome": key, "x_cid": params.get("x_cid", "")},
    )
    name = creation_of(case, effect).template(record.answers)["name"]
    if case.onboarding.severed_at is None:
        case.say("customer", effect.step, key, name=name, **params)
    case.say("support", effect.step, key, name=name, **params)


def _mark(case: Case, effect: CreateProgram, how: Mapping[str, Any]) -> bool:
    record = _waiting(case, effect)
    if record is None:
        return False
    record.answers = {**record.answers, BEGUN: dict(how)}
    return True


def _waiting(case: Case, effect: CreateProgram) -> TaskRecord | None:
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    return record if record is not None and record.state == "waiting" else None


def _records(case: Case, effect: CreateProgram) -> Iterator[TaskRecord]:
    """Of all items of the task."""
    return (one for one in case.snapshot.tasks if (one.step_id, one.task_id) == (effect.step, effect.task))


def _name(case: Case, effect: CreateProgram) -> str:
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    return str(creation_of(case, effect).template(record.answers)["name"]) if record is not None else ""
