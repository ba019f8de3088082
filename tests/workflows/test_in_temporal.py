"""What an operator sees in Temporal: one timer at a time, every line in plain words, attributes to search by."""

import re
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import PayloadConverter

from escalation.model import commands as c
from tests.support.waiting import eventually
from tests.workflows.world import ANN, CUSTOMER, DAN, World
from worker import register_search_attributes
from workflows.search_attributes import REGISTRY


def summary(event: HistoryEvent) -> str:
    """What the UI shows beside an event; empty when nothing."""
    payload = event.user_metadata.summary
    return str(PayloadConverter.default.from_payload(payload, str)) if payload.data else ""


async def test_one_timer_runs_at_a_time_and_says_what_happens_if_nobody_acts(world: World) -> None:
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN), c.PutOnHold(by=ANN, because="asked the supplier"))
    await world.send(identifier, c.Resume(by=ANN))
    await world.finish(identifier)
    running: set[int] = set()
    words = []
    for event in await world.events(identifier):
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            running.add(event.event_id)
            words.append(summary(event))
        elif event.event_type == EventType.EVENT_TYPE_TIMER_CANCELED:
            running.remove(event.timer_canceled_event_attributes.started_event_id)
        elif event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
            running.remove(event.timer_fired_event_attributes.started_event_id)
        # Old and new change places within one workflow task.
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            assert len(running) <= 1
    assert running == set()
    assert words == [
        "nobody has acknowledged round L1/1: page L1 again",
        "not resolved at L1: page the next level, L2",
        "the hold is over: work goes on, its clocks run again",
        "not resolved at L1: page the next level, L2",
        "the customer has not said whether it is solved: that counts as a yes, if they were asked; else ask again",
        f"the review is not written: remind {ANN}",
    ]


async def test_every_activity_says_in_plain_words_what_it_is_for(world: World) -> None:
    identifier = await world.opened_id("door")
    await world.close(identifier)
    activities = await world.events(identifier, "ACTIVITY_TASK_SCHEDULED")
    words = [summary(event) for event in activities]
    assert all(re.match(r"[a-z]+:? \S+", text) for text in words), words
    assert f"page {ANN} (L1, round 1)" in words
    assert any(text.startswith("open or link the ticket of helpdesk") for text in words)
    assert "ticket: closed" in words


async def test_the_search_attributes_follow_every_stage(world: World) -> None:
    identifier = await world.opened_id("door", facts={"ai_limit": True, "amount": 500.0})

    async def shown() -> dict[str, object]:
        found = await world.handle(identifier).describe()
        pairs = ((pair.key.name.partition("Escalation")[2], pair.value) for pair in found.typed_search_attributes)
        return {name: value for name, value in pairs if name}

    async def become(stage: str) -> dict[str, object]:
        async def there() -> bool:
            return (await shown())["Stage"] == stage

        await eventually(there, f"stage {stage}")
        return await shown()

    opened = await become("assignment")
    state = await world.client.state(identifier)
    assert state.rung is not None
    due = opened.pop("NextDueAt")
    assert opened == {
        "Stage": "assignment",
        "Status": "assignment",
        "Severity": "P2",
        "Level": "L1",
        "Playbook": "tested",
        "Source": world.settings.task_queue,
        "WaitingOn": "responder",
        "Reasons": ["limit"],
        "Breached": False,
        "Team": "",
    }
    assert due == state.rung.due
    await world.send(identifier, c.Acknowledge(by=ANN))
    approval = await become("approval")
    assert (approval["Owner"], approval["WaitingOn"]) == (ANN, "approver")
    await world.until(identifier, lambda state: any(gate.resolved for gate in state.pending_gates))
    await world.send(identifier, c.Approve(by=DAN))
    resolution = await become("resolution")
    assert (resolution["Status"], resolution["WaitingOn"]) == ("In progress", "owner")
    await world.send(identifier, c.Resolve(by=ANN, resolution="mended"), c.ConfirmResolution(by=CUSTOMER))
    review = await become("review")
    assert review["WaitingOn"] == "reviewer"
    await world.send(identifier, c.SubmitReview(by=ANN, lessons=("oil it",)))
    await world.result(identifier)
    closed = await shown()
    assert (closed["Stage"], closed["WaitingOn"]) == ("closed", "nobody")
    assert "NextDueAt" not in closed


