"""The tables behind `flows.model`. Migrations create them; a test compares the two.

There are no foreign keys: deletes never cascade, an erasure leaves the audit log behind, and `storage.verify` names what is
missing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Dialect,
    Double,
    Enum,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TextClause,
    literal_column,
    text,
)

from flows.state import StepState
from storage.columns import Json, Moment, Sealed

REVISION = "0001"
"""The migration these tables correspond to. Revision numbers ascend: `storage.schema` tells older from newer."""

metadata = MetaData()

# Conditions of partial indexes. A statement uses such an index only if it has the same words, not bound values.
NOT_CLOSED = text("closed_at IS NULL")
SUPPORTS = text("substr(turn, 1, 8) = 'support:'")
"""Steps that wait for support: `flows.model.StepRecord.turn`."""
TURN = text("turn <> ''")
REMINDED = text("reminded > 0")
SKIPS = text("verdict = 'skip'")
"""Decisions that ask for a skip: `flows.cases.skips`."""
UNACCEPTED = text("accepted_at IS NULL")
UNHEARD = text("closed_at IS NULL AND pressed_at IS NULL")
"""Open onboardings in which nobody of the customer has pressed anything: `flows.cases.silence`."""
UNANSWERED = text("answered_at IS NULL")
FAILED = text("state = 'failed'")
STEP_DONE = text("next_state = 'done'")
"""Turns with which a step was done: `storage.step_times`."""
REVIEWED = text("side = 'support' AND state = 'submitted' AND next_state <> 'submitted'")
"""Turns that were reviews: whoever sends anew before anybody decided, replaces what was to be reviewed."""
LEFT = text("state NOT IN ('done', 'skipped')")
"""Steps that are not over: `flows.state.ENDED`."""
OPEN = text("state IN ('waiting', 'running')")
RUNNING = text("state = 'running'")

_STATE = Enum(StepState, values_callable=lambda kind: [state.value for state in kind], native_enum=False, length=32)


def _id(name: str = "id") -> Column[str]:
    return Column(name, String, primary_key=True)


def _text(name: str, *, index: bool = False) -> Column[str]:
    return Column(name, String, nullable=False, index=index)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _moment(name: str, *, required: bool = False) -> Column[datetime]:
    return Column(name, Moment(), nullable=not required)


def _sealed(name: str) -> Column[Sealed]:
    return Column(name, Sealed, nullable=False)


def _partial(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


onboardings = Table(
    "onboardings",
    metadata,
    _id(),
    _text("journey"),
    _sealed("customer"),
    _text("channel_id", index=True),
    _text("team_id"),
    _text("lead_id"),
    _text("owner_id", index=True),
    _text("language"),
    Column("go_live", Date),
    _moment("started_at", required=True),
    _text("started_by"),
    _moment("closed_at"),
    _text("closed_by"),
    _moment("severed_at"),
    _moment("pressed_at"),
    _moment("erased_at"),
    Column("rating", Integer),
    _moment("rated_at"),
    _number("version"),
    _partial("uq_onboardings_open_channel", "channel_id", where=NOT_CLOSED, unique=True),
    _partial("ix_onboardings_go_live", "go_live", "closed_at", "id", where=NOT_CLOSED),
    # With all that the board is put in order by, and that the report counts, so that the rows aren't looked up.
    _partial("ix_onboardings_open", "id", "closed_at", "erased_at", "severed_at", "go_live", "started_at", where=NOT_CLOSED),
    _partial("ix_onboardings_unheard", "started_at", "id", where=UNHEARD),
    Index("ix_onboardings_counted", "started_at", "closed_at", "erased_at", "rated_at", "rating"),
)

_WAITING = ("turn_since", "onboarding_id", "step_id", "claimer_id", "state", "revision", "reminded", "turn")
steps = Table(
    "steps",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _number("position"),
    Column("state", _STATE, nullable=False),
    _number("revision"),
    _text("digest"),
    _text("submitted_by"),
    _text("submitted_team"),
    _moment("submitted_at"),
    _text("assignee_id"),
    _text("claimer_id"),
    _text("turn"),
    _moment("turn_since"),
    _moment("remind_at"),
    _number("reminded"),
    Column("reminded_on", Date),
    _moment("customer_snoozed_until"),
    _moment("support_snoozed_until"),
    _moment("escalate_at"),
    _moment("escalated_at"),
    _moment("changed_at"),
    _text("changed_by"),
    _sealed("reason"),
    _text("named"),
    _number("version"),
    Index("ix_steps_remind_at", "remind_at"),
    # With all that the lists of `storage.desk` read of these steps, so that the rows aren't looked up.
    _partial("ix_steps_waiting", *_WAITING, where=SUPPORTS),
    _partial("ix_steps_support", "onboarding_id", "turn_since", "claimer_id", "turn", where=SUPPORTS),
    _partial("ix_steps_turn", "step_id", "onboarding_id", where=TURN),
    _partial("ix_steps_sides", "turn", "turn_since", "state", where=TURN),
    _partial("ix_steps_left", "onboarding_id", "step_id", "state", where=LEFT),
    _partial("ix_steps_reminded", "onboarding_id", where=REMINDED),
    Index("ix_steps_escalate_at", "escalate_at"),
)

submissions = Table(
    "submissions",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _number("revision"),
    _text("digest"),
    _sealed("salt"),
    _sealed("answers"),
    _text("team_id"),
    _text("user_id"),
    _moment("at", required=True),
)

drafts = Table(
    "drafts",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("form"),
    _text("item"),
    _number("slot"),
    _sealed("answers"),
    _text("user_id"),
    _moment("at"),
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("subject"),
    _number("revision"),
    _text("digest"),
    _text("verdict"),
    _text("team_id"),
    _text("user_id"),
    _moment("at", required=True),
    _sealed("reason"),
    _partial("ix_decisions_skips", "onboarding_id", "subject", where=SKIPS),
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _text("task_id"),
    _text("item"),
    _text("state"),
    _sealed("answers"),
    _text("team_id"),
    _text("user_id"),
    _moment("at"),
)

grants = Table(
    "grants",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _text("resource"),
    _sealed("email"),
    _sealed("name"),
    _text("role"),
    _text("language"),
    _text("state"),
    _text("reference"),
    _moment("expires_at"),
    _moment("nudged_at"),
    _moment("at"),
    _number("version"),
    Index("ix_grants_state_expires_at", "state", "expires_at"),
)

expiries = Table(
    "expiries",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _text("task_id"),
    Column("last_day", Date, nullable=False, index=True),
    Column("warned", Integer),
)

identifiers = Table(
    "identifiers",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("kind"),
    _sealed("value"),
    _text("mark", index=True),
)

name_marks = Table(
    "name_marks",
    metadata,
    Column("mark", String, primary_key=True),
    Column("onboarding_id", String, primary_key=True, index=True),
)

posted = Table(
    "posted",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("kind"),
    _text("subject"),
    _text("channel_id"),
    _text("ts"),
    _text("thread_ts"),
    _text("digest"),
    Index("ix_posted_channel_id_ts", "channel_id", "ts"),
)

reminders = Table(
    "reminders",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("side"),
    _text("user_id"),
    Column("steps", Json, nullable=False),
    Column("waits", Json, nullable=False),
    _text("channel_id"),
    _text("ts"),
)

effects = Table(
    "effects",
    metadata,
    # In the order of commits within a queue: PostgreSQL numbers before the commit, but a customer's commits are serialised by the
    # head of its log (`storage.audit`).
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String, nullable=False, unique=True),
    _text("onboarding_id", index=True),
    _text("queue"),  # effects of one queue run one after the other
    _text("pace"),  # what each takes a turn of, a channel; empty: none
    _text("same"),  # while one with this name waits in a queue, another isn't added; empty: always added
    _text("kind"),
    _sealed("arguments"),
    _text("state"),
    _number("attempts"),
    # Seconds since 1970 by the database's clock: nobody takes it before. 0 is no matter of clocks. While one runs: its lease.
    Column("due", Double, nullable=False),
    _text("holder"),  # the claim that has it; no two are the same
    _text("error"),
    _text("error_id"),
    _text("traceparent"),  # of the commit that asked for it (W3C Trace Context); empty without a trace
    Column("result", Json, nullable=False),
    _moment("created_at"),
    _moment("done_at"),
    Index("ix_effects_state_created_at", "state", "created_at"),
    _partial("ix_effects_open", "queue", "seq", where=OPEN),
    _partial("ix_effects_due", "due", "seq", where=OPEN),
    _partial("ix_effects_failed", "created_at", "onboarding_id", where=FAILED),
    _partial("uq_effects_one_at_a_time", "queue", where=RUNNING, unique=True),
)

paces = Table(
    "paces",
    metadata,
    _id("name"),
    Column("next", Double, nullable=False, index=True),  # the moment of its next turn, in seconds as ``due``
)

audit_events = Table(
    "audit_events",
    metadata,
    _id(),
    _text("onboarding_id"),
    _number("seq"),
    _moment("at", required=True),
    _text("tag"),
    _text("team_id"),
    _text("user_id"),
    _sealed("changes"),
    _sealed("salt"),
    Column("facts", Json, nullable=False),
    Column("rows", Json, nullable=False),  # by `storage.covered.name_of`, the digests of covered rows that the commit wrote
    _text("changes_digest"),
    _text("previous"),
    _text("hash"),
    _text("mac"),
    Index("uq_audit_events_seq", "onboarding_id", "seq", unique=True),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    _id("onboarding_id"),
    _number("events"),
    _text("hash"),
    _text("mac"),
    _sealed("salt"),  # the key of the digests of rows (`storage.covered`)
)

people = Table(
    "people",
    metadata,
    _id(),
    _text("team_id"),
    _text("user_id"),
    Column("support", Boolean, nullable=False, index=True),
    _flag("guest"),
    _text("locale"),
    _text("timezone"),
    _sealed("name"),
    _text("enterprise_id"),
    _flag("has_home"),
    _moment("seen_at"),
)

departures = Table("departures", metadata, _id(), _moment("at", required=True))

watched_channels = Table("watched_channels", metadata, _id(), _text("fault"), _moment("at", required=True))

refused_blocks = Table("refused_blocks", metadata, _id(), _moment("at", required=True))

members = Table(
    "members",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("team_id"),
    _text("user_id"),
    _text("role"),
    Index("ix_members_team_id_user_id", "team_id", "user_id"),
)

third_companies = Table(
    "third_companies",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("team_id"),
    Column("people", Json, nullable=False),
    _flag("connected"),
    _moment("at", required=True),
    _text("accepted_by"),
    _moment("accepted_at"),
    _partial("ix_third_companies_unaccepted", "at", where=UNACCEPTED),
)

calls = Table(
    "calls",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("kind"),
    _text("step_id"),
    _text("team_id"),
    _text("user_id"),
    _moment("at", required=True),
    _sealed("words"),
    _text("claimer_id"),
    _moment("claimed_at"),
    _moment("answered_at"),
    _text("answered_by"),
    _sealed("answer"),
    _partial("ix_calls_unanswered", "kind", "at", where=UNANSWERED),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("step_id"),
    _text("team_id"),
    _text("user_id"),
    _moment("at", required=True),
    _sealed("words"),
)

_TURN = ("side", "state", "next_state")
"""What SQLite looks up in the row for each entry of a partial index, if its condition has it and the index hasn't."""
turns = Table(
    "turns",
    metadata,
    _id(),
    _text("onboarding_id"),
    _text("step_id"),
    _text("side"),
    _text("state"),
    _text("next_state"),
    _moment("began_at", required=True),
    _moment("ended_at", required=True),
    _number("seconds"),
    # As `storage.step_times` reads them, and `storage.reporting` reviews: by their end, and by their length.
    Index("ix_turns_steps", "onboarding_id", "step_id"),
    _partial("ix_turns_done", "ended_at", "onboarding_id", "step_id", where=STEP_DONE),
    _partial("ix_turns_reviews", "ended_at", *_TURN, where=REVIEWED),
    _partial("ix_turns_longest_reviews", "seconds", "ended_at", *_TURN, where=REVIEWED),
)

