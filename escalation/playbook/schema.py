"""The playbook: versioned policy that says what should happen, written in YAML and pinned by digest.

Conditions (``when``, ``up_when``, ``incomplete_allowed``) are CEL expressions over ``escalation.playbook.facts`` and
the playbook's own ``fields``. Durations are written ``15m``, ``1h30m``, ``2d`` and mean wall time, except those of a
clock with a ``calendar``. Everything here is also persisted inside each escalation, so fields are only ever added, with
defaults.
"""

import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_serializer

from escalation.calendars import Calendar
from escalation.playbook.automation import Automation, CriticalPolicy, Happening
from escalation.playbook.clocks import ClockPolicy, StatusLimit, Stops
from escalation.playbook.communication import CommunicationPolicy
from escalation.playbook.facts import FactType, FactValue
from escalation.playbook.gates import ActionPolicy, GatePolicy
from escalation.playbook.help_desk import HelpDeskPolicy
from escalation.playbook.incident import IncidentPolicy
from escalation.playbook.ladder import Axis, BypassPolicy, Cell, LevelPolicy, PathPolicy, Route
from escalation.playbook.organisation import DecisionMaker
from escalation.playbook.ownership import Activity, BeforeWork, Delegation, ShiftHandover
from escalation.playbook.parts import Condition, MessageTemplate
from escalation.playbook.records import RetentionPolicy
from escalation.playbook.recovery import RecoveryPolicy
from escalation.playbook.review import FeedbackPolicy, ReviewStart
from escalation.playbook.severity import CategoryPolicy, SeverityScale
from escalation.playbook.timeline import TimelinePolicy
from escalation.playbook.work import ItemsPolicy, WorkPolicy
from escalation.values import Duration, Record, Slug, Target, digest_of


class Initiation(StrEnum):
    """Who asked for the escalation."""

    CUSTOMER_REQUEST = "customer_request"
    AI_LIMIT = "ai_limit"
    RULE = "rule"
    TIMER = "timer"
    MANUAL = "manual"


class Timing(StrEnum):
    """Whether harm was already felt when it was opened."""

    AFTER_COMPLAINT = "after_complaint"
    PREVENTIVE = "preventive"


class Stage(StrEnum):
    """The part of its life an escalation is in."""

    TRIAGE = "triage"
    ASSIGNMENT = "assignment"
    APPROVAL = "approval"
    RESOLUTION = "resolution"
    REVIEW = "review"
    CLOSED = "closed"


class WaitingOn(StrEnum):
    """Whose move it is."""

    REQUESTER = "requester"
    RESPONDER = "responder"
    APPROVER = "approver"
    OWNER = "owner"
    CUSTOMER = "customer"
    REVIEWER = "reviewer"
    HOLD = "hold"
    INPUT = "input"
    """Whoever has to supply what somebody asked for (``request_input``)."""
    NOBODY = "nobody"


class ContextPart(StrEnum):
    """A part of the context packet that a playbook may require."""

    SUMMARY = "summary"
    CONVERSATION = "conversation"
    CUSTOMER = "customer"
    CRM_SNAPSHOT = "crm_snapshot"
    ATTEMPTED_SOLUTIONS = "attempted_solutions"
    IMPACT = "impact"
    CONSTRAINTS = "constraints"
    HELP_NEEDED = "help_needed"


class FieldPolicy(Record):
    """A fact of this playbook's own, or a stricter declaration of a known one."""

    type: FactType = FactType.TEXT
    about: str = ""
    required: bool = False
    required_when: Condition | None = None
    values: tuple[str, ...] = ()
    """Allowed values of a text (or of each element of a list); empty means any."""
    minimum: float | None = None
    maximum: float | None = None


class Threshold(Record):
    """The AI confidence below which an escalation starts, for one task risk."""

    below: Annotated[float, Field(ge=0, le=1)]
    """Strictly below is strictly below: 0.80 exactly does not fire at ``below: 0.80``."""
    agreed_by: str = ""
    agreed_on: str = ""
    """A date, ``2026-11-21``."""


class TriggerPolicy(Record):
    """A named condition that says: a person must see this."""

    id: Slug
    when: Condition
    initiation: Initiation = Initiation.RULE
    timing: Timing | None = None
    axis: Axis | None = None
    level: Slug | None = None
    """Level to enter at least at; the highest of all true triggers wins. None: the first."""
    severity: str | None = None
    """Severity at least as bad as this; None: as the scale decides."""
    about: str = ""


