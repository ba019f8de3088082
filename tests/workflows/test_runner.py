"""The guard around a run: which workflow tasks it lets through, and which it has made anew."""

from collections.abc import Iterable

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from workflows.runner import _Guarded


class Run(WorkflowInstance):
    """Schedules the local activities that a test names, and counts what it was shown."""

    def __init__(self) -> None:
        self.shown = 0
        self.schedules: list[int] = []

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.shown += 1
        completion = WorkflowActivationCompletion(run_id=act.run_id)
        completion.successful.SetInParent()
        for seq in self.schedules:
            completion.successful.commands.add().schedule_local_activity.seq = seq
        self.schedules = []
        return completion

    def get_serialization_context(self, command_info: object) -> None:
        raise NotImplementedError

    def get_external_store_context(self, command_info: object) -> None:  # type: ignore[override]
        raise NotImplementedError

    def get_info(self) -> None:  # type: ignore[override]
        raise NotImplementedError


def activation(
    length: int, at: int, *jobs: str, answers: Iterable[int] = (), replay: bool = False
) -> WorkflowActivation:
    made = WorkflowActivation(run_id="run", history_length=length, is_replaying=replay)
    made.timestamp.seconds = at
    for job in jobs:
        getattr(made.jobs.add(), job).SetInParent()
    for seq in answers:
        made.jobs.add().resolve_activity.seq = seq
    return made


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def guarded(run: Run) -> _Guarded:
    return _Guarded(run)


def passes(guarded: _Guarded, act: WorkflowActivation) -> bool:
    return guarded.activate(act).WhichOneof("status") == "successful"


def test_tasks_that_follow_each_other_pass(guarded: _Guarded, run: Run) -> None:
    assert passes(guarded, activation(3, 1, "initialize_workflow"))
    assert passes(guarded, activation(3, 1, "query_workflow"))
    run.schedules = [1]
    assert passes(guarded, activation(8, 2, "do_update"))
    assert passes(guarded, activation(8, 3, answers=[1]))
    assert passes(guarded, activation(14, 4, "do_update"))


def test_a_task_after_a_query_that_played_ahead_is_sent_back(guarded: _Guarded, run: Run) -> None:
    assert passes(guarded, activation(3, 1, "initialize_workflow", replay=True))
    assert passes(guarded, activation(9, 1, answers=[2]))  # more history, and the time of the task before
    assert passes(guarded, activation(9, 1, "query_workflow"))
    shown = run.shown
    assert not passes(guarded, activation(10, 5, "do_update"))
    assert run.shown == shown, "the run was not shown it"


def test_a_clock_that_was_set_back_is_no_proof(guarded: _Guarded) -> None:
    assert passes(guarded, activation(3, 1, "initialize_workflow", replay=True))
    assert passes(guarded, activation(9, 1, "do_update", replay=True))
    assert passes(guarded, activation(14, 2, "do_update", replay=True))


def test_a_task_that_brings_more_than_the_answer_of_a_local_activity_of_the_one_before_is_sent_back(
    guarded: _Guarded, run: Run
) -> None:
    run.schedules = [7]
    assert passes(guarded, activation(8, 1, answers=[2]))
    assert passes(guarded, activation(8, 1, "query_workflow"))
    assert not passes(guarded, activation(11, 2, "do_update"))


def test_a_task_that_brings_only_the_answer_of_that_local_activity_passes(guarded: _Guarded, run: Run) -> None:
    run.schedules = [7]
    assert passes(guarded, activation(8, 1, answers=[2]))
    assert passes(guarded, activation(8, 1, "query_workflow"))
    assert passes(guarded, activation(11, 2, answers=[7]))
    assert passes(guarded, activation(16, 3, "do_update"))


def test_what_is_replayed_was_decided_before(guarded: _Guarded, run: Run) -> None:
    run.schedules = [7]
    assert passes(guarded, activation(8, 1, answers=[2], replay=True))
    assert passes(guarded, activation(11, 2, "do_update", replay=True))


def test_a_local_activity_that_a_replay_left_open_fails_no_task_for_ever(guarded: _Guarded, run: Run) -> None:
    run.schedules = [7]
    assert passes(guarded, activation(26, 1, "fire_timer", replay=True))
    assert passes(guarded, activation(33, 2, answers=[6]))
    assert passes(guarded, activation(36, 3, "do_update"))


def traces(guarded: _Guarded, act: WorkflowActivation) -> list[str]:
    commands = guarded.activate(act).successful.commands
    return [command.set_patch_marker.patch_id for command in commands if command.HasField("set_patch_marker")]


def test_a_task_from_which_nothing_follows_leaves_a_trace_each_time_another_one(guarded: _Guarded, run: Run) -> None:
    first, second = traces(guarded, activation(8, 1, answers=[2])), traces(guarded, activation(13, 2, answers=[3]))
    assert len({*first, *second}) == 2
    run.schedules = [7]
    assert traces(guarded, activation(17, 3, "do_update")) == []  # a command is a trace of its own


def test_neither_a_question_nor_the_answer_of_a_local_activity_leaves_a_trace(guarded: _Guarded, run: Run) -> None:
    run.schedules = [7]
    assert traces(guarded, activation(8, 1, "do_update")) == []
    assert traces(guarded, activation(8, 1, answers=[7])) == []
    assert traces(guarded, activation(8, 1, "query_workflow")) == []
    assert traces(guarded, activation(8, 1, "remove_from_cache")) == []


def test_a_replay_leaves_the_traces_of_its_history_and_no_others(guarded: _Guarded) -> None:
    assert traces(guarded, activation(8, 1, answers=[2], replay=True)) == []
    told = activation(13, 2, answers=[3], replay=True)
    told.jobs.add().notify_has_patch.patch_id = "nothing followed 13"
    told.jobs.add().notify_has_patch.patch_id = "something else"
    assert traces(guarded, told) == ["nothing followed 13"]
