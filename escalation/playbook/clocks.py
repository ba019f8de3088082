"""How long something may take, as a playbook says it: clocks, and how long a status may last."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalation.playbook.parts import Condition
from escalation.values import Duration, Record, Slug, Target


class ClockName(StrEnum):
    """The clocks whose end follows from their name; a clock of any other name says what it waits for."""

    ACKNOWLEDGE = "acknowledge"
    FIRST_HUMAN_RESPONSE = "first_human_response"
    RESOLUTION = "resolution"


class Stops(StrEnum):
    """What a clock waits for."""

    ACKNOWLEDGED = "acknowledged"
    """Somebody has taken it."""
    HUMAN_RESPONSE = "human_response"
    """A person who is not the requester does more than take it."""
    UPDATE = "update"
    """A person says how it stands; the clock then begins anew, until it is resolved."""
    RESOLVED = "resolved"
    """The resolution stands."""
    CLOSED = "closed"
    """The review is in and every action item is done."""


STOPS_BY_NAME: dict[str, Stops] = {
    ClockName.ACKNOWLEDGE: Stops.ACKNOWLEDGED,
    ClockName.FIRST_HUMAN_RESPONSE: Stops.HUMAN_RESPONSE,
    ClockName.RESOLUTION: Stops.RESOLVED,
}

LEVEL_UP, TELL = "level_up", "tell"

PausedBy = Literal["hold", "customer", "input"]


class ClockPolicy(Record):
    """How long something may take, in wall time or in a calendar's business time, by severity."""

    starts: Literal["trigger", "first_contact", "acknowledged", "level"] = "trigger"
    """``first_contact`` counts from the case's ``opened_at``; ``level`` begins anew at each level."""
    within: dict[str, Duration] = {}
    """Severity name to duration; ``default`` serves the severities that are not named."""
    calendar: Slug | None = None
    """Name of the calendar in whose business time it runs; None: wall time."""
    warn_at: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """Fraction of the time after which the owner is warned."""
    pause_on_hold: bool = True
    on_breach: Slug = LEVEL_UP
    """``level_up``, ``tell``, or the level to go to at least."""
    stops: Stops | None = None
    """None: as its name says."""
    when: Condition | None = None
    """It runs only while this is true; what passes while it is not is in the pause ledger."""
    paused_by: tuple[PausedBy, ...] | None = None
    """``hold``, ``customer`` (a resolution waits to be confirmed), ``input`` (the requester was asked for input).

    None: ``customer``, and ``hold`` unless ``pause_on_hold`` is off.
    """
    remind: tuple[Duration, ...] = ()
    """So long before the limit, in the clock's own time, the owner is reminded."""
    tell: tuple[Target, ...] = ()
    """Who is told at the warning and at the breach, beside the owner and whoever is accountable."""
    limit: Literal["within", "due_at"] = "within"
    """``due_at``: the limit is the request's own due date, which no pause and no severity moves."""

    def allowed(self, severity: str) -> Duration | None:
        """Return the time allowed at a severity; None when this clock does not run at it, or runs to a due date."""
        return self.within.get(severity, self.within.get("default")) if self.limit == "within" else None

    def ends(self, name: str) -> Stops:
        """Return what a clock of this name waits for."""
        return self.stops or STOPS_BY_NAME.get(name, Stops.RESOLVED)

    @property
    def pauses(self) -> tuple[PausedBy, ...]:
        """What pauses it."""
        if self.limit == "due_at":
            return ()
        if self.paused_by is not None:
            return self.paused_by
        return ("hold", "customer") if self.pause_on_hold else ("customer",)

    def watched(self, name: str) -> bool:
        """Tell whether more than the three clocks of old do has to be looked at after each command."""
        return (
            self.when is not None
            or self.paused_by is not None
            or self.starts in ("acknowledged", "level")
            or self.ends(name) is Stops.UPDATE
        )


class StatusLimit(StrEnum):
    """What happens when a status lasts too long."""

    REMIND = "remind"
    """The owner is reminded, again and again; whoever is accountable while nobody owns it."""
    LEVEL_UP = "level_up"
    """It goes up a level, once for each time the status is entered; the owner is told."""
