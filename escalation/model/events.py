"""What happened. Events are the timeline people read, the ledger's rows, and the only way state changes.

Each event carries the hash of the one before, so that a history cannot be altered unseen. The hash leaves out fields
that hold their default, so that a field added in a later version does not change the hash of older events.
"""

import hashlib
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from escalation.choice import Choose
from escalation.model.actions import CaseLink, DeliveryReceipt
from escalation.model.request import Attachment, Attempt, Case, Context, Customer, Outcome, Reason, Turn
from escalation.people.found import People
from escalation.playbook.clocks import StatusLimit
from escalation.playbook.facts import FactValue
from escalation.playbook.schema import Axis, Expiry, Initiation, Timing
from escalation.values import Actor, Record, Slug, Target

Words = dict[str, tuple[str, ...]]
"""Keyword list to the words that matched: recorded, because a later version of the search may find others."""


class EventBase(Record):
    """What every event tells: its place, when, who, and the hash of the event before it."""

    seq: int
    at: AwareDatetime
    by: Actor
    prev: str = ""
    sent_as: str = ""
    """Name, actor and id of the command that caused it; on its first event, when it carried an id."""


def hash_of(event: EventBase) -> str:
    """Return the hash that the next event carries in ``prev``: 32 hex digits of SHA-256."""
    return seal(event)[0]


def seal(event: EventBase) -> tuple[str, int]:
    """Return the hash of an event, and its size in bytes as JSON."""
    content = event.__pydantic_serializer__.to_json(event, exclude_defaults=True)
    return hashlib.sha256(event.__class__.__name__.encode() + content).hexdigest()[:32], len(content)


# --- opening --------------------------------------------------------------------------------------------------------


class Opened(EventBase):
    """A request passed triage: a person must see this."""

    type: Literal["opened"] = "opened"
    request_id: str
    playbook: str
    playbook_digest: str
    source: str
    dedup_key: str
    case: Case
    customer: Customer | None = None
    initiation: Initiation
    timing: Timing
    requested_by: Actor
    reason: str = ""
    facts: dict[str, FactValue] = {}
    context: Context = Context()
    words: Words = {}
    severity: str
    reasons: tuple[Reason, ...]
    level: str
    """Level to enter first."""
    missing: tuple[str, ...] = ()
    exception: str = ""
    """Why people are told although required parts are missing; empty when nothing is missing."""
    repeat_of: str | None = None
    due_at: AwareDatetime | None = None


class Declined(EventBase):
    """No trigger was true: the AI may continue. Recorded, because reports compare both kinds."""

    type: Literal["declined"] = "declined"
    request_id: str
    playbook: str
    playbook_digest: str
    source: str
    dedup_key: str
    case: Case
    customer_id: str = ""
    initiation: Initiation
    timing: Timing
    requested_by: Actor
    facts: dict[str, FactValue] = {}
    severity: str
    because: str


class Joined(EventBase):
    """The same thing was reported once more while open."""

    type: Literal["joined"] = "joined"
    request_id: str
    requested_by: Actor
    facts: dict[str, FactValue] = {}
    summary: str = ""
    conversation: tuple[Turn, ...] = ()
    """What was said since: turns the packet did not hold yet."""
    words: Words = {}
    left_out: int = 0
    """How many new turns were not kept, because the packet has reached its size limit."""


class Receipted(EventBase):
    """A request to open was answered; the answer is kept for the same request sent again."""

    type: Literal["receipted"] = "receipted"
    request_id: str
    outcome: Outcome
    because: str
    request_digest: str = ""
    """Fingerprint of the request, so that another one under the same id is noticed."""


class ReasonsAdded(EventBase):
    """Facts changed and further triggers are true now."""

    type: Literal["reasons_added"] = "reasons_added"
    reasons: tuple[Reason, ...]


class InputRequested(EventBase):
    """Required parts of the packet are missing; the requester was asked."""

    type: Literal["input_requested"] = "input_requested"
    parts: tuple[str, ...]
    of: Actor
    due: AwareDatetime


