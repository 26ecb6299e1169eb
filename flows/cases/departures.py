"""Somebody who is needed has left: support is told, once, and may choose another; whoever comes back has what they had."""

from collections.abc import Callable

from flows.cases import calls
from flows.cases.case import Case
from flows.cases.presence import SIDES, held, holders, of_departures
from flows.model import Call
from flows.outbox import Draw, ShowDeparture, TellOfDeparture
from flows.people import SYSTEM, Side, Who
from flows.ports import Unit


def leave(case: Case, who: Who, side: Side) -> None:
    """They are gone: a call for each thing of theirs that somebody must take over. Whoever has nothing here is missed by nobody."""
    kinds = {kind: steps for kind, steps in held(case.snapshot, who.user_id).items() if SIDES[kind] is side}
    known = {call.kind: call for call in of_departures(case.snapshot, who.user_id)}
    new = [kind for kind in kinds if kind not in known or known[kind].answered_at is not None]
    for kind in new:
        call = known.get(kind)
        if call is None:
            call = Call(id=f"{case.id}:{kind}:{who.user_id}", onboarding_id=case.id, kind=kind, at=case.now)
            case.unit.add(call)
            case.snapshot.calls.append(call)
        call.step_id = kinds[kind][0] if len(kinds[kind]) == 1 else ""
        call.words = ",".join(kinds[kind])
        call.team_id, call.user_id, call.at = who.team_id, who.user_id, case.now
        call.answered_at, call.answered_by, call.answer = None, "", ""
    if new:
        case.log("departure:tell", by=SYSTEM, facts={"team": who.team_id, "user": who.user_id, "kinds": new})
        case.ask(ShowDeparture(user=who.user_id))
        case.ask(Draw(what="card"))


async def tell_alone(unit: Unit, onboarding_id: str, user_id: str) -> None:
    """The same where nothing can be recorded of the onboarding: support is told, once."""
    if await unit.once(f"left:{onboarding_id}:{user_id}"):
        unit.ask("", TellOfDeparture(user=user_id, onboarding=onboarding_id))


def come_back(case: Case, user_id: str, side: Side) -> None:
    """What they had is theirs as before, as far as nobody else was chosen."""
    waiting = [one for one in of_departures(case.snapshot, user_id) if one.answered_at is None and SIDES[one.kind] is side]
    for call in waiting:
        call.answered_at, call.answered_by, call.answer = case.now, SYSTEM.user_id, user_id
    if waiting:
        case.log("departure:return", by=SYSTEM, facts={"user": user_id, "kinds": [call.kind for call in waiting]})
        case.ask(ShowDeparture(user=user_id))
        case.ask(Draw(what="card"))


def follow_support(case: Case, is_gone: Callable[[str], bool]) -> int:
    """The owner and those who claimed steps, by who belongs to support now; whom they were to answer, anybody may. ``is_gone``: whether
    this user id surely doesn't. Returns how many have left or come back."""
    before = [(call.id, call.answered_at) for call in of_departures(case.snapshot)]
    for user_id in holders(case.snapshot):
        if is_gone(user_id) and Side.SUPPORT in {SIDES[kind] for kind in held(case.snapshot, user_id)}:
            leave(case, Who("", user_id), Side.SUPPORT)
    for user_id in sorted({one.claimer_id for one in case.snapshot.calls if one.claimer_id and is_gone(one.claimer_id)}):
        calls.hand_on(case, user_id, "")
    for call in of_departures(case.snapshot):
        if not is_gone(call.user_id):
            come_back(case, call.user_id, Side.SUPPORT)
    return len({*((call.id, call.answered_at) for call in of_departures(case.snapshot))} - {*before})
