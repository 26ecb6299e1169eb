"""Handmade onboardings in every possible shape: every step in every state, everything sent, done, granted and decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from bot.messages.links import Links
from bot.messages.lists import ListContext
from bot.messages.signs import OF_OUTCOME
from bot.messages.texts import Texts
from flows.cases.report import Report, by_step
from flows.cases.settle import situation_of, whose_turn
from flows.desk import Need, Place, Standing, Waiting
from flows.forms.fields import Answers
from flows.forms.pages import collect
from flows.forms.step import Situation
from flows.journey import JOURNEYS, Journey
from flows.model import (
    Call,
    Decision,
    EffectRecord,
    Grant,
    Note,
    Onboarding,
    Reminder,
    Snapshot,
    StepRecord,
    Submission,
    TaskRecord,
)
from flows.people import SYSTEM
from flows.report import Figures, GoLiveAtRisk, Ratings, RefusedOften, ReviewTimes, TimeSpent, WaitingNow
from flows.rules import Rules
from flows.state import StepState
from tests.flows.steps import filled_forms

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
JOURNEY: Journey = JOURNEYS.latest
STEPS = tuple(JOURNEY.steps)
RULES = Rules()
USUAL = RULES.reminders.support_first
LANGUAGES = filled_forms.LANGUAGES
ONBOARDING = "onb_0123456789abcdef"
SENT_STATES = tuple(StepState)[2:]


@cache
def sent_answers(step_id: str) -> Answers:
    """The form's example, as it is taken. Not to be changed."""
    form = JOURNEY.steps[step_id].form
    situation = filled_forms.a_situation(answers={s: dict(JOURNEY.steps[s].form.example) for s in STEPS if s != step_id})
    return collect(form, filled_forms.example(form), situation)[0]


def snapshot(state: StepState, language: str = "en", *, said: str = "Example Bank", **onboarding: Any) -> Snapshot:
    """Every step in one state. ``said``: the customer's name and every reason, as typed."""
    sent = state in SENT_STATES
    steps = {
        step_id: StepRecord(
            id=f"{ONBOARDING}:{step_id}",
            onboarding_id=ONBOARDING,
            step_id=step_id,
            position=position,
            state=state,
            revision=1 if sent else 0,
            digest="d" * 64 if sent else "",
            submitted_by="U_ANA" if sent else "",
            submitted_at=NOW if sent else None,
            claimer_id="U_SUE" if position % 2 else "",
            changed_by="U_SUE",
            changed_at=NOW,
            turn_since=NOW - timedelta(hours=30 * position),
            reason=said,
        )
        for position, step_id in enumerate(STEPS)
    }
    made = Snapshot(
        onboarding=Onboarding(
            id=ONBOARDING,
            journey=JOURNEYS.latest.version,
            customer=said[:80],
            channel_id="C_CUSTOMER",
            team_id="T2",
            lead_id="U_ANA",
            owner_id="U_SUE",
            language=language,
            go_live=date(2099, 1, 15),
            started_at=NOW,
            started_by="U_SUE",
            **onboarding,
        ),
        steps=steps,
        submissions={step_id: [submission(step_id, sent_answers(step_id))] for step_id in STEPS} if sent else {},
        tasks=[],
        decisions=[decision(step_id) for step_id in STEPS] if sent else [],
        grants=grants() if sent else [],
        members=[],
    )
    situation = situation_of(made, RULES, NOW)
    for step_id, record in steps.items():
        side = whose_turn(JOURNEY.steps[step_id], record, situation)
        record.turn = f"{side.value}:{state.value}:1" if side and not made.onboarding.closed_at else ""
    return made


def submission(step_id: str, answers: Answers, revision: int = 1) -> Submission:
    return Submission(
        id=f"{ONBOARDING}:{step_id}:{revision}",
        onboarding_id=ONBOARDING,
        step_id=step_id,
        revision=revision,
        digest="d" * 64,
        answers=answers,
        team_id="T2",
        user_id="U_ANA",
        at=NOW,
    )


def decision(step_id: str) -> Decision:
    return Decision(
        id=f"{ONBOARDING}:{step_id}:1:U_SUE",
        onboarding_id=ONBOARDING,
        subject=step_id,
        revision=1,
        digest="d" * 64,
        verdict="approve",
        team_id="T1",
        user_id="U_SUE",
        at=NOW,
    )


