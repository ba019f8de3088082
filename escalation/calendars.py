"""Business calendars: which hours count, and business time added to an instant or measured between two.

A calendar has slots for each weekday in its own time zone, days that are closed (holidays, each with its name) and days
that have slots of their own. Business time is what really passes while it is open: a slot that begins before a change
of the clocks and ends after it is an hour longer, or shorter, than its wall times say.

Daylight saving follows the rule of shifts: a slot starts at the first occurrence of its wall time and ends at the last;
a wall time that is skipped is read with the offset from before the change (as RFC 5545 reads it).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from escalation.values import Record

_MINUTES = 24 * 60
_WEEK = timedelta(days=7)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no relative path; a folder of zones, such as `Europe`
        raise ValueError("is not a known time zone; expected an IANA name such as Europe/Prague") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""The IANA name of a time zone, such as ``Europe/Prague``."""


class Weekday(StrEnum):
    """Days as people write them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS = tuple(Weekday)


class _Hours(NamedTuple):
    """Minutes after the midnight at which the day begins; ``end`` is beyond 1440 when it is on the next day."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_shown(self.start)}-{_shown(self.end)}"


_WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:(24):(00)|([01]\d|2[0-3]):([0-5]\d))")


def _shown(minutes: int) -> str:
    minutes = minutes if minutes <= _MINUTES else minutes - _MINUTES
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _read(written: object) -> _Hours:
    if isinstance(written, _Hours):
        return written
    found = _WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        raise ValueError("is not a slot; expected wall times such as 09:00-17:30, or 22:00-06:00 for a night")
    numbers = [int(number) for number in found.groups() if number is not None]
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    return _Hours(start, end if end > start else end + _MINUTES)


Slot = Annotated[
    _Hours,
    PlainValidator(_read),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["09:00-17:30", "22:00-06:00", "13:00-24:00"]}),
]
"""Hours of a day, written ``09:00-17:30``. Until a time that is not later, it ends on the next day: ``22:00-06:00``."""

Slots = tuple[Slot, ...]


