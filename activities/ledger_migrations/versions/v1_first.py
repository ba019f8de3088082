"""Escalations, decisions not to escalate, and their events."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Create the three tables."""
    for name in ("escalations", "decisions"):
        op.create_table(
            name,
            sa.Column("instance", sa.Text(), primary_key=True),
            sa.Column("escalation_id", sa.Text(), nullable=False),
            sa.Column("last_seq", sa.BigInteger(), nullable=False),
            sa.Column("playbook", sa.Text(), nullable=False),
            sa.Column("playbook_digest", sa.Text(), nullable=False),
            sa.Column("source", sa.Text(), nullable=False),
            sa.Column("case_system", sa.Text(), nullable=False),
            sa.Column("case_id", sa.Text(), nullable=False),
            sa.Column("customer_id", sa.Text(), nullable=False),
            sa.Column("requested_by", sa.Text(), nullable=False),
            sa.Column("initiation", sa.Text(), nullable=False),
            sa.Column("outcome", sa.Text(), nullable=False),
            sa.Column("stage", sa.Text(), nullable=False),
            sa.Column("status", sa.Text(), nullable=False),
            sa.Column("severity", sa.Text(), nullable=False),
            sa.Column("severity_rank", sa.Integer()),
            sa.Column("level", sa.Text(), nullable=False),
            sa.Column("owner", sa.Text(), nullable=False),
            sa.Column("waiting_on", sa.Text(), nullable=False),
            sa.Column("reasons", sa.JSON(), nullable=False),
            sa.Column("breached", sa.Boolean(), nullable=False),
            sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("closed_at", sa.DateTime(timezone=True)),
            sa.Column("next_due_at", sa.DateTime(timezone=True)),
        )
        op.create_index(f"{name}_by_id", name, ["escalation_id", "opened_at"])
        op.create_index(f"{name}_by_outcome", name, ["outcome", "opened_at"])
        op.create_index(f"{name}_by_case", name, ["case_system", "case_id"])
    op.create_table(
        "events",
        sa.Column("instance", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("events_by_type", "events", ["type", "at"])
