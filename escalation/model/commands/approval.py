"""What an approver says."""

from escalation.model.commands.base import Act
from escalation.values import Slug, Text, Words


class Approve(Act):
    """Approve what a gate asks, as it stands now."""

    gate: Slug | None = None
    """May be omitted while exactly one gate is open."""
    because: Words = ""
    digest: str | None = None
    """Digest of what the approver saw; refused when it changed since."""


class Reject(Act):
    """Refuse what a gate asks."""

    gate: Slug | None = None
    because: Text
    digest: str | None = None


class RequestChanges(Act):
    """Neither yes nor no: say what would have to change. The gate stays closed until what is asked changes."""

    gate: Slug | None = None
    because: Text


COMMANDS: dict[str, type[Act]] = {
    "approve": Approve,
    "reject": Reject,
    "request_changes": RequestChanges,
}
