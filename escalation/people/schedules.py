"""Rotations: who is on call at an instant, and why.

People of a layer take turns; a turn begins at a wall time of its time zone, every day, every week, or every so many
hours. A layer may be on at certain hours only. Layers lie on each other: at every instant the topmost one that is on
counts, and above all of them an override, which puts one person in place of whoever would have the shift.

Daylight saving: a shift starts at the first occurrence of its wall time and ends at the last, so that an ambiguous
hand-over overlaps rather than gaps. Where clocks go back and the hand-over time comes twice, the next person starts at
its first and the one before ends at its second; in between both have a shift and the next person is the one on call.
Where clocks go forward and the time is skipped, it is read with the offset from before the change (as RFC 5545 reads
it): 02:30 is then the instant that local clocks show as 03:30.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from escalation.calendars import WEEKDAYS, Calendar, Slots, TimeZone, Weekday, instants
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


class Span(Record):
    """From ``start`` until just before ``end``."""

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("ends before it starts; expected `start` before `end`")
        return self


class Override(Span):
    """One person instead of whoever would have the shift."""

    person: Slug
    why: str = ""


class Shift(NamedTuple):
    """One person's turn, overrides and layers above apart; instants in UTC, the end not included."""

    person: str
    start: datetime
    end: datetime
    """At an ambiguous hand-over later than the next shift's start."""


class _Turns(Record):
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


class Layer(_Turns):
    """Turns that lie above those of the rotation."""

    time_zone: TimeZone | None = None
    """None: the rotation's."""


class Rotation(_Turns):
    """A rotation: its own turns, layers above them, and overrides above all."""

    time_zone: TimeZone
    above: tuple[Layer, ...] = ()
    """The last one counts most. Together with the rotation's own turns they may leave hours without anybody."""
    overrides: tuple[Override, ...] = ()

    @cached_property
    def layers(self) -> "tuple[Turns, ...]":
        """The turns that are asked, the topmost first."""
        above = (Turns(layer, layer.time_zone or self.time_zone) for layer in reversed(self.above))
        return (*above, Turns(self, self.time_zone))

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return everybody who has a shift at some time or other."""
        turns = (person for layer in (self, *self.above) for person in layer.people)
        return tuple(dict.fromkeys((*turns, *(override.person for override in self.overrides))))


_MANY_SHIFTS = 4_000


class Turns:
    """The arithmetic of one layer, in its time zone."""

    def __init__(self, layer: _Turns, time_zone: str) -> None:
        self.people = layer.people
        self.every = layer.every
        self.starts_on = layer.starts_on
        self.time_zone = time_zone
        self._zone = ZoneInfo(time_zone)
        self._first = datetime.combine(layer.starts_on, layer.hand_over.at)
        self._hours = Calendar(time_zone=time_zone, week=layer.only) if layer.only else None
        self._starts: dict[int, datetime] = {}

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
        """Return whose shift it is by its number."""
        return self.people[number % len(self.people)]

    def after(self, number: int) -> tuple[str, ...]:
        """Return the others in the order of their turns after a shift."""
        turns = (self.person(number + offset) for offset in range(1, len(self.people)))
        return tuple(person for person in dict.fromkeys(turns) if person != self.person(number))

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


class OnCall(NamedTuple):
    """Who is on call, and why."""

    person: str
    why: str
    others: tuple[str, ...] = ()
    """Whom to ask when this person is away: who has the shift beneath, and the next turns, layer by layer."""


def on_call(rotation: Rotation, at: datetime) -> OnCall | None:
    """Say who is on call at an aware instant; None where no layer is on.

    Where overrides overlap, the one written last counts.
    """
    turn = next(((place, turns) for place, turns in enumerate(rotation.layers) if turns.is_on(at)), None)
    for override in reversed(rotation.overrides):
        if override.start <= at < override.end:
            shown = rotation.layers[-1].shown(override.end)
            for_whom = f"stands in for {_whose(turn[1], at)}" if turn is not None else "stands in"
            why = f"{for_whom} until {shown}{f': {override.why}' if override.why else ''}"
            return OnCall(override.person, why, _others(rotation, at, override.person))
    if turn is None:
        return None
    place, turns = turn
    number = turns.number(at)
    until = min((turns.ends(number, at), *(above.begins(at) for above in rotation.layers[:place])))
    before = f", counted backwards from the first shift on {turns.starts_on}" if number < 0 else ""
    return OnCall(
        turns.person(number),
        f"has the shift until {turns.shown(until)}{before}",
        _others(rotation, at, turns.person(number)),
    )


def next_on(rotation: Rotation, at: datetime) -> datetime:
    """Return the first instant, from an aware one on, at which somebody has a shift, overrides apart."""
    return min(turns.begins(at) for turns in rotation.layers)


def changes(rotation: Rotation, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants between two aware ones at which somebody else may be on call, in no order."""
    for turns in rotation.layers:
        yield from turns.changes(start, end)
    for override in rotation.overrides:
        yield from (at for at in (override.start, override.end) if start < at < end)


def _others(rotation: Rotation, at: datetime, person: str) -> tuple[str, ...]:
    """Return everybody else who could have the shift, of the layers that are on, the topmost first."""
    turns = [(layer, layer.number(at)) for layer in rotation.layers if layer.is_on(at)]
    found = (each for layer, number in turns for each in (layer.person(number), *layer.after(number)))
    return tuple(each for each in dict.fromkeys(found) if each != person)


def _whose(turns: Turns, at: datetime) -> str:
    return turns.person(turns.number(at))
