"""The record of the task that an effect is about."""

from bot.jobs.errors import Impossible
from flows.cases.case import Case
from flows.cases.tasks import record_of
from flows.model import TaskRecord
from flows.outbox import TaskEffect


def task_record(case: Case, effect: TaskEffect) -> TaskRecord:
    """Raises Impossible where it is gone."""
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None:
        raise Impossible("gone")
    return record
