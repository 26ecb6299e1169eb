"""What is stored, as plain dataclasses. `storage` maps them to tables; fields marked *sealed* are encrypted at rest.

All times are aware datetimes in UTC. ``version`` fields let concurrent writers of a row notice each other.
"""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flows.forms.fields import Answers
from flows.people import Who
from flows.state import StepState


def new_id(prefix: str) -> str:
    """A short random id, e.g. ``onb_3f9c2a7b1d0e4c55`` (64 bits)."""
    return f"{prefix}_{secrets.token_hex(8)}"


def new_salt() -> str:
    """A random key for a digest of something that can be guessed: 128 bits, 32 hex digits."""
    return secrets.token_hex(16)


@dataclass(kw_only=True)
class Onboarding:
    id: str
    journey: str  # the version of the journey the customer started with
    customer: str  # sealed: the company's name
    channel_id: str  # the customer's channel; one open onboarding per channel
    team_id: str  # the home team of the customer's company; the installing one if its people are guests or members there
    lead_id: str
    owner_id: str  # the Pismo owner, in the installing team
    language: str
    go_live: date | None
    started_at: datetime
    started_by: str
    closed_at: datetime | None = None
    closed_by: str = ""
    pressed_at: datetime | None = None  # when somebody of the customer first pressed or typed something that the bot answers
    severed_at: datetime | None = None  # the channel is no longer shared, or the bot is no longer in it
    erased_at: datetime | None = None
    rating: int | None = None  # what the customer gave, from 1 up to 5
    rated_at: datetime | None = None
    version: int = 0


@dataclass(kw_only=True)
class StepRecord:
    id: str  # f"{onboarding_id}:{step_id}"
    onboarding_id: str
    step_id: str
    position: int
    state: StepState = StepState.LOCKED
    revision: int = 0  # of the last submission; 0: nothing sent yet
    digest: str = ""  # of the last submission: what an approval names
    submitted_by: str = ""  # user id
    submitted_team: str = ""
    submitted_at: datetime | None = None
    assignee_id: str = ""  # the customer's assignee; empty: the lead
    claimer_id: str = ""  # who in support claimed it; empty: the owner
    turn: str = ""  # f"{side}:{state}:{revision}"; "" for nobody's, and f":{state}:{revision}:{moment}" if that is waited for
    turn_since: datetime | None = None
    remind_at: datetime | None = None
    reminded: int = 0  # reminders sent in this turn
    reminded_on: date | None = None  # local date of the last one
    customer_snoozed_until: datetime | None = None  # each side's own, whoever's turn it is meanwhile
    support_snoozed_until: datetime | None = None
    escalate_at: datetime | None = None  # after the last reminder: when support, or its channel, is told
    escalated_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    reason: str = ""  # sealed: why changes were requested, or why it was skipped or failed
    named: str = ""  # the answers in which changes were requested, with a space between: as `answers_to_name` has them
    version: int = 0


@dataclass(kw_only=True)
class Submission:
    id: str  # f"{onboarding_id}:{step_id}:{revision}"
    onboarding_id: str
    step_id: str
    revision: int
    digest: str
    salt: str = ""  # sealed: the digest's key
    answers: Answers  # sealed
    team_id: str
    user_id: str
    at: datetime


@dataclass(kw_only=True)
class Draft:
    """What was typed but not yet sent. ``form``: the form's id; ``item``: of a repeatable task, else empty."""

    id: str  # f"{onboarding_id}:{form}:{item}"
    onboarding_id: str
    form: str
    item: str = ""
    slot: int = 0  # the page to resume at
    answers: Answers = field(default_factory=dict)  # sealed: raw values as typed
    user_id: str = ""
    at: datetime | None = None


SEARCHED = "find"
"""The form of a draft that is of no onboarding: what somebody typed to find customers, kept to turn the pages of what was found."""
SEARCH_LASTS = timedelta(days=1)


@dataclass(kw_only=True)
class Decision:
    """One person's decision on one revision, or on one task. The id makes the same person's second decision the same row."""

    id: str  # f"{onboarding_id}:{subject}:{revision}:{user_id}", subject = step or step.task(:item)
    onboarding_id: str
    subject: str
    revision: int
    digest: str
    verdict: str  # "approve", "request_changes", "reject"
    team_id: str
    user_id: str
    at: datetime
    reason: str = ""  # sealed


@dataclass(kw_only=True)
class TaskRecord:
    """A task that was done (or waits for a second person or its effect)."""

    id: str  # f"{onboarding_id}:{step_id}.{task_id}:{item}"
    onboarding_id: str
    step_id: str
    task_id: str
    item: str = ""
    state: str = (
        "done"  # "waiting" (second person, effect), "done", "failed", "stale" (must be redone), "dropped" (was never confirmed)
    )
    answers: Answers = field(default_factory=dict)  # sealed
    team_id: str = ""
    user_id: str = ""
    at: datetime | None = None


