"""A life by clocks of a playbook's own: they stand still for input, go on, remind, and whoever is silent is called."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.request import Outcome
from tests.workflows.world import ANN, BOT, CLEO, World

PLAYBOOK = """\
extends: tested
playbook: clocked
levels: [{id: L1, ack_lasts: 1h}]
clocks:
  answer: {stops: human_response, within: {default: 40m}, paused_by: [input], on_breach: tell}
  news: {stops: update, starts: acknowledged, within: {default: 50m}, remind: [10m], on_breach: tell}
  promised: {stops: resolved, limit: due_at, on_breach: tell}
"""
NEAR = timedelta(seconds=5)


@pytest.mark.req("CSP-6", "CSP-18", "DSH-8")
async def test_clocks_wait_for_input_run_on_remind_and_call_again_whoever_took_it_and_fell_silent(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    (world.playbooks / "clocked.yaml").write_text(PLAYBOOK)
    due = await skipping.get_current_time() + timedelta(days=2)
    receipt = await world.open("door", playbook="clocked", context={}, due_at=due.isoformat())
    assert receipt.outcome is Outcome.NEEDS_INPUT
    identifier = receipt.escalation_id
    await skipping.sleep(timedelta(minutes=6))
    paused = {clock.name: clock for clock in (await world.client.situation(identifier)).clocks}["answer"]
    assert (paused.state, paused.paused_because) == ("paused", "agent:bot is to supply summary")
    assert abs(paused.left - timedelta(minutes=40).total_seconds()) < NEAR.total_seconds()
    await world.send(identifier, c.ProvideInput(by=BOT, summary="the door does not open"))
    state = await world.until(identifier, lambda state: ANN in state.told)
    assert state.opened_at is not None
    (pause,) = state.clocks["answer"].pauses
    assert pause.until is not None
    assert state.clocks["answer"].due - state.opened_at == timedelta(minutes=40) + (pause.until - pause.since)
    assert abs(state.clocks["promised"].due - due) < NEAR

    await world.send(identifier, c.Acknowledge(by=ANN), c.Note(by=ANN, text="I am looking at it"))
    await skipping.sleep(timedelta(minutes=41))
    state = await world.until(identifier, lambda state: any(isinstance(each, e.ClockReminded) for each in state.tail))
    assert state.clocks["answer"].stopped_at is not None
    await world.until(identifier, lambda _: any("Reminder: the limit of news" in m.body for m in world.received(ANN)))
    assert sum("Reminder: the limit of news" in told.body for told in world.received(ANN)) == 1

    # Nothing more is heard of ann: ten minutes later news is late, and after an hour she is called again.
    await skipping.sleep(timedelta(minutes=20))
    state = await world.until(identifier, lambda state: state.rung is not None and state.rung.resolved)
    assert state.clocks["news"].breached
    assert state.owner is not None
    assert state.owner.actor == ANN
    await world.until(identifier, lambda _: len(world.received(ANN, "page")) == 2)
    await world.until(identifier, lambda _: any("news passed its limit" in m.body for m in world.received(CLEO)))
    await world.send(identifier, c.Acknowledge(by=ANN), c.Note(by=ANN, text="the lock is rusty"))
    assert not (await world.client.state(identifier)).clocks["news"].breached
    await world.finish(identifier)
