"""What becomes known of the case, and what it is connected with."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.model.parts import Relation
from escalation.model.request import Attachment, Attempt, Customer, Turn
from escalation.playbook.facts import FactValue
from escalation.values import Instant, Text, Words


class ChangeSeverity(Act):
    """Set another severity; clocks are computed again."""

    severity: str
    because: Text


class ChangeDue(Act):
    """Set another due date, or none; clocks that run to it are computed again."""

    due_at: Instant | None
    """When it is due, ten years from now at most; ``none``: it has no due date any more."""
    because: Text


class ChangeFacts(Act):
    """State new facts; triggers, levels and gates that read them are evaluated again."""

    facts: Annotated[dict[str, FactValue], Field(min_length=1)]
    because: Words = ""


class Note(Act):
    """Write something on the timeline."""

    text: Text


class Attach(Act):
    """Put a reference to outside material on the timeline."""

    attachment: Attachment


class PutOnHold(Act):
    """Pause the clocks that may pause, with a reason and an end."""

    because: Text
    until: Instant | None = None
    """When it resumes by itself; None: as late as the playbook allows."""


class Resume(Act):
    """End a hold."""

    because: Words = ""


class ProvideInput(Act):
    """Supply parts of the context packet that were missing."""

    summary: Words = ""
    impact: Words = ""
    constraints: Words = ""
    help_needed: Words = ""
    attempted_solutions: tuple[Attempt, ...] = ()
    conversation: tuple[Turn, ...] = ()
    customer: Customer | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=50)] = ()
    facts: dict[str, FactValue] = {}
    source: Annotated[str, Field(max_length=100)] = ""
    """The tool it comes from."""


class Link(Act):
    """Link another escalation: both tell each other of every change of status, and go their own ways."""

    other: Annotated[str, Field(min_length=1, max_length=400)]
    relation: Relation = "related"
    """What the other one is to this one: ``external`` is what customers and partners see of it."""
    because: Words = ""


class Unlink(Act):
    """Take a link with another escalation away, on both sides."""

    other: Annotated[str, Field(min_length=1, max_length=400)]
    because: Words = ""


class OpenTicket(Act):
    """Have the ticket opened anew after the help desk refused it, or link one that people opened there."""

    ticket: Annotated[str, Field(max_length=100)] = ""
    """Number of an existing ticket in the help desk; empty: a new one is opened."""
    because: Text


COMMANDS: dict[str, type[Act]] = {
    "change_severity": ChangeSeverity,
    "change_due": ChangeDue,
    "change_facts": ChangeFacts,
    "note": Note,
    "attach": Attach,
    "hold": PutOnHold,
    "resume": Resume,
    "provide_input": ProvideInput,
    "link": Link,
    "unlink": Unlink,
    "open_ticket": OpenTicket,
}
