"""Swaps: exactly two shifts change hands, and what cannot be is named with its line."""

from datetime import UTC, date, datetime, timedelta
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.calendars import WEEKDAYS
from escalation.documents import parse_document
from escalation.errors import DocumentError
from escalation.people.directory import check_directory
from escalation.people.schedules import Rotation, coming, on_call

WEEKLY: dict[str, Any] = {
    "people": ["ann", "bob", "cyd"],
    "time_zone": "Europe/Prague",
    "hand_over": {"weekday": "monday", "at": "08:00"},
    "starts_on": date(2026, 1, 5),
}
NIGHTS: dict[str, Any] = {
    "people": ["bob", "dan"],
    "every": "1d",
    "hand_over": {"at": "08:00"},
    "starts_on": date(2026, 1, 5),
    "only": {day: ["18:00-06:00"] for day in WEEKDAYS},
}


def rotation(*swaps: dict[str, Any], **more: Any) -> Rotation:
    return Rotation.model_validate({**WEEKLY, **more, "swaps": swaps})


def who(team: Rotation, at: datetime) -> str:
    found = on_call(team, at)
    return found.person if found else ""


def test_two_people_exchange_two_shifts_and_are_told_with_whom_and_why() -> None:
    given_ = datetime(2026, 1, 5, 7, tzinfo=UTC)
    swapped = rotation(
        {"a": "ann", "a_start": given_, "b": "bob", "b_start": given_ + timedelta(days=7), "why": "skiing"}
    )
    assert [who(swapped, given_ + timedelta(days=days)) for days in (0, 7, 14, 21)] == ["bob", "ann", "cyd", "ann"]
    found = on_call(swapped, given_)
    assert found is not None
    assert found.why == "has the shift until 2026-01-12 08:00 Europe/Prague, swapped with ann: skiing"
    assert found.others == ("ann", "cyd"), "who has given the shift is asked too, when the other is away"


def test_one_takes_over_a_shift_without_return() -> None:
    swapped = rotation({"a": "ann", "a_start": datetime(2026, 1, 5, 7, tzinfo=UTC), "b": "zoe"})
    found = on_call(swapped, datetime(2026, 1, 6, tzinfo=UTC))
    assert found is not None
    assert (found.person, found.others) == ("zoe", ("bob", "cyd", "ann"))
    assert "taken over from ann" in found.why
    assert "zoe" in swapped.everybody


def test_a_shift_of_a_layer_is_named_by_its_hand_over_or_by_when_it_is_first_on() -> None:
    for start in ("2026-01-05T08:00+01:00", "2026-01-05T18:00+01:00"):
        swapped = rotation({"a": "bob", "a_start": start, "b": "cyd"}, above=[NIGHTS])
        assert who(swapped, datetime(2026, 1, 5, 20, tzinfo=UTC)) == "cyd"
        assert who(swapped, datetime(2026, 1, 5, 12, tzinfo=UTC)) == "ann"
        assert who(swapped, datetime(2026, 1, 7, 20, tzinfo=UTC)) == "bob"


def test_an_override_counts_more_than_a_swap() -> None:
    start = datetime(2026, 1, 5, 7, tzinfo=UTC)
    override = {"start": start, "end": start + timedelta(days=1), "person": "zoe"}
    swapped = rotation({"a": "ann", "a_start": start, "b": "bob"}, overrides=[override])
    assert [who(swapped, start + timedelta(days=days)) for days in (0, 1)] == ["zoe", "bob"]


@given(st.integers(-30, 90), st.integers(-30, 90), st.booleans(), st.lists(st.integers(-5000, 15000), max_size=25))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_a_swap_changes_who_is_on_call_exactly_inside_the_two_shifts(
    first: int, second: int, layered: bool, hours: list[int]
) -> None:
    more = {"above": [NIGHTS]} if layered else {}
    plain = rotation(**more)
    turns = plain.layers[-1]
    one, two = turns.shift(first), turns.shift(second)
    if one.person == two.person:
        return
    swap = {"a": one.person, "a_start": one.start, "b": two.person, "b_start": two.start}
    swapped = rotation(swap, **more)
    taker = {first: two.person, second: one.person}
    edges = [
        edge + step for shift in (one, two) for edge in shift[1:] for step in (timedelta(0), timedelta(seconds=-1))
    ]
    for at in [*edges, *(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hour) for hour in hours)]:
        number = turns.number(at)
        by_night = layered and plain.layers[0].is_on(at)
        expected = who(plain, at) if by_night or number not in taker else taker[number]
        assert who(swapped, at) == expected
    start = min(one.start, two.start) - timedelta(days=3)
    parts = list(coming(swapped, start, start + timedelta(days=40)))
    assert [part.start for part in parts[1:]] == [part.end for part in parts[:-1]]