class HolidaySet(Record):
    """The public holidays of a country, or of a region of it."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["HU", "SE"])]
    """ISO 3166-1 code."""
    region: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$", examples=["SCT", "BY"])] | None = None
    """ISO 3166-2 code without the country."""


class Calendar(Record):
    """When time counts. Made by the playbook's loader, which writes holidays out as closed days."""

    time_zone: TimeZone
    week: dict[Weekday, Slots]
    """Slots of each weekday; a day that is not named is closed."""
    holidays: tuple[HolidaySet, ...] = ()
    """Whose public holidays are closed; ``holidays_on`` has their dates."""
    holidays_on: dict[date, str] = {}
    """Written by the loader and pinned with the playbook: a newer list of holidays never moves a running clock."""
    closed: dict[date, str] = {}
    """Local dates that have no slots, with the reason."""
    extra: dict[date, Slots] = {}
    """Local dates with slots of their own, whatever weekday or holiday they are: a Saturday that is worked."""

    @model_validator(mode="after")
    def _opens_sometimes(self) -> Self:
        if not any(self.week.values()):
            raise ValueError("never opens; expected `week` with at least one slot such as `monday: [09:00-17:00]`")
        both = sorted(self.closed.keys() & self.extra.keys())
        if both:
            raise ValueError(f"has {both[0]} both in `closed` and in `extra`; keep one")
        return self

    def is_open(self, at: datetime) -> bool:
        """Tell whether an aware instant counts; the instant at which a slot ends does not."""
        start, end = next(self._from(at))
        return start <= at < end

    def add(self, at: datetime, duration: timedelta) -> datetime:
        """Return the instant, in UTC, at which so much business time has passed since an aware instant.

        What ends exactly with a slot ends then, not when the next one opens. Nothing added gives the next open instant.
        """
        left = duration
        while left > self._usual:
            weeks = min(self._plain_weeks(at), -(-left // self._usual) - 1)
            room = weeks * self._usual if weeks else self._counted(at, at + _WEEK)
            if left <= room:
                break
            left, at = left - room, at + (weeks or 1) * _WEEK
        for start, end in self._from(at):
            room = end - start
            if left < room or (left == room and duration):
                return start + left
            left -= room
        raise AssertionError("a calendar opens every week")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the business time between two aware instants; negative when the second is the earlier one."""
        if end < start:
            return -self.between(end, start)
        passed = timedelta(0)
        while end - start >= _WEEK:
            weeks = min(self._plain_weeks(start), (end - start) // _WEEK)
            passed += weeks * self._usual if weeks else self._counted(start, start + _WEEK)
            start += (weeks or 1) * _WEEK
        return passed + self._counted(start, end)

    def changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants between two aware ones at which it opens or closes, in order.

        Where one slot follows the other at once, nothing changes.
        """
        closed = start
        for opens, closes in self._from(start):
            if opens > closed:
                yield from (at for at in (closed, opens) if start < at < end)
            if closes >= end:
                return
            closed = closes

    def why(self, day: date) -> str:
        """Say why a local date has the hours it has: ``closed: Christmas Day``, ``09:00-17:00``."""
        slots = ", ".join(map(str, self._slots(day)))
        if slots:
            return slots
        reason = self.closed.get(day) or self.holidays_on.get(day)
        return f"closed: {reason}" if reason else "closed"

    # --- whole weeks: years are reckoned without looking at each of their days ---------------------------------------

    def _plain_weeks(self, at: datetime) -> int:
        """Return how many times seven days from an instant on are open as usual; it may be more times than that."""
        day = at.astimezone(self._zone).toordinal()
        year = date.fromordinal(day).year
        unlike = self._unlike.get(year) or self._unlike_in(year)
        # A night of the day before counts, and one of the last day ends on the day after.
        return max(0, (unlike[bisect_left(unlike, day - 1)] - 1 - day) // 7)

    def _unlike_in(self, year: int) -> list[int]:
        """Return the days of a year that are not as their weekday says, and as the last one where it is not known."""
        first, last = date(year, 1, 1).toordinal() - 1, date(year, 12, 31).toordinal() + 10
        special = {day.toordinal() for day in (*self.extra, *self.closed, *self.holidays_on)}
        unlike = {day for day in special if first <= day < last}
        # Looked at every five days: nowhere since 1940 have clocks been changed and changed back sooner.
        offset = self._offset(first)
        for day in range(first, last, 5):
            before, offset = offset, self._offset(day + 5)
            if before != offset:
                unlike.update(range(day, day + 6))
        if len(self._unlike) >= _MANY_YEARS:
            self._unlike.clear()
        self._unlike[year] = [*sorted(day for day in unlike if day < last), last]
        return self._unlike[year]

    def _offset(self, day: int) -> timedelta | None:
        return datetime.fromordinal(day).replace(tzinfo=self._zone).utcoffset()

    @cached_property
    def _unlike(self) -> dict[int, list[int]]:
        # Like `_known`: always the same for the same calendar.
        return {}

    @cached_property
    def _usual(self) -> timedelta:
        """How long any seven days in a row are open where nothing is special."""
        slots = sorted(
            (day * _MINUTES + slot.start, day * _MINUTES + slot.end)
            for day in range(-1, 7)  # a night of the Sunday before
            for slot in self.week.get(WEEKDAYS[day], ())
        )
        reached = minutes = 0
        for start, end in slots:
            closes = min(end, 7 * _MINUTES)
            minutes += max(0, closes - max(start, reached))
            reached = max(reached, closes)
        return timedelta(minutes=minutes)

    def _counted(self, start: datetime, end: datetime) -> timedelta:
        passed = timedelta(0)
        for opens, closes in self._from(start):
            if opens >= end:
                break
            passed += min(closes, end) - opens
        return passed

    # --- the open intervals -----------------------------------------------------------------------------------------

    def _from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield what is open from an aware instant on, in UTC and in order, each part once."""
        reached = at.astimezone(UTC)
        # A night that began yesterday may still be open.
        ordinal = at.astimezone(self._zone).toordinal() - 1
        while True:
            known = self._known.get(ordinal)
            for start, end in known if known is not None else self._open_on(ordinal):
                if end > reached:
                    yield max(start, reached), end
                    reached = end
            ordinal += 1

    def _open_on(self, ordinal: int) -> tuple[tuple[datetime, datetime], ...]:
        day = date.fromordinal(ordinal)
        midnight = datetime.combine(day, time())
        found = [
            (
                instants(midnight + timedelta(minutes=slot.start), self._zone)[0],
                instants(midnight + timedelta(minutes=slot.end), self._zone)[1],
            )
            for slot in self._slots(day)
        ]
        if len(self._known) >= _MANY_DAYS:
            self._known.clear()
        known = tuple(sorted(found))
        self._known[ordinal] = known
        return known

    def _slots(self, day: date) -> Slots:
        if day in self.extra:
            return self.extra[day]
        if day in self.closed or day in self.holidays_on:
            return ()
        return self.week.get(WEEKDAYS[day.weekday()], ())

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _known(self) -> dict[int, tuple[tuple[datetime, datetime], ...]]:
        # Days that were computed before; always the same for the same calendar, so no matter who computed them.
        return {}


_MANY_DAYS = 4_000
_MANY_YEARS = 300


def instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first and the last instant, in UTC, at which local clocks show a wall time; see the module."""
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    return first, max(first, wall.replace(tzinfo=zone, fold=1).astimezone(UTC))


def later(calendar: Calendar | None, at: datetime, duration: timedelta) -> datetime:
    """Return the instant after so much business time of a calendar, or so much wall time where there is none."""
    return at + duration if calendar is None else calendar.add(at, duration)


def passed(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Return the business time between two instants, or the wall time where there is no calendar."""
    return end - start if calendar is None else calendar.between(start, end)
