"""One onboarding's state, and what follows from a change: which steps open, which end, whose turn it is, when to remind."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flows import business_time
from flows.business_time import Calendar
from flows.forms.fields import Answers
from flows.forms.step import BusinessPlace, Situation, Step, Task
from flows.journey import Journey
from flows.model import Snapshot, StepRecord, TaskRecord, Turn, new_id
from flows.outbox import StepEffect
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit
from flows.problems import Refused
from flows.rules import Rules
from flows.state import ENDED, TURNS, WORKING, Move, StepState, after


def situation_of(snapshot: Snapshot, rules: Rules, now: datetime, actor: Who = SYSTEM) -> Situation:
    """What this onboarding's checks, prefills, and tasks can see."""
    onboarding, journey = snapshot.onboarding, rules.journeys.of_customer(snapshot)
    answers = {step_id: sent[-1].answers for step_id, sent in snapshot.submissions.items() if sent}
    zone = _zone(_business_place(journey, answers).timezone, snapshot, rules)
    done: dict[str, Answers] = {}
    items: dict[str, list[tuple[str, Answers]]] = {}
    done_at: dict[str, datetime] = {}
    replaced: dict[str, tuple[int, Answers]] = {}
    for record in snapshot.tasks:
        if record.state == "done":
            key = f"{record.step_id}.{record.task_id}"
            done[key] = record.answers
            items.setdefault(key, []).append((record.item, record.answers))
            if record.at is not None:
                done_at[f"{key}:{record.item}"] = record.at
        elif record.state == "stale":
            replaced[f"{record.step_id}.{record.task_id}"] = (snapshot.steps[record.step_id].revision, record.answers)
    return Situation(
        now=now,
        today=now.astimezone(ZoneInfo(zone)).date(),
        customer=onboarding.customer,
        language=onboarding.language,
        timezone=zone,
        go_live=onboarding.go_live,
        lead_id=onboarding.lead_id,
        owner_id=onboarding.owner_id,
        actor_id=actor.user_id,
        channel_id=onboarding.channel_id,
        answers=answers,
        done=done,
        items=items,
        revisions={step_id: [(one.at, one.answers) for one in sent] for step_id, sent in snapshot.submissions.items()},
        sent_at={step_id: sent[-1].at for step_id, sent in snapshot.submissions.items() if sent},
        done_at=done_at,
        replaced={key: value for key, value in replaced.items() if key not in done},
        grants=[(grant.resource, grant.email, grant.state) for grant in snapshot.grants],
        steps=tuple(journey.steps),
        unfinished=frozenset(step for step, record in snapshot.steps.items() if record.state not in ENDED),
        approved=frozenset(
            step for step, record in snapshot.steps.items() if record.state in WORKING or record.state is StepState.DONE
        ),
        skipped=frozenset(step for step, record in snapshot.steps.items() if record.state is StepState.SKIPPED),
        contact=_contact(journey, answers),
        secret_field=rules.secret_field,
    )


@cache
def is_zone(name: str) -> bool:
    """Whether this machine knows an IANA zone."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def timezone_of(snapshot: Snapshot, rules: Rules) -> str:
    """The customer's IANA zone: from their answers, else their lead's in Slack, else the configured one."""
    return _zone(_place_of(snapshot, rules).timezone, snapshot, rules)


def _zone(said: str, snapshot: Snapshot, rules: Rules) -> str:
    return said or (snapshot.lead_timezone if is_zone(snapshot.lead_timezone) else "") or rules.customer_timezone


def _place_of(snapshot: Snapshot, rules: Rules) -> BusinessPlace:
    answers = {step_id: sent[-1].answers for step_id, sent in snapshot.submissions.items() if sent}
    return _business_place(rules.journeys.of_customer(snapshot), answers)


def _business_place(journey: Journey, answers: Mapping[str, Answers]) -> BusinessPlace:
    """As far as the sent answers tell."""
    places = [step.business_place(answers[step.id]) for step in journey.steps.values() if step.id in answers]
    zone = next((place.timezone for place in places if place.timezone), "")
    return replace(next((place for place in places if place.country), BusinessPlace()), timezone=zone)


def _contact(journey: Journey, answers: Mapping[str, Answers]) -> str:
    """The company's own email address, as far as the sent answers tell."""
    given = (step.contact(answers[step.id]) for step in journey.steps.values() if step.id in answers)
    return next((address for address in given if address), "")


def calendar_of(side: Side, snapshot: Snapshot, rules: Rules) -> Calendar:
    """The business hours in which a side is reminded."""
    if side is Side.SUPPORT:
        return rules.support_calendar
    place = _place_of(snapshot, rules)
    return business_time.customer_calendar(
        _zone(place.timezone, snapshot, rules),
        place.country,
        place.subdivision,
        always_open=rules.customer_always_open,
        like=rules.support_calendar,
    )


def record_of(snapshot: Snapshot, step_id: str, task_id: str, item: str = "") -> TaskRecord | None:
    return next((t for t in snapshot.tasks if (t.step_id, t.task_id, t.item) == (step_id, task_id, item)), None)


