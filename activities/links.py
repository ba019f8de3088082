"""Tells a linked escalation what changed: an update of its workflow, under the action's own key."""

from temporalio import activity
from temporalio.client import RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import TellLinked
from escalation.model.commands import LinkHeard
from escalation.model.names import HEAR_LINK


class Links:
    """Asks the workflow of the other escalation."""

    @activity.defn(name="links.tell")
    async def tell(self, news: TellLinked) -> None:
        """Tell it once, however often this is tried.

        Raises:
            RemoteRefused: there is none of that id, it has ended, or it is no escalation.
            RemoteUnavailable: it did not answer; it is tried again.
        """
        heard = LinkHeard(**news.model_dump(include=set(LinkHeard.model_fields) - {"by"}))
        handle = activity.client().get_workflow_handle(news.to)
        try:
            await handle.execute_update(HEAR_LINK, heard, id=news.key)
        except WorkflowUpdateFailedError as error:
            why = error.cause.message if isinstance(error.cause, ApplicationError) else type(error.cause).__name__
            raise RemoteRefused(f"link: {why}") from None
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise RemoteUnavailable(f"link: {type(error).__name__}") from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise RemoteRefused("link: it has ended, or there is none of that id") from None
            raise RemoteUnavailable(f"link: {error.status.name}") from None
