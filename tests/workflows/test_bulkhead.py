"""More calls hang than the worker has slots: the escalations that come next are paged all the same."""

from pathlib import Path

from temporalio.client import Client

from tests.support.sink import Reply, open_fault_sink
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, BEN, World, open_world

SLOTS = 4
MANY = 5
SOON = 15
"""Seconds that are plenty for a busy machine, and nothing to what hangs until the test says so."""


async def open_many(world: World) -> None:
    for number in range(MANY):
        await world.open(f"door-{number}", playbook="pair")


def few_slots(world: World) -> None:
    world.settings = world.settings.model_copy(update={"concurrent_activities": SLOTS})


async def test_while_a_help_desk_hangs_every_escalation_is_paged(temporal: Client, tmp_path: Path) -> None:
    desk = BreakableDesk()
    desk.hang()
    async with open_world(temporal, tmp_path, cached=2000, help_desk=desk, working=False) as world:
        few_slots(world)
        async with world.worker():
            await open_many(world)
            await eventually(lambda: len(world.received(kind="page")) == 2 * MANY, "all are paged", within=SOON)
            assert desk.opened == []
            assert 1 <= desk.tries < SLOTS, "it is called, from less than all slots"
            desk.resume()
            await eventually(lambda: len(desk.opened) == MANY, "every ticket is opened, once", within=60)


async def test_while_a_channel_hangs_pages_through_the_others_arrive(temporal: Client, tmp_path: Path) -> None:
    async with open_fault_sink() as sink:
        sink.hold()
        contacts = {"ann": sink.address("ann", lambda _: Reply(hang=True))}
        async with open_world(temporal, tmp_path, cached=2000, contacts=contacts, working=False) as world:
            few_slots(world)
            async with world.worker():
                await open_many(world)
                await eventually(lambda: len(world.received(BEN, "page")) == MANY, "ben's pages arrive", within=SOON)
                assert 1 <= len(sink.tries(ANN, "page")) < SLOTS
                sink.release()
                await eventually(lambda: len(sink.kept) == MANY, "ann's arrive when it answers again", within=60)
