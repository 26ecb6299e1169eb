"""What follows an approval: tasks of support and of the customer, the accesses they move, and results of effects."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flows.cases.onboarding import go_on, need, refuse_closed, said_by, settle, situation_of, step_of
from flows.forms.fields import Answers
from flows.forms.step import Step, Task
from flows.model import Decision, Expiry, Grant, Snapshot, TaskRecord, new_id
from flows.outbox import redraw, say
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import ENDED, WORKING

ALL = "*"
"""Chosen in place of accesses: all that wait."""
CLOSE = "close_onboarding"
"""The task that ends the whole onboarding."""


def task_of(step: Step, task_id: str) -> Task:
    """Raises Refused("gone") for a task of an old button that the step no longer has."""
    try:
        return step.task(task_id)
    except KeyError:
        raise Refused("gone") from None


def record_of(snapshot: Snapshot, step_id: str, task_id: str, item: str = "") -> TaskRecord | None:
    return next((t for t in snapshot.tasks if (t.step_id, t.task_id, t.item) == (step_id, task_id, item)), None)


def renewable(snapshot: Snapshot, step: Step, task: Task) -> bool:
    """Whether something was recorded that ends one day, so that what takes its place can be recorded, too."""
    record = record_of(snapshot, step.id, task.id) if task.expires else None
    return record is not None and record.state in ("done", "waiting")


def in_hand(snapshot: Snapshot, step: Step, task: Task) -> bool:
    """Whether how the onboarding and the step stand lets a task be done; what it hangs on besides is not looked at."""
    state = snapshot.steps[step.id].state
    if renewable(snapshot, step, task):
        return state in WORKING or state in ENDED
    return snapshot.onboarding.closed_at is None and (state in WORKING or state in task.also_in)


def can_do(rules: Rules, snapshot: Snapshot, step: Step, task: Task, actor: Who, unit: Unit) -> None:
    """Raises Refused where a task cannot be done now, and says how things stand."""
    record = snapshot.steps[step.id]
    if not in_hand(snapshot, step, task):
        refuse_closed(snapshot)
        raise Refused("moved_on", step=step.id, state=record.state.value, **said_by(record))
    done = record_of(snapshot, step.id, task.id)
    if done is not None and done.state == "done" and not (task.repeatable or task.expires):
        raise Refused("task_done", step=step.id, task=task.id, by=done.user_id, at=int(done.at.timestamp()) if done.at else 0)
    if not task.ready(situation_of(snapshot, rules, unit.now, actor)):
        raise Refused("task_not_ready", step=step.id, task=task.id)
    if done is not None and done.state == "waiting" and rules.approvals_of(step, task) > 1 and done.user_id == actor.user_id:
        raise Refused("own_confirmation", step=step.id, task=task.id)


async def do_task(
    unit: Unit, rules: Rules, onboarding_id: str, step_id: str, task_id: str, clean: Answers, actor: Who, *, item: str = ""
) -> TaskRecord:
    """Record a task as done; with two approvers the first word waits for the second person's equal one."""
    snapshot = await need(unit, onboarding_id)
    step = step_of(snapshot.onboarding, step_id)
    task = task_of(step, task_id)
    can_do(rules, snapshot, step, task, actor, unit)
    clean = {**clean, **task.adds(clean, situation_of(snapshot, rules, unit.now, actor))}
    if task.repeatable:
        item = item or new_id("item")
    record = record_of(snapshot, step_id, task_id, item)
    renewed = bool(task.expires) and record is not None and record.state == "done"
    needed = rules.approvals_of(step, task)
    agreed = record is not None and record.answers == clean and _waits_for(snapshot, step, record, actor)
    if record is None:
        record = TaskRecord(
            id=f"{onboarding_id}:{step_id}.{task_id}:{item}",
            onboarding_id=onboarding_id,
            step_id=step_id,
            task_id=task_id,
            item=item,
        )
        unit.add(record)
        snapshot.tasks.append(record)
    record.answers, record.at = clean, unit.now
    record.team_id, record.user_id = actor.team_id, actor.user_id
    record.state = "waiting" if task.effect == "proof" or (needed > 1 and not agreed) else "done"
    go_on(unit, snapshot.steps[step_id], actor)
    facts = {"state": record.state, "item": item}
    unit.record(onboarding_id, f"task:{step_id}.{task_id}:{record.state}", actor, facts=facts, changes={"answers": clean})
    if needed > 1:
        _second_word(unit, snapshot, step, task, actor, agreed=agreed)
    if task.grant_to:
        _move_grants(unit, snapshot, task, clean)
    if task.expires and record.state == "done":
        await _track_expiry(unit, record, str(clean.get(task.expires) or ""))
        await _forget_replaced(unit, snapshot, step)
    if task.effect:
        unit.effect(onboarding_id, task.effect, step=step_id, task=task_id, item=item)
    redraw(unit, onboarding_id, step_id)
    if record.state == "done" and task.effect != "session":
        said = {k: v for k, v in clean.items() if isinstance(v, str | int)}
        mention = [snapshot.onboarding.lead_id] if task.side is Side.SUPPORT else []
        key = "renewed" if renewed else f"task.{step_id}.{task_id}.done"
        say(unit, onboarding_id, "customer", step_id, key, mention=mention, values=said)
        if task.side is Side.CUSTOMER:
            say(unit, onboarding_id, "support", step_id, f"task.{step_id}.{task_id}.done", values=said)
    if snapshot.onboarding.closed_at is None:
        settle(unit, snapshot, rules)
    return record