class NeedsPolicy(Record):
    """Which facts say what a case needs of the people who are chosen for it."""

    skills: tuple[str, ...] = ("skills", "tech_stack", "affected_systems")
    """Facts whose words are skills or technologies; those of a person stand in the directory."""
    authority: dict[Slug, str] = {}
    """Kind of decision to the fact that holds the amount asked. A kind that is not named has no amount."""


class ContextPolicy(Record):
    """What must travel with an escalation, and what happens when it does not."""

    required: tuple[ContextPart, ...]
    complete_within: Duration
    """How long the requester may take to complete it before people are told without it."""
    incomplete_allowed: Condition | None = None
    """When true, people are told at once and the packet is marked incomplete."""


class StatusPolicy(Record):
    """A status name people see, for a stage and whoever is waited on."""

    status: str
    stage: Stage
    waiting_on: WaitingOn | None = None
    """None: whoever is waited on in this stage."""
    within: Duration | None = None
    """How long it may last, counted from entering it; None: for ever."""
    then: StatusLimit = StatusLimit.REMIND
    """What happens after ``within``."""


class Raci(Record):
    """Responsible, Accountable, Consulted, Informed for one stage."""

    responsible: Annotated[tuple[str, ...], Field(min_length=1)]
    """Targets, ``owner``, or ``agent:NAME``."""
    accountable: Target
    """Exactly one, and never an AI."""
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


class ResolutionPolicy(Record):
    """Who says that it is solved, and what silence means."""

    confirmed_by: Literal["customer", "requester", "nobody"] = "customer"
    confirm_within: Duration
    on_silence: Literal["confirmed", "owner_told"] = "confirmed"
    rejected_level: Slug | None = None
    """Level to enter at least at when the resolution is rejected; None: one level up."""


class ReviewPart(StrEnum):
    """What a review must answer."""

    IMPACT = "impact"
    CAUSE = "cause"
    RESOLUTION = "resolution"
    LESSONS = "lessons"


class ReviewPolicy(Record):
    """The post-incident review and the follow-up of its action items."""

    requires: tuple[ReviewPart, ...] = (ReviewPart.IMPACT, ReviewPart.CAUSE, ReviewPart.RESOLUTION, ReviewPart.LESSONS)
    due: Duration
    remind: Duration
    """How often a late review, or a late action item, is chased; every second time the accountable person is told."""
    starts: ReviewStart = ReviewStart.CONFIRMED
    stable_when: Condition | None = None
    """With ``starts: stable``: true once it is stable, if that comes before a resolution is proposed."""
    feedback: FeedbackPolicy | None = None
    """Who is asked afterwards how it went; None: nobody is."""


_FOLLOWED = (
    "automations",
    "choosing_gates",
    "communication",
    "critical_incident",
    "drafts_reviews",
    "incident",
    "recoveries",
    "tells_of_stages",
    "timed_statuses",
    "work",
)


