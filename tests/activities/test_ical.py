"""A calendar becomes shifts: expected instants are written by hand."""

from datetime import UTC, datetime

import pytest

from activities.ical import Reader
from escalation.errors import RemoteRefused
from tests.support.calendars import event, events

PEOPLE = {"Eva Nováková": "eva", "Jan": "jan", "jan@x.example": "jan"}
START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
LIE = b"""BEGIN:VTIMEZONE\r
TZID:%s\r
BEGIN:STANDARD\r
DTSTART:19700101T000000\r
TZOFFSETFROM:+0900\r
TZOFFSETTO:+0900\r
END:STANDARD\r
END:VTIMEZONE\r
"""


def read(*bodies: str, lie: bytes = b"") -> list[tuple[str, str, str]]:
    content = events(*bodies)
    if lie:
        content = content.replace(b"BEGIN:VEVENT", LIE % lie + b"BEGIN:VEVENT", 1)
    found = Reader(PEOPLE, "Europe/Prague", START, END).read(content)["shifts"]
    return [(person, start[5:16], end[5:16]) for person, start, end in found]


WEEKEND = [("jan", "10-23T16:00", "10-26T17:00")]
"""From Friday 23 October 18:00 to Monday 18:00 in Prague, where clocks go back on the Sunday."""


@pytest.mark.parametrize(
    "zone",
    [
        ";TZID=Europe/Prague",
        ";TZID=Central Europe Standard Time",
        ";TZID=/vendor.example/20260101_1/Europe/Prague",
        "",
    ],
    ids=["IANA", "Windows", "vendor", "floating"],
)
def test_a_time_is_that_of_its_zone_or_of_the_feeds_where_it_names_none(zone: str) -> None:
    assert read(event("Jan", "20261023T180000", "20261026T180000", zone=zone)) == WEEKEND


@pytest.mark.parametrize("name", ["Europe/Prague", "Central Europe Standard Time"])
def test_a_zone_counts_by_its_name_whatever_the_calendar_says_of_it(name: str) -> None:
    shift = event("Jan", "20261023T180000", "20261026T180000", zone=f";TZID={name}")
    assert read(shift, lie=name.encode()) == WEEKEND


@pytest.mark.parametrize("name", ["Mars/Base", "Mars/Europe/Prague", "../../etc/hostname", "Customized Time Zone"])
def test_a_zone_that_nobody_knows_is_refused_by_its_name_also_when_the_calendar_describes_it(name: str) -> None:
    shift = event("Jan", "20261023T180000", "20261026T180000", zone=f";TZID={name}")
    with pytest.raises(RemoteRefused, match=r"the event on line \d+ is in the unknown time zone"):
        read(shift, lie=name.encode())


def test_whole_days_are_those_of_the_feeds_zone_also_on_the_longest_day() -> None:
    shift = "SUMMARY:Jan\nDTSTART;VALUE=DATE:20261025"  # without an end: that day
    assert read(shift) == [("jan", "10-24T22:00", "10-25T23:00")]


def test_a_shift_starts_at_the_first_of_an_ambiguous_time_and_ends_at_the_last() -> None:
    shift = event("Jan", "20261025T023000", "20261025T060000")
    before = event("Eva Nováková", "20261024T080000", "20261025T023000")
    assert read(before, shift) == [("eva", "10-24T06:00", "10-25T01:30"), ("jan", "10-25T00:30", "10-25T05:00")]


def test_what_repeats_keeps_its_wall_time_and_knows_exceptions_additions_and_changes() -> None:
    weekly = event(
        "Jan",
        "20261012T080000",
        "20261013T080000",
        "RRULE:FREQ=WEEKLY;UNTIL=20261116T070000Z",
        "EXDATE;TZID=Europe/Prague:20261019T080000",
        "RDATE;TZID=Europe/Prague:20261021T080000",
    )
    found = read(weekly)
    assert [start for _, start, _ in found] == [
        "10-12T06:00", "10-21T06:00", "10-26T07:00", "11-02T07:00", "11-09T07:00", "11-16T07:00",
    ]  # fmt: skip
    moved = event(
        "Eva Nováková", "20261102T100000", "20261103T080000", "RECURRENCE-ID;TZID=Europe/Prague:20261102T080000"
    )
    gone = event(
        "Jan",
        "20261109T080000",
        "20261110T080000",
        "RECURRENCE-ID;TZID=Europe/Prague:20261109T080000",
        "STATUS:CANCELLED",
    )
    one = events(weekly, moved, gone).replace(b"UID:e1", b"UID:e0").replace(b"UID:e2", b"UID:e0")
    changed = Reader(PEOPLE, "Europe/Prague", START, END).read(one)["shifts"]
    starts = sorted((start[5:16], person) for person, start, _ in changed)
    assert [each for each in starts if each[0].startswith("11")] == [("11-02T09:00", "eva"), ("11-16T07:00", "jan")]


@pytest.mark.parametrize(
    ("said", "person"),
    [
        ("SUMMARY:jan", "jan"),
        ("SUMMARY:Na příjmu:  EVA   NOVÁKOVÁ (support)", "eva"),
        ("SUMMARY:shift\nATTENDEE:MAILTO:Jan@X.example", "jan"),
        ("SUMMARY:shift\nATTENDEE;CN=Eva Nováková:mailto:someone@else.example", "eva"),
        ("SUMMARY:Eva Nováková\nATTENDEE:mailto:jan@x.example", "jan"),
    ],
)
def test_whose_shift_it_is_stands_in_an_attendee_or_else_in_the_summary(said: str, person: str) -> None:
    assert read(f"{said}\nDTSTART:20261101T080000Z\nDTEND:20261102T080000Z") == [(person, "11-01T08:00", "11-02T08:00")]


@pytest.mark.parametrize("said", ["Janet", "Jan and Eva Nováková", "", "Ja\\, n"])
def test_nobody_is_guessed(said: str) -> None:
    with pytest.raises(RemoteRefused, match="it holds no shift of anybody"):
        read(f"SUMMARY:{said}\nDTSTART:20261101T080000Z\nDTEND:20261102T080000Z")


def test_shifts_far_away_are_not_known_and_one_that_runs_at_the_edge_is() -> None:
    found = read(
        event("Jan", "20260901T080000", "20260902T080000"),
        event("Jan", "20260930T080000", "20261002T080000"),
        event("Jan", "20261130T080000", "20261215T080000"),
        event("Jan", "20261201T080000", "20261202T080000"),
    )
    assert [start for _, start, _ in found] == ["09-30T06:00", "11-30T07:00"]
