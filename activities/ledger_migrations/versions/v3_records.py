"""How long records are kept, legal holds, and what was deleted when and by whom.

What ended before this version has no declared period and is kept for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add period and holds to both tables of cases, and the tables of holds and of what was purged."""
    for name in ("escalations", "decisions"):
        op.add_column(name, sa.Column("keep_until", sa.DateTime(timezone=True)))
        op.add_column(name, sa.Column("legal_holds", sa.JSON(), nullable=False, server_default="[]"))
        op.create_index(f"{name}_by_keep", name, ["keep_until", "instance"])
    op.create_table(
        "legal_holds",
        sa.Column("escalation_id", sa.Text(), primary_key=True),
        sa.Column("reference", sa.Text(), primary_key=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True)),
        sa.Column("released_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_because", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "purged",
        sa.Column("instance", sa.Text(), primary_key=True),
        sa.Column("escalation_id", sa.Text(), nullable=False),
        sa.Column("playbook", sa.Text(), nullable=False),
        sa.Column("playbook_digest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
    )
    op.create_index("purged_by_id", "purged", ["escalation_id"])
    op.create_index("purged_by_time", "purged", ["purged_at"])