async def test_escalations_are_found_by_what_they_are(world: World) -> None:
    identifier = await world.opened_id("door")

    async def is_found() -> bool:
        query = f"EscalationSource = '{world.settings.task_queue}' AND EscalationWaitingOn = 'responder'"
        return [entry async for entry in world.client.list(query)] == [identifier]

    await eventually(is_found, "the escalation is found")


async def test_registering_the_search_attributes_again_changes_nothing(temporal: Client) -> None:
    await register_search_attributes(temporal)
    assert len(REGISTRY) == 12
    keywords = [key for key in REGISTRY if key.indexed_value_type.name == "KEYWORD"]
    assert len(keywords) <= 10  # what a SQL visibility store allows in one namespace


async def test_at_most_one_upsert_is_made_in_a_workflow_task_and_none_when_nothing_changed(world: World) -> None:
    identifier = await world.opened_id("door")
    for number in range(3):
        await world.send(identifier, c.Note(by=ANN, text=f"note {number}"))
    await world.close(identifier)
    upserts = [
        event
        for event in await world.events(identifier, "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
        if "TemporalChangeVersion"  # that of a task that would leave no trace otherwise (workflows/runner.py)
        not in event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    ]
    tasks = [
        event.upsert_workflow_search_attributes_event_attributes.workflow_task_completed_event_id for event in upserts
    ]
    assert len(tasks) == len(set(tasks))
    # Opened, acknowledged, proposed, confirmed, closed: each changed what it shows; the notes did not.
    assert len(upserts) == 5


async def test_the_current_details_are_the_situation_in_markdown(world: World) -> None:
    identifier = await world.opened_id("door")
    details = (await world.metadata(identifier)).current_details
    assert details.startswith("### P2 · assignment · L1\n")
    assert f"**Who acts next:** {ANN}" in details
    assert re.search(
        r"\*\*If nobody acts:\*\* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, nobody has acknowledged round L1/1: page L1",
        details,
    )
    assert "- **resolution**: running, limit " in details
    assert "- limit: " in details
    await world.send(identifier, c.Acknowledge(by=ANN))
    assert f"**Accountable:** {ANN}" in (await world.metadata(identifier)).current_details
    await world.finish(identifier)
    assert "**Who acts next:** nobody" in (await world.metadata(identifier)).current_details


async def test_a_run_is_introduced_by_playbook_and_case_and_never_by_the_customer(world: World) -> None:
    identifier = await world.opened_id("door")
    described = await world.handle(identifier).describe()
    case = f"{world.settings.task_queue}-door"
    assert await described.static_summary() == f"tested: helpdesk {case}"
    details = await described.static_details() or ""
    assert "Opened by **agent:bot**" in details
    assert "Ada" not in details


@pytest.mark.parametrize(("tier", "expected"), [("vip", 2), ("standard", 3)])
async def test_the_worse_the_sooner_a_task_is_taken(world: World, tier: str, expected: int) -> None:
    identifier = await world.opened_id("door", customer={"id": "c-1", "tier": tier})
    started = (await world.events(identifier, "WORKFLOW_EXECUTION_STARTED"))[0]
    assert started.workflow_execution_started_event_attributes.priority.priority_key == expected


async def test_a_timer_is_armed_for_as_long_as_is_left(world: World) -> None:
    identifier = await world.opened_id("door")
    (timer,) = await world.events(identifier, "TIMER_STARTED")
    left = timer.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
    assert timedelta(minutes=9, seconds=55) < left <= timedelta(minutes=10)
