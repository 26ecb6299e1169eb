"""What must be renewed, and when: certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("expiries")
