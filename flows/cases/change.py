"""People and dates change: support changes what an onboarding was started with, or hands over what one person has to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flows.cases import calls, departures, members
from flows.cases.case import Case
from flows.cases.presence import ASSIGNEE_LEFT, CLAIMER_LEFT, LEAD_LEFT, OWNER_LEFT, SIDES, held, of_departures
from flows.model import COLLEAGUE, LEAD, LEFT
from flows.outbox import DrawHome, HandOver, HandOverEverywhere, ShowDeparture, TellHandedOver
from flows.people import Side, Who
from flows.ports import Unit
from flows.problems import Problem
from flows.state import ENDED, StepState


@dataclass(frozen=True)
class Particulars:
    """What an onboarding is started with, as it is to be from now on."""

    customer: str
    lead: Who
    owner_id: str
    language: str
    go_live: date | None


def change(case: Case, wanted: Particulars) -> None:
    """Whatever differs from how it is, each told to those whom it concerns. The language comes first: what is told is in it."""
    onboarding = case.onboarding
    if wanted.language != onboarding.language:
        _set_language(case, wanted.language)
    if wanted.customer != onboarding.customer:
        _rename(case, wanted.customer)
    if wanted.lead.user_id != onboarding.lead_id:
        _set_lead(case, wanted.lead)
        case.announce("lead_changed", mention=[wanted.lead.user_id])
    if wanted.owner_id != onboarding.owner_id:
        _set_owner(case, wanted.owner_id)
        case.warn("owner_changed", mention=[wanted.owner_id], by=case.actor.user_id, customer=onboarding.customer)
        case.announce("contact_changed", contact=wanted.owner_id)
    if wanted.go_live != onboarding.go_live:
        _set_go_live(case, wanted.go_live)


def _set_language(case: Case, language: str) -> None:
    onboarding = case.onboarding
    case.log("onboarding:language", facts={"from": onboarding.language, "to": language})
    onboarding.language = language
    case.announce("language_changed", language=language)


def _rename(case: Case, name: str) -> None:
    onboarding, before = case.onboarding, case.onboarding.customer
    case.log("onboarding:rename", changes={"from": before, "to": name})
    onboarding.customer = name
    case.announce("renamed", before=before, now=name)
    case.warn("renamed_here", by=case.actor.user_id, before=before, now=name, channel=onboarding.channel_id)


def _set_lead(case: Case, lead: Who) -> None:
    onboarding, before = case.onboarding, case.snapshot.lead()
    case.log("onboarding:lead", facts={"team": lead.team_id, "from": before.user_id, "to": lead.user_id})
    onboarding.lead_id = lead.user_id
    members.take_in(case, lead)
    for member in case.snapshot.members:
        who = Who(member.team_id, member.user_id)
        if who == lead or (who == before and member.role != LEFT):
            member.role = LEAD if who == lead else COLLEAGUE
    departures.come_back(case, lead.user_id, Side.CUSTOMER)
    for who in (before, lead):
        case.ask(DrawHome(team=who.team_id, user=who.user_id))


def _set_owner(case: Case, owner_id: str) -> None:
    case.log("onboarding:owner", facts={"from": case.onboarding.owner_id, "to": owner_id})
    case.onboarding.owner_id = owner_id


def _set_go_live(case: Case, day: date | None) -> None:
    """Told once, in the channel, with the steps in which what is to be started by when hangs on it."""
    onboarding, before, earlier = case.onboarding, case.situation, case.onboarding.go_live
    onboarding.go_live = day
    dates = {"from": earlier.isoformat() if earlier else "", "to": day.isoformat() if day else ""}
    case.log("onboarding:go_live", facts=dates)
    closed = (StepState.LOCKED, *ENDED)
    steps = [step for step in case.journey.steps.values() if case.record(step.id).state not in closed]
    moved = [step.id for step in steps if tuple(step.wakes(before)) != tuple(step.wakes(case.situation))]
    alone, together = ("go_live_unset", "go_live_unset_with")
    if day is not None:
        alone, together = ("go_live_changed", "go_live_changed_with") if earlier else ("go_live_set", "go_live_set_with")
    case.announce(together if moved else alone, before=dates["from"], now=dates["to"], steps=moved)


# -- all that one person has


async def hand_over_problems(case: Case, person: str, successor: str, side: Side, *, everywhere: bool) -> tuple[Problem, ...]:
    """Why nothing can be handed over so, at the dialog's fields. ``side``: the successor's."""
    if person == successor:
        return (Problem("successor", "same_person"),)
    if everywhere and side is Side.CUSTOMER:
        return (Problem("everywhere", "everywhere_is_supports"),)
    found = {SIDES[kind] for kind in held(case.snapshot, person)}
    if calls.claimed_by(case.snapshot, person):
        found.add(Side.SUPPORT)
    if not found and not everywhere:
        return (Problem("person", "has_nothing"),)
    if not found and not await case.unit.held_by([person]):
        return (Problem("person", "has_nothing_anywhere"),)
    if found and side not in found:
        return (Problem("successor", "other_side"),)
    return ()


def hand_over(case: Case, person: str, successor: Who, side: Side, *, of_many: bool = False) -> None:
    """The onboarding itself and all steps that somebody has on one side are another's from now on, and so are their reminders and whom
    they were to answer. Nothing happens if they have nothing. ``of_many``: as in other onboardings, of which support reads at once."""
    had = {kind: steps for kind, steps in held(case.snapshot, person).items() if SIDES[kind] is side}
    if side is Side.SUPPORT:
        calls.hand_on(case, person, successor.user_id)
    if not had:
        return
    steps = had.get(ASSIGNEE_LEFT if side is Side.CUSTOMER else CLAIMER_LEFT, ())
    facts = {"side": side.value, "from": person, "team": successor.team_id, "to": successor.user_id, "steps": list(steps)}
    case.log("onboarding:hand_over", facts=facts)
    if LEAD_LEFT in had:
        _set_lead(case, successor)
    if OWNER_LEFT in had:
        _set_owner(case, successor.user_id)
    for step_id in steps:
        if side is Side.CUSTOMER:
            members.take_in(case, successor)
            case.record(step_id).assignee_id = successor.user_id
        else:
            case.record(step_id).claimer_id = successor.user_id
    for call in of_departures(case.snapshot, person):
        if call.kind in had and call.answered_at is None:
            call.answered_at, call.answered_by, call.answer = case.now, case.actor.user_id, successor.user_id
            case.ask(ShowDeparture(user=person))
    _tell_customer(case, had, steps, successor.user_id, side)
    if not of_many and side is Side.SUPPORT:
        _tell_support(case, had, steps, successor.user_id)


def _tell_customer(case: Case, had: Mapping[str, tuple[str, ...]], steps: tuple[str, ...], successor: str, side: Side) -> None:
    """In the channel, where one message says it of all steps, also of those that have no thread yet. Of support, they need only know who
    their contact is."""
    if LEAD_LEFT in had:
        case.announce("lead_changed", mention=[successor])
    if steps and side is Side.CUSTOMER:
        case.announce("steps_given", mention=[successor], steps=list(steps))
    if OWNER_LEFT in had and case.onboarding.closed_at is None:
        case.announce("contact_changed", contact=successor)


def _tell_support(case: Case, had: Mapping[str, tuple[str, ...]], steps: tuple[str, ...], successor: str) -> None:
    by, customer = case.actor.user_id, case.onboarding.customer
    if OWNER_LEFT in had:
        case.warn("owner_changed", mention=[successor], by=by, customer=customer)
    if steps:
        case.warn("steps_given_of", mention=[successor], by=by, customer=customer, steps=list(steps))


def hand_over_everywhere(case: Case, person: str, successor: Who) -> None:
    """What somebody of support has, in this onboarding and all others: each has an effect of its own, so that none waits for another. Of
    one that is closed, which is in no list of what they have, it is done and told at once."""
    by = case.actor
    if case.onboarding.closed_at is not None:
        hand_over(case, person, successor, Side.SUPPORT)
    case.ask(
        HandOverEverywhere(
            person=person, successor=successor.user_id, team=successor.team_id, by_team=by.team_id, by_user=by.user_id
        )
    )


def for_one(asked: HandOverEverywhere) -> HandOver:
    """What is to be done in each onboarding."""
    return HandOver(person=asked.person, successor=asked.successor, team=asked.team, by_team=asked.by_team, by_user=asked.by_user)


NAMED = 50
"""So many customers are named of whom everything is handed over; the list of what is whose has all."""


async def hand_over_in_each(unit: Unit, asked: HandOverEverywhere) -> None:
    """Support is told once for all."""
    found = sorted({onboarding_id for onboarding_id, _ in await unit.held_by([asked.person])})
    for onboarding_id in found:
        unit.ask(onboarding_id, for_one(asked))
    if found:
        named = tuple(found[:NAMED])
        told = TellHandedOver(
            person=asked.person, successor=asked.successor, by=asked.by_user, onboardings=named, count=len(found)
        )
        unit.ask("", told)
