"""One attempt of an activity, as a worker makes it: what Temporal is told of its end."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from temporalio import activity
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.retry import RetryClass


class Innermost(ActivityInboundInterceptor):
    """Stands where the worker calls the activity itself."""

    def __init__(self) -> None:
        """There is no next one."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        return await input.fn(*input.args)


async def attempt(work: Any, number: int = 1, remembered: Sequence[Any] = ()) -> Any:
    """Run one attempt of an activity through the interceptor, as a worker does."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info,
        activity_type="crm.open_case",
        workflow_id="escalation-chatbot-4711",
        attempt=number,
        heartbeat_details=remembered,
    )
    wrapped = RetryClass().intercept_activity(Innermost())

    @activity.defn
    async def run() -> Any:
        return await wrapped.execute_activity(ExecuteActivityInput(work, [], None, {}))

    return await environment.run(run)
