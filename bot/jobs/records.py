"""What an effect is about: the record of its task, and what the customer's version of the step declares for it."""

from typing import TypeVar

from bot.jobs.errors import Impossible
from flows.cases.case import Case
from flows.cases.settle import record_of
from flows.model import TaskRecord
from flows.outbox import TaskEffect

T = TypeVar("T")


def task_record(case: Case, effect: TaskEffect) -> TaskRecord:
    """Raises Impossible if it is gone."""
    record = record_of(case.snapshot, effect.step, effect.task, effect.item)
    if record is None:
        raise Impossible("gone")
    return record


def declared(what: T | None) -> T:
    """What the step or task declares for an effect (`Effect.needs`). Raises Impossible if it no longer does."""
    if what is None:
        raise Impossible("gone")
    return what
