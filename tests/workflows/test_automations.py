"""Automations in the durable shell: a chat group has the message, a person the action item, and nothing twice."""

import pytest

from escalation.model import commands as c
from escalation.model import events as e
from tests.support.waiting import eventually
from tests.workflows.world import ANN, World

AUTOMATED = """\
extends: tested
playbook: tested
critical_incident: {when: severity.rank == 0.0, because: nobody can work}
automations:
  - id: critical-opened
    use: critical-opened
    severity: [P0]
    then:
      - {id: engineer, to: [person:ben]}
      - {id: chat, to: [group:desk]}
      - {id: item, do: add_action_item, owner: role:head, title: Write to the board, due: 1h}
"""
DESK = "teams:\n  - {id: desk, name: Desk, members: [ann], group: [{channel: inbox, address: desk}]}\n"


@pytest.mark.req("AUT-1", "AUT-8")
async def test_an_automation_runs_once_whatever_the_worker_does(world: World) -> None:
    base = (world.playbooks / "tested.yaml").read_text()
    (world.playbooks / "tested-base.yaml").write_text(base.replace("playbook: tested", "playbook: tested-base"))
    (world.playbooks / "tested.yaml").write_text(AUTOMATED.replace("extends: tested", "extends: tested-base"))
    world.directory.write_text(world.directory.read_text() + DESK)
    receipt = await world.open("door", severity="P0")
    state = await world.until(receipt.escalation_id, lambda now: "group:desk" in now.told and now.items)
    assert (state.status, state.automation_runs, state.automation_tasks) == (
        "In progress",
        {"critical-opened": 1},
        {},
    )
    assert [item.owner for item in state.items.values()] == ["person:cleo"]
    (message,) = world.received("group:desk")
    assert message.body.startswith(f"New critical escalation {receipt.escalation_id}: door does not work")
    await eventually(lambda: world.received("person:ben", "page"), "ben has the page")
    assert world.received(ANN, "page") == []
    await world.send(receipt.escalation_id, c.Acknowledge(by="person:ben"))
    assert (await world.client.situation(receipt.escalation_id)).critical.startswith("nobody can work")
    await world.send(receipt.escalation_id, c.CompleteItem(by="person:cleo", item="i1"))
    await world.finish(receipt.escalation_id, "person:ben")
    timeline = await world.timeline(receipt.escalation_id)
    assert len([event for event in timeline if isinstance(event, e.AutomationRan)]) == 1
