"""The whole schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:  # noqa: PLR0915  one for each table and index
    op.create_table(
        "audit_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.Column("changes_digest", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_audit_events_seq", "audit_events", ["onboarding_id", "seq"], unique=True)
    op.create_table(
        "audit_heads",
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("onboarding_id"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial("ix_decisions_skips", "decisions", ["onboarding_id", "subject"], "verdict = 'skip'")
    op.create_index("ix_decisions_onboarding_id", "decisions", ["onboarding_id"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_drafts_onboarding_id", "drafts", ["onboarding_id"], unique=False)
    op.create_table(
        "effects",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("pace", sa.String(), nullable=False),
        sa.Column("same", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("error_id", sa.String(), nullable=False),
        sa.Column("traceparent", sa.String(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    runs = sa.text("state = 'running'")
    _partial("ix_effects_open", "effects", ["queue", "seq"], "state IN ('waiting', 'running')")
    _partial("ix_effects_due", "effects", ["due", "seq"], "state IN ('waiting', 'running')")
    _partial("ix_effects_failed", "effects", ["created_at", "onboarding_id"], "state = 'failed'")
    op.create_index("uq_effects_one_at_a_time", "effects", ["queue"], unique=True, sqlite_where=runs, postgresql_where=runs)
    op.create_index("ix_effects_onboarding_id", "effects", ["onboarding_id"], unique=False)
    op.create_index("ix_effects_state_created_at", "effects", ["state", "created_at"], unique=False)
    op.create_table(
        "paces",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_paces_next", "paces", ["next"], unique=False)
    op.create_table(
        "expiries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_expiries_onboarding_id", "expiries", ["onboarding_id"], unique=False)
    op.create_index("ix_expiries_last_day", "expiries", ["last_day"], unique=False)
    op.create_table(
        "identifiers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_identifiers_onboarding_id", "identifiers", ["onboarding_id"], unique=False)
    op.create_index("ix_identifiers_mark", "identifiers", ["mark"], unique=False)
    op.create_table(
        "name_marks",
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "onboarding_id"),
    )
    op.create_index("ix_name_marks_onboarding_id", "name_marks", ["onboarding_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_grants_onboarding_id", "grants", ["onboarding_id"], unique=False)
    op.create_index("ix_grants_state_expires_at", "grants", ["state", "expires_at"], unique=False)
    op.create_table(
        "members",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_members_onboarding_id", "members", ["onboarding_id"], unique=False)
    op.create_index("ix_members_team_id_user_id", "members", ["team_id", "user_id"], unique=False)
    op.create_table(
        "onboardings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("lead_id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("go_live", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("severed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_onboardings_channel_id", "onboardings", ["channel_id"], unique=False)
    op.create_index("ix_onboardings_owner_id", "onboardings", ["owner_id"], unique=False)
    _partial("ix_onboardings_go_live", "onboardings", ["go_live", "closed_at", "id"], "closed_at IS NULL")
    listed = ["id", "closed_at", "erased_at", "severed_at", "go_live", "started_at"]
    _partial("ix_onboardings_open", "onboardings", listed, "closed_at IS NULL")
    _partial("ix_onboardings_unheard", "onboardings", ["started_at", "id"], "closed_at IS NULL AND pressed_at IS NULL")
    counted = ["started_at", "closed_at", "erased_at", "rated_at", "rating"]
    op.create_index("ix_onboardings_counted", "onboardings", counted, unique=False)
    op.create_index(
        "uq_onboardings_open_channel",
        "onboardings",
        ["channel_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "departures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "watched_channels",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refused_blocks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "third_companies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _partial("ix_third_companies_unaccepted", "third_companies", ["at"], "accepted_at IS NULL")
    op.create_index("ix_third_companies_onboarding_id", "third_companies", ["onboarding_id"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("claimer_id", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_calls_onboarding_id", "calls", ["onboarding_id"], unique=False)
    _partial("ix_calls_unanswered", "calls", ["kind", "at"], "answered_at IS NULL")
    op.create_table(
        "notes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notes_onboarding_id", "notes", ["onboarding_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("support", sa.Boolean(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.String(), nullable=False),
        sa.Column("has_home", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_people_support", "people", ["support"], unique=False)
    op.create_table(
        "posted",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_posted_channel_id_ts", "posted", ["channel_id", "ts"], unique=False)
    op.create_index("ix_posted_onboarding_id", "posted", ["onboarding_id"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reminders_onboarding_id", "reminders", ["onboarding_id"], unique=False)
    op.create_table(
        "received",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_received_handled_at_at", "received", ["handled_at", "at"], unique=False)
    op.create_table(
        "refused_fields",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    days = ["day", "form", "field", "reason", "times"]
    op.create_index("ix_refused_fields_days", "refused_fields", days, unique=False)
    reasons = ["form", "field", "reason", "day", "onboarding_id", "times"]
    op.create_index("ix_refused_fields_reasons", "refused_fields", reasons, unique=False)
    op.create_index("ix_refused_fields_onboarding_id", "refused_fields", ["onboarding_id"], unique=False)
    op.create_table(
        "sealing_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mac", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "seen",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "steps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("submitted_by", sa.String(), nullable=False),
        sa.Column("submitted_team", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignee_id", sa.String(), nullable=False),
        sa.Column("claimer_id", sa.String(), nullable=False),
        sa.Column("turn", sa.String(), nullable=False),
        sa.Column("turn_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("customer_snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("support_snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("named", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_steps_onboarding_id", "steps", ["onboarding_id"], unique=False)
    op.create_index("ix_steps_escalate_at", "steps", ["escalate_at"], unique=False)
    op.create_index("ix_steps_remind_at", "steps", ["remind_at"], unique=False)
    waiting = ["turn_since", "onboarding_id", "step_id", "claimer_id", "state", "revision", "reminded", "turn"]
    _partial("ix_steps_waiting", "steps", waiting, "substr(turn, 1, 8) = 'support:'")
    support = ["onboarding_id", "turn_since", "claimer_id", "turn"]
    _partial("ix_steps_support", "steps", support, "substr(turn, 1, 8) = 'support:'")
    _partial("ix_steps_turn", "steps", ["step_id", "onboarding_id"], "turn <> ''")
    _partial("ix_steps_sides", "steps", ["turn", "turn_since", "state"], "turn <> ''")
    _partial("ix_steps_left", "steps", ["onboarding_id", "step_id", "state"], "state NOT IN ('done', 'skipped')")
    _partial("ix_steps_reminded", "steps", ["onboarding_id"], "reminded > 0")
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_submissions_onboarding_id", "submissions", ["onboarding_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_tasks_onboarding_id", "tasks", ["onboarding_id"], unique=False)
    op.create_table(
        "turns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("onboarding_id", sa.String(), nullable=False),
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("next_state", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    turn = ["side", "state", "next_state"]
    reviewed = "side = 'support' AND state = 'submitted' AND next_state <> 'submitted'"
    _partial("ix_turns_done", "turns", ["ended_at", "onboarding_id", "step_id"], "next_state = 'done'")
    _partial("ix_turns_reviews", "turns", ["ended_at", *turn], reviewed)
    _partial("ix_turns_longest_reviews", "turns", ["seconds", "ended_at", *turn], reviewed)
    op.create_index("ix_turns_steps", "turns", ["onboarding_id", "step_id"], unique=False)
    op.create_table(
        "step_days",
        sa.Column("step_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("onboardings", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("step_id", "side", "day"),
    )
    sums = ["step_id", "side", "day", "onboardings", "seconds"]
    op.create_index("ix_step_days_sums", "step_days", sums, unique=False)
