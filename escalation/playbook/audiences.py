"""Audiences and what is sent to them beside posted updates, as a playbook says it.

Which text an audience reads is declared once: the one for colleagues, or the one for customers. Neither ever stands in
for the other.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from escalation.playbook.automation import Template
from escalation.values import Duration, Record, Slug

CUSTOMER = "customer"
"""As a stakeholder's target: the customer of the case."""

AtStage = Literal["triage", "assignment", "approval", "resolution", "review"]
"""A stage that may be announced. Nothing is announced after the end: whoever was told hears of that anyway."""

PostTo = Annotated[str, StringConstraints(pattern=r"^(team|group:[A-Za-z0-9][A-Za-z0-9_.\-]{0,63})$")]
"""A chat group, ``group:TEAM``, or ``team``: that of each team which the present level calls."""


class Reads(StrEnum):
    """Which text an audience reads."""

    INTERNAL = "internal"
    CUSTOMER = "customer"


class ReceiptPolicy(Record):
    """Everybody of the audience confirms that they have read what was sent."""

    within: Duration
    chase: Duration
    """After the reminder: how long until whoever speaks to them is told who has not."""


class Audience(Record):
    """What all stakeholders of an audience have in common."""

    id: Slug
    reads: Reads = Reads.INTERNAL
    receipt: ReceiptPolicy | None = None
    about: str = ""


class Occasion(StrEnum):
    """Something that happened to the escalation, as announcements see it."""

    OPENED = "opened"
    LEVEL_ENTERED = "level_entered"
    SEVERITY_CHANGED = "severity_changed"
    OWNER_CHANGED = "owner_changed"
    BECAME_CRITICAL = "became_critical"
    HOLD_STARTED = "hold_started"
    RESOLUTION_PROPOSED = "resolution_proposed"
    RESOLUTION_REJECTED = "resolution_rejected"


class Announcement(Record):
    """A text that goes to an audience by itself, when a stage begins or something happens. It was agreed beforehand."""

    id: Slug
    """Of its text, as the plan names it."""
    audience: Slug
    stages: tuple[AtStage, ...] = ()
    on: tuple[Occasion, ...] = ()
    text: Template


PLACEHOLDERS = {
    "case": "the number of the case, as its own system names it",
    "id": "id of the escalation",
    "summary": "first line of its summary",
    "severity": "its severity",
    "stage": "the stage it is in",
    "level": "its level",
    "owner": "who owns it, or answers for it",
}
"""What may stand in braces in an announcement."""

FOR_CUSTOMERS = ("case",)
"""The placeholders of a text that customers read: the others are what colleagues say of the case."""


class MilestonePolicy(Record):
    """A point of the work after which a short update is required."""

    id: Slug
    about: str = ""
    update_within: Duration
    chase: Duration
    """After the reminder: how long until it moves up, and then up again."""
    at_most: Annotated[int, Field(ge=40, le=2_000)] = 500
    """How many characters that update may have."""


class FollowUpPolicy(Record):
    """Something the customer is sent after the solution stands: a text, or the question how satisfied they are."""

    after: Duration
    """So long after the review has begun."""
    ask: Literal["satisfaction"] | None = None
    text: Template | None = None
    answer_within: Duration | None = None
    """Of a question: after it the customer is asked once more, and after it again nobody waits any longer."""
