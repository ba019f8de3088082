"""The current details in Temporal's UI: written when somebody looks, not whenever something happens.

Temporal asks for them with a query of its own. Most runs are looked at seldom, and change a dozen times in between.
"""

from typing import Any

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from workflows.views import Views


class CurrentDetails(Interceptor):
    """Fills them in for every workflow that has views."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002 - Temporal's name
        """Return what stands before each workflow."""
        return _Asked


class _Asked(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - Temporal's name
        answer = await super().handle_query(input)
        shown = workflow.instance()
        if isinstance(answer, WorkflowMetadata) and isinstance(shown, Views):
            answer.current_details = shown.details()
        return answer
