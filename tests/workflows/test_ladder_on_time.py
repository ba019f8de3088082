"""Channels hang, drip and ask to wait: the next contact point and the next level are reached when they are due."""

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from activities import http
from escalation.model import events as e
from tests.support.sink import Reply, open_fault_sink
from tests.support.waiting import eventually
from tests.workflows.world import ANN, BEN, CLEO, open_world

CUT = 1.0
"""Seconds that a whole call may take here; 30 otherwise."""
ACK = 5.0
LATE = 2.0
"""Seconds that a loaded machine may be late; nothing is ever early."""
PLAYBOOK = f"""
extends: tested
playbook: brisk
title: Levels that wait for seconds
levels:
  - {{id: L1, ack: {ACK:g}s, repeat: 0}}
  - {{id: L2, ack: {ACK:g}s}}
"""
DRIPS = Reply(body=b" " * 1000, drip=0.2)


def drips_then_asks_for_an_hour(attempt: int) -> Reply:
    return DRIPS if attempt == 1 else Reply(429, {"Retry-After": "3600"})


async def test_while_channels_hang_or_ask_to_wait_the_next_contact_point_and_the_next_level_are_reached_on_time(
    temporal: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "WHOLE_CALL", CUT)
    async with (
        open_fault_sink() as sink,
        open_world(temporal, tmp_path, cached=100, contacts={"ben": sink.address("ben", lambda _: DRIPS)}) as world,
    ):
        (world.playbooks / "brisk.yaml").write_text(PLAYBOOK)
        first = sink.address("ann", drips_then_asks_for_an_hour)
        inbox = "{channel: inbox, address: ann}"
        directory = world.directory.read_text()
        world.directory.write_text(directory.replace(inbox, f'{{channel: webhook, address: "{first}"}}, {inbox}'))

        identifier = (await world.open("door", playbook="brisk")).escalation_id
        await eventually(lambda: world.received(CLEO, "page"), "the third level is paged")
        state = await world.client.state(identifier)
        opened = [(event.rung, event.at) for event in state.tail if isinstance(event, e.RungOpened)]
        assert [rung for rung, _ in opened] == ["L1/1", "L2/2", "L3/3"]
        begun = opened[0][1]

        def on_time(what: str, after: timedelta, due: float) -> None:
            assert due <= after.total_seconds() < due + LATE, f"{what}: {after.total_seconds():.2f} s, due {due:g} s"

        # The levels: at their instants, although neither page before was out of the way.
        on_time("L2", opened[1][1] - begun, ACK)
        on_time("L3", opened[2][1] - opened[1][1], ACK)
        (cleo,) = world.received(CLEO, "page")
        on_time("cleo's page", cleo.received_at - opened[2][1], 0)
        # The contact point: cut off, tried again after Temporal's second, and then not an hour is waited for.
        (ann,) = world.received(ANN, "page")
        on_time("ann's other contact point", ann.received_at - begun, CUT + 1)
        assert [hit.status for hit in sink.tries(ANN, "page")] == [200, 429]
        assert len(sink.tries(BEN, "page")) >= 2, "who hangs is tried again"
        assert len({hit.key for hit in sink.tries(BEN, "page")}) == 1
        assert BEN not in state.told
        await world.close(identifier, by=CLEO)
