"""The turns of one layer: people, one after the other, each for as long by the clock on the wall.

Daylight saving: a shift starts at the first occurrence of its wall time and ends at the last, so that an ambiguous
hand-over overlaps rather than gaps. Where clocks go back and the hand-over time comes twice, the next person starts at
its first and the one before ends at its second; in between both have a shift and the next person is the one on call.
Where clocks go forward and the time is skipped, it is read with the offset from before the change (as RFC 5545 reads
it): 02:30 is then the instant that local clocks show as 03:30.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from escalation.calendars import WEEKDAYS, Calendar, Slots, TimeZone, Weekday, instants
from escalation.people.spans import Span
from escalation.people.swaps import Taken
from escalation.values import Duration, Record, Slug, format_duration

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def _on_the_wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is a time with an offset; expected wall time such as 09:00, the rotation has a time_zone")
    return at


def _whole_hours(every: timedelta) -> timedelta:
    if every % HOUR or every > 53 * WEEK:
        raise ValueError("is not a length of turns; expected whole hours, days or weeks, such as 12h, 1d or 2w")
    return every


class HandOver(Record):
    """When one person's shift becomes the next one's."""

    weekday: Weekday | None = None
    """For turns of whole weeks, and only for them."""
    at: Annotated[time, AfterValidator(_on_the_wall)]
    """Wall time in the time zone of the layer; of turns that are shorter than a day, that of the first one."""


class Shift(NamedTuple):
    """One person's turn, overrides and layers above apart; instants in UTC, the end not included."""

    person: str
    start: datetime
    end: datetime
    """At an ambiguous hand-over later than the next shift's start."""


class TurnsOfPeople(Record):
    """People who take turns. Covers every instant: before ``starts_on`` the order is counted backwards."""

    people: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Ids in the order of their shifts; one may stand in it more than once."""
    every: Annotated[Duration, AfterValidator(_whole_hours)] = WEEK
    """How long a turn lasts, by the clock on the wall: ``1d``, ``1w``, ``12h``."""
    hand_over: HandOver
    starts_on: date
    """Local date on which the first person's first shift starts; falls on the hand-over's weekday."""
    only: dict[Weekday, Slots] = {}
    """Hours of the week at which this layer is on; empty: always. The turns go on through the other hours."""

    @model_validator(mode="after")
    def _hands_over_on_the_weekday_it_names(self) -> Self:
        named, weekday = self.hand_over.weekday, WEEKDAYS[self.starts_on.weekday()]
        if self.every % WEEK:
            if named is not None:
                length = format_duration(self.every)
                raise ValueError(
                    f"hands over every {length} and names a weekday; expected `weekday` for whole weeks only"
                )
        elif named is None:
            raise ValueError("hands over every week; expected the `weekday` of the hand-over")
        elif weekday != named:
            raise ValueError(
                f"`starts_on` is a {weekday.title()}; expected a {named.title()}, the day of the hand-over"
            )
        if self.only and not any(self.only.values()):
            raise ValueError("is never on; expected `only` with at least one slot such as `monday: [18:00-08:00]`")
        return self


class Layer(TurnsOfPeople):
    """Turns that lie above those of the rotation."""

    time_zone: TimeZone | None = None
    """None: the rotation's."""


_MANY_SHIFTS = 4_000


