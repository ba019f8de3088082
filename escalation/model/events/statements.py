"""What happens to statements: drafts, receipts, milestones, newcomers read in, what customers are sent afterwards."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.playbook.schema import Stage
from escalation.values import Actor, Slug


class DraftMade(EventBase):
    """An update was written; a person releases it, or nobody does."""

    type: Literal["draft_made"] = "draft_made"
    draft: str
    text: str = ""
    customer_text: str = ""
    audiences: tuple[Slug, ...]
    stage: Stage
    digest: str
    replaces: str = ""


class DraftEnded(EventBase):
    """A draft will not be released."""

    type: Literal["draft_ended"] = "draft_ended"
    draft: str
    how: Literal["dropped", "outdated", "rewritten"]
    because: str


class UpdateOnTicket(EventBase):
    """The customer can read an update on their ticket."""

    type: Literal["update_on_ticket"] = "update_on_ticket"
    update: int
    """Sequence number of the update."""
    stakeholder: Slug


class ReadConfirmed(EventBase):
    """Somebody confirmed to have read what they were sent."""

    type: Literal["read_confirmed"] = "read_confirmed"
    stakeholders: tuple[Slug, ...]


class ReceiptOverdue(EventBase):
    """Not everybody confirmed to have read it."""

    type: Literal["receipt_overdue"] = "receipt_overdue"
    stakeholder: Slug
    times: int
    unread: tuple[Actor, ...]
    next_due: AwareDatetime | None
    """None: it is not asked for again."""


class MilestoneReached(EventBase):
    """The work has come to a point after which a short update is required."""

    type: Literal["milestone_reached"] = "milestone_reached"
    milestone: Slug
    about: str = ""
    due: AwareDatetime
    before: tuple[Slug, ...] = ()
    """Milestones that usually come earlier and were not reached."""


class MilestoneUpdated(EventBase):
    """The short update after a milestone."""

    type: Literal["milestone_updated"] = "milestone_updated"
    milestone: Slug
    text: str


class MilestoneOverdue(EventBase):
    """The short update after a milestone did not come."""

    type: Literal["milestone_overdue"] = "milestone_overdue"
    milestone: Slug
    times: int
    asked: tuple[str, ...]
    """Targets, or the owner, who are asked for it now."""
    next_due: AwareDatetime


class ReadIn(EventBase):
    """People joined while work was going on and are told in one message where it stands."""

    type: Literal["read_in"] = "read_in"
    people: tuple[Actor, ...]


class NextStepsSent(EventBase):
    """The agreed next steps, with owner and due time, are sent to everybody who takes part."""

    type: Literal["next_steps_sent"] = "next_steps_sent"
    items: tuple[str, ...]
    to: tuple[Actor, ...]
    text: str = ""


class FollowUpPlanned(EventBase):
    """The customer will be sent something after the solution."""

    type: Literal["follow_up_planned"] = "follow_up_planned"
    follow_up: str
    asks: bool
    due: AwareDatetime


class FollowUpSent(EventBase):
    """The customer is sent something after the solution, or asked how satisfied they are."""

    type: Literal["follow_up_sent"] = "follow_up_sent"
    follow_up: str
    times: int
    text: str = ""
    """Empty: the question."""
    next_due: AwareDatetime | None


class FollowUpEnded(EventBase):
    """Nobody waits any longer for what the customer was asked."""

    type: Literal["follow_up_ended"] = "follow_up_ended"
    follow_up: str
    because: str
