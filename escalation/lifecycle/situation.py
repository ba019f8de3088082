"""The situation: who acts next and why, where it stands, which clocks run; and the ledger's row.

Built from the state alone, by the same agenda that drives it, so that no view can disagree with what will happen.
"""

from datetime import UTC, datetime

from pydantic import AwareDatetime

from escalation.lifecycle.agenda import next_due
from escalation.lifecycle.approvals.approval_views import ActionView, GateView, gate_views
from escalation.lifecycle.automatic import critical, recovery
from escalation.lifecycle.case.gaps import gaps
from escalation.lifecycle.hindsight.review_views import ReviewView, review_view
from escalation.lifecycle.incident.views import IncidentView, incident_view
from escalation.lifecycle.ownership.ownership_views import OwnershipView, ownership_view
from escalation.lifecycle.statements.update_views import CommunicationView, communication_view
from escalation.lifecycle.targets import being_called
from escalation.lifecycle.timeline import holds
from escalation.lifecycle.timeline.overview import OpenView, linked_with, waiting
from escalation.lifecycle.timing.clock_views import ClockView, clock_views
from escalation.lifecycle.who_acts import also_asked, who_acts_next
from escalation.lifecycle.work.work_views import ItemView, WorkView, item_view, work_view
from escalation.model.actions import CaseLink, EscalationRow
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import Stage, WaitingOn
from escalation.values import Actor, Record


class Next(Record):
    """What happens by itself next, if nobody acts before."""

    at: AwareDatetime
    what: str


class Situation(Record):
    """Where an escalation stands: one answer for everybody who joins late."""

    id: str
    headline: str
    stage: Stage
    status: str
    waiting_on: WaitingOn
    who_acts_next: tuple[str, ...]
    why: str
    also_asked: dict[str, tuple[str, ...]] = {}
    """Whose word is awaited beside that: approval or hand-off to whom it was asked of."""
    severity: str
    level: str = ""
    path: str = ""
    """Which of the playbook's paths it climbs; empty where there is one ladder for all."""
    axis: Axis | None = None
    owner: Actor | None = None
    accountable: str
    called: tuple[str, ...] = ()
    """Targets whose people are being called to take it; empty while nobody is."""
    why_they: dict[Actor, str] = {}
    """Of those who are being called: why it is they and not others, where there is something to say."""
    notes: tuple[str, ...] = ()
    """Who is not being called, and why not."""
    playbook: str
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    """When it ended, however it did; None while it is open, or where an older version answers."""
    due_at: AwareDatetime | None = None
    """The request's own due date."""
    recovery: str = ""
    """Whether a script may mend it, and what became of that; empty where the playbook has no scripts."""
    critical: str = ""
    """Why it is a critical incident, with the facts that say so; empty while it is none."""
    incident: IncidentView | None = None
    """Where the latest incident stands; None where none was declared."""
    lowering: str = ""
    """The milder severity that somebody asked for, and who; empty while nobody did."""
    occurrences: int = 0
    next: Next | None = None
    clocks: tuple[ClockView, ...] = ()
    gates: tuple[GateView, ...] = ()
    actions: tuple[ActionView, ...] = ()
    bypassed: tuple[str, ...] = ()
    """What was skipped by the exception procedure, by whom and why."""
    items: tuple[ItemView, ...] = ()
    work: WorkView | None = None
    """How far the work is, and what is stuck; None while there are no work items."""
    communication: CommunicationView | None = None
    """How stakeholders are kept informed; None where the playbook says nothing of it."""
    review: ReviewView | None = None
    """How the review stands; None before there is anything of it."""
    migrations: tuple[str, ...] = ()
    """From which version of its playbook to which it was moved, by whom and why."""
    blockers: tuple[OpenView, ...] = ()
    questions: tuple[OpenView, ...] = ()
    """Those that nobody has answered."""
    ownership: OwnershipView | None = None
    """Who has which part in it beside the owner, and who speaks to the customer; None: of an older version."""
    links: tuple[str, ...] = ()
    """Escalations that belong to this one, what they are to it, and how they stand."""
    records: str = ""
    """How long the records are kept; empty where the playbook declares no period."""
    legal_holds: tuple[str, ...] = ()
    """Matters for which they are kept beyond that."""
    missing: tuple[str, ...] = ()
    case: CaseLink | None = None
    gaps: tuple[str, ...] = ()
    """What an outside system has not told yet, and which one."""
    case_changed: str = ""
    """How people of the help desk left the ticket; empty: they have not changed it."""
    case_entries: tuple[str, ...] = ()
    """Entries of the timeline that belong to the case."""
    resolution: str = ""
    outcome: str = ""