class Playbook(Record):
    """A whole playbook, after ``extends`` was applied."""

    playbook: Slug
    version: Annotated[int, Field(ge=1)]
    title: str
    description: str = ""
    status: Literal["draft", "active", "retired"] = "active"
    """A draft is checked and listed like any other: the rules are written first and agreed before they are used."""
    department: str = ""
    audience: Literal["internal", "external", "both"] = "internal"
    owner: Target
    """Who is told when nobody else can be found."""
    fields: dict[str, FieldPolicy] = {}
    severity: SeverityScale
    category: CategoryPolicy | None = None
    confidence: dict[str, Threshold] = {}
    """Thresholds by task risk; ``default`` serves the rest and is 0.80 when absent."""
    confidence_by_source: dict[Slug, dict[str, Threshold]] = {}
    """Source to thresholds like those of ``confidence``, which serve where a source's own name no fitting one."""
    keywords: dict[str, dict[str, tuple[str, ...]]] = {}
    """List name to language to words; a trailing ``*`` matches any word that begins so."""
    triggers: Annotated[tuple[TriggerPolicy, ...], Field(min_length=1)]
    context: ContextPolicy
    levels: Annotated[tuple[LevelPolicy, ...], Field(min_length=1)]
    routing: tuple[Route, ...] = ()
    paths: tuple[PathPolicy, ...] = ()
    """Variants of the ladder; empty: every level, in order."""
    matrix: tuple[Cell, ...] = ()
    decision_makers: tuple[DecisionMaker, ...] = ()
    """Who must have been told by when; proved by the linter."""
    bypass: BypassPolicy | None = None
    recoveries: tuple[RecoveryPolicy, ...] = ()
    """Scripts that may mend it by themselves; the first whose condition is true."""
    gates: tuple[GatePolicy, ...] = ()
    actions: dict[Slug, ActionPolicy] = {}
    """What services and AI agents ask for before they do it (gates with ``before: action``)."""
    calendars: dict[Slug, Calendar] = {}
    clocks: dict[Slug, ClockPolicy] = {}
    statuses: tuple[StatusPolicy, ...] = ()
    raci: dict[Stage, Raci]
    resolution: ResolutionPolicy
    review: ReviewPolicy
    hold_at_most: Duration
    """Longest hold; after it work resumes and the owner is told."""
    defaults: dict[str, FactValue] = {}
    """Facts assumed when the request does not state them."""
    needs: NeedsPolicy = NeedsPolicy()
    communication: CommunicationPolicy | None = None
    """Who is kept informed, how often and by whom; None: nobody beside those who work on it."""
    timeline: TimelinePolicy = TimelinePolicy()
    """How long recordings and live sessions may be."""
    retention: RetentionPolicy | None = None
    """How long the ledger keeps what has ended; None: for ever."""
    critical_incident: CriticalPolicy | None = None
    incident: IncidentPolicy | None = None
    """How an incident is run; None: there is no incident mode."""
    automations: tuple[Automation, ...] = ()
    activities: dict[Slug, Activity] = {}
    """What AIs may do of each command or activity; what is not named is as the engine has it."""
    delegations: tuple[Delegation, ...] = ()
    """The responsibility map of recurring work that AIs do."""
    before_work: BeforeWork | None = None
    shift_handover: ShiftHandover | None = None
    items: ItemsPolicy = ItemsPolicy()
    help_desk: HelpDeskPolicy = HelpDeskPolicy()
    """What it means when people change the ticket in the help desk itself."""
    work: tuple[WorkPolicy, ...] = ()
    """Work items that come into being by themselves, in their order."""
    templates: dict[str, dict[str, MessageTemplate]] = {}
    """Own words of messages: a message's id to language tag to template; what is not here, the shipped ones say."""

    def level_index(self, level_id: str) -> int | None:
        """Return the position of a level on the ladder; None when the playbook has no such level."""
        return next((index for index, level in enumerate(self.levels) if level.id == level_id), None)

    def threshold(self, source: str, risk: object) -> tuple[str, Threshold | None]:
        """Return the name and threshold for a source and a task risk; None when the playbook has no fitting one."""
        for prefix, table in ((f"{source}.", self.confidence_by_source.get(source, {})), ("", self.confidence)):
            for name in (str(risk), "default"):
                if name in table:
                    return prefix + name, table[name]
        return "", None

    def path(self, path_id: str) -> PathPolicy | None:
        """Return a path by id; None when the playbook has no such path."""
        return next((path for path in self.paths if path.id == path_id), None)

    def recovery(self, recovery_id: str) -> RecoveryPolicy | None:
        """Return a recovery script by its id; None when the playbook has no such one."""
        return next((recovery for recovery in self.recoveries if recovery.id == recovery_id), None)

    def calendar_of(self, clock: str) -> Calendar | None:
        """Return the calendar that a clock runs by; None when it runs in wall time."""
        policy = self.clocks.get(clock)
        return self.calendar(policy.calendar) if policy is not None else None

    def calendar(self, name: str | None) -> Calendar | None:
        """Return a calendar by its name; None for wall time, which has none."""
        return self.calendars.get(name) if name is not None else None

    @cached_property
    def watched_clocks(self) -> tuple[str, ...]:
        """Clocks that are looked at after each command; empty for most playbooks, which then pay nothing."""
        return tuple(name for name, policy in self.clocks.items() if policy.watched(name))

    @cached_property
    def clock_ends(self) -> dict[str, Stops]:
        """What each clock waits for."""
        return {name: policy.ends(name) for name, policy in self.clocks.items()}

    @cached_property
    def clocks_until_review(self) -> frozenset[str]:
        """Clocks that no command stops before the review."""
        early = (Stops.ACKNOWLEDGED, Stops.HUMAN_RESPONSE, Stops.UPDATE)
        return frozenset(name for name, ends in self.clock_ends.items() if ends not in early)

    @cached_property
    def clocks_read_facts(self) -> bool:
        """True when a clock runs only under a condition."""
        return any(policy.when is not None for policy in self.clocks.values())

    @cached_property
    def timed_statuses(self) -> dict[str, StatusPolicy]:
        """Statuses that may last only so long, by name."""
        return {status.status: status for status in self.statuses if status.within is not None}

    @cached_property
    def drafts_reviews(self) -> bool:
        """True when a review may be begun before it is asked for."""
        return self.review.starts is ReviewStart.STABLE

    @cached_property
    def tells_of_stages(self) -> bool:
        """True when somebody is to hear of a stage as it begins."""
        return any(each.consulted or each.informed for each in self.raci.values())

    @cached_property
    def followed(self) -> frozenset[str]:
        """Names of what it has that is looked at after each command: for what it has not, nothing is done then."""
        return frozenset(name for name in _FOLLOWED if getattr(self, name))

    @cached_property
    def automated(self) -> dict[Happening, tuple[Automation, ...]]:
        """The automations that are switched on, by what they listen to; empty for most playbooks, which pay nothing."""
        listened = dict.fromkeys(happening for each in self.automations if each.enabled for happening in each.on)
        return {
            happening: tuple(each for each in self.automations if each.enabled and happening in each.on)
            for happening in listened
        }

    def subject_of(self, gate: GatePolicy) -> tuple[str, ...]:
        """Name the facts that are approved: what the gate names, and the amounts by which its approvers were found."""
        kinds = (target.partition(":") for target in (*gate.approvers, *gate.deputies))
        amounts = (self.needs.authority.get(name) for kind, _, name in kinds if kind == "authority")
        return tuple(dict.fromkeys((*gate.subject, *(amount for amount in amounts if amount is not None))))

    def gate(self, gate_id: str) -> GatePolicy | None:
        """Return a gate by id; None when the playbook has no such gate.

        One before an action is asked once for each action: ``refund.a1`` is the gate ``refund`` for the first.
        """
        found = next((gate for gate in self.gates if gate.id == gate_id), None)
        if found is not None or not self.actions:
            return found
        asked = gate_id.rpartition(".")[0]
        return next((gate for gate in self.gates if gate.id == asked and gate.before == "action"), None)

    @cached_property
    def choosing_gates(self) -> tuple[GatePolicy, ...]:
        """The gates whose choice is a fact; empty for most playbooks, which then pay nothing."""
        return tuple(gate for gate in self.gates if gate.choices and gate.before != "action")


