"""Requests filed at the Service Desk: the record of one is that of the task ``file_request``, whoever filed it."""

from collections.abc import Collection
from dataclasses import dataclass

from flows.cases.onboarding import go_on, move, settle
from flows.model import Snapshot, TaskRecord
from flows.outbox import redraw, say
from flows.people import SYSTEM
from flows.ports import Unit
from flows.rules import Rules
from flows.state import Move, after

STEP, TASK, EFFECT = "service_desk", "file_request", "file_access_request"


@dataclass(frozen=True)
class Ticket:
    """``link`` is its page in the portal. ``ended``: it is resolved or closed."""

    key: str
    link: str
    status: str
    ended: bool = False


async def open_tickets(unit: Unit) -> list[TaskRecord]:
    """Records of the tickets of open onboardings that are not known to have ended."""
    return [record for record in await unit.tasks(STEP, TASK) if record.answers.get("ticket") and not record.answers.get("ended")]


async def note_filed(
    unit: Unit, rules: Rules, onboarding_id: str, item: str, resource: str, grants: Collection[str], ticket: Ticket
) -> None:
    """The bot filed a request for these accesses: they are ``filed``, and both sides are told. ``item``: once under this id."""
    snapshot = await unit.snapshot(onboarding_id)
    record_id = f"{onboarding_id}:{STEP}.{TASK}:{item}"
    if snapshot is None or any(record.id == record_id for record in snapshot.tasks):
        return
    answers = {"grants": list(grants), "ticket": ticket.key, "link": ticket.link, "status": ticket.status, "ended": ticket.ended}
    record = TaskRecord(
        id=record_id,
        onboarding_id=onboarding_id,
        step_id=STEP,
        task_id=TASK,
        item=item,
        answers=answers,
        user_id=SYSTEM.user_id,
        team_id=SYSTEM.team_id,
        at=unit.now,
    )
    unit.add(record)
    snapshot.tasks.append(record)
    unit.record(onboarding_id, f"task:{STEP}.{TASK}:done", SYSTEM, facts={"item": item}, changes={"answers": answers})
    for grant in snapshot.grants:
        if grant.id in grants and grant.state == "asked":
            grant.state, grant.at, grant.reference = "filed", unit.now, ticket.key
            facts = {"grant": grant.id, "resource": grant.resource, "state": grant.state}
            unit.record(onboarding_id, f"grant:{grant.resource}:filed", SYSTEM, facts=facts)
    failed = [effect for effect in await unit.failed_effects() if (effect.onboarding_id, effect.kind) == (onboarding_id, EFFECT)]
    if not failed:
        go_on(unit, snapshot.steps[STEP], SYSTEM)
    _tell(unit, snapshot, "desk_filed", ticket, what=f"resource.{resource}")
    if snapshot.onboarding.closed_at is None:
        settle(unit, snapshot, rules)


async def note_given_up(unit: Unit, rules: Rules, onboarding_id: str, resource: str) -> None:
    """The bot could not file a request for good: the step has failed until it is filed by another try, or support goes on by hand."""
    snapshot = await unit.snapshot(onboarding_id)
    if snapshot is None or snapshot.onboarding.closed_at is not None:
        return
    record, waits = snapshot.steps[STEP], any((g.resource, g.state) == (resource, "asked") for g in snapshot.grants)
    if waits and after(record.state, Move.FAIL) is not None:
        move(unit, record, Move.FAIL, SYSTEM)
        unit.record(onboarding_id, f"step:{STEP}:{Move.FAIL.value}", SYSTEM, facts={"resource": resource})
        redraw(unit, onboarding_id, STEP)
        settle(unit, snapshot, rules)


async def note_status(unit: Unit, record: TaskRecord, ticket: Ticket) -> bool:
    """What the desk says of a ticket now: told once a change, and not for what it was when it was first seen. False: nothing new."""
    snapshot = await unit.snapshot(record.onboarding_id)
    found = next((one for one in snapshot.tasks if one.id == record.id), None) if snapshot else None
    if snapshot is None or found is None:
        return False
    before = found.answers.get("status") or ""
    answers = {**found.answers, "link": ticket.link, "status": ticket.status, "ended": ticket.ended}
    if answers == found.answers:
        return False
    found.answers = answers
    facts = {"item": found.item, "ended": ticket.ended}
    unit.record(record.onboarding_id, f"task:{STEP}.{TASK}:status", SYSTEM, facts=facts, changes={"status": ticket.status})
    if ticket.ended or (before and before != ticket.status):
        _tell(unit, snapshot, "desk_ended" if ticket.ended else "desk_status", ticket)
    else:
        redraw(unit, record.onboarding_id, STEP)
    return True


async def note_unseen(unit: Unit, record: TaskRecord) -> None:
    """The bot's user may not see a ticket: support is told, once."""
    if await unit.once(f"unseen:{record.id}"):
        say(unit, record.onboarding_id, "support", STEP, "desk_unseen", ticket=record.answers["ticket"])


def _tell(unit: Unit, snapshot: Snapshot, key: str, ticket: Ticket, **more: str) -> None:
    onboarding = snapshot.onboarding
    redraw(unit, onboarding.id, STEP)
    about = {"ticket": ticket.key, "link": ticket.link, "status": ticket.status, **more}
    if onboarding.severed_at is None:
        say(unit, onboarding.id, "customer", STEP, key, values=about)
    pending = any(grant.step_id == STEP and grant.state in ("asked", "filed") for grant in snapshot.grants)
    mention = [onboarding.owner_id] if ticket.ended and pending else []
    say(unit, onboarding.id, "support", STEP, key, mention=mention, values=about)
