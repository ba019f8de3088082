"""Parts of how people are kept informed: drafts, milestones, and what customers are asked afterwards."""

from pydantic import AwareDatetime

from escalation.playbook.schema import Stage
from escalation.values import Actor, Record, Slug


class UpdateDraft(Record):
    """An update that somebody, or an AI, has written and a person has to release."""

    id: str
    seq: int
    """Of its event: what was released since makes it outdated."""
    at: AwareDatetime
    by: Actor
    text: str
    customer_text: str
    audiences: tuple[Slug, ...]
    stage: Stage
    """Which stage it speaks of."""
    as_of: Stage
    """Stage and severity when it was written; another one makes it outdated."""
    severity: str
    digest: str
    ended: str = ""
    """Why it cannot be released any more; empty while it can."""


class Milestone(Record):
    """A milestone that was reached."""

    id: Slug
    reached_at: AwareDatetime
    by: Actor
    next_due: AwareDatetime | None = None
    """When its update is asked for (again); None: it is there."""
    chased: int = 0
    updated_at: AwareDatetime | None = None


class FollowUp(Record):
    """Something the customer is sent after the solution."""

    id: str
    asks: bool
    next_due: AwareDatetime | None
    """When it is sent, asked again, or given up; None: it is over."""
    sent: int = 0
