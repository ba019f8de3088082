"""How many pages a person may be burdened with in a night and in a week, before somebody else is asked."""

from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from escalation.calendars import Slot, instants
from escalation.people.search import Pages, Since
from escalation.values import Record, counted

WEEK = timedelta(days=7)
Count = Annotated[int, Field(ge=0, le=10_000)]


class AtMost(Record):
    """A person's limits. Beyond them others are asked first, and the person only when nobody else is found."""

    night: Count | None = None
    """Pages in one night."""
    week: Count | None = None
    """Pages in any seven days."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.night is None and self.week is None:
            raise ValueError("limits nothing; expected `night` or `week`, such as {night: 2, week: 10}")
        return self


class Fatigue(Record):
    """What is the same for everybody."""

    night: Slot = Field(default="22:00-07:00", validate_default=True)
    """Wall times in each person's own time zone."""
    worst_is_exempt: bool = False
    """True: at the worst severity nobody is spared."""


def since(at_most: AtMost, night: Slot, time_zone: str, at: datetime) -> Since:
    """Return from when a person's pages count, at an aware instant."""
    begun = _night(night, ZoneInfo(time_zone), at) if at_most.night is not None else None
    return Since(begun, at - WEEK)


def too_many(at_most: AtMost, pages: Pages, *, by_night: bool) -> str:
    """Say of which pages a person had as many as they may: ``2 pages tonight, at most 2``; nothing when of none."""
    if by_night and at_most.night is not None and pages.night >= at_most.night:
        return f"{counted(pages.night, 'page')} tonight, at most {at_most.night}"
    if at_most.week is not None and pages.week >= at_most.week:
        return f"{counted(pages.week, 'page')} in seven days, at most {at_most.week}"
    return ""


def _night(slot: Slot, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Return when the night began that an instant is in; None by day."""
    today = datetime.combine(at.astimezone(zone).date(), time())
    for midnight in (today, today - timedelta(days=1)):
        begins = instants(midnight + timedelta(minutes=slot.start), zone)[0]
        ends = instants(midnight + timedelta(minutes=slot.end), zone)[1]
        if begins <= at < ends:
            return begins
    return None
