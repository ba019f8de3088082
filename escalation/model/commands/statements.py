"""Statements: drafts and their release, receipts, milestones, next steps."""

from escalation.model.commands.base import Act
from escalation.playbook.schema import Stage
from escalation.values import Slug, Text, Words


class DraftUpdate(Act):
    """Write an update that a person releases later; an AI may write one too."""

    text: Words = ""
    """For colleagues."""
    customer_text: Words = ""
    """For customers; neither text ever stands in for the other."""
    audiences: tuple[Slug, ...] = ()
    """Which audiences; without any, all for whom there is a text."""
    stage: Stage | None = None
    """Which stage it speaks of; without it, the present one."""
    replaces: Slug | None = None
    """The draft that this one is written anew of."""


class ReleaseUpdate(Act):
    """Send a draft to its audiences."""

    draft: Slug
    digest: Slug
    """Of what you have read, as ``escalate show`` says it."""


class DropDraft(Act):
    """Give up a draft."""

    draft: Slug
    because: Text


class ConfirmRead(Act):
    """Confirm that you have read the updates you were sent."""


class ReachMilestone(Act):
    """Say that a milestone is reached, or give the short update that is due after one."""

    name: Slug
    text: Words = ""
    """The short update; without it, it is due within the time that the playbook gives."""


class SendFollowUp(Act):
    """Send the agreed next steps, with who does what until when, to everybody who takes part."""

    text: Words = ""
    """What to say before them."""


COMMANDS: dict[str, type[Act]] = {
    "draft_update": DraftUpdate,
    "release_update": ReleaseUpdate,
    "drop_draft": DropDraft,
    "confirm_read": ConfirmRead,
    "milestone": ReachMilestone,
    "send_follow_up": SendFollowUp,
}
