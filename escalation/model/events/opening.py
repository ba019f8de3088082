"""What an opening, further reports, facts and severity make happen."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.request import Attachment, Attempt, Case, Context, Customer, Outcome, Reason, Turn
from escalation.playbook.facts import FactValue
from escalation.playbook.schema import Initiation, Timing
from escalation.values import Actor

Words = dict[str, tuple[str, ...]]
"""Keyword list to the words that matched: recorded, because a later version of the search may find others."""


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
    facts_since: dict[str, AwareDatetime] = {}
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
    attachments: tuple[Attachment, ...] = ()
    source: str = ""
    """The tool it comes from."""
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
    cannot: Actor | None = None
    """Who said with it that they cannot do it: asked again only where nobody else is found."""


class ConcernedUnknown(EventBase):
    """It is said to be about somebody whom the directory does not know: that bars nobody."""

    type: Literal["concerned_unknown"] = "concerned_unknown"
    people: tuple[Actor, ...]


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
