"""What an escalation's state keeps of its incident: the baseline, the action plan, priorities, the period.

Texts are bounded, and so is how many lines a plan has and how many past periods are kept: the events have all of it.
"""

from typing import Literal

from pydantic import AwareDatetime

from escalation.values import Actor, Record

Section = Literal["situation_summary", "execution_plan", "approval_checkpoints"]
Typed = Literal["assessment", "execution", "approval"]

PERIODS_KEPT = 6
"""How many records of past periods the state keeps."""


class Baseline(Record):
    """The update that others rely on now."""

    number: int
    at: AwareDatetime
    by: Actor
    what_happened: str
    who_is_affected: str
    why_urgent: str
    recording: str = ""


class PlanLine(Record):
    """One line of the action plan."""

    id: str
    section: Section
    text: str
    by: Actor
    at: AwareDatetime
    item: str = ""
    """The action item that a step of the execution plan is."""
    gate: str = ""
    """The approval that a checkpoint stands for."""
    behind: str = ""
    """The checkpoint that a step of the execution plan stands behind."""
    settled: str = ""
    """Of a checkpoint whose approval is not in the playbook any more: how it stood when that was so."""


class Priorities(Record):
    """What comes first now, as the commander says."""

    version: int
    at: AwareDatetime
    by: Actor
    items: tuple[str, ...]


class Period(Record):
    """The operational period that runs."""

    number: int
    began_at: AwareDatetime
    ends_at: AwareDatetime
    hand_over_at: AwareDatetime
    handing_over: bool = False
    asked: int = 0
    """How often the next period was offered to somebody."""


class PeriodRecord(Record):
    """A period that is over."""

    number: int
    began_at: AwareDatetime
    ended_at: AwareDatetime
    led_by: Actor
    accepted_by: Actor | None = None
    """Who took the next one; None: the incident was stood down, or moved to a playbook without periods."""
    late: bool = False
    done: tuple[str, ...] = ()
    """Action items that were done in it."""
    remains: tuple[str, ...] = ()
    """Action items that were open at its end."""


class StandDown(Record):
    """Somebody asked to stand down, and its approval has not decided yet."""

    by: Actor
    because: str
    at: AwareDatetime


class Incident(Record):
    """An incident, from its declaration on; kept after it was stood down."""

    number: int
    """1 for the first of this escalation."""
    declared_at: AwareDatetime
    declared_by: Actor
    because: str
    stood_down_at: AwareDatetime | None = None
    stood_down_because: str = ""
    stood_down_by: Actor | None = None
    """Who asked for that."""
    standing_down: StandDown | None = None
    first_update_due: AwareDatetime | None = None
    """When the first update is asked for next; None: it is there, or none is demanded."""
    first_update_limit: AwareDatetime | None = None
    """Until when the first update was demanded at the declaration."""
    chased: int = 0
    asked: tuple[Actor, ...] = ()
    """Who was asked for the first update: they may give it."""
    baseline: Baseline | None = None
    heard_at: AwareDatetime
    """When its responders last heard how it stands."""
    plan: tuple[PlanLine, ...] = ()
    plan_version: int = 0
    plan_lines: int = 0
    """How many lines were ever filed: ids are never used again."""
    priorities: Priorities | None = None
    period: Period | None = None
    periods: tuple[PeriodRecord, ...] = ()
    """The latest ones that are over."""

    @property
    def declared(self) -> bool:
        """True until it is stood down."""
        return self.stood_down_at is None
