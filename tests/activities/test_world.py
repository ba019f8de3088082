"""All activities as a worker has them: wired by ``build``, called by name through a real Temporal server."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import activities
from activities.retry import RetryClass
from escalation.model.actions import MessageKind, Notify
from escalation.playbook.schema import LoadedPlaybook
from starter.embedded import find_server
from tests.support.sink import FaultSink, Reply, open_fault_sink

DIRECTORY = """
people:
  - {id: eva, name: Eva, time_zone: Europe/Prague, contacts: [{channel: webhook, address: "%s"}]}
"""


@workflow.defn
class OneCall:
    """Calls one activity by its name, as the escalation does."""

    @workflow.run
    async def run(self, name: str, argument: Any) -> Any:
        return await workflow.execute_activity(
            name,
            argument,
            start_to_close_timeout=timedelta(seconds=20),
            schedule_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=50), backoff_coefficient=1),
        )


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


@pytest.fixture
async def world(tmp_path: Path, sink: FaultSink) -> AsyncIterator[activities.Activities]:
    directory = tmp_path / "directory.yaml"
    directory.write_text(DIRECTORY % sink.hook)
    built = activities.build(activities.Places(data=tmp_path / "data", directory=directory))
    yield built
    await built.close()


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    environment = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(find_server()),
        dev_server_log_level="never",
    )
    async with environment:
        yield environment.client


@pytest.fixture
async def call(temporal: Client, world: activities.Activities) -> AsyncIterator[Any]:
    queue = f"world-{uuid4()}"

    async def by_name(name: str, argument: object) -> Any:
        return await temporal.execute_workflow(
            OneCall.run, args=[name, argument], id=f"{queue}-{uuid4()}", task_queue=queue
        )

    async with Worker(
        temporal,
        task_queue=queue,
        workflows=[OneCall],
        activities=world.all(),
        interceptors=[RetryClass()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield by_name


def page() -> Notify:
    return Notify(key="e1/page/1", to="person:eva", kind=MessageKind.PAGE, subject="P0", body="Please take it")


def refusal(failure: pytest.ExceptionInfo[WorkflowFailureError]) -> ApplicationError:
    assert isinstance(failure.value.cause, ActivityError)
    assert isinstance(failure.value.cause.cause, ApplicationError)
    return failure.value.cause.cause


def test_the_activities_names_are_those_the_workflow_calls(world: activities.Activities) -> None:
    root = Path(__file__).parents[2] / "workflows"
    called = {name for file in root.glob("*.py") for name in re.findall(r'"([a-z]+\.[a-z_]+)"', file.read_text())}
    names = {activity._Definition.must_from_callable(method).name for method in world.all()}
    assert names == called


def test_everything_of_the_embedded_adapters_is_in_the_data_folder(
    world: activities.Activities, tmp_path: Path
) -> None:
    assert {path.name for path in (tmp_path / "data").glob("*.db")} == {"inbox.db", "helpdesk.db", "ledger.db"}


async def test_a_page_is_delivered_once_by_a_sink_that_fails_drops_the_connection_and_asks_to_wait(
    call: Any, sink: FaultSink
) -> None:
    sink.script = [Reply(500), Reply(500), Reply(500), Reply(drop=True), Reply(429, {"Retry-After": "3"})]
    receipt = await call("notify.send", page())
    assert receipt["channel"] == "webhook"
    assert [hit.status for hit in sink.journal] == [500, 500, 500, None, 429, 200]
    assert {hit.headers["idempotency-key"] for hit in sink.journal} == {"e1/page/1"}
    waits = [after.at - before.at for before, after in pairwise(sink.journal)]
    assert waits[4] >= 3
    assert max(waits[:4]) < 3
    assert list(sink.kept) == ["e1/page/1"]


async def test_a_page_that_is_refused_fails_at_once_and_nothing_secret_stands_in_the_failure(
    call: Any, sink: FaultSink
) -> None:
    sink.script = [Reply(404, body=b"Jana Novakova")] * 3
    with pytest.raises(WorkflowFailureError) as failure:
        await call("notify.send", page())
    cause = refusal(failure)
    assert (cause.type, cause.message) == ("RemoteRefused", "person:eva cannot be reached: webhook: answered 404")
    assert len(sink.journal) == 1
    assert not re.search("s3cret|Jana", str(cause.failure))


async def test_an_unknown_playbook_fails_at_once_and_names_those_there_are(call: Any) -> None:
    with pytest.raises(WorkflowFailureError) as failure:
        await call("playbooks.load", "nothing-of-the-kind")
    cause = refusal(failure)
    assert (cause.type, cause.non_retryable) == ("DocumentError", True)
    assert "there is no playbook 'nothing-of-the-kind'" in cause.message


async def test_a_playbook_travels_to_the_workflow_as_it_was_loaded(call: Any, world: activities.Activities) -> None:
    carried = LoadedPlaybook.model_validate(await call("playbooks.load", "it-service-management"))
    assert carried == await world.playbooks.load("it-service-management")
