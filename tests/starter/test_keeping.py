"""`escalate ledger` and `escalate evidence` over a ledger on disk; without a server."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.ledger import Ledger
from escalation.lifecycle.situation import ledger_row
from escalation.lifecycle.timeline.evidence import broken_at
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import RecordEvents
from escalation.model.timeline import EntryKind
from tests.domain.builders import ANN, BOT, Life, small
from tests.starter.conftest import Escalate

NOW = datetime.now(UTC)
SIGNED = ("--by", "eve", "--because", "the yearly purge")


def lived(began: datetime) -> Life:
    life = Life(small(retention={"keep": "30d"}), now=began)
    life.open()
    life.taken_by(ANN)
    life.send(c.PostEntry(by=BOT, kind=EntryKind.ASSESSMENT, text="a batch was lost", provider="acme", model="m1"))
    life.send(c.AcceptEntry(by=ANN, entry=life.last(e.EntryPosted).seq))
    life.send(c.MarkSeen(by=ANN))
    life.resolved(ANN)
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",), warranted=False))
    return life


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """An escalation whose period is over; the ledger has it and one of today."""
    monkeypatch.setenv("ESCALATION_DATA", str(tmp_path))
    life = lived(NOW - timedelta(days=90))

    async def write() -> None:
        ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
        ledger.migrate()
        for name, each in (("escalation-old", life), ("escalation-new", lived(NOW - timedelta(days=1)))):
            events = tuple(event.model_dump(mode="json") for event in each.events)
            row = ledger_row(each.state)
            await ledger.record(RecordEvents(escalation_id=name, instance=name, events=events, row=row))
        await ledger.close()

    asyncio.run(write())
    return life


@pytest.mark.req("SEC-8")
def test_a_purge_says_what_it_would_delete_keeps_what_is_on_hold_and_tells_of_what_is_gone(
    escalate: Escalate, old: Life
) -> None:
    would = escalate("ledger", "purge", "--dry-run", "--json").json
    assert ([each["escalation_id"] for each in would["deleted"]], would["kept"]) == (["escalation-old"], [])
    assert "1 record would be deleted" in escalate("ledger", "purge", "--dry-run").out
    assert "expected why" in escalate("ledger", "purge", "--by", "eve", code=2).err
    assert "in the future" in escalate("ledger", "purge", "--before", "2d", *SIGNED, code=2).err
    matter = ("--reference", "CASE-7", *SIGNED)
    escalate("ledger", "hold", "old", *matter)
    assert [each["holds"] for each in escalate("ledger", "purge", *SIGNED, "--json").json["kept"]] == [["CASE-7"]]
    assert "CASE-7" in escalate("ledger", "holds", "old").out
    escalate("ledger", "release", "old", *matter)
    assert "1 record deleted" in escalate("ledger", "purge", *SIGNED).out
    (gone,) = escalate("ledger", "purged", "--json").json
    assert (gone["escalation_id"], gone["purged_by"]) == ("escalation-old", "person:eve")
    assert gone["last_hash"] == e.hash_of(old.events[-1])
    assert "purged on" in escalate("ledger", "hold", "old", *matter, code=1).err


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


@pytest.mark.req("SEC-1")
def test_an_evidence_pack_has_trails_ai_decisions_access_and_playbooks_and_no_words_of_customers(
    escalate: Escalate, old: Life, tmp_path: Path
) -> None:
    folder = tmp_path / "pack"
    period = ("--from", (NOW - timedelta(days=100)).isoformat(), "--to", (NOW - timedelta(days=60)).isoformat())
    escalate("evidence", *period, "--out", str(folder))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["broken_chains"] == []
    assert "Temporal's own audit log" in manifest["not_here"][0].replace("\n", " ")
    for name, said in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == said["sha256"]
    (listed,) = rows(folder, "escalations.jsonl")
    assert (listed["escalation"], listed["last_hash"]) == ("escalation-old", e.hash_of(old.events[-1]))
    trail = rows(folder, listed["trail"])
    assert [row["prev"] for row in trail[1:]] == [row["hash"] for row in trail[:-1]]
    assert "Where is my money" not in "".join(file.read_text() for file in folder.rglob("*.json*"))

    decided = rows(folder, "ai_decisions.jsonl")
    opening = next(row for row in decided if row["what"] == "opened")
    assert (opening["ai"], opening["ai_confidence"], opening["confidence.threshold"]) == (BOT, 0.62, 0.8)
    assert (opening["warranted"], opening["labelled_by"]) == (False, ANN)
    written = next(row for row in decided if row["what"] == "assessment")
    assert (written["ai"], written["model"], written["accepted_by"]) == (BOT, "m1", ANN)
    access = {(row["who"], row["did"]) for row in rows(folder, "access.jsonl")}
    assert {(ANN, "was told"), (ANN, "acknowledged"), (ANN, "read")} <= access
    (by,) = [row for row in rows(folder, "playbook_changes.jsonl") if row["what"] == "decided by"]
    assert (by["playbook"], by["digest"]) == ("small", old.state.playbook_digest)

    escalate("evidence", *period, "--out", str(tmp_path / "whole"), "--with-packets")
    whole = tmp_path / "whole" / listed["trail"]
    assert "Where is my money" in whole.read_text()
    assert "unaltered" in escalate("verify", str(whole)).out
    escalate("ledger", "purge", *SIGNED)
    escalate("evidence", *period, "--out", str(tmp_path / "after"))
    assert rows(tmp_path / "after", "escalations.jsonl") == []
    (gone,) = rows(tmp_path / "after", "purged.jsonl")
    assert (gone["escalation_id"], gone["last_hash"]) == ("escalation-old", listed["last_hash"])
    assert "not an empty folder" in escalate("evidence", *period, "--out", str(folder), code=2).err


@pytest.mark.req("SEC-1")
def test_a_chain_that_was_altered_or_cut_is_named(old: Life) -> None:
    assert broken_at(old.events) is None
    assert broken_at(old.events[:3] + old.events[4:]) == 4
    altered = [*old.events]
    altered[2] = altered[2].model_copy(update={"by": "person:mallory"})
    assert broken_at(altered) == 4
