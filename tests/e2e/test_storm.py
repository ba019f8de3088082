"""A storm of openings outruns the workers: nothing is lost or doubled, the worst is paged first, the backlog shows."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import pytest

from activities.notify.inbox import Received
from starter.embedded import free_ports
from tests.support import requests
from tests.support.rig import Rig, open_rig
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

CALLERS = 8
DANGER = {"ai_confidence": 0.3, "flags.safety": True}
DRAINED_WITHIN = 20.0
"""Times the storm's own length: what a busy machine needs for what came in."""


class Storm(NamedTuple):
    """What a storm came to."""

    accepted: dict[str, datetime]
    """Each ordinary one, and when it was first asked for."""
    urgent: dict[str, datetime]
    """Each P0, and when it was asked for."""
    backlog: float
    """The most tasks that the metric has shown to wait."""


async def blow(rig: Rig, metrics: str, *, seconds: float, urgents: int) -> Storm:
    """Submit from eight callers that do not wait for receipts; open P0s in the middle, at equal distances."""
    accepted: dict[str, datetime] = {}
    ends = time.monotonic() + seconds

    async def caller(name: int) -> None:
        number = 0
        while time.monotonic() < ends:
            request = requests.support(f"storm-{name}-{number}")
            asked = datetime.now(UTC)
            accepted[await rig.client.submit(request)] = asked
            if number % 5 == 4:  # a caller that did not hear the answer asks again
                assert await rig.client.submit(request) in accepted
            number += 1

    async def urgent(number: int) -> tuple[str, datetime]:
        await asyncio.sleep(seconds * (number + 1) / (urgents + 1))
        asked = datetime.now(UTC)
        escalation = (await rig.client.open(requests.support(f"danger-{number}", facts=DANGER))).escalation_id
        return escalation, asked

    seen: list[float] = []
    watching = asyncio.create_task(watch(metrics, seen))
    try:
        callers = asyncio.gather(*(caller(name) for name in range(CALLERS)))
        worst = await asyncio.gather(*(urgent(number) for number in range(urgents)))
        await callers
        paged = len(accepted) + urgents
        drained = DRAINED_WITHIN * seconds
        await eventually(lambda: len(pages(rig)) >= paged, "everything is paged", within=drained, every=0.5)
    finally:
        watching.cancel()
    return Storm(accepted, dict(worst), max(seen))


def pages(rig: Rig) -> dict[str, list[Received]]:
    """Every page by the escalation's run, the first of each first."""
    found: dict[str, list[Received]] = {}
    for message in rig.inbox.messages():
        if message.kind == "page":
            found.setdefault(message.key.partition("/")[0], []).append(message)
    return found


async def watch(metrics: str, seen: list[float]) -> None:
    """Read the backlog as Prometheus would, and keep what was seen."""
    async with httpx.AsyncClient() as prometheus:
        while True:
            lines = (await prometheus.get(f"http://{metrics}/metrics")).text.splitlines()
            waiting = [line.rpartition(" ")[2] for line in lines if line.startswith("escalation_task_backlog{")]
            seen.append(sum(map(float, waiting)))
            await asyncio.sleep(0.5)


async def runs(rig: Rig) -> dict[str, str]:
    """The run of each escalation that there is."""
    listed = rig.client.temporal.list_workflows("WorkflowType='Escalation'")
    return {found.id: found.run_id async for found in listed}


async def assert_once(rig: Rig, storm: Storm) -> None:
    """Each accepted escalation exists once, was paged once, and has one ticket."""
    open_now = await runs(rig)
    assert set(open_now) == set(storm.accepted) | set(storm.urgent)
    paged = Counter((run, page.to) for run, received in pages(rig).items() for page in received)
    assert {run for run, _ in paged} == set(open_now.values())
    assert set(paged.values()) == {1}
    cases = Counter(ticket.case_id for ticket in rig.desk.tickets())
    assert set(cases.values()) == {1}
    assert len(cases) == len(open_now)


async def assert_worst_first(rig: Rig, storm: Storm) -> None:
    """Each P0 waited a fraction of what others did that were asked for within a second of it; in turn, as long."""
    first = {run: received[0].received_at for run, received in pages(rig).items()}
    paged = {identifier: first[run] for identifier, run in (await runs(rig)).items()}
    for identifier, asked in storm.urgent.items():
        beside = (paged[each] - at for each, at in storm.accepted.items() if abs(at - asked) < timedelta(seconds=1))
        usual = median(wait.total_seconds() for wait in beside)
        assert (paged[identifier] - asked).total_seconds() < usual / 4, (identifier, usual)


@pytest.mark.req("CSE-3")
@pytest.mark.parametrize(
    ("seconds", "urgents"),
    [pytest.param(5, 1, id="short"), pytest.param(20, 6, id="long", marks=[pytest.mark.chaos, pytest.mark.timeout(0)])],
)
async def test_a_storm_loses_and_doubles_nothing_and_the_worst_is_paged_first(
    tmp_path: Path, seconds: float, urgents: int
) -> None:
    metrics = f"127.0.0.1:{free_ports(1)[0]}"
    async with open_rig(tmp_path, environment={"ESCALATION_METRICS": metrics}) as rig:
        storm = await blow(rig, metrics, seconds=seconds, urgents=urgents)
        assert len(storm.accepted) > CALLERS * seconds, "this was no storm"
        assert storm.backlog > CALLERS
        await assert_worst_first(rig, storm)
        await eventually(lambda: len(rig.desk.tickets()) == len(storm.accepted) + urgents, "every ticket is open")
        await assert_once(rig, storm)
