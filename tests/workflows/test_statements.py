"""Statements on a real worker: released by a person, two texts, receipts and follow-ups on time, over a new run too."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.errors import NotAllowed
from escalation.lifecycle.statements.coverage import coverage, history
from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, BEN, BOT, CUSTOMER, DAN, World, runs_of

PLAYBOOK = """\
extends: tested
playbook: stated
communication:
  communicator: person:ann
  release_by: [person:ben]
  read_in: true
  stakeholders:
    - {name: board, audience: management, target: person:dan}
    - {name: buyer, audience: customers, target: customer}
  audiences:
    - {id: customers, reads: customer}
    - {id: management, receipt: {within: 30m, chase: 10m}}
  announcements:
    - {id: begun, audience: management, stages: [resolution], text: "{owner} works on it"}
  milestones:
    - {id: found, update_within: 40m, chase: 10m}
  follow_up:
    - {after: 1h, ask: satisfaction, answer_within: 1h}
"""


@pytest.mark.req("ICP-7", "ICP-13", "USE-5", "USE-7", "AGT-3", "ICP-14")
async def test_what_is_said_is_released_read_chased_and_asked_after_on_a_real_worker(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    (world.playbooks / "stated.yaml").write_text(PLAYBOOK)
    identifier = await world.opened_id("door", playbook="stated")
    await world.until(identifier, lambda state: state.communication and state.communication.releasers)
    await world.send(identifier, c.Acknowledge(by=ANN))
    await world.until(identifier, lambda _: len(world.received(DAN)) == 1)
    assert world.received(DAN)[0].body.startswith(f"{ANN} works on it")

    with pytest.raises(NotAllowed):
        await world.send(identifier, c.PostUpdate(by=ANN, text="the lock broke"))
    written = await world.client.send(
        identifier, c.DraftUpdate(by=BOT, text="the lock broke", customer_text="We are on our way.")
    )
    assert f"draft d1; release_update takes its digest {written.digest}" in written.message
    assert written.id == "d1"
    state = await world.until(identifier, lambda _: any("to be released" in m.subject for m in world.received(BEN)))
    await world.send(identifier, c.ReleaseUpdate(by=BEN, draft=written.id, digest=written.digest))
    state = await world.until(
        identifier,
        lambda state: all(each.reached for each in state.communication.stakeholders.values()),  # type: ignore[union-attr]
    )
    assert len(world.received(DAN)) == 2
    assert f"by Ben, written by {BOT}, an AI" in world.received(DAN)[1].body
    assert not world.received(CUSTOMER), "the ticket shows it"
    await world.send(identifier, c.ReachMilestone(by=ANN, name="found"))

    await skipping.sleep(timedelta(minutes=41))
    await world.until(identifier, lambda _: any("please confirm" in m.subject for m in world.received(DAN)))
    await world.until(identifier, lambda _: any("milestone found is late" in m.subject for m in world.received(ANN)))
    await world.send(identifier, c.ConfirmRead(by=DAN), c.ReachMilestone(by=ANN, name="found", text="worn out"))

    await world.send(identifier, c.Resolve(by=ANN, resolution="a new lock", cause="worn out"))
    await world.send(identifier, c.ConfirmResolution(by=CUSTOMER))
    await world.send(identifier, c.SubmitReview(by=ANN, impact="one door", lessons=("oil it",)))
    await skipping.sleep(timedelta(minutes=61))
    state = await world.until(identifier, lambda state: any(isinstance(each, e.FollowUpSent) for each in state.tail))
    assert state.outcome == ""
    sent = {(each.to, each.channel) for each in history(state.tail)}
    assert {(DAN, "inbox"), (CUSTOMER, "ticket")} <= sent
    assert all(each.informed for each in coverage(state, state.tail))
    await world.send(identifier, c.SubmitFeedback(by=CUSTOMER, score=5))
    await world.until(identifier, lambda state: state.outcome == "closed")


async def test_drafts_milestones_and_versions_go_on_in_a_new_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escalation.client.RUN_LENGTH", 12)  # steps of a run, where a real one has hundreds
    (world.playbooks / "stated.yaml").write_text(PLAYBOOK)
    identifier = await world.opened_id("door", playbook="stated")
    await world.until(identifier, lambda state: state.communication and state.communication.releasers)
    await world.send(identifier, c.Acknowledge(by=ANN), c.DraftUpdate(by=ANN, text="the lock broke"))
    await world.send(identifier, c.ReachMilestone(by=ANN, name="found", text="worn out"))
    for number in range(16):
        await world.send(identifier, c.Note(by=ANN, text=f"note {number}"))
    assert len([run async for run in runs_of(world.temporal, identifier)]) > 1
    state = await world.client.state(identifier)
    assert state.communication is not None
    (draft,) = state.communication.open_drafts
    await world.send(identifier, c.ReleaseUpdate(by=BEN, draft=draft.id, digest=draft.digest))
    state = await world.client.state(identifier)
    assert state.communication is not None
    assert state.communication.version == 2, "after the announcement"
    assert state.communication.milestones["found"].updated_at is not None
    await world.send(identifier, c.Cancel(by=ANN, because="it was the wrong door"))  # the follow-up takes hours
