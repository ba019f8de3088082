"""What is said to an escalation in ways that Temporal offers: signals, updates, queries. Nothing is ever silent."""

import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalation.errors import NotNow, Unknown
from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, CLEO, CUSTOMER, DAN, World

OVER_THE_LIMIT = {"facts": {"ai_limit": True, "amount": 500.0}}


async def signal(world: World, identifier: str, name: str, *content: Any) -> None:
    await world.temporal.get_workflow_handle(identifier).signal(name, args=content)


async def refusals(world: World, identifier: str, count: int) -> list[e.CommandRefused]:
    """Wait until so many signals were refused, and return how."""

    def refused(events: Any) -> list[e.CommandRefused]:
        return [event for event in events if isinstance(event, e.CommandRefused)]

    state = await world.until(identifier, lambda state: len(refused(state.tail)) >= count)
    return refused(state.tail)


# --- signals ----------------------------------------------------------------------------------------------------------


async def test_a_person_can_do_everything_essential_by_signals_alone(world: World) -> None:
    identifier = await world.opened_id("door", **OVER_THE_LIMIT)
    await signal(world, identifier, "acknowledge", {"by": ANN})
    await signal(world, identifier, "note", {"by": ANN, "text": "it is the hinge"})
    await signal(world, identifier, "approve", {"by": DAN, "gate": "credit"})
    state = await world.until(identifier, lambda state: state.gates and not state.pending_gates)
    assert (state.owner and state.owner.actor, state.gates["credit"].state) == (ANN, "passed")
    assert [event.text for event in state.tail if isinstance(event, e.NoteAdded)] == ["it is the hinge"]
    await signal(world, identifier, "resolve", {"by": ANN, "resolution": "mended"})
    state = await world.until(identifier, lambda state: state.resolution)
    assert not [event for event in state.tail if isinstance(event, e.CommandRefused)]


async def test_a_rejection_can_be_a_signal(world: World) -> None:
    identifier = await world.opened_id("door", **OVER_THE_LIMIT)
    await signal(world, identifier, "acknowledge", {"by": ANN})
    await signal(world, identifier, "reject", {"by": DAN, "because": "too much"})
    state = await world.until(identifier, lambda state: state.gates and not state.pending_gates)
    assert (state.gates["credit"].state, state.gates["credit"].closed_by) == ("rejected", DAN)


BINARY = RawValue(Payload(metadata={"encoding": b"binary/plain"}, data=b"\xff\xfe\x00Ada Secret"))


UNREADABLE: list[tuple[tuple[Any, ...], str]] = [
    ((), "malformed: by: Field required"),
    ((None,), "malformed: by: Field required"),
    (("Ada Secret",), "malformed: content: Input should be an object"),
    ((["Ada Secret"],), "malformed: content: Input should be an object"),
    ((BINARY,), "malformed: content: Invalid JSON"),
    (({"by": "Ada Secret"},), "malformed: by: String should match pattern"),
    (({"by": ANN, "texte": "Ada Secret"},), "malformed: text: Field required; texte: Extra inputs"),
    (({"by": "system:engine", "text": "x"},), "system:engine speaks for the engine"),
    (({"by": "person:stranger", "text": "x"},), "person:stranger is neither"),
]


async def test_a_signal_that_cannot_be_taken_becomes_an_entry_that_says_why_without_repeating_what_it_held(
    world: World,
) -> None:
    identifier = await world.opened_id("door")
    for content, _ in UNREADABLE:
        await signal(world, identifier, "note", *content)
    found = await refusals(world, identifier, len(UNREADABLE))
    for (_, expected), refused in zip(UNREADABLE, found, strict=True):
        assert refused.command == "note"
        assert expected in refused.because
        assert "Secret" not in refused.because
    # The escalation goes on as if nothing had been said.
    await world.close(identifier)


async def test_every_signal_that_is_misnamed_malformed_or_refused_is_on_the_timeline(world: World) -> None:
    identifier = await world.opened_id("door")
    for name in c.SIGNALS:
        await signal(world, identifier, name, {"by": "person:stranger", "nonsense": 1})
    await signal(world, identifier, "aknowledge", {"by": ANN})
    await signal(world, identifier, "claim", {"by": ANN})
    found = await refusals(world, identifier, len(c.SIGNALS) + 2)
    assert [event.command for event in found] == [*c.SIGNALS, "aknowledge", "claim"]
    assert all("nonsense" in event.because for event in found[: len(c.SIGNALS)])
    assert all("there is no such signal" in event.because for event in found[len(c.SIGNALS) :])
    assert "acknowledge, approve, reject, resolve, note" in found[-1].because


async def test_signals_sent_before_anybody_took_the_request_are_applied_once_it_is_open(
    world: World, temporal: Client
) -> None:
    request = world.request("door")
    # As many starts as there are: the signals are in history before the workflow's first task.
    await temporal.start_workflow(
        "Escalation",
        {"playbook": "tested"},
        id=world.identifier("door"),
        task_queue=world.settings.task_queue,
        start_signal="note",
        start_signal_args=[{"by": CUSTOMER, "text": "please hurry"}],
    )
    receipt = await world.client.open(request)
    world.opened.add(receipt.escalation_id)
    state = await world.until(receipt.escalation_id, lambda state: ANN in state.told)
    assert [event.text for event in state.tail if isinstance(event, e.NoteAdded)] == ["please hurry"]
    await world.close(receipt.escalation_id)


