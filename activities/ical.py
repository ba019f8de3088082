"""Reads a calendar in a process of its own: ``python -m activities.ical``, which writes shifts as JSON.

What comes in is somebody else's file: a rule that repeats every second, or a day that never comes, keeps the library
busy for hours. A process can be stopped at any moment, its memory is bounded, and the worker's own loop goes on.

What the calendar says of *when* must be understood entirely, or it is refused as a whole: a page at a wrong hour is
worse than yesterday's copy. Where only *who* is unknown, that event is left out and said. Events are named by their
line, never by their text.
"""

import contextlib
import json
import os
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from escalation.calendars import instants
from escalation.errors import RemoteRefused
from escalation.values import counted

MAX_SHIFTS: Final = 20_000
MAX_EVENTS: Final = 20_000
MAX_MEMORY: Final = 1 << 30
MAX_REMARKS: Final = 10
_STEP: Final = timedelta(days=100)
_DAY: Final = timedelta(days=1)
_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY"})
_TIMES: Final = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_ZONES: Final = re.compile(rb"^BEGIN:VTIMEZONE\r?$.*?^END:VTIMEZONE\r?$\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_EVENT: Final = re.compile(rb"BEGIN:VEVENT[ \t]*\r?", re.IGNORECASE)


class Reader:
    """One calendar, and who is who in it."""

    def __init__(self, people: Mapping[str, str], time_zone: str, start: datetime, end: datetime) -> None:
        self._people = {_plain(name): person for name, person in people.items()}
        self._zone = ZoneInfo(time_zone)
        self._start, self._end = start, end
        self._remarks: dict[str, None] = {}

    def read(self, content: bytes) -> dict[str, Any]:
        """Return ``shifts`` (person, start, end, in the order of the file) and ``remarks``.

        Raises:
            RemoteRefused: saying what is wrong, and on which line.
        """
        lines = [number for number, line in enumerate(content.split(b"\n"), 1) if _EVENT.fullmatch(line)]
        if len(lines) > MAX_EVENTS:
            raise RemoteRefused(f"it holds {len(lines):,} events; expected at most {MAX_EVENTS:,}")
        calendar = self._parsed(content)
        events = calendar.walk("VEVENT")
        where = dict(zip(map(id, events), lines, strict=False))
        for event in events:
            _check_times(event, f"line {where.get(id(event), 0)}")
        # Each event carries its line through the library, which makes copies of it.
        for event in events:
            event.add("X-LINE", str(where.get(id(event), 0)))
        shifts = sorted(self._shifts(calendar, len(events)))
        if not shifts:
            raise RemoteRefused(
                f"it holds no shift of anybody between {self._start:%Y-%m-%d} and {self._end:%Y-%m-%d}"
                + "".join(f"; {remark}" for remark in list(self._remarks)[:3])
            )
        remarks = list(self._remarks)
        if len(remarks) > MAX_REMARKS:
            remarks = [*remarks[:MAX_REMARKS], f"and {len(remarks) - MAX_REMARKS:,} more"]
        return {
            "shifts": [(person, start.isoformat(), end.isoformat()) for _, start, end, person in shifts],
            "remarks": remarks,
        }

    def _parsed(self, content: bytes) -> icalendar.Calendar:
        # What a file says of a zone may be wrong, and is never needed: zones are known by their names.
        bare = _ZONES.sub(b"", content)
        if not bare.lstrip(b"\xef\xbb\xbf \t\r\n").upper().startswith(b"BEGIN:VCALENDAR"):
            raise RemoteRefused("it is no calendar; expected iCalendar text that begins with BEGIN:VCALENDAR")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a zone behind a vendor's prefix is meant as it is read
                found = icalendar.Calendar.from_ical(bare)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise RemoteRefused(f"it is a calendar with mistakes ({type(error).__name__})") from None
        if not isinstance(found, icalendar.Calendar):
            raise RemoteRefused("it is no calendar; expected one VCALENDAR")
        return found

    def _shifts(self, calendar: icalendar.Calendar, events: int) -> Iterator[tuple[int, datetime, datetime, str]]:
        count = 0
        try:
            query = recurring_ical_events.of(calendar)
            for event in self._occurrences(query):
                count += 1
                if count > MAX_SHIFTS:
                    raise RemoteRefused(
                        f"{counted(events, 'event')} come to more than {MAX_SHIFTS:,} shifts between "
                        f"{self._start:%Y-%m-%d} and {self._end:%Y-%m-%d}; does one repeat without end?"
                    )
                if shift := self._shift(event):
                    yield shift
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
            raise RemoteRefused(f"what repeats in it cannot be written out ({type(error).__name__})") from None

    def _occurrences(self, query: Any) -> Iterator[Any]:
        """Yield each occurrence once, in steps: what repeats too often is noticed before all of it is written out."""
        seen: set[tuple[str, str, str]] = set()
        # A day more on each side: floating times and whole days lie elsewhere in another zone.
        at, end = self._start - _DAY, self._end + _DAY
        while at < end:
            for event in query.between(at, min(at + _STEP, end)):
                key = (str(event.get("UID")), str(event.get("X-LINE")), event["DTSTART"].dt.isoformat())
                if key not in seen:
                    seen.add(key)
                    yield event
            at += _STEP

    def _shift(self, event: Any) -> tuple[int, datetime, datetime, str] | None:
        line = int(event["X-LINE"])
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return None
        first, last = event["DTSTART"].dt, event["DTEND"].dt
        start, end = self._instants(first)[0], self._instants(last)[1]
        if end <= self._start or start >= self._end:
            return None
        if end <= start:
            self._remarks[f"the event on line {line} has no end after its start, and is left out"] = None
            return None
        person = self._person(event)
        if person is None:
            said = f"the event on line {line} names nobody of `people`, or more than one, and is left out"
            self._remarks[said] = None
            return None
        return line, start, end, person

    def _instants(self, at: date) -> tuple[datetime, datetime]:
        """Return the first and last instant at which local clocks show what the event says."""
        if not isinstance(at, datetime):
            at = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - wall time of the feed's zone
        zone = at.tzinfo or self._zone
        if isinstance(zone, ZoneInfo):
            return instants(at.replace(tzinfo=None), zone)
        found = at.astimezone(UTC)
        return found, found

    def _person(self, event: Any) -> str | None:
        """Return whom an event means: by an attendee, else by the whole summary, else by a name in it."""
        attendees = event.get("ATTENDEE", [])
        found: set[str] = set()
        for attendee in attendees if isinstance(attendees, list) else [attendees]:
            address = _plain(re.sub("(?i)^mailto:", "", str(attendee)))
            named = _plain(str(getattr(attendee, "params", {}).get("CN", "")))
            found |= {self._people[each] for each in (address, named) if each in self._people}
        summary = _plain(str(event.get("SUMMARY", "")))
        if not found and summary in self._people:
            return self._people[summary]
        if not found:
            found = {person for name, person in self._people.items() if _holds(summary, name)}
        return found.pop() if len(found) == 1 else None


def _check_times(event: Any, where: str) -> None:
    """Refuse a zone that nobody knows, and what repeats faster than people take turns."""
    if "DTSTART" not in event:
        raise RemoteRefused(f"the event on {where} has no start")
    for name in _TIMES:
        values = event.get(name, [])
        for value in values if isinstance(values, list) else [values]:
            zone = str(getattr(value, "params", {}).get("TZID", ""))
            if zone and not _known(zone):
                raise RemoteRefused(f"the event on {where} is in the unknown time zone `{zone[:64]}`")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        often = _OFTEN.intersection(str(each).upper() for each in rule.get("FREQ", []))
        if often or any(len(rule.get(part, [])) > 1 for part in ("BYMINUTE", "BYSECOND")):
            raise RemoteRefused(f"the event on {where} repeats every {'second' if 'SECONDLY' in often else 'minute'}")


def _known(zone: str) -> bool:
    """Tell whether icalendar knows a zone: by its own name, by Windows' name, or behind a vendor's prefix."""
    bare = zone.strip("/")
    parts = bare.split("/")[1:] if zone.startswith("/") else []
    behind = ("/".join(parts[start:]) for start in range(len(parts)))
    return any(_loads(name) for name in (bare, WINDOWS_TO_OLSON.get(bare, bare), *behind))


def _loads(name: str) -> bool:
    try:
        found: tzinfo = ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return found is not None


def _plain(text: str) -> str:
    """Names are the same however they are spaced, capitalised and composed."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _holds(summary: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", summary) is not None


def _bound() -> None:
    """Give this process little memory, and the worker the first turn."""
    try:
        import resource
    except ImportError:
        return  # not on this system; the time limit stands
    os.nice(10)
    with contextlib.suppress(ValueError, OSError):  # not every system lets a process bound itself
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def main() -> None:
    """Read one JSON line of what is asked and then the calendar; write one JSON line of what it holds."""
    _bound()
    warnings.simplefilter("ignore")
    asked = json.loads(sys.stdin.buffer.readline())
    start, end = (datetime.fromisoformat(asked[key]) for key in ("start", "end"))
    reader = Reader(asked["people"], asked["time_zone"], start, end)
    try:
        answer = reader.read(sys.stdin.buffer.read())
    except RemoteRefused as error:
        answer = {"refused": str(error)}
    except (MemoryError, RecursionError):
        answer = {"refused": "it takes more memory than a calendar of shifts needs"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