def renewable(snapshot: Snapshot, step: Step, task: Task) -> bool:
    """Whether something that expires was recorded, so that its renewal can be asked for and recorded."""
    recording = step.task(task.renews) if task.renews else task
    return bool(recording.expires) and any(
        (one.step_id, one.task_id, one.state) == (step.id, recording.id, "done") for one in snapshot.tasks
    )


def state_allows(snapshot: Snapshot, step: Step, task: Task) -> bool:
    """Whether the onboarding's and the step's state allow a task; its other conditions aren't checked."""
    state = snapshot.steps[step.id].state
    if renewable(snapshot, step, task):
        return state in ENDED or (state in WORKING and not task.renews)
    if task.renews:
        return False
    open_ = snapshot.onboarding.closed_at is None or task.outlives
    return open_ and (state in WORKING or state in task.also_in)


def open_tasks(step: Step, situation: Situation) -> Iterator[Task]:
    """A step's tasks that someone still has to do, in order: ready, needed, and (unless repeatable) not done."""
    for task in step.tasks:
        if (
            not task.optional
            and task.is_ready(situation)
            and task.needed(situation)
            and (task.repeatable or f"{step.id}.{task.id}" not in situation.done)
        ):
            yield task


def blocked_tasks(step: Step, situation: Situation) -> Iterator[Task]:
    """A step's tasks that someone has to do once other steps have ended, in order."""
    for task in step.tasks:
        if not task.optional and task.waits_for(situation) and f"{step.id}.{task.id}" not in situation.done:
            yield task


def is_finished(step: Step, situation: Situation) -> bool:
    left = (*open_tasks(step, situation), *blocked_tasks(step, situation))
    return step.finished(situation) and all(task.repeatable for task in left)


def to_renew(step: Step, record: StepRecord, situation: Situation) -> Task | None:
    """The task with which support records a renewal that was asked for. While the step is filled in or decided on, none does."""
    return step.to_renew(situation) if record.state in ENDED or record.state in WORKING else None


def awaited(step: Step, record: StepRecord, situation: Situation) -> datetime | None:
    """The moment to come that a step waits for."""
    at = step.awaits(situation) if record.state in (StepState.APPROVED, StepState.FULFILLING) else None
    return at if at is not None and at > situation.now else None


def whose_turn(step: Step, record: StepRecord, situation: Situation, *, closed: bool = False) -> Side | None:
    """Whose turn it is on a step; after the approval, support's open tasks come before the customer's. A renewal that was asked for
    is support's, also when the step is done and once the onboarding is ``closed``, after which nothing else is anybody's. While all that
    is left waits for other steps, as closing the onboarding does, or the step for a moment to come, it is nobody's either."""
    if to_renew(step, record, situation) is not None:
        return Side.SUPPORT
    if closed:
        return None
    if awaited(step, record, situation) is not None:
        return None
    if record.state in (StepState.APPROVED, StepState.FULFILLING):
        sides = [task.side for task in open_tasks(step, situation)]
        closing = any(task.closes and not task.is_ready(situation) for task in step.tasks)
        if not sides and (closing or any(blocked_tasks(step, situation))):
            return None
        customers = Side.SUPPORT not in sides if sides else step.to_resend(situation)
        return Side.CUSTOMER if customers else Side.SUPPORT
    return TURNS.get(record.state)


def move(unit: Unit, record: StepRecord, how: Move, actor: Who, *, reason: str = "") -> None:
    """Change a step's state, or raise Refused("moved_on") if that is no longer possible."""
    state = after(record.state, how)
    if state is None:
        raise moved_on(record)
    record.state = state
    record.reason = reason
    if actor != SYSTEM or record.changed_at != unit.now:  # what follows in the same commit is credited to whoever caused it
        record.changed_at, record.changed_by = unit.now, actor.user_id


def resume_failed(unit: Unit, record: StepRecord, actor: Who) -> None:
    """Resume a failed step: what it failed on was done after all, or in another way."""
    if record.state is StepState.FAILED:
        move(unit, record, Move.RETRY, actor)
        unit.record(record.onboarding_id, f"step:{record.step_id}:{Move.RETRY.value}", actor)


def moved_on(record: StepRecord) -> Refused:
    """The reply to what a step's state doesn't allow, such as a late click: who changed it last and when (Unix seconds). Nobody
    has changed one that is locked."""
    if record.state is StepState.LOCKED:
        return Refused("step_locked", step=record.step_id)
    at = int(record.changed_at.timestamp()) if record.changed_at else 0
    return Refused("moved_on", step=record.step_id, state=record.state.value, by=record.changed_by, at=at)


