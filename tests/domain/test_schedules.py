"""Rotations: who is on call at an instant, around layers, overrides and changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from escalation.calendars import WEEKDAYS
from escalation.people.schedules import Override, Rotation, next_on, on_call
from escalation.people.turns import WEEK, Turns

ZONES = ["Europe/Prague", "Europe/London", "America/New_York", "Asia/Singapore", "Australia/Lord_Howe", "Pacific/Apia",
         "Africa/Casablanca", "America/St_Johns", "UTC"]  # fmt: skip


def rotation(
    *people: str, zone: str = "Europe/Prague", at: str = "09:00", starts_on: date = date(2026, 1, 5), **more: Any
) -> Rotation:
    weekday = WEEKDAYS[starts_on.weekday()]
    return Rotation.model_validate(
        {
            "people": people,
            "time_zone": zone,
            "hand_over": {"weekday": weekday, "at": at},
            "starts_on": starts_on,
            **more,
        }
    )


def turns(of: Rotation) -> Turns:
    """The rotation's own layer."""
    return of.layers[-1]


def who(team: Rotation, at: datetime) -> str:
    found = on_call(team, at)
    return found.person if found is not None else ""


def why(team: Rotation, at: datetime) -> str:
    found = on_call(team, at)
    return found.why if found is not None else ""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestTurns:
    def test_people_take_a_week_each_in_order_and_begin_again(self) -> None:
        team = rotation("eva", "jan", "petra")
        # 09:00 in Prague is 08:00 UTC in winter; 2026-01-05 is a Monday.
        assert who(team, utc("2026-01-05T08:00")) == "eva"
        assert who(team, utc("2026-01-12T07:59:59.999999")) == "eva"
        assert who(team, utc("2026-01-12T08:00")) == "jan"
        assert who(team, utc("2026-01-19T08:00")) == "petra"
        assert who(team, utc("2026-01-26T08:00")) == "eva"

    def test_the_hand_over_stays_at_its_wall_time_in_summer(self) -> None:
        team = rotation("eva", "jan")
        # 26 weeks after 5 January, so eva's again; 09:00 in Prague is 07:00 UTC in July.
        assert who(team, utc("2026-07-06T06:59")) == "jan"
        assert who(team, utc("2026-07-06T07:00")) == "eva"

    def test_before_the_first_shift_the_order_is_counted_backwards_and_that_is_said(self) -> None:
        team, before = rotation("eva", "jan", "petra"), utc("2026-01-05T07:59")
        assert who(team, before) == "petra"
        assert why(team, before).endswith("counted backwards from the first shift on 2026-01-05")

    def test_the_answer_says_until_when_in_local_time(self) -> None:
        said = why(rotation("eva", "jan"), utc("2026-07-06T07:00"))
        assert said == "has the shift until 2026-07-13 09:00 Europe/Prague"

    def test_the_instant_may_be_given_in_any_zone(self) -> None:
        team = rotation("eva", "jan")
        singapore = datetime(2026, 1, 12, 16, 0, tzinfo=ZoneInfo("Asia/Singapore"))
        assert who(team, singapore) == "jan"
        assert who(team, singapore - timedelta(seconds=1)) == "eva"

    def test_an_instant_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="expected an aware datetime"):
            on_call(rotation("eva"), datetime(2026, 1, 5, 9))  # noqa: DTZ001

    def test_shifts_lists_every_turn_that_has_a_part_in_a_span(self) -> None:
        found = list(turns(rotation("eva", "jan")).shifts(utc("2026-01-06T00:00"), utc("2026-01-19T08:00")))
        assert found == [
            ("eva", utc("2026-01-05T08:00"), utc("2026-01-12T08:00")),
            ("jan", utc("2026-01-12T08:00"), utc("2026-01-19T08:00")),
        ]


