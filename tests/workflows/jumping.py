"""The server whose clock jumps, and what tests need to get along with it."""

import sysconfig
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import (
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateWithStartInput,
    WorkflowUpdateHandle,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

TASK_TIMEOUT = timedelta(seconds=2)
"""A worker without a cache drops tasks when others come. Ten seconds, as a workflow task has otherwise, are more than
what tests of time allow."""


async def start() -> WorkflowEnvironment:
    """Start a server whose clock jumps ahead while a test sleeps in it."""
    return await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        interceptors=[_ShortTasks()],
        test_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal-test-server"),
    )


class _ShortTasks(Interceptor):
    """Opens workflows whose tasks are given to a worker again soon."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - Temporal's name
        return _Opening(next)


class _Opening(OutboundInterceptor):
    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002 - Temporal's name
    ) -> WorkflowUpdateHandle[Any]:
        input.start_workflow_input.task_timeout = TASK_TIMEOUT
        return await super().start_update_with_start_workflow(input)
