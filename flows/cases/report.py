"""The report: where the time goes, in business days by side and step, what is refused, and what is at risk. And when Monday's is due.

All of it is added up by the store (`flows.report.Figures`); here it is put in relation to working days and to the journey.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flows import business_time
from flows.forms.fields import inputs, words_of
from flows.journey import Journey, Journeys
from flows.people import Side
from flows.ports import Unit
from flows.report import Figures, GoLiveAtRisk, RefusedOften, TimeSpent
from flows.rules import Rules

PERIODS = (7, 30, 90, 0)
"""Days that a report looks back; 0: all that is stored."""
USUAL = 30
USUAL_TIMES = timedelta(days=365)
"""How far back the usual time of a step is looked for."""
PATIENCE = timedelta(days=2)
"""After an outage, a weekly report that is older isn't posted any more."""


@dataclass(frozen=True)
class StepDays:
    """Average business days of each onboarding in which the step was done in the period, by side: see `TimeSpent`. ``onboardings``: the
    most of any side."""

    step_id: str
    onboardings: int
    days: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.days.values())


@dataclass(frozen=True, kw_only=True)
class Report:
    """``days``: how far it looks back, one of `PERIODS`; ``customer``: whose it is; empty: all. ``steps``: the slowest first.
    ``sides``: business days a step took on average, by side. ``hours``: of a business day. ``at_risk``: the soonest of ``risks``."""

    days: int
    onboarding_id: str = ""
    customer: str = ""
    figures: Figures
    steps: Sequence[StepDays] = ()
    sides: Mapping[str, float]
    hours: float
    today: date
    at_risk: Sequence[GoLiveAtRisk] = ()
    risks: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing began, ended or goes on."""
        return not (self.figures.started or self.figures.closed or self.figures.open or self.steps)


async def report(unit: Unit, rules: Rules, days: int = USUAL, *, onboarding_id: str = "", customer: str = "") -> Report:
    """``onboarding_id``, with the ``customer``'s name: only of that one."""
    calendar = rules.support_calendar
    a_day = business_time.length_of_day(calendar).total_seconds()
    today = unit.now.astimezone(ZoneInfo(calendar.timezone)).date()
    figures = await unit.figures(unit.now - timedelta(days=days) if days else None, onboarding_id)
    usual = {step.step_id: step.total for step in by_step(await unit.step_times(unit.now - USUAL_TIMES), a_day)}
    lefts = {
        (version, step): math.ceil(left)
        for version, journey in rules.journeys.versions.items()
        for step, left in days_left(journey, usual).items()
    }
    ahead = {days: business_time.days_ahead(calendar, today, days) for days in set(lefts.values())}
    ready = {which: ahead[days] for which, days in lefts.items()}
    at_risk, risks = await unit.at_risk(today, ready, onboarding_id)
    return Report(
        days=days,
        onboarding_id=onboarding_id,
        customer=customer,
        figures=replace(figures, refused=[_worded(one, rules.journeys) for one in figures.refused]),
        steps=by_step(figures.times, a_day),
        sides=_by_side(figures.times, a_day),
        hours=a_day / 3600,
        today=today,
        at_risk=at_risk,
        risks=risks,
    )


def _worded(one: RefusedOften, journeys: Journeys) -> RefusedOften:
    """Its field by the key of its words; of a form or a field that is gone, as it was."""
    models = [page.model for form in journeys.forms(one.form) for page in form.pages]
    keys = [words_of(one.form, name, item) for model in models for name, _, item in inputs(model) if name == one.field]
    return replace(one, field=keys[0]) if keys else one


def days_left(journey: Journey, usual: Mapping[str, float]) -> Mapping[str, float]:
    """By step, how many business days usually go by from when it opens until the last of the steps that wait for it has ended. Steps that
    only some customers have count where they are left, not before; one that closes the onboarding comes after the go-live, so that it isn't
    among them."""
    left: dict[str, float] = {}
    for step_id, step in reversed(list(journey.steps.items())):
        if any(task.closes for task in step.tasks):
            continue
        after = [
            left[one.id] for one in journey.steps.values() if step_id in one.requires and one.id in left and not one.brought_by
        ]
        left[step_id] = usual.get(step_id, 0.0) + max(after, default=0.0)
    return left


def by_step(times: Sequence[TimeSpent], a_day: float) -> Sequence[StepDays]:
    """``a_day``: seconds of a business day."""
    onboardings = _onboardings(times)
    days: dict[str, dict[str, float]] = {}
    for one in times:
        days.setdefault(one.step_id, {})[one.side] = one.seconds / onboardings[one.step_id] / a_day
    found = [StepDays(step, onboardings[step], by_side) for step, by_side in days.items()]
    return sorted(found, key=lambda step: (-step.total, step.step_id))


def _by_side(times: Sequence[TimeSpent], a_day: float) -> Mapping[str, float]:
    found, steps = {}, sum(_onboardings(times).values())
    for side in (*Side, ""):
        seconds = [one.seconds for one in times if one.side == side]
        if seconds:
            found[str(side)] = sum(seconds) / steps / a_day
    return found


def _onboardings(times: Sequence[TimeSpent]) -> Mapping[str, int]:
    """By step, in how many it had turns: the most of any side, so that a side that had none in most of them weighs as little."""
    found: dict[str, int] = {}
    for one in times:
        found[one.step_id] = max(found.get(one.step_id, 0), one.onboardings)
    return found


@dataclass(frozen=True)
class Due:
    """A weekly report. ``day``: the one it was meant for, which names it; ``at``: when it is posted, at the earliest."""

    day: date
    at: datetime


def weekly(rules: Rules, now: datetime, patience: timedelta = PATIENCE) -> Due | None:
    """The weekly report to post now, unless it was posted before: from the first business moment on its day or after it (the day may be a
    holiday), for as long as ``patience``."""
    if rules.weekly_report is None:
        return None
    zone, when = ZoneInfo(rules.support_calendar.timezone), rules.weekly_report
    today = now.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - when.weekday) % 7)
    at = business_time.next_open(rules.support_calendar, datetime.combine(day, when.at or rules.support_calendar.opens, zone))
    return Due(day, at) if at <= now < at + patience else None
