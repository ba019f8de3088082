"""Two escalations on the real server tell each other how they stand; one that has ended is recorded and left alone."""

import pytest

from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, World


@pytest.mark.req("EP-F14")
async def test_two_linked_escalations_share_their_status_to_the_end(world: World) -> None:
    ours, theirs = await world.opened_id("case"), await world.opened_id("fault")
    await world.send(ours, c.Link(by=ANN, other=theirs, relation="internal", because="the same outage"))
    await world.until(theirs, lambda state: ours in state.links)
    linked = await world.until(ours, lambda state: state.links[theirs].status)
    assert linked.links[theirs].relation == "internal"
    await world.send(theirs, c.Acknowledge(by=ANN))
    taken = await world.client.state(theirs)
    await world.until(ours, lambda state: state.links[theirs].status == taken.status)
    await world.finish(theirs)
    ended = await world.until(ours, lambda state: state.links[theirs].status == "closed")
    assert ended.outcome == ""
    heard = [event for event in await world.timeline(ours) if isinstance(event, e.StatusHeard)]
    assert len({event.key for event in heard}) == len(heard), "each change once"
    assert not [event for event in await world.timeline(ours) if isinstance(event, e.StatusTold)], "nothing echoes"
    await world.close(ours)


@pytest.mark.req("EP-F14")
async def test_one_that_has_ended_already_or_is_not_there_is_recorded_and_not_tried_for_ever(world: World) -> None:
    ours, theirs = await world.opened_id("case"), await world.opened_id("fault")
    await world.close(theirs)
    nobody = world.identifier("nobody")
    for other in (theirs, nobody):
        await world.send(ours, c.Link(by=ANN, other=other))
        lost = await world.until(ours, lambda state, other=other: state.links[other].lost)  # type: ignore[misc]
        assert "it has ended, or there is none of that id" in lost.links[other].lost
    summary = await world.close(ours)
    assert summary.outcome == "closed"
