"""Heartbeats: while an activity runs, Temporal is told that its worker lives.

Without them only the time limit of the try would show that a worker died: a page under way would lie for a minute.
They also bring a cancellation (somebody has taken it) to a try that still waits for an answer.
"""

import asyncio
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class Alive(Interceptor):
    """Beats three times within the heartbeat limit that the workflow asked for; not at all where it asked for none."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap the next interceptor."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        limit = activity.info().heartbeat_timeout
        if not limit:
            return await super().execute_activity(input)
        # What an earlier try remembered stays, until this one remembers something else.
        kept = list(activity.info().heartbeat_details)
        _kept.set(kept)
        beats = asyncio.create_task(_beat(limit / 3, kept))
        try:
            return await super().execute_activity(input)
        finally:
            beats.cancel()


_kept: ContextVar[list[Any]] = ContextVar("kept")


def remember(*details: Any) -> None:
    """Have the next try of this activity know something: it goes with this heartbeat, and with all that follow."""
    kept = _kept.get(None)
    if kept is not None:
        kept[:] = details
    activity.heartbeat(*details)


def counted(what: str) -> int:
    """Return how many earlier tries of this activity counted something."""
    return _counts().get(what, 0)


def count(what: str) -> int:
    """Have the tries that follow know that one more had this; return how many there were, with this one."""
    counts = _counts()
    counts[what] = counts.get(what, 0) + 1
    remember(*(part for pair in counts.items() for part in pair))
    return counts[what]


def _counts() -> dict[str, int]:
    known = activity.info().heartbeat_details
    pairs = zip(known[::2], known[1::2], strict=False)  # an activity may remember something else there
    return {what: number for what, number in pairs if isinstance(what, str) and isinstance(number, int)}


async def _beat(every: timedelta, kept: list[Any]) -> None:
    while True:
        await asyncio.sleep(every.total_seconds())
        activity.heartbeat(*kept)
