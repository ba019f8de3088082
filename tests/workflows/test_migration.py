"""An open escalation on the real server moves to another version of its playbook, across its runs and in a replay."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from escalation.errors import DocumentError
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.review import LessonKind
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, BEN, World, open_world, runs_of


@pytest.fixture
async def restless(
    temporal: Client, tmp_path: Path, cached: int, desk: BreakableDesk, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """A world whose runs are short, so that what was moved is carried over."""
    monkeypatch.setattr("escalation.client.RUN_LENGTH", 6)
    async with open_world(temporal, tmp_path, cached=cached, help_desk=desk) as opened:
        yield opened


def write(world: World, change: str, to: str) -> None:
    path = world.playbooks / "tested.yaml"
    text = path.read_text()
    assert change in text
    path.write_text(text.replace(change, to, 1))


async def test_it_goes_on_by_the_version_that_its_owner_named_and_no_edit_moves_another(restless: World) -> None:
    moved, other = await restless.opened_id("moved"), await restless.opened_id("other")
    await restless.send(moved, c.Acknowledge(by=ANN))
    pinned = (await restless.client.state(moved)).playbook_digest
    write(restless, "version: 1", "version: 2")
    seen = await restless.client.preview_migration(moved, c.Migrate(by=ANN, because="?", to="v2"))
    assert (seen.obstacles, seen.differences) == ((), ("version 2, before 1",))
    await restless.send(moved, c.Migrate(by=ANN, because="it is agreed", to="v2"))
    state = await restless.until(moved, lambda state: state.migrations)
    assert (state.playbook.version, state.playbook_digest, state.migrations[0].digest) == (2, seen.to_digest, pinned)
    for number in range(12):
        await restless.send(moved, c.Note(by=ANN, text=f"note {number}"))
    assert len([run async for run in runs_of(restless.temporal, moved)]) > 1
    state = await restless.client.state(moved)
    assert (state.playbook.version, state.playbook_digest) == (2, seen.to_digest)
    assert (await restless.client.state(other)).playbook_digest == pinned
    entry = next(each for each in restless.activities.ledger.list_escalations() if each.escalation_id == moved)
    assert entry.row.playbook_digest == seen.to_digest
    await restless.finish(moved)
    await restless.close(other)


async def test_a_broken_file_moves_nothing_and_a_change_is_live_once_it_is_mended(world: World) -> None:
    identifier = await world.opened_id("case")
    await world.send(identifier, c.Acknowledge(by=ANN))
    digest = (await world.client.state(identifier)).playbook_digest
    write(world, "version: 1", "version: none")
    await world.send(identifier, c.Migrate(by=ANN, because="it is agreed"))
    await world.until(identifier, lambda state: state.migration is None)
    (refused,) = [event for event in await world.timeline(identifier) if isinstance(event, e.MigrationRefused)]
    assert "tested.yaml:" in refused.because
    with pytest.raises(DocumentError):
        await world.client.preview_migration(identifier, c.Migrate(by=ANN, because="?"))
    now = (await world.client.state(identifier)).tail[-1].at
    due = now.replace(year=now.year + 1)
    await world.send(
        identifier, c.Resolve(by=ANN, resolution="mended", cause="worn out"), c.ConfirmResolution(by="customer:c-1")
    )
    await world.send(identifier, c.AddLesson(by=ANN, what="oil it", kind=LessonKind.PLAYBOOK, owner=BEN, due=due))
    await world.send(identifier, c.SubmitReview(by=ANN), c.CompleteChange(by=BEN, lesson="l1", live_as="v3"))
    await world.until(identifier, lambda state: not state.lessons["l1"].claimed)
    assert (await world.client.state(identifier)).playbook_digest == digest
    write(world, "version: none", "version: 3")
    await world.send(identifier, c.CompleteChange(by=BEN, lesson="l1", live_as="v3"))
    assert (await world.result(identifier)).outcome == "closed"
