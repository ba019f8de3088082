"""Rotations that a calendar holds: its events are the shifts. This module answers from them; others read the feed.

Where shifts overlap, the one that started last counts; of several that start at once, the one that ends first; of those
that end at once too, the one written last. So whoever begins in the middle of another's shift has it from then on, as
at a hand-over that overlaps, and a short shift laid over a long one stands in for a part of it. Where there is no
shift, nobody is on call.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final, NamedTuple, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from escalation.calendars import TimeZone
from escalation.people.spans import Override
from escalation.people.swaps import Swap, Taken, apply, missing
from escalation.values import Duration, Record, Slug, format_duration

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""When the next shift begins where none is known."""
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that may be asked without TLS: they are this machine."""
_BESIDE: Final = 10
"""Of shifts that run at once, so many beside the one that counts are known."""


class Feed(Record):
    """A calendar in iCalendar format (RFC 5545), and who is who in it."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """Path; a relative one is seen from the folder of the directory's file."""
    url: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """``https://...``. It often holds a secret and is never repeated in a log, a note or an error."""
    people: dict[Annotated[str, Field(min_length=1, max_length=200)], Slug]
    """Person by what an event says: the address of an attendee, or what its summary is or contains as whole words."""
    time_zone: TimeZone
    """In which whole days, and times without a zone, are read."""
    every: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = timedelta(minutes=15)
    """How often it is read."""
    old_after: Duration = timedelta(hours=2)
    """From which age on, while it cannot be read, everybody who is found by it is told how old it is."""

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if not self.people:
            raise ValueError("is a feed of nobody; expected `people` with at least one entry, such as Eva: eva.novak")
        if (self.file is None) is (self.url is None):
            raise ValueError("expected either `file` or `url`")
        if self.url is not None:
            try:
                parts = urlsplit(self.url)
                fits = bool(parts.hostname) and (
                    parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
                )
            except ValueError:
                fits = False
            if not fits:
                raise ValueError("`url` is not one that is asked over TLS; expected https://...")
        return self


class FeedShift(NamedTuple):
    """One shift as the calendar has it, instants in UTC."""

    person: str
    start: datetime
    end: datetime


class Heard(Record):
    """What is known of a feed."""

    shifts: tuple[FeedShift, ...] = ()
    """Of the last good reading, in the order of the file."""
    read_at: AwareDatetime | None = None
    """When it was last read well; None: never."""
    failing: str = ""
    """Why it could not be read when that was last tried; empty when it could."""
    remarks: tuple[str, ...] = ()
    """What is odd in it although it is used: events that name nobody, or no end. Nothing of its text."""


class Stretch(NamedTuple):
    """The part of a shift for which it counts."""

    start: datetime
    end: datetime
    shift: int
    beside: tuple[int, ...]
    """Shifts of which a part lies in the same time."""


class Listed:
    """The arithmetic of shifts that are written out one by one; the same questions as those to ``Turns``."""

    def __init__(self, shifts: tuple[FeedShift, ...], time_zone: str) -> None:
        self.shifts = shifts
        self.time_zone = time_zone
        self.taken: dict[int, Taken] = {}
        self._zone = ZoneInfo(time_zone)
        self._stretches = list(_laid_over(shifts))
        self._starts = [stretch.start for stretch in self._stretches]
        self._everybody = {shift.person for shift in shifts}

    def is_on(self, at: datetime) -> bool:
        """Tell whether anybody has a shift at an aware instant."""
        return self._at(at) is not None

    def number(self, at: datetime) -> int:
        """Return the number of the shift that counts at an aware instant at which one does."""
        stretch = self._at(at)
        if stretch is None:
            raise ValueError("nobody has a shift then; ask is_on before")
        return stretch.shift

    def ends(self, number: int, at: datetime) -> datetime:
        """Return until when the shift that counts at an aware instant does."""
        stretch = self._at(at)
        return self.shifts[number].end if stretch is None else stretch.end

    def begins(self, at: datetime) -> datetime:
        """Return the first instant, from an aware one on, at which somebody has a shift; ``NEVER``."""
        if self.is_on(at):
            return at
        place = bisect_left(self._starts, at)
        return self._starts[place] if place < len(self._starts) else NEVER

    def person(self, number: int) -> str:
        """Return who has a shift, by its number."""
        taken = self.taken.get(number)
        return taken.person if taken is not None else self.shifts[number].person

    def after(self, number: int, at: datetime) -> tuple[str, ...]:
        """Return whom else to ask: who has a shift at the same time, whose this one was, then who comes next."""
        found = dict.fromkeys(self.person(each) for each in self._beside(at))
        found[self.shifts[number].person] = None
        for stretch in self._stretches[bisect_right(self._starts, at) :]:
            if len(found) >= len(self._everybody):
                break
            found[self.person(stretch.shift)] = None
        return tuple(each for each in found if each != self.person(number))

    def changes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants between two aware ones at which another shift counts, or none."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        for stretch in self._stretches[first : bisect_left(self._starts, end)]:
            yield from (at for at in (stretch.start, stretch.end) if start < at < end)

    def about(self, number: int) -> str:
        """Say what is unusual about a shift, after a comma; empty when nothing is."""
        taken = self.taken.get(number)
        return f", {taken.said}" if taken is not None else ""

    def own(self, person: str, at: datetime) -> int | None:
        """Return the number of the shift that is this person's and starts at an aware instant, swaps apart."""
        own = (n for n, shift in enumerate(self.shifts) if shift.person == person and shift.start == at)
        return next(own, None)

    def near(self, person: str, at: datetime) -> tuple[datetime, ...]:
        """Return when this person's shifts around an aware instant start, swaps apart."""
        starts = sorted(shift.start for shift in self.shifts if shift.person == person)
        place = bisect_left(starts, at)
        return tuple(starts[max(place - 1, 0) : place + 1])

    def shown(self, at: datetime) -> str:
        """Write an aware instant as local clocks and calendars show it."""
        local = at.astimezone(self._zone).replace(tzinfo=None)
        return f"{local.isoformat(' ', 'minutes')} {self.time_zone}"

    def _at(self, at: datetime) -> Stretch | None:
        place = bisect_right(self._starts, at) - 1
        return self._stretches[place] if place >= 0 and at < self._stretches[place].end else None

    def _beside(self, at: datetime) -> tuple[int, ...]:
        stretch = self._at(at)
        beside = stretch.beside if stretch is not None else ()
        return tuple(number for number in beside if self.shifts[number].start <= at < self.shifts[number].end)


