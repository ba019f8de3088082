"""A playbook's own words that fail: nothing is lost, and whoever can mend them hears of it once."""

import pytest

from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, CLEO, World


@pytest.mark.req("EP-P3")
async def test_a_template_that_fails_leaves_the_plain_page_and_its_playbooks_owner_is_told_once(world: World) -> None:
    identifier = await world.opened_id("door", playbook="worded")
    await world.until(
        identifier,
        lambda state: any(isinstance(event, e.MessageDelivered) and not event.rung for event in state.tail),
    )
    (page,) = [message for message in world.received(ANN, "page") if identifier in message.body]
    assert page.body.startswith("Take it before ")
    await world.send(identifier, c.Decline(by=ANN, because="away"))
    state = await world.until(
        identifier,
        lambda state: sum(isinstance(event, e.MessageDelivered) and bool(event.rung) for event in state.tail) > 1,
    )
    assert len([event for event in state.tail if isinstance(event, e.TemplateFailing)]) == 1
    subjects = [message.subject for message in world.received(CLEO)]
    assert len([subject for subject in subjects if "the template of message page" in subject]) == 1
