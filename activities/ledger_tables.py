"""The ledger's tables, for SQLite and PostgreSQL alike. A change here needs a migration; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    and_,
    or_,
)

from escalation.model.actions import EscalationRow

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC; SQLite itself would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """Convert to UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """Give the zone back."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


def _cases(name: str) -> Table:
    """One row for each escalation or decision; the same columns in both, since reports compare them."""
    return Table(
        name,
        metadata,
        Column("instance", Text, primary_key=True),
        Column("escalation_id", Text, nullable=False),
        Column("last_seq", BigInteger, nullable=False),
        Column("playbook", Text, nullable=False),
        Column("playbook_digest", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("case_system", Text, nullable=False),
        Column("case_id", Text, nullable=False),
        Column("customer_id", Text, nullable=False),
        Column("requested_by", Text, nullable=False),
        Column("initiation", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("stage", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("severity", Text, nullable=False),
        Column("severity_rank", Integer),
        Column("level", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("waiting_on", Text, nullable=False),
        Column("reasons", JSON, nullable=False),
        Column("breached", Boolean, nullable=False),
        Column("opened_at", Moment, nullable=False),
        Column("closed_at", Moment),
        Column("next_due_at", Moment),
        # Null: kept for ever, which is also so for what was written before this was known.
        Column("keep_until", Moment),
        Column("legal_holds", JSON, nullable=False, server_default="[]"),
        Index(f"{name}_by_id", "escalation_id", "opened_at"),
        Index(f"{name}_by_outcome", "outcome", "opened_at"),
        Index(f"{name}_by_case", "case_system", "case_id"),
        Index(f"{name}_by_keep", "keep_until", "instance"),
    )


escalations = _cases("escalations")
decisions = _cases("decisions")

events = Table(
    "events",
    metadata,
    Column("instance", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("prev", Text, nullable=False),
    # JSON and not JSONB: the body must come back exactly as it was hashed.
    Column("body", JSON, nullable=False),
    # Whom a page was delivered to; null for every other event.
    Column("paged", Text),
    Index("events_by_type", "type", "at"),
)
Index(
    "events_by_paged",
    events.c.paged,
    events.c.at,
    sqlite_where=events.c.paged.is_not(None),
    postgresql_where=events.c.paged.is_not(None),
)
Index("escalations_by_owner", escalations.c.owner, escalations.c.outcome)

turns = Table(
    "turns",
    metadata,
    Column("target", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
)
turns_taken = Table(
    "turns_taken",
    metadata,
    Column("target", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Index("turns_taken_by_number", "target", "number", unique=True),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    # Of every instance with this id: a matter is about the case, however often it was opened.
    Column("escalation_id", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("because", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    # Null: it was placed while the escalation was open, and is in its events.
    Column("placed_at", Moment),
    Column("released_by", Text, nullable=False, server_default=""),
    Column("released_at", Moment),
    Column("released_because", Text, nullable=False, server_default=""),
)
purged = Table(
    "purged",
    metadata,
    Column("instance", Text, primary_key=True),
    Column("escalation_id", Text, nullable=False),
    Column("playbook", Text, nullable=False),
    Column("playbook_digest", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("keep_until", Moment, nullable=False),
    Column("events", BigInteger, nullable=False),
    # As an export of before has it in its first line.
    Column("last_hash", Text, nullable=False),
    Column("purged_at", Moment, nullable=False),
    Column("purged_by", Text, nullable=False),
    Column("because", Text, nullable=False),
    Index("purged_by_id", "escalation_id"),
    Index("purged_by_time", "purged_at"),
)


def lived(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Tell of an escalation whether it was open at some time in a period, whose end is no part of it."""
    return and_(
        escalations.c.opened_at < until, or_(escalations.c.closed_at.is_(None), escalations.c.closed_at >= since)
    )


def case_values(instance: str, escalation_id: str, last_seq: int, row: EscalationRow) -> dict[str, Any]:
    """Return the column values of one row of ``escalations`` or ``decisions``."""
    return {**row.model_dump(), "instance": instance, "escalation_id": escalation_id, "last_seq": last_seq}


def event_values(instance: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the column values of one event as it came from the workflow."""
    return {
        "instance": instance,
        "seq": event["seq"],
        "type": event["type"],
        "by": event["by"],
        "at": datetime.fromisoformat(event["at"]),
        "prev": event.get("prev", ""),
        "body": event,
        "paged": event["to"] if _is_page(event) else None,
    }


def _is_page(event: dict[str, Any]) -> bool:
    """Tell what counts for a person's limit of pages: not what came with others, in their working hours."""
    paged = event["type"] == "message_delivered" and bool(event.get("rung"))
    return paged and not event.get("receipt", {}).get("bundled", False)
