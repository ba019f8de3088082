"""What earlier versions of the workflow did, this version does the same way: open escalations survive an upgrade."""

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from worker import sandbox
from workflows.escalation import EscalationWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def history(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


def replayer() -> Replayer:
    return Replayer(workflows=[EscalationWorkflow], data_converter=pydantic_data_converter, workflow_runner=sandbox())


def test_there_are_histories_of_each_kind_of_life() -> None:
    kinds = {path.stem.rpartition("-")[0].rpartition("-")[2] for path in HISTORIES}
    assert kinds >= {"happy", "gated", "cancelled", "continued"}


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    await replayer().replay_workflow(history(path))


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