class InputProvided(EventBase):
    """Parts of the packet arrived."""

    type: Literal["input_provided"] = "input_provided"
    summary: str = ""
    impact: str = ""
    constraints: str = ""
    help_needed: str = ""
    attempted_solutions: tuple[Attempt, ...] = ()
    conversation: tuple[Turn, ...] = ()
    customer: Customer | None = None
    words: Words = {}
    facts: dict[str, FactValue] = {}
    still_missing: tuple[str, ...] = ()
    answered: bool = True
    """Nothing is missing any more that the requester has to supply."""


class ExceptionUsed(EventBase):
    """People are told although the packet is incomplete."""

    type: Literal["exception_used"] = "exception_used"
    missing: tuple[str, ...]
    because: str


class FactsChanged(EventBase):
    """Facts were stated anew."""

    type: Literal["facts_changed"] = "facts_changed"
    facts: dict[str, FactValue]
    because: str = ""


class SeverityChanged(EventBase):
    """The severity changed."""

    type: Literal["severity_changed"] = "severity_changed"
    previous: str
    severity: str
    because: str


class SeverityLoweringAsked(EventBase):
    """Somebody asked for a milder severity, which its gate has to allow; until then it stays."""

    type: Literal["severity_lowering_asked"] = "severity_lowering_asked"
    previous: str
    severity: str
    because: str


class SeverityLoweringEnded(EventBase):
    """What became of that: the severity changed, or stays as it is."""

    type: Literal["severity_lowering_ended"] = "severity_lowering_ended"
    severity: str
    asked_by: Actor
    how: Literal["lowered", "refused", "overtaken"]
    because: str


class DueChanged(EventBase):
    """The due date is another one, or there is none any more."""

    type: Literal["due_changed"] = "due_changed"
    previous: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    because: str


# --- the ladder ------------------------------------------------------------------------------------------------------


class LevelEntered(EventBase):
    """The escalation is at this level now."""

    type: Literal["level_entered"] = "level_entered"
    level: str
    index: int
    axis: Axis
    because: str
    dwell_due: AwareDatetime


class PathTaken(EventBase):
    """Which of the playbook's paths it climbs from now on."""

    type: Literal["path_taken"] = "path_taken"
    path: str
    because: str


class CellReached(EventBase):
    """It has lasted so long that a cell of the playbook's matrix speaks."""

    type: Literal["cell_reached"] = "cell_reached"
    cell: str
    because: str


class RungOpened(EventBase):
    """A round of pages begins."""

    type: Literal["rung_opened"] = "rung_opened"
    rung: str
    """``L1/1``: level and round."""
    round: int
    targets: tuple[Target, ...]
    due: AwareDatetime
    because: str
    last_resort: bool = False
    channels: tuple[str, ...] = ()
    choose: Choose | None = None
    """How some of the targets' people are chosen; None: as the directory says."""


class RungMoved(EventBase):
    """The open round waits until another instant than before."""

    type: Literal["rung_moved"] = "rung_moved"
    rung: str
    due: AwareDatetime
    was_due: AwareDatetime
    dwell_due: AwareDatetime | None = None
    """The new end of the time at the level, where that moves too."""
    because: str


class PagesHeld(EventBase):
    """Pages that can wait do so until the working hours of those they are for."""

    type: Literal["pages_held"] = "pages_held"
    rung: str
    until: dict[Actor, AwareDatetime]


class PagesReleased(EventBase):
    """Working hours have begun: who is to be told now is looked up anew."""

    type: Literal["pages_released"] = "pages_released"
    rung: str
    people: tuple[Actor, ...]
    since: AwareDatetime


class PeopleResolved(EventBase):
    """Targets were resolved to people."""

    type: Literal["people_resolved"] = "people_resolved"
    purpose: str
    found: People


class MessageDelivered(EventBase):
    """A channel took a message for somebody."""

    type: Literal["message_delivered"] = "message_delivered"
    key: str
    to: Actor
    rung: str | None = None
    receipt: DeliveryReceipt


class MessageFailed(EventBase):
    """A message could not be delivered on any channel."""

    type: Literal["message_failed"] = "message_failed"
    key: str
    to: Actor
    rung: str | None = None
    error: str


