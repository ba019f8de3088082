"""The ledger's records as such: what is due to be deleted, legal holds on what has ended, and what was deleted.

Nothing here is called by a workflow. People call it, by ``escalate ledger`` or out of a scheduled job.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime
from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, update

from activities.ledger import Ledger, LedgerEntry
from activities.ledger_tables import decisions, escalations, events, legal_holds, lived, purged
from escalation.errors import AlreadyDone, NotNow, Unknown
from escalation.model import events as e
from escalation.values import Record

BATCH = 100
"""Most escalations deleted in one transaction: whoever records waits no longer than that."""
_RECORDS_LOCK = 7_305_116
"""PostgreSQL's advisory lock, so that no hold is placed between looking for holds and deleting."""


class Over(Record):
    """An escalation, or a decision not to escalate, whose declared period is over."""

    escalation_id: str
    instance: str
    playbook: str
    outcome: str
    closed_at: AwareDatetime | None
    keep_until: AwareDatetime
    events: int
    holds: tuple[str, ...] = ()
    """Matters for which it is kept all the same; empty: it is deleted."""


class Purged(Record):
    """What is left of what was deleted, so that what is missing is known to be missing."""

    instance: str
    escalation_id: str
    playbook: str
    playbook_digest: str
    outcome: str
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    keep_until: AwareDatetime
    events: int
    last_hash: str
    """Of its last event: an export of before can be held against it."""
    purged_at: AwareDatetime
    purged_by: str
    because: str

    def missing_from(self, since: datetime, until: datetime) -> bool:
        """Tell whether it lived, or was deleted, in a period."""
        lived = self.opened_at < until and (self.closed_at is None or self.closed_at >= since)
        return lived or since <= self.purged_at < until


class Hold(Record):
    """A legal hold as the ledger has it, placed or released after the end."""

    escalation_id: str
    reference: str
    because: str
    placed_by: str
    placed_at: AwareDatetime | None
    released_by: str = ""
    released_at: AwareDatetime | None = None
    released_because: str = ""