step_days = Table(
    "step_days",
    metadata,
    Column("step_id", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("day", Date, primary_key=True),
    _number("onboardings"),
    Column("seconds", BigInteger, nullable=False),
    Index("ix_step_days_sums", "step_id", "side", "day", "onboardings", "seconds"),
)

refused_fields = Table(
    "refused_fields",
    metadata,
    _id(),
    _text("onboarding_id", index=True),
    _text("form"),
    _text("field"),
    _text("reason"),
    Column("day", Date, nullable=False),
    _number("times"),
    # Of a period its days are read; of all time everything, grouped as the report does, so that nothing is sorted.
    Index("ix_refused_fields_days", "day", "form", "field", "reason", "times"),
    Index("ix_refused_fields_reasons", "form", "field", "reason", "day", "onboarding_id", "times"),
)

received = Table(
    "received",
    metadata,
    _id(),
    _text("type"),
    _sealed("payload"),
    _moment("at", required=True),
    _moment("handled_at"),
    _number("attempts"),
    _moment("attempted_at"),
    _flag("set_aside"),
    Index("ix_received_handled_at_at", "handled_at", "at"),
)

seen = Table("seen", metadata, _id(), _moment("at", required=True))

sealing_keys = Table("sealing_keys", metadata, _id(), _text("mac"), _flag("retired"))  # see `storage.keys`


def id_column(table: Table) -> Column[str]:
    """The column that names a row where its sealed values are bound to it."""
    return table.c.id if "id" in table.c else next(iter(table.primary_key))


def locator(table: Table, dialect: Dialect) -> ColumnElement[Any]:
    """Tells a row from all others of its table whatever stands in it. SQLite takes for an id what is no text, which none that is read
    equals, but numbers its rows by itself."""
    return literal_column("rowid") if dialect.name == "sqlite" else id_column(table)


def sealed_columns(table: Table) -> list[Column[Sealed]]:
    """A table's sealed columns."""
    return [column for column in table.columns if isinstance(column.type, Sealed)]
