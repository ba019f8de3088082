"""Other parts of an escalation's state: links, the packet, its end, what is done by itself, what it remembers."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.playbook.facts import FactValue
from escalation.playbook.schema import Stage
from escalation.values import Actor, Record, Target

Relation = Literal["internal", "external", "related", "parent", "child"]
"""What a linked escalation is: inside the organisation, towards customers and partners, neither; above or below it."""


class Link(Record):
    """Another escalation that belongs to this one."""

    relation: Relation
    by: Actor
    because: str = ""
    status: str = ""
    """As it was last heard of."""
    heard: str = ""
    """Key of the latest message of the other one."""
    lost: str = ""
    """Why it is not told any more; empty while it is."""
    ended: bool = False
    """It has ended, as was heard of it."""
    above: tuple[str, ...] = ()
    """Of a parent: what is above it, as was heard of it, the nearest first."""


class PacketPart(Record):
    """Who supplied a part of the context packet last."""

    version: int
    """Of the packet, in which it came."""
    by: Actor
    at: AwareDatetime
    source: str = ""
    """The tool it comes from; empty where nobody said."""


class InputRequest(Record):
    """Required parts of the packet that the requester was asked for."""

    parts: tuple[str, ...]
    of: Actor
    due: AwareDatetime


class Lowering(Record):
    """Somebody asked for a milder severity, and its gate has not decided yet."""

    by: Actor
    severity: str
    because: str
    at: AwareDatetime


class Resolution(Record):
    """What was proposed as the solution, and what became of it."""

    text: str
    cause: str
    by: Actor
    at: AwareDatetime
    confirm_due: AwareDatetime | None = None
    state: Literal["proposed", "confirmed", "rejected"] = "proposed"
    how: str = ""
    questions: tuple[int, ...] = ()
    """Sequence numbers of the events that had the question sent whether it is accepted."""
    asked_at: AwareDatetime | None = None
    """When that question is known to have arrived; until then silence says nothing."""


class Review(Record):
    """The post-incident review."""

    started_at: AwareDatetime
    next_due: AwareDatetime
    chased: int = 0
    submitted_by: Actor | None = None
    submitted_at: AwareDatetime | None = None
    impact: str = ""
    cause: str = ""
    resolution: str = ""
    lessons: tuple[str, ...] = ()
    warranted: bool | None = None


class AutomationTask(Record):
    """Something that an automation does for people who are being looked up: tell them, or give one an action item."""

    id: str
    """Sequence number of the run, and which of its actions: ``17/2``."""
    automation: str
    targets: tuple[Target, ...]
    text: str
    """What they are told; of an action item its title."""
    due: AwareDatetime | None = None
    """Of an action item; None: it is a message."""


class ShownStatus(Record):
    """A status that an automation set, for as long as the stage lasts."""

    status: str
    stage: Stage


class Critical(Record):
    """Why it is a critical incident."""

    since: AwareDatetime
    because: str
    condition: str
    facts: dict[str, FactValue]
    words: tuple[str, ...] = ()


class Recovery(Record):
    """What was decided about recovery scripts, and what became of it."""

    id: str
    """Empty while no script applies."""
    script: str
    state: Literal["manual", "waiting", "running", "recovered", "failed"]
    because: str
    since: AwareDatetime


class Held(Record):
    """A decision that arrived before what it is about."""

    command: str
    content: str


class Remembered(Record):
    """A command that was accepted."""

    command: str
    """Name, actor and command id."""
    at: AwareDatetime
    seq: int


class Score(Record):
    """A rating (of the hand-over) or the customer's satisfaction, 1..5."""

    by: Actor
    score: int
    comment: str = ""
    preparation: int | None = None
    documentation: int | None = None
    handoff: str = ""
    giver: str = ""
