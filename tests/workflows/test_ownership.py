"""Ownership on a real worker: who may decide is a query, a hand-off carries its task, the AI gets the case back."""

from datetime import UTC, datetime, timedelta

from escalation.model import commands as c
from tests.workflows.world import ANN, BEN, BOT, World


async def test_a_hand_off_with_a_task_and_the_way_back_to_the_ai(world: World) -> None:
    identifier = await world.opened_id("handed")
    await world.send(identifier, c.Acknowledge(by=ANN))
    rights = {right.decision: right.people for right in await world.client.rights(identifier)}
    assert rights["own"] == (ANN,)
    due = datetime.now(UTC) + timedelta(days=1)
    offer = c.OfferHandoff(by=ANN, to=BEN, because="his", expectation="an answer", task="trace it", due=due)
    await world.send(identifier, offer)
    await world.until(identifier, lambda state: state.handoff and state.handoff.people)
    version = (await world.client.packet(identifier)).version
    await world.send(identifier, c.AcceptHandoff(by=BEN, packet_version=version))
    here = await world.client.situation(identifier)
    assert (here.owner, [item.owner for item in here.items]) == (BEN, [BEN])
    assert here.ownership is not None
    assert (here.ownership.holder, here.ownership.hops) == ("human", 1)
    await world.send(
        identifier,
        c.CompleteItem(by=BEN, item="i1", result="found"),
        c.GiveBack(by=BEN, guidance="offer the form", because="a plain refund"),
    )
    state = await world.until(identifier, lambda state: state.ended)
    assert (state.outcome, state.holder, state.requested_by) == ("returned", "ai", BOT)
