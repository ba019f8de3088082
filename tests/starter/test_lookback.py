"""`escalate ratings`, `export --knowledge` over the ledger and `escalate playbook diff`; without a server."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.ledger import Ledger
from escalation.lifecycle.situation import ledger_row
from escalation.model import commands as c
from escalation.model.actions import RecordEvents
from tests.domain.builders import ANN, CUSTOMER, Life, opened, small
from tests.starter.conftest import Escalate


def lived(began: datetime) -> Life:
    since = {"ai_confidence": (began - timedelta(minutes=10)).isoformat()}
    life = Life(small(), now=began)
    life.open(facts_since=since, context={"summary": "Jana has no refund"})
    life.resolved()
    life.send(c.Rate(by=ANN, score=4, preparation=2, documentation=3, advice="say what you tried"))
    life.send(c.SubmitFeedback(by=CUSTOMER, score=5, improvement="answer sooner", via="portal"))
    life.send(c.SubmitReview(by=ANN, lessons=("watch the batch",), warranted=False))
    return life


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has ended today, one that ended a month ago and one that is open."""
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))

    async def write() -> None:
        kept = Ledger(f"sqlite:///{tmp_path}/ledger.db")
        kept.migrate()
        now = datetime.now(UTC)
        old = lived(now - timedelta(days=30))
        for instance, life in (("run-1", lived(now)), ("run-2", opened(small())), ("run-3", old)):
            events = tuple(event.model_dump(mode="json") for event in life.events)
            row = ledger_row(life.state)
            await kept.record(RecordEvents(escalation_id=life.state.id, instance=instance, events=events, row=row))
        await kept.close()

    asyncio.run(write())


@pytest.mark.req("EP-F13", "LA-CH13", "DEF-2", "EP-F11")
@pytest.mark.usefixtures("ledger")
def test_ended_ones_are_reported_with_their_scores_delay_and_what_to_improve(escalate: Escalate) -> None:
    told = escalate("ratings", "--by", "requester", "--json").json
    (row,) = told["ratings"]
    assert (row["of"], row["escalations"], row["could_have_stayed"], row["late"]) == ("agent:bot", 2, 2, 2)
    assert (row["median_delay"], row["preparation"], row["documentation"], row["satisfaction"]) == (600, 2, 3, 5)
    shown = escalate("ratings").out
    assert "10m" in shown
    assert "answer sooner" in shown
    assert "say what you tried" in shown
    assert "Nothing has ended yet" in escalate("ratings", "--playbook", "other").out
    (of_the_day,) = escalate("ratings", "--days", "1", "--json").json["ratings"]
    assert (of_the_day["escalations"], of_the_day["satisfaction"]) == (1, 5), "the one of a month ago is none of it"


@pytest.mark.req("BEN-6")
@pytest.mark.usefixtures("ledger")
def test_knowledge_is_written_as_markdown_or_as_data_without_the_customer(escalate: Escalate, tmp_path: Path) -> None:
    said = escalate("export", "--knowledge").out
    assert "## [customer] has no refund" in said
    assert "- watch the batch" in said
    (entry,) = escalate("export", "--knowledge", "--days", "1", "--json").json
    assert (entry["cause"], entry["resolution"]) == ("a batch was lost", "paid again")
    file = tmp_path / "knowledge.jsonl"
    assert "1 escalation written" in escalate("export", "--knowledge", "--days", "1", "--to", str(file), "--json").out
    assert json.loads(file.read_text())["key"] == entry["key"]
    assert "say what to export" in escalate("export", code=2).err
    assert "cannot be written" in escalate("export", "--knowledge", "--to", str(tmp_path / "no" / "x"), code=2).err


def test_without_a_ledger_both_say_so(escalate: Escalate) -> None:
    assert "there is no ledger at sqlite:////nonexistent/ledger.db" in escalate("ratings", code=3).err
    assert "there is no ledger" in escalate("export", "--knowledge", code=3).err


def test_two_versions_of_a_playbook_are_compared_in_words(escalate: Escalate, tmp_path: Path) -> None:
    own = tmp_path / "it-service-management.yaml"
    own.write_text("extends: it-service-management\nplaybook: it-service-management\nversion: 9\n")
    said = escalate("playbook", "diff", "it-service-management", str(own)).out
    assert "version 9, before" in said
    assert "They say the same." in escalate("playbook", "diff", str(own), str(own)).out
    found = escalate("playbook", "diff", "it-service-management", str(own), "--json").json
    assert len(found["differences"]) == 1
    assert found["before"] != found["after"]
