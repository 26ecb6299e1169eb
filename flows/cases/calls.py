"""Calls for help: somebody at the customer is stuck in a step. Support answers, or says that it is settled otherwise; a step that ends,
ends them (`flows.cases.passed`). Whoever opens the answer has the call until they answer or let it go, so that no two answer it.
"""

from collections.abc import Sequence

from flows.cases.case import Case
from flows.cases.holidays import tell_if_support_is_off
from flows.cases.passed import STUCK
from flows.cases.presence import in_line, there
from flows.cases.settle import moved_on
from flows.model import Call, Snapshot, new_id
from flows.outbox import ShowCall
from flows.people import SYSTEM, Side, Who
from flows.problems import Amount, Problem, Refused
from flows.state import ENDED, StepState


def waiting(snapshot: Snapshot, step_id: str) -> Sequence[Call]:
    """Those of a step that nobody answered yet, oldest first."""
    return [one for one in snapshot.calls if (one.kind, one.step_id, one.answered_at) == (STUCK, step_id, None)]


def may_call(case: Case, step_id: str) -> None:
    """Before the form opens. Raises Refused, which says how the step stands, unless it goes on, whoever's turn it is."""
    record = case.record(step_id)
    if record.state in (*ENDED, StepState.LOCKED):
        raise moved_on(record)


def ended(case: Case, step_id: str) -> tuple[Problem, ...]:
    """That the step ended while the form was filled in; empty if it didn't."""
    return (Problem("reason", "stuck_ended"),) if case.record(step_id).state in ENDED else ()


def stuck(case: Case, step_id: str, words: str) -> Call:
    """The actor is stuck: support is told why, in the step's thread and in its channel, until somebody answers."""
    actor, record = case.actor, case.record(step_id)
    call = Call(
        id=f"{case.id}:{STUCK}:{new_id('call')}",
        onboarding_id=case.id,
        kind=STUCK,
        step_id=record.step_id,
        team_id=actor.team_id,
        user_id=actor.user_id,
        at=case.now,
        words=words,
    )
    case.unit.add(call)
    case.snapshot.calls.append(call)
    case.log(f"step:{step_id}:stuck", facts={"call": call.id}, changes={"reason": words})
    case.ask(ShowCall(step=step_id, call=call.id))
    case.say("customer", step_id, "stuck_received", by=actor.user_id)
    tell_if_support_is_off(case, step_id)
    return call


def open_call(case: Case, call_id: str) -> Call:
    """Before the form opens. Raises Refused, which says who answered, unless it waits for an answer."""
    call = _call(case, call_id)
    if call.answered_at is not None:
        key = "call_passed" if call.answered_by == SYSTEM.user_id else "call_answered"
        raise Refused(key, step=call.step_id, by=call.answered_by, at=int(call.answered_at.timestamp()))
    return call


def answering(snapshot: Snapshot, call: Call) -> str:
    """Who of support answers it at the moment, as long as they are there; empty if nobody does."""
    return call.claimer_id if call.answered_at is None and there(snapshot, call.claimer_id) else ""


def claim(case: Case, call_id: str, *, over: bool = False) -> bool:
    """The actor answers it from now on. False if a colleague does already, unless it is taken ``over`` from them, who are told.

    Raises Refused as `open_call`.
    """
    call, actor = open_call(case, call_id), case.actor
    before = answering(case.snapshot, call)
    if before == actor.user_id or (before and not over):
        return before == actor.user_id
    _hand(case, call, actor.user_id, "claim")
    if before:
        told = {"customer": case.onboarding.customer, "step": call.step_id, "by": actor.user_id}
        case.tell_support(Who(actor.team_id, before), "call_taken_over", **told)
    return True


def release(case: Case, call_id: str) -> None:
    """The actor doesn't answer it after all. Raises Refused("call_claimed") if somebody else is at it."""
    call = open_call(case, call_id)
    if (by := answering(case.snapshot, call)) not in ("", case.actor.user_id):
        at = int(call.claimed_at.timestamp()) if call.claimed_at is not None else 0
        raise Refused("call_claimed", by=by, at=at)
    if by:
        _hand(case, call, "", "release")


def claimed_by(snapshot: Snapshot, user_id: str) -> Sequence[Call]:
    """The calls that wait for this person's answer."""
    return [one for one in snapshot.calls if (one.kind, one.claimer_id, one.answered_at) == (STUCK, user_id, None)]


def hand_on(case: Case, user_id: str, successor: str) -> None:
    """What somebody was to answer is another's; with no ``successor``, since they are gone, anybody's."""
    for call in claimed_by(case.snapshot, user_id):
        _hand(case, call, successor, "claim" if successor else "release")


def _hand(case: Case, call: Call, user_id: str, how: str) -> None:
    facts = {"call": call.id, "step": call.step_id, "from": call.claimer_id, "to": user_id}
    call.claimer_id, call.claimed_at = user_id, case.now if user_id else None
    case.log(f"call:{call.kind}:{how}", facts=facts)
    case.ask(ShowCall(step=call.step_id, call=call.id))


async def answered(case: Case, call_id: str) -> tuple[Problem, ...]:
    """Who of support was quicker, at the form's field; empty if nobody was."""
    call = _call(case, call_id)
    if call.answered_at is None:
        return ()
    if call.answered_by == SYSTEM.user_id:
        return (Problem("answer", "call_passed"),)
    ago = Amount(max(1, round((case.now - call.answered_at).total_seconds() / 60)))
    person = await case.unit.person(Who(case.actor.team_id, call.answered_by))
    name = person.name if person is not None else ""
    return (Problem("answer", "call_answered_by" if name else "call_answered", {"name": name, "ago": ago}),)


def answer(case: Case, call_id: str, words: str) -> None:
    """Answer in the step's thread whoever is stuck. Raises Refused if somebody else was first."""
    _end(case, call_id, words, "answered", "call_answered")


def settle(case: Case, call_id: str, words: str) -> None:
    """It was settled otherwise, such as on the phone; ``words``: what the customer reads of that, if anything. Raises Refused likewise."""
    _end(case, call_id, words, "settled", "call_settled" if words else "call_settled_plain")


def _end(case: Case, call_id: str, words: str, how: str, said: str) -> None:
    call = open_call(case, call_id)
    call.answered_at, call.answered_by, call.answer = case.now, case.actor.user_id, words
    case.log(f"call:{call.kind}:{how}", facts={"call": call.id, "step": call.step_id}, changes={"answer": words})
    case.ask(ShowCall(step=call.step_id, call=call.id))
    reads = [call.user_id, *in_line(case.snapshot, case.record(call.step_id), Side.CUSTOMER)]
    case.say("customer", call.step_id, said, call=reads, by=case.actor.user_id, reason=words)


def _call(case: Case, call_id: str) -> Call:
    found = next((one for one in case.snapshot.calls if one.id == call_id and one.kind == STUCK), None)
    if found is None:
        raise Refused("gone")
    return found
