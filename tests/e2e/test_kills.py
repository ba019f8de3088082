"""Escalations survive `kill -9` of the worker and of the server in whatever stage they are: each ends, and says each
thing once.

What "once" means is measured, not assumed: every scenario is played undisturbed too, and the disturbed one must have
told the same people the same things and left the same notes on its ticket.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from escalation.model import commands as c
from escalation.model.request import Request
from escalation.model.state import Escalation
from tests.support import requests
from tests.support.evidence import assert_recorded, said
from tests.support.people import PATIENCE, insist, see_through
from tests.support.rig import Rig, open_rig
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

# A first level that lets go after seconds: its timer comes due while nobody is there to see it.
OURS = {
    "impatient": """
extends: customer-service-escalation
playbook: impatient
levels:
  - {id: L1, ack: 5s, repeat: 0}
"""
}

JANA, OLIVIA = "person:jana.kralova", "person:olivia.grant"

Holds = Callable[[Escalation], bool]


async def opened(rig: Rig, request: Request, *, until: Holds = lambda _: True) -> Escalation:
    receipt = await rig.client.open(request)
    return await see_through(rig.client, receipt.escalation_id, until=until)


async def owned(rig: Rig, key: str) -> Escalation:
    return await opened(rig, requests.support(key), until=lambda state: state.owner is not None)


def owner(state: Escalation) -> str:
    assert state.owner is not None
    return state.owner.actor


def approvers_told(state: Escalation) -> bool:
    return any(gate.resolved and set(gate.people) <= set(state.told) for gate in state.pending_gates)


async def in_triage_with_input_requested(rig: Rig, key: str) -> str:
    said = ({"author": "customer", "text": "Something is wrong."},)
    little = requests.support(key, context={"summary": f"Too little of {key}", "conversation": said})
    return (await opened(rig, little, until=lambda state: "agent:support-bot" in state.told)).id


async def in_triage_with_permission_pending(rig: Rig, key: str) -> str:
    by_hand = {"initiation": "manual", "requested_by": "service:desk", "facts": {"task_risk": "low"}}
    return (await opened(rig, requests.support(key, source="desk", **by_hand), until=approvers_told)).id


async def in_assignment_right_after_open(rig: Rig, key: str) -> str:
    return (await rig.client.open(requests.support(key))).escalation_id


async def in_assignment_while_paging(rig: Rig, key: str) -> str:
    facts = {"ai_confidence": 0.62, "request_type": "legal"}
    return (await rig.client.open(requests.support(key, facts=facts))).escalation_id


async def in_assignment_with_the_timer_running(rig: Rig, key: str) -> str:
    return (await opened(rig, requests.support(key, playbook="impatient"))).id


async def in_approval(rig: Rig, key: str) -> str:
    return (await opened(rig, requests.change(key), until=approvers_told)).id


async def in_resolution_with_a_note_and_a_hand_off(rig: Rig, key: str) -> str:
    state = await owned(rig, key)
    await rig.client.send(state.id, c.Note(by=owner(state), text="the rate of May was used"))
    offer = c.OfferHandoff(by=owner(state), to=JANA, because="she knows the contract", expectation="answer today")
    await rig.client.send(state.id, offer)
    return (await see_through(rig.client, state.id, until=lambda state: JANA in state.told)).id


async def in_resolution_on_hold(rig: Rig, key: str) -> str:
    state = await owned(rig, key)
    later = datetime.now(UTC) + timedelta(hours=2)
    await rig.client.send(state.id, c.PutOnHold(by=owner(state), because="the bank is closed", until=later))
    return state.id


async def in_resolution_waiting_for_the_customer(rig: Rig, key: str) -> str:
    state = await opened(rig, requests.support(key), until=lambda state: state.resolution_state == "proposed")
    return state.id


async def in_review(rig: Rig, key: str) -> str:
    return (await opened(rig, requests.support(key), until=lambda state: state.review is not None)).id


async def in_review_with_an_action_item(rig: Rig, key: str) -> str:
    state = await opened(rig, requests.support(key), until=lambda state: state.review is not None)
    due = datetime.now(UTC) + timedelta(days=7)
    item = c.ItemDraft(title="check every invoice of May", owner=JANA, due=due)
    await rig.client.send(state.id, c.SubmitReview(by=owner(state), lessons=("look earlier",), items=(item,)))
    return state.id


class Scenario(NamedTuple):
    """How an escalation gets to where it is when the process dies, and what has to happen before people go on."""

    park: Callable[[Rig, str], Awaitable[str]]
    then: Holds = lambda _: True


def went_up(state: Escalation) -> bool:
    return state.level is not None and state.level.index > 0


SCENARIOS = (
    Scenario(in_triage_with_input_requested),
    Scenario(in_triage_with_permission_pending),
    Scenario(in_approval),
    Scenario(in_resolution_with_a_note_and_a_hand_off),
    Scenario(in_resolution_on_hold),
    Scenario(in_resolution_waiting_for_the_customer),
    Scenario(in_review),
    Scenario(in_review_with_an_action_item),
    Scenario(
        in_assignment_with_the_timer_running, then=lambda state: state.level is not None and state.level.index > 0
    ),
    Scenario(in_assignment_while_paging),
    Scenario(in_assignment_right_after_open),
)


def contacts(sink: FaultSink) -> dict[str, str]:
    """Some are reached by webhook: one contact point takes its time when it is told to hold."""
    return {
        "olivia.grant": sink.address("olivia", lambda attempt: Reply(hang=attempt == 1)),
        "jana.kralova": sink.address("jana"),
    }


async def park_all(rig: Rig, prefix: str) -> list[str]:
    """Bring one escalation of each scenario to where it waits."""
    return list(await asyncio.gather(*(each.park(rig, f"{prefix}{n}") for n, each in enumerate(SCENARIOS))))


async def end_all(rig: Rig, escalations: Sequence[str]) -> list[Escalation]:
    """Let people go on, and wait until each has ended and said everything."""

    async def end(escalation: str, scenario: Scenario) -> Escalation:
        await eventually_in(rig, escalation, scenario.then)
        await see_through(rig.client, escalation)
        await rig.result(escalation)
        return await insist(lambda: rig.client.state(escalation), time.monotonic() + PATIENCE)

    return list(await asyncio.gather(*(end(*pair) for pair in zip(escalations, SCENARIOS, strict=True))))


async def eventually_in(rig: Rig, escalation: str, holds: Holds) -> None:
    limit = time.monotonic() + PATIENCE

    async def look() -> bool:
        return holds(await insist(lambda: rig.client.state(escalation), limit))

    await eventually(look, f"{escalation} goes on by itself", within=PATIENCE)


async def assert_undisturbed(
    rig: Rig, sink: FaultSink, states: Sequence[Escalation], controls: Sequence[Escalation]
) -> None:
    for state, control, scenario in zip(states, controls, SCENARIOS, strict=True):
        name = scenario.park.__name__
        assert state.outcome == control.outcome == "closed", name
        assert said(rig, state, sink) == said(rig, control, sink), name
        assert_recorded(rig, state)
        await rig.replay(state.id)


@pytest.mark.req("WHY-7")
async def test_a_worker_killed_in_any_stage_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    async with (
        open_fault_sink() as sink,
        open_rig(tmp_path, contacts=contacts(sink), playbooks=OURS) as rig,
    ):
        controls = await end_all(rig, await park_all(rig, "control"))
        sink.hold()
        parked = await park_all(rig, "killed")
        await eventually(lambda: len(sink.tries(OLIVIA, "page")) == 2, "a page is in flight")
        late = asyncio.create_task(rig.client.open(requests.support("late")))

        rig.worker.kill()
        await rig.worker.restart()
        sink.release()

        states = await end_all(rig, parked)
        await assert_undisturbed(rig, sink, states, controls)
        assert (await late).outcome == "opened"
        # The page in flight arrived before the kill and once more after it, under the same key: one page to its reader.
        pages = [hit.key for hit in sink.tries(OLIVIA, "page")]
        assert len(pages) == 3
        assert len(set(pages)) == 2


@pytest.mark.req("WHY-7")
async def test_a_server_killed_in_any_stage_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    async with (
        open_fault_sink() as sink,
        open_rig(tmp_path, contacts=contacts(sink), playbooks=OURS) as rig,
    ):
        controls = await end_all(rig, await park_all(rig, "control"))
        sink.hold()
        parked = await park_all(rig, "killed")
        await eventually(lambda: len(sink.tries(OLIVIA, "page")) == 2, "a page is in flight")
        limit = time.monotonic() + PATIENCE
        late = asyncio.create_task(insist(lambda: rig.client.open(requests.support("late")), limit))

        rig.stack.server.kill()
        sink.release()
        await rig.stack.server.restart()

        states = await end_all(rig, parked)
        await assert_undisturbed(rig, sink, states, controls)
        assert (await late).outcome == "opened"


async def test_a_query_asked_while_no_worker_is_there_changes_nothing(tmp_path: Path) -> None:
    """The first worker that comes plays what has happened meanwhile for the query, with the time of before it."""
    async with open_rig(tmp_path, playbooks=OURS) as rig:
        key = await in_assignment_with_the_timer_running(rig, "asked")
        await eventually_in(rig, key, lambda state: bool(state.told))
        state = await rig.client.state(key)
        await eventually(lambda: len(rig.ledger.timeline(key)) == state.seq, "everything is recorded")
        rig.worker.kill()
        asked = asyncio.create_task(rig.client.state(key))
        await eventually(lambda: fired(rig, key), "the first level's time is over")
        await rig.worker.restart()
        await asked
        await eventually_in(rig, key, went_up)
        await see_through(rig.client, key)
        await rig.result(key)
        await rig.replay(key)


async def fired(rig: Rig, escalation: str) -> bool:
    history = await rig.client.temporal.get_workflow_handle(escalation).fetch_history()
    return any(event.HasField("timer_fired_event_attributes") for event in history.events)


@pytest.mark.chaos
@pytest.mark.req("WHY-7")
@pytest.mark.parametrize("seed", range(3))
async def test_a_worker_killed_again_and_again_at_any_moment_loses_nothing(tmp_path: Path, seed: int) -> None:
    when = random.Random(seed)
    async with open_fault_sink() as sink, open_rig(tmp_path, contacts=contacts(sink), playbooks=OURS) as rig:
        controls = await end_all(rig, await park_all(rig, "control"))
        parked = await park_all(rig, "killed")
        ending = asyncio.create_task(end_all(rig, parked))
        while not ending.done():
            await asyncio.wait([ending], timeout=when.uniform(0, 4))
            rig.worker.kill()
            await rig.worker.restart()
        await assert_undisturbed(rig, sink, await ending, controls)