class Acknowledged(EventBase):
    """Somebody said: I take it. No page of this round starts after this."""

    type: Literal["acknowledged"] = "acknowledged"
    level: str
    rung: str


class PageDeclined(EventBase):
    """Somebody who was told cannot take it."""

    type: Literal["page_declined"] = "page_declined"
    rung: str
    because: str


class AcknowledgementLapsed(EventBase):
    """Nothing was heard of the owner for as long as an acknowledgement lasts; they answer for it until one takes it."""

    type: Literal["acknowledgement_lapsed"] = "acknowledgement_lapsed"
    owner: Actor
    because: str


class OwnerChanged(EventBase):
    """Responsibility passed."""

    type: Literal["owner_changed"] = "owner_changed"
    owner: Actor
    previous: str
    because: str
    expectation: str = ""
    although: str = ""
    """That somebody else was called to take it; empty when nobody else was."""


class Bypassed(EventBase):
    """The exception procedure was used: what was skipped, by whom and why. It is looked at afterwards."""

    type: Literal["bypassed"] = "bypassed"
    bypass: str
    skipped: str
    because: str


class HandoffOffered(EventBase):
    """Responsibility is offered; the present owner keeps it until somebody accepts."""

    type: Literal["handoff_offered"] = "handoff_offered"
    handoff: str
    to: str
    because: str
    expectation: str
    due: AwareDatetime


class HandoffEnded(EventBase):
    """An offer ended without responsibility passing."""

    type: Literal["handoff_ended"] = "handoff_ended"
    handoff: str
    how: Literal["declined", "expired", "withdrawn"]
    because: str


# --- gates -----------------------------------------------------------------------------------------------------------


class GateOpened(EventBase):
    """An approval is asked for."""

    type: Literal["gate_opened"] = "gate_opened"
    gate: str
    round: int
    targets: tuple[Target, ...]
    digest: str
    """Fingerprint of what is approved."""
    due: AwareDatetime
    because: str


class GateDecided(EventBase):
    """One approver approved, refused, or asked for changes."""

    type: Literal["gate_decided"] = "gate_decided"
    gate: str
    round: int
    decision: Literal["approved", "rejected", "changes_requested"]
    digest: str
    because: str = ""


class GateClosed(EventBase):
    """A gate reached its end in this round."""

    type: Literal["gate_closed"] = "gate_closed"
    gate: str
    round: int
    state: Literal["passed", "rejected", "voided", "withdrawn"]
    because: str


class GateExpired(EventBase):
    """Nobody decided in time; what the playbook says for that was done."""

    type: Literal["gate_expired"] = "gate_expired"
    gate: str
    round: int
    behaviour: Expiry
    because: str
    due: AwareDatetime | None = None
    """Next deadline, for behaviours that keep asking."""


class CommandHeld(EventBase):
    """A decision arrived before what it is about; it is kept and applied as soon as that exists."""

    type: Literal["command_held"] = "command_held"
    command: str
    content: str
    """The command as JSON."""


class HeldReleased(EventBase):
    """A kept command was applied, or could no longer be."""

    type: Literal["held_released"] = "held_released"
    position: int
    """Which of the kept commands, 0 is the oldest."""
    command: str
    refused: str = ""


class CommandRefused(EventBase):
    """A signal was malformed or not allowed: a timeline entry, never silence."""

    type: Literal["command_refused"] = "command_refused"
    command: str
    because: str
    sender: Actor | None = None


# --- time ------------------------------------------------------------------------------------------------------------


class ClockStarted(EventBase):
    """A clock runs (again, after a change of severity)."""

    type: Literal["clock_started"] = "clock_started"
    clock: Slug
    started_at: AwareDatetime
    warn_due: AwareDatetime
    due: AwareDatetime
    reminders: tuple[AwareDatetime, ...] = ()
    was_due: AwareDatetime | None = None
    """Its limit before, when it was running already."""
    because: str = ""
    """Why it begins, or moves; empty at the opening."""


class ClockReminded(EventBase):
    """The owner was reminded of a limit that comes."""

    type: Literal["clock_reminded"] = "clock_reminded"
    clock: Slug


