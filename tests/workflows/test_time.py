"""Hours and weeks, on a server whose clock jumps: what is due happens when it is due, whatever else is broken."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from escalation.errors import NotNow
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.clocks import ClockName
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.jumping import TASK_TIMEOUT
from tests.workflows.world import ANN, BEN, CLEO, CUSTOMER, DAN, World, open_world

NEAR = TASK_TIMEOUT + timedelta(seconds=1)
"""A dropped task comes again after its time-out."""


@pytest.fixture
async def timeless(
    skipping: WorkflowEnvironment, tmp_path: Path, cached: int, desk: BreakableDesk
) -> AsyncIterator[World]:
    """A world in which ``skipping.sleep`` lets time pass."""
    async with open_world(skipping.client, tmp_path, cached=cached, help_desk=desk, jumps=True) as opened:
        yield opened


async def rest(skipping: WorkflowEnvironment, long: timedelta) -> None:
    """Let much time pass in which much happens: one call to the server may take half a minute at most."""
    for _ in range(4):
        await skipping.sleep(long / 4)


def climbed(state: Escalation) -> list[tuple[str, datetime]]:
    """Every round, and when it was opened."""
    return [(event.rung, event.at) for event in state.tail if isinstance(event, e.RungOpened)]


@pytest.mark.req("CSE-10", "EP-F4", "LA-CH5")
async def test_a_ladder_nobody_answers_is_climbed_to_the_minute_and_its_last_resort_called_again_and_again(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door")
    await skipping.sleep(timedelta(minutes=55))
    state = await world.until(identifier, lambda state: len(climbed(state)) == 6)
    start = climbed(state)[0][1]
    passed = [(rung, round((at - start) / timedelta(minutes=1), 1)) for rung, at in climbed(state)]
    assert passed == [("L1/1", 0), ("L1/2", 10), ("L2/3", 20), ("L3/4", 30), ("L3/5", 40), ("L3/6", 50)]
    assert state.rung is not None
    assert state.rung.last_resort
    assert [page.to for page in world.received(kind="page")] == [ANN, ANN, BEN, CLEO, CLEO, CLEO]
    await world.close(identifier, by=CLEO)


@pytest.mark.req("WLF-12")
async def test_a_help_desk_that_is_down_for_a_day_stops_no_ladder_and_gets_its_ticket_when_it_is_back(
    timeless: World, skipping: WorkflowEnvironment, desk: BreakableDesk
) -> None:
    world = timeless
    desk.down = True
    identifier = (await world.open("door")).escalation_id
    await skipping.sleep(timedelta(minutes=25))
    state = await world.until(identifier, lambda state: BEN in state.told)
    start = climbed(state)[0][1]
    assert [round((at - start) / timedelta(minutes=1), 1) for _, at in climbed(state)] == [0, 10, 20]
    packet = await world.client.packet(identifier)
    assert packet.missing == ("crm_snapshot",)
    assert not packet.complete
    # What people were told says so, too, but not in its first minute.
    first, *later = ("Missing from the packet: data from the CRM" in page.body for page in world.received(kind="page"))
    assert (first, set(later)) == (False, {True})
    await world.send(identifier, c.Acknowledge(by=BEN))
    await world.send(identifier, c.PutOnHold(by=BEN, because="the customer sleeps"))
    await rest(skipping, timedelta(hours=23, minutes=35))
    state = await world.client.state(identifier)
    assert (state.case_link, desk.opened) == (None, [])
    assert desk.tries > 1000
    desk.down = False
    await skipping.sleep(timedelta(minutes=2))
    state = await world.until(identifier, lambda state: state.case_link)
    assert state.opened_at is not None
    assert await skipping.get_current_time() - state.opened_at > timedelta(days=1)
    assert [opened.key for opened in desk.opened] == [f"{state.instance}/case"]
    packet = await world.client.packet(identifier)
    assert packet.missing == ()
    assert packet.snapshot is not None
    assert packet.snapshot.fetched_at.tzinfo is not None
    await world.finish(identifier, by=BEN)
    assert [update.status for update in desk.updates] == ["open", "pending", "closed"]


async def test_an_action_item_of_forty_days_is_followed_to_its_end(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door")
    now = await skipping.get_current_time()
    item = c.ItemDraft(title="replace all hinges", owner=BEN, due=now + timedelta(days=40))
    await world.send(identifier, c.Acknowledge(by=ANN), c.Resolve(by=ANN, resolution="mended"))
    await world.send(identifier, c.ConfirmResolution(by=CUSTOMER))
    await world.send(identifier, c.SubmitReview(by=ANN, lessons=("oil it",), items=(item,)))
    await skipping.sleep(timedelta(days=39))
    assert len(world.received(BEN, "item")) == 1
    assert heard_late(world) == []
    assert (await world.client.situation(identifier)).who_acts_next == (BEN,)
    # Late by a day and a bit: reminded when it was due and a day after, and then the accountable person hears of it.
    await skipping.sleep(timedelta(days=2, hours=1))
    await eventually(lambda: heard_late(world), "the accountable person hears of it")
    assert len(heard_late(world)) == 1
    state = await world.until(identifier, lambda state: state.items["i1"].chased == 2)
    chased = [event.at - item.due for event in state.tail if isinstance(event, e.ItemChased)]
    assert [abs(late - timedelta(days=days)) < NEAR for days, late in enumerate(chased)] == [True, True]
    await eventually(lambda: len(world.received(BEN, "item")) == 3, "ben is told when it is added, due, and late")
    await world.send(identifier, c.CompleteItem(by=BEN, item="i1", result="all of them"))
    summary = await world.result(identifier)
    assert (summary.outcome, summary.because) == ("closed", "the review is in and every action item is done")


@pytest.mark.req("SUP-7", "SAG-4")
async def test_steps_of_a_playbook_become_ready_in_turn_and_an_item_of_forty_days_moves_up_until_it_is_done(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door", playbook="worked")
    await world.send(identifier, c.Acknowledge(by=ANN))
    with pytest.raises(NotNow, match=r"these come first: i1 \(find, action of person:ben, open\)"):
        await world.send(identifier, c.Resolve(by=ANN, resolution="mended"))
    await world.send(identifier, c.CompleteItem(by=BEN, item="i1", result="the upper hinge"))
    await eventually(lambda: "is ready" in world.received(DAN, "item")[-1].subject, "dan is told that it is ready")
    assert "the upper hinge" in world.received(DAN, "item")[-1].body
    answer = await world.send(identifier, c.Note(by=ANN, text="-> @ben replace all hinges -> 40d\n-> and the door"))
    assert "Line 2 is no action item" in answer.message
    due = (await world.client.state(identifier)).items["i3"].due
    await world.send(identifier, c.CompleteItem(by=DAN, item="i2"), c.Resolve(by=ANN, resolution="mended"))
    await world.send(identifier, c.ConfirmResolution(by=CUSTOMER), c.SubmitReview(by=ANN, lessons=("oil it",)))
    await skipping.sleep(timedelta(days=39))
    assert (await world.client.situation(identifier)).who_acts_next == (BEN,)
    await skipping.sleep(timedelta(days=3, hours=1))
    state = await world.until(identifier, lambda state: state.items["i3"].chased == 3)
    followed = [event for event in state.tail if isinstance(event, e.ItemReminded | e.ItemChased)]
    assert [round((event.at - due) / timedelta(days=1)) for event in followed] == [-2, 0, 1, 2]
    assert [event.asked for event in followed if isinstance(event, e.ItemChased)] == [
        (),
        ("role:head",),
        ("role:head", "person:ann"),
    ]
    await eventually(lambda: late_of(world, ANN, "i3"), "the level hears of it")
    await world.send(identifier, c.CompleteItem(by=BEN, item="i3", result="all of them"))
    assert (await world.result(identifier)).outcome == "closed"


def heard_late(world: World) -> list[str]:
    """What the accountable person was told of the late item; before, cleo hears of other things."""
    return late_of(world, CLEO, "i1")


def late_of(world: World, person: str, item: str) -> list[str]:
    """What somebody was told of an item that is late."""
    told = (message.subject for message in world.received(person))
    return [subject for subject in told if f"work item {item} " in subject and "is late" in subject]


@pytest.mark.req("CSP-18")
async def test_a_hold_ends_by_itself_and_the_time_it_took_does_not_count(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN))
    before = await world.client.state(identifier)
    assert before.level is not None
    assert before.owner is not None
    until = before.owner.since + timedelta(days=1)
    await world.send(identifier, c.PutOnHold(by=ANN, because="the supplier is closed", until=until))
    await skipping.sleep(timedelta(days=1, minutes=1))
    after = await world.until(identifier, lambda state: state.hold is None)
    assert after.level is not None
    was, now = before.clocks[ClockName.RESOLUTION], after.clocks[ClockName.RESOLUTION]
    (pause,) = now.pauses
    assert (pause.by, pause.because) == (ANN, "the supplier is closed")
    assert pause.until is not None
    assert now.due - was.due == pause.until - pause.since > timedelta(hours=23)
    assert after.level.dwell_due - before.level.dwell_due == now.due - was.due
    assert not now.paused
    await world.finish(identifier)


async def test_silence_on_a_proposed_resolution_is_read_as_the_playbook_says(
    timeless: World, skipping: WorkflowEnvironment
) -> None:
    world = timeless
    identifier = await world.opened_id("door")
    await world.send(identifier, c.Acknowledge(by=ANN), c.Resolve(by=ANN, resolution="mended"))
    await skipping.sleep(timedelta(days=1, seconds=5))
    state = await world.until(identifier, lambda state: state.review)
    assert state.resolution is not None
    assert state.resolution.how == "silence"
    await world.send(identifier, c.SubmitReview(by=ANN, lessons=("oil it",)))
    assert (await world.result(identifier)).outcome == "closed"
