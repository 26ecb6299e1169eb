"""What the report over onboardings is made of: sums and counts of a period. Of what people typed, it holds customers' names alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

MOST = 10
"""How many of a kind are named at most; the others are counted."""


@dataclass(frozen=True)
class TimeSpent:
    """The turns of one side on one step, where it was done in the period; of one onboarding those that ended in it. ``onboardings``: in how
    many, twice where it was done again; ``seconds``: of business time, together. ``side``: a `flows.people.Side`; empty: the step waited
    for an agreed moment."""

    step_id: str
    side: str
    onboardings: int
    seconds: int


@dataclass(frozen=True)
class WaitingNow:
    """The turns of a side that are not over. ``since``: of the longest."""

    steps: int
    since: datetime


@dataclass(frozen=True)
class ReviewTimes:
    """From a submission to support's decision on it, in seconds of support's business time. ``customer``, ``step_id``: of the slowest."""

    count: int
    median: float
    slowest: int
    customer: str
    journey: str
    step_id: str


@dataclass(frozen=True)
class RefusedOften:
    """A field that was refused for one reason, the key of a `flows.problems.Problem`: how often, and in how many onboardings. ``field``:
    its name; in `flows.cases.report.Report`, the key of its words, unless the form has it no more."""

    form: str
    field: str
    reason: str
    times: int
    onboardings: int


@dataclass(frozen=True)
class Ratings:
    count: int = 0
    average: float = 0.0


@dataclass(frozen=True)
class GoLiveAtRisk:
    """A day of going live that is at risk. ``left``: steps that are not ended; ``ready``: by when they usually would be, as far as that is
    known."""

    onboarding_id: str
    customer: str
    channel_id: str
    go_live: date
    left: int
    ready: date | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """``started``, ``closed``: in the period; ``open``: now. ``waiting``: by side. ``refused``: most often first, `MOST` at most."""

    started: int = 0
    closed: int = 0
    open: int = 0
    times: Sequence[TimeSpent] = ()
    waiting: Mapping[str, WaitingNow] = field(default_factory=dict)
    reviews: ReviewTimes | None = None
    refused: Sequence[RefusedOften] = ()
    ratings: Ratings = field(default_factory=Ratings)
