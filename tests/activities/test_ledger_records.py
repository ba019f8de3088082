"""Retention in the ledger: what is deleted when its period is over, what a legal hold keeps, what is left of it."""

from datetime import UTC, datetime, timedelta

import pytest

from activities import ledger_records
from activities.ledger import Decision, Ledger
from activities.ledger_records import Records
from escalation.errors import AlreadyDone, NotNow, Unknown
from escalation.lifecycle.situation import ledger_row
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import EscalationRow, RecordEvents
from tests.domain.builders import ANN, Life, opened, small

NOW = datetime(2034, 1, 1, tzinfo=UTC)
"""Long after the periods of these tests."""
SIGNED = {"by": "person:eve", "because": "the yearly purge"}


def ended(keep: str | None = "30d", hold: str = "") -> Life:
    life = opened(small(retention={"keep": keep} if keep else None)).taken_by(ANN)
    if hold:
        life.send(c.PlaceLegalHold(by=ANN, reference=hold, because="asked for"))
    life.resolved(ANN)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    assert life.state.outcome == "closed"
    return life


async def record(ledger: Ledger, life: Life, name: str, instance: str | None = None) -> None:
    bodies = tuple(event.model_dump(mode="json") for event in life.events)
    row = ledger_row(life.state)
    await ledger.record(RecordEvents(escalation_id=name, instance=instance or name, events=bodies, row=row))


@pytest.mark.req("SEC-8")
async def test_what_has_ended_is_deleted_when_its_period_is_over_and_a_tombstone_stays(ledger: Ledger) -> None:
    life = ended()
    await record(ledger, life, "over")
    await record(ledger, ended(None), "for-ever")
    await record(ledger, opened(small(retention={"keep": "30d"})), "open")
    records = Records(ledger)
    closed = life.state.closed_at
    assert closed is not None
    assert records.over(closed + timedelta(days=30)) == []
    (found,) = records.over(NOW)
    assert (found.escalation_id, found.events, found.holds) == ("over", len(life.events), ())
    assert ledger.timeline("over") != []
    assert records.purge(NOW, now=NOW, **SIGNED) == [found]
    assert ledger.timeline("over") == []
    assert {each.escalation_id for each in ledger.list_escalations()} == {"for-ever", "open"}
    assert len(ledger.timeline("open")) > 0
    (stone,) = records.purged()
    assert (stone.escalation_id, stone.last_hash) == ("over", e.hash_of(life.events[-1]))
    assert (stone.events, stone.purged_at, stone.purged_by) == (len(life.events), NOW, "person:eve")
    assert stone.because == "the yearly purge"
    assert records.purge(NOW, now=NOW, **SIGNED) == []
    with pytest.raises(Unknown, match="it was purged on 2034-01-01 by person:eve"):
        records.place_hold("over", "M-1", now=NOW, **SIGNED)


@pytest.mark.req("SEC-8")
async def test_what_is_on_hold_is_never_deleted_until_the_hold_is_released(ledger: Ledger) -> None:
    await record(ledger, ended(hold="M-1"), "held-before")
    await record(ledger, ended(), "held-after")
    records = Records(ledger)
    records.place_hold("held-after", "M-2", now=NOW, **SIGNED)
    with pytest.raises(AlreadyDone, match="already"):
        records.place_hold("held-after", "M-2", now=NOW, **SIGNED)
    kept = {each.escalation_id: each.holds for each in records.purge(NOW, now=NOW, **SIGNED)}
    assert kept == {"held-before": ("M-1",), "held-after": ("M-2",)}
    assert ledger.timeline("held-before") != []
    assert records.purged() == []
    with pytest.raises(Unknown, match="it is held for M-1"):
        records.release_hold("held-before", "M-2", now=NOW, **SIGNED)
    for name, reference in (("held-before", "M-1"), ("held-after", "M-2")):
        records.release_hold(name, reference, now=NOW, **SIGNED)
        (hold,) = records.holds(name)
        assert (hold.released_by, hold.released_because) == ("person:eve", "the yearly purge")
    with pytest.raises(AlreadyDone, match="another reference"):
        records.place_hold("held-after", "M-2", now=NOW, **SIGNED)
    assert [each.holds for each in records.purge(NOW, now=NOW, **SIGNED)] == [(), ()]
    assert ledger.list_escalations() == []


@pytest.mark.req("SEC-8")
async def test_a_hold_keeps_every_escalation_of_its_id_and_an_open_one_is_held_where_it_is(ledger: Ledger) -> None:
    await record(ledger, ended(), "twice", "first")
    again = opened(small()).taken_by(ANN)
    again.send(c.PlaceLegalHold(by=ANN, reference="M-1", because="asked for"))
    await record(ledger, again, "twice", "second")
    records = Records(ledger)
    assert [each.holds for each in records.purge(NOW, now=NOW, **SIGNED)] == [("M-1",)]
    with pytest.raises(NotNow, match="escalate place_legal_hold"):
        records.place_hold("twice", "M-2", now=NOW, **SIGNED)
    with pytest.raises(NotNow, match="escalate release_legal_hold"):
        records.release_hold("twice", "M-1", now=NOW, **SIGNED)


async def test_a_release_is_of_what_had_ended_by_then(ledger: Ledger) -> None:
    early = ended(hold="M-1")
    await record(ledger, early, "twice", "first")
    records = Records(ledger)
    assert early.state.closed_at is not None
    records.release_hold("twice", "M-1", now=early.state.closed_at + timedelta(days=1), **SIGNED)
    again = opened(small()).taken_by(ANN)
    again.send(c.PlaceLegalHold(by=ANN, reference="M-1", because="it goes on"))
    await record(ledger, again, "twice", "second")
    assert [each.holds for each in records.over(NOW)] == [("M-1",)]


async def test_batches_pass_over_what_is_held(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_records, "BATCH", 2)
    for number in range(7):
        await record(ledger, ended(hold="M-1" if number < 3 else ""), f"e{number}")
    records = Records(ledger)
    assert len(records.over(NOW)) == 7
    found = records.purge(NOW, now=NOW, **SIGNED)
    assert sorted(each.escalation_id for each in found if each.holds) == ["e0", "e1", "e2"]
    assert sorted(each.escalation_id for each in records.purged()) == ["e3", "e4", "e5", "e6"]


async def test_decisions_not_to_escalate_are_kept_as_long(ledger: Ledger) -> None:
    declined = Life(small(retention={"keep": "30d"}))
    declined.open(facts={"ai_confidence": 0.99})
    assert declined.state.outcome == "declined"
    row: EscalationRow = ledger_row(declined.state)
    await ledger.record_decisions([Decision(key="r-1", escalation_id="not", row=row)])
    assert [each.outcome for each in Records(ledger).purge(NOW, now=NOW, **SIGNED)] == ["declined"]
    assert ledger.list_decisions() == []
