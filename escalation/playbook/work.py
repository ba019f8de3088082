"""Work, as a playbook says it: what is to be done at which stage, in which order, by whom; and how items are followed.

What a person adds by hand is followed in the same way.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalation.playbook.automation import Happening
from escalation.playbook.parts import Condition
from escalation.values import Actor, Duration, ItemOwner, Record, Slug, Target


class ItemKind(StrEnum):
    """What a work item is, and with that how it comes to its end."""

    ACTION = "action"
    """Somebody does it and says so."""
    CHECKLIST = "checklist"
    """A line of a checklist; with approvers it counts when one of them has approved what was submitted."""
    CHECKPOINT = "checkpoint"
    """A step across outside systems: confirmed by a person or by the service that took it."""
    DEPENDENCY = "dependency"
    """Something that must hold: a condition over facts, or what a service reports."""
    INPUT = "input"
    """Something that somebody has to supply before it can go on."""


class Defect(StrEnum):
    """How bad a defect is."""

    CRITICAL = "critical"
    SERIOUS = "serious"
    MINOR = "minor"


class InputCause(StrEnum):
    """Why it cannot go on without an input."""

    HUMAN_REVIEW = "human_review"
    MISSING_DATA = "missing_data"
    SYSTEM_CONFIRMATION = "system_confirmation"


Area = Literal["data", "system", "process"]
"""What kind of task an integration needs."""


class ItemsPolicy(Record):
    """How work items are followed until they are done."""

    remind_before: Duration | None = None
    """How long before it is due whoever has it is reminded; None: only when it is due."""
    chase: Duration | None = None
    """How often a late item is chased; None: as ``review.remind`` says."""
    claim_within: Duration | None = None
    """How long people to whom an item is offered have until it is chased; None: a tenth of its time, four hours at
    most."""
    blocks_resolution: tuple[Defect, ...] = (Defect.CRITICAL,)
    """Open defects of these severities keep it from being resolved. Any open item keeps it from being closed."""
    update_parts: dict[str, tuple[str, ...]] = {}
    """Stage to what an update posted in it must say, each on a line of its own that begins with it: ``Impact: ...``."""


class WorkPolicy(Record):
    """A work item that comes into being by itself, once: at a stage, or when something happens."""

    id: Slug
    title: Annotated[str, Field(min_length=1, max_length=1_000)]
    kind: Literal["action", "checklist", "checkpoint", "dependency"] = "action"
    at: Literal["triage", "assignment", "approval", "resolution", "review"] | None = None
    """The stage in which it comes into being, as soon as ``when`` is true."""
    on: tuple[Happening, ...] = ()
    """Or: what it comes into being because of."""
    when: Condition = "true"
    owner: ItemOwner = "owner"
    """A person, or a target whose people are offered it until one of them claims it. ``owner``: whoever has the
    escalation."""
    due: Duration
    """So long after it can be begun: of one that waits for others, from when the last of them is done."""
    after: tuple[Slug, ...] = ()
    """Items above it in this list that have to be done first, as far as they have come into being."""
    before: Literal["resolution"] | None = None
    """What it keeps from happening while it is open; None: only the close."""
    label: Slug | None = None
    """Which integration, system or team it belongs to."""
    area: Area | None = None
    approvers: tuple[Target, ...] = ()
    """Of a checklist item or a checkpoint: who has to approve it before it counts."""
    confirmed_by: tuple[Actor, ...] = ()
    """Of a checkpoint or dependency: the services that may confirm or report it, beside whoever has it."""
    check: Condition | None = None
    """Of a dependency: it holds while this is true; None: somebody reports it."""
