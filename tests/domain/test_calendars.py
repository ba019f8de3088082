"""Business calendars: the hours that count, by hand where clocks change, and against an independent reckoning."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import businesstimedelta
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from escalation.calendars import WEEKDAYS, Calendar, Weekday, later, passed

SPLIT = ["09:00-12:00", "13:00-17:00"]


def office(zone: str = "Europe/Budapest", hours: list[str] | None = None, **more: Any) -> Calendar:
    week = {day: hours or ["09:00-17:00"] for day in WEEKDAYS[:5]}
    return Calendar.model_validate({"time_zone": zone, "week": week, **more})


def local(text: str, zone: str = "Europe/Budapest", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


HOLIDAYS: dict[str, Any] = {"holidays_on": {"2026-12-25": "Christmas Day (HU)", "2027-01-01": "New Year's Day (HU)"}}
SATURDAY: dict[str, Any] = {"extra": {"2026-12-12": ["08:00-10:00"]}}
NIGHT = ["22:00-06:00"]


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "end"),
    [
        # within a slot, across the pause at noon, and ending with the slot
        (office(hours=SPLIT), "2026-11-18T09:30", 2, "2026-11-18T11:30"),
        (office(hours=SPLIT), "2026-11-18T11:00", 2, "2026-11-18T14:00"),
        (office(hours=SPLIT), "2026-11-18T09:00", 7, "2026-11-18T17:00"),
        # before it opens, after it closed, over the weekend
        (office(), "2026-11-18T05:00", 1, "2026-11-18T10:00"),
        (office(), "2026-11-18T18:00", 1, "2026-11-19T10:00"),
        (office(), "2026-11-20T16:00", 2, "2026-11-23T10:00"),
        # a holiday in the middle of a clock; the end of the year
        (office(**HOLIDAYS), "2026-12-24T16:00", 2, "2026-12-28T10:00"),
        (office(**HOLIDAYS), "2026-12-31T16:30", 1, "2027-01-04T09:30"),
        # a Saturday that is worked, and one day that is closed
        (office(**SATURDAY), "2026-12-11T16:30", 1, "2026-12-12T08:30"),
        (office(closed={"2026-11-19": "stocktaking"}), "2026-11-18T16:30", 1, "2026-11-20T09:30"),
        # a leap day that is a working day
        (office(), "2028-02-28T16:00", 9, "2028-02-29T17:00"),
        # a night shift across midnight: Friday's night belongs to Friday
        (office(hours=NIGHT), "2026-11-19T23:00", 3, "2026-11-20T02:00"),
        (office(hours=NIGHT), "2026-11-20T23:00", 8, "2026-11-23T23:00"),
        # clocks go forward on 2026-03-29 and back on 2026-10-25: the night is an hour shorter, or longer
        (office(hours=NIGHT, week={"saturday": NIGHT}), "2026-03-28T22:00", 7, "2026-03-29T06:00"),
        (office(hours=NIGHT, week={"saturday": NIGHT}), "2026-10-24T22:00", 9, "2026-10-25T06:00"),
        # the same in New York, two and one weeks away from Europe's changes
        (office("America/New_York", week={"saturday": NIGHT}), "2026-03-07T22:00", 7, "2026-03-08T06:00"),
        (office("America/New_York", week={"saturday": NIGHT}), "2026-10-31T22:00", 9, "2026-11-01T06:00"),
    ],
)
def test_business_time_ends_at_the_instant_that_was_reckoned_by_hand(
    calendar: Calendar, start: str, hours: float, end: str
) -> None:
    zone = calendar.time_zone
    reached = calendar.add(local(start, zone), timedelta(hours=hours))
    assert reached.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")[:16] == end
    assert calendar.between(local(start, zone), reached) == timedelta(hours=hours)


def test_an_hour_that_comes_twice_is_open_from_its_first_beginning_to_its_last_end() -> None:
    calendar = office(week={"sunday": ["02:30-02:45"]})
    opens, closes = local("2026-10-25T02:30"), local("2026-10-25T02:45", fold=1)
    assert calendar.between(opens, closes + timedelta(days=1)) == timedelta(hours=1, minutes=15)
    assert calendar.is_open(opens)
    assert calendar.is_open(local("2026-10-25T02:15", fold=1))
    assert not calendar.is_open(closes)


def test_a_wall_time_that_is_skipped_is_read_with_the_offset_from_before() -> None:
    calendar = office(week={"sunday": ["02:30-05:00"]})
    assert calendar.add(local("2026-03-29T00:00"), timedelta(0)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_person_in_another_zone_sees_the_same_instants() -> None:
    calendar = office("Asia/Tokyo")
    assert calendar.add(local("2026-11-18T01:00"), timedelta(hours=9)) == local("2026-11-19T10:00", "Asia/Tokyo")


def test_slots_that_overlap_count_once() -> None:
    calendar = office(hours=["09:00-12:00", "11:00-13:00"])
    assert calendar.between(local("2026-11-18T00:00"), local("2026-11-19T00:00")) == timedelta(hours=4)


def test_it_opens_and_closes_at_the_instants_it_names() -> None:
    calendar = office(hours=SPLIT)
    found = list(calendar.changes(local("2026-11-20T10:00"), local("2026-11-23T10:00")))
    expected = ["2026-11-20T12:00", "2026-11-20T13:00", "2026-11-20T17:00", "2026-11-23T09:00"]
    assert found == [local(text) for text in expected]


def test_slots_that_follow_each_other_change_nothing_where_they_meet() -> None:
    calendar = office(week={"monday": ["18:00-24:00"], "tuesday": ["00:00-08:00"]})
    found = list(calendar.changes(local("2026-11-16T12:00"), local("2026-11-18T12:00")))
    assert found == [local("2026-11-16T18:00"), local("2026-11-17T08:00")]


def test_it_says_why_a_day_has_the_hours_it_has() -> None:
    calendar = office(hours=SPLIT, closed={"2026-12-24": "Christmas Eve"}, **HOLIDAYS, **SATURDAY)
    days = {"2026-12-24": "closed: Christmas Eve", "2026-12-25": "closed: Christmas Day (HU)"}
    days |= {"2026-12-12": "08:00-10:00", "2026-12-13": "closed", "2026-12-14": "09:00-12:00, 13:00-17:00"}
    assert {day: calendar.why(date.fromisoformat(day)) for day in days} == days


def test_without_a_calendar_time_is_wall_time() -> None:
    start = local("2026-11-20T16:00")
    assert later(None, start, timedelta(hours=2)) - start == timedelta(hours=2)
    assert passed(None, start, start + timedelta(days=3)) == timedelta(days=3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"week": {"monday": ["9-17"]}}, "expected wall times such as 09:00-17:30"),
        ({"week": {"monday": ["09:00-25:00"]}}, "expected wall times such as 09:00-17:30"),
        ({"week": {"monday": []}}, "never opens"),
        ({"week": {"funday": ["09:00-17:00"]}}, "'monday'"),
        ({"time_zone": "Europe/Nowhere"}, "not a known time zone"),
        ({"closed": {"2026-12-12": "x"}, **SATURDAY}, "both in `closed` and in `extra`"),
    ],
)
def test_a_wrong_calendar_says_what_was_expected(wrong: dict[str, Any], message: str) -> None:
    content = {"time_zone": "Europe/Prague", "week": {"monday": ["09:00-17:00"]}, **wrong}
    with pytest.raises(ValidationError, match=message):
        Calendar.model_validate(content)


def test_it_comes_back_from_json_as_it_was() -> None:
    calendar = office(hours=["13:00-24:00", *NIGHT], **HOLIDAYS, **SATURDAY)
    assert Calendar.model_validate_json(calendar.model_dump_json()) == calendar


# --- against an independent library -----------------------------------------------------------------------------------

HOURS = st.tuples(st.integers(0, 10), st.integers(12, 23)).map(lambda span: (time(span[0]), time(span[1])))
WEEKS = st.dictionaries(st.sampled_from(list(enumerate(WEEKDAYS))), HOURS, min_size=1)
INSTANTS = st.integers(0, 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
MINUTES = st.integers(1, 60 * 100).map(lambda minutes: timedelta(minutes=minutes))
MONTHS = frozenset(date(year, month, 1) for year in range(2025, 2030) for month in range(1, 13))
"""Always closed: the library looks for the next holiday day by day, and fails where there is none."""
CLOSED = st.frozensets(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=20).map(MONTHS.union)


def both(
    week: dict[tuple[int, Weekday], tuple[time, time]], closed: frozenset[date]
) -> tuple[Calendar, businesstimedelta.Rules]:
    ours = Calendar.model_validate(
        {
            "time_zone": "UTC",
            "week": {day: [f"{start:%H:%M}-{end:%H:%M}"] for (_, day), (start, end) in week.items()},
            "closed": {day.isoformat(): "closed" for day in closed},
        }
    )
    days = [
        businesstimedelta.WorkDayRule(start_time=start, end_time=end, working_days=[number])
        for (number, _), (start, end) in week.items()
    ]
    away = businesstimedelta.HolidayRule(dict.fromkeys(closed, "closed"))
    return ours, businesstimedelta.Rules([*days, away])


@given(WEEKS, CLOSED, INSTANTS, MINUTES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_time_added_agrees_with_an_independent_library(
    week: dict[tuple[int, Weekday], tuple[time, time]], closed: frozenset[date], at: datetime, duration: timedelta
) -> None:
    ours, theirs = both(week, closed)
    expected = at + businesstimedelta.BusinessTimeDelta(theirs, timedelta=duration)
    reached = ours.add(at, duration)
    # At the end of a slot both are right: it has just closed, and nothing counts until it opens again.
    assert ours.between(at, reached) == duration
    assert reached == expected or ours.between(*sorted((reached, expected))) == timedelta(0)


@given(WEEKS, CLOSED, INSTANTS, MINUTES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_time_measured_agrees_with_an_independent_library(
    week: dict[tuple[int, Weekday], tuple[time, time]], closed: frozenset[date], at: datetime, span: timedelta
) -> None:
    ours, theirs = both(week, closed)
    found = theirs.difference(at, at + span)
    assert ours.between(at, at + span) == found.timedelta
    assert ours.between(at + span, at) == -found.timedelta


@given(INSTANTS, MINUTES, MINUTES, st.sampled_from(["Europe/Budapest", "America/New_York", "Australia/Lord_Howe"]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_time_added_in_two_parts_is_time_added_at_once(
    at: datetime, first: timedelta, second: timedelta, zone: str
) -> None:
    calendar = office(zone, ["00:30-02:30", "22:00-23:30"], week={"sunday": ["01:00-05:00"], "saturday": NIGHT})
    assert calendar.add(calendar.add(at, first), second) == calendar.add(at, first + second)


# --- years are not walked through day by day --------------------------------------------------------------------------

SLOTS = st.sampled_from(["00:00-24:00", "00:30-02:30", "01:30-03:30", "09:00-12:00", "10:00-17:30", "22:00-06:00"])
ANY_WEEK = st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(SLOTS, min_size=1, max_size=3), min_size=1)
ZONES = st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Gaza"])
SPECIAL = st.dictionaries(st.dates(date(2038, 1, 1), date(2042, 12, 31)), st.lists(SLOTS, max_size=2), max_size=8)
YEARS = st.integers(0, 5 * 365 * 86_400).map(lambda seconds: datetime(2038, 1, 1, tzinfo=UTC) + timedelta(0, seconds))


@given(ANY_WEEK, ZONES, SPECIAL, YEARS, YEARS)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_whole_weeks_at_once_come_to_what_their_days_come_to(
    week: dict[Weekday, list[str]], zone: str, special: dict[date, list[str]], at: datetime, other: datetime
) -> None:
    calendar = Calendar.model_validate({"time_zone": zone, "week": week, "extra": special})
    start, end = sorted((at, other))
    by_days, instant = timedelta(0), start
    while instant < end:
        until = min(instant + timedelta(days=1), end)  # too short for a week to be skipped
        by_days, instant = by_days + calendar.between(instant, until), until
    assert calendar.between(start, end) == by_days
    if by_days:
        reached = calendar.add(start, by_days)
        assert reached <= end
        assert calendar.between(reached, end) == timedelta(0)
        assert calendar.between(reached - timedelta(seconds=1), reached) > timedelta(0)


def test_ten_years_of_business_time_take_less_than_five_milliseconds() -> None:
    start, end = datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2036, 11, 20, 10, tzinfo=UTC)
    calendar, spent = office(hours=SPLIT), []
    for _ in range(5):  # the calendar of a playbook is one for all its escalations, and remembers
        begun = process_time()
        duration = calendar.between(start, end)
        assert calendar.add(start, duration) == end
        spent.append((process_time() - begun) / 2)
    assert min(spent) < 0.005
