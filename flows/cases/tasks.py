"""What follows an approval: tasks for support and for the customer, and the grants they move."""

from datetime import date, timedelta
from typing import Any

from flows.cases import confirmations, copied, limits, manage, renewals, shared
from flows.cases.case import Case
from flows.cases.parity import lacking
from flows.cases.settle import moved_on, record_of, resume_failed, state_allows
from flows.forms.fields import Answers
from flows.forms.step import Step, Task
from flows.model import Expiry, Grant, Snapshot, TaskRecord, new_id
from flows.people import SYSTEM, Side, Who
from flows.problems import Refused

ALL = "*"
"""Chosen instead of single grants: all that are waiting."""


def task_of(step: Step, task_id: str) -> Task:
    """Raises Refused("gone") if an old button names a task the step no longer has."""
    try:
        return step.task(task_id)
    except KeyError:
        raise Refused("gone") from None


def choosable(snapshot: Snapshot, task: Task) -> list[Grant]:
    """The grants a task can move."""
    return [g for g in snapshot.grants if g.resource in task.resource and g.state in task.grant_from]


def can_do(case: Case, step_id: str, task: Task) -> None:
    """Raises Refused, with the current state, if a task can't be done now."""
    step, record = case.step(step_id), case.record(step_id)
    if task.closes and case.onboarding.closed_at is None and not task.is_ready(case.situation):
        raise _not_over(case, step)
    item = step.item_now(task, case.situation)
    done = record_of(case.snapshot, step.id, task.id, item)
    over = done if done is not None and done.state == "done" and not task.repeatable else None
    if not state_allows(case.snapshot, step, task):
        case.refuse_closed()
        raise moved_on(record) if over is None or task.expires else _done(over)
    if over is not None:
        raise Refused("renewal_not_asked") if task.expires else _done(over)
    if waits_for := task.waits_for(case.situation):
        raise Refused("task_waits", step=waits_for[0])
    if not task.is_ready(case.situation):
        raise Refused("task_not_ready", step=step.id, task=task.id)
    opens = task.opens(case.situation)
    if opens is not None and opens > case.now:
        raise Refused("task_not_open", at=int(opens.timestamp()))
    asked = next((one for one in case.snapshot.tasks if item and one.item == item and one.task_id != task.id), None)
    if asked is not None and asked.user_id == case.actor.user_id:
        raise Refused("own_submission", step=step.id)
    second = case.rules.approvals_of(step, task, renewal=bool(item)) > 1
    if done is not None and done.state == "waiting" and second and done.user_id == case.actor.user_id:
        raise Refused("own_confirmation", step=step.id, task=task.id)


def _done(record: TaskRecord) -> Refused:
    """That somebody else was first, whatever followed from it since."""
    at = int(record.at.timestamp()) if record.at is not None else 0
    return Refused("task_done", step=record.step_id, task=record.task_id, by=record.user_id, at=at)


def _not_over(case: Case, last: Step) -> Refused:
    """Why the onboarding can't be closed: the steps that are left, and what production lacks."""
    needed = {one for step in case.journey.steps.values() for one in step.requires}
    left = [one for one in case.journey.steps if one in case.situation.unfinished and one in needed and one != last.id]
    lacks = [f"parity.what.{one}" for one in lacking(case.situation, case.journey)]
    steps = ",".join(left)
    return Refused("production_lacks", steps=steps, fields=",".join(lacks)) if lacks else Refused("not_all_done", steps=steps)


async def do_task(case: Case, step_id: str, task_id: str, clean: Answers, *, item: str = "") -> TaskRecord:
    """Record a task as done; with two approvers, the first entry waits until a second person enters the same.

    ``item``: of a repeatable task; else a new one.
    """
    step = case.step(step_id)
    task = task_of(step, task_id)
    can_do(case, step_id, task)
    await limits.task(case, step, task)
    clean = {**clean, **task.adds(clean, case.situation), **await shared.marked(case, step, task, clean)}
    if task.skips:
        manage.skip(case, step_id, str(clean["reason"]))
    item = (item or new_id("item")) if task.repeatable else step.item_now(task, case.situation)
    record = record_of(case.snapshot, step_id, task_id, item)
    renewed = bool(item) and not task.repeatable
    needed = case.rules.approvals_of(step, task, renewal=renewed)
    first = confirmations.first_of(case, step, task, item)
    agreed = first is not None and first.answers == clean
    differs: dict[str, Any] = {}
    if first is not None and not agreed:
        differs = {"user": first.user_id, "fields": confirmations.labels_of(task, first.answers, clean)}
    if record is None:
        record = new_record(case, step_id, task_id, item)
    record.answers, record.at = clean, case.now
    record.team_id, record.user_id = case.actor.team_id, case.actor.user_id
    reports = task.effect is not None and task.effect.reports
    record.state = "waiting" if reports or (needed > 1 and not agreed) else "done"
    resume_failed(case.unit, case.record(step_id), case.actor)
    case.log(f"task:{step_id}.{task_id}:{record.state}", facts={"state": record.state, "item": item}, changes={"answers": clean})
    if needed > 1:
        confirmations.note(case, step, task, item, agreed=agreed, differs=differs)
    if task.grant_to:
        _move_grants(case, task, clean)
    if task.renews:
        renewals.drop_unconfirmed(case, step, task)
    if record.state == "done":
        await _track_end(case, step, task, record)
        await shared.keep(case, step, task, clean)
    if record.state == "done" and not task.skips and not task.closes:  # closing has words of its own
        _announce(case, step, task, clean, renewed=renewed)
    if task.effect is not None:
        case.ask(task.effect(step=step_id, task=task_id, item=item))
    if task.renews:
        copied.send(case, step)
    if record.state == "done" and task.closes:
        manage.close(case)
    return record


