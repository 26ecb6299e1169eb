"""How often one person at a customer may do what shows in support's channel: more would drown what others need there."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flows.cases.calls import waiting
from flows.cases.case import Case
from flows.forms.step import Step, Task
from flows.people import Side
from flows.problems import Amount, Problem, Refused

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

STUCK = ((1, HOUR), (3, DAY))
"""A step's "I'm stuck": support answers in the thread, where more can be said. The first holds until it has: who is told that it is
settled may say that it isn't."""
TASK = ((60, HOUR),)
"""A task that can be repeated, such as pasting a token."""
SECRETS = ((5, HOUR),)
"""Warnings of secrets in forms. Each is refused and logged all the same."""
ANSWERS = ((20, HOUR),)
"""Answers to the Service Desk, which its people read."""

Limits = Sequence[tuple[int, timedelta]]
"""At most so many in such a time."""


async def stuck(case: Case, step_id: str) -> tuple[Problem, ...]:
    """Why support is not told again yet; empty if it is."""
    waits = any(call.user_id == case.actor.user_id for call in waiting(case.snapshot, step_id))
    done, until = await _when(case, [f"step:{step_id}:stuck"], STUCK if waits else STUCK[1:])
    if until is None:
        return ()
    return (Problem("reason", "stuck_told", {"ago": _minutes(case.now - done[-1]), "again": _minutes(until - case.now)}),)


async def task(case: Case, step: Step, wanted: Task) -> None:
    """Raises Refused("too_often") for somebody at the customer who repeats a task again and again."""
    if wanted.side is Side.CUSTOMER and wanted.repeatable:
        tags = [f"task:{step.id}.{wanted.id}:{state}" for state in ("done", "waiting")]
        _, until = await _when(case, tags, TASK)
        if until is not None:
            raise Refused("too_often", until=int(until.timestamp()))


async def answers(case: Case, tags: Collection[str]) -> tuple[Problem, ...]:
    """Why another answer to the Service Desk can't be filed yet; empty if it can. ``tags``: what the log calls answers."""
    _, until = await _when(case, tags, ANSWERS)
    return () if until is None else (Problem("answer", "answers_too_often", {"again": _minutes(until - case.now)}),)


async def warns(case: Case) -> bool:
    """Whether support is warned of another secret of the same person."""
    return (await _when(case, ["secret:refuse"], SECRETS))[1] is None


async def _when(case: Case, tags: Collection[str], limits: Limits) -> tuple[Sequence[datetime], datetime | None]:
    """When the actor did it, oldest first, and from when on they may again; None if now."""
    since = case.now - max(span for _, span in limits)
    done = await case.unit.times(case.id, tags, case.actor, since)
    waits = [done[-most] + span for most, span in limits if len(done) >= most and done[-most] + span > case.now]
    return done, max(waits, default=None)


def _minutes(span: timedelta) -> Amount:
    return Amount(max(1, round(span.total_seconds() / 60)))
