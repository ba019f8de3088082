"""What may be asked of an escalation: by people, by services, by time, and by the results of actions.

``COMMANDS`` is the registry: its keys are the names of the updates and of the command line's commands.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from escalation.errors import RequestRefused
from escalation.explain import did_you_mean, explain
from escalation.model.actions import CaseLink, DeliveryReceipt, RecoveryResult
from escalation.model.parts import Relation
from escalation.model.request import Attachment, Attempt, Customer, Key, Request, Turn
from escalation.people.found import People
from escalation.playbook.facts import FactValue
from escalation.playbook.organisation import Why
from escalation.playbook.schema import Stage
from escalation.values import ENGINE, Actor, Addressee, Incoming, Instant, Party, Recipient, Record, Slug, Text, Words


class Act(Incoming):
    """Base of every command of a person or a service."""

    by: Actor
    command_id: Key | None = None
    """The same id sent again gets its first answer, so a retry is always safe."""


class Acknowledge(Act):
    """Say "I take it": stops the pages of this round and makes the person the owner."""


class Claim(Act):
    """Take over ownership from a team, or from whoever holds it."""

    because: Words = ""


class Decline(Act):
    """Say "I cannot take it": when everybody told has declined, the next round starts at once."""

    because: Text


class Reassign(Act):
    """Give it to another person, who must accept; the present owner stays responsible until then."""

    to: Recipient
    because: Text


class OfferHandoff(Act):
    """Offer it to a person, a team, a role or whoever is on call, with what is expected."""

    to: Annotated[Party, Field(examples=["team:legal", "person:eva", "role:cio"])]
    because: Text
    expectation: Text


class AcceptHandoff(Act):
    """Accept an offered hand-off; responsibility passes now."""


class DeclineHandoff(Act):
    """Decline an offered hand-off; the old owner stays responsible and is told why."""

    because: Text


class Escalate(Act):
    """Go up: to the next level, or to the one named."""

    reason: Why
    because: Text
    level: Slug | None = None
    path: Slug | None = None
    """Go on along another of the playbook's paths."""


class Bypass(Act):
    """Use the playbook's exception procedure: skip levels, an incomplete packet, or an approval. It is reviewed."""

    because: Text
    level: Slug | None = None
    """Go to this level at once, past those between."""
    gate: Slug | None = None
    """Go on without this approval. Neither level nor gate: without what is missing from the packet."""


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
    facts: dict[str, FactValue] = {}


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


class Resolve(Act):
    """Propose that it is solved."""

    resolution: Text
    cause: Words = ""


class ConfirmResolution(Act):
    """Accept the proposed resolution."""

    comment: Words = ""


class RejectResolution(Act):
    """Reject the proposed resolution; the escalation opens again and goes up."""

    because: Text


class AddItem(Act):
    """Add an action item with an owner and a due time."""

    title: Text
    owner: Actor
    due: Instant


class CompleteItem(Act):
    """Say that an action item is done."""

    item: Slug
    result: Words = ""


class ItemDraft(Record):
    """An action item as a review states it."""

    title: Text
    owner: Actor
    due: Instant


class SubmitReview(Act):
    """Hand in the post-incident review."""

    impact: Words = ""
    cause: Words = ""
    resolution: Words = ""
    lessons: tuple[Text, ...] = ()
    items: tuple[ItemDraft, ...] = ()
    warranted: bool | None = None
    """Was the escalation warranted? Feeds thresholds later."""


class Rate(Act):
    """Rate how well the escalation was prepared and documented, 1..5."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""


class SubmitFeedback(Act):
    """The customer's satisfaction, 1..5, and comment."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""


class PostUpdate(Act):
    """Tell the stakeholders how it stands."""

    text: Text
    audiences: tuple[Slug, ...] = ()
    """Which audiences; without any, all of them."""
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


class Cancel(Act):
    """End it without a resolution: people are told, the ticket is closed."""

    because: Text


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


COMMANDS: dict[str, type[Act]] = {
    "acknowledge": Acknowledge,
    "claim": Claim,
    "decline": Decline,
    "reassign": Reassign,
    "offer_handoff": OfferHandoff,
    "accept_handoff": AcceptHandoff,
    "decline_handoff": DeclineHandoff,
    "escalate": Escalate,
    "change_severity": ChangeSeverity,
    "change_due": ChangeDue,
    "change_facts": ChangeFacts,
    "note": Note,
    "attach": Attach,
    "hold": PutOnHold,
    "resume": Resume,
    "provide_input": ProvideInput,
    "approve": Approve,
    "reject": Reject,
    "request_changes": RequestChanges,
    "resolve": Resolve,
    "confirm_resolution": ConfirmResolution,
    "reject_resolution": RejectResolution,
    "add_item": AddItem,
    "complete_item": CompleteItem,
    "submit_review": SubmitReview,
    "rate": Rate,
    "submit_feedback": SubmitFeedback,
    "post_update": PostUpdate,
    "postpone_update": PostponeUpdate,
    "reply": Reply,
    "file_summary": FileSummary,
    "cancel": Cancel,
    "bypass": Bypass,
    "link": Link,
    "unlink": Unlink,
}