class FeedRotation(Record):
    """A rotation whose shifts stand in a calendar; overrides lie above it, and its shifts can be swapped."""

    feed: Feed
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _has_no_turns(cls, data: Any) -> Any:
        if isinstance(data, dict):
            own = [f"`{key}`" for key in ("people", "every", "hand_over", "starts_on", "only", "above") if key in data]
            if own:
                raise ValueError(f"has a `feed` and turns of its own ({', '.join(own)}); expected one of them")
        return data

    @property
    def heard(self) -> Heard:
        """What is known of the feed; nothing yet."""
        return Heard()

    @property
    def time_zone(self) -> str:
        """In which its instants are shown."""
        return self.feed.time_zone

    @cached_property
    def layers(self) -> tuple[Listed]:
        """The shifts that are asked."""
        return (self._read[0],)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd in the feed, or in the swaps that name its shifts; nothing that keeps it from being used."""
        return (*self.heard.remarks, *self._read[1])

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return everybody who has a shift at some time or other."""
        people = (*self.feed.people.values(), *(swap.b for swap in self.swaps))
        return tuple(dict.fromkeys((*people, *(override.person for override in self.overrides))))

    def age(self, at: datetime) -> str:
        """Say how old the shifts are, once they are too old at an aware instant; empty otherwise."""
        read_at = self.heard.read_at
        if not self.heard.failing or read_at is None or at - read_at <= self.feed.old_after:
            return ""
        return f"the feed was last read {format_duration(at - read_at)} ago"

    def nobody(self) -> str:
        """Say why there is no shift at all; empty where there are some."""
        if self.heard.read_at is not None:
            return ""
        why = f": {self.heard.failing}" if self.heard.failing else ""
        return f"its feed could not be read yet{why}"

    def hearing(self, heard: Heard) -> "FeedRotation":
        """Return the rotation as it is with what was read."""
        return ReadRotation.made(
            {"feed": self.feed, "overrides": self.overrides, "swaps": self.swaps, "last_heard": heard}
        )

    @cached_property
    def _read(self) -> tuple[Listed, tuple[str, ...]]:
        listed = Listed(self.heard.shifts, self.feed.time_zone)
        lost = apply((listed,), self.swaps)
        known = self.heard.read_at is not None
        remarks = tuple(f"a swap cannot count: {missing((listed,), given)}" for _, given in lost)
        return listed, remarks if known else ()


class ReadRotation(FeedRotation):
    """A rotation with what was read of its feed. No file can say this; ``FeedRotation.hearing`` makes it."""

    last_heard: Heard = Heard()

    @property
    def heard(self) -> Heard:
        """What is known of the feed."""
        return self.last_heard


def _laid_over(shifts: tuple[FeedShift, ...]) -> Iterator[Stretch]:
    """Yield, in order, which shift counts from when to when."""
    edges: dict[datetime, tuple[list[int], list[int]]] = {}
    for number, shift in enumerate(shifts):
        edges.setdefault(shift.start, ([], []))[0].append(number)
        edges.setdefault(shift.end, ([], []))[1].append(number)

    def rank(number: int) -> tuple[float, datetime, int]:
        return -shifts[number].start.timestamp(), shifts[number].end, -number

    running: list[int] = []
    begun, counts, beside = NEVER, -1, dict[int, None]()
    for at in sorted(edges):
        started, over = edges[at]
        for number in over:
            del running[bisect_left(running, rank(number), key=rank)]
        for number in started:
            insort(running, number, key=rank)
        now = running[0] if running else -1
        if now != counts:
            if counts >= 0:
                yield Stretch(begun, at, counts, tuple(beside))
            begun, counts, beside = at, now, {}
        beside.update(dict.fromkeys(running[1 : _BESIDE + 1]))