class TestChangesOfTheClocks:
    """Prague goes from UTC+1 to UTC+2 at 2026-03-29 01:00 UTC and back at 2026-10-25 01:00 UTC, both Sundays."""

    def test_a_hand_over_time_that_comes_twice_starts_at_its_first_and_ends_at_its_second(self) -> None:
        team = rotation("eva", "jan", at="02:30", starts_on=date(2026, 10, 18))
        # 02:30 comes at 00:30 UTC (summer time) and again at 01:30 UTC (winter time).
        first, second = turns(team).shift(0), turns(team).shift(1)
        assert (first.start, first.end) == (utc("2026-10-18T00:30"), utc("2026-10-25T01:30"))
        assert (second.start, second.end) == (utc("2026-10-25T00:30"), utc("2026-11-01T01:30"))
        assert who(team, utc("2026-10-25T00:29:59")) == "eva"
        assert who(team, utc("2026-10-25T00:30")) == "jan"
        assert who(team, utc("2026-10-25T01:00")) == "jan", "02:00 again: the shift has started"
        assert who(team, utc("2026-10-25T01:31")) == "jan"

    def test_a_hand_over_time_that_is_skipped_is_read_with_the_offset_from_before(self) -> None:
        team = rotation("eva", "jan", at="02:30", starts_on=date(2026, 3, 22))
        # 02:30 does not come on the 29th; with the winter offset it is 01:30 UTC, which clocks show as 03:30.
        first, second = turns(team).shift(0), turns(team).shift(1)
        assert (first.start, first.end) == (utc("2026-03-22T01:30"), utc("2026-03-29T01:30"))
        assert (second.start, second.end) == (utc("2026-03-29T01:30"), utc("2026-04-05T00:30"))
        assert who(team, utc("2026-03-29T01:29:59")) == "eva", "03:29:59 on the wall, past 02:30"
        assert who(team, utc("2026-03-29T01:30")) == "jan"

    def test_a_week_with_a_change_of_clocks_is_an_hour_longer_or_shorter(self) -> None:
        spring = turns(rotation("eva", starts_on=date(2026, 3, 23))).shift(0)
        assert (spring.start, spring.end) == (utc("2026-03-23T08:00"), utc("2026-03-30T07:00"))
        autumn = turns(rotation("eva", starts_on=date(2026, 10, 19))).shift(0)
        assert (autumn.start, autumn.end) == (utc("2026-10-19T07:00"), utc("2026-10-26T08:00"))

    def test_a_zone_that_skipped_a_whole_day_loses_no_shift(self) -> None:
        # Samoa went from UTC-10 to UTC+14 at 2011-12-30 10:00 UTC; its 30 December, a Friday, never came.
        team = rotation("eva", "jan", zone="Pacific/Apia", at="09:00", starts_on=date(2011, 12, 23))
        assert turns(team).shift(0).end == turns(team).shift(1).start == utc("2011-12-30T19:00")
        assert who(team, utc("2011-12-30T18:59")) == "eva"
        assert who(team, utc("2011-12-30T19:00")) == "jan"


class TestOverrides:
    holiday = Override(start=utc("2026-01-07T12:00"), end=utc("2026-01-08T12:00"), person="olga", why="eva is away")

    def test_an_override_holds_from_its_start_until_just_before_its_end(self) -> None:
        team = rotation("eva", "jan", overrides=[self.holiday])
        assert who(team, utc("2026-01-07T11:59:59")) == "eva"
        assert who(team, utc("2026-01-07T12:00")) == "olga"
        assert who(team, utc("2026-01-08T11:59:59")) == "olga"
        assert who(team, utc("2026-01-08T12:00")) == "eva"

    def test_the_answer_names_whom_it_stands_in_for_until_when_and_why(self) -> None:
        said = why(rotation("eva", "jan", overrides=[self.holiday]), utc("2026-01-07T12:00"))
        assert said == "stands in for eva until 2026-01-08 13:00 Europe/Prague: eva is away"

    def test_an_override_across_a_hand_over_does_not_change_the_order(self) -> None:
        swap = Override(start=utc("2026-01-11T08:00"), end=utc("2026-01-13T08:00"), person="olga")
        team = rotation("eva", "jan", overrides=[swap])
        assert who(team, utc("2026-01-12T08:00")) == "olga"
        assert who(team, utc("2026-01-13T08:00")) == "jan"

    def test_of_two_that_overlap_the_one_written_last_counts(self) -> None:
        later = Override(start=utc("2026-01-07T18:00"), end=utc("2026-01-07T20:00"), person="petr")
        team = rotation("eva", overrides=[self.holiday, later])
        assert who(team, utc("2026-01-07T19:00")) == "petr"
        assert who(team, utc("2026-01-07T20:00")) == "olga"


NIGHTS: dict[str, Any] = {
    "people": ["nora", "nils"],
    "every": "1d",
    "hand_over": {"at": "18:00"},
    "starts_on": date(2026, 1, 5),
    "only": {day: ["18:00-08:00"] for day in WEEKDAYS[:4]},
}
"""Monday to Thursday nights, a night each."""


