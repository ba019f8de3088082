"""The one state of an escalation: queries answer from it, continue-as-new carries it, events rebuild it.

What can be told from other fields is a property, not a field, so that it can never disagree.
"""

from datetime import timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, field_serializer

from escalation.model.actions import CaseLink, DeliveryReceipt
from escalation.model.approval import ActionApproval, ApprovalReview, Gate
from escalation.model.communication import Communication
from escalation.model.events import Event
from escalation.model.incident import Incident
from escalation.model.items import Item
from escalation.model.ladder import Bypass, Handoff, LevelState, Owner, Rung, Taken
from escalation.model.messages import Asking
from escalation.model.migration import Migration, MigrationAsk
from escalation.model.ownership import Ownership
from escalation.model.parts import (
    AutomationTask,
    Critical,
    Held,
    InputRequest,
    Link,
    Lowering,
    PacketPart,
    Recovery,
    Remembered,
    Resolution,
    Review,
    Score,
    ShownStatus,
)
from escalation.model.records import LegalHold
from escalation.model.request import Case, Context, Customer, Reason, Receipt
from escalation.model.review import FeedbackRound, Labels, Lesson, ReviewDraft
from escalation.model.said import Said
from escalation.model.ticket import Ticket
from escalation.model.timeline import Timeline
from escalation.model.timing import Clock, Hold, StatusStay
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import LevelPolicy
from escalation.playbook.schema import Initiation, Playbook, Raci, Stage, Timing, WaitingOn, compact
from escalation.playbook.work import ItemKind
from escalation.values import Actor, ActorKind, Addressee, Record, Slug, Target, kind_of

TAIL = 200
"""How many of the latest events the state keeps. The ledger has all of them."""

TAIL_BYTES = 200_000
"""How large the kept events may be together, as JSON: with a long request still far below Temporal's 2 MiB."""

REMEMBERED = 100
"""How many answers to command ids and request ids are kept, the latest first to stay."""


QUESTION = "question"
"""Ends the key of the message that asks whether the proposed resolution is accepted."""


