"""How stakeholders are kept informed."""

from escalation.model.commands.base import Act
from escalation.playbook.schema import Stage
from escalation.values import Instant, Slug, Text, Words


class PostUpdate(Act):
    """Tell the stakeholders how it stands."""

    text: Words = ""
    """For colleagues."""
    customer_text: Words = ""
    """For customers; neither text ever stands in for the other."""
    audiences: tuple[Slug, ...] = ()
    """Which audiences; without any, all for whom there is a text."""
    stage: Stage | None = None
    """Which stage it speaks of; without it, the present one."""


class PostponeUpdate(Act):
    """Put off the update that is due, once and with a reason."""

    until: Instant
    because: Text


class Reply(Act):
    """Answer an update: for yourself, or as whoever speaks to the stakeholders for one of them."""

    text: Text
    stakeholder: Slug | None = None
    """For whom; without it, for yourself."""


class FileSummary(Act):
    """File a summary with the escalation, at a key point or at any time."""

    text: Text
    which: Slug | None = None
    """Which of those that are required; without it, all that are open."""


COMMANDS: dict[str, type[Act]] = {
    "post_update": PostUpdate,
    "postpone_update": PostponeUpdate,
    "reply": Reply,
    "file_summary": FileSummary,
}
