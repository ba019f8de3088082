"""How a person wants to be reached: quiet hours, which channel for which kind of message, and how much at once."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from escalation.calendars import Slot, instants
from escalation.values import Duration, Record

LONGEST_QUIET: Final = timedelta(hours=16)
"""A message is tried for a day: what waits for the end of somebody's quiet hours must still be able to arrive."""


class MessageFor(StrEnum):
    """Kinds of messages that a person may want on channels of their own."""

    PAGE = "page"
    APPROVAL = "approval"
    INPUT = "input"
    WARNING = "warning"
    NEWS = "news"
    REVIEW = "review"
    ITEM = "item"


class Unless(StrEnum):
    """What breaks quiet hours."""

    URGENT = "urgent"
    """Pages and approvals of the two worst severities."""
    ASKED = "asked"
    """Every page and every approval."""


_ASKING: Final = frozenset({MessageFor.PAGE, MessageFor.APPROVAL})


class Quiet(Record):
    """Hours in which only what is urgent reaches a person."""

    hours: Annotated[tuple[Slot, ...], Field(min_length=1, max_length=5)]
    """Wall times in the person's own time zone, every day: ``22:00-07:00``."""
    unless: Unless = Unless.URGENT

    @model_validator(mode="after")
    def _ends_in_time(self) -> "Quiet":
        lengths = [timedelta(minutes=slot.end - slot.start) for slot in self.hours]
        if sum(lengths, timedelta(0)) > LONGEST_QUIET:
            raise ValueError("is quiet for more than 16 hours of a day; leave hours in which news can arrive")
        return self

    def until(self, kind: str, time_zone: str, at: datetime, *, urgent: bool) -> datetime | None:
        """Return the end of the quiet hours that keep a message; None when nothing does."""
        if urgent or (self.unless is Unless.ASKED and kind in _ASKING):
            return None
        end = at
        # One slot may begin where another ends.
        for _ in self.hours:
            later = max((found for slot in self.hours if (found := _end(slot, time_zone, end))), default=None)
            if later is None:
                break
            end = later
        return end if end > at else None


def _end(slot: Slot, time_zone: str, at: datetime) -> datetime | None:
    """Return when the slot ends within which an instant lies, in UTC; None when it lies in none."""
    zone = ZoneInfo(time_zone)
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for midnight in (today - timedelta(days=1), today):
        begins = instants(midnight + timedelta(minutes=slot.start), zone)[0]
        ends = instants(midnight + timedelta(minutes=slot.end), zone)[1]
        if begins <= at < ends:
            return ends.astimezone(UTC)
    return None


class Limit(Record):
    """So many messages within so long."""

    messages: Annotated[int, Field(ge=1, le=10_000)]
    within: Annotated[Duration, Field(le=timedelta(hours=1))]


def ordered(channels: Iterable[str]) -> dict[str, int]:
    """Return the place of each channel, the first mention counting."""
    return {channel: place for place, channel in enumerate(dict.fromkeys(channels))}
