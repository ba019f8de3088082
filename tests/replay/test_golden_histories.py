"""What earlier versions of the workflow did, this version does the same way: open escalations survive an upgrade."""

import json
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions, _runner
from temporalio.worker.workflow_sandbox._importer import Importer
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

from workflows.escalation import EscalationWorkflow
from workflows.runner import Runner

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


LIBRARIES = ("cel_expr_python", "google", "snowballstemmer", "ruamel")
"""Not ours to watch, and some are extension modules that load once only."""


def replayer(within: WorkflowRunner | None = None) -> Replayer:
    return Replayer(
        workflows=[EscalationWorkflow],
        data_converter=pydantic_data_converter,
        workflow_runner=within or Runner(),
    )


def test_there_are_histories_of_each_kind_of_life() -> None:
    kinds = {path.stem.rpartition("-")[0].rpartition("-")[2] for path in HISTORIES}
    assert kinds >= {"happy", "gated", "cancelled", "continued"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(history(path))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[WorkflowRunner]:
    """Temporal's sandbox, which imports everything once for all lives here, and not twice for each of them."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*LIBRARIES)
    importer = Importer(restrictions, RestrictionContext(), workflow_module_name=EscalationWorkflow.__module__)
    with patch.object(_runner, "Importer", lambda *_, **__: importer):
        yield SandboxedWorkflowRunner(restrictions=restrictions)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_life_does_nothing_that_temporals_sandbox_forbids(path: Path, sandbox: WorkflowRunner) -> None:
    await replayer(sandbox).replay_workflow(history(path))


async def test_a_history_that_this_version_would_not_have_written_is_found() -> None:
    path = next(path for path in HISTORIES if "-happy-" in path.stem)
    changed = json.loads(path.read_text())
    for event in changed["events"]:
        attributes = event.get("activityTaskScheduledEventAttributes")
        if attributes is not None:
            attributes["activityType"]["name"] = "something.else"
            break
    with pytest.raises(workflow.NondeterminismError):
        await replayer().replay_workflow(WorkflowHistory.from_json("changed", json.dumps(changed)))


async def test_a_clock_of_the_server_that_was_set_back_stops_no_escalation() -> None:
    path = next(path for path in HISTORIES if "-happy-" in path.stem)
    changed = json.loads(path.read_text())
    started = [event for event in changed["events"] if event["eventType"].endswith("WORKFLOW_TASK_STARTED")]
    started[1]["eventTime"] = started[0]["eventTime"]
    await replayer().replay_workflow(WorkflowHistory.from_json("set back", json.dumps(changed)))