def new_record(case: Case, step_id: str, task_id: str, item: str, answers: Answers | None = None, by: Who = SYSTEM) -> TaskRecord:
    """A new record of a task's item, added to the unit and the case."""
    record = TaskRecord(
        id=f"{case.id}:{step_id}.{task_id}:{item}",
        onboarding_id=case.id,
        step_id=step_id,
        task_id=task_id,
        item=item,
        answers=answers or {},
        team_id=by.team_id,
        user_id=by.user_id,
        at=case.now,
    )
    case.unit.add(record)
    case.snapshot.tasks.append(record)
    return record


def _announce(case: Case, step: Step, task: Task, clean: Answers, *, renewed: bool) -> None:
    """Announce a task in the step's threads, unless its effect does."""
    if task.effect is not None and task.effect.announces:
        return
    key = f"task.{step.id}.{task.id}.done"
    said = {name: value for name, value in clean.items() if isinstance(value, str | int)}
    lead = [case.onboarding.lead_id] if task.side is Side.SUPPORT else []
    if case.onboarding.severed_at is None:
        case.say("customer", step.id, "renewed" if renewed else key, call=lead, values=said)
    if task.side is Side.CUSTOMER:
        owner = [case.onboarding.owner_id] if task.renews else []
        case.say("support", step.id, key, call=owner, values=said)


async def _track_end(case: Case, step: Step, task: Task, record: TaskRecord) -> None:
    """Of what the task recorded, or what it took the place of."""
    if task.expires:
        await _track_expiry(case, record, str(record.answers.get(task.expires) or ""))
    if task.expires or task.replaces:
        await _forget_replaced(case, step, task)


async def _track_expiry(case: Case, record: TaskRecord, last_day: str) -> None:
    """Track the day by which what the task recorded must be renewed; after a renewal, warnings start over."""
    expiry_id = f"{case.id}:{record.step_id}.{record.task_id}"
    expiry = await case.unit.get(Expiry, expiry_id)
    if expiry is not None and not last_day:
        await case.unit.delete(expiry)
    elif expiry is not None:
        expiry.last_day, expiry.warned = date.fromisoformat(last_day), None
    elif last_day:
        case.unit.add(
            Expiry(
                id=expiry_id,
                onboarding_id=case.id,
                step_id=record.step_id,
                task_id=record.task_id,
                last_day=date.fromisoformat(last_day),
            )
        )


async def _forget_replaced(case: Case, step: Step, task: Task) -> None:
    """Drop the expiries of other tasks that are stale: what was recorded now replaced them."""
    for old in case.snapshot.tasks:
        if (old.step_id, old.state) == (step.id, "stale") and old.task_id != task.id:
            expiry = await case.unit.get(Expiry, f"{old.onboarding_id}:{old.step_id}.{old.task_id}")
            if expiry is not None:
                await case.unit.delete(expiry)


def _move_grants(case: Case, task: Task, clean: Answers) -> None:
    chosen = {ALL} if task.form is None else set(clean.get("grants") or [])
    for grant in choosable(case.snapshot, task):
        if grant.id in chosen or ALL in chosen:
            grant.state, grant.at, grant.nudged_at = task.grant_to, case.now, None
            grant.expires_at = case.now + timedelta(hours=task.expires_hours) if task.expires_hours else None
            grant.reference = str((clean.get(task.ticket) if task.ticket else "") or grant.reference)
            note_grant(case, grant)


def note_grant(case: Case, grant: Grant) -> None:
    """Log a grant's new state."""
    facts = {"grant": grant.id, "resource": grant.resource, "state": grant.state}
    case.log(f"grant:{grant.resource}:{grant.state}", by=SYSTEM, facts=facts)