class ClockPaused(EventBase):
    """A clock stands still."""

    type: Literal["clock_paused"] = "clock_paused"
    clock: Slug
    because: str


class ClockResumed(EventBase):
    """A clock goes on by as much as it was paused."""

    type: Literal["clock_resumed"] = "clock_resumed"
    clock: Slug
    because: str


class ClockWarned(EventBase):
    """A clock is close to its limit."""

    type: Literal["clock_warned"] = "clock_warned"
    clock: Slug


class ClockBreached(EventBase):
    """A clock passed its limit."""

    type: Literal["clock_breached"] = "clock_breached"
    clock: Slug


class ClockStopped(EventBase):
    """What a clock waits for has happened."""

    type: Literal["clock_stopped"] = "clock_stopped"
    clock: Slug
    met: bool = True
    """False: it has no limit now, and runs again when it has one."""


class StatusEntered(EventBase):
    """A status begins that may last only so long; or one of those has ended."""

    type: Literal["status_entered"] = "status_entered"
    status: str
    due: AwareDatetime | None = None
    """Until when; None: as long as it takes."""


class StatusOverdue(EventBase):
    """A status has lasted longer than it may."""

    type: Literal["status_overdue"] = "status_overdue"
    status: str
    then: StatusLimit
    times: int
    because: str
    next_due: AwareDatetime


class HoldStarted(EventBase):
    """Work pauses, and with it the clocks that may."""

    type: Literal["hold_started"] = "hold_started"
    because: str
    until: AwareDatetime
    clocks: tuple[Slug, ...]


class HoldEnded(EventBase):
    """Work goes on; clocks go on by as much as they were paused."""

    type: Literal["hold_ended"] = "hold_ended"
    because: str


# --- work and words ---------------------------------------------------------------------------------------------------


class NoteAdded(EventBase):
    """Something was written."""

    type: Literal["note_added"] = "note_added"
    text: str
    words: Words = {}


class Attached(EventBase):
    """A reference was attached."""

    type: Literal["attached"] = "attached"
    attachment: Attachment


class CaseLinked(EventBase):
    """The ticket exists and is linked."""

    type: Literal["case_linked"] = "case_linked"
    link: CaseLink


class CaseFailed(EventBase):
    """The outside system refused for good to open the ticket."""

    type: Literal["case_failed"] = "case_failed"
    error: str


class QuestionPublished(EventBase):
    """The ticket asks the customer, where they can read it, whether the proposed resolution is accepted."""

    type: Literal["question_published"] = "question_published"
    key: str


class CaseUpdateFailed(EventBase):
    """The outside system refused for good to update the ticket."""

    type: Literal["case_update_failed"] = "case_update_failed"
    key: str
    error: str


class ResolutionProposed(EventBase):
    """Somebody says it is solved; nobody is called any more, and the clocks wait."""

    type: Literal["resolution_proposed"] = "resolution_proposed"
    resolution: str
    cause: str = ""
    confirm_due: AwareDatetime | None = None
    """Until when whoever confirms may answer; None when nobody is asked."""
    although: str = ""
    """That somebody else owns it; empty when the owner says it is solved."""


class ResolutionConfirmed(EventBase):
    """The resolution stands."""

    type: Literal["resolution_confirmed"] = "resolution_confirmed"
    how: Literal["confirmed", "silence", "not_asked"]
    comment: str = ""


class ResolutionUnanswered(EventBase):
    """Nobody confirmed in time and silence is no consent here, or nobody is known to have heard the question."""

    type: Literal["resolution_unanswered"] = "resolution_unanswered"
    confirm_due: AwareDatetime
    asked: bool = True
    """False: the question is not known to have arrived; it is sent again."""


class ResolutionRejected(EventBase):
    """The resolution was rejected, or did not hold; work goes on."""

    type: Literal["resolution_rejected"] = "resolution_rejected"
    because: str


class ReviewStarted(EventBase):
    """The post-incident review is due."""

    type: Literal["review_started"] = "review_started"
    due: AwareDatetime


