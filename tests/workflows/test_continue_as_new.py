"""A long life is told in several runs of Temporal; nobody notices where one ends and the next begins.

Runs of these tests are short, so that each escalation here has many.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from escalation.errors import AlreadyDone
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import MessageKind
from escalation.model.request import MAX_REQUEST_BYTES, Outcome
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.workflows.desks import BreakableDesk
from tests.workflows.test_recovery import STUCK, script
from tests.workflows.world import ANN, BEN, CUSTOMER, World, open_world, runs_of


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


SHORT = 6
"""Steps of a run, where a real one has hundreds; a request is more than that."""


@pytest.fixture
async def restless(
    temporal: Client,
    tmp_path: Path,
    cached: int,
    desk: BreakableDesk,
    sink: FaultSink,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[World]:
    """A world whose runs are short. Ben's pages fail while the help desk is down."""
    monkeypatch.setattr("escalation.client.RUN_LENGTH", SHORT)
    contacts = {"ben": sink.address("ben", lambda _: Reply(500 if desk.down else 200))}
    async with open_world(temporal, tmp_path, cached=cached, contacts=contacts, help_desk=desk) as opened:
        yield opened


async def new_run(world: World, identifier: str) -> str:
    """Write notes until the escalation has gone on in a new run; return that run's id."""
    before = (await world.handle(identifier).describe()).run_id
    for number in range(60):
        await world.send(identifier, c.Note(by=ANN, text=f"note {number} in {before}"))
        now = (await world.handle(identifier).describe()).run_id
        if now != before:
            return now
    raise AssertionError("no new run after 60 notes")


async def test_what_was_agreed_before_holds_in_every_later_run(restless: World) -> None:
    world = restless
    first = await world.open("door")
    identifier = first.escalation_id
    before = await world.until(identifier, lambda state: ANN in state.told)
    assert before.rung is not None
    noted = await world.send(identifier, c.Note(by=ANN, text="once", command_id="n-1"))
    for _ in range(3):
        await new_run(world, identifier)
        now = await world.client.state(identifier)
        # The same escalation, with the same page waiting for the same instant.
        assert (now.instance, now.rung, now.opened_at) == (before.instance, before.rung, before.opened_at)
        assert await world.open("door") == first
        again = await world.send(identifier, c.Note(by=ANN, text="once", command_id="n-1"))
        assert again.seq == noted.seq
    (timer,) = (await world.events(identifier, "TIMER_STARTED"))[:1]
    left = timer.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
    assert left < before.rung.due - before.rung.opened_at
    later = await world.handle(identifier).describe()
    assert later.typed_search_attributes.search_attributes != []
    await world.close(identifier)
    assert [message.kind for message in world.received(ANN)] == [MessageKind.PAGE, MessageKind.REVIEW]
    notes = [event for event in world.activities.ledger.timeline(identifier) if event["type"] == "note_added"]
    assert [note["text"] for note in notes].count("once") == 1


async def test_the_ledger_has_every_event_of_all_runs_once_and_in_order(restless: World) -> None:
    world = restless
    identifier = await world.opened_id("door")
    for _ in range(3):
        await new_run(world, identifier)
    summary = await world.close(identifier)
    runs = [run async for run in runs_of(world.temporal, identifier)]
    assert len(runs) >= 4
    recorded = world.activities.ledger.timeline(identifier)
    assert [event["seq"] for event in recorded] == list(range(1, len(recorded) + 1))
    assert len(recorded) >= summary.events
    state = await world.client.state(identifier)
    assert recorded[-1]["prev"] == state.tail[-1].prev


async def test_a_ticket_and_a_page_that_wait_are_asked_for_again_under_the_same_keys_and_made_once(
    restless: World, desk: BreakableDesk, sink: FaultSink
) -> None:
    world = restless
    desk.down = True
    identifier = (await world.open("door")).escalation_id
    await world.send(identifier, c.Escalate(by="agent:bot", reason="other", because="ann is away"))
    await world.until(identifier, lambda state: state.rung and state.rung.people == (BEN,))
    runs = {(await world.handle(identifier).describe()).run_id}
    for _ in range(2):
        runs.add(await new_run(world, identifier))
    assert len(runs) == 3
    desk.down = False
    state = await world.until(identifier, lambda state: state.case_link and BEN in state.told)
    assert [opened.key for opened in desk.opened] == [f"{state.instance}/case"]
    pages = sink.tries(BEN, "page")
    assert len(pages) >= 3
    assert len({page.key for page in pages}) == 1
    assert list(sink.kept) == [pages[0].key]
    await world.close(identifier, by=BEN)