class Turns:
    """The arithmetic of one layer, in its time zone."""

    def __init__(self, layer: TurnsOfPeople, time_zone: str) -> None:
        self.people = layer.people
        self.every = layer.every
        self.starts_on = layer.starts_on
        self.time_zone = time_zone
        self._zone = ZoneInfo(time_zone)
        self._first = datetime.combine(layer.starts_on, layer.hand_over.at)
        self._hours = Calendar(time_zone=time_zone, week=layer.only) if layer.only else None
        self._starts: dict[int, datetime] = {}
        self.taken: dict[int, Taken] = {}

    def is_on(self, at: datetime) -> bool:
        """Tell whether the layer counts at an aware instant."""
        return self._hours is None or self._hours.is_open(at)

    def ends(self, number: int, at: datetime) -> datetime:
        """Return when a shift that runs at an aware instant is over: handed over, or outside the layer's hours."""
        end = self.start(number + 1)
        if self._hours is None:
            return end
        return min(end, next(self._hours.changes(at, end), end))

    def begins(self, at: datetime) -> datetime:
        """Return the first instant, from an aware one on, at which the layer is on."""
        return at if self._hours is None else self._hours.add(at, timedelta(0))

    def shift(self, number: int) -> Shift:
        """Return a shift by its number, counted from 0 at ``starts_on``; negative before."""
        return Shift(self.person(number), self.start(number), instants(self._wall(number + 1), self._zone)[1])

    def person(self, number: int) -> str:
        """Return who has a shift by its number."""
        if self.taken and (taken := self.taken.get(number)) is not None:
            return taken.person
        return self.people[number % len(self.people)]

    def after(self, number: int, _at: datetime) -> tuple[str, ...]:
        """Return the others in the order of their turns after a shift, whose it was before a swap last."""
        count = len(self.people)
        turns = (*(self.person(number + offset) for offset in range(1, count)), self.people[number % count])
        return tuple(person for person in dict.fromkeys(turns) if person != self.person(number))

    def about(self, number: int) -> str:
        """Say what is unusual about a shift, after a comma; empty when nothing is."""
        taken = self.taken.get(number)
        before = f", counted backwards from the first shift on {self.starts_on}" if number < 0 else ""
        return f"{before}, {taken.said}" if taken is not None else before

    def own(self, person: str, at: datetime) -> int | None:
        """Return the number of the shift that is this person's and starts at an aware instant, swaps apart.

        A layer that is on at certain hours starts a shift when it hands over, or when it is first on after that.
        """
        number = self.number(at)
        start = self.start(number)
        mine = self.people[number % len(self.people)] == person
        return number if mine and at in {start, self.begins(start)} else None

    def meets(self, number: int, span: Span) -> bool:
        """Tell whether a span has a part in a shift, in hours at which the layer is on."""
        return self.begins(max(self.start(number), span.start)) < min(self.start(number + 1), span.end)

    def near(self, person: str, at: datetime) -> tuple[datetime, ...]:
        """Return when this person's shifts around an aware instant start, swaps apart."""
        if person not in self.people:
            return ()
        number, count = self.number(at), len(self.people)
        before = next(n for n in range(number, number - count, -1) if self.people[n % count] == person)
        later = next(n for n in range(number + 1, number + count + 1) if self.people[n % count] == person)
        return self.begins(self.start(before)), self.begins(self.start(later))

    def start(self, number: int) -> datetime:
        """Return the instant, in UTC, at which a shift starts, by its number."""
        known = self._starts.get(number)
        if known is None:
            known = instants(self._wall(number), self._zone)[0]
            if len(self._starts) >= _MANY_SHIFTS:
                self._starts.clear()
            self._starts[number] = known
        return known

    def number(self, at: datetime) -> int:
        """Return the number of the shift that was the last to start, at an aware instant."""
        if at.tzinfo is None:
            raise ValueError("an instant without a time zone; expected an aware datetime")
        number = (at.astimezone(self._zone).replace(tzinfo=None) - self._first) // self.every
        # Around a change of the clocks the wall says one shift and the instant another.
        while self.start(number) > at:
            number -= 1
        while self.start(number + 1) <= at:
            number += 1
        return number

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yield the shifts that have a part between two aware instants, in order."""
        number = self.number(start)
        while self.start(number) < end:
            yield self.shift(number)
            number += 1

    def changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants between two aware ones at which it hands over, begins or ends to be on."""
        yield from (shift.start for shift in self.shifts(start, end) if shift.start > start)
        if self._hours is not None:
            yield from self._hours.changes(start, end)

    def shown(self, at: datetime) -> str:
        """Write an aware instant as local clocks and calendars show it."""
        local = at.astimezone(self._zone).replace(tzinfo=None)
        return f"{local.isoformat(' ', 'minutes')} {self.time_zone}"

    def _wall(self, number: int) -> datetime:
        return self._first + number * self.every
