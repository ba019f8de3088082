"""Work items: adding and doing them, what they wait for, checks, checkpoints, input."""

from typing import Literal

from escalation.model.commands.base import Act
from escalation.playbook.work import Area, Defect, InputCause, ItemKind
from escalation.values import Holder, Instant, Slug, Target, Text, Words


class AddItem(Act):
    """Add a work item with an owner and a due time."""

    title: Text
    owner: Holder
    """A person, or a team, role or rotation whose people are offered it until one of them claims it."""
    due: Instant
    kind: ItemKind = ItemKind.ACTION
    blocked_by: tuple[Slug, ...] = ()
    """Items that have to be done first."""
    blocks: tuple[Slug, ...] = ()
    """Items that cannot go on before this one is done."""
    before: Literal["resolution"] | None = None
    """What it keeps from happening while it is open, beside the close."""
    label: Slug | None = None
    """Which integration, system or team it belongs to."""
    area: Area | None = None
    severity: Defect | None = None
    """Of a defect: how bad it is."""
    approvers: tuple[Target, ...] = ()
    """Who has to approve it, of a checklist item or a checkpoint."""


class ClaimItem(Act):
    """Take a work item that was offered to you or your team."""

    item: Slug


class StartItem(Act):
    """Say that you work on it, also when it goes on after a block."""

    item: Slug


class BlockItem(Act):
    """Say that it cannot go on, and what it waits for."""

    item: Slug
    because: Text
    blocked_by: tuple[Slug, ...] = ()
    """Items that have to be done first; without any, it goes on when it is started again."""


class DropItem(Act):
    """Say that it will not be done."""

    item: Slug
    because: Text


class ReassignItem(Act):
    """Give it to somebody else."""

    item: Slug
    to: Holder
    because: Text


class PostponeItem(Act):
    """Set another due time."""

    item: Slug
    due: Instant
    because: Text


class CompleteItem(Act):
    """Say that a work item is done."""

    item: Slug
    result: Words = ""


class SubmitCheck(Act):
    """Submit what was done for approval; another content voids an approval that was given."""

    item: Slug
    content: Text
    """What was done or found, or where that stands."""


class ApproveCheck(Act):
    """Approve what was submitted."""

    item: Slug
    digest: str | None = None
    """Of what you saw; without it, what was submitted last."""
    because: Words = ""


class RejectCheck(Act):
    """Reject what was submitted, with what is wrong and how bad that is."""

    item: Slug
    because: Text
    severity: Defect = Defect.SERIOUS


class ConfirmCheckpoint(Act):
    """Confirm that a step across systems has been taken."""

    item: Slug
    detail: Words = ""


class ReportCheck(Act):
    """Report whether a dependency holds."""

    item: Slug
    ok: bool
    detail: Words = ""


class RequestInput(Act):
    """Ask somebody for what is needed to go on."""

    of: Holder
    """Who has to supply it."""
    what: Text
    cause: InputCause = InputCause.MISSING_DATA
    due: Instant
    item: Slug | None = None
    """Which work item waits for it; without one, the whole escalation does."""


class AnswerInput(Act):
    """Supply what was asked for."""

    item: Slug
    text: Text


COMMANDS: dict[str, type[Act]] = {
    "add_item": AddItem,
    "claim_item": ClaimItem,
    "start_item": StartItem,
    "block_item": BlockItem,
    "drop_item": DropItem,
    "reassign_item": ReassignItem,
    "postpone_item": PostponeItem,
    "complete_item": CompleteItem,
    "submit_check": SubmitCheck,
    "approve_check": ApproveCheck,
    "reject_check": RejectCheck,
    "confirm_checkpoint": ConfirmCheckpoint,
    "report_check": ReportCheck,
    "request_input": RequestInput,
    "answer_input": AnswerInput,
}
