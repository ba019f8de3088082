"""Absence: who is asked instead of somebody who is away, and that it is said why."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

import pytest

from escalation.documents import parse_document
from escalation.errors import DocumentError
from escalation.people.directory import Directory, check_directory
from escalation.people.found import People
from escalation.people.search import Search

AWAY = "away: [{start: 2026-08-01T00:00:00Z, end: 2026-08-15T00:00:00Z, why: on holiday}]"
PEOPLE = """\
    people:
      - {id: ann, name: Ann, time_zone: UTC, contacts: [{channel: inbox, address: ann}], ANN}
      - {id: bob, name: Bob, time_zone: UTC, contacts: [{channel: inbox, address: bob}], BOB}
      - {id: cleo, name: Cleo, time_zone: UTC, contacts: [{channel: inbox, address: cleo}], CLEO}
      - {id: dora, name: Dora, time_zone: UTC, contacts: [{channel: inbox, address: dora}]}
    teams:
      - {id: desk, name: Desk, members: [ann, bob]}
    roles:
      lead: {holders: [ann, dora]}
    rotations:
      days: {people: [ann, bob, cleo], every: 1d, time_zone: UTC, hand_over: {at: 09:00}, starts_on: 2026-08-03}
    """
IN_AUGUST, AFTERWARDS = datetime(2026, 8, 3, 12, tzinfo=UTC), datetime(2026, 8, 15, tzinfo=UTC)


def made(ann: str = AWAY, bob: str = "rank: 0", cleo: str = "rank: 0") -> Directory:
    text = PEOPLE.replace("ANN}", f"{ann}}}").replace("BOB}", f"{bob}}}").replace("CLEO}", f"{cleo}}}")
    return check_directory(parse_document(dedent(text), "people.yaml"))


def found(directory: Directory, target: str, at: datetime = IN_AUGUST) -> People:
    return directory.find(Search(targets=(target,), fallback="role:lead"), at)


def names(people: People) -> list[str]:
    return [each.person.partition(":")[2] for each in people.people]


@pytest.mark.req("EP-O5")
def test_a_deputy_is_asked_while_a_person_is_away_and_it_is_said_why() -> None:
    directory = made(f"{AWAY}, deputy: dora")
    for target in ("person:ann", "role:lead"):
        people = found(directory, target)
        assert names(people) == ["dora"]
        assert people.people[0].note == "deputy: ann is away until 2026-08-15 00:00 UTC"
    assert names(found(directory, "person:ann", AFTERWARDS)) == ["ann"]


def test_a_deputy_who_is_away_too_has_a_deputy_of_their_own() -> None:
    directory = made(f"{AWAY}, deputy: bob", f"{AWAY}, deputy: cleo")
    assert names(found(directory, "person:ann")) == ["cleo"]
    assert "person:cleo" in directory.members("person:ann"), "and may act for it"


def test_without_a_deputy_the_others_are_asked_and_the_absence_is_said() -> None:
    people = found(made(), "team:desk")
    assert names(people) == ["bob"]
    assert people.notes == ("team:desk: ann is away until 2026-08-15 00:00 UTC and has no deputy who is there.",)
    assert names(found(made(), "role:lead")) == ["dora"], "the next holder"


def test_when_nobody_is_there_the_fallback_is_asked() -> None:
    people = found(made(bob=AWAY), "team:desk")
    assert (names(people), people.fell_back) == (["dora"], True)


def test_whoever_has_the_shift_and_is_away_is_covered_by_the_next_in_turn() -> None:
    people = found(made(), "oncall:days")
    assert names(people) == ["bob"]
    assert people.people[0].note == "has a later turn, ann is away (rotation days)"


def test_a_deputy_comes_before_the_next_in_turn() -> None:
    people = found(made(f"{AWAY}, deputy: dora"), "oncall:days")
    assert names(people) == ["dora"]
    assert "ann is away until 2026-08-15" in people.people[0].note


def test_hours_without_a_shift_are_said_with_their_end_and_the_fallback_is_asked() -> None:
    text = PEOPLE.replace("ANN}", "rank: 0}").replace("BOB}", "rank: 0}").replace("CLEO}", "rank: 0}")
    text = text.replace("every: 1d", 'every: 1d, only: {tuesday: ["09:00-17:00"]}')
    people = found(check_directory(parse_document(dedent(text), "people.yaml")), "oncall:days")
    assert people.fell_back
    assert "nobody has the shift of rotation `days` until 2026-08-04 09:00 UTC" in people.notes[0]


def test_deputies_in_a_circle_are_refused_with_their_line() -> None:
    with pytest.raises(DocumentError) as refused:
        made("deputy: bob", "deputy: cleo", "deputy: ann")
    assert [str(finding) for finding in refused.value.findings] == [
        "people.yaml:2: people.0.deputy: `ann` is their own deputy by way of bob, cleo; expected a chain that ends"
    ]


def test_an_absence_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(DocumentError, match="expected `start` before `end`"):
        made("away: [{start: 2026-08-02T00:00:00Z, end: 2026-08-01T00:00:00Z}]")


def test_a_deputy_who_may_not_be_asked_or_declined_has_a_deputy_of_their_own() -> None:
    directory = made(f"{AWAY}, deputy: bob", "deputy: cleo")
    search = Search(targets=("person:ann",), fallback="role:lead")
    for avoided in ({"exclude": ("person:bob",)}, {"declined": ("person:bob",)}):
        assert names(directory.find(search.changed(avoided), IN_AUGUST)) == ["cleo"]
    only = search.changed({"declined": ("person:bob", "person:cleo")})
    assert names(directory.find(only, IN_AUGUST)) == ["bob"], "declined, but nobody else is left"


def test_why_somebody_is_away_is_told_to_nobody() -> None:
    people = found(made(f"{AWAY}, deputy: dora"), "person:ann")
    assert "holiday" not in people.model_dump_json()


def test_beneath_an_override_that_is_away_the_regular_shift_is_asked() -> None:
    text = PEOPLE.replace("ANN}", f"{AWAY}}}").replace("BOB}", "rank: 0}").replace("CLEO}", "rank: 0}")
    turn = "{people: [bob, cleo], every: 1d, time_zone: UTC, hand_over: {at: 09:00}, starts_on: 2026-08-03, MORE}"
    above = "above: [{people: [ann], every: 1d, hand_over: {at: 09:00}, starts_on: 2026-08-03}]"
    override = "overrides: [{start: 2026-08-03T00:00:00Z, end: 2026-08-04T00:00:00Z, person: ann}]"
    days = next(line for line in text.splitlines() if "days:" in line)
    for more in (above, override):
        changed = text.replace(days, f"      days: {turn.replace('MORE', more)}")
        people = found(check_directory(parse_document(dedent(changed), "people.yaml")), "oncall:days")
        assert (names(people), people.fell_back) == (["bob"], False)
