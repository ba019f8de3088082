"""Cancelled in Temporal: people are told, the ticket is closed, and only then the run ends as canceled."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError, RPCStatusCode

from escalation.errors import RequestRefused
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.names import WORKFLOW
from escalation.model.request import Outcome, Receipt
from escalation.model.start import Start
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, BOT, World, open_world


async def canceled(world: World, identifier: str) -> None:
    """Wait for the end of the run, which is to be a cancellation."""
    with pytest.raises(WorkflowFailureError) as failure:
        await world.result(identifier)
    assert isinstance(failure.value.cause, CancelledError)


async def was_cancelled(handle: WorkflowHandle[Any, Any]) -> bool:
    """Cancel a run, unless it is not started yet."""
    try:
        await handle.cancel()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def test_people_are_told_the_ticket_is_closed_and_the_run_ends_canceled(
    breakable: World, desk: BreakableDesk
) -> None:
    world = breakable
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN))
    await world.handle(identifier).cancel()
    await canceled(world, identifier)
    told = [message for message in world.received() if "cancelled" in message.subject]
    assert sorted(message.to for message in told) == [BOT, ANN]
    assert (desk.updates[-1].status, desk.updates[-1].note) == ("closed", "Cancelled: cancelled in Temporal")
    assert [update.status for update in desk.updates] == ["open", "closed"]
    state = await world.client.state(identifier)
    assert (state.stage, state.outcome) == ("closed", "cancelled")
    assert [event.by for event in state.tail if isinstance(event, e.Cancelled)] == ["system:engine"]
    (row,) = world.activities.ledger.list_escalations()
    assert row.row.outcome == "cancelled"
    assert row.last_seq == state.seq


async def test_pages_that_wait_are_withdrawn(breakable: World) -> None:
    world = breakable
    receipt = await world.open("door")
    await world.handle(receipt.escalation_id).cancel()
    await canceled(world, receipt.escalation_id)
    state = await world.client.state(receipt.escalation_id)
    assert (state.rung, state.outcome) == (None, "cancelled")


async def test_a_cancelled_escalation_keeps_its_answers_and_leaves_its_key_to_a_repeat(breakable: World) -> None:
    world = breakable
    first = await world.open("door")
    before = await world.client.state(first.escalation_id)
    await world.handle(first.escalation_id).cancel()
    await canceled(world, first.escalation_id)
    assert await world.open("door") == first
    receipt = await world.open("door", request_id="r-later")
    assert receipt.outcome is Outcome.OPENED
    assert (await world.client.state(receipt.escalation_id)).repeat_of == before.instance
    await world.until(receipt.escalation_id, lambda state: ANN in state.people)
    await world.close(receipt.escalation_id)


async def test_the_run_stays_until_a_help_desk_that_is_down_has_closed_the_ticket(
    breakable: World, desk: BreakableDesk
) -> None:
    world = breakable
    identifier = await world.opened_id("door")
    desk.down = True
    await world.handle(identifier).cancel()
    await world.until(identifier, lambda state: state.ended)
    tried = desk.tries
    await eventually(lambda: desk.tries >= tried + 2, "two more tries to close the ticket")
    assert (await world.handle(identifier).describe()).status is WorkflowExecutionStatus.RUNNING
    desk.down = False
    await canceled(world, identifier)
    assert [update.status for update in desk.updates] == ["closed"]


async def test_runs_that_are_asked_how_they_stand_while_they_are_cancelled_replay(crowded: World) -> None:
    """A query ends a workflow task; what the ledger answers then comes with the next, in a replay with the same one."""
    world = crowded
    identifiers = [await world.opened_id(f"door-{number}") for number in range(6)]

    async def asks(identifier: str) -> None:
        while not (await world.client.state(identifier)).ended:
            pass

    questions = [asyncio.create_task(asks(identifier)) for identifier in identifiers for _ in range(3)]
    await asyncio.gather(*(world.handle(identifier).cancel() for identifier in identifiers))
    await asyncio.gather(*questions)
    for identifier in identifiers:
        await canceled(world, identifier)


async def test_a_run_that_only_has_something_left_to_say_says_it_and_ends_as_it_would(
    breakable: World, desk: BreakableDesk
) -> None:
    world = breakable
    identifier = await world.opened_id("door")
    desk.hang()
    await world.send(identifier, c.Acknowledge(by=ANN), c.Cancel(by=ANN, because="a mistake"))
    await world.until(identifier, lambda state: state.ended)
    await world.handle(identifier).cancel()
    await world.until(identifier, lambda state: state.ended)
    desk.resume()
    summary = await world.result(identifier)
    assert (summary.outcome, summary.because) == ("cancelled", "a mistake")
    assert [update.note for update in desk.updates][1:] == ["Cancelled: a mistake"]


async def test_what_waits_for_input_or_for_an_approval_is_cancelled_like_anything_else(breakable: World) -> None:
    world = breakable
    asked = (await world.open("door", context={"help_needed": "look"})).escalation_id
    gated = await world.opened_id("gate", facts={"ai_limit": True, "amount": 500.0})
    await world.send(gated, c.Acknowledge(by=ANN))
    for identifier in (asked, gated):
        await world.handle(identifier).cancel()
        await canceled(world, identifier)
        assert (await world.client.state(identifier)).outcome == "cancelled"


async def test_a_run_cancelled_before_any_worker_saw_it_ends_without_a_word(
    temporal: Client, tmp_path: Path, cached: int
) -> None:
    async with open_world(temporal, tmp_path, cached=cached, working=False) as world:
        identifier = world.identifier("door")
        started = Start(playbook="tested")
        handle = await temporal.start_workflow(WORKFLOW, started, id=identifier, task_queue=world.settings.task_queue)
        await handle.cancel()
        async with world.worker():
            await canceled(world, identifier)
            world.opened.add(identifier)
        assert world.received() == []
        assert world.activities.ledger.list_escalations() == []


async def test_a_request_that_waits_while_its_run_is_cancelled_is_told_so(
    temporal: Client, tmp_path: Path, cached: int
) -> None:
    async with open_world(temporal, tmp_path, cached=cached, working=False) as world:
        waiting = asyncio.create_task(world.client.open(world.request("door")))
        handle = temporal.get_workflow_handle(world.identifier("door"))
        await eventually(lambda: was_cancelled(handle), "the run is there to be cancelled")
        async with world.worker():
            with pytest.raises(RequestRefused, match="cancelled in Temporal before it was opened"):
                await waiting
            await canceled(world, world.identifier("door"))
            world.opened.add(world.identifier("door"))
        assert world.received() == []


RACES = 20


async def test_cancelling_in_the_instant_of_the_opening_ends_in_order_every_time(crowded: World) -> None:
    async def race(number: int) -> str:
        opening = asyncio.create_task(crowded.client.open(crowded.request(f"race{number}")))
        identifier = crowded.identifier(f"race{number}")
        if number == RACES - 1:  # however slow this machine is, one is open before
            await opening
        await asyncio.sleep(number**2 * 0.0015)
        await eventually(lambda: was_cancelled(crowded.handle(identifier)), "the run is there to be cancelled")
        crowded.opened.add(identifier)
        try:
            receipt = await opening
        except RequestRefused:
            return "refused"
        assert isinstance(receipt, Receipt)
        await canceled(crowded, identifier)
        assert (await crowded.client.state(identifier)).outcome == "cancelled"
        return "opened"

    outcomes = await asyncio.gather(*(race(number) for number in range(RACES)))
    assert "opened" in outcomes
