"""Joining a digest: a page that waited for somebody's working hours goes out with the others that did."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    RPCError,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError

from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, Notify


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
            return await self._ask(client, identifier, page)
        except asyncio.CancelledError:
            # Somebody has taken it while others were waited for: as far as it can be helped it is not told any more.
            await client.get_workflow_handle(identifier).signal("withdraw", page.key)
            raise
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == "DigestClosed":
                raise RemoteUnavailable("digest: on its way already", retry_after=timedelta(seconds=5)) from None
            raise RemoteRefused(f"digest: {cause}") from None
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise RemoteUnavailable(f"digest: {type(error).__name__}") from None

    async def _ask(self, client: Client, identifier: str, page: Notify) -> DeliveryReceipt:
        start: WithStartWorkflowOperation[object, None] = WithStartWorkflowOperation(
            "Digest",
            id=identifier,
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"what waited for the working hours of {page.to}",
        )
        receipt: DeliveryReceipt = await client.execute_update_with_start_workflow(
            "join", page, start_workflow_operation=start, id=page.key, result_type=DeliveryReceipt
        )
        return receipt
