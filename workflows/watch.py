"""Hears what people change in a help desk: one activity that polls for a day, and then the next, without a gap."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from escalation.model.watch import WATCH_WORKFLOW, Watch
from workflows.deliveries import Dispatch, call

# The activity ends by itself after a day. What it says of its place goes with its heartbeats, and to its next try.
_WATCH = Dispatch("crm.watch", timedelta(hours=25), None, RetryPolicy(maximum_interval=timedelta(minutes=1)))


@workflow.defn(name=WATCH_WORKFLOW)
class HelpDeskWatch:
    """One for each connection, however many workers there are: its id is that of the connection."""

    @workflow.run
    async def run(self, watch: Watch) -> None:
        """Watch for a day, then go on in a new run from where that ended."""
        cursor = await call(_WATCH, watch, str, f"hear what people change in {watch.connection}")
        workflow.continue_as_new(watch.changed({"cursor": cursor}))
