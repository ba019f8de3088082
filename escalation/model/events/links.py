"""What happens between two linked escalations."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.parts import Relation


class LinkAdded(EventBase):
    """Another escalation belongs to this one; both know."""

    type: Literal["link_added"] = "link_added"
    other: str
    relation: Relation
    """What the other one is to this one."""
    because: str = ""
    status: str = ""
    """Of the other one, where it was that one which said so."""
    key: str = ""
    """Of the message that said so; empty: it was said here."""
    above: tuple[str, ...] = ()
    """Of a parent that said so: what is above it."""


class LinkRemoved(EventBase):
    """It does not belong to this one any more."""

    type: Literal["link_removed"] = "link_removed"
    other: str
    because: str = ""
    key: str = ""


class StatusTold(EventBase):
    """The status changed, and those that are linked are told."""

    type: Literal["status_told"] = "status_told"
    status: str
    previous: str


class StatusHeard(EventBase):
    """The status of a linked one changed."""

    type: Literal["status_heard"] = "status_heard"
    other: str
    status: str
    key: str
    ended: bool = False


class AncestryHeard(EventBase):
    """What is above the parent is something else now; those below this one are told."""

    type: Literal["ancestry_heard"] = "ancestry_heard"
    other: str
    above: tuple[str, ...]
    key: str


class AncestryTold(EventBase):
    """Something else is above this one now, and those below it are told."""

    type: Literal["ancestry_told"] = "ancestry_told"
    above: tuple[str, ...]


class ChildrenAwaited(EventBase):
    """Nothing else keeps it open: it is closed when the escalations below it have ended, or were handed on."""

    type: Literal["children_awaited"] = "children_awaited"
    children: tuple[str, ...]
    next_due: AwareDatetime


class LinkLost(EventBase):
    """A linked one could not be told, and is not told any more: it has ended, or there is none of that id."""

    type: Literal["link_lost"] = "link_lost"
    other: str
    because: str
