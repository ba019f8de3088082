"""A worker that was rolled back reads what a newer one has written."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from escalation.lifecycle import evolve
from escalation.model import actions
from escalation.model.actions import Action, Notify, UnknownAction
from escalation.model.events import Event, NoteAdded, UnknownEvent
from escalation.model.start import Carried, Start
from escalation.model.state import Escalation
from escalation.playbook.load import Shelf, shipped_folder

LOADED = Shelf(shipped_folder()).get("it-service-management")
PLACE: dict[str, Any] = {"seq": 1, "at": "2026-11-21T12:00:00Z", "by": "person:eva", "prev": ""}
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def blank() -> Escalation:
    return Escalation(id="e", instance="i", playbook=LOADED.playbook, playbook_digest=LOADED.digest)


def test_an_event_of_a_kind_that_is_not_known_here_keeps_its_place_and_changes_nothing_else() -> None:
    event = EVENT.validate_python({**PLACE, "type": "teleported", "where": "elsewhere"})
    assert isinstance(event, UnknownEvent)
    after = evolve(blank(), event)
    assert after.seq == 1
    assert after.tail == (event,)
    assert after.changed({"seq": 0, "tail": (), "tail_bytes": 0, "last_hash": ""}) == blank()


def test_a_field_that_is_not_known_here_is_ignored() -> None:
    event = EVENT.validate_python({**PLACE, "type": "note_added", "text": "looking", "mood": "calm"})
    assert event == NoteAdded(seq=1, at=datetime(2026, 11, 21, 12, tzinfo=UTC), by="person:eva", text="looking")


def test_an_event_of_a_known_kind_that_lacks_something_is_an_error_still() -> None:
    with pytest.raises(ValidationError):
        EVENT.validate_python({**PLACE, "type": "note_added"})


MUSIC: dict[str, Any] = {"type": "play_music", "key": "i/3/music", "content": "a waltz", "volume": 3}
"""An action that this version does not know."""


def carrying(*pending: dict[str, Any]) -> dict[str, Any]:
    carried = {"state": blank().model_dump(mode="json"), "pending": pending}
    return {"playbook": "it-service-management", "carried": carried}


def test_an_action_of_a_kind_that_is_not_known_here_is_kept_and_passed_on_as_it_came() -> None:
    news = {"type": "notify", "key": "i/2/a", "to": "person:eva", "kind": "news", "subject": "s", "body": "b"}
    start = Start.model_validate(carrying(MUSIC, news))
    assert start.carried is not None
    assert [type(action) for action in start.carried.pending] == [UnknownAction, Notify]
    passed_on = Carried(state=blank(), pending=start.carried.pending)
    assert passed_on.model_dump(mode="json")["pending"][0] == MUSIC
    again = Start.model_validate_json(Start(playbook="it-service-management", carried=passed_on).model_dump_json())
    assert again.carried is not None
    assert again.carried.pending == start.carried.pending


def test_an_action_of_a_known_kind_that_lacks_something_is_an_error_still() -> None:
    with pytest.raises(ValidationError):
        Start.model_validate(carrying({"type": "notify", "key": "i/2/a"}))


def test_every_kind_of_action_is_known() -> None:
    kinds = get_args(get_args(Action)[0])
    assert {kind.model_fields["type"].default for kind in kinds} == actions._KNOWN


def test_what_a_run_carries_over_may_hold_fields_and_events_that_only_a_newer_worker_knows() -> None:
    state = blank().model_dump(mode="json")
    state["tail"] = [{**PLACE, "type": "teleported", "where": "elsewhere"}]
    state["mood"] = "calm"
    state["playbook"]["weather"] = "fair"
    carried = {"state": state, "pending": [], "journal": [], "repeats": 0, "luggage": 2}
    start = Start.model_validate({"playbook": "it-service-management", "carried": carried})
    assert start.carried is not None
    assert isinstance(start.carried.state.tail[0], UnknownEvent)
