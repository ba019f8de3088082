"""An incident through the shell: days of updates and shifts, and many runs, with all of it in the ledger.

The server that skips time stands still after a run that went on in a new one, so days and runs are told apart.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from escalation.errors import NotNow, Unknown
from escalation.model import commands as c
from escalation.model.actions import MessageKind
from escalation.model.ids import escalation_id
from escalation.model.incident import Incident
from escalation.model.state import Escalation
from tests.workflows.world import ANN, CUSTOMER, DAN, EVE, World, open_world, runs_of


def incident(state: Escalation) -> Incident:
    assert state.incident is not None
    return state.incident


@pytest.mark.parametrize("updates", [9, pytest.param(24, id="two days", marks=pytest.mark.chaos)])
async def test_an_incident_in_shifts_is_in_the_ledger_from_end_to_end(
    skipping: WorkflowEnvironment, tmp_path: Path, cached: int, updates: int
) -> None:
    async with open_world(skipping.client, tmp_path, cached=cached, jumps=True) as world:
        identifier = await world.opened_id("shop", playbook="incident")
        await world.send(identifier, c.Acknowledge(by=ANN), c.DeclareIncident(by=ANN, because="nobody can pay"))
        await world.send(identifier, report(ANN), c.SetPriorities(by=ANN, priorities=("payments",)))
        for number in range(updates):
            state = await world.client.state(identifier)
            owner = state.owner.actor if state.owner is not None else ANN
            if state.handoff is not None and state.handoff.people:
                owner = state.handoff.people[0]
                await world.send(identifier, c.AcceptHandoff(by=owner), report(owner))
            await world.send(identifier, c.PostUpdate(by=owner, text=f"update {number}: we work on it"))
            await skipping.sleep(timedelta(minutes=105))
        state = await world.client.state(identifier)
        assert len(state.model_dump_json(exclude={"tail", "playbook"})) < 200_000
        period = incident(state).period
        assert period is not None
        assert period.number >= 1 + updates // 8
        owner = state.owner.actor if state.owner is not None else ANN
        await world.send(identifier, c.StandDown(by=owner, because="all pay again"))
        await world.until(identifier, lambda state: state.gates["all_clear"].people)
        await world.send(identifier, c.Approve(by=DAN, gate="all_clear"))
        await world.send(identifier, c.Resolve(by=owner, resolution="more disks"), c.ConfirmResolution(by=CUSTOMER))
        await world.send(identifier, c.SubmitReview(by=owner, lessons=("watch the disks",)))
        assert (await world.result(identifier)).outcome == "closed"
        events = world.activities.ledger.timeline(identifier)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        kinds = [event["type"] for event in events]
        assert (kinds.count("incident_declared"), kinds.count("stood_down")) == (1, 1)
        assert kinds.count("update_posted") == updates
        assert kinds.count("period_ended") == kinds.count("period_begun")
        texts = [message.body.splitlines()[0] for message in world.received(EVE, MessageKind.NEWS)]
        told = [int(text.split()[1].rstrip(":")) for text in texts if text.startswith("update ")]
        assert told == sorted(told), "the board is told in order"
        assert len(told) == updates


async def test_an_incident_goes_on_in_new_runs_with_its_plan_its_baseline_and_what_comes_first(
    temporal: Client, tmp_path: Path, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("escalation.client.RUN_LENGTH", 8)
    async with open_world(temporal, tmp_path, cached=cached) as world:
        identifier = await world.opened_id("shop", playbook="incident")
        await world.send(identifier, c.Acknowledge(by=ANN), c.DeclareIncident(by=ANN, because="nobody can pay"))
        await world.send(identifier, report(ANN), c.SetPriorities(by=ANN, priorities=("payments",)))
        for number in range(12):
            text = f"note {number}"
            line = c.FileInPlan(by=ANN, section="situation_summary", typed="assessment", text=text)
            await world.send(identifier, line, c.PostUpdate(by=ANN, text=text))
        plan = await world.client.action_plan(identifier)
        assert [line.text for line in plan.situation_summary] == [f"note {number}" for number in range(12)]
        shown = (await world.client.situation(identifier)).incident
        assert shown is not None
        assert shown.baseline is not None
        assert (shown.commander, shown.plan_version, shown.priorities, shown.active) == (ANN, 12, ("payments",), True)
        await world.send(identifier, c.StandDown(by=ANN, because="over"))
        await world.until(identifier, lambda state: state.gates["all_clear"].people)
        await world.send(identifier, c.Approve(by=DAN, gate="all_clear"))
        await world.finish(identifier)
        assert len([run async for run in runs_of(temporal, identifier)]) > 3
        events = world.activities.ledger.timeline(identifier)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["type"] for event in events].count("plan_filed") == 12


async def test_a_child_opened_twice_below_an_incident_is_one_and_its_parent_closes_after_it(world: World) -> None:
    parent = await world.opened_id("shop")
    request = world.request("disks", requested_by=ANN)
    receipts = [await world.client.open_child(parent, request, "the disks are their own work") for _ in range(2)]
    child = receipts[0].escalation_id
    world.opened.add(child)
    assert receipts[0] == receipts[1]
    await world.until(child, lambda state: parent in state.links)
    state = await world.client.state(parent)
    assert [(other, link.relation) for other, link in state.links.items()] == [(child, "child")]
    await world.send(parent, c.Acknowledge(by=ANN), c.Resolve(by=ANN, resolution="more disks"))
    await world.send(parent, c.ConfirmResolution(by=CUSTOMER), c.SubmitReview(by=ANN, lessons=("watch the disks",)))
    assert (await world.client.state(parent)).outcome == ""
    await world.close(child)
    assert (await world.result(parent)).outcome == "closed"
    late = world.request("cables", requested_by=ANN)
    with pytest.raises(NotNow):
        await world.client.open_child(parent, late, "one more thing")
    with pytest.raises(Unknown):
        await world.client.state(escalation_id(late.source, late.dedup_key))


def report(by: str) -> c.ReportBaseline:
    return c.ReportBaseline(by=by, what_happened="the shop is down", who_is_affected="all", why_urgent="a sale")
