"""Pages reach webhook receivers that fail, ask to wait, lose the connection or take their time; callers do not wait."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support import requests
from tests.support.rig import Rig, open_rig
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

# What a case is about decides whose contact point is told.
PLAYBOOK = """
extends: customer-service-escalation
playbook: sinks
routing:
  - {id: complaint, targets: [person:petr.svoboda]}
  - {id: technical, targets: [person:james.ward]}
  - {id: other, when: request_type == "other", targets: [person:tomas.dvorak]}
"""
BROKEN, BUSY, LOSSY, SLOW, FAST = "other", "billing", "legal", "complaint", "technical"
CALLERS, OPENINGS = 8, 4


def fails_three_times(attempt: int) -> Reply:
    return Reply(500) if attempt <= 3 else Reply()


def asks_to_wait(attempt: int) -> Reply:
    return Reply(429, {"Retry-After": "4"}) if attempt == 1 else Reply()


def loses_the_connection(attempt: int) -> Reply:
    return Reply(drop=attempt == 1)


def takes_half_a_second(_attempt: int) -> Reply:
    return Reply(delay=0.5, hang=True)


@pytest.fixture(scope="module")
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


@pytest.fixture(scope="module")
async def rig(sink: FaultSink, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    contacts = {
        "tomas.dvorak": sink.address("broken", fails_three_times),
        "katalin.szabo": sink.address("busy", asks_to_wait),
        "olivia.grant": sink.address("lossy", loses_the_connection),
        "petr.svoboda": sink.address("slow", takes_half_a_second),
        "james.ward": sink.address("fast"),
    }
    folder: Path = tmp_path_factory.mktemp("sinks")
    async with open_rig(folder, contacts=contacts, playbooks={"sinks": PLAYBOOK}) as opened:
        yield opened


async def opened(rig: Rig, key: str, about: str) -> str:
    """Open an escalation about this; return its instance, which every key of its messages begins with."""
    facts = {"ai_confidence": 0.62, "request_type": about}
    receipt = await rig.client.open(requests.support(key, playbook="sinks", facts=facts))
    return (await rig.client.state(receipt.escalation_id)).instance


async def delivered(rig: Rig, sink: FaultSink, key: str, about: str) -> list[float]:
    """Open, wait until the engine has its receipt, and return when each try came, in seconds after the first."""
    instance = await opened(rig, key, about)
    escalation = f"escalation-chatbot-{key}"

    async def has_receipt() -> bool:
        receipts = (await rig.client.state(escalation)).receipts
        return any(key in receipts for key, hit in sink.kept.items() if hit.kind == "page" and instance in key)

    await eventually(has_receipt, "the page is delivered")
    tries = [hit for hit in sink.journal if hit.key.startswith(f"{instance}/")]
    assert len({hit.key for hit in tries}) == 1, "every try of a page has one key"
    assert [hit.kind for key, hit in sink.kept.items() if key.startswith(f"{instance}/")] == ["page"]
    return [hit.at - tries[0].at for hit in tries]


async def test_a_page_arrives_once_when_the_sink_fails_three_times(rig: Rig, sink: FaultSink) -> None:
    tries = await delivered(rig, sink, "broken", BROKEN)
    assert len(tries) == 4
    gaps = [after - before for before, after in pairwise(tries)]
    assert [gap >= least for gap, least in zip(gaps, (1, 2, 4), strict=True)] == [True, True, True], gaps


async def test_a_page_waits_as_long_as_the_sink_asks(rig: Rig, sink: FaultSink) -> None:
    tries = await delivered(rig, sink, "busy", BUSY)
    assert len(tries) == 2
    # By its own reckoning Temporal would come back after 1, 3 and 7 seconds.
    assert 4 <= tries[1] < 6.5


async def test_a_page_arrives_once_when_the_sink_loses_the_connection(rig: Rig, sink: FaultSink) -> None:
    assert len(await delivered(rig, sink, "lossy", LOSSY)) == 2


async def test_a_slow_sink_does_not_slow_those_who_open(rig: Rig, sink: FaultSink) -> None:
    ids: dict[str, list[str]] = {FAST: [], SLOW: []}

    async def caller(about: str, name: str) -> None:
        facts = {"ai_confidence": 0.62, "request_type": about}
        for number in range(OPENINGS):
            request = requests.support(f"{name}-{number}", playbook="sinks", facts=facts)
            ids[about].append((await rig.client.open(request)).escalation_id)

    sink.hold()  # for as long as they open, the slow one answers nobody at all
    for about in (FAST, SLOW):
        await asyncio.gather(*(caller(about, f"{about}-{number}") for number in range(CALLERS)))

    def arrived(to: str) -> int:
        return sum(hit.to == to and hit.kind == "page" for hit in sink.kept.values())

    for identifier in ids[SLOW]:
        assert not (await rig.client.state(identifier)).told, "answered, although the slow one answered nobody yet"
    sink.release()
    await eventually(lambda: arrived("person:petr.svoboda") == len(ids[SLOW]), "every slow page arrived")
    await eventually(lambda: arrived("person:james.ward") == len(ids[FAST]), "every fast page arrived")
    pages = [hit.key for hit in sink.journal if hit.to in {"person:petr.svoboda", "person:james.ward"}]
    assert len(pages) == len(set(pages)), "no page was tried twice"
