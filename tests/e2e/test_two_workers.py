"""Two workers share the work, and are replaced one after the other in the middle of it without anybody noticing."""

import asyncio
from pathlib import Path

import pytest

from escalation.model.state import Escalation
from starter.embedded import WorkerProcess
from tests.support import requests
from tests.support.evidence import assert_recorded, said
from tests.support.people import see_through
from tests.support.rig import Rig, open_rig
from tests.support.sink import Reply, open_fault_sink
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

LIVES = 4
"""Escalations that are under way at any time."""


async def lived(rig: Rig, key: str) -> Escalation:
    """Open an escalation, see it through, and return how it ended."""
    receipt = await rig.client.open(requests.support(key))
    await see_through(rig.client, receipt.escalation_id)
    await rig.result(receipt.escalation_id)
    return await rig.client.state(receipt.escalation_id)


async def leave(worker: WorkerProcess) -> int | None:
    """Ask a worker to leave, as a deployment does; return its exit code."""
    await worker.stop()
    assert worker._process is not None
    return worker._process.returncode


@pytest.mark.req("WHY-7")
async def test_a_rolling_restart_in_the_middle_of_work_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with open_rig(tmp_path, workers=2) as rig:
        undisturbed = await lived(rig, "undisturbed")
        rolled = asyncio.Event()
        ended: list[Escalation] = []

        async def somebody(name: int) -> None:
            number = 0
            while not rolled.is_set():
                ended.append(await lived(rig, f"roll-{name}-{number}"))
                number += 1

        async def roll() -> None:
            for worker in rig.stack.workers:
                assert await leave(worker) == 0
                await goes_on(ended, "with one worker")
                await worker.launch()
                await goes_on(ended, "with both")
            rolled.set()

        await asyncio.gather(roll(), *(somebody(name) for name in range(LIVES)))
        for state in ended:
            assert said(rig, state) == said(rig, undisturbed), state.id
            assert_recorded(rig, state)
        await rig.replay(*(state.id for state in ended))


async def goes_on(ended: list[Escalation], how: str) -> None:
    so_far = len(ended)
    await eventually(lambda: len(ended) >= so_far + LIVES, f"work goes on {how}", within=60)


async def test_a_worker_that_is_asked_to_leave_finishes_the_page_in_its_hands(tmp_path: Path) -> None:
    async with open_fault_sink() as sink:
        slow = {"olivia.grant": sink.address("olivia", lambda _: Reply(hang=True))}
        async with open_rig(tmp_path, contacts=slow) as rig:
            sink.hold()
            facts = {"ai_confidence": 0.62, "request_type": "legal"}
            escalation = (await rig.client.open(requests.support("leaving", facts=facts))).escalation_id
            await eventually(lambda: sink.journal, "the page is under way")
            leaving = asyncio.create_task(leave(rig.worker))
            await eventually(lambda: rig.log("worker stopping"), "the worker knows that it is to leave")
            sink.release()
            assert await leaving == 0
            await rig.worker.launch()
            await see_through(rig.client, escalation, until=lambda state: state.owner is not None)
            assert len(sink.tries("person:olivia.grant", "page")) == 1
