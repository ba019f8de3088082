"""Ways through the ladder on a real worker: what lasts is raised, what is skipped is seen."""

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.test_time import climbed
from tests.workflows.world import ANN, CLEO, CUSTOMER, DAN, EVE, World


@pytest.mark.req("SMX-1", "EP-C5")
async def test_what_lasts_is_raised_by_the_matrix_and_what_is_skipped_is_looked_at_before_the_end(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door", playbook="ways")
    await world.send(identifier, c.Acknowledge(by=ANN))
    await skipping.sleep(timedelta(minutes=31))
    state = await world.until(identifier, lambda state: len(climbed(state)) == 2)
    assert [rung for rung, _ in climbed(state)] == ["L1/1", "L2/2"]
    refused = "ann may not use the exception procedure"
    with pytest.raises(Exception, match=refused):
        await world.send(identifier, c.Bypass(by=ANN, level="L3", because="it burns"))
    await world.send(identifier, c.Bypass(by=DAN, level="L3", because="it burns"))
    state = await world.until(identifier, lambda state: state.items and CLEO in state.told)
    assert [item.owner for item in state.items.values()] == [EVE]
    await world.send(identifier, c.Acknowledge(by=CLEO))
    await world.send(identifier, c.Resolve(by=CLEO, resolution="mended", cause="worn out"))
    await world.send(identifier, c.ConfirmResolution(by=CUSTOMER), c.SubmitReview(by=CLEO, lessons=("oil it",)))
    assert not (await world.client.state(identifier)).ended
    await world.send(identifier, c.CompleteItem(by=EVE, item="i1", result="it was right"))
    assert (await world.result(identifier)).outcome == "closed"


async def test_a_new_fact_sends_it_another_way_at_once(timeless: World) -> None:
    world = timeless
    identifier = await world.opened_id("window", playbook="ways")
    await world.send(identifier, c.ChangeFacts(by=ANN, facts={"flags.security": True}))
    state = await world.until(identifier, lambda state: CLEO in state.told)
    assert [event.path for event in state.tail if isinstance(event, e.PathTaken)] == ["usual", "security"]
    await world.close(identifier, by=CLEO)