def grants(people: int = 2) -> list[Grant]:
    resources = ("service_desk", "slack_connect", "status_page", "control_center_test", "control_center_production")
    states = ("asked", "filed", "invited", "expired", "granted", "refused", "confirmed", "withdrawn")
    return [
        Grant(
            id=f"grant_{person}_{number}",
            onboarding_id=ONBOARDING,
            step_id="service_desk",
            resource=resources[number % len(resources)],
            email=f"person{person}@bank.example",
            state=state,
            reference="SD-1024" if state == "filed" else "",
            expires_at=NOW + timedelta(hours=24) if state == "invited" else None,
        )
        for person in range(people)
        for number, state in enumerate(states)
    ]


def tasks(state: str, said: str = "Cards first.") -> list[TaskRecord]:
    """Every task of every step, waiting for a second person or done."""
    return [
        TaskRecord(
            id=f"{ONBOARDING}:{step.id}.{task.id}:",
            onboarding_id=ONBOARDING,
            step_id=step.id,
            task_id=task.id,
            item="item_1" if task.repeatable else "",
            state=state,
            answers={**(task.form.example if task.form else {}), "notes": said},
            team_id="T1",
            user_id="U_SUE",
            at=NOW,
        )
        for step in JOURNEY.steps.values()
        for task in step.tasks
    ]


def looked_into(said: str, outcomes: Sequence[str] = tuple(OF_OUTCOME)) -> TaskRecord:
    """A run of checks with a line for each outcome. ``said``: what Pismo answered."""
    params = {"name": said, "code": said, "status": 403}
    lines = [
        {"check": "programs", "outcome": one, "reason": "proof.refused", "params": params, "x_cid": f"x-{one}", "ms": 1200}
        for one in outcomes
    ]
    return replace(tasks("failed" if "failed" in outcomes else "done")[0], answers={"name": said, "lines": lines})


def calls(said: str) -> list[Call]:
    """In each of the first steps: two who are stuck, of whom somebody answers one, and others who were, answered, settled and passed."""
    ended = {"open": ("", ""), "claimed": ("", ""), "answered": ("U_SUE", said), "settled": ("U_SUE", "")}
    ended |= {"passed": (SYSTEM.user_id, "")}
    return [
        Call(
            id=f"{ONBOARDING}:stuck:{how}",
            onboarding_id=ONBOARDING,
            kind="stuck",
            step_id=step_id,
            team_id="T2",
            user_id="U_ANA",
            at=NOW,
            words=said,
            claimer_id="U_SUE" if how == "claimed" else "",
            claimed_at=NOW if how == "claimed" else None,
            answered_at=NOW if by else None,
            answered_by=by,
            answer=answer,
        )
        for step_id, (how, (by, answer)) in zip(STEPS, ended.items(), strict=False)
    ]


def notes(said: str) -> list[Note]:
    return [
        Note(id=f"{ONBOARDING}:note:{step_id}", onboarding_id=ONBOARDING, step_id=step_id, user_id="U_SUE", at=NOW, words=said)
        for step_id in ("", "planning", "organization")
    ]


def reminder(side: str, steps: Sequence[str], waits: Sequence[str] | None = None) -> Reminder:
    """``waits``: by default all of them."""
    return Reminder(
        id=f"{ONBOARDING}:eff_1",
        onboarding_id=ONBOARDING,
        side=side,
        user_id="U_ANA",
        steps=list(steps),
        waits=list(steps if waits is None else waits),
        channel_id="C_CUSTOMER",
        ts="1.2",
    )


def departures() -> list[list[Call]]:
    """Somebody left, of either side: nobody was chosen yet, another was, they are back, nothing is left to do."""
    endings = ((None, "", ""), (NOW, "U_SUE", "U_SUE"), (NOW, "system", "U_ANA"), (NOW, "system", ""))
    return [
        [
            Call(
                id=f"{ONBOARDING}:{kind}:U_ANA",
                onboarding_id=ONBOARDING,
                kind=kind,
                user_id="U_ANA",
                at=NOW,
                words=",".join(STEPS) if kind in ("assignee_left", "claimer_left") else "",
                answered_at=answered_at,
                answered_by=by,
                answer=answer,
            )
            for kind in kinds
        ]
        for kinds in (("lead_left", "assignee_left"), ("owner_left", "claimer_left"))
        for answered_at, by, answer in endings
    ]


