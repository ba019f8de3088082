"""What choosing people asks of the ledger: who was paged when, who owns how much, whose turn it is.

Pages delivered before this version are not counted.
"""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add the person of each delivered page to the events, an index of owners, and the turns."""
    op.add_column("events", sa.Column("paged", sa.Text()))
    paged = sa.text("paged IS NOT NULL")
    op.create_index("events_by_paged", "events", ["paged", "at"], sqlite_where=paged, postgresql_where=paged)
    op.create_index("escalations_by_owner", "escalations", ["owner", "outcome"])
    op.create_table(
        "turns",
        sa.Column("target", sa.Text(), primary_key=True),
        sa.Column("next", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "turns_taken",
        sa.Column("target", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    op.create_index("turns_taken_by_number", "turns_taken", ["target", "number"], unique=True)
