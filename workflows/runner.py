"""What workflow code runs in: no sandbox, and a guard against a run that was played ahead of its history.

Everything in ``workflows`` and ``escalation`` is loaded once for all escalations, so a sandbox would have nothing left
to watch, and yet cost a third of the worker's time. What keeps it deterministic instead: lint, replay of recorded
histories, and their replay in the full sandbox.

The guard: the SDK does not always show a run what a replay will show it later, and two questions may bring that about.
What was seen apart then comes together, or in another order; commands may be recorded that no replay makes again, and
that would stop the escalation for good. So a workflow task that would go on with such a run fails, once; Temporal sends
it again, and the run is made anew from its history.

- Asked a query about a run that is not in the cache, a worker plays the history to its very end, also what no workflow
  task has taken up yet, and keeps the run like that.
- A query that comes with a workflow task ends it as soon as it is answered, also while a local activity runs, which
  goes on into the next task. A replay sees the two tasks as one.

And a trace: a workflow task from which no command follows, an answer that changes nothing, leaves nothing in history
but itself. When the next task brings an update to a worker that does not have the run, the SDK shows it both tasks as
one, the update first; every later replay shows two. So such a task leaves a marker behind. A replay leaves one exactly
where the SDK tells it that the history has one: what was recorded without goes on replaying. (The SDK knows of it:
temporalio/sdk-rust#1281 and #1509 divide histories in another way, for runs that begin with it. Until it is the default
there, this stays.)
"""

from collections.abc import Set  # noqa: PYI025 - of keys as well

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker._command_aware_visitor import CommandInfo
from temporalio.workflow import Info

_ASIDE = {"query_workflow", "remove_from_cache"}
"""Jobs that no history knows of."""

_TRACE = "nothing followed "
"""Begins the id of the marker; the length of the history makes it another one each time."""


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
        self._running: set[int] = set()
        """Local activities that were begun here and have not answered. What a replay begins it begins as every replay
        does: were that counted, a run could fail for ever."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        jobs = {job.WhichOneof("variant") for job in act.jobs}
        at = (act.timestamp.seconds, act.timestamp.nanos)
        answered = {job.resolve_activity.seq for job in act.jobs if job.HasField("resolve_activity")}
        if not jobs <= _ASIDE and act.history_length > self._length:
            split = bool(self._running) and not self._only_answers(jobs, answered)
            if self._ahead or split:
                completion = WorkflowActivationCompletion(run_id=act.run_id)
                completion.failed.failure.message = "a query had split this run from its history; it is made anew"
                return completion
            # Every workflow task has a time of its own: more history at the time of the task before is none. But clocks
            # may be set back. Only the query that follows proves it, and in a replay there is no query.
            self._suspect = at == self._at
        self._ahead = self._ahead or (self._suspect and "query_workflow" in jobs)
        self._length = max(self._length, act.history_length)
        if "query_workflow" not in jobs:
            self._at = at
        completion = self._run.activate(act)
        for patch in self._traces_due(act, jobs, completion):
            trace = completion.successful.commands.add().set_patch_marker
            trace.patch_id, trace.deprecated = patch, True
        self._running -= answered
        for command in completion.successful.commands:
            if command.HasField("schedule_local_activity") and not act.is_replaying:
                self._running.add(command.schedule_local_activity.seq)
        return completion

    def _traces_due(
        self, act: WorkflowActivation, jobs: Set[str | None], completion: WorkflowActivationCompletion
    ) -> list[str]:
        """Return the ids of the markers to leave: of a replay those of its history, else one where nothing follows.

        While a local activity runs, its own marker is still to come.
        """
        if act.is_replaying:
            known = (job.notify_has_patch.patch_id for job in act.jobs if job.HasField("notify_has_patch"))
            return [patch for patch in known if patch.startswith(_TRACE)]
        if jobs <= _ASIDE or self._running or not completion.HasField("successful"):
            return []
        return [] if completion.successful.commands else [f"{_TRACE}{act.history_length}"]

    def _only_answers(self, jobs: Set[str | None], answered: Set[int]) -> bool:
        return jobs <= {"resolve_activity", *_ASIDE} and answered <= self._running

    def get_serialization_context(self, command_info: CommandInfo | None) -> SerializationContext | None:
        return self._run.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: CommandInfo | None) -> StorageDriverStoreContext:
        return self._run.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._run.get_info()

    def get_thread_id(self) -> int | None:
        return self._run.get_thread_id()