def situation(state: Escalation, now: datetime) -> Situation:
    """Answer who acts next, why, and what is running out."""
    due = next_due(state)
    who, why = who_acts_next(state)
    summary = state.context.summary.strip().splitlines()
    return Situation(
        id=state.id,
        headline=summary[0] if summary else (f"{state.case.system} {state.case.id}" if state.case else state.id),
        stage=state.stage,
        status=state.status,
        waiting_on=state.waiting_on,
        who_acts_next=who,
        why=why,
        also_asked=also_asked(state),
        severity=state.severity,
        level=state.level.id if state.level else "",
        path=state.path,
        axis=state.level.axis if state.level else None,
        owner=state.owner.actor if state.owner else None,
        accountable=state.accountable,
        called=being_called(state),
        why_they=state.rung.why if state.rung else {},
        notes=state.rung.notes if state.rung else (),
        playbook=f"{state.playbook.playbook} v{state.playbook.version} ({state.playbook_digest})",
        opened_at=state.opened_at,
        closed_at=state.closed_at,
        due_at=state.due_at,
        recovery=recovery.said(state),
        critical=critical.said(state),
        incident=incident_view(state),
        lowering=f"{state.lowering.severity}, asked by {state.lowering.by}" if state.lowering else "",
        occurrences=state.occurrences,
        next=Next(at=due.at, what=due.summary) if due else None,
        clocks=tuple(clock_views(state, now)),
        gates=tuple(gate_views(state)),
        actions=tuple(
            ActionView(**{name: getattr(asked, name) for name in ActionView.model_fields})
            for asked in state.actions.values()
        ),
        bypassed=tuple(f"{used.skipped}, by {used.by}: {used.because}" for used in state.bypasses),
        items=tuple(item_view(item, linked_with(state, f"item:{item.id}")) for item in state.items.values()),
        work=work_view(state, now),
        communication=communication_view(state),
        review=review_view(state),
        migrations=tuple(map(str, state.migrations)),
        blockers=waiting(state, EntryKind.BLOCKER),
        questions=waiting(state, EntryKind.QUESTION),
        ownership=ownership_view(state),
        links=tuple(
            f"{other} ({link.relation}): {link.status or 'not heard of yet'}"
            + (" (ended)" if link.ended else "")
            + (f", not told any more: {link.lost}" if link.lost else "")
            for other, link in state.links.items()
        ),
        records=holds.said(state),
        legal_holds=tuple(map(str, state.legal_holds)),
        missing=state.missing,
        case=state.case_link,
        gaps=gaps(state),
        case_changed=str(state.ticket) if state.ticket is not None else "",
        case_entries=linked_with(state, "case"),
        resolution=state.resolution.text if state.resolution else "",
        outcome=state.outcome,
    )


def ledger_row(state: Escalation) -> EscalationRow:
    """Return how it stands as a whole, for the ledger."""
    due = next_due(state)
    case = state.case
    return EscalationRow(
        playbook=state.playbook.playbook,
        playbook_digest=state.playbook_digest,
        source=state.source,
        case_system=case.system if case else "",
        case_id=case.id if case else "",
        customer_id=state.customer.id if state.customer else "",
        requested_by=state.requested_by,
        initiation=state.initiation,
        outcome=state.outcome or "open",
        stage=state.stage,
        status=state.status,
        severity=state.severity,
        severity_rank=state.severity_rank if state.severity else None,
        level=state.level.id if state.level else "",
        owner=state.owner.actor if state.owner else "",
        waiting_on=state.waiting_on,
        reasons=tuple(reason.trigger for reason in state.reasons),
        breached=state.breached,
        opened_at=state.opened_at or datetime.min.replace(tzinfo=UTC),
        closed_at=state.closed_at,
        next_due_at=due.at if due else None,
        keep_until=holds.keep_until(state),
        legal_holds=tuple(hold.reference for hold in state.legal_holds),
    )
