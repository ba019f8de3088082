"""Automations of a playbook: if this happens, and that is true, then do these things.

What an automation does never starts another one, so that a chain cannot begin: each has to say everything it is for.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from escalation.playbook.parts import Condition
from escalation.values import FINDABLE, GROUP, Duration, ItemOwner, Reader, Record, Slug, Target, split_target


class Happening(StrEnum):
    """What an automation may listen to."""

    OPENED = "opened"
    REPORTED_AGAIN = "reported_again"
    FACTS_CHANGED = "facts_changed"
    SEVERITY_CHANGED = "severity_changed"
    STATUS_CHANGED = "status_changed"
    STATUS_OVERDUE = "status_overdue"
    DUE_CHANGED = "due_changed"
    BECAME_CRITICAL = "became_critical"
    NO_LONGER_CRITICAL = "no_longer_critical"
    LEVEL_ENTERED = "level_entered"
    OWNER_CHANGED = "owner_changed"
    HANDOFF_OFFERED = "handoff_offered"
    GATE_OPENED = "gate_opened"
    GATE_CLOSED = "gate_closed"
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    HOLD_STARTED = "hold_started"
    HOLD_ENDED = "hold_ended"
    RESOLUTION_PROPOSED = "resolution_proposed"
    RESOLUTION_CONFIRMED = "resolution_confirmed"
    RESOLUTION_REJECTED = "resolution_rejected"
    REVIEW_STARTED = "review_started"
    REVIEW_OVERDUE = "review_overdue"
    ITEM_ADDED = "item_added"
    ITEM_OVERDUE = "item_overdue"
    ITEM_COMPLETED = "item_completed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


Template = Annotated[str, StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True)]
"""Plain text with placeholders in braces; see ``PLACEHOLDERS``."""

PLACEHOLDERS = {
    "happened": "what happened, in words",
    "id": "id of the escalation",
    "summary": "first line of its summary",
    "severity": "its severity",
    "status": "its status",
    "level": "its level",
    "owner": "who owns it, or answers for it",
    "due": "its own due date",
}
"""What may stand in braces in a text, and what takes its place; nothing else is replaced."""


class _Action(Record):
    # Which action it is (`do`) has no default: what is pinned leaves defaults out, and could not be read again.
    id: Slug | None = None
    """Names the action, so that whoever uses this automation can change it alone."""


class Comment(_Action):
    """Write on the timeline, in the engine's name and that of the automation."""

    do: Literal["comment"]
    text: Template


class Send(_Action):
    """Tell people, or a chat group."""

    do: Literal["send"]
    to: Annotated[tuple[Reader, ...], Field(min_length=1)]
    text: Template


class AddActionItem(_Action):
    """Give somebody an action item; it is chased, and keeps the escalation open, as any other."""

    do: Literal["add_action_item"]
    title: Template
    owner: ItemOwner = "owner"
    """While nobody owns it: whoever is accountable."""
    due: Duration
    """So long after it was added."""


class SetStatus(_Action):
    """Show another status until the stage changes."""

    do: Literal["set_status"]
    status: str
    """One of the playbook's ``statuses``."""


class Assign(_Action):
    """Call others to take it, in place of those whom the level names; nothing while somebody owns it."""

    do: Literal["assign"]
    to: Annotated[tuple[Target, ...], Field(min_length=1)]
    otherwise: Target | None = None
    """Who is called when none of them can be found; None: the playbook's owner."""


class RaiseSeverity(_Action):
    """Make it at least so bad; never milder."""

    do: Literal["raise_severity"]
    severity: str
    """Name or alias."""


Doing = Annotated[Comment | Send | AddActionItem | SetStatus | Assign | RaiseSeverity, Field(discriminator="do")]


class Automation(Record):
    """If one of these happens, and the condition is true, then do this, once for each event."""

    id: Slug
    use: Slug | None = None
    """The shipped automation that this one is made of; what stands here is laid over it."""
    about: str = ""
    on: Annotated[tuple[Happening, ...], Field(min_length=1)]
    which: tuple[str, ...] = ()
    """Only for these clocks, approvals, levels or statuses; empty: any."""
    severity: tuple[str, ...] = ()
    """Only at these severities, by name or alias; empty: any."""
    when: Condition = "true"
    then: Annotated[tuple[Doing, ...], Field(min_length=1, max_length=20)]
    enabled: bool = True
    """False switches off what the playbook that this one extends switches on."""

    def targets(self) -> Iterator[tuple[int, tuple[Target, ...]]]:
        """Yield the targets that it leads to, with the position of the action."""
        for position, action in enumerate(self.then):
            named: tuple[str | None, ...] = ()
            if isinstance(action, Send):
                named = action.to
            elif isinstance(action, AddActionItem):
                named = (action.owner,)
            elif isinstance(action, Assign):
                named = (*action.to, action.otherwise)
            found = tuple(each for each in named if each is not None and split_target(each)[0] in (*FINDABLE, "raci"))
            if found:
                yield position, found

    @property
    def groups(self) -> tuple[str, ...]:
        """The teams whose chat groups it writes to."""
        named = (each for action in self.then if isinstance(action, Send) for each in action.to)
        return tuple(dict.fromkeys(split_target(each)[1] for each in named if split_target(each)[0] == GROUP))


class CriticalPolicy(Record):
    """What a critical incident is in this environment."""

    when: Condition
    because: str
    """Why this is critical here, in words that people read when it matches."""
