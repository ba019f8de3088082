"""The whole trail: permanent references, search, before and after, and an export that shows every alteration."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from escalation.errors import Unknown
from escalation.lifecycle.timeline import audit, trail
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.timeline import EntryKind
from tests.domain.builders import ANN, BOB, BOT, Life, opened, small
from tests.domain.test_timeline import recording


def lived() -> Life:
    """A life with something to find in it."""
    life = opened(small()).taken_by(ANN)
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 50.0}))
    life.send(c.ChangeFacts(by=BOB, facts={"amount": 150.0}))
    life.send(c.ChangeSeverity(by=ANN, severity="P0", because="it spreads"))
    life.send(c.Note(by=BOB, text="Jana NOVÁKOVÁ called from the vault"))
    life.now += timedelta(hours=1)
    life.send(c.PostEntry(by=ANN, kind=EntryKind.BLOCKER, text="no access to the Vault"))
    life.send(c.PostEntry(by=BOT, kind=EntryKind.ASSESSMENT, text="the vault is shut"))
    life.send(c.Comment(by=BOB, entry=life.all(e.EntryPosted)[0].seq, text="asked for it"))
    return life


# --- references -------------------------------------------------------------------------------------------------------


@pytest.mark.req("TAG-1")
def test_every_entry_has_a_reference_that_finds_it_and_proves_that_it_is_unaltered() -> None:
    life = lived()
    for event in life.events:
        escalation, seq = trail.parse_reference(f"{life.state.id}#{event.seq}")
        assert (escalation, seq) == (life.state.id, event.seq)
        found = trail.proof(escalation, life.events, event.seq, life.state.last_hash)
        assert (found.event, found.unaltered) == (event, True)
    assert trail.parse_reference(life.state.id) == (life.state.id, None)
    with pytest.raises(Unknown, match="#999 is not among the events at hand: #1 to"):
        trail.proof(life.state.id, life.events, 999)


@pytest.mark.req("TAG-1")
def test_an_entry_that_was_altered_is_not_proved_neither_in_the_middle_nor_at_the_end() -> None:
    life = lived()
    for event in (life.all(e.EntryPosted)[0], life.events[-1]):
        altered = [each.model_copy(update={"by": BOT}) if each.seq == event.seq else each for each in life.events]
        assert trail.proof(life.state.id, altered, event.seq, life.state.last_hash).unaltered is False
    assert trail.proof(life.state.id, life.events, life.state.seq).unaltered is None


@pytest.mark.req("LNK-2", "LNK-3")
def test_a_recording_is_shown_with_its_discussion_and_the_decisions_and_next_steps_it_belongs_to() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.AddItem(by=ANN, title="mend it", owner=BOB, due=life.now + timedelta(days=1)))
    life.send(recording(links=("item:i1",)))
    clip = life.last(e.EntryPosted).seq
    life.send(c.PostEntry(by=ANN, kind=EntryKind.DECISION, text="we refund", links=(f"entry:{clip}",)))
    life.send(c.PostEntry(by=ANN, kind=EntryKind.DECISION, text="something else"))
    life.send(c.Comment(by=BOB, entry=clip, text="at 1:20 too"))
    found = trail.proof(life.state.id, life.events, clip)
    assert [each.type for each in found.thread] == ["commented"]
    assert [getattr(each, "text", "") or getattr(each, "title", "") for each in found.related] == [
        "mend it",
        "we refund",
    ]


def test_an_entry_is_shown_with_its_thread_and_its_answer() -> None:
    life = lived()
    blocker = life.all(e.EntryPosted)[0].seq
    life.send(c.ResolveEntry(by=BOB, entry=blocker, text="granted"))
    found = trail.proof(life.state.id, life.events, blocker)
    assert [each.type for each in found.thread] == ["commented", "entry_closed"]


# --- search -----------------------------------------------------------------------------------------------------------


def test_all_words_are_found_whatever_their_case_in_any_language_with_reference_kind_author_and_snippet() -> None:
    life = lived()
    hits = trail.search(life.state.id, life.events, "VAULT")
    assert [(hit.kind, hit.by, hit.ai) for hit in hits] == [
        ("assessment", BOT, True),
        ("blocker", ANN, False),
        ("note_added", BOB, False),
    ]
    assert hits[1].ref == f"{life.state.id}#{life.all(e.EntryPosted)[0].seq}"
    assert "no access to the Vault" in hits[1].snippet
    (found,) = trail.search(life.state.id, life.events, "nováková jana")
    assert "NOVÁKOVÁ" in found.snippet
    assert trail.search(life.state.id, life.events, "vault nowhere") == []


def test_a_search_is_narrowed_by_kind_author_and_time() -> None:
    life = lived()

    def found(**narrowed: Any) -> list[str]:
        return [hit.kind for hit in trail.search(life.state.id, life.events, "vault", **narrowed)]

    assert found(kind="blocker") == ["blocker"]
    assert found(by=BOB) == ["note_added"]
    assert found(since=life.now) == ["assessment", "blocker"]


def test_a_long_text_is_shown_around_what_was_found() -> None:
    life = opened(small()).taken_by(ANN)
    life.send(c.Note(by=ANN, text=f"{'before ' * 100}needle {'after ' * 100}"))
    (hit,) = trail.search(life.state.id, life.events, "needle")
    assert hit.snippet.startswith("...")
    assert hit.snippet.endswith("...")
    assert "needle" in hit.snippet
    assert len(hit.snippet) < 200


def test_the_latest_events_stand_for_what_the_ledger_has_not_got_or_has_otherwise() -> None:
    life = lived()
    recorded = [each.model_copy(update={"by": BOB}) for each in life.events[:-2]]
    assert trail.merged(recorded, life.events[3:]) == [*recorded[:3], *life.events[3:]]
    bodies = [each.model_dump(mode="json") for each in life.events]
    assert trail.read(bodies) == life.events


# --- export -----------------------------------------------------------------------------------------------------------


@pytest.mark.req("SYN-14", "SEC-6")
def test_the_trail_is_exported_whole_with_actor_time_and_values_before_and_after() -> None:
    life = lived()
    head, *rest = (json.loads(line) for line in audit.lines(life.state.id, life.events))
    assert (head["escalation"], head["events"]) == (life.state.id, len(life.events))
    assert head["last_hash"] == life.state.last_hash
    assert [line["event"]["seq"] for line in rest] == [event.seq for event in life.events]
    assert all(line["actor"] and line["at"] and line["ref"] and line["hash"] for line in rest)
    changed = [(line["actor"], each) for line in rest for each in line["changed"]]
    assert (ANN, {"what": "facts.amount", "before": None, "after": 50.0}) in changed
    assert (BOB, {"what": "facts.amount", "before": 50.0, "after": 150.0}) in changed
    assert (ANN, {"what": "severity", "before": "P1", "after": "P0"}) in changed
    assert (ANN, {"what": "owner", "before": None, "after": ANN}) in changed


def exported(life: Life) -> list[str]:
    return list(audit.lines(life.state.id, life.events))


@pytest.mark.req("SYN-14", "SEC-6")
def test_an_export_as_it_was_written_is_proved() -> None:
    assert audit.verify(exported(lived())) == []


@pytest.mark.req("SEC-6")
def test_an_altered_line_is_named_whether_in_the_event_or_beside_it() -> None:
    lines = exported(lived())
    at = next(number for number, line in enumerate(lines) if "no access to the Vault" in line)
    altered = [*lines]
    altered[at] = lines[at].replace("no access", "full access")
    assert audit.verify(altered)[0].line == at + 1
    beside = json.loads(lines[at])
    beside["actor"] = BOB
    altered[at] = json.dumps(beside)
    (fault,) = audit.verify(altered)
    assert (fault.line, "beside the event" in fault.what) == (at + 1, True)


@pytest.mark.req("SEC-6")
def test_an_altered_line_with_a_hash_made_to_fit_is_found_at_the_next_line() -> None:
    life = lived()
    posted = life.all(e.EntryPosted)[0]
    forged = posted.model_copy(update={"text": "full access"})
    lines = exported(life)
    lines[posted.seq] = list(
        audit.lines(life.state.id, [forged if each.seq == forged.seq else each for each in life.events])
    )[posted.seq]
    faults = audit.verify(lines)
    assert [(fault.line, fault.what) for fault in faults] == [(posted.seq + 2, "does not follow from the line before")]


@pytest.mark.req("SEC-6")
@pytest.mark.parametrize("change", ["left out", "twice", "swapped", "cut off", "empty", "not ours", "no JSON"])
def test_lines_that_are_left_out_added_moved_or_none_at_all_are_named(change: str) -> None:
    lines = exported(lived())
    altered = {
        "left out": lines[:5] + lines[6:],
        "twice": lines[:6] + lines[5:],
        "swapped": [*lines[:5], lines[6], lines[5], *lines[7:]],
        "cut off": lines[:-1],
        "empty": [],
        "not ours": ['{"hello": 1}'],
        "no JSON": [*lines[:5], "{", *lines[6:]],
    }[change]
    assert audit.verify(altered)