DEFAULT_CONFIDENCE = 0.80
"""The threshold where a playbook names none for a task risk (requirement WLF-4)."""


RULES = 2
"""Version of the engine's own rules, pinned beside the playbook. A rule that comes to decide otherwise is guarded by
the version from which on it does (``state.rules >= 1``), so that what is open goes on, and replays, as it began."""


class LoadedPlaybook(Record):
    """A playbook as an escalation pins it."""

    playbook: Playbook
    digest: str
    """Fingerprint of the whole content, after ``extends``."""
    rules: int = 0
    """Version of the engine's rules; 0: from before they were pinned."""

    @field_serializer("playbook", when_used="json")
    def _without_defaults(self, playbook: Playbook) -> dict[str, Any]:
        return compact(playbook)


def compact(playbook: Playbook) -> dict[str, Any]:
    """Write a playbook without what is default: half the size in every history. So defaults may never change."""
    return playbook.model_dump(mode="json", exclude_defaults=True)


def fingerprint(playbook: Playbook) -> str:
    """Return the digest of what a playbook says; keys that it leaves out are no part of it, so new ones change none."""
    return digest_of(json.dumps(compact(playbook), sort_keys=True))


_SHARED: dict[str, Playbook] = {}


def shared(playbook: Playbook, digest: str) -> Playbook:
    """Return the one copy of this playbook in this process: thousands of open escalations pin the same few."""
    return _SHARED.setdefault(digest, playbook)