# --- updates ----------------------------------------------------------------------------------------------------------


MALFORMED: list[tuple[str, Any]] = [
    ("acknowledge", {"by": "Ada Secret"}),
    ("note", {"by": ANN}),
    ("note", {"by": ANN, "text": "fine", "Secret": 1}),
    ("note", "Ada Secret"),
    ("open", {"playbook": "tested", "customer": {"id": "Ada Secret"}}),
]


async def test_a_malformed_update_is_refused_without_repeating_values_and_leaves_no_trace(world: World) -> None:
    identifier = await world.opened_id("door")
    before = await world.settled(identifier)
    for name, content in MALFORMED:
        with pytest.raises(WorkflowUpdateFailedError) as failure:
            await world.temporal.get_workflow_handle(identifier).execute_update(name, content)
        refusal = failure.value.cause
        assert isinstance(refusal, ApplicationError)
        assert "Failed decoding arguments" in str(refusal)
        assert isinstance(refusal.cause, ApplicationError)
        assert "validation error" in str(refusal.cause)
        assert "Ada" not in json.dumps([str(refusal), str(refusal.cause), str(refusal.failure)])
    assert await world.settled(identifier) == before


async def test_an_update_that_a_rule_refuses_leaves_no_trace_in_history(world: World) -> None:
    identifier = await world.opened_id("door")
    before = await world.settled(identifier)
    with pytest.raises(NotNow):
        await world.send(identifier, c.ConfirmResolution(by=CUSTOMER))
    assert await world.settled(identifier) == before


async def test_the_answer_says_that_somebody_else_was_called_or_owns_it(world: World) -> None:
    identifier = await world.opened_id("door")
    taken = await world.send(identifier, c.Acknowledge(by=CLEO))
    assert taken.message.startswith(f"acknowledge accepted, although {ANN} was called. ")
    proposed = await world.send(identifier, c.Resolve(by=ANN, resolution="mended"))
    assert proposed.message.startswith(f"resolve accepted, although {CLEO} owns it. ")


async def test_a_command_with_the_id_of_an_accepted_one_is_answered_and_not_done_again(world: World) -> None:
    identifier = await world.opened_id("door")
    note = c.Note(by=ANN, text="once", command_id="n-1")
    first = await world.send(identifier, note)
    # As another service would send it: with an update id of its own.
    again = await world.temporal.get_workflow_handle(identifier).execute_update("note", note, result_type=c.Answer)
    assert again.seq == first.seq
    notes = [event for event in await world.timeline(identifier) if isinstance(event, e.NoteAdded)]
    assert len(notes) == 1


async def test_every_command_and_signal_is_listed_for_people_with_a_sentence_on_what_it_does(world: World) -> None:
    identifier = await world.opened_id("door")
    metadata = await world.metadata(identifier)
    updates = {definition.name: definition.description for definition in metadata.definition.update_definitions}
    signals = {definition.name: definition.description for definition in metadata.definition.signal_definitions}
    queries = {definition.name: definition.description for definition in metadata.definition.query_definitions}
    assert set(updates) == {*c.COMMANDS, "open", "hear_link", "case_changed"}
    assert {*c.SIGNALS} <= set(signals)
    assert {"situation", "timeline", "explain", "packet", "state"} <= set(queries)
    for name in (*updates, *c.SIGNALS):
        assert len((updates | signals)[name]) > 8, name


# --- queries ----------------------------------------------------------------------------------------------------------


async def test_every_query_answers_while_it_is_open_and_after_the_end(world: World) -> None:
    identifier = await world.opened_id("door")
    open_now = await world.client.situation(identifier)
    assert (open_now.stage, open_now.who_acts_next, open_now.waiting_on) == ("assignment", (ANN,), "responder")
    assert open_now.next is not None
    await world.close(identifier)
    closed = await world.client.situation(identifier)
    assert (closed.stage, closed.outcome, closed.next) == ("closed", "closed", None)
    timeline = await world.timeline(identifier)
    assert [event.seq for event in timeline] == list(range(1, len(timeline) + 1))
    assert (await world.client.explain(identifier)).reasons == timeline[0].reasons  # type: ignore[union-attr]
    packet = await world.client.packet(identifier)
    assert packet.complete
    assert packet.context.summary == "door does not work"
    assert (await world.client.state(identifier)).ended


async def test_who_asks_for_an_escalation_that_there_is_not_is_told_so(world: World) -> None:
    with pytest.raises(Unknown, match="no escalation has the id escalation-nowhere"):
        await world.client.situation("escalation-nowhere")
    with pytest.raises(Unknown, match="no escalation has the id escalation-nowhere"):
        await world.send("escalation-nowhere", c.Acknowledge(by=ANN))


async def test_a_command_after_the_end_is_told_when_it_ended(world: World) -> None:
    identifier = await world.opened_id("door")
    await world.close(identifier)
    with pytest.raises(NotNow, match=r"has ended at 20\d\d-"):
        await world.send(identifier, c.Note(by=ANN, text="one more thing"))
    with pytest.raises(RPCError) as late:
        await signal(world, identifier, "note", {"by": ANN, "text": "one more thing"})
    assert late.value.status is RPCStatusCode.NOT_FOUND