def failed(kind: str) -> EffectRecord:
    return EffectRecord(
        id=f"eff_{kind}", onboarding_id=ONBOARDING, queue=ONBOARDING, kind=kind, arguments={}, state="failed", error_id="E1"
    )


def waiting(said: str = "Example Bank", **changed: Any) -> list[Waiting]:
    """A row for each reason why something waits for support, about each step. ``said``: the customer's name."""
    row = Waiting(
        need=Need.REVIEW,
        onboarding_id=ONBOARDING,
        journey=JOURNEY.version,
        customer=said[:80],
        channel_id="C_CUSTOMER",
        owner_id="U_SUE",
        item="call_1",
        user_id="U_ANA",
        claimer_id="U_SUE",
        since=NOW - timedelta(hours=30),
        overdue=True,
        place=Place("C_SUPPORT", "1700000000.000100"),
    )
    several = [replace(row, need=need, things=2) for need in Need]
    return [replace(one, **changed) for one in (*several, *(replace(row, step_id=step_id, user_id="") for step_id in STEPS))]


def standing(said: str = "Example Bank", **changed: Any) -> list[Standing]:
    """At the beginning, under way, stuck, closed."""
    new = Standing(
        onboarding_id=ONBOARDING,
        journey=JOURNEY.version,
        customer=said[:80],
        channel_id="C_CUSTOMER",
        lead_id="U_ANA",
        owner_id="",
        go_live=None,
        closed_at=None,
        done=0,
        skipped=0,
        steps=9,
    )
    place, since = Place("C_CUSTOMER", "1700000000.000200"), NOW - timedelta(days=3)
    begun = replace(
        new, step_id="planning", side="customer", since=since, place=place, owner_id="U_SUE", go_live=date(2099, 1, 15)
    )
    others = [
        replace(begun, side="support", overdue=True, done=4, skipped=1),
        replace(begun, stuck=True),
        replace(begun, closed_at=NOW),
    ]
    return [replace(one, **changed) for one in (new, begun, *others)]


def look(language: str, rows: int = 10) -> ListContext:
    return ListContext(Texts(language), NOW, Links("https://pismo.slack.com/"), tuple(JOURNEY.steps.values()), rows)


def at(made: Snapshot) -> Situation:
    return replace(situation_of(made, RULES, NOW), actor_id="U_ANA")


def report(days: int = 30, customer: str = "", said: str = "Example Bank") -> Report:
    """With something in each of its parts. ``said``: what people typed."""
    times = [
        TimeSpent(step, side, 1 + number, (7_000 * number + 90_000) * (number + 1))
        for number, step in enumerate(STEPS)
        for side in ("customer", "support", "")[: 3 - number % 2]
    ]
    figures = Figures(
        started=12,
        closed=3,
        open=230,
        times=times,
        waiting={"customer": WaitingNow(120, NOW), "support": WaitingNow(1, NOW)},
        reviews=ReviewTimes(44, 9_000.0, 140_000, said, JOURNEY.version, "organization"),
        refused=[
            RefusedOften("organization", "field.organization.zipcode", "postal_code", 14, 6),
            RefusedOften("organization", "field.organization.document_doubt", "document_doubted", 1, 1),
            RefusedOften("organization", "field.organization.official_name", "string_too_long", 1, 1),
            RefusedOften("planning", "field.planning.attendees", "email_missing_at", 1, 1),
            RefusedOften("gone", "field", "reason", 1, 1),
        ],
        ratings=Ratings(8, 4.375),
    )
    soon = [
        GoLiveAtRisk(f"onb_{n}", said, "C_CUSTOMER", NOW.date() + timedelta(days=n), n + 2, date(2026, 4, 1)) for n in (-1, 9)
    ]
    return Report(
        days=days,
        onboarding_id=ONBOARDING if customer else "",
        customer=customer,
        figures=figures,
        steps=by_step(figures.times, 9 * 3600),
        sides={"customer": 3.24, "support": 0.61, "": 1.0},
        hours=9,
        today=NOW.date(),
        at_risk=soon,
        risks=5,
    )
