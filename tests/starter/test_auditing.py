"""`escalate audit`: a period from the ledger, standards from a file, and what is wrong with either."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.ledger import Ledger
from escalation.lifecycle.situation import ledger_row
from escalation.model.actions import RecordEvents
from tests.domain.builders import Life, small
from tests.starter.conftest import Escalate


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody has taken for three days."""
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))
    life = Life(small(), now=datetime.now(UTC) - timedelta(days=3))
    life.open()

    async def write() -> None:
        kept = Ledger(f"sqlite:///{tmp_path}/ledger.db")
        kept.migrate()
        events = tuple(event.model_dump(mode="json") for event in life.events)
        row = ledger_row(life.state)
        await kept.record(RecordEvents(escalation_id=life.state.id, instance="run-1", events=events, row=row))
        await kept.close()

    asyncio.run(write())


@pytest.mark.req("EP-5", "EP-M4")
@pytest.mark.usefixtures("ledger")
def test_a_period_is_audited_now_by_the_standards_of_a_file(escalate: Escalate, tmp_path: Path) -> None:
    said = escalate("audit", "run", "--from", "2026-01-01").out
    assert "1 finding in 1 of 1 escalation" in said
    assert "nobody acknowledged it within 3d" in said
    standards = tmp_path / "standards.yaml"
    standards.write_text("acknowledged_within: 7d\nusual: {at_least: 1, unwarranted: 0.1}\n")
    report = escalate("audit", "run", "--from", "2026-01-01", "--standards", str(standards), "--json").json
    assert report["audited"][0]["findings"] == []
    assert ("source", "chatbot", 1) in [
        (*map(each.get, ("by", "of", "escalations")),) for each in report["review"]["patterns"]
    ]


@pytest.mark.usefixtures("ledger")
def test_what_is_wrong_is_said_before_anything_is_read(escalate: Escalate, tmp_path: Path) -> None:
    standards = tmp_path / "standards.yaml"
    standards.write_text("checks: [acknowledge]\nusual: {late: 3}\n")
    said = escalate("audit", "run", "--from", "2026-01-01", "--standards", str(standards), code=1).err
    assert "standards.yaml:1" in said
    assert "standards.yaml:2" in said
    wrong = escalate("audit", "run", "--from", "2026-02-01", "--to", "2026-01-01", code=2).err
    assert "the period ends before it begins" in wrong
    assert "means nobody" in escalate("audit", "schedule", "--every", "week", "--to", "role:nobody", code=2).err
    misspelt = escalate("audit", "schedule", "--every", "week", "--to", "role:head-of-suport", code=2).err
    assert "did you mean `role:head-of-support`?" in misspelt
    assert "is no target" in escalate("audit", "schedule", "--every", "week", "--to", "eva", code=2).err
    assert "answers at" in escalate("audit", "schedule", "--every", "week", "--to", "role:head-of-support", code=3).err


def test_without_a_ledger_it_says_so(escalate: Escalate) -> None:
    assert "there is no ledger" in escalate("audit", "run", "--from", "2026-01-01", code=3).err


@pytest.mark.usefixtures("on_stack")
def test_a_schedule_said_again_is_changed_and_not_made_twice(escalate: Escalate) -> None:
    asked = ("audit", "schedule", "--every", "month", "--to", "role:head-of-support")
    assert "audit-escalations-month is scheduled" in escalate(*asked).out
    again = escalate(*asked, "--sample", "5", "--json").json
    assert (again["made"], again["plan"]["sample"], again["plan"]["to"]) == (False, 5, "role:head-of-support")