async def test_a_run_that_a_newer_worker_began_goes_on_with_its_unknown_action_to_the_end(restless: World) -> None:
    world = restless
    other = await world.opened_id("door")
    state = (await world.client.state(other)).model_dump(mode="json")
    await world.close(other)
    identifier = world.identifier("moved")
    music = {"type": "play_music", "key": "moved/3/music", "title": "a waltz"}
    carried = {"state": {**state, "id": identifier, "instance": "moved"}, "pending": [music]}
    start = {"playbook": "tested", "run_length": SHORT, "carried": carried}
    await world.temporal.start_workflow("Escalation", start, id=identifier, task_queue=world.settings.task_queue)
    world.opened.add(identifier)
    await new_run(world, identifier)
    (started,) = await world.events(identifier, "WORKFLOW_EXECUTION_STARTED")
    (content,) = started.workflow_execution_started_event_attributes.input.payloads
    assert json.loads(content.data)["carried"]["pending"] == [music]
    assert (await world.close(identifier)).outcome == "closed"


async def test_nothing_said_while_runs_change_is_lost_or_done_twice(restless: World) -> None:
    world = restless
    identifier = await world.opened_id("door")

    async def say(number: int) -> None:
        text, name = f"text {number}", f"n-{number}"
        if number % 3 == 0:
            await world.handle(identifier).signal("note", {"by": ANN, "text": text, "command_id": name})
        elif number % 3 == 1:
            await world.send(identifier, c.Note(by=ANN, text=text, command_id=name))
        else:
            await world.open("door", request_id=name)

    for start in range(0, 60, 6):
        await asyncio.gather(*(say(start + offset) for offset in range(6)))
    state = await world.until(identifier, lambda state: state.occurrences == 21)
    assert len(state.answers) == 21
    await world.close(identifier)
    events = world.activities.ledger.timeline(identifier)
    texts = [event["text"] for event in events if event["type"] == "note_added"]
    assert sorted(texts) == sorted(f"text {number}" for number in range(60) if number % 3 != 2)
    assert len([event for event in events if event["type"] == "joined"]) == 20
    assert len([run async for run in runs_of(world.temporal, identifier)]) > 3
    assert len(world.received(ANN, "page")) == 1


async def test_an_escalation_with_the_largest_request_there_may_be_goes_on_in_a_new_run(restless: World) -> None:
    world = restless
    long = "x" * 19_000
    turns = [{"author": "customer", "text": long}] * ((MAX_REQUEST_BYTES - 50_000) // len(long))
    identifier = await world.opened_id("door", context={"summary": "door", "conversation": turns})
    await new_run(world, identifier)
    await new_run(world, identifier)
    assert len((await world.client.packet(identifier)).context.conversation) == len(turns)
    await world.close(identifier)


async def test_what_is_only_said_again_leads_to_a_new_run_too(restless: World) -> None:
    world = restless
    identifier = await world.opened_id("door")
    await new_run(world, identifier)
    note = c.Note(by=ANN, text="once", command_id="n-1")
    noted = await world.send(identifier, note)
    runs = set()
    for number in range(3 * SHORT):  # each is a part of the history, from which nothing follows
        again = await world.handle(identifier).execute_update("note", note, id=f"again-{number}", result_type=c.Answer)
        assert again.seq == noted.seq
        runs.add((await world.handle(identifier).describe()).run_id)
    assert len(runs) >= 3
    await world.close(identifier)


async def test_a_decision_is_final_in_a_later_run_too(restless: World) -> None:
    world = restless
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN))
    await new_run(world, identifier)
    with pytest.raises(AlreadyDone, match=f"already taken by {ANN}"):
        await world.send(identifier, c.Acknowledge(by=BEN))
    await world.send(identifier, c.Resolve(by=ANN, resolution="mended"), c.ConfirmResolution(by=CUSTOMER))
    await new_run(world, identifier)
    await world.send(identifier, c.SubmitReview(by=ANN, lessons=("oil it",)))
    assert (await world.result(identifier)).outcome == "closed"