@dataclass(kw_only=True)
class Grant:
    """One cell of the access matrix: an email address and a resource."""

    id: str
    onboarding_id: str
    step_id: str
    resource: str  # service_desk, slack_connect, status_page, control_center_test, control_center_production, …
    email: str  # sealed
    name: str = ""  # sealed
    role: str = ""
    language: str = ""
    state: str = "asked"  # asked, filed, invited, expired, granted, refused, confirmed
    reference: str = ""  # the ticket key
    expires_at: datetime | None = None
    nudged_at: datetime | None = None
    at: datetime | None = None
    version: int = 0


@dataclass(kw_only=True)
class Expiry:
    """Something a task recorded that must be renewed: a certificate. It outlives the onboarding."""

    id: str  # f"{onboarding_id}:{step_id}.{task_id}"
    onboarding_id: str
    step_id: str
    task_id: str
    last_day: date
    warned: int | None = None  # days-before threshold of the last warning; 0: warned that it has expired


@dataclass(kw_only=True)
class Identifier:
    """An answer that no two customers have, such as an org ID: another's is found by it without opening any row."""

    id: str  # f"{onboarding_id}:{kind}"
    onboarding_id: str
    kind: str  # f"{step_id}.{task_id}"
    value: str  # sealed
    mark: str  # a keyed digest of kind and value


@dataclass(kw_only=True)
class Posted:
    """A message from the bot and where it is: the card, a step's message, a review card, or one in support's channel with the buttons for
    what waits."""

    id: str  # f"{onboarding_id}:{kind}:{subject}"
    onboarding_id: str
    kind: str  # "card", "step", "review"; "call", "question", "departure", "alert", "company"
    subject: str  # "" or the step id; else what it is about
    channel_id: str
    ts: str
    thread_ts: str = ""  # of the thread that it stands in, if in that alone
    digest: str = ""  # of what was last drawn


@dataclass(kw_only=True)
class Reminder:
    """A reminder that stands in Slack with buttons: those of a step go when it is no longer that side's turn, or with a later reminder."""

    id: str  # begins with f"{onboarding_id}:"
    onboarding_id: str
    side: str  # whose turn it was
    user_id: str
    steps: list[str]
    waits: list[str]  # those of them that still do, and so have buttons
    channel_id: str
    ts: str


@dataclass(kw_only=True)
class EffectRecord:
    """A stored effect (`flows.outbox`): written in the transaction that caused it, run after it.

    Those of one ``queue`` run one after the other, in order of ``seq``. `storage.tables` explains the other columns.
    """

    id: str
    onboarding_id: str  # "" if it belongs to no onboarding
    queue: str
    kind: str
    arguments: dict[str, Any]  # sealed: the effect's version and fields
    seq: int = 0
    pace: str = ""
    same: str = ""
    state: str = "waiting"  # waiting, running, done, failed, dropped
    due: float = 0.0
    holder: str = ""
    attempts: int = 0
    error: str = ""  # a key, never a text from outside
    error_id: str = ""  # the short id in the log
    traceparent: str = ""
    result: dict[str, Any] = field(default_factory=dict)  # ids only: channel, ts
    created_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(kw_only=True)
class AuditEvent:
    """One entry of an onboarding's chained log. ``changes`` can be erased; its salted digest stays and keeps the chain verifiable."""

    id: str  # f"{onboarding_id}:{seq}"
    onboarding_id: str
    seq: int
    at: datetime
    tag: str  # "step:organization:approve"
    team_id: str
    user_id: str
    changes: dict[str, Any]  # sealed, erasable; the only place for personal data
    facts: dict[str, Any]  # ids, revisions: nothing personal, and no digest of answers, which can be guessed and tried
    changes_digest: str = ""
    previous: str = ""
    hash: str = ""


@dataclass(kw_only=True)
class Person:
    """What Slack says about a person, stored so that a click needs no call."""

    id: str  # f"{team_id}/{user_id}"
    team_id: str
    user_id: str
    support: bool = False
    guest: bool = False
    locale: str = ""
    timezone: str = ""
    name: str = ""  # sealed
    enterprise_id: str = ""  # of their Enterprise Grid organization; empty if none, or if Slack doesn't say
    has_home: bool = False  # their App Home was drawn, so it stays before them until it is drawn anew
    seen_at: datetime | None = None


@dataclass(kw_only=True)
class Departure:
    """Somebody who left support's channel, or its user group, as an event said: an answer of Slack from before doesn't count."""

    id: str  # user id
    at: datetime  # by Slack's clock


@dataclass(kw_only=True)
class WatchedChannel:
    """What Slack last said of support's channel. ``fault``: why no customer's data may be posted there; empty if it may, as it may
    without a row. ``at``: since when."""

    id: str  # the channel's id
    fault: str
    at: datetime