class Records:
    """The records of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine
        self._writes = self._engine.execution_options(escalation_writes=True)

    # --- deleting ----------------------------------------------------------------------------------------------------

    def over(self, before: datetime) -> list[Over]:
        """Return everything whose period is over before an instant, with the holds that keep some of it."""
        with self._engine.connect() as connection:
            return [
                each
                for table in (escalations, decisions)
                for batch in _batches(connection, table, before)
                for each in batch
            ]

    def purge(self, before: datetime, *, by: str, because: str, now: datetime) -> list[Over]:
        """Delete everything whose period is over and that no hold keeps; return it, and what holds keep.

        Each batch is a transaction of its own: broken off in between, what is deleted has its tombstone, and the same
        call goes on with the rest.
        """
        done: list[Over] = []
        for table in (escalations, decisions):
            after: tuple[datetime, str] | None = None
            while True:
                with self._writing() as connection:
                    batch = _batch(connection, table, before, after)
                    _delete(
                        connection, table, [each for each in batch if not each.holds], by=by, because=because, now=now
                    )
                done += batch
                if len(batch) < BATCH:
                    break
                after = (batch[-1].keep_until, batch[-1].instance)
        return done

    def purged(self) -> list[Purged]:
        """Return what was deleted, the latest first."""
        query = select(purged).order_by(purged.c.purged_at.desc(), purged.c.instance)
        with self._engine.connect() as connection:
            return [Purged.model_validate(dict(row)) for row in connection.execute(query).mappings()]

    # --- legal holds -------------------------------------------------------------------------------------------------

    def place_hold(self, escalation_id: str, reference: str, *, by: str, because: str, now: datetime) -> None:
        """Keep what has ended for a matter.

        Raises:
            Unknown: there is nothing of that id, or it was deleted.
            NotNow: it is still open and takes the hold itself.
            AlreadyDone: it is, or was, on hold for this matter.
        """
        with self._writing() as connection:
            rows = _known(connection, escalation_id)
            if any(row["outcome"] == "open" for row in rows):
                raise NotNow(f"{escalation_id} is open: place the hold there (escalate place_legal_hold)")
            known = _holds(connection, [escalation_id]).get(escalation_id, {})
            if reference in known and known[reference].released_at is not None:
                raise AlreadyDone(
                    f"the hold on {escalation_id} for {reference} was released; place another under another reference"
                )
            if reference in _standing(rows, known):
                raise AlreadyDone(f"{escalation_id} is on legal hold for {reference} already")
            values = {"escalation_id": escalation_id, "reference": reference, "because": because}
            connection.execute(insert(legal_holds).values(**values, placed_by=by, placed_at=now))

    def release_hold(self, escalation_id: str, reference: str, *, by: str, because: str, now: datetime) -> None:
        """Let the declared period count again, also where the hold was placed while it was open.

        Raises:
            Unknown: it is on no such hold.
            NotNow: it is still open and releases the hold itself.
        """
        with self._writing() as connection:
            rows = _known(connection, escalation_id)
            if any(row["outcome"] == "open" and reference in row["legal_holds"] for row in rows):
                raise NotNow(f"{escalation_id} is open: release the hold there (escalate release_legal_hold)")
            known = _holds(connection, [escalation_id]).get(escalation_id, {})
            standing = _standing(rows, known)
            if reference not in standing:
                there = f"it is held for {', '.join(standing)}" if standing else "it is on no legal hold"
                raise Unknown(f"{escalation_id} is not on legal hold for {reference}; {there}")
            said = {"released_by": by, "released_at": now, "released_because": because}
            if reference in known:
                mine = (legal_holds.c.escalation_id == escalation_id, legal_holds.c.reference == reference)
                connection.execute(update(legal_holds).where(*mine).values(**said))
            else:
                values = {"escalation_id": escalation_id, "reference": reference, "because": "", "placed_by": ""}
                connection.execute(insert(legal_holds).values(**values, **said))

    def holds(self, escalation_id: str | None = None) -> list[Hold]:
        """Return the holds that were placed or released after the end."""
        query = select(legal_holds).order_by(legal_holds.c.escalation_id, legal_holds.c.reference)
        if escalation_id is not None:
            query = query.where(legal_holds.c.escalation_id == escalation_id)
        with self._engine.connect() as connection:
            return [Hold.model_validate(dict(row)) for row in connection.execute(query).mappings()]

    # --- of a period -------------------------------------------------------------------------------------------------

    def lived_in(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        """Return escalations that were open at any time of a period, the oldest first."""
        return self._of(escalations, lived(since, until))

    def declined_in(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        """Return the decisions not to escalate of a period, the oldest first."""
        return self._of(decisions, decisions.c.opened_at >= since, decisions.c.opened_at < until)

    def _of(self, table: Table, *where: Any) -> list[LedgerEntry]:
        query = select(table).where(*where).order_by(table.c.opened_at, table.c.instance)
        with self._engine.connect() as connection:
            return [LedgerEntry.of(row) for row in connection.execute(query).mappings()]

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._writes.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_RECORDS_LOCK)))
            yield connection


def _batches(connection: Connection, table: Table, before: datetime) -> Iterator[list[Over]]:
    after: tuple[datetime, str] | None = None
    while batch := _batch(connection, table, before, after):
        yield batch
        after = (batch[-1].keep_until, batch[-1].instance)


def _batch(connection: Connection, table: Table, before: datetime, after: tuple[datetime, str] | None) -> list[Over]:
    query = select(table).where(table.c.outcome != "open", table.c.closed_at.is_not(None), table.c.keep_until < before)
    if after is not None:
        until, instance = after
        later = and_(table.c.keep_until == until, table.c.instance > instance)
        query = query.where(or_(table.c.keep_until > until, later))
    rows = connection.execute(query.order_by(table.c.keep_until, table.c.instance).limit(BATCH)).mappings().all()
    if not rows:
        return []
    counting = select(events.c.instance, func.count().label("number")).where(
        events.c.instance.in_([row["instance"] for row in rows])
    )
    counts = {row.instance: row.number for row in connection.execute(counting.group_by(events.c.instance))}
    ids = [row["escalation_id"] for row in rows]
    known, same = _holds(connection, ids), _rows(connection, ids)
    return [
        Over(
            **{name: row[name] for name in ("escalation_id", "instance", "playbook", "outcome")},
            closed_at=row["closed_at"],
            keep_until=row["keep_until"],
            events=counts.get(row["instance"], 0),
            holds=_standing(
                [each for each in same if each["escalation_id"] == row["escalation_id"]],
                known.get(row["escalation_id"], {}),
            ),
        )
        for row in rows
    ]


def _delete(connection: Connection, table: Table, free: list[Over], *, by: str, because: str, now: datetime) -> None:
    if not free:
        return
    instances = [each.instance for each in free]
    rows = {row["instance"]: row for row in connection.execute(_where(table, instances)).mappings()}
    connection.execute(
        insert(purged),
        [
            {
                **{name: rows[each.instance][name] for name in _KEPT},
                "events": each.events,
                "last_hash": _last_hash(connection, each.instance),
                "purged_at": now,
                "purged_by": by,
                "because": because,
            }
            for each in free
        ],
    )
    connection.execute(delete(events).where(events.c.instance.in_(instances)))
    connection.execute(delete(table).where(table.c.instance.in_(instances)))


_KEPT = (
    "instance",
    "escalation_id",
    "playbook",
    "playbook_digest",
    "outcome",
    "opened_at",
    "closed_at",
    "keep_until",
)
"""Columns of a row that its tombstone keeps: nothing of the case or the customer."""


def _where(table: Table, instances: list[str]) -> Any:
    return select(table).where(table.c.instance.in_(instances))


def _last_hash(connection: Connection, instance: str) -> str:
    query = select(events.c.body).where(events.c.instance == instance).order_by(events.c.seq.desc()).limit(1)
    body = connection.scalar(query)
    if body is None:
        return ""
    last = e.READER.validate_json(json.dumps(body))
    # Of a kind that only a newer version knows, the hash cannot be told here.
    return "" if isinstance(last, e.UnknownEvent) else e.hash_of(last)


def _rows(connection: Connection, ids: list[str]) -> list[Any]:
    return [
        row
        for table in (escalations, decisions)
        for row in connection.execute(select(table).where(table.c.escalation_id.in_(ids))).mappings()
    ]


def _known(connection: Connection, escalation_id: str) -> list[Any]:
    """Return the rows of an id."""
    found = _rows(connection, [escalation_id])
    if not found:
        gone = connection.execute(select(purged).where(purged.c.escalation_id == escalation_id)).mappings().first()
        why = f"it was purged on {gone['purged_at']:%Y-%m-%d} by {gone['purged_by']}" if gone else "nothing of that id"
        raise Unknown(f"the ledger has no {escalation_id}: {why}")
    return found


def _holds(connection: Connection, ids: list[str]) -> dict[str, dict[str, Hold]]:
    found: dict[str, dict[str, Hold]] = {}
    for row in connection.execute(select(legal_holds).where(legal_holds.c.escalation_id.in_(ids))).mappings():
        hold = Hold.model_validate(dict(row))
        found.setdefault(hold.escalation_id, {})[hold.reference] = hold
    return found


def _standing(rows: list[Any], known: dict[str, Hold]) -> tuple[str, ...]:
    """Return the matters that keep what has this id: of its own time, and of afterwards, as far as not released.

    A release in the ledger is of what had ended by then: a later escalation of the same id may be held anew.
    """
    placed = [
        reference
        for row in rows
        for reference in row["legal_holds"]
        if reference not in known
        or (released := known[reference].released_at) is None
        or row["closed_at"] is None
        or row["closed_at"] > released
    ]
    placed += [hold.reference for hold in known.values() if hold.placed_at is not None and hold.released_at is None]
    return tuple(dict.fromkeys(placed))
