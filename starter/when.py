"""Instants as people write and read them: in the zone of the machine they sit at, or another; it is always named."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalation.errors import RequestRefused
from escalation.values import format_duration, parse_duration

_CLOCK = re.compile(r"(?:(today|tomorrow)\s+)?(\d{1,2}):(\d{2})", re.IGNORECASE)
EXPECTED = (
    "expected how long from now (15m, 2d), a time (18:30, tomorrow 9:00), a date (2026-11-24: its last minute), or an "
    "instant (2026-11-24T09:00+01:00)"
)
"""What ``parse_instant`` understands, for people."""

_ZONE: ContextVar[ZoneInfo | None] = ContextVar("zone", default=None)


@contextmanager
def zone(name: str) -> Iterator[None]:
    """Write and read instants in another zone than the machine's; an empty name changes nothing.

    Raises:
        RequestRefused: there is no such zone.
    """
    try:
        chosen = ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise RequestRefused(
            [("--zone", f"`{name[:64]}` is no time zone; expected one such as Europe/Prague")]
        ) from None
    token = _ZONE.set(chosen)
    try:
        yield
    finally:
        _ZONE.reset(token)


def localized(at: datetime) -> datetime:
    """Return an instant in the reader's zone; what names no zone is meant in it."""
    chosen = _ZONE.get()
    return at.replace(tzinfo=chosen) if chosen is not None and at.tzinfo is None else at.astimezone(chosen)


def parse_instant(text: str, now: datetime, *, first: bool = False) -> datetime:
    """Read an instant. What names no zone is meant in the local one; a time of day is the next time it is that late.

    A date means its last minute: somebody has until then. With ``first`` it means its first: something begins then.

    Raises:
        ValueError: saying what was expected.
    """
    said = text.strip().removeprefix("in ")
    duration = parse_duration(said)
    if isinstance(duration, timedelta):
        return now + duration
    local = localized(now)
    if clock := _CLOCK.fullmatch(said):
        word, hour, minute = clock.group(1), int(clock.group(2)), int(clock.group(3))
        try:
            at = datetime.combine(local.date(), time(hour, minute))
        except ValueError:
            raise ValueError(EXPECTED) from None
        later = (word or "").lower() == "tomorrow" or (word is None and localized(at) <= local)
        return localized(at + timedelta(days=1) if later else at)
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError(EXPECTED) from None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
        read = datetime.combine(read.date(), time() if first else time(23, 59))
    return localized(read) if read.tzinfo is None else read


def instant_of(option: str, text: str, now: datetime, *, first: bool = False) -> datetime:
    """Read the instant that an option of the command line names, with the offset it is written in; ``now`` is one too.

    Raises:
        RequestRefused: naming the option, and what was expected.
    """
    if text == "now":
        return now
    try:
        return parse_instant(text, now, first=first)
    except ValueError:
        raise RequestRefused([(option, f"`{text[:64]}` is no instant; {EXPECTED}")]) from None


def show(at: datetime, now: datetime | None = None) -> str:
    """Write an instant in the reader's zone: ``14:05:12 CET``, with its day when that is not today."""
    local = localized(at)
    today = localized(now or datetime.now(UTC)).date()
    day = "" if local.date() == today else f"{local:%a %d %b} " if local.year == today.year else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M:%S} {local.tzname()}"


def away(at: datetime, now: datetime) -> str:
    """Write how far away an instant is: ``in 12m``, ``3m ago``, ``now``."""
    distance = at - now
    if abs(distance) < timedelta(seconds=1):
        return "now"
    return f"in {format_duration(distance)}" if distance > timedelta(0) else f"{format_duration(-distance)} ago"


def offset(distance: timedelta) -> str:
    """Write a distance with its sign, to a tenth of a second while it is short: ``+4.2s``, ``+15m``."""
    seconds = distance.total_seconds()
    if abs(seconds) < 120:
        return f"{seconds:+.1f}s"
    return f"{'+' if seconds >= 0 else '-'}{format_duration(abs(distance))}"