class TestLengthsOfTurns:
    def test_a_turn_of_a_day_hands_over_every_day_at_its_wall_time(self) -> None:
        team = rotation("eva", "jan", every="1d", hand_over={"at": "09:00"})
        assert [who(team, utc(f"2026-01-0{day}T08:00")) for day in (5, 6, 7)] == ["eva", "jan", "eva"]
        assert who(team, utc("2026-01-06T07:59")) == "eva"
        assert who(team, utc("2026-07-06T07:00")) == who(team, utc("2026-07-07T06:59")), "09:00 in summer"

    def test_a_turn_of_two_weeks_hands_over_every_other_week(self) -> None:
        team = rotation("eva", "jan", every="2w")
        assert [who(team, utc(f"2026-01-{day}T08:00")) for day in ("05", "12", "19")] == ["eva", "eva", "jan"]

    def test_turns_of_some_hours_follow_each_other_through_the_day(self) -> None:
        team = rotation("eva", "jan", "petra", every="8h", hand_over={"at": "06:00"})
        local = ZoneInfo("Europe/Prague")
        found = [who(team, datetime(2026, 1, 5, hour, tzinfo=local)) for hour in (6, 13, 14, 21, 22)]
        assert found == ["eva", "eva", "jan", "jan", "petra"]

    @given(st.sampled_from(["1h", "6h", "12h", "1d", "3d"]), st.sampled_from(ZONES), st.integers(0, 400 * 24))
    def test_exactly_one_turn_runs_at_every_instant(self, every: str, zone: str, hours: int) -> None:
        team = rotation("a", "b", "c", every=every, zone=zone, hand_over={"at": "01:30"})
        at = utc("2026-01-01T00:00") + timedelta(hours=hours, minutes=15)
        number = turns(team).number(at)
        assert turns(team).start(number) <= at < turns(team).start(number + 1)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"every": "1d"}, "hands over every 1d and names a weekday"),
            ({"hand_over": {"at": "09:00"}}, "expected the `weekday` of the hand-over"),
            ({"every": "90m"}, "expected whole hours, days or weeks"),
            ({"only": {"monday": []}}, "is never on"),
            ({"starts_on": date(2026, 1, 6)}, "`starts_on` is a Tuesday; expected a Monday"),
        ],
    )
    def test_turns_that_fit_no_calendar_are_refused(self, changes: dict[str, Any], message: str) -> None:
        content = {
            "people": ["eva"],
            "time_zone": "Europe/Prague",
            "hand_over": {"weekday": "monday", "at": "09:00"},
            "starts_on": date(2026, 1, 5),
        }
        with pytest.raises(ValidationError, match=message):
            Rotation.model_validate(content | changes)


class TestLayers:
    team = rotation("eva", "jan", above=[NIGHTS])

    def test_the_layer_above_counts_while_it_is_on(self) -> None:
        assert who(self.team, utc("2026-01-05T16:59")) == "eva"
        assert who(self.team, utc("2026-01-05T17:00")) == "nora"  # 18:00 in Prague
        assert who(self.team, utc("2026-01-06T06:59")) == "nora"
        assert who(self.team, utc("2026-01-06T07:00")) == "eva"
        assert who(self.team, utc("2026-01-06T17:00")) == "nils"
        assert who(self.team, utc("2026-01-09T20:00")) == "eva", "no night layer on a Friday"

    def test_it_says_until_when_also_where_the_layer_above_takes_over(self) -> None:
        assert why(self.team, utc("2026-01-05T12:00")) == "has the shift until 2026-01-05 18:00 Europe/Prague"
        assert why(self.team, utc("2026-01-05T20:00")) == "has the shift until 2026-01-06 08:00 Europe/Prague"
        assert why(self.team, utc("2026-01-09T12:00")) == "has the shift until 2026-01-12 09:00 Europe/Prague"

    def test_a_layer_may_follow_the_sun_in_its_own_zone(self) -> None:
        tokyo = {
            "people": ["yuki"],
            "hand_over": {"weekday": "monday", "at": "09:00"},
            "starts_on": date(2026, 1, 5),
            "time_zone": "Asia/Tokyo",
            "only": {day: ["09:00-17:00"] for day in WEEKDAYS[:5]},
        }
        team = rotation("eva", above=[tokyo])
        assert who(team, utc("2026-01-06T00:00")) == "yuki"  # 09:00 in Tokyo
        assert who(team, utc("2026-01-06T08:00")) == "eva"

    def test_an_override_beats_every_layer(self) -> None:
        tonight = Override(start=utc("2026-01-05T17:00"), end=utc("2026-01-05T20:00"), person="olga")
        team = rotation("eva", above=[NIGHTS], overrides=[tonight])
        assert who(team, utc("2026-01-05T18:00")) == "olga"
        assert why(team, utc("2026-01-05T18:00")) == "stands in for nora until 2026-01-05 21:00 Europe/Prague"

    def test_hours_in_which_no_layer_is_on_have_nobody_until_one_is(self) -> None:
        team = rotation("eva", only={day: ["09:00-17:00"] for day in WEEKDAYS[:5]})
        assert on_call(team, utc("2026-01-09T17:00")) is None
        assert next_on(team, utc("2026-01-09T17:00")) == utc("2026-01-12T08:00")
        assert next_on(team, utc("2026-01-12T09:00")) == utc("2026-01-12T09:00")


