"""Audits: standards, what is asked for, what is found, and what the worker, the schedule and the workflow agree on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import AwareDatetime, Field

from escalation.values import Actor, Duration, Incoming, Party, Record

AUDIT_WORKFLOW = "Audit"
RUN_AUDIT = "audits.run"
MOST = 200
"""Escalations of one sample: more are not read by anybody, and a report has to fit into a workflow's result."""


class Check(StrEnum):
    """What an escalation may be audited for."""

    ACKNOWLEDGED = "acknowledged"
    """Somebody took it in time, counted from the first page."""
    OWNED = "owned"
    """Somebody answered for it from then on: no lapse lasted too long, and nothing was resolved without an owner."""
    PACKET = "packet"
    """Nothing that is required was missing, or an exception says why people were called all the same."""
    DECISIONS = "decisions"
    """Every approval and every refusal says why."""
    REVIEWED = "reviewed"
    """The review was handed in in time, counted from when it was begun."""
    ITEMS = "items"
    """Every action item is done or dropped, or somebody has it."""


Share = Annotated[float, Field(gt=0, le=1)]


class Usual(Incoming):
    """What is usual within one period; what goes beyond it is reported."""

    times: Annotated[int, Field(ge=1)] = 10
    """How often one requester may escalate for the same trigger."""
    unwarranted: Share = 0.3
    """Share of a group that could have stayed with whoever escalated."""
    late: Share = 0.3
    """Share that came late."""
    ai_right: Share = 0.3
    """Share in which the AI's own answer would have been right."""
    at_least: Annotated[int, Field(ge=1)] = 5
    """A group of fewer escalations says nothing about shares."""


class Standards(Incoming):
    """Service standards of an organisation, from a YAML file; what it leaves out is as here."""

    checks: Annotated[tuple[Check, ...], Field(min_length=1)] = tuple(Check)
    acknowledged_within: Duration = timedelta(hours=1)
    severities: dict[str, Duration] = {}
    """Severity to its own limit for the acknowledgement."""
    lapse_at_most: Duration = timedelta(hours=1)
    """How long an owner's acknowledgement may have lapsed before they, or somebody else, go on."""
    reviewed_within: Duration = timedelta(days=10)
    usual: Usual = Usual()


class Every(StrEnum):
    """How often an audit runs, and how long its period is."""

    WEEK = "week"
    MONTH = "month"


class Period(Record):
    """From ``start`` on, until just before ``end``."""

    start: AwareDatetime
    end: AwareDatetime

    @property
    def key(self) -> str:
        """The same for the same period: its sample is drawn with it, and its report is sent once under it."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    def __str__(self) -> str:
        """Say it for people."""
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M %Z}"


class AuditPlan(Record):
    """What a schedule starts the workflow with."""

    every: Every
    to: Party
    """Who has the report."""
    sample: int = 20
    standards: Standards = Standards()
    by: Actor = "system:engine"
    """Who scheduled it."""


class RunAudit(Record):
    """Audit one period."""

    period: Period
    sample: int
    standards: Standards


class Finding(Record):
    """A standard that an escalation did not meet."""

    check: Check
    says: str


class Audited(Record):
    """One escalation of the sample."""

    escalation_id: str
    instance: str
    findings: tuple[Finding, ...] = ()


class Pattern(Record):
    """A group of escalations that were opened in the period."""

    by: str
    """``source``, ``trigger``, ``requester kind``, ``team`` or ``requester``: what they have in common."""
    of: str
    escalations: int
    unwarranted: int = 0
    late: int = 0
    ai_right: int = 0


class Leads(StrEnum):
    """What a pattern asks for."""

    IMPROVEMENT = "improvement"
    TRAINING = "training"


class Suggestion(Record):
    """What goes beyond the usual, and what to do about it."""

    leads: Leads
    of: str
    says: str


class PatternReview(Record):
    """What the escalations that were opened in a period say together."""

    escalations: int = 0
    patterns: tuple[Pattern, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    left_out: int = 0
    """Further patterns and suggestions, beyond what a report holds."""


class AuditReport(Record):
    """What the audit of a period found."""

    period: Period
    of: int = 0
    """Escalations that were open at some time in the period: what the sample was drawn from."""
    audited: tuple[Audited, ...] = ()
    review: PatternReview = PatternReview()
    told: tuple[Actor, ...] = ()

    @property
    def findings(self) -> tuple[tuple[Audited, Finding], ...]:
        """Every finding with its escalation."""
        return tuple((each, finding) for each in self.audited for finding in each.findings)


class Lived(NamedTuple):
    """An escalation as the ledger knows it."""

    escalation_id: str
    instance: str
    opened_at: datetime


class Book(Protocol):
    """What an audit reads: the ledger."""

    def lived(self, start: datetime, end: datetime) -> Sequence[Lived]:
        """Return escalations that were open at some time in the period."""

    def events_of(self, instances: Sequence[str], kinds: Sequence[str] = ()) -> Mapping[str, list[dict[str, Any]]]:
        """Return the events of instances, in order; only of some kinds where any are named."""


Teams = Callable[[Actor], Sequence[str]]
"""Which teams somebody is in."""
Examine = Callable[[RunAudit, Book, Teams], AuditReport]
"""How a period is audited; the worker gives it to the activity."""


def schedule_id(task_queue: str, every: Every) -> str:
    """Return the id of the one schedule of an installation for this rhythm."""
    return f"audit-{task_queue}-{every}"