async def _track_expiry(unit: Unit, record: TaskRecord, last_day: str) -> None:
    """The day by which what the task brought must be renewed; a renewed one is told of anew."""
    expiry_id = f"{record.onboarding_id}:{record.step_id}.{record.task_id}"
    expiry = await unit.get(Expiry, expiry_id)
    if expiry is not None and not last_day:
        await unit.delete(expiry)
    elif expiry is not None:
        expiry.last_day, expiry.warned = date.fromisoformat(last_day), None
    elif last_day:
        unit.add(
            Expiry(
                id=expiry_id,
                onboarding_id=record.onboarding_id,
                step_id=record.step_id,
                task_id=record.task_id,
                last_day=date.fromisoformat(last_day),
            )
        )


async def _forget_replaced(unit: Unit, snapshot: Snapshot, step: Step) -> None:
    """The end of what a task brought that is to be done in another way since: what was recorded now took its place."""
    for old in snapshot.tasks:
        if (old.step_id, old.state) == (step.id, "stale"):
            expiry = await unit.get(Expiry, f"{old.onboarding_id}:{old.step_id}.{old.task_id}")
            if expiry is not None:
                await unit.delete(expiry)


def outdate(unit: Unit, rules: Rules, snapshot: Snapshot, step: Step, changed: Collection[str]) -> None:
    """A new revision was sent: what hangs on the answers that changed is to be done anew, and one person's word of two falls.

    Whose proof was still running is told that it does not count: no result of it will come.
    """
    for task in step.tasks:
        hangs, two = not set(task.stale_with).isdisjoint(changed), rules.approvals_of(step, task) > 1
        for record in snapshot.tasks:
            if (record.step_id, record.task_id) != (step.id, task.id):
                continue
            waits = record.state == "waiting"
            if (hangs and record.state == "done") or (waits and (hangs or two)):
                record.state = "stale"
                if waits and task.effect == "proof":
                    unit.record(record.onboarding_id, f"task:{step.id}.{task.id}:stale", SYSTEM, facts={"item": record.item})
                    say(unit, record.onboarding_id, "customer", step.id, "proof_outdated", mention=[record.user_id])


