"""Hears what people change in help desks, and tells the escalations of those tickets.

A change is told at least once, under its own id: what was on its way when a worker died is told again and changes
nothing. The place in the help desk's changes goes with the heartbeats, so that the next try goes on from there.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from temporalio import activity
from temporalio.client import RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCStatusCode

from activities.alive import remember
from activities.crm.hearing import count
from activities.crm.port import Changes, HelpDesk, Watched
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import CaseChange
from escalation.model.commands import CaseChanged
from escalation.model.watch import HEAR_TICKET, Watch

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=20)
"""Between two looks at a help desk in which nothing has changed."""
DAY = timedelta(hours=24)
"""How long one activity watches."""
ANSWER_WITHIN = timedelta(seconds=10)
PATIENCE = 3
"""Tries for an escalation that does not answer; then the others do not wait for it any more."""
UNRECORDED = timedelta(minutes=2)
"""A ticket that the ledger does not know is that of nobody here, unless the change is younger than this."""
REFUSED_AGAIN = timedelta(minutes=5)
"""A help desk that refuses, such as a token that has run out, is asked again so often, until somebody mends it."""


class Watching:
    """The activity that watches one of ``desks``; ``escalation_of`` finds an escalation by its instance."""

    def __init__(self, desks: Mapping[str, HelpDesk], escalation_of: Callable[[str], str | None]) -> None:
        self._desks = {name: desk for name, desk in desks.items() if isinstance(desk, Watched)}
        self._escalation_of = escalation_of

    @property
    def names(self) -> tuple[str, ...]:
        """Which connections can be watched."""
        return tuple(self._desks)

    @activity.defn(name="crm.watch")
    async def watch(self, watch: Watch) -> str:
        """Watch a help desk for a day; return where to go on.

        Raises:
            RemoteUnavailable: it does not answer, refuses, is not connected to this worker, or the worker stops. It is
                tried again, from the place that was reached.
        """
        desk = self._desks.get(watch.connection)
        if desk is None:
            raise RemoteUnavailable(f"{watch.connection}: not connected to this worker", retry_after=EVERY)
        cursor, *_ = activity.info().heartbeat_details or (watch.cursor,)
        until = monotonic() + DAY.total_seconds()
        while monotonic() < until:
            found = await _look(watch.connection, desk, cursor)
            for change in found.changes:
                await self._tell(watch.connection, cursor, change)
            if found.cursor != cursor or found.changes:
                cursor = found.cursor
                remember(cursor)
            if not found.changes:
                await _pause(watch.connection)
        return str(cursor)

    async def _tell(self, system: str, cursor: str, change: CaseChange) -> None:
        """Tell the escalation of a ticket what was changed there; who cannot be told is passed over, and counted."""
        instance = change.case_key.removesuffix("/case")
        identifier = await asyncio.to_thread(self._escalation_of, instance)
        if identifier is None:
            if datetime.now(UTC) - change.at < UNRECORDED:
                raise RemoteUnavailable(f"{system}: the ledger does not know the ticket yet", retry_after=EVERY)
            _count(system, "unknown", change)
            return
        handle = activity.client().get_workflow_handle(identifier)
        try:
            await handle.execute_update(
                HEAR_TICKET,
                CaseChanged(system=system, change=change),
                id=f"{system}/{change.key}",
                rpc_timeout=ANSWER_WITHIN,
            )
        except WorkflowUpdateFailedError as error:
            _count(system, "refused", change, why=str(error.cause))
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            self._silent(system, cursor, change)
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:  # such as too long
                _count(system, "refused", change, why=error.status.name)
            elif error.status is not RPCStatusCode.NOT_FOUND:
                raise RemoteUnavailable(f"{system}: Temporal: {error.status.name}") from None
            else:
                _count(system, "over", change)
        except (TypeError, ValueError) as error:  # it cannot be written down; its message would repeat the text
            _count(system, "refused", change, why=type(error).__name__)
        else:
            _count(system, "told", change)

    @staticmethod
    def _silent(system: str, cursor: str, change: CaseChange) -> None:
        """Try again, but not for ever: one that is stuck must not keep the changes of all others."""
        before = activity.info().heartbeat_details
        times = 1 + (int(before[2]) if len(before) == 3 and before[1] == change.key else 0)
        if times >= PATIENCE:
            _count(system, "silent", change)
            return
        remember(cursor, change.key, times)
        raise RemoteUnavailable(f"{system}: the escalation of a changed ticket does not answer")


async def _look(system: str, desk: Watched, cursor: str) -> Changes:
    try:
        return await desk.changes(cursor)
    except RemoteRefused as error:
        raise RemoteUnavailable(f"{system}: cannot be watched: {error}", retry_after=REFUSED_AGAIN) from None


async def _pause(system: str) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(activity.wait_for_worker_shutdown(), EVERY.total_seconds())
        raise RemoteUnavailable(f"{system}: this worker is stopping")


def _count(system: str, outcome: str, change: CaseChange, why: str = "") -> None:
    if outcome != "told":
        say = log.info if outcome in ("unknown", "over") else log.warning
        say("ticket_change_passed_over", connection=system, outcome=outcome, change=change.key, why=why)
    count(system, outcome)