async def test_a_repeat_that_began_in_a_closed_ones_run_lives_on_in_new_runs(
    restless: World, desk: BreakableDesk
) -> None:
    world = restless
    identifier = await world.opened_id("door")
    desk.hang()
    await world.send(identifier, c.Acknowledge(by=ANN), c.Cancel(by=ANN, because="a mistake"))
    closed = await world.until(identifier, lambda state: state.ended)
    receipt = await world.open("door", request_id="r-later")
    assert receipt.outcome is Outcome.OPENED
    await world.until(identifier, lambda state: ANN in state.people)
    await new_run(world, identifier)
    state = await world.client.state(identifier)
    assert (state.instance, state.repeat_of) == (f"{closed.instance}.1", closed.instance)
    desk.resume()
    await world.until(identifier, lambda state: state.case_link)
    await world.close(identifier)
    # What the closed one still had to say was said, although its run is gone.
    assert (desk.updates[1].note, desk.updates[1].status) == ("Cancelled: a mistake", "closed")
    for instance in (closed.instance, state.instance):
        recorded = world.activities.ledger.timeline(identifier, instance)
        assert [event["seq"] for event in recorded] == list(range(1, len(recorded) + 1))


async def test_a_refused_update_in_the_first_task_of_a_new_run_leaves_a_history_that_replays(
    restless: World, desk: BreakableDesk
) -> None:
    world = restless
    desk.down = True  # so that every run begins with something in flight
    identifier = (await world.open("door")).escalation_id
    await world.until(identifier, lambda state: ANN in state.told)
    for number in range(40):
        both = (c.Note(by=ANN, text=f"note {number}"), c.Note(by="person:stranger", text="let me in"))
        await asyncio.gather(*(world.send(identifier, note) for note in both), return_exceptions=True)
    assert len([run async for run in runs_of(world.temporal, identifier)]) > 3
    desk.down = False
    await world.until(identifier, lambda state: state.case_link, within=60)
    await world.close(identifier)
    # The world replays every run at the end of the test.


async def test_a_gate_that_opened_in_one_run_is_decided_in_another(restless: World) -> None:
    world = restless
    identifier = await world.opened_id("door", facts={"ai_limit": True, "amount": 500.0})
    await world.send(identifier, c.Acknowledge(by=ANN))
    before = await world.until(identifier, lambda state: any(gate.resolved for gate in state.pending_gates))
    await new_run(world, identifier)
    await world.send(identifier, c.Approve(by="person:dan", digest=before.gates["credit"].digest))
    state = await world.client.state(identifier)
    assert state.gates["credit"].state == "passed"
    assert [event.gate for event in state.tail if isinstance(event, e.GateClosed)] == ["credit"]
    await world.finish(identifier)


async def test_a_run_does_not_end_while_its_script_runs_which_would_be_begun_a_second_time(
    restless: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = 40
    monkeypatch.setattr("escalation.client.RUN_LENGTH", length)
    world, started, enough = restless, tmp_path / "started", tmp_path / "enough"
    script(world, f"echo began >> {started}; until [ -e {enough} ]; do sleep 0.1; done; echo mended")
    identifier = await world.opened_id("job", **STUCK)
    await world.until(identifier, lambda state: state.recovery and state.recovery.state == "running")
    for number in range(length // 2):
        await world.send(identifier, c.Note(by=ANN, text=f"note {number}"))
    enough.touch()
    state = await world.until(identifier, lambda state: state.recovery and state.recovery.state == "recovered")
    assert (state.recovery and state.recovery.because, started.read_text()) == ("it ended with 0", "began\n")
    assert await new_run(world, identifier), "and then it goes on in a new run"
    await world.close(identifier)
