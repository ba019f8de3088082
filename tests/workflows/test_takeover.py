"""A worker takes over a run that nobody looked after for a while: what it is asked first changes nothing."""

import asyncio
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

from activities.alive import Alive
from activities.retry import RetryClass
from escalation.model import commands as c
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, open_world


async def test_questions_that_waited_for_a_worker_do_not_change_what_replays(temporal: Client, tmp_path: Path) -> None:
    # With a cache: without one, five questions at once and a local activity drive each other out of the worker.
    desk = BreakableDesk()
    async with open_world(temporal, tmp_path, cached=2000, help_desk=desk, working=False) as world:
        # The help desk is asked by a worker of its own, which stays.
        beside = Worker(
            temporal,
            task_queue=world.settings.task_queue,
            activities=world.activities.all(),
            interceptors=[Alive(), RetryClass()],
        )
        async with beside:
            desk.hang()
            async with world.worker(no_remote_activities=True):
                identifier = (await world.open("taken-over")).escalation_id
                await world.until(identifier, lambda state: ANN in state.told)
                await eventually(lambda: desk.tries, "the help desk is asked")
                await world.settled(identifier, left=1)
            questions = [asyncio.create_task(world.client.state(identifier)) for _ in range(5)]
            await asyncio.sleep(0.5)  # they are on their way: the server does not say so
            desk.resume()
            await eventually(lambda: desk.opened, "the ticket is open")
            await asyncio.sleep(0.2)
            command = asyncio.create_task(world.send(identifier, c.Acknowledge(by=ANN)))
            await asyncio.sleep(0.2)
            async with world.worker(no_remote_activities=True):
                await asyncio.gather(*questions)
                await command
                seen = await world.timeline(identifier)
            async with world.worker(no_remote_activities=True):
                assert await world.timeline(identifier) == seen, "by its replay it is as it was lived"
                await world.finish(identifier)