DIRECTORY = """\
    people:
      - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}]}
      - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}], away: [
          {start: 2026-01-20T00:00:00Z, end: 2026-01-21T00:00:00Z, why: nobody's business}]}
      - {id: cyd, name: Cyd, time_zone: UTC, contacts: [{channel: inbox, address: cyd}]}
    rotations:
      desk:
        people: [ann, bob, cyd]
        time_zone: UTC
        hand_over: {weekday: monday, at: 08:00}
        starts_on: 2026-01-05
        swaps:
          - {a: ann, a_start: 2026-01-05T08:00:00Z, b: bob, b_start: 2026-01-12T08:00:00Z}
          - """


@pytest.mark.parametrize(
    ("swap", "line", "path", "said"),
    [
        ("{a: cyd, a_start: 2026-01-19T08:00:00Z, b: bob}", 14, "a_start",
         "leaves a gap: bob takes this shift and is away in it, until 2026-01-21T00:00+00:00; expected somebody who"),
        ("{a: bob, a_start: 2026-01-12T08:00:00Z, b: cyd}", 14, "a_start",
         "this shift is swapped already, on line 13; expected one swap of a shift"),
        ("{a: ann, a_start: 2026-01-12T08:00:00Z, b: cyd}", 14, "a_start",
         "theirs that are near start at 2026-01-05T08:00+00:00 and 2026-01-26T08:00+00:00"),
        ("{a: zoe, a_start: 2026-01-12T08:00:00Z, b: cyd}", 14, "a", "no person `zoe`; expected the id of a person"),
        ("{a: ann, a_start: 2026-01-26T08:00:00Z, b: an}", 14, "b", "no person `an`; did you mean `ann`?"),
        ("{a: ann, a_start: 2026-01-26T08:00:00Z, b: ann}", 14, "", "swaps a shift of one person with themselves"),
        ("{a: ann, a_start: 2026-01-26T08:00:00, b: cyd}", 14, "a_start", "expected a moment with its offset"),
    ],
)  # fmt: skip
def test_a_swap_that_cannot_be_is_named_with_its_line(swap: str, line: int, path: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        check_directory(parse_document(dedent(DIRECTORY + swap), "people.yaml"))
    where = f"rotations.desk.swaps.1{f'.{path}' if path else ''}"
    found = [finding for finding in refused.value.findings if finding.path == where]
    assert [finding.line for finding in found] == [line]
    assert said in found[0].message
    assert "nobody's business" not in str(refused.value)


@pytest.mark.parametrize(
    "swap",
    [
        "{a: cyd, a_start: 2026-01-19T08:00:00Z, b: bob, forced: the deputy knows}",
        "{a: cyd, a_start: 2025-12-29T08:00:00Z, b: ann, why: long ago}",
        "{a: cyd, a_start: 2026-01-19T10:00:00+02:00, b: ann}",
    ],
    ids=["forced", "past", "in another zone"],
)
def test_a_swap_that_is_forced_or_lies_in_the_past_is_fine(swap: str) -> None:
    directory = check_directory(parse_document(dedent(DIRECTORY + swap), "people.yaml"))
    assert len(directory.rotations["desk"].swaps) == 2


@pytest.mark.parametrize(
    ("rotation", "path", "said"),
    [
        ("{people: [], every: 1d, time_zone: UTC, hand_over: {at: 08:00}, starts_on: 2026-01-05}", "people",
         "this list is empty"),
        ("{feed: {file: x.ics, people: {}, time_zone: UTC}}", "feed", "is a feed of nobody"),
        ("{feed: {file: x.ics, people: {Ann: ann}, time_zone: UTC}, people: [ann]}", "",
         "has a `feed` and turns of its own (`people`); expected one of them"),
        ("{feed: {file: x.ics, url: 'https://x', people: {Ann: ann}, time_zone: UTC}}", "feed",
         "expected either `file` or `url`"),
        ("{feed: {file: x.ics, people: {Ann: an}, time_zone: UTC}}", "feed.people.Ann", "did you mean `ann`?"),
        ("{fed: {file: x.ics}}", "fed", "did you mean `feed`?"),
        ("{feed: {file: x.ics, people: {Ann: ann}, time_zone: UTC}, overrides: [{person: ann}]}", "overrides.0.start",
         "`start` is missing"),
    ],
)  # fmt: skip
def test_a_rotation_of_nobody_or_of_two_kinds_is_named_with_its_line(rotation: str, path: str, said: str) -> None:
    text = dedent(DIRECTORY).rstrip("- \n")
    with pytest.raises(DocumentError) as refused:
        check_directory(parse_document(f"{text}\n  other: {rotation}\n", "people.yaml"))
    where = f"rotations.other{f'.{path}' if path else ''}"
    [finding] = [finding for finding in refused.value.findings if finding.path == where]
    assert finding.line == text.count("\n") + 2
    assert said in finding.message
