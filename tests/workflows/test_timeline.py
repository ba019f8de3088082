"""The timeline on the real server: mentions reach people, references hold, the ledger has the whole trail."""

import pytest

from escalation.errors import Unknown
from escalation.lifecycle.timeline import audit, trail
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.timeline import EntryKind
from tests.workflows.world import ANN, BEN, BOT, World


@pytest.mark.req("TAG-1", "SYN-14", "SUP-13")
async def test_what_is_written_reaches_people_is_proved_by_its_reference_and_stands_whole_in_the_ledger(
    world: World,
) -> None:
    identifier = await world.opened_id("written")
    await world.send(identifier, c.Acknowledge(by=ANN))
    posted = await world.send(
        identifier, c.PostEntry(by=ANN, kind=EntryKind.QUESTION, text="where is the key, @person:ben? @person:ghost")
    )
    assert posted.ref.startswith(f"{identifier}#")
    question = int(posted.ref.rpartition("#")[2])
    state = await world.until(identifier, lambda state: state.timeline is not None and BEN in state.timeline.readers)
    assert BEN not in state.people
    await world.until(identifier, lambda state: _told(state.tail) >= {ANN, BEN})
    await world.send(identifier, c.Comment(by=BEN, entry=question, text="by the door"))
    entry = await world.client.entry(posted.ref)
    assert isinstance(entry.event, e.EntryPosted)
    assert (entry.unaltered, [each.by for each in entry.thread]) == (True, [BEN])
    with pytest.raises(Unknown, match="not among the events"):
        await world.client.entry(f"{identifier}#9999")
    overview = await world.client.overview(identifier)
    assert [each.text for each in overview.questions] == ["where is the key, @person:ben? @person:ghost"]
    await world.send(identifier, c.Note(by=BOT, text="the runbook says the same"))
    await world.finish(identifier)
    recorded = trail.read(world.activities.ledger.timeline(identifier))
    assert audit.verify(audit.lines(identifier, recorded)) == []
    (hit,) = trail.search(identifier, recorded, "runbook")
    assert hit.ai


def _told(tail: tuple[e.Event, ...]) -> set[str]:
    return {event.to for event in tail if isinstance(event, e.MessageDelivered) and not event.rung}