def _waits_for(snapshot: Snapshot, step: Step, record: TaskRecord, actor: Who) -> bool:
    """Whether a task waits for a second person like this one, who confirms what was recorded on the present revision."""
    spoke = record.state == "waiting" and record.user_id != actor.user_id
    subject, revision = f"{step.id}.{record.task_id}", snapshot.steps[step.id].revision
    words = ((d.subject, d.revision, d.user_id) for d in snapshot.decisions)
    return spoke and (subject, revision, record.user_id) in words


def _second_word(unit: Unit, snapshot: Snapshot, step: Step, task: Task, actor: Who, *, agreed: bool) -> None:
    """Keep each person's word on a task that takes two."""
    onboarding_id, subject = snapshot.onboarding.id, f"{step.id}.{task.id}"
    revision = snapshot.steps[step.id].revision
    decision_id = f"{onboarding_id}:{subject}:{revision}:{actor.user_id}"
    earlier = next((d for d in snapshot.decisions if d.id == decision_id), None)
    if earlier is None:
        unit.add(
            Decision(
                id=decision_id,
                onboarding_id=onboarding_id,
                subject=subject,
                revision=revision,
                digest="",
                verdict="approve",
                team_id=actor.team_id,
                user_id=actor.user_id,
                at=unit.now,
            )
        )
    else:
        earlier.at = unit.now
    if not agreed:
        say(unit, onboarding_id, "support", step.id, "task_waits_for_second", by=actor.user_id, task=f"task.{subject}.title")


def _move_grants(unit: Unit, snapshot: Snapshot, task: Task, clean: Answers) -> None:
    chosen = set(clean.get("grants") or [])
    for grant in snapshot.grants:
        if (grant.id in chosen or ALL in chosen) and grant.resource in task.resource and grant.state in task.grant_from:
            grant.state, grant.at, grant.nudged_at = task.grant_to, unit.now, None
            grant.expires_at = unit.now + timedelta(hours=task.expires_hours) if task.expires_hours else None
            grant.reference = str(clean.get("ticket") or grant.reference)
            facts = {"grant": grant.id, "resource": grant.resource, "state": grant.state}
            unit.record(snapshot.onboarding.id, f"grant:{grant.resource}:{grant.state}", SYSTEM, facts=facts)


def choosable(snapshot: Snapshot, task: Task) -> list[Grant]:
    """The accesses a task can move, in the order they were asked for."""
    return [g for g in snapshot.grants if g.resource in task.resource and g.state in task.grant_from]


async def finish_proof(
    unit: Unit,
    rules: Rules,
    onboarding_id: str,
    step_id: str,
    task_id: str,
    item: str,
    lines: Sequence[Mapping[str, Any]],
    differences: Sequence[tuple[str, str, str]] | None = None,
) -> None:
    """Write down what a proof of access found. Each line: check, outcome (passed, failed, skipped), reason, x_cid, ms.

    It passed when nothing failed and programs could be read. ``differences``: (field, approved, on the platform) of the organization.
    """
    snapshot = await unit.snapshot(onboarding_id)
    if snapshot is None:
        return
    record = record_of(snapshot, step_id, task_id, item)
    if record is None or record.state != "waiting":
        return
    read = any((line["check"], line["outcome"]) == ("programs", "passed") for line in lines)
    record.state = "done" if read and all(line["outcome"] != "failed" for line in lines) else "failed"
    found = None if differences is None else [list(difference) for difference in differences]
    record.answers = {**record.answers, "lines": [dict(line) for line in lines], "differences": found}
    facts = {
        "item": item,
        "environment": record.answers.get("environment", ""),
        "lines": [{k: line.get(k, "") for k in ("check", "outcome", "x_cid")} for line in lines],
    }
    unit.record(onboarding_id, f"task:{step_id}.{task_id}:{record.state}", SYSTEM, facts=facts)
    for where in ("customer", "support"):
        unit.effect(onboarding_id, "proof_report", step=step_id, task=task_id, item=item, where=where)
    redraw(unit, onboarding_id, step_id)
    if snapshot.onboarding.closed_at is None:
        settle(unit, snapshot, rules)