def settle(unit: Unit, snapshot: Snapshot, rules: Rules, *, over: bool = False) -> list[StepEffect]:
    """Carry a change through: open free steps, end finished ones, set turns and reminders. Returns what opened steps start.

    ``over``: the onboarding was closed before. No step moves then, but what must be renewed may still become support's turn."""
    journey, started = rules.journeys.of_customer(snapshot), list[StepEffect]()
    situation, moved = situation_of(snapshot, rules, unit.now), not over
    while moved:
        moved = False
        for step_id, step in journey.steps.items():
            record = snapshot.steps[step_id]
            how = _next_move(step, record, snapshot, situation)
            if how is not None:
                move(unit, record, how, SYSTEM, reason=record.reason)
                unit.record(snapshot.onboarding.id, f"step:{step_id}:{how.value}", SYSTEM, facts={"state": record.state.value})
                started += [effect(step=step_id) for effect in step.on_open] if how is Move.UNLOCK else []
                moved = True
        situation = situation_of(snapshot, rules, unit.now) if moved else situation
    for step_id, step in journey.steps.items():
        _set_turn(unit, step, snapshot.steps[step_id], snapshot, rules, situation)
    return started


def _next_move(step: Step, record: StepRecord, snapshot: Snapshot, situation: Situation) -> Move | None:
    if record.state is StepState.LOCKED and all(
        snapshot.steps[needed].state in ENDED for needed in step.requires if needed in snapshot.steps
    ):
        return Move.UNLOCK
    if record.state in (StepState.APPROVED, StepState.FULFILLING) and is_finished(step, situation):
        return Move.FINISH
    if record.state is StepState.APPROVED or (record.state is StepState.DONE and _lacks_again(step, situation)):
        return Move.FULFIL
    return None


def _lacks_again(step: Step, situation: Situation) -> bool:
    """Whether somebody has something to do in production again, such as bringing over a program that was added in test."""
    return step.shows_lane and not step.finished(situation) and any(open_tasks(step, situation))


def _set_turn(unit: Unit, step: Step, record: StepRecord, snapshot: Snapshot, rules: Rules, situation: Situation) -> None:
    closed = snapshot.onboarding.closed_at is not None
    side, until = whose_turn(step, record, situation, closed=closed), awaited(step, record, situation)
    # A new revision, a decision, or a change of turn starts a new count, as the end of a wait does.
    mark = f"{side.value}:{record.state.value}:{record.revision}" if side else ""
    if side is None and until is not None and not closed:
        mark = f":{record.state.value}:{record.revision}:{int(until.timestamp())}"
    if record.turn == mark:
        quiet = record.customer_snoozed_until or snapshot.onboarding.severed_at
        if side is Side.CUSTOMER and record.escalated_at and not quiet:
            record.remind_at = next_waking(step, record, situation, calendar_of(side, snapshot, rules))
        return
    if (over := _turn_over(record, snapshot, rules, situation.now)) is not None:
        unit.add(over)
    record.turn = mark
    record.turn_since, record.reminded = situation.now, 0
    record.escalate_at = record.escalated_at = None
    record.remind_at = waits_until(record)
    if side is not None:
        first = rules.reminders.customer[0] if side is Side.CUSTOMER else rules.reminders.support_first
        usual = business_time.add(calendar_of(side, snapshot, rules), situation.now, first)
        record.remind_at = max(usual, snoozed_until(record, side) or usual)


def _turn_over(record: StepRecord, snapshot: Snapshot, rules: Rules, now: datetime) -> Turn | None:
    """The turn that ends now; None if it was nobody's, or a renewal of what a step had done: that is no time of the onboarding's."""
    side, since, state = side_of(record), record.turn_since, record.turn.partition(":")[2].partition(":")[0]
    if not record.turn or since is None or state in ENDED:
        return None
    calendar = calendar_of(side or Side.SUPPORT, snapshot, rules)  # what nobody can hasten, such as a session, support has set
    return Turn(
        id=new_id(f"{record.id}:turn"),
        onboarding_id=record.onboarding_id,
        step_id=record.step_id,
        side=side.value if side is not None else "",
        state=state,
        next_state=record.state.value,
        began_at=since,
        ended_at=now,
        seconds=int(business_time.between(calendar, since, now).total_seconds()),
    )


def next_waking(step: Step, record: StepRecord, situation: Situation, calendar: Calendar) -> datetime | None:
    """The opening of the next day on which the customer is to be reminded of a step besides, after the day of the last reminder."""
    days = [day for day in step.wakes(situation) if record.reminded_on is None or day > record.reminded_on]
    if not days:
        return None
    return business_time.next_open(calendar, datetime.combine(min(days), datetime.min.time(), ZoneInfo(calendar.timezone)))


def side_of(record: StepRecord) -> Side | None:
    """Whose turn it is on a step, as stored; None also where neither side's name stands."""
    side = record.turn.partition(":")[0]
    return next((one for one in Side if one.value == side), None)


def snoozed_until(record: StepRecord, side: Side) -> datetime | None:
    """Until when a side wants no reminders of a step; it may be over by now. It holds also if the turn changes and comes back."""
    return record.customer_snoozed_until if side is Side.CUSTOMER else record.support_snoozed_until


def waits_until(record: StepRecord) -> datetime | None:
    """The moment that a step which is nobody's turn waits for, as stored; it may be over by now."""
    until = record.turn.rpartition(":")[2] if record.turn.startswith(":") else ""
    return datetime.fromtimestamp(int(until), UTC) if until.isdecimal() else None