NAMES: dict[type[Act], str] = {command: name for name, command in COMMANDS.items()}

SIGNALS = ("acknowledge", "approve", "reject", "resolve", "note")
"""Commands that a person may also send as a signal, from Temporal's UI or command line."""


def command_name(command: type[Act]) -> str:
    """Return the registered name of a command's class."""
    return next(name for name, registered in COMMANDS.items() if registered is command)


# --- what the machine itself says -----------------------------------------------------------------------------------


class Internal(Record):
    """Base of what time and the results of actions say; never accepted from outside."""

    by: Actor = ENGINE


class Open(Internal):
    """Open the escalation, or join it when it is open already."""

    request: Request
    repeat_of: str | None = None
    """Instance of the closed escalation with the same key, if there was one."""


class TimePassed(Internal):
    """The next due instant has come."""


class PeopleFound(Internal):
    """Answer to ``FindPeople``."""

    purpose: str
    found: People


class Delivered(Internal):
    """A channel took a message."""

    key: str
    to: Addressee
    receipt: DeliveryReceipt
    rung: str | None = None


class NotDelivered(Internal):
    """A message could not be delivered and will not be tried again."""

    key: str
    to: Addressee
    error: str
    rung: str | None = None
    unknown: bool = False
    """Because the directory does not know whom it was for."""


class CaseOpened(Internal):
    """Answer to ``OpenCase``."""

    link: CaseLink


class CaseNotOpened(Internal):
    """The outside system refused for good to open the case."""

    error: str


class CaseUpdated(Internal):
    """Answer to ``UpdateCase``: the ticket says it now."""

    key: str
    public: bool = False
    """The customer may read it."""


class CaseNotUpdated(Internal):
    """The outside system refused for good to update the ticket."""

    key: str
    error: str


class RecoveryRan(Internal):
    """What became of a recovery script."""

    result: RecoveryResult


class SignalRefused(Internal):
    """A signal was malformed or not allowed; recorded so that it is never silent."""

    name: str
    error: str
    sender: Actor | None = None
    """Who sent it, when that could be read: a signal has no answer, so they are told."""


class LinkHeard(Internal):
    """A linked escalation says that it is linked, that it is not any more, or what its status is."""

    key: str
    other: str
    """Which one says so."""
    what: Literal["linked", "unlinked", "status"]
    relation: Relation
    """What that one is to this one."""
    status: str
    because: str = ""
    on_behalf_of: Actor
    """Who linked them, or took the link away."""


class LinkTold(Internal):
    """Answer to ``TellLinked``."""

    key: str


class LinkNotTold(Internal):
    """The linked escalation cannot be told, and will not be tried again."""

    other: str
    error: str


Command = Act | Internal


def parse_command(name: str, data: str | bytes | Mapping[str, Any]) -> Act:
    """Read a command from JSON text or a plain mapping: ``parse_command("acknowledge", {"by": "person:eva.novak"})``.

    Raises:
        RequestRefused: naming every wrong path and what was expected there; there is no such command.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        hint = did_you_mean(name, list(COMMANDS)) or f"; there are {', '.join(COMMANDS)}"
        raise RequestRefused([("", f"there is no command `{name[:64]}`{hint}")])
    try:
        plain = json.loads(data if isinstance(data, str | bytes) else json.dumps(dict(data), default=str))
        return kind.model_validate_json(json.dumps(plain), extra="forbid")
    except ValidationError as error:
        found = explain(plain, kind, error.errors())
        raise RequestRefused([(".".join(map(str, each.path)), each.message) for each in found]) from None
    except ValueError:
        raise RequestRefused([("", f"is no JSON; expected an object with the fields of {name}")]) from None


class Answer(Record):
    """What a person or service is told when a command was accepted. Refusals are raised as ``DomainError``."""

    accepted: bool = True
    message: str
    """What is true now, in one sentence."""
    at: AwareDatetime
    seq: int
    """Sequence number of the last event the command caused: its permanent reference."""
