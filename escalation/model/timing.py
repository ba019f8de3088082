"""What an escalation keeps of its times: clocks with their pauses, how long a status may last, a hold."""

from datetime import timedelta

from pydantic import AwareDatetime

from escalation.values import Actor, Record, Slug


class Pause(Record):
    """One entry of a clock's pause ledger."""

    by: Actor
    because: str
    since: AwareDatetime
    until: AwareDatetime | None = None


class Clock(Record):
    """A running, paused or stopped clock; instants are absolute and already include past pauses."""

    name: Slug
    started_at: AwareDatetime
    warn_due: AwareDatetime
    due: AwareDatetime
    warned: bool = False
    breached: bool = False
    stopped_at: AwareDatetime | None = None
    pauses: tuple[Pause, ...] = ()
    """The latest entries of its pause ledger."""
    lost: timedelta = timedelta(0)
    """What the entries took that are not kept any more, in the clock's own time."""
    paused_for: timedelta = timedelta(0)
    """The same in wall time."""
    reminders: tuple[AwareDatetime, ...] = ()
    """When the owner is still to be reminded of it, the earliest first."""
    applies: bool = True
    """False: it was stopped because there is no limit at this severity, or no due date any more; it may run again."""

    @property
    def paused(self) -> bool:
        """True while the last entry of the pause ledger is open."""
        return bool(self.pauses) and self.pauses[-1].until is None


class StatusStay(Record):
    """A stay in a status that may last only so long."""

    status: str
    since: AwareDatetime
    due: AwareDatetime
    """When that is said (again)."""
    times: int = 0


class Hold(Record):
    """Work is paused."""

    by: Actor
    because: str
    since: AwareDatetime
    until: AwareDatetime
