"""What the engine stands on breaks: the escalation goes on, and what was missed is made up for in order."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest
from temporalio.client import Client

from escalation.errors import RemoteUnavailable
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import CustomerSnapshot
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, BEN, CUSTOMER, DAN, World, open_world
from workflows.escalation import QUIET_WITHIN


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


# --- a worker ---------------------------------------------------------------------------------------------------------


async def test_a_question_that_a_leaving_worker_took_along_is_asked_again_and_answered_by_the_next(
    temporal: Client, tmp_path: Path, cached: int
) -> None:
    async with open_world(temporal, tmp_path, cached=cached, working=False) as world:
        async with world.worker():
            identifier = await world.opened_id("door")
            await world.settled(identifier)
        queue = TaskQueue(name=world.settings.task_queue, kind=TaskQueueKind.TASK_QUEUE_KIND_NORMAL)
        poll = PollWorkflowTaskQueueRequest(namespace=temporal.namespace, task_queue=queue, identity="leaves")
        leaving = asyncio.create_task(temporal.workflow_service.poll_workflow_task_queue(poll))
        asked = asyncio.create_task(world.client.state(identifier))
        taken = await leaving
        assert taken.query.query_type == "state", "the worker that left has taken the question"
        before = time.monotonic()
        async with world.worker():
            assert (await asked).id == identifier
            # Not when the caller's patience is over: that is 30 seconds, and then it would be told "no worker".
            assert time.monotonic() - before < 12
            await world.close(identifier)


# --- the ledger -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[None]:
    """Keep everybody else from writing to the ledger, as a stuck process or a backup does."""
    with closing(sqlite3.connect(world.settings.data / "ledger.db", isolation_level=None)) as connection:
        connection.execute("begin exclusive")
        yield
        connection.execute("rollback")


async def test_an_escalation_goes_on_while_the_ledger_is_down_and_is_recorded_later_completely_and_in_order(
    world: World,
) -> None:
    async with locked(world):
        identifier = await world.opened_id("door", facts={"ai_limit": True, "amount": 500.0})
        for act in (c.Acknowledge(by=ANN), c.Note(by=ANN, text="the hinge"), c.Approve(by=DAN, gate="credit")):
            before = time.monotonic()
            await world.send(identifier, act)
            # Where a local try is under way, at most that is waited for.
            assert time.monotonic() - before < 5
        assert world.activities.ledger.list_escalations() == []
        state = await world.until(identifier, lambda state: state.gates and not state.pending_gates)
        assert state.gates["credit"].state == "passed"
    summary = await world.finish(identifier)
    recorded = world.activities.ledger.timeline(identifier)
    assert [event["seq"] for event in recorded] == list(range(1, len(recorded) + 1))
    assert len(recorded) >= summary.events
    (row,) = world.activities.ledger.list_escalations()
    assert (row.row.outcome, row.last_seq) == ("closed", len(recorded))


async def test_what_happens_after_the_ledger_went_down_reaches_it_too_when_it_is_back(world: World) -> None:
    """Nobody is being called any more: it is recorded inside the workflow task, which does not wait for long."""
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN))
    state = await world.client.state(identifier)
    await eventually(lambda: len(world.activities.ledger.timeline(identifier)) >= state.seq, "all is recorded")
    async with locked(world):
        before = time.monotonic()
        await world.send(identifier, c.Note(by=ANN, text="the hinge"))
        assert time.monotonic() - before < 5

        async def waits_outside() -> bool:
            description = (await world.handle(identifier).describe()).raw_description
            return [each.activity_type.name for each in description.pending_activities] == ["ledger.record"]

        await eventually(waits_outside, "an ordinary activity waits for the ledger")
        missed = (await world.client.state(identifier)).seq
        assert len(world.activities.ledger.timeline(identifier)) < missed
    await eventually(lambda: len(world.activities.ledger.timeline(identifier)) >= missed, "what was missed is recorded")
    await world.finish(identifier)
    recorded = world.activities.ledger.timeline(identifier)
    assert [event["seq"] for event in recorded] == list(range(1, len(recorded) + 1))
    assert [event["text"] for event in recorded if event["type"] == "note_added"] == ["the hinge"]


# --- the directory ----------------------------------------------------------------------------------------------------


async def test_while_the_directory_is_broken_its_last_good_version_is_asked_and_a_mended_one_at_once(
    world: World,
) -> None:
    good = world.directory.read_text()
    await world.opened_id("first")
    world.directory.write_text("people: [this is no directory")
    identifier = await world.opened_id("second")
    state = await world.client.state(identifier)
    assert state.rung is not None
    assert state.rung.people == (ANN,)
    world.directory.write_text(good.replace("- {id: ann, name: Ann", "- {id: ann, name: Anna"))
    assert world.activities.directory.status().findings == ()
    # ann has left; nobody stands for her target, so the playbook's owner is asked and told why.
    without = "\n".join(line for line in good.splitlines() if "id: ann" not in line)
    world.directory.write_text(without)
    identifier = (await world.open("third")).escalation_id
    state = await world.until(identifier, lambda state: state.rung and state.rung.resolved)
    assert state.rung is not None
    assert state.rung.people == ("person:cleo",)
    (resolved,) = [event for event in state.tail if isinstance(event, e.PeopleResolved)]
    assert resolved.found.fell_back
    assert resolved.found.notes != ()


# --- channels ---------------------------------------------------------------------------------------------------------


async def test_where_a_page_cannot_be_delivered_the_next_level_is_called_at_once(
    temporal: Client, tmp_path: Path, cached: int, sink: FaultSink
) -> None:
    contacts = {"ann": sink.address("ann", lambda _: Reply(404))}
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts) as world:
        identifier = (await world.open("door")).escalation_id
        state = await world.until(identifier, lambda state: BEN in state.told)
        failed = [event for event in state.tail if isinstance(event, e.MessageFailed)]
        assert [(event.to, event.rung) for event in failed] == [(ANN, "L1/1")]
        assert all("404" in event.error for event in failed)
        because = [event.because for event in state.tail if isinstance(event, e.RungOpened)]
        assert ["could be reached" in why for why in because] == [False, True]
        assert len(sink.tries(ANN)) == 1
        await world.close(identifier, by=BEN)


async def test_a_page_that_is_tried_again_and_again_is_withdrawn_when_somebody_else_takes_it(
    temporal: Client, tmp_path: Path, cached: int, sink: FaultSink
) -> None:
    contacts = {"ben": sink.address("ben", lambda _: Reply(500))}
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts) as world:
        identifier = (await world.open("door", playbook="pair")).escalation_id
        await world.until(identifier, lambda state: ANN in state.told)
        await eventually(lambda: len(sink.tries(BEN)) >= 2, "ben's page was tried twice")
        await world.send(identifier, c.Acknowledge(by=ANN))
        tried = len(sink.tries(BEN))
        await asyncio.sleep(4.5)  # longer than the pause before the next try
        assert len(sink.tries(BEN)) == tried
        await world.finish(identifier)
        assert len(sink.tries(BEN)) == tried


async def test_a_receiver_that_hangs_delays_an_acknowledgement_by_seconds_at_most_and_never_loses_it(
    temporal: Client, tmp_path: Path, cached: int, sink: FaultSink
) -> None:
    contacts = {"ben": sink.address("ben", lambda _: Reply(hang=True))}
    sink.hold()
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts) as world:
        identifier = (await world.open("door", playbook="pair")).escalation_id
        await world.until(identifier, lambda state: ANN in state.told)
        await eventually(lambda: sink.tries(BEN), "ben's page arrived")
        answer = await world.send(identifier, c.Acknowledge(by=ANN))
        # The answer waited for its own two seconds, not for the try, which may hear that it is cancelled, or may not.
        timers = {
            event.timer_started_event_attributes.timer_id
            for event in await world.events(identifier, "TIMER_STARTED")
            if event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() == QUIET_WITHIN
        }
        fired = await world.events(identifier, "TIMER_FIRED")
        assert timers & {event.timer_fired_event_attributes.timer_id for event in fired}
        state = await world.client.state(identifier)
        assert state.owner is not None
        assert (state.owner.actor, state.owner.since) == (ANN, answer.at)
        sink.release()
        await world.finish(identifier)


async def test_whoever_gets_a_page_that_was_on_its_way_when_it_was_taken_is_told_so_at_once(
    temporal: Client, tmp_path: Path, cached: int, sink: FaultSink
) -> None:
    contacts = {"ben": sink.address("ben", lambda _: Reply(hang=True))}
    sink.hold()
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts) as world:
        identifier = (await world.open("door", playbook="pair")).escalation_id
        await world.until(identifier, lambda state: ANN in state.told)
        await eventually(lambda: sink.tries(BEN), "ben's page arrived")
        await world.send(identifier, c.Acknowledge(by=ANN))
        sink.release()
        await eventually(lambda: sink.tries(BEN, "news"), "ben is told that ann has it")
        assert "taken by Ann" in sink.tries(BEN, "news")[0].body["subject"]
        state = await world.until(identifier, lambda state: BEN in state.told)
        kinds = [event.type for event in state.tail]
        assert kinds.index("acknowledged") < len(kinds) - 1 - kinds[::-1].index("message_delivered")
        await world.finish(identifier)


@pytest.mark.req("WLF-17")
async def test_what_waited_behind_the_opening_of_its_ticket_says_where_that_was_opened(
    temporal: Client, tmp_path: Path
) -> None:
    desk = BreakableDesk()
    desk.hang()
    async with open_world(temporal, tmp_path, cached=100, help_desk=desk) as world:
        identifier = (await world.open("door")).escalation_id
        await world.until(identifier, lambda state: ANN in state.told)
        await world.send(identifier, c.Acknowledge(by=ANN), c.Resolve(by=ANN, resolution="mended", cause="worn"))
        assert (await world.client.state(identifier)).case_link is None
        desk.resume()
        await eventually(lambda: desk.updates, "the note goes on")
        assert (desk.updates[0].system, desk.updates[0].ticket) == ("helpdesk", f"T-{desk.opened[0].case.id}")
        await world.send(identifier, c.ConfirmResolution(by=CUSTOMER), c.SubmitReview(by=ANN, lessons=("oil it",)))
        await world.result(identifier)


async def test_an_opening_does_not_wait_for_channels_or_help_desk(
    temporal: Client, tmp_path: Path, cached: int, sink: FaultSink
) -> None:
    desk = BreakableDesk()
    desk.hang()
    sink.hold()
    contacts = {"ann": sink.address("ann", lambda _: Reply(hang=True))}
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts, help_desk=desk) as world:
        before = time.monotonic()
        identifier = (await world.open("door")).escalation_id
        assert time.monotonic() - before < 5
        await eventually(lambda: sink.tries(ANN) and desk.tries, "page and ticket are under way")
        assert "crm_snapshot" in (await world.client.packet(identifier)).missing
        sink.release()
        desk.resume()
        state = await world.until(identifier, lambda state: state.case_link and ANN in state.told)
        assert state.missing == ()
        await world.close(identifier)


class TicketsOnly(BreakableDesk):
    """Opens tickets while its customers cannot be had."""

    customers = False

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        if not self.customers:
            raise RemoteUnavailable("help desk: answered 503 for the test", retry_after=timedelta(milliseconds=200))
        return await super().customer(customer_id, besides)


@pytest.mark.req("WLF-16")
async def test_while_customers_cannot_be_had_the_ticket_is_linked_and_noted_and_they_are_filled_in_later(
    temporal: Client, tmp_path: Path, cached: int
) -> None:
    desk = TicketsOnly()
    async with open_world(temporal, tmp_path, cached=cached, help_desk=desk) as world:
        identifier = await world.opened_id("door")
        state = await world.until(identifier, lambda state: state.case_link)
        assert state.case_link is not None
        assert state.case_link.later
        assert "customer snapshot: not yet known, " in (await world.client.packet(identifier)).gaps[0]
        await world.send(identifier, c.Acknowledge(by=ANN))
        await eventually(lambda: desk.updates, "notes do not wait for the customer")
        desk.customers = True
        await world.until(identifier, lambda state: state.case_link and state.case_link.snapshot)
        assert (await world.client.packet(identifier)).gaps == ()
        assert len(desk.opened) == 1
        await world.finish(identifier)
