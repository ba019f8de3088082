"""What time makes happen: clocks, statuses, holds."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.clocks import StatusLimit
from escalation.values import Slug


class ClockStarted(EventBase):
    """A clock runs (again, after a change of severity)."""

    type: Literal["clock_started"] = "clock_started"
    clock: Slug
    started_at: AwareDatetime
    warn_due: AwareDatetime
    due: AwareDatetime
    reminders: tuple[AwareDatetime, ...] = ()
    was_due: AwareDatetime | None = None
    """Its limit before, when it was running already."""
    because: str = ""
    """Why it begins, or moves; empty at the opening."""


class ClockReminded(EventBase):
    """The owner was reminded of a limit that comes."""

    type: Literal["clock_reminded"] = "clock_reminded"
    clock: Slug


class ClockPaused(EventBase):
    """A clock stands still."""

    type: Literal["clock_paused"] = "clock_paused"
    clock: Slug
    because: str


class ClockResumed(EventBase):
    """A clock goes on by as much as it was paused."""

    type: Literal["clock_resumed"] = "clock_resumed"
    clock: Slug
    because: str


class ClockWarned(EventBase):
    """A clock is close to its limit."""

    type: Literal["clock_warned"] = "clock_warned"
    clock: Slug


class ClockBreached(EventBase):
    """A clock passed its limit."""

    type: Literal["clock_breached"] = "clock_breached"
    clock: Slug


class ClockStopped(EventBase):
    """What a clock waits for has happened."""

    type: Literal["clock_stopped"] = "clock_stopped"
    clock: Slug
    met: bool = True
    """False: it has no limit now, and runs again when it has one."""


class StatusEntered(EventBase):
    """A status begins that may last only so long; or one of those has ended."""

    type: Literal["status_entered"] = "status_entered"
    status: str
    due: AwareDatetime | None = None
    """Until when; None: as long as it takes."""


class StatusOverdue(EventBase):
    """A status has lasted longer than it may."""

    type: Literal["status_overdue"] = "status_overdue"
    status: str
    then: StatusLimit
    times: int
    because: str
    next_due: AwareDatetime


class HoldStarted(EventBase):
    """Work pauses, and with it the clocks that may."""

    type: Literal["hold_started"] = "hold_started"
    because: str
    until: AwareDatetime
    clocks: tuple[Slug, ...]


class HoldEnded(EventBase):
    """Work goes on; clocks go on by as much as they were paused."""

    type: Literal["hold_ended"] = "hold_ended"
    because: str
