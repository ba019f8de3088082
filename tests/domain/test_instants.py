"""Instants written by hand: what shifts, business hours and clocks come to where calendars are awkward.

Every expected instant was worked out on paper from the rules in ``escalation/people/turns.py`` and
``escalation/calendars.py``, and from when clocks change in 2026:

    Europe/Prague        29 March 01:00 UTC (+1 to +2)              25 October 01:00 UTC (+2 to +1)
    America/New_York      8 March 07:00 UTC (-5 to -4)               1 November 06:00 UTC (-4 to -5)
    Australia/Lord_Howe   4 April 15:00 UTC (+11 to +10:30)          3 October 15:30 UTC (+10:30 to +11)
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from escalation.calendars import WEEKDAYS, Calendar
from escalation.model import commands as c
from escalation.people.schedules import Rotation, on_call
from escalation.playbook.clocks import ClockName
from tests.domain.builders import ANN, Life, small
from tests.domain.test_clocks import LEVELS, clock

PRAGUE, NEW_YORK, LORD_HOWE = "Europe/Prague", "America/New_York", "Australia/Lord_Howe"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(zone: str, at: str, starts_on: str, *people: str, **more: Any) -> Rotation:
    return Rotation.model_validate(
        {
            "people": people,
            "every": "1d",
            "time_zone": zone,
            "hand_over": {"at": at},
            "starts_on": date.fromisoformat(starts_on),
            **more,
        }
    )


# Who hands over at which wall time, from which day on; then three shifts: their start and their end, in UTC.
SHIFTS = {
    "clocks go forward over the hand-over in Prague: 02:30 is read as 03:30": (
        (PRAGUE, "02:30", "2026-03-28"),
        (
            ("2026-03-28T01:30", "2026-03-29T01:30"),
            ("2026-03-29T01:30", "2026-03-30T00:30"),
            ("2026-03-30T00:30", "2026-03-31T00:30"),
        ),
    ),
    "clocks go back over the hand-over in Prague: the shift before ends at the second 02:30": (
        (PRAGUE, "02:30", "2026-10-24"),
        (
            ("2026-10-24T00:30", "2026-10-25T01:30"),
            ("2026-10-25T00:30", "2026-10-26T01:30"),
            ("2026-10-26T01:30", "2026-10-27T01:30"),
        ),
    ),
    "clocks go forward over the hand-over in New York": (
        (NEW_YORK, "02:30", "2026-03-07"),
        (
            ("2026-03-07T07:30", "2026-03-08T07:30"),
            ("2026-03-08T07:30", "2026-03-09T06:30"),
            ("2026-03-09T06:30", "2026-03-10T06:30"),
        ),
    ),
    "clocks go back over the hand-over in New York": (
        (NEW_YORK, "01:30", "2026-10-31"),
        (
            ("2026-10-31T05:30", "2026-11-01T06:30"),
            ("2026-11-01T05:30", "2026-11-02T06:30"),
            ("2026-11-02T06:30", "2026-11-03T06:30"),
        ),
    ),
    "clocks go back by half an hour on Lord Howe Island": (
        (LORD_HOWE, "01:45", "2026-04-04"),
        (
            ("2026-04-03T14:45", "2026-04-04T15:15"),
            ("2026-04-04T14:45", "2026-04-05T15:15"),
            ("2026-04-05T15:15", "2026-04-06T15:15"),
        ),
    ),
    "clocks go forward by half an hour on Lord Howe Island: 02:15 is read as 02:45": (
        (LORD_HOWE, "02:15", "2026-10-03"),
        (
            ("2026-10-02T15:45", "2026-10-03T15:45"),
            ("2026-10-03T15:45", "2026-10-04T15:15"),
            ("2026-10-04T15:15", "2026-10-05T15:15"),
        ),
    ),
    "a leap day is a day": (
        (PRAGUE, "09:00", "2028-02-28"),
        (
            ("2028-02-28T08:00", "2028-02-29T08:00"),
            ("2028-02-29T08:00", "2028-03-01T08:00"),
            ("2028-03-01T08:00", "2028-03-02T08:00"),
        ),
    ),
    "the year ends at midnight of the rotation, an hour before it does in UTC": (
        (PRAGUE, "00:00", "2026-12-30"),
        (
            ("2026-12-29T23:00", "2026-12-30T23:00"),
            ("2026-12-30T23:00", "2026-12-31T23:00"),
            ("2026-12-31T23:00", "2027-01-01T23:00"),
        ),
    ),
}


@pytest.mark.parametrize(("turns", "expected"), SHIFTS.values(), ids=SHIFTS.keys())
def test_shifts_start_and_end_at_these_instants(
    turns: tuple[str, str, str], expected: tuple[tuple[str, str], ...]
) -> None:
    rotation = daily(*turns, "ann", "bob", "cyd")
    [layer] = rotation.layers
    assert [(layer.shift(n).start, layer.shift(n).end) for n in range(3)] == [(utc(a), utc(b)) for a, b in expected]
    for person, (start, _) in zip(("ann", "bob", "cyd"), expected, strict=True):
        at = utc(start)
        assert [each.person for each in (on_call(rotation, at),) if each] == [person]
        assert [each.person for each in (on_call(rotation, at - timedelta(microseconds=1)),) if each] != [person]


NIGHTS: dict[str, Any] = {
    "above": [
        {
            "people": ["owl", "bat"],
            "every": "1d",
            "hand_over": {"at": "18:00"},
            "starts_on": date(2026, 10, 24),  # a Saturday: even days after it are the owl's
            "only": {day: ["18:00-08:00"] for day in WEEKDAYS},
        }
    ]
}
SINGAPORE: dict[str, Any] = {
    "above": [
        {
            "people": ["mei"],
            "every": "1d",
            "hand_over": {"at": "09:00"},
            "starts_on": date(2026, 1, 5),
            "time_zone": "Asia/Singapore",
            "only": {day: ["09:00-17:00"] for day in WEEKDAYS},
        }
    ]
}


@pytest.mark.parametrize(
    ("layers", "at", "person"),
    [
        # Monday 23 November is 30 days after 24 October, so the owl's night: 18:00 to 08:00 is 17:00 to 07:00 UTC.
        (NIGHTS, "2026-11-23T16:59:59", "ann"),
        (NIGHTS, "2026-11-23T17:00:00", "owl"),
        (NIGHTS, "2026-11-23T22:59:59", "owl"),
        (NIGHTS, "2026-11-23T23:00:00", "owl"),  # midnight in Prague
        (NIGHTS, "2026-11-24T06:59:59", "owl"),
        (NIGHTS, "2026-11-24T07:00:00", "ann"),
        (NIGHTS, "2026-11-24T17:00:00", "bat"),
        # The night in which clocks go back has 15 hours: Saturday 18:00 is 16:00 UTC, Sunday 08:00 is 07:00 UTC.
        (NIGHTS, "2026-10-24T15:59:59", "ann"),
        (NIGHTS, "2026-10-24T16:00:00", "owl"),
        (NIGHTS, "2026-10-25T06:59:59", "owl"),
        (NIGHTS, "2026-10-25T07:00:00", "ann"),
        # Somebody in Singapore, where clocks never change: 01:00 to 09:00 UTC in Prague's winter and in its summer.
        (SINGAPORE, "2026-01-15T00:59:59", "ann"),
        (SINGAPORE, "2026-01-15T01:00:00", "mei"),
        (SINGAPORE, "2026-01-15T08:59:59", "mei"),
        (SINGAPORE, "2026-01-15T09:00:00", "ann"),
        (SINGAPORE, "2026-07-15T00:59:59", "ann"),
        (SINGAPORE, "2026-07-15T01:00:00", "mei"),
        (SINGAPORE, "2026-07-15T09:00:00", "ann"),
    ],
)
def test_at_these_instants_these_people_are_on_call(layers: dict[str, Any], at: str, person: str) -> None:
    found = on_call(daily(PRAGUE, "08:00", "2026-01-05", "ann", **layers), utc(at))
    assert found is not None
    assert found.person == person


OFFICE = {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}
SUNDAYS = {"sunday": ["01:00-05:00"]}


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "due"),
    [
        # Monday 15:00 and four hours: two on Monday, none on the holiday, two on Wednesday.
        ({"time_zone": PRAGUE, "week": OFFICE, "closed": {"2026-11-17": "Freedom"}}, "2026-11-16T14:00", 4,
         "2026-11-18T10:00"),
        # From Friday's 16:00 over the weekend in which clocks go forward: Monday 10:00 is then 08:00 UTC.
        ({"time_zone": PRAGUE, "week": OFFICE}, "2026-03-27T15:00", 2, "2026-03-30T08:00"),
        # And over the one in which they go back: Monday 10:00 is then 09:00 UTC.
        ({"time_zone": PRAGUE, "week": OFFICE}, "2026-10-23T14:00", 2, "2026-10-26T09:00"),
        # Four hours on the wall are three that Sunday: 01:00 is 00:00 UTC, two hours later clocks show 04:00.
        ({"time_zone": PRAGUE, "week": SUNDAYS}, "2026-03-29T00:00", 2, "2026-03-29T02:00"),
        # The fourth hour begins a week later: 5 April 01:00 is 4 April 23:00 UTC.
        ({"time_zone": PRAGUE, "week": SUNDAYS}, "2026-03-29T00:00", 4, "2026-04-05T00:00"),
        # And five that Sunday: 01:00 is 23:00 UTC the day before, 05:00 is 04:00 UTC.
        ({"time_zone": PRAGUE, "week": SUNDAYS}, "2026-10-24T23:00", 5, "2026-10-25T04:00"),
        # New York, Friday 16:00 is 21:00 UTC in winter; Monday 10:00 after the change is 14:00 UTC.
        ({"time_zone": NEW_YORK, "week": OFFICE}, "2026-03-06T21:00", 2, "2026-03-09T14:00"),
        ({"time_zone": NEW_YORK, "week": OFFICE}, "2026-10-30T20:00", 2, "2026-11-02T15:00"),
        # Monday 28 February 16:00 and nine hours: one on Monday, eight on the leap day.
        ({"time_zone": PRAGUE, "week": OFFICE}, "2028-02-28T15:00", 9, "2028-02-29T16:00"),
        # New Year's Eve, a Thursday, 16:00: one hour, then New Year's Day and a weekend, then one hour on Monday.
        ({"time_zone": PRAGUE, "week": OFFICE, "closed": {"2027-01-01": "New Year"}}, "2026-12-31T15:00", 2,
         "2027-01-04T09:00"),
    ],
)  # fmt: skip
def test_business_hours_come_to_these_instants(calendar: dict[str, Any], start: str, hours: int, due: str) -> None:
    added = Calendar.model_validate(calendar).add(utc(start), timedelta(hours=hours))
    assert added.astimezone(UTC) == utc(due)


@pytest.mark.parametrize(
    ("zone", "opened", "held", "resumed", "due"),
    [
        # Friday 11:00 in Prague; five of eight hours are used at 16:00, three are left on Monday at 10:00.
        (PRAGUE, "2026-11-20T10:00", "2026-11-20T15:00", "2026-11-23T09:00", "2026-11-23T12:00"),
        # Over the weekend on which clocks go back: Friday 15:00 to 16:00, then Monday 10:00 (now 09:00 UTC) to 17:00.
        (PRAGUE, "2026-10-23T13:00", "2026-10-23T14:00", "2026-10-26T09:00", "2026-10-26T16:00"),
        # Wall time, which no calendar stops: five hours used, three left.
        (None, "2026-11-20T10:00", "2026-11-20T15:00", "2026-11-23T09:00", "2026-11-23T12:00"),
    ],
)
def test_a_clock_that_is_paused_over_a_weekend_is_due_at_this_instant(
    zone: str | None, opened: str, held: str, resumed: str, due: str
) -> None:
    policy: dict[str, Any] = {"within": {"default": "8h"}, **({"calendar": "office"} if zone else {})}
    calendars = {"office": {"time_zone": zone, "week": OFFICE}} if zone else {}
    life = Life(small(clocks={"resolution": policy}, calendars=calendars, levels=LEVELS), now=utc(opened))
    life.open()
    life.taken_by(ANN)
    life.pass_time(utc(held) - life.now)
    life.send(c.PutOnHold(by=ANN, because="asked the supplier"))
    life.pass_time(utc(resumed) - life.now)
    life.send(c.Resume(by=ANN))
    assert clock(life, ClockName.RESOLUTION).due == utc(due)


def test_a_clock_runs_by_the_calendar_of_its_playbook_wherever_its_owner_sits() -> None:
    # The owner of the page is in Singapore, the playbook's office in Prague: 10:00 there is 17:00 in Singapore, where
    # the day ends. The clock goes on by Prague's hours: 8 hours from 09:00 UTC, Monday 10:00, are Tuesday 09:00 UTC.
    playbook = small(
        clocks={"resolution": {"within": {"default": "8h"}, "calendar": "office"}},
        calendars={"office": {"time_zone": PRAGUE, "week": OFFICE}},
        levels=LEVELS,
    )
    life = Life(playbook, now=utc("2026-11-23T09:00"))
    life.open()
    assert clock(life, ClockName.RESOLUTION).due == utc("2026-11-24T09:00")
