"""Support's lists over all customers: what waits for support, how each onboarding stands, whom a name means.

Each is a page of a query (`flows.ports.Unit`): of a customer, it reads the row and the name, and opens nothing else that is sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 10
"""Rows that a page of a list has where nothing else is said."""
GO_LIVE_DAYS = 30
"""`Only.GO_LIVE`: so many days ahead. One that is past and not reached counts too."""


class Need(StrEnum):
    """Why something waits for support."""

    STUCK = "stuck"
    FAILED = "failed"  # an effect was given up
    SILENT = "silent"  # nobody of the customer has pressed anything since the onboarding began
    LEFT = "left"  # somebody who is needed has left
    COMPANY = "company"  # a third company that nobody accepted
    QUESTION = "question"  # the Service Desk asks
    RENEWAL = "renewal"
    SKIP = "skip"  # somebody wants a step skipped, which takes another person
    REVIEW = "review"
    TASK = "task"
    INVITATION = "invitation"  # expires within hours, or has expired
    CERTIFICATE = "certificate"  # what must be renewed ends within 30 days, or has ended


class Only(StrEnum):
    """How a list is narrowed down."""

    ALL = "all"
    MINE = "mine"  # claimed by whoever asks; unclaimed and of their own onboardings
    UNCLAIMED = "unclaimed"
    OVERDUE = "overdue"  # a reminder of it was sent, it has expired, or the go-live date is past, by support's day
    STUCK = "stuck"
    GO_LIVE = "go_live"


@dataclass(frozen=True)
class Wanted:
    """``user_id``: who asks. ``step_id``: only about this step, if given."""

    only: Only = Only.ALL
    user_id: str = ""
    step_id: str = ""


@dataclass(frozen=True)
class Place:
    """Where a message is: a link to it is made from that, without asking Slack. ``thread_ts``: of the thread that it stands in, if in that
    alone."""

    channel_id: str
    ts: str
    thread_ts: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits for support. ``item``: the id of the call or of the failed effect, the third company's team id, or the task
    whose certificate expires; ``since``: since when it waits, also if that is because something expires soon; ``things``: how many
    invitations. ``place``: the message that has the buttons for it, else the step's review card or message, else the checklist."""

    need: Need
    onboarding_id: str
    journey: str
    customer: str
    channel_id: str
    owner_id: str
    step_id: str = ""
    item: str = ""
    user_id: str = ""  # who is stuck, has left, or asks
    claimer_id: str = ""
    since: datetime
    things: int = 1
    overdue: bool = False
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one onboarding stands. ``side``: whose turn its longest waiting step is; empty if nobody's. ``claimer_id``: who claimed it."""

    onboarding_id: str
    journey: str
    customer: str
    channel_id: str
    lead_id: str
    owner_id: str
    go_live: date | None
    closed_at: datetime | None
    done: int
    skipped: int
    steps: int
    side: str = ""
    step_id: str = ""  # the one that waits longest
    since: datetime | None = None
    claimer_id: str = ""
    overdue: bool = False
    stuck: bool = False
    place: Place | None = None  # the checklist


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows from ``first`` (0 is the first) of ``total``."""

    rows: Sequence[T]
    first: int
    total: int
