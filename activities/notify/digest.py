"""Joining a digest: a page that waited for somebody's working hours goes out with the others that did."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    RPCError,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, DigestEnd, Notify


class Digests:
    """Asks the ``Digest`` workflow of each person."""

    @activity.defn(name="notify.join_digest")
    async def join(self, page: Notify) -> DeliveryReceipt:
        """Deliver a page as a part of its receiver's digest.

        Raises:
            RemoteRefused: the digest could not be delivered.
            RemoteUnavailable: it was on its way already; the next one takes the page along.
        """
        client, identifier = activity.client(), f"digest-{page.to.replace(':', '-')}"
        try:
            told = await self._told(client, identifier, page) if activity.info().attempt > 1 else None
            if told is not None:
                return told
            run = await self._joined(client, identifier, page)
            handle = client.get_workflow_handle(identifier, run_id=run, result_type=DigestEnd)
            end: DigestEnd = await handle.result()
        except asyncio.CancelledError:
            # Somebody has taken it while others were waited for: as far as it can be helped it is not told any more.
            await client.get_workflow_handle(identifier).signal("withdraw", page.key)
            raise
        except WorkflowUpdateFailedError as error:
            raise _not_joined(error) from None
        except WorkflowFailureError as error:
            raise RemoteRefused(f"digest: {_reason(error)}") from None
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise RemoteUnavailable(f"digest: {type(error).__name__}") from None
        if end.receipt is None or page.key not in end.keys:
            raise RemoteUnavailable("digest: it went without this page")
        return end.receipt

    async def _told(self, client: Client, identifier: str, page: Notify) -> DeliveryReceipt | None:
        """Return the receipt of the latest digest if this page was in it: a worker may have died while it waited."""
        handle = client.get_workflow_handle(identifier, result_type=DigestEnd)
        try:
            described = await handle.describe()
        except RPCError:
            return None
        if described.status is not WorkflowExecutionStatus.COMPLETED:
            return None
        end: DigestEnd = await handle.result()
        return end.receipt if page.key in end.keys else None

    async def _joined(self, client: Client, identifier: str, page: Notify) -> str:
        start: WithStartWorkflowOperation[object, DigestEnd] = WithStartWorkflowOperation(
            "Digest",
            id=identifier,
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"what waited for the working hours of {page.to}",
        )
        run: str = await client.execute_update_with_start_workflow(
            "join", page, start_workflow_operation=start, id=page.key, result_type=str
        )
        return run


def _not_joined(error: WorkflowUpdateFailedError) -> RemoteUnavailable | RemoteRefused:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == "DigestClosed":
        return RemoteUnavailable("digest: on its way already", retry_after=timedelta(seconds=5))
    return RemoteRefused(f"digest: {cause}")


def _reason(error: WorkflowFailureError) -> BaseException:
    cause: BaseException = error.cause
    if isinstance(cause, ActivityError) and cause.__cause__ is not None:
        return cause.__cause__
    return cause
