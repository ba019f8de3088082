"""Stakeholders on a real worker: told, chased, and the rhythm kept over a new run and a worker that forgets."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.errors import NotAllowed
from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, BEN, CLEO, DAN, EVE, World, runs_of

PLAYBOOK = """\
extends: tested
playbook: talked
communication:
  communicator: person:ben
  stakeholders:
    - {name: board, audience: management, target: person:dan, replies_within: 30m}
    - {name: head, audience: management, target: person:eve, from_severity: P0}
  cadence: {default: {every: 1h, chase: 20m}}
"""
NEAR = timedelta(seconds=5)


@pytest.mark.req("ICP-3", "ICP-9", "ICP-10", "ICP-11")
async def test_updates_reach_stakeholders_and_silence_moves_up_until_one_comes(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    (world.playbooks / "talked.yaml").write_text(PLAYBOOK)
    receipt = await world.open("door", playbook="talked")
    identifier = receipt.escalation_id
    await world.until(identifier, lambda _: len(world.received(ANN, "page")) == 1 and len(world.received(BEN)) == 1)
    await world.send(identifier, c.Acknowledge(by=ANN))
    opened = (await world.client.state(identifier)).opened_at
    assert opened is not None
    situation = await world.client.situation(identifier)
    assert situation.communication is not None
    assert situation.communication.due == opened + timedelta(hours=1)

    # Nobody says anything: ben is reminded at the due instant, and twenty minutes later cleo, who is accountable.
    await skipping.sleep(timedelta(minutes=82))
    overdue = "an update is overdue"
    await world.until(identifier, lambda _: any(overdue in m.subject for m in world.received(CLEO)))
    state = await world.until(identifier, lambda _: sum(overdue in m.subject for m in world.received(BEN)) >= 2)
    assert [m.subject.rpartition(" - ")[2] for m in world.received(BEN)][-2:] == [overdue] * 2
    silent = [event for event in state.tail if isinstance(event, e.UpdateOverdue)]
    assert silent[0].asked == ("person:ben",)
    assert abs(silent[0].at - (opened + timedelta(hours=1))) < NEAR

    with pytest.raises(NotAllowed):
        await world.send(identifier, c.PostUpdate(by=DAN, text="who has this?"))
    await world.send(identifier, c.PostUpdate(by=BEN, text="the lock is being changed"))
    state = await world.until(identifier, lambda state: state.communication.stakeholders["board"].reached)  # type: ignore[union-attr]
    (told,) = world.received(DAN)
    assert told.body.startswith("the lock is being changed")
    assert world.received(EVE) == []
    due = state.communication.due if state.communication is not None else None
    assert due is not None

    # Whoever is concerned only now reads what was said last, and the next update stays due when it was.
    await world.send(identifier, c.ChangeSeverity(by=ANN, severity="P0", because="nobody gets out"))
    await world.until(identifier, lambda _: len(world.received(EVE)) == 1)
    assert "You are told from now on (severity P0, level L1)" in world.received(EVE)[0].body
    state = await world.client.state(identifier)
    assert state.communication is not None
    assert state.communication.due == due

    await skipping.sleep(timedelta(minutes=31))
    await world.until(identifier, lambda _: any("please answer" in message.subject for message in world.received(DAN)))
    await world.send(identifier, c.Reply(by=DAN, text="thank you"))
    await world.finish(identifier)


@pytest.mark.req("ICP-10")
async def test_the_rhythm_and_what_was_said_last_go_on_in_a_new_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalation.client.RUN_LENGTH", 6)  # steps of a run, where a real one has hundreds
    (world.playbooks / "talked.yaml").write_text(PLAYBOOK)
    identifier = await world.opened_id("door", playbook="talked")
    await world.send(identifier, c.Acknowledge(by=ANN), c.PostUpdate(by=ANN, text="the lock is being changed"))
    before = await world.until(identifier, lambda state: state.communication.stakeholders["board"].reached)  # type: ignore[union-attr]
    for number in range(12):
        await world.send(identifier, c.Note(by=ANN, text=f"note {number}"))
    after = await world.client.state(identifier)
    assert len([run async for run in runs_of(world.temporal, identifier)]) > 2
    assert after.communication == before.communication
    await world.send(identifier, c.ChangeSeverity(by=ANN, severity="P0", because="nobody gets out"))
    await world.until(identifier, lambda _: len(world.received(EVE)) == 1)
    assert "the lock is being changed" in world.received(EVE)[0].body
    await world.finish(identifier)
