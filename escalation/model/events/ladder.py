"""What happens on the ladder: levels, rounds of pages, who was found and told, the owner, hand-offs."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.choice import Choose
from escalation.model.actions import DeliveryReceipt
from escalation.model.events.base import EventBase
from escalation.model.said import Said
from escalation.people.found import People
from escalation.playbook.ladder import Axis
from escalation.values import Actor, Addressee, Target


class FeedFailing(EventBase):
    """The calendar of a rotation that was asked cannot be read, and what is known of it is old, or nothing."""

    type: Literal["feed_failing"] = "feed_failing"
    rotation: str
    because: str


class LevelEntered(EventBase):
    """The escalation is at this level now."""

    type: Literal["level_entered"] = "level_entered"
    level: str
    index: int
    axis: Axis
    because: str
    dwell_due: AwareDatetime


class PathTaken(EventBase):
    """Which of the playbook's paths it climbs from now on."""

    type: Literal["path_taken"] = "path_taken"
    path: str
    because: str


class CellReached(EventBase):
    """It has lasted so long that a cell of the playbook's matrix speaks."""

    type: Literal["cell_reached"] = "cell_reached"
    cell: str
    because: str


class RungOpened(EventBase):
    """A round of pages begins."""

    type: Literal["rung_opened"] = "rung_opened"
    rung: str
    """``L1/1``: level and round."""
    round: int
    targets: tuple[Target, ...]
    due: AwareDatetime
    because: str
    last_resort: bool = False
    channels: tuple[str, ...] = ()
    choose: Choose | None = None
    """How some of the targets' people are chosen; None: as the directory says."""
    instead: tuple[Target, ...] = ()
    """Of the targets, those that stand in place of the level's own."""
    beside: tuple[Target, ...] = ()
    """Of the targets, those that are called beside them."""
    otherwise: Target | None = None
    """Who is called when they lead to nobody; None: the playbook's owner."""


class RungMoved(EventBase):
    """The open round waits until another instant than before."""

    type: Literal["rung_moved"] = "rung_moved"
    rung: str
    due: AwareDatetime
    was_due: AwareDatetime
    dwell_due: AwareDatetime | None = None
    """The new end of the time at the level, where that moves too."""
    because: str


class PagesHeld(EventBase):
    """Pages that can wait do so until the working hours of those they are for."""

    type: Literal["pages_held"] = "pages_held"
    rung: str
    until: dict[Actor, AwareDatetime]


class PagesReleased(EventBase):
    """Working hours have begun: who is to be told now is looked up anew."""

    type: Literal["pages_released"] = "pages_released"
    rung: str
    people: tuple[Actor, ...]


class PeopleResolved(EventBase):
    """Targets were resolved to people."""

    type: Literal["people_resolved"] = "people_resolved"
    purpose: str
    found: People
    tells: Said | None = None
    """What they are to be told."""


class TemplateFailing(EventBase):
    """The template of a message failed when it was to be put into words; the plain words went out instead."""

    type: Literal["template_failing"] = "template_failing"
    template: str
    because: str


class MessageDelivered(EventBase):
    """A channel took a message for somebody."""

    type: Literal["message_delivered"] = "message_delivered"
    key: str
    to: Addressee
    rung: str | None = None
    receipt: DeliveryReceipt
    matter: str = ""
    """What it asks for, where it can be changed once that is answered."""


class MessageFailed(EventBase):
    """A message could not be delivered on any channel."""

    type: Literal["message_failed"] = "message_failed"
    key: str
    to: Addressee
    rung: str | None = None
    error: str


class Acknowledged(EventBase):
    """Somebody said: I take it. No page of this round starts after this."""

    type: Literal["acknowledged"] = "acknowledged"
    level: str
    rung: str


class PageDeclined(EventBase):
    """Somebody who was told cannot take it."""

    type: Literal["page_declined"] = "page_declined"
    rung: str
    because: str


class AcknowledgementLapsed(EventBase):
    """Nothing was heard of the owner for as long as an acknowledgement lasts; they answer for it until one takes it."""

    type: Literal["acknowledgement_lapsed"] = "acknowledgement_lapsed"
    owner: Actor
    because: str


class OwnerChanged(EventBase):
    """Responsibility passed."""

    type: Literal["owner_changed"] = "owner_changed"
    owner: Actor
    previous: str
    because: str
    expectation: str = ""
    although: str = ""
    """That somebody else was called to take it, or what changed since it was offered; empty when nothing was."""
    handoff: str = ""
    """The hand-off that was accepted; empty when it was taken."""


class Bypassed(EventBase):
    """The exception procedure was used: what was skipped, by whom and why. It is looked at afterwards."""

    type: Literal["bypassed"] = "bypassed"
    bypass: str
    skipped: str
    because: str


class HandoffOffered(EventBase):
    """Responsibility is offered; the present owner keeps it until somebody accepts."""

    type: Literal["handoff_offered"] = "handoff_offered"
    handoff: str
    to: str
    because: str
    expectation: str
    due: AwareDatetime
    period: int = 0
    """The operational period that is handed over; 0: none."""
    shift: bool = False
    """Opened by itself, because the owner's shift ends."""
    giver: str = ""
    """Who stays responsible until it is accepted."""
    reason: str = "other"
    axis: Axis | None = None
    """Which the reason chooses; None: it says nothing of it."""
    packet_version: int = 0
    task: str = ""
    assignee: Actor | None = None
    task_due: AwareDatetime | None = None


class HandoffDeclined(EventBase):
    """One of several who were offered it said no: it stays open for the others, and ends with the last one's no."""

    type: Literal["handoff_declined"] = "handoff_declined"
    handoff: str
    to: str
    offered_by: Actor
    because: str
    left: tuple[Actor, ...]
    """Who is still asked."""


class HandoffEnded(EventBase):
    """An offer ended without responsibility passing; accepted: by the owner, who stays for the next period."""

    type: Literal["handoff_ended"] = "handoff_ended"
    handoff: str
    how: Literal["declined", "expired", "withdrawn", "taken_outside", "accepted"]
    because: str
    people: tuple[Actor, ...] = ()
    """Whom it was offered to, where they are told that they need not answer any more."""
