"""A recovery script on a real worker: it runs once, and people see what became of it."""

from pathlib import Path

import pytest

from escalation.model import commands as c
from escalation.model import events as e
from tests.workflows.world import ANN, BEN, World


def script(world: World, body: str) -> None:
    folder = world.settings.scripts
    assert folder is not None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "restart"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


STUCK = {"playbook": "mended", "facts": {"ai_limit": True, "job": "stuck"}}


@pytest.mark.req("SAG-5")
async def test_a_script_that_helps_is_told_and_a_person_resolves(world: World, tmp_path: Path) -> None:
    script(world, f"echo ran >> {tmp_path}/ran; echo mended")
    identifier = await world.opened_id("job", **STUCK)
    state = await world.until(identifier, lambda state: state.recovery and state.recovery.state == "recovered")
    (ended,) = (event for event in state.tail if isinstance(event, e.RecoveryEnded))
    assert (ended.output, state.level and state.level.id, state.resolution) == ("mended", "L1", None)
    assert (tmp_path / "ran").read_text() == "ran\n"
    await world.close(identifier)


@pytest.mark.req("SAG-5")
async def test_a_script_that_is_not_there_sends_it_up(world: World) -> None:
    identifier = await world.opened_id("job", **STUCK)
    state = await world.until(identifier, lambda state: BEN in state.told)
    assert state.recovery is not None
    assert "there is no recovery script `restart`" in state.recovery.because
    await world.send(identifier, c.Note(by=ANN, text="seen"))
    await world.close(identifier, by=BEN)
