"""Who has which part in it: roles, the working group, advice, what AIs draft, the bot, shifts and calls."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.model.ownership import Warmth
from escalation.playbook.ownership import Executor
from escalation.values import Instant, Party, Recipient, Slug, Text, Words

_Short = Annotated[str, Field(min_length=1, max_length=200)]


class WithdrawHandoff(Act):
    """Take an offered hand-off back; whoever it was offered to is told."""

    because: Text


class EditHandover(Act):
    """Write anew what the next shift has to know, before it accepts."""

    text: Text


class GiveBack(Act):
    """Give the case back to the AI that asked, with guidance: it ends as returned, and the AI goes on."""

    guidance: Text
    because: Text


class NameCommunicator(Act):
    """Name the one person who manages updates and internal communication, beside the owner."""

    who: Recipient
    because: Text


class NameCommander(Act):
    """Name the one person who coordinates, beside the owner."""

    who: Recipient
    because: Text


class AssignResponsibility(Act):
    """Record what a person or team looks after; what they had before is replaced."""

    who: Party
    what: Annotated[Text, Field(max_length=500)]


class Join(Act):
    """Join the working group, as somebody who was consulted or told."""

    because: Words = ""


class Leave(Act):
    """Leave the working group, with nothing left to do in it."""

    because: Words = ""


class AddToGroup(Act):
    """Add somebody to the working group: they may act from then on."""

    who: Recipient
    because: Text


class Advise(Act):
    """Answer a request for input; whoever is consulted advises, and does not act."""

    text: Text


class Draft(Act):
    """Draft an activity for a person to look at; what an AI drafts is labelled so."""

    activity: Slug
    text: Text


class CompleteActivity(Act):
    """Say that an activity of the playbook is done, and with what result; or take over what was drafted."""

    activity: Slug
    result: Words = ""
    draft: Slug | None = None
    """Which draft is taken over."""


class DocumentWork(Act):
    """State who carries the work out and who gives the final approval, before it starts."""

    executes: Executor | None = None
    approves: Party | None = None
    because: Words = ""


class RecordCallTransfer(Act):
    """Record that a call was transferred from one call-centre agent to another."""

    call: _Short
    """The call's id in the telephone system."""
    giver: _Short
    receiver: _Short
    kind: Warmth
    at: Instant | None = None
    """When; None: now."""
    recording: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)] | None = None
    """Where the recording is."""


COMMANDS: dict[str, type[Act]] = {
    "withdraw_handoff": WithdrawHandoff,
    "edit_handover": EditHandover,
    "give_back": GiveBack,
    "name_communicator": NameCommunicator,
    "name_commander": NameCommander,
    "assign_responsibility": AssignResponsibility,
    "join": Join,
    "leave": Leave,
    "add_to_group": AddToGroup,
    "advise": Advise,
    "draft": Draft,
    "complete_activity": CompleteActivity,
    "document_work": DocumentWork,
    "record_call_transfer": RecordCallTransfer,
}
