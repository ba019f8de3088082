"""The events: they rebuild the state, cannot be altered unseen, and are read by older and newer workers."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from escalation.lifecycle import advance, decide, evolve, next_due
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.events import hash_of
from escalation.model.state import REMEMBERED, TAIL, TAIL_BYTES, Escalation
from tests.domain.builders import ANN, BOT, CUSTOMER, SERVICE, START, Life, blank, gated, opened, request, small

EVENTS: TypeAdapter[list[e.Event]] = TypeAdapter(list[e.Event])


def whole_life() -> Life:
    """Return a life in which most kinds of events happened."""
    playbook = gated({"subject": ["amount"]}, clocks={"resolution": {"within": {"default": "4h"}}})
    life = opened(playbook, facts={"amount": 5.0})
    life.pass_time("10m")
    life.taken_by(ANN)
    life.send(c.Approve(by="person:hal", command_id="a-1"))
    life.send(c.ChangeFacts(by=ANN, facts={"amount": 6.0}))
    life.send(c.Approve(by="person:hal"))
    life.send(c.PutOnHold(by=ANN, because="the bank is closed"))
    life.pass_time("1h")
    life.resolved()
    life.send(c.SubmitReview(by=ANN, lessons=("watch it",)))
    return life


def broken_links(events: list[e.Event]) -> list[int]:
    """Return the sequence numbers of the events that do not carry the hash of the one before."""
    before = ""
    found = []
    for event in events:
        if event.prev != before:
            found.append(event.seq)
        before = hash_of(event)
    return found


@pytest.mark.req("CON-2", "EP-M8", "LNK-1")
def test_request_hand_overs_and_follow_ups_are_one_chain_from_start_to_end() -> None:
    life = whole_life()
    assert [event.seq for event in life.events] == list(range(1, len(life.events) + 1))
    assert broken_links(life.events) == []
    assert life.state.last_hash == hash_of(life.events[-1])
    kinds = [event.type for event in life.events]
    for kind in ("opened", "rung_opened", "acknowledged", "gate_decided", "resolution_proposed", "review_submitted"):
        assert kind in kinds
    assert (kinds[0], "closed" in kinds) == ("opened", True)
    assert {event.by for event in life.events} >= {BOT, ANN, "person:hal", CUSTOMER, "system:engine"}


@pytest.mark.req("EP-6")
@pytest.mark.parametrize("field", ["because", "by", "at"])
def test_no_event_can_be_altered_left_out_or_moved_unseen(field: str) -> None:
    events = whole_life().events
    place = next(n for n, event in enumerate(events) if event.type == "owner_changed")
    other: dict[str, Any] = {"because": "somebody said so", "by": BOT, "at": START}
    altered = [*events[:place], events[place].changed({field: other[field]}), *events[place + 1 :]]
    assert broken_links(altered) == [events[place + 1].seq]
    assert broken_links([*events[:place], *events[place + 1 :]]) == [events[place + 1].seq]
    swapped = [*events[:place], events[place + 1], events[place], *events[place + 2 :]]
    assert broken_links(swapped) != []


def test_the_events_rebuild_the_state_also_after_they_were_written_and_read() -> None:
    life = whole_life()
    assert reduce(evolve, life.events, blank(life.state.playbook)) == life.state
    read = EVENTS.validate_json(EVENTS.dump_json(life.events))
    assert reduce(evolve, read, blank(life.state.playbook)) == life.state
    assert broken_links(read) == []


def test_deciding_changes_nothing_and_says_the_same_again() -> None:
    life = opened(small())
    before = life.state.model_dump_json()
    command = c.Acknowledge(by=ANN)
    assert decide(life.state, command, life.now) == decide(life.state, command, life.now)
    assert life.state.model_dump_json() == before
    after, events = advance(life.state, command, life.now)
    assert reduce(evolve, events, life.state) == after


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_field_that_a_newer_worker_wrote_is_passed_over() -> None:
    life = whole_life()
    written = json.loads(life.state.model_dump_json())
    written["mood"] = "calm"
    written["owner"]["mood"] = "calm"
    written["tail"][0]["mood"] = "calm"
    written["playbook"]["levels"][0]["mood"] = "calm"
    assert Escalation.model_validate_json(json.dumps(written)) == life.state


def test_a_field_that_an_older_worker_did_not_write_has_its_default_and_the_hash_stays() -> None:
    life = whole_life()
    for event in life.events:
        written = json.loads(event.model_dump_json(exclude_defaults=True)) | {"type": event.type}
        (read,) = EVENTS.validate_python([written])
        assert hash_of(read) == hash_of(event)


def test_an_event_of_a_kind_that_only_a_newer_worker_knows_keeps_its_place() -> None:
    written = {
        "type": "telepathy",
        "seq": 7,
        "at": "2026-11-20T10:00:00Z",
        "by": "person:ann",
        "prev": "ab",
        "to": "bob",
    }
    (read,) = EVENTS.validate_python([written])
    assert isinstance(read, e.UnknownEvent)
    state = opened(small()).state
    after = evolve(state, read)
    assert (after.seq, after.owner, after.rung) == (7, state.owner, state.rung)
    with pytest.raises(ValidationError):
        EVENTS.validate_python([{**written, "type": "note_added"}])


@pytest.mark.req("IMP-14", "WHY-3")
def test_an_open_escalation_keeps_the_playbook_it_was_opened_with() -> None:
    life = opened(small())
    changed = small(levels=[{**small().levels[0].model_dump(), "ack": "1h", "last_resort": "role:boss"}])
    other = opened(changed)
    assert life.state.playbook_digest != other.state.playbook_digest
    read = Escalation.model_validate_json(life.state.model_dump_json())
    assert read.playbook == small()
    assert next_due(read) == next_due(life.state)
    assert {event.playbook_digest for event in life.all(e.Opened)} == {life.state.playbook_digest}
    twin = opened(small())
    assert twin.state.playbook_digest == life.state.playbook_digest
    assert [event.type for event in twin.events] == [event.type for event in life.events]


@pytest.mark.parametrize("duration", ["1s", "90m", "11d", "12d", "2w", "520w"])
def test_every_duration_of_a_playbook_is_read_as_it_was_written(duration: str) -> None:
    playbook = small(review={"due": duration, "remind": duration})
    state = blank(playbook)
    assert Escalation.model_validate_json(state.model_dump_json()) == state


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_the_state_keeps_the_latest_events_and_no_more() -> None:
    life = opened(small()).taken_by(ANN)
    for number in range(TAIL + 20):
        life.send(c.Note(by=ANN, text=f"note {number}"))
    assert len(life.state.tail) == TAIL
    assert life.state.tail[-1] == life.events[-1]
    long = opened(small()).taken_by(ANN)
    for _ in range(40):
        long.send(c.Note(by=ANN, text="x" * 19_000))
    assert sum(len(event.model_dump_json()) for event in long.state.tail) < TAIL_BYTES * 1.2


def test_answers_and_command_ids_are_remembered_in_bounds() -> None:
    life = opened(small()).taken_by(ANN)
    for number in range(REMEMBERED + 10):
        life.open(request_id=f"again-{number}")
        life.send(c.Note(by=ANN, text="x", command_id=f"n-{number}"))
    assert len(life.state.answers) == len(life.state.remembered) == REMEMBERED
    assert life.send(c.Note(by=ANN, text="x", command_id=f"n-{REMEMBERED + 9}")) == []


# --- determinism ----------------------------------------------------------------------------------------------------


@pytest.mark.req("DEF-7")
def test_the_same_playbook_and_the_same_inputs_decide_the_same() -> None:
    asked = request(SERVICE, facts={"flags.legal": True, "sentiment": -0.9})
    lives = [Life(SERVICE), Life(SERVICE)]
    for life in lives:
        life.open(asked)
        life.pass_time("3d")
    assert lives[0].events == lives[1].events
    assert lives[0].sent == lives[1].sent
