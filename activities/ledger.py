"""The ledger: the SQL read side of escalations, and of decisions not to escalate. Never a source of truth.

The workflow of each escalation sends its events here, in order and idempotently. Whoever reads (board, search, reports,
the command line) opens a ``Ledger`` on the same database. SQLite by default, PostgreSQL by URL.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Self, cast

import structlog
from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from temporalio import activity

from activities.ledger_tables import case_values, decisions, escalations, event_values, events
from activities.sqlite import BUSY, use_wal
from escalation.errors import RemoteUnavailable, SettingsError, Unreachable
from escalation.model.actions import EscalationRow, RecordEvents
from escalation.values import Record

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "ledger_migrations"
BATCH = 200
"""Most records in one transaction; what piles up during one is written by the next."""
_MIGRATION_LOCK = 7_305_115
"""PostgreSQL's advisory lock that one migrating worker holds: any number, the same in every version."""


class Decision(Record):
    """A decision not to escalate that was taken without a workflow (``EscalationClient.consider``)."""

    key: str
    """Unique: the id of the request that was considered."""
    escalation_id: str
    """The id it would have had."""
    row: EscalationRow


class LedgerEntry(Record):
    """One escalation, or one decision not to escalate."""

    escalation_id: str
    instance: str
    last_seq: int
    """Number of the last event recorded; 0 for a decision that was taken without a workflow."""
    row: EscalationRow

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Read a row of a table of escalations, or of decisions not to escalate."""
        return cls(
            escalation_id=row["escalation_id"],
            instance=row["instance"],
            last_seq=row["last_seq"],
            row=EscalationRow.model_validate(dict(row)),
        )


class Ledger:
    """One database. Writing is asynchronous and batched; reading blocks the calling thread."""

    def __init__(self, url: str) -> None:
        self._engine = _open(url)
        self._writes = self._engine.execution_options(escalation_writes=True)
        # Both dialects write an upsert the same way; SQLAlchemy only lacks a common type for it.
        insert: Callable[[Table], sqlite.Insert] = (
            cast("Callable[[Table], sqlite.Insert]", postgresql.insert)
            if self._engine.dialect.name == "postgresql"
            else sqlite.insert
        )
        # Statements are made once: making one costs SQLAlchemy more than SQLite needs to execute it.
        self._add_events = insert(events).on_conflict_do_nothing()
        self._add_decisions = insert(decisions).on_conflict_do_nothing()
        self._put = {table: _upsert(insert(table), table) for table in (escalations, decisions)}
        # One writer: SQLite takes no more, and on PostgreSQL batching gains more than a second connection would.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._waiting: list[tuple[RecordEvents, asyncio.Future[int]]] = []
        self._draining: asyncio.Task[None] | None = None

    @property
    def engine(self) -> Engine:
        """The database, for what else is kept in it (``activities.workload``)."""
        return self._engine

    # --- writing -----------------------------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Bring the tables to this version's state; workers that start together wait for the first.

        Raises:
            Unreachable: the database cannot be opened.
        """
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        try:
            with self._writes.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except SQLAlchemyError as error:
            shown = self._engine.url.render_as_string(hide_password=True)
            raise Unreachable(
                f"The ledger at {shown} cannot be used ({_kind(error)}). Start the database or correct its URL."
            ) from None

    @activity.defn(name="ledger.record")
    async def record(self, action: RecordEvents) -> int:
        """Write events and the row they lead to; return the last recorded sequence number.

        Events that are recorded already are passed over; others at the same place are replaced when these are later
        (see ``_standing``). A row never goes back behind a newer one. Events before these that are not there (somebody
        emptied the database, or restored an old copy) leave a gap: it is logged, and ``verify_chain`` finds it. The
        escalation could not send them again, and must not wait for ever.

        Raises:
            RemoteUnavailable: the database did not take it; nothing was written.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((action, done))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await done

    async def record_decisions(self, considered: Sequence[Decision]) -> None:
        """Write decisions not to escalate, all or none; one that is recorded already stays as it is.

        Raises:
            RemoteUnavailable: the database did not take them.
        """
        rows = [case_values(decision.key, decision.escalation_id, 0, decision.row) for decision in considered]

        def write() -> None:
            with self._writes.begin() as connection:
                connection.execute(self._add_decisions, rows)

        if rows:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, write)
            except SQLAlchemyError as error:
                raise _unavailable(error) from None

    async def close(self) -> None:
        """Write what is waiting and close the database."""
        if self._draining is not None:
            await self._draining
        self._thread.shutdown()
        self._engine.dispose()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                results = await loop.run_in_executor(self._thread, self._write, [action for action, _ in batch])
            except RuntimeError:  # the thread takes no more work after ``close``
                results = [RemoteUnavailable("ledger: this worker is stopping") for _ in batch]
            for (_, done), result in zip(batch, results, strict=True):
                if done.done():  # its caller was cancelled
                    continue
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)

    def _write(self, actions: list[RecordEvents]) -> list[int | Exception]:
        """Write a batch in one transaction, or each alone when one of them spoils it for the others."""
        try:
            with self._writes.begin() as connection:
                return list(self._write_all(connection, actions))
        except Exception as error:  # noqa: BLE001 - each waiting caller gets it
            if len(actions) > 1:
                return [result for action in actions for result in self._write([action])]
            return [_unavailable(error) if isinstance(error, SQLAlchemyError) else error]

    def _write_all(self, connection: Connection, actions: list[RecordEvents]) -> list[int]:
        instances = {action.instance for action in actions}
        known = connection.execute(_LAST, {"instances": sorted(instances)})
        last: dict[str, int] = {row.instance: row.last for row in known}
        new_events: list[dict[str, Any]] = []
        rows: dict[str, dict[str, Any]] = {}
        for action in actions:
            before = last.get(action.instance, 0)
            if action.events and action.events[0]["seq"] <= before:
                self._insert_events(connection, new_events)
                new_events = []
                stands = _standing(connection, action, before)
                if stands is None:
                    log.info("dead_try_passed_over", escalation=action.escalation_id, events=len(action.events))
                    continue
                before = stands
            _log_gaps(action, before)
            new_events += (event_values(action.instance, event) for event in action.events)
            reached = action.events[-1]["seq"] if action.events else before
            last[action.instance] = max(before, reached)
            if reached == last[action.instance]:
                rows[action.instance] = case_values(action.instance, action.escalation_id, reached, action.row)
        self._insert_events(connection, new_events)
        ordered = [rows[instance] for instance in sorted(rows)]
        declined = [values for values in ordered if values["outcome"] == "declined"]
        escalated = [values for values in ordered if values["outcome"] != "declined"]
        # What was declined at first and escalated after all is not counted twice.
        if escalated:
            connection.execute(_NO_DECISION, {"instances": [values["instance"] for values in escalated]})
        for table, values in ((escalations, escalated), (decisions, declined)):
            if values:
                connection.execute(self._put[table], values)
        return [last[action.instance] for action in actions]

    def _insert_events(self, connection: Connection, values: list[dict[str, Any]]) -> None:
        if values:
            # A repeat that overlaps its first try in another worker must not fail, nor (hence the order) deadlock.
            ordered = sorted(values, key=lambda value: (value["instance"], value["seq"]))
            connection.execute(self._add_events, ordered)

    # --- reading -----------------------------------------------------------------------------------------------------

    def timeline(self, escalation_id: str, instance: str | None = None) -> list[dict[str, Any]]:
        """Return the events of an escalation as they were recorded, in order; empty when it is not known.

        Without ``instance``, those of the latest escalation with this id.
        """
        with self._engine.connect() as connection:
            if instance is None:
                instance = self._latest(connection, escalation_id)
            query = select(events.c.body).where(events.c.instance == instance).order_by(events.c.seq)
            return list(connection.scalars(query))

    def escalation_of(self, instance: str) -> str | None:
        """Return the id of the escalation of an instance; None when it is not recorded (yet).

        Raises:
            RemoteUnavailable: the database does not answer.
        """
        query = select(escalations.c.escalation_id).where(escalations.c.instance == instance)
        try:
            with self._engine.connect() as connection:
                found: str | None = connection.scalar(query)
        except SQLAlchemyError as error:
            raise _unavailable(error) from None
        return found

    def list_escalations(
        self,
        *,
        outcome: str | None = None,
        stage: str | None = None,
        owner: str | None = None,
        playbook: str | None = None,
        case: tuple[str, str] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[LedgerEntry]:
        """Return escalations that match everything given, the newest first. ``case`` is (system, id)."""
        wanted = {"outcome": outcome, "stage": stage, "owner": owner, "playbook": playbook}
        if case is not None:
            wanted |= {"case_system": case[0], "case_id": case[1]}
        return self._list(escalations, wanted, limit, offset)

    def list_decisions(
        self, *, playbook: str | None = None, case: tuple[str, str] | None = None, limit: int = 100, offset: int = 0
    ) -> list[LedgerEntry]:
        """Return decisions not to escalate that match everything given, the newest first. ``case`` is (system, id)."""
        wanted = {"playbook": playbook}
        if case is not None:
            wanted |= {"case_system": case[0], "case_id": case[1]}
        return self._list(decisions, wanted, limit, offset)

    def verify_chain(self, instance: str, hash_of: Callable[[dict[str, Any]], str]) -> int | None:
        """Return the number of the first event that is missing, or does not follow from the one before; else None.

        ``hash_of`` computes from an event what the next one carries in ``prev``. An alteration of the last event
        shows only once another follows.
        """
        with self._engine.connect() as connection:
            query = select(events.c.seq, events.c.body).where(events.c.instance == instance).order_by(events.c.seq)
            previous: str | None = None
            for expected, (seq, body) in enumerate(connection.execute(query), 1):
                if seq != expected or body["seq"] != seq or previous not in {None, body.get("prev", "")}:
                    return expected
                previous = hash_of(body)
        return None

    def _latest(self, connection: Connection, escalation_id: str) -> str | None:
        found = [
            connection.execute(
                select(table.c.opened_at, table.c.instance)
                .where(table.c.escalation_id == escalation_id)
                .order_by(table.c.opened_at.desc())
                .limit(1)
            ).first()
            for table in (escalations, decisions)
        ]
        return max(((row.opened_at, row.instance) for row in found if row is not None), default=(None, None))[1]

    def _list(self, table: Table, wanted: dict[str, str | None], limit: int, offset: int) -> list[LedgerEntry]:
        query = select(table).order_by(table.c.opened_at.desc(), table.c.instance).limit(limit).offset(offset)
        for column, value in wanted.items():
            if value is not None:
                query = query.where(table.c[column] == value)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [LedgerEntry.of(row) for row in rows]


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "ledger_url: not a database URL; expected sqlite:///var/ledger.db or postgresql://user@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        # An escalation's facts must never stand in an error, and SQLAlchemy's errors repeat parameters by default.
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    if backend != "sqlite":
        raise SettingsError(f"ledger_url: {backend} is not supported; expected sqlite or postgresql")
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


_LAST = (
    select(events.c.instance, func.max(events.c.seq).label("last"))
    .where(events.c.instance.in_(bindparam("instances", expanding=True)))
    .group_by(events.c.instance)
)
"""The number of the last event of each of some instances."""
_NO_DECISION = delete(decisions).where(decisions.c.instance.in_(bindparam("instances", expanding=True)))


def _upsert(insert: sqlite.Insert, table: Table) -> sqlite.Insert:
    """Return the statement that writes rows over older ones, and never over newer ones."""
    changed = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    return insert.on_conflict_do_update(
        index_elements=["instance"], set_=changed, where=insert.excluded.last_seq >= table.c.last_seq
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own idea of when to begin does not know "immediate"
    use_wal(connection)


def _begin_sqlite(connection: Connection) -> None:
    # A write that began as a read would fail at once when another process wrote in between, instead of waiting for it.
    writes = connection.get_execution_options().get("escalation_writes", False)
    connection.execute(text("begin immediate" if writes else "begin"))


def _standing(connection: Connection, action: RecordEvents, last: int) -> int | None:
    """Return how far what is recorded stands beside these events, after deleting the rest; None when it is they that
    never came to be.

    A worker that dies after recording, before Temporal has taken its workflow task, leaves events that never were: the
    next try of that task makes others in their place. A worker that takes over a run may also find by its replay that
    something happened at another instant. What was said last in the escalation's own time is true.
    """
    mine = events.c.instance == action.instance
    query = select(events.c.seq, events.c.at, events.c.prev).where(mine, events.c.seq >= action.events[0]["seq"])
    recorded = {row.seq: (row.at, row.prev) for row in connection.execute(query)}
    said = {event["seq"]: (datetime.fromisoformat(event["at"]), event.get("prev", "")) for event in action.events}
    differing = [seq for seq in said if seq in recorded and said[seq] != recorded[seq]]
    if not differing:
        return last
    if said[action.events[-1]["seq"]][0] < max(at for at, _ in recorded.values()):
        return None
    connection.execute(delete(events).where(mine, events.c.seq >= differing[0]))
    for table in (escalations, decisions):
        connection.execute(delete(table).where(table.c.instance == action.instance))
    return int(differing[0]) - 1


def _log_gaps(action: RecordEvents, before: int) -> None:
    for happened in action.events:
        if happened["seq"] > before + 1:
            log.warning(
                "ledger_gap",
                escalation=action.escalation_id,
                instance=action.instance,
                missing_from=before + 1,
                missing_to=happened["seq"] - 1,
            )
        before = max(before, happened["seq"])


def _unavailable(error: SQLAlchemyError) -> RemoteUnavailable:
    return RemoteUnavailable(f"ledger: the database did not take the records ({_kind(error)})")


def _kind(error: SQLAlchemyError) -> str:
    """Name the failure without its text, which may quote values."""
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return " ".join(str(part) for part in (type(cause or error).__name__, code) if part)
