"""One of many is chosen inside Temporal: in turn, by skill, and never whom it is about."""

import pytest

from escalation.errors import NotAllowed
from escalation.model import commands as c
from tests.workflows.world import ANN, BEN, CLEO, World

LINE = """
  - {id: fred, name: Fred, time_zone: Europe/Prague, contacts: [{channel: inbox, address: fred}], skills: [locks]}
teams:
  - {id: line, name: Line, members: [ann, ben, fred]}
roles:"""
FRED = "person:fred"


@pytest.fixture
def staffed(world: World) -> World:
    world.directory.write_text(world.directory.read_text().replace("\nroles:", LINE))
    return world


async def test_each_escalation_is_the_next_one_s_turn_and_a_skill_comes_before_the_turn(staffed: World) -> None:
    world = staffed
    called: list[str] = []
    for number in range(3):
        identifier = await world.opened_id(f"door-{number}", playbook="chosen")
        called += (await world.client.situation(identifier)).who_acts_next
    assert sorted(called) == [ANN, BEN, FRED]
    identifier = await world.opened_id("lock", playbook="chosen", facts={"ai_limit": True, "skills": ["Locks"]})
    here = await world.client.situation(identifier)
    assert (here.who_acts_next, here.why_they[FRED]) == ((FRED,), "knows locks")


async def test_whom_it_is_about_is_not_called_and_cannot_take_it(staffed: World) -> None:
    world = staffed
    facts = {"ai_limit": True, "concerns": ["ann", "ben", "fred"]}
    identifier = await world.opened_id("complaint", playbook="chosen", facts=facts)
    assert (await world.client.situation(identifier)).who_acts_next == (CLEO,), "the playbook's owner"
    with pytest.raises(NotAllowed, match="is concerned by"):
        await world.send(identifier, c.Acknowledge(by=FRED))
    assert {message.to for message in world.received()} == {CLEO}
    await world.close(identifier, by=CLEO)