class ReviewSubmitted(EventBase):
    """The review was handed in."""

    type: Literal["review_submitted"] = "review_submitted"
    impact: str
    cause: str
    resolution: str
    lessons: tuple[str, ...]
    warranted: bool | None = None


class ReviewChased(EventBase):
    """The review is late; somebody was reminded."""

    type: Literal["review_chased"] = "review_chased"
    times: int
    next_due: AwareDatetime


class ItemAdded(EventBase):
    """An action item exists."""

    type: Literal["item_added"] = "item_added"
    item: str
    title: str
    owner: Actor
    due: AwareDatetime


class ItemGivenBack(EventBase):
    """Nobody knows whom an action item was given to: it falls to the owner."""

    type: Literal["item_given_back"] = "item_given_back"
    item: str
    owner: Actor
    """Who has it now."""
    was: Actor
    because: str = ""


class ItemCompleted(EventBase):
    """An action item is done."""

    type: Literal["item_completed"] = "item_completed"
    item: str
    result: str = ""


class ItemChased(EventBase):
    """An action item is late; somebody was reminded."""

    type: Literal["item_chased"] = "item_chased"
    item: str
    times: int
    next_due: AwareDatetime


class Rated(EventBase):
    """Somebody rated how well the escalation was prepared, 1..5."""

    type: Literal["rated"] = "rated"
    score: int
    comment: str = ""


class FeedbackGiven(EventBase):
    """The customer said how satisfied they are, 1..5."""

    type: Literal["feedback_given"] = "feedback_given"
    score: int
    comment: str = ""


class Closed(EventBase):
    """Everything is done; or an approver returned it with guidance before anybody was told."""

    type: Literal["closed"] = "closed"
    because: str
    returned: bool = False


class Cancelled(EventBase):
    """Ended without a resolution."""

    type: Literal["cancelled"] = "cancelled"
    because: str


def _refuse_known(kind: str) -> str:
    if kind in _KNOWN:
        raise PydanticCustomError("malformed", "an event of a known kind lacks what it needs")
    return kind


KnownEvent = Annotated[
    Opened
    | Declined
    | Joined
    | Receipted
    | ReasonsAdded
    | InputRequested
    | InputProvided
    | ExceptionUsed
    | FactsChanged
    | SeverityChanged
    | PathTaken
    | CellReached
    | Bypassed
    | SeverityLoweringAsked
    | SeverityLoweringEnded
    | DueChanged
    | LevelEntered
    | RungOpened
    | RungMoved
    | PagesHeld
    | PagesReleased
    | PeopleResolved
    | MessageDelivered
    | MessageFailed
    | Acknowledged
    | PageDeclined
    | AcknowledgementLapsed
    | OwnerChanged
    | HandoffOffered
    | HandoffEnded
    | GateOpened
    | GateDecided
    | GateClosed
    | GateExpired
    | CommandHeld
    | HeldReleased
    | CommandRefused
    | ClockStarted
    | ClockReminded
    | ClockPaused
    | ClockResumed
    | ClockWarned
    | ClockBreached
    | ClockStopped
    | StatusEntered
    | StatusOverdue
    | HoldStarted
    | HoldEnded
    | NoteAdded
    | Attached
    | CaseLinked
    | CaseFailed
    | QuestionPublished
    | CaseUpdateFailed
    | ResolutionProposed
    | ResolutionConfirmed
    | ResolutionUnanswered
    | ResolutionRejected
    | ReviewStarted
    | ReviewSubmitted
    | ReviewChased
    | ItemAdded
    | ItemGivenBack
    | ItemCompleted
    | ItemChased
    | Rated
    | FeedbackGiven
    | Closed
    | Cancelled,
    Field(discriminator="type"),
]
_KNOWN = frozenset(str(get_args(kind.model_fields["type"].annotation)[0]) for kind in get_args(get_args(KnownEvent)[0]))


class UnknownEvent(EventBase):
    """An event of a kind that only a newer worker knows: its place is kept, and it changes nothing here."""

    type: Annotated[str, AfterValidator(_refuse_known)]


Event = Annotated[KnownEvent | UnknownEvent, Field(union_mode="left_to_right")]
"""Anything that a history may hold. A malformed event of a known kind is still an error."""
