"""Whom the directory knows, through the shell: shifts that stand in a calendar, and people that nobody knows."""

from datetime import UTC, datetime, timedelta

from escalation.model import commands as c
from tests.support.calendars import event, events
from tests.workflows.world import ANN, BEN, CLEO, World

CALENDAR = "\nrotations:\n  calendar: {feed: {file: shifts.ics, people: {Ben: ben}, time_zone: UTC}}\n"


async def test_a_page_follows_a_calendar_and_says_why_while_that_cannot_be_read(world: World) -> None:
    playbook = world.playbooks / "tested.yaml"
    playbook.write_text(playbook.read_text().replace("targets: [person:ann]", "targets: [oncall:calendar]"))
    world.directory.write_text(world.directory.read_text() + CALENDAR)
    await world.opened_id("unread")
    [page] = world.received(CLEO, "page")
    assert "nobody has the shift of rotation `calendar`; its feed could not be read yet" in page.body

    now = datetime.now(UTC)
    day = event(
        "Ben", f"{now - timedelta(days=1):%Y%m%dT%H%M%SZ}", f"{now + timedelta(days=1):%Y%m%dT%H%M%SZ}", zone=""
    )
    (world.directory.parent / "shifts.ics").write_bytes(events(day))
    await world.activities.feeds.refresh(world.activities.directory.current())
    await world.opened_id("read")
    [page] = world.received(BEN, "page")
    assert "You are called as the one on duty for " in page.body
    assert ": has the shift until " in page.body


async def test_an_action_item_of_somebody_whom_nobody_knows_falls_to_the_owner(world: World) -> None:
    identifier = await world.opened_id("mistyped")
    due = datetime.now(UTC) + timedelta(days=1)
    await world.send(
        identifier,
        c.Acknowledge(by=ANN),
        c.AddItem(by=ANN, title="call the bank", owner="person:bem", due=due),
    )
    state = await world.until(identifier, lambda state: state.items["i1"].owner == ANN)
    assert state.items["i1"].by == ANN
    await world.until(identifier, lambda _: world.received(ANN, "warning"))
    [warning] = world.received(ANN, "warning")
    assert "person:bem" in warning.body
    assert "did you mean `person:ben`?" in warning.body
