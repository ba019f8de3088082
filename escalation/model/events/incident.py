"""What happens around an incident: declared and stood down, its baseline, action plan, priorities and periods."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.incident import Section, Typed
from escalation.playbook.facts import FactValue
from escalation.values import Actor


class IncidentDeclared(EventBase):
    """From here on it is run as an incident."""

    type: Literal["incident_declared"] = "incident_declared"
    number: int
    because: str
    condition: str = ""
    """Of the playbook; empty: a person declared it."""
    facts: dict[str, FactValue] = {}
    first_update_due: AwareDatetime | None = None
    """Until when the first update is demanded; None: none is."""


class FirstUpdateOverdue(EventBase):
    """The first update has not come."""

    type: Literal["first_update_overdue"] = "first_update_overdue"
    times: int
    asked: tuple[str, ...]
    """Targets, or the owner, who are asked for it now."""
    next_due: AwareDatetime


class BaselineReported(EventBase):
    """What everybody relies on from now on; it takes the place of the one before."""

    type: Literal["baseline_reported"] = "baseline_reported"
    number: int
    what_happened: str
    who_is_affected: str
    why_urgent: str
    recording: str = ""
    seconds: float | None = None
    """How long the recording is."""
    period: int = 0
    """In which operational period; 0 where none runs."""


class PlanFiled(EventBase):
    """A line of the action plan was filed, or rewritten."""

    type: Literal["plan_filed"] = "plan_filed"
    line: str
    section: Section
    typed: Typed
    text: str
    version: int
    item: str = ""
    gate: str = ""
    behind: str = ""
    replaces: str = ""
    period: int = 0


class PrioritiesSet(EventBase):
    """The commander says what comes first now."""

    type: Literal["priorities_set"] = "priorities_set"
    priorities: tuple[str, ...]
    version: int
    period: int = 0


class PeriodBegun(EventBase):
    """An operational period begins."""

    type: Literal["period_begun"] = "period_begun"
    number: int
    led_by: str
    ends_at: AwareDatetime
    hand_over_at: AwareDatetime


class HandOverBegun(EventBase):
    """The period comes to its end: somebody has to take the next one."""

    type: Literal["hand_over_begun"] = "hand_over_begun"
    number: int
    because: str


class PeriodEnded(EventBase):
    """A period is over: what was done in it, what remains, and who took the next one."""

    type: Literal["period_ended"] = "period_ended"
    number: int
    began_at: AwareDatetime
    led_by: str
    accepted_by: Actor | None = None
    late: bool = False
    done: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()


class StandDownAsked(EventBase):
    """Somebody wants the incident stood down, and its approval is asked."""

    type: Literal["stand_down_asked"] = "stand_down_asked"
    because: str


class StandDownRefused(EventBase):
    """The approval said no: the incident goes on."""

    type: Literal["stand_down_refused"] = "stand_down_refused"
    asked_by: Actor
    because: str


class StoodDown(EventBase):
    """The incident is over; the escalation goes on until it is resolved and reviewed."""

    type: Literal["stood_down"] = "stood_down"
    because: str
    asked_by: Actor
