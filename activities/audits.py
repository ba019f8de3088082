"""Audits a period: reads the ledger and the directory; how it is judged is given to it by the worker."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity

from activities.ledger_tables import escalations, events, lived
from escalation.errors import RemoteUnavailable
from escalation.model.audit import RUN_AUDIT, AuditReport, Examine, Lived, RunAudit
from escalation.people.directory import Directory


class LedgerBook:
    """What an audit reads of the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lived(self, start: datetime, end: datetime) -> list[Lived]:
        """Return escalations that were open at some time in the period, by their instances."""
        query = (
            select(escalations.c.escalation_id, escalations.c.instance, escalations.c.opened_at)
            .where(lived(start, end))
            .order_by(escalations.c.instance)
        )
        with self._engine.connect() as connection:
            return [Lived(row.escalation_id, row.instance, row.opened_at) for row in connection.execute(query)]

    def events_of(self, instances: Sequence[str], kinds: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
        """Return the events of instances, in order; only of some kinds where any are named."""
        query = select(events.c.instance, events.c.body).where(events.c.instance.in_(instances))
        if kinds:
            query = query.where(events.c.type.in_(kinds))
        found: dict[str, list[dict[str, Any]]] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query.order_by(events.c.instance, events.c.seq)):
                found.setdefault(row.instance, []).append(row.body)
        return found


class Audits:
    """The activity behind a scheduled audit. It only reads, so it may be tried any number of times."""

    def __init__(self, ledger: Engine, directory: Callable[[], Directory], examine: Examine) -> None:
        self._book = LedgerBook(ledger)
        self._directory = directory
        self._examine = examine

    @activity.defn(name=RUN_AUDIT)
    async def run(self, ask: RunAudit) -> AuditReport:
        """Audit a period.

        Raises:
            RemoteUnavailable: the ledger cannot be read; it is tried again.
        """
        try:
            directory = await asyncio.to_thread(self._directory)
            return await asyncio.to_thread(self._examine, ask, self._book, directory.teams_of)
        except SQLAlchemyError as error:
            raise RemoteUnavailable(f"ledger: cannot be read ({type(error).__name__})") from None
