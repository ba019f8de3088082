"""Rotations: who is on call at an instant, and why.

A rotation hands over once a week at a wall time in its own time zone; its people take shifts in order. An override puts
one person in place of whoever would have the shift.

Daylight saving: a shift starts at the first occurrence of its wall time and ends at the last, so that an ambiguous
hand-over overlaps rather than gaps. Where clocks go back and the hand-over time comes twice, the next person starts at
its first and the one before ends at its second; in between both have a shift and the next person is the one on call.
Where clocks go forward and the time is skipped, it is read with the offset from before the change (as RFC 5545 reads
it): 02:30 is then the instant that local clocks show as 03:30.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from escalation.calendars import WEEKDAYS, TimeZone, Weekday
from escalation.values import Record, Slug

WEEK = timedelta(days=7)


def _on_the_wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is a time with an offset; expected wall time such as 09:00, the rotation has a time_zone")
    return at


class HandOver(Record):
    """When one person's shift becomes the next one's."""

    weekday: Weekday
    at: Annotated[time, AfterValidator(_on_the_wall)]
    """Wall time in the rotation's time zone."""


class Override(Record):
    """One person instead of whoever would have the shift, from ``start`` until just before ``end``."""

    start: AwareDatetime
    end: AwareDatetime
    person: Slug
    why: str = ""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("ends before it starts; expected `start` before `end`")
        return self


class Shift(NamedTuple):
    """One person's turn, overrides apart; instants in UTC, the end not included."""

    person: str
    start: datetime
    end: datetime
    """At an ambiguous hand-over later than the next shift's start."""


class Rotation(Record):
    """People who take turns, a week each. Covers every instant: before ``starts_on`` the order is counted backwards."""

    people: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Ids in the order of their shifts; one may stand in it more than once."""
    time_zone: TimeZone
    hand_over: HandOver
    starts_on: date
    """Local date on which the first person's first shift starts; falls on the hand-over's weekday."""
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _starts_on_the_weekday_of_its_hand_over(self) -> Self:
        weekday = WEEKDAYS[self.starts_on.weekday()]
        if weekday != self.hand_over.weekday:
            raise ValueError(
                f"`starts_on` is a {weekday.title()}; expected a {self.hand_over.weekday.title()}, "
                "the day of the hand-over"
            )
        return self

    def shift(self, number: int) -> Shift:
        """Return a shift by its number, counted from 0 at ``starts_on``; negative before."""
        wall = self._wall(number + 1)
        second_time = wall.replace(tzinfo=ZoneInfo(self.time_zone), fold=1).astimezone(UTC)
        return Shift(self.person(number), self.start(number), max(self.start(number + 1), second_time))

    def person(self, number: int) -> str:
        """Return whose shift it is by its number."""
        return self.people[number % len(self.people)]

    def start(self, number: int) -> datetime:
        """Return the instant, in UTC, at which a shift starts, by its number."""
        return self._wall(number).replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)

    def number(self, at: datetime) -> int:
        """Return the number of the shift that was the last to start, at an aware instant."""
        if at.tzinfo is None:
            raise ValueError("an instant without a time zone; expected an aware datetime")
        number = (at.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None) - self._wall(0)) // WEEK
        # Around a change of the clocks the wall says one shift and the instant another, never more than one apart.
        if self.start(number) > at:
            return number - 1
        return number + 1 if self.start(number + 1) <= at else number

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yield the shifts that have a part between two aware instants, in order; overrides are not applied."""
        number = self.number(start)
        while self.start(number) < end:
            yield self.shift(number)
            number += 1

    def shown(self, at: datetime) -> str:
        """Write an aware instant as local clocks and calendars show it."""
        local = at.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        return f"{local.isoformat(' ', 'minutes')} {self.time_zone}"

    def _wall(self, number: int) -> datetime:
        return datetime.combine(self.starts_on, self.hand_over.at) + number * WEEK


class OnCall(NamedTuple):
    """Who is on call, and why."""

    person: str
    why: str


def on_call(rotation: Rotation, at: datetime) -> OnCall:
    """Say who is on call at an aware instant; there is always exactly one person.

    Where overrides overlap, the one written last counts.
    """
    number = rotation.number(at)
    for override in reversed(rotation.overrides):
        if override.start <= at < override.end:
            reason = f": {override.why}" if override.why else ""
            instead = f"stands in for {rotation.person(number)} until {rotation.shown(override.end)}{reason}"
            return OnCall(override.person, instead)
    before = f", counted backwards from the first shift on {rotation.starts_on}" if number < 0 else ""
    return OnCall(rotation.person(number), f"has the shift until {rotation.shown(rotation.start(number + 1))}{before}")
