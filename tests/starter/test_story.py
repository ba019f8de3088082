"""Every event has words, and a forecast says with each call who is called."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from escalation.model import events as e
from escalation.people.found import FoundPerson, People
from escalation.playbook.clocks import ClockName
from starter.line import Weight
from starter.steps import step_key, steps
from starter.story import _WORDS, say, tell

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def rung(seq: int, seconds: float = 0, rung: str = "L2/1") -> e.RungOpened:
    at = AT + timedelta(minutes=15)
    return e.RungOpened(
        seq=seq,
        at=AT + timedelta(seconds=seconds),
        by="system:engine",
        rung=rung,
        round=1,
        targets=("oncall:platform",),
        due=at,
        because="silence",
    )


def found(seq: int, purpose: str, *people: str, seconds: float = 0) -> e.PeopleResolved:
    who = tuple(FoundPerson(person=person, via="oncall:platform", note="has the shift") for person in people)
    at = AT + timedelta(seconds=seconds)
    return e.PeopleResolved(seq=seq, at=at, by="system:engine", purpose=purpose, found=People(people=who))


def test_every_kind_of_event_has_words() -> None:
    kinds = get_args(get_args(e.KnownEvent)[0])
    assert set(_WORDS) == {*kinds, e.UnknownEvent}


def test_an_event_of_a_newer_version_is_told_by_its_name() -> None:
    event = e.UnknownEvent(seq=1, at=AT, by="system:engine", type="coffee_served")
    assert say(event).what.startswith("coffee served")


def test_a_story_leaves_bookkeeping_out_and_keeps_why() -> None:
    events: list[e.Event] = [
        e.OwnerChanged(seq=1, at=AT, by="person:eva", owner="person:eva", previous="team:desk", because="acknowledged"),
        e.ClockStopped(seq=2, at=AT, by="person:eva", clock=ClockName.ACKNOWLEDGE),
    ]
    (line,) = tell(events)
    assert (line.who, line.what, line.why) == ("eva", "owner: eva (before: team:desk)", "acknowledged")
    assert line.weight is Weight.TURN
    assert [told.seq for told in tell(events, Weight.DETAIL)] == [1, 2]


def test_a_forecast_says_with_each_round_who_is_called_and_why_they() -> None:
    (step,) = steps([rung(1), found(2, "rung:L2/1", "person:mei", "person:sara")])
    assert step.who == ("person:mei", "person:sara")
    assert step.why == "silence; has the shift"
    assert "L2, round 1" in step.what


def test_a_forecast_says_with_a_warning_who_is_warned() -> None:
    warned = e.ClockWarned(seq=1, at=AT, by="system:engine", clock=ClockName.ACKNOWLEDGE)
    told = found(2, "tell:acknowledge is close to its limit", "person:bence")
    (step,) = steps([warned, told])
    assert step.who == ("person:bence",)


def test_the_round_that_was_open_already_is_the_same_step_as_the_round_that_was_opened() -> None:
    (step,) = steps([found(5, "rung:L2/1", "person:mei")])
    assert step.key == step_key(rung(1)) != step_key(rung(1, rung="L2/2"))


@pytest.mark.parametrize("event", [rung(1), found(2, "rung:L2/1", "person:mei")])
def test_words_name_people_by_their_id_alone(event: e.Event) -> None:
    assert "person:" not in say(event).what
