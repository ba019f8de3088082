"""What workflow code runs in: no sandbox, and a guard against a run that was played ahead of its history.

Everything in ``workflows`` and ``escalation`` is loaded once for all escalations, so a sandbox would have nothing left
to watch, and yet cost a third of the worker's time. What keeps it deterministic instead: lint, replay of recorded
histories, and their replay in the full sandbox.

The guard: when a worker without the run in its cache is asked a query, the SDK plays the history to its very end, also
what no workflow task has taken up yet, and keeps the run like that. The next workflow task then brings the rest to a
run that is ahead: what came together is seen apart, in another order than any replay will see it, and commands may be
recorded that no replay makes again. That would stop the escalation for good. So such a workflow task fails, once;
Temporal sends it again, and the run is made anew from its history.
"""

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker._command_aware_visitor import CommandInfo
from temporalio.workflow import Info


class Runner(UnsandboxedWorkflowRunner):
    """Runs workflows as they are, each behind the guard."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Make the instance of a run."""
        return _Guarded(super().create_instance(det))


class _Guarded(WorkflowInstance):
    def __init__(self, run: WorkflowInstance) -> None:
        self._run = run
        self._at = (0, 0)
        self._length = 0
        self._suspect = False
        self._ahead = False

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        if not jobs <= {"query_workflow", "remove_from_cache"} and act.history_length > self._length:
            if self._ahead:
                completion = WorkflowActivationCompletion(run_id=act.run_id)
                completion.failed.failure.message = "a query had played this run ahead of its history; it is made anew"
                return completion
            # Every workflow task has a time of its own: more history at the time of the task before is none. But clocks
            # may be set back. Only the query that follows proves it, and in a replay there is no query.
            self._suspect = (act.timestamp.seconds, act.timestamp.nanos) == self._at
        self._ahead = self._ahead or (self._suspect and "query_workflow" in jobs)
        self._length = max(self._length, act.history_length)
        if "query_workflow" not in jobs:
            self._at = (act.timestamp.seconds, act.timestamp.nanos)
        return self._run.activate(act)

    def get_serialization_context(self, command_info: CommandInfo | None) -> SerializationContext | None:
        return self._run.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: CommandInfo | None) -> StorageDriverStoreContext:
        return self._run.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._run.get_info()

    def get_thread_id(self) -> int | None:
        return self._run.get_thread_id()
