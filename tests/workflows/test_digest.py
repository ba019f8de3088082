"""Pages that waited for one person's hours: one message, a receipt for each, nothing for what was taken meanwhile."""

import asyncio

from temporalio.client import WithStartWorkflowOperation, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from escalation.model.actions import DigestEnd, MessageKind, Notify
from tests.support.waiting import eventually
from tests.workflows.world import ANN, World
from workflows.digest import GATHER, DigestWorkflow
from workflows.runner import Runner


def page(key: str, to: str = ANN) -> Notify:
    body = f"What is asked: look at {key}\n  escalate acknowledge escalation-{key} --by {to}"
    return Notify(key=key, to=to, kind=MessageKind.PAGE, subject=f"[P2] {key}", body=body, bundled=True)


async def join(world: World, message: Notify) -> DigestEnd:
    identifier = f"digest-{world.settings.task_queue}-{message.to}"
    start: WithStartWorkflowOperation[object, DigestEnd] = WithStartWorkflowOperation(
        "Digest",
        id=identifier,
        task_queue=world.settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    run: str = await world.temporal.execute_update_with_start_workflow(
        "join", message, start_workflow_operation=start, id=message.key, result_type=str
    )
    end: DigestEnd = await world.temporal.get_workflow_handle(identifier, run_id=run, result_type=DigestEnd).result()
    return end


async def test_what_waited_for_the_same_person_arrives_as_one_message(world: World) -> None:
    first, second = await asyncio.gather(join(world, page("door")), join(world, page("window")))
    assert first == second
    [received] = world.received(ANN)
    assert received.subject == "2 escalations waited for your working hours"
    assert "escalate acknowledge escalation-door" in received.body
    assert "escalate acknowledge escalation-window" in received.body
    replayer = Replayer(workflows=[DigestWorkflow], data_converter=pydantic_data_converter, workflow_runner=Runner())
    digest = world.temporal.get_workflow_handle(f"digest-{world.settings.task_queue}-{ANN}")
    await replayer.replay_workflow(await digest.fetch_history())


async def test_the_same_page_joins_once_however_often_it_is_tried(world: World) -> None:
    first, again = await asyncio.gather(join(world, page("door")), join(world, page("door")))
    assert first == again
    [received] = world.received(ANN)
    assert received.subject == "[P2] door"


async def test_thirty_that_waited_are_one_message(world: World) -> None:
    ends = await asyncio.gather(*(join(world, page(f"door-{number}")) for number in range(30)))
    assert len({end.receipt.receipt_id for end in ends if end.receipt is not None}) == 1
    [received] = world.received(ANN)
    assert received.subject == "30 escalations waited for your working hours"


async def test_what_somebody_took_meanwhile_is_left_out(timeless: World, skipping: WorkflowEnvironment) -> None:
    world = timeless
    ends = asyncio.gather(join(world, page("door")), join(world, page("window")))
    digest = world.temporal.get_workflow_handle(f"digest-{world.settings.task_queue}-{ANN}")
    await eventually(lambda: _joined(world, 2), "both have joined")
    await digest.signal("withdraw", "door")
    await skipping.sleep(GATHER)
    assert {end.keys for end in await ends} == {("window",)}
    [received] = world.received(ANN)
    assert received.subject == "[P2] window"


async def _joined(world: World, count: int) -> bool:
    """Tell whether so many pages are in the digest: each accepted update is an event."""
    try:
        history = await world.temporal.get_workflow_handle(f"digest-{world.settings.task_queue}-{ANN}").fetch_history()
    except RPCError:  # not there yet
        return False
    accepted = [
        event for event in history.events if event.HasField("workflow_execution_update_accepted_event_attributes")
    ]
    return len(accepted) == count


async def test_whoever_cannot_be_reached_is_said_to_everybody_who_waited(world: World) -> None:
    results = await asyncio.gather(
        join(world, page("door", "person:nobody")), join(world, page("window", "person:nobody")), return_exceptions=True
    )
    for result in results:
        assert isinstance(result, WorkflowFailureError)
        assert isinstance(result.cause, ActivityError)
        assert "is not in the directory" in str(result.cause.__cause__)
