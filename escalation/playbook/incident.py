"""Incident mode: when an incident is declared and by whom, its first update, its periods, and how it is stood down.

What a critical incident is stands in ``critical_incident``; this is what is done about one.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalation.playbook.parts import Condition
from escalation.values import Duration, Party, Record, Slug, Target


class FirstUpdatePolicy(Record):
    """The first update that others rely on: how soon it is demanded, and how long it may be."""

    within: Duration
    """Counted from the declaration."""
    chase: Duration
    """How long until it is asked for again, each time of somebody higher."""
    most_characters: Annotated[int, Field(ge=100, le=6_000)] = 2_000
    """Of what happened, who is affected and why it is urgent together."""
    longest_recording: Duration = timedelta(minutes=3)


class PeriodPolicy(Record):
    """Operational periods: how long each is, and who takes the next one."""

    length: Duration
    hand_over_before: Duration
    """How long before the end the next period is offered, and again to somebody higher when it was not accepted."""
    to: Target
    """Who takes the next period: looked up as of the instant at which it begins."""


class Before(StrEnum):
    """What must be there before an incident is stood down."""

    FIRST_UPDATE = "first_update"
    EXECUTION_PLAN = "execution_plan"
    """Every step of the execution plan is done."""
    HAND_OVER = "hand_over"
    """No hand-over of a period is open."""
    CHILDREN = "children"
    """No escalation below this one is open."""


class StandDownPolicy(Record):
    """What an incident is stood down behind."""

    gate: Slug | None = None
    """A gate with ``before: stand_down``."""
    after: tuple[Before, ...] = ()


class IncidentPolicy(Record):
    """Incident mode of a playbook."""

    declare_when: Condition | None = None
    """When this is an incident; None: when it is critical (``critical_incident``)."""
    automatic: bool = False
    """True: it is declared by itself when that is so. False: only by somebody."""
    may_declare: tuple[Literal["owner"] | Party, ...] = ()
    """``owner`` or targets; empty: everybody in the working group."""
    first_update: FirstUpdatePolicy | None = None
    periods: PeriodPolicy | None = None
    stand_down: StandDownPolicy = StandDownPolicy()
