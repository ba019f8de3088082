"""An AI agent asks through Temporal, a person decides, and the approval is used once, however many use it at a time."""

import asyncio
from datetime import timedelta

from escalation.approvals import ActionApprovals
from escalation.errors import AlreadyDone
from escalation.model import commands as c
from tests.workflows.world import ANN, BOT, DAN, World

OURS = """\
extends: tested
playbook: acting
actions:
  refund: {arguments: {amount: {type: number}}}
gates:
  - id: big_refund
    before: action
    when: action.name == "refund" && action.amount > 100.0
    approvers: [person:dan]
    deadline: 1h
    on_expiry: deny
    valid_for: 30m
"""


async def test_an_approval_is_used_exactly_once_by_programs_that_race_for_it(world: World) -> None:
    (world.playbooks / "acting.yaml").write_text(OURS)
    identifier = await world.opened_id("refund", playbook="acting")
    approvals = ActionApprovals(world.client, by=BOT)
    asked = await approvals.ask(identifier, "refund", {"amount": 250}, because="charged twice")
    waiting = asyncio.create_task(approvals.outcome(asked, within=timedelta(seconds=40)))
    await world.until(identifier, lambda state: DAN in state.told)
    await world.send(identifier, c.Approve(by=DAN, gate="big_refund.a1"))
    assert (await waiting).may_be_done
    used = await asyncio.gather(*(approvals.use(asked) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in used) == [AlreadyDone.__name__] * 3 + ["NoneType"]
    small = await world.send(
        identifier, c.AskApproval(by=BOT, action="refund", arguments={"amount": 5.0}, because="a cup of coffee")
    )
    assert "ask_approval accepted: a2 is allowed" in small.message
    await world.close(identifier, ANN)