@dataclass(kw_only=True)
class RefusedBlocks:
    """Slack refuses a kind of block in this workspace; ``at``: when it last did."""

    id: str  # the kind
    at: datetime


LEAD, COLLEAGUE, LEFT = "lead", "colleague", "left"
"""A member's roles; the last one: no longer in the customer's channel."""


@dataclass(kw_only=True)
class Member:
    """Someone at the customer, in one onboarding."""

    id: str  # f"{onboarding_id}:{team_id}/{user_id}"
    onboarding_id: str
    team_id: str
    user_id: str
    role: str = COLLEAGUE


@dataclass(kw_only=True)
class ThirdCompany:
    """A company in the customer's channel that is neither the customer nor the installing one. It sees what is posted there, and opens
    nothing. The row goes when the company has left."""

    id: str  # f"{onboarding_id}:{team_id}"
    onboarding_id: str
    team_id: str
    people: list[str]  # user ids of those who joined
    connected: bool = False  # Slack says that the channel is shared with it
    at: datetime  # when it came
    accepted_by: str = ""  # who of support said that it may be there
    accepted_at: datetime | None = None


@dataclass(kw_only=True)
class Call:
    """Somebody or something that calls for support besides the steps' own states: a person who is stuck, one who is needed and has left."""

    id: str  # begins with f"{onboarding_id}:"
    onboarding_id: str
    kind: str  # "stuck", "lead_left", …
    step_id: str = ""  # empty: about no step
    team_id: str = ""
    user_id: str = ""  # who is stuck, or who has left
    at: datetime
    words: str = ""  # sealed: what they wrote; of who has left, the ids of their steps
    claimer_id: str = ""  # who of support answers whoever is stuck, or last did
    claimed_at: datetime | None = None
    answered_at: datetime | None = None  # or settled in another way
    answered_by: str = ""
    answer: str = ""  # sealed; to somebody's leaving, the user id of who took over, their own if they came back


@dataclass(kw_only=True)
class Note:
    """What somebody of support wrote down for their colleagues. The customer never sees it."""

    id: str  # begins with f"{onboarding_id}:"
    onboarding_id: str
    step_id: str = ""  # empty: about no step
    team_id: str = ""
    user_id: str
    at: datetime
    words: str = ""  # sealed


@dataclass(kw_only=True)
class Turn:
    """A turn on a step that is over: for so long, one side had to act. What the report of durations adds up."""

    id: str
    onboarding_id: str
    step_id: str
    side: str  # `flows.people.Side`; empty: nobody's, the step waited for a moment known ahead
    state: str  # of the step while it lasted
    next_state: str  # the step's, after it
    began_at: datetime
    ended_at: datetime
    seconds: int  # of business time, by the side's calendar when it ended


@dataclass(kw_only=True)
class RefusedField:
    """How often a field was refused for one reason on one day (in UTC): ids and a number, and nothing of what was typed."""

    id: str  # f"{onboarding_id}:{day}:{form}.{field}:{reason}"
    onboarding_id: str
    form: str
    field: str
    reason: str  # the key of `flows.problems.Problem`
    day: date
    times: int = 1


@dataclass(kw_only=True)
class Received:
    """A Slack event, stored before it is acknowledged, handled once by its id. Of messages, only ids and findings are kept.

    ``attempts``: how often its handling was begun, the last time at ``attempted_at``; without those that failed because Slack or the
    database was away. ``set_aside``: it failed twice and is not looked at again.
    """

    id: str  # Slack's event_id
    type: str
    payload: dict[str, Any]  # sealed
    at: datetime
    handled_at: datetime | None = None
    attempts: int = 1
    attempted_at: datetime | None = None
    set_aside: bool = False


@dataclass(kw_only=True)
class Seen:
    """A click or submission that was carried out, so that a redelivery is ignored."""

    id: str
    at: datetime


@dataclass(kw_only=True)
class Snapshot:
    """Everything about one onboarding that rules and messages need, read at one moment."""

    onboarding: Onboarding
    steps: dict[str, StepRecord]
    submissions: dict[str, list[Submission]]  # by step, oldest first
    tasks: list[TaskRecord]
    decisions: list[Decision]
    grants: list[Grant]
    members: list[Member]
    companies: list[ThirdCompany] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)  # oldest first, the answered ones too
    notes: list[Note] = field(default_factory=list)  # oldest first
    reminders: list[Reminder] = field(default_factory=list)
    lead_timezone: str = ""
    """From Slack; empty if it gives none."""

    def last(self, step_id: str) -> Submission | None:
        sent = self.submissions.get(step_id)
        return sent[-1] if sent else None

    def lead(self) -> Who:
        """Of the customer's company; or a person of the installing workspace who leads for it, as their row among the members says."""
        of, teams = self.onboarding, {one.team_id for one in self.members if one.user_id == self.onboarding.lead_id}
        return Who(of.team_id if of.team_id in teams or not teams else min(teams), of.lead_id)