class TestRefusing:
    @pytest.mark.parametrize("zone", ["Europe/Pragu", "", "../etc", "Europe", "CET+1x", "/etc/passwd"])
    def test_a_time_zone_nobody_knows_is_refused(self, zone: str) -> None:
        with pytest.raises(
            ValidationError, match=r"not a known time zone; expected an IANA name such as Europe/Prague"
        ):
            rotation("eva", zone=zone)

    def test_a_rotation_of_nobody_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="at least 1 item"):
            rotation()

    def test_a_first_day_on_another_weekday_than_the_hand_over_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="`starts_on` is a Tuesday; expected a Monday"):
            rotation("eva", starts_on=date(2026, 1, 6), hand_over={"weekday": "monday", "at": "09:00"})

    def test_a_hand_over_time_with_an_offset_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="expected wall time such as 09:00"):
            rotation("eva", at="09:00+02:00")

    def test_an_override_that_ends_before_it_starts_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="ends before it starts"):
            Override(start=utc("2026-01-07T12:00"), end=utc("2026-01-07T12:00"), person="olga")

    def test_an_override_without_an_offset_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="timezone"):
            Override.model_validate({"start": "2026-01-07T12:00", "end": "2026-01-08T12:00", "person": "olga"})


# Clocks change on Sundays in most of these zones, between midnight and 03:00.
SUNDAYS = st.integers(0, 600).map(lambda weeks: date(2010, 1, 3) + timedelta(weeks=weeks))
TIMES = st.builds(time, st.integers(0, 3) | st.integers(0, 23), st.integers(0, 59))
rotations = st.builds(
    lambda size, zone, at, starts_on: rotation(
        *[f"p{n}" for n in range(size)], zone=zone, at=at.isoformat(), starts_on=starts_on
    ),
    st.integers(1, 4),
    st.sampled_from(ZONES),
    TIMES,
    SUNDAYS | st.dates(date(2010, 1, 1), date(2027, 1, 1)),
)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


class TestAtEveryInstant:
    @given(rotations, instants)
    def test_exactly_one_person_is_on_call_and_has_a_shift_then(self, team: Rotation, at: datetime) -> None:
        self.exactly_one(team, at)

    @given(rotations, st.integers(-700, 700), st.integers(-7200, 7200))
    def test_that_holds_around_every_hand_over_of_a_year(self, team: Rotation, number: int, seconds: int) -> None:
        for week in range(53):
            self.exactly_one(team, turns(team).start(number + week) + timedelta(seconds=seconds))

    @given(rotations, st.integers(-700, 700))
    def test_shifts_of_a_year_leave_no_gap_and_overlap_only_while_a_wall_time_repeats(
        self, team: Rotation, number: int
    ) -> None:
        for week in range(53):
            this, following = turns(team).shift(number + week), turns(team).shift(number + week + 1)
            assert this.start < following.start <= this.end
            assert this.end - following.start <= timedelta(hours=1)
            assert abs(following.start - this.start - WEEK) <= timedelta(days=1)

    def exactly_one(self, team: Rotation, at: datetime) -> None:
        number = turns(team).number(at)
        shift = turns(team).shift(number)
        assert who(team, at) == shift.person
        assert shift.start <= at < shift.end
        assert at < turns(team).start(number + 1), "no later shift has started"

    @given(rotations, instants, st.lists(st.tuples(instants, st.timedeltas(timedelta(minutes=1), WEEK)), max_size=4))
    def test_overrides_change_who_but_never_leave_nobody(
        self, team: Rotation, at: datetime, spans: list[tuple[datetime, timedelta]]
    ) -> None:
        overrides = tuple(
            Override(start=start, end=start + length, person=f"o{n}") for n, (start, length) in enumerate(spans)
        )
        person = who(team.model_copy(update={"overrides": overrides}), at)
        standing_in = [override.person for override in overrides if override.start <= at < override.end]
        assert person == (standing_in[-1] if standing_in else who(team, at))
