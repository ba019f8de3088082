"""Local activities, one after the other: short look-ups and notes that are done inside the workflow task.

Two at once would make a history that cannot be replayed: they answer in the order in which they finish, but are
replayed in the order in which they began (temporalio/sdk-python#1578).
"""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError  # noqa: A004 - Temporal's name

T = TypeVar("T")

LOCAL_FAILURE = (ActivityError, ApplicationError, TimeoutError)
"""What a failed local activity raises: its own error as it is. Only a time-out comes wrapped, as ordinary ones do, but
not when the worker that replays the run reads it from history."""


class Local:
    """The local activities of one run."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._asked = 0

    @property
    def idle(self) -> bool:
        """True while none runs or waits for its turn."""
        return self._asked == 0

    async def call(
        self,
        activity: str,
        argument: object,
        result_type: type[T],
        summary: str,
        *,
        one_try: timedelta,
        give_up: timedelta | None = None,
        retry: RetryPolicy | None = None,
    ) -> T:
        """Execute one when it is its turn.

        Raises:
            ActivityError, ApplicationError, TimeoutError: see ``LOCAL_FAILURE``.
        """
        self._asked += 1
        try:
            async with self._turn:
                result: T = await workflow.execute_local_activity(
                    activity,
                    argument,
                    result_type=result_type,
                    start_to_close_timeout=one_try,
                    schedule_to_close_timeout=give_up,
                    retry_policy=retry,
                    summary=summary[:200],
                )
        finally:
            self._asked -= 1
        return result