class Escalation(Record):
    """Everything about one escalation. Before ``opened_at`` is set nothing has happened yet."""

    id: str
    """The workflow id: ``escalation-{source}-{dedup_key}``."""
    instance: str
    """Tells a repeat from an earlier escalation with the same id; part of every idempotency key."""
    playbook: Playbook
    playbook_digest: str
    rules: int = 0
    """Version of the engine's own rules that it was begun with (``playbook.schema.RULES``)."""

    seq: int = 0
    last_hash: str = ""
    tail: tuple[Event, ...] = ()
    tail_bytes: int = 0

    opened_at: AwareDatetime | None = None
    source: str = ""
    dedup_key: str = ""
    case: Case | None = None
    customer: Customer | None = None
    initiation: Initiation = Initiation.MANUAL
    timing: Timing = Timing.AFTER_COMPLAINT
    requested_by: Actor = "system:engine"
    reason: str = ""
    repeat_of: str | None = None
    occurrences: int = 0
    facts: dict[str, FactValue] = {}
    """Facts as stated; what the engine derives is computed when needed (``lifecycle.facts``)."""
    facts_since: dict[str, AwareDatetime] = {}
    """Since when facts were so that its request stated, where its source knows."""
    context: Context = Context()
    words: dict[str, tuple[str, ...]] = {}
    """Keyword list to the words that matched what the customer said."""
    missing: tuple[str, ...] = ()
    """Required parts of the packet that nobody supplied yet."""
    packet_version: int = 0
    """How often the packet changed: what was handed over can be named by it."""
    packet_parts: dict[str, PacketPart] = {}
    """Who supplied each part of the packet last, and in which version."""
    exception: str = ""
    """Why people were told although the packet was incomplete."""
    exception_grounds: Said | None = None
    severity: str = ""
    lowering: Lowering | None = None
    due_at: AwareDatetime | None = None
    """The request's own due date."""
    reasons: tuple[Reason, ...] = ()
    first_level: str = ""

    input_request: InputRequest | None = None
    path: str = ""
    """Which of the playbook's paths it climbs; empty where it has none: every level."""
    reached: tuple[str, ...] = ()
    """Cells of the matrix that have spoken, because it has lasted so long."""
    waited: timedelta = timedelta(0)
    """How long it was on hold, or waited for a resolution that was then rejected: not counted by the matrix."""
    bypasses: tuple[Bypass, ...] = ()
    may_bypass: tuple[Actor, ...] = ()
    """Who may use the exception procedure, where the playbook names them; known once they are looked up."""
    powers: dict[Target, tuple[Actor, ...]] = {}
    """Who belongs to a target that may escalate from a level, as it was when that level was last entered."""
    level: LevelState | None = None
    rungs: int = 0
    rung: Rung | None = None
    called: tuple[Target, ...] = ()
    """Of whom the latest round was: whose it is, also after somebody took it."""
    declined: tuple[Actor, ...] = ()
    """Who said that they cannot take it, and has not taken it since: called again only when nobody else is found."""
    taken: Taken | None = None
    once_concerned: tuple[Actor, ...] = ()
    """Whom it was said to be about, and then not any more."""
    failing_feeds: tuple[str, ...] = ()
    """Rotations whose calendar cannot be read: the playbook's owner was told once of each."""
    failing_templates: tuple[str, ...] = ()
    """Messages whose templates failed: the playbook's owner has been told of each, once."""
    unknown_concerned: tuple[Actor, ...] = ()
    """Of those whom it is said to be about: whom the directory does not know, as whoever asked was told."""
    owner: Owner | None = None
    owner_changes: int = 0
    handoffs: int = 0
    ownership: Ownership = Ownership()
    """Who has which part in it beside the owner, and how it passed from hand to hand."""
    silent_due: AwareDatetime | None = None
    """When the owner's acknowledgement lapses, unless they give a sign of life before; None: it does not."""
    handoff: Handoff | None = None
    gates: dict[str, Gate] = {}
    actions: dict[str, ActionApproval] = {}
    """Actions that somebody asked for before doing them, by id: all that are open, and the latest others."""
    actions_asked: int = 0
    approval_reviews: tuple[ApprovalReview, ...] = ()
    """Approvals that are to be looked at, and nobody has yet."""
    approvals_to_review: int = 0
    clocks: dict[Slug, Clock] = {}
    stay: StatusStay | None = None
    recovery: Recovery | None = None
    """Whether a script may mend it; None where the playbook has none."""
    shown_status: ShownStatus | None = None
    """The status that an automation set; it counts while the stage lasts."""
    critical: Critical | None = None
    """Why it is a critical incident, as the playbook declares; None while it is none."""
    incident: Incident | None = None
    """The latest incident that was declared; it may be stood down already."""
    automation_runs: dict[Slug, int] = {}
    """How often each automation ran."""
    automation_tasks: dict[str, AutomationTask] = {}
    """What automations do for people who are being looked up."""
    hold: Hold | None = None
    resolution: Resolution | None = None
    review_draft: ReviewDraft | None = None
    """What was written of the review before it is handed in."""
    review: Review | None = None
    lessons: dict[str, Lesson] = {}
    labels: Labels | None = None
    """What people say of the decision to escalate; None: nothing yet."""
    feedback_round: FeedbackRound | None = None
    """Who was asked how it went; None: nobody was."""
    migration: MigrationAsk | None = None
    """Another version of the playbook that is being loaded."""
    migrations: tuple[Migration, ...] = ()
    items: dict[str, Item] = {}
    work_made: tuple[str, ...] = ()
    """The playbook's work items that have come into being."""
    communication: Communication | None = None
    """How stakeholders are kept informed; None where the playbook says nothing of it."""
    legal_holds: tuple[LegalHold, ...] = ()
    """Matters for which the records are kept beyond their period."""
    may_hold: tuple[Actor, ...] = ()
    """Who may place and release holds, where the playbook names them; known once they are looked up."""
    timeline: Timeline | None = None
    """What people put on the timeline, as far as more than its events is kept; None before they did."""
    ratings: tuple[Score, ...] = ()
    feedback: Score | None = None

    children_due: AwareDatetime | None = None
    """When the owner is reminded that escalations below this one are open; None: it does not wait for them."""
    unfinished_due: AwareDatetime | None = None
    """When the owner is reminded that blockers or live sessions hold up the close; None: it does not wait for them."""
    links: dict[str, Link] = {}
    """Escalations that belong to this one, by id."""
    people: dict[Actor, str] = {}
    """The working group: everybody who may act, with what made them part of it."""
    told: tuple[Addressee, ...] = ()
    """Everybody a page, approval or item was delivered to: who hears of the end."""
    receipts: dict[str, DeliveryReceipt] = {}
    """The latest delivery receipts by message key."""
    threads: dict[Addressee, dict[str, str]] = {}
    """What the channels of each receiver call the thread of this escalation's messages."""
    asking: tuple[Asking, ...] = ()
    """Messages that ask for something, and are changed as soon as it is answered."""
    taken_up: tuple[Asking, ...] = ()
    """Messages that say who took what they asked, and are changed once more when that is over."""
    case_link: CaseLink | None = None
    case_error: str = ""
    ticket: Ticket | None = None
    """How people of the help desk left the ticket; None: they have not changed it."""
    held: tuple[Held, ...] = ()
    answers: dict[str, Receipt] = {}
    """Receipts by request id: the same request sent again gets its first answer."""
    remembered: tuple[Remembered, ...] = ()

    closed_at: AwareDatetime | None = None
    outcome: Literal["", "closed", "cancelled", "declined", "returned"] = ""
    outcome_because: str = ""
    outcome_grounds: Said | None = None

    @field_serializer("playbook", when_used="json")
    def _playbook_without_defaults(self, playbook: Playbook) -> dict[str, Any]:
        return compact(playbook)

    @property
    def case_key(self) -> str:
        """The external id under which the ticket is found again."""
        return f"{self.instance}/case"

    @property
    def opened(self) -> bool:
        """True once a request passed triage."""
        return self.opened_at is not None and self.outcome != "declined"

    @property
    def ended(self) -> bool:
        """True when nothing more can happen."""
        return self.outcome != ""

    @property
    def stage(self) -> Stage:
        """The part of its life the escalation is in."""
        if self.ended:
            return Stage.CLOSED
        if self.review is not None:
            return Stage.REVIEW
        if self.owner is not None:
            return Stage.APPROVAL if self.blocking_gates and self.resolution_state != "proposed" else Stage.RESOLUTION
        return Stage.ASSIGNMENT if self.level is not None else Stage.TRIAGE

    @property
    def resolution_state(self) -> str:
        """``proposed``, ``confirmed``, ``rejected``, or empty while nothing was proposed."""
        return self.resolution.state if self.resolution is not None else ""

    @property
    def waiting_on(self) -> WaitingOn:
        """Whose move it is."""
        if self.ended:
            return WaitingOn.NOBODY
        if self.hold is not None:
            return WaitingOn.HOLD
        if self.input_request is not None:
            return WaitingOn.REQUESTER
        if self.blocking_gates:
            return WaitingOn.APPROVER
        if self.review is not None:
            return WaitingOn.REVIEWER if self.review.submitted_at is None else WaitingOn.OWNER
        if self.resolution_state == "proposed":
            return WaitingOn.CUSTOMER if self.playbook.resolution.confirmed_by == "customer" else WaitingOn.REQUESTER
        if self.rung is not None:
            return WaitingOn.RESPONDER
        return WaitingOn.INPUT if self.items and self.needed_input else WaitingOn.OWNER

    @property
    def status(self) -> str:
        """The playbook's own name for where it is; the stage's name where the playbook has none."""
        stage, waiting = self.stage, self.waiting_on
        if self.shown_status is not None and self.shown_status.stage is stage:
            return self.shown_status.status
        named = [status for status in self.playbook.statuses if status.stage == stage]
        exact = next((status.status for status in named if status.waiting_on == waiting), None)
        general = next((status.status for status in named if status.waiting_on is None), None)
        if waiting is WaitingOn.INPUT:
            return exact or "Needs input"
        return exact or general or str(stage)

    @property
    def severity_rank(self) -> int:
        """Rank of the severity, 0 is the worst."""
        return self.playbook.severity.rank(self.severity)

    @property
    def raci(self) -> Raci:
        """Who is responsible, accountable, consulted and informed in the present stage."""
        stage = Stage.REVIEW if self.stage is Stage.CLOSED else self.stage
        return self.playbook.raci[stage]

    @property
    def accountable(self) -> str:
        """The one who answers for it now: the owner, else the target the playbook names for this stage."""
        return self.owner.actor if self.owner is not None else self.raci.accountable

    @property
    def hops(self) -> int:
        """How often responsibility passed from one owner to another; planned changes of shift do not count."""
        return max(self.owner_changes - 1 - self.ownership.shift_changes, 0)

    @property
    def holder(self) -> Literal["ai", "human", "none"]:
        """Who speaks to the customer: a person as soon as one owns it, and the bot is silent from then on."""
        ai_asked = kind_of(self.requested_by) in (ActorKind.AGENT, ActorKind.SERVICE)
        if self.ended:
            return "ai" if self.outcome in ("returned", "declined") and ai_asked else "none"
        if self.owner is not None:
            return "human"
        return "ai" if ai_asked else "none"

    @property
    def level_policy(self) -> LevelPolicy | None:
        """The playbook's words on the present level."""
        return self.playbook.levels[self.level.index] if self.level is not None else None

    @property
    def pending_gates(self) -> tuple[Gate, ...]:
        """Approvals that are waited for."""
        if not self.gates:
            return ()
        return tuple(gate for gate in self.gates.values() if gate.state == "pending")

    @property
    def blocking_gates(self) -> tuple[Gate, ...]:
        """Approvals that are waited for and hold something up; a milder severity or standing down holds up nothing."""
        lowering, incident = self.playbook.severity.lowering, self.playbook.incident
        pending = self.pending_gates
        if self.actions:
            pending = tuple(gate for gate in pending if gate.id not in self.action_gates)
        if lowering is None and incident is None:
            return pending
        asked = (lowering.gate if lowering is not None else None, incident.stand_down.gate if incident else None)
        return tuple(gate for gate in pending if gate.id not in asked)

    @property
    def action_gates(self) -> frozenset[str]:
        """Approvals of actions: the action waits for them, the escalation does not."""
        return frozenset(gate for action in self.actions.values() for gate in action.gates)

    def question_of(self, key: str, to: Addressee) -> Gate | None:
        """Return the gate whose question this message asked, in this round or one before; None for any other."""
        for gate in self.gates.values():
            if any(key == f"{self.instance}/{seq}/{to}" for seq in gate.questions):
                return gate
        return None

    def gate_asked(self, reference: str) -> Gate | None:
        """Return the open gate that people were looked up for: ``credit/2``, or ``credit/2/role:deputy``.

        None for the answer to a round that is over: it says nothing of the present one.
        """
        gate_id, _, rest = reference.partition("/")
        gate = self.gates.get(gate_id)
        asked = gate is not None and gate.state == "pending" and rest.partition("/")[0] == str(gate.round)
        return gate if asked else None

    def still_asks(self, purpose: str) -> bool:
        """Tell whether a message with this purpose (``rung:``, ``gate:``, ``handoff:``) still waits for an answer.

        One of an update (``update:``) does until a later one is posted; that it is missed, until it moves up.
        """
        kind, _, reference = purpose.partition(":")
        if kind in ("rung", "hours"):
            return self.rung is not None and self.rung.id == reference
        if kind == "gate":
            return self.gate_asked(reference) is not None
        if kind == "update":
            return self.communication is not None and self.communication.is_latest(reference)
        if kind == "communicator":
            return self.communication is not None and reference in ("0", str(self.communication.chased))
        if kind == "release":
            return self.communication is None or reference == "" or not self.communication.is_over(reference)
        if kind == "automation":
            return reference in self.automation_tasks
        if kind == "check":
            item = self.items.get(reference.partition("/")[0])
            return item is not None and item.pending and reference == item.round
        if kind == "first_update":
            asked = self.incident
            return asked is not None and asked.first_update_due is not None and reference == str(asked.chased)
        return kind != "handoff" or (self.handoff is not None and self.handoff.id == reference)

    @property
    def customer_confirms(self) -> bool:
        """True when the customer is asked whether it is solved; otherwise whoever asked for the escalation is."""
        return self.playbook.resolution.confirmed_by == "customer" and self.customer is not None

    def is_question(self, key: str) -> bool:
        """Tell whether an action's key is that of the question whether the proposed resolution is accepted."""
        proposed = self.resolution
        if proposed is None or proposed.state != "proposed":
            return False
        keys = (f"{self.instance}/{seq}/{what}" for seq in proposed.questions for what in (QUESTION, "case"))
        return key in keys

    @property
    def open_items(self) -> tuple[Item, ...]:
        """Work items that are neither done nor dropped."""
        return tuple(item for item in self.items.values() if item.done_at is None)

    @property
    def needed_input(self) -> tuple[Item, ...]:
        """Open requests for input without which the whole escalation does not go on."""
        asked = (item for item in self.items.values() if item.kind is ItemKind.INPUT and item.open)
        return tuple(item for item in asked if not item.blocks)

    @property
    def storms(self) -> bool:
        """True after any report but the 2nd, 4th, 8th ...: nobody is told of it, so that a storm stays quiet."""
        return self.occurrences & (self.occurrences - 1) != 0

    @property
    def waits_for_confirmation(self) -> bool:
        """True while a resolution waits to be confirmed, or for an approval that stands behind it."""
        return self.resolution_state in ("proposed", "confirmed") and self.review is None

    @property
    def unreviewed(self) -> tuple[Bypass, ...]:
        """Uses of the exception procedure that nobody has looked at yet."""
        done = {item.bypass for item in self.items.values() if item.done_at is not None}
        return tuple(used for used in self.bypasses if used.id not in done)

    @property
    def reviews_to_assign(self) -> tuple[ApprovalReview, ...]:
        """Approvals that are to be looked at by somebody who is still being looked up."""
        assigned = {item.approval_review for item in self.open_items}
        return tuple(given for given in self.approval_reviews if given.id not in assigned)

    @property
    def breached(self) -> bool:
        """True when any clock passed its limit."""
        return any(clock.breached for clock in self.clocks.values())
