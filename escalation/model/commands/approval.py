"""What an approver says."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.playbook.facts import FactValue
from escalation.values import Recipient, Slug, Text, Words


class Approve(Act):
    """Approve what a gate asks, as it stands now."""

    gate: Slug | None = None
    """May be omitted while exactly one gate is open."""
    because: Words = ""
    digest: str | None = None
    """Digest of what the approver saw; refused when it changed since."""
    choice: Slug | None = None
    """Which of the gate's choices; required where it has some."""
    emergency: bool = False
    """Approve alone, as the playbook allows some in an emergency; say why. It is reviewed."""


class Reject(Act):
    """Refuse what a gate asks."""

    gate: Slug | None = None
    because: Text
    digest: str | None = None


class RequestChanges(Act):
    """Neither yes nor no: say what would have to change. The gate stays closed until what is asked changes."""

    gate: Slug | None = None
    because: Text


class DelegateApproval(Act):
    """Pass your seat in an approval on to another person, who then decides in your place."""

    gate: Slug | None = None
    to: Recipient
    because: Text


class AskApproval(Act):
    """Ask whether an action may be done, before it is done. Without a gate that is concerned it is allowed at once."""

    action: Slug
    arguments: Annotated[dict[str, FactValue], Field(max_length=20)] = {}
    because: Text


class UseApproval(Act):
    """Say that the approved action is done now: once, by whoever asked, and only for what was approved."""

    approval: Slug
    digest: str
    """Digest of the action and its arguments, as they are about to be done."""


class WithdrawApproval(Act):
    """Say that an action is not wanted any more; whoever was asked need not decide."""

    approval: Slug
    because: Words = ""


COMMANDS: dict[str, type[Act]] = {
    "approve": Approve,
    "reject": Reject,
    "request_changes": RequestChanges,
    "delegate_approval": DelegateApproval,
    "ask_approval": AskApproval,
    "use_approval": UseApproval,
    "withdraw_approval": WithdrawApproval,
}
