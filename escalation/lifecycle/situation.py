"""The situation: who acts next and why, where it stands, which clocks run; why it was escalated; the ledger's row.

Built from the state alone, by the same agenda that drives it, so that no view can disagree with what will happen.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import AwareDatetime

from escalation.lifecycle import approval, links, recovery, summaries
from escalation.lifecycle.agenda import next_due
from escalation.lifecycle.clock_views import ClockView, clock_views
from escalation.lifecycle.communication import explain_reason, grounds, shown
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.incident.views import IncidentView, incident_view
from escalation.lifecycle.ownership_views import OwnershipView, ownership_view
from escalation.lifecycle.targets import being_called
from escalation.lifecycle.update_views import CommunicationView, communication_view
from escalation.model.actions import CaseLink, CustomerSnapshot, EscalationRow
from escalation.model.parts import Rung
from escalation.model.request import Case, Context, Customer, Reason
from escalation.model.state import Escalation
from escalation.playbook.facts import FactValue
from escalation.playbook.ladder import Axis
from escalation.playbook.schema import DEFAULT_CONFIDENCE, Initiation, Stage, Timing, WaitingOn
from escalation.values import Actor, Record, counted


class Next(Record):
    """What happens by itself next, if nobody acts before."""

    at: AwareDatetime
    what: str


class GateView(Record):
    """An approval as people read it."""

    id: str
    asks: str
    """What is to be decided, with the facts that the approval is bound to."""
    round: int
    state: str
    digest: str
    approvers: tuple[Actor, ...]
    decided: tuple[str, ...]
    due: AwareDatetime


class ItemView(Record):
    """An action item as people read it."""

    id: str
    title: str
    owner: Actor
    due: AwareDatetime
    done: bool


class Situation(Record):
    """Where an escalation stands: one answer for everybody who joins late."""

    id: str
    headline: str
    stage: Stage
    status: str
    waiting_on: WaitingOn
    who_acts_next: tuple[str, ...]
    why: str
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
    bypassed: tuple[str, ...] = ()
    """What was skipped by the exception procedure, by whom and why."""
    items: tuple[ItemView, ...] = ()
    communication: CommunicationView | None = None
    """How stakeholders are kept informed; None where the playbook says nothing of it."""
    ownership: OwnershipView | None = None
    """Who has which part in it beside the owner, and who speaks to the customer; None: of an older version."""
    links: tuple[str, ...] = ()
    """Escalations that belong to this one, what they are to it, and how they stand."""
    missing: tuple[str, ...] = ()
    case: CaseLink | None = None
    resolution: str = ""
    outcome: str = ""


class ThresholdUsed(Record):
    """The confidence below which a person had to see it, and who agreed to that."""

    name: str
    """``high``, or ``chatbot.high`` where it is the source's own; empty: the playbook names none."""
    below: float
    agreed_by: str = ""
    agreed_on: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        agreed = f"by {self.agreed_by}" if self.agreed_by else ""
        on = f"on {self.agreed_on}" if self.agreed_on else ""
        how = " ".join(filter(None, ("agreed", agreed, on))) if agreed or on else "nobody is named who agreed to it"
        return f"threshold {self.name or 'of every playbook'}: below {self.below:g}, {how}"


class Explanation(Record):
    """Why it was escalated, and by which version of the playbook."""

    id: str
    playbook: str
    playbook_version: int
    playbook_digest: str
    initiation: Initiation
    timing: Timing
    severity: str
    reasons: tuple[Reason, ...]
    in_words: tuple[str, ...]
    critical: str = ""
    """Why it is a critical incident, as the playbook declares; empty while it is none."""
    automations: tuple[str, ...] = ()
    """Which automations ran, and how often."""
    thresholds: tuple[ThresholdUsed, ...] = ()
    """By which the AI's confidence was judged too low, each once."""
    repeat_of: str | None = None


class Packet(Record):
    """The context packet: what travels with the escalation."""

    id: str
    help_needed: str
    context: Context
    case: Case | None
    customer: Customer | None
    snapshot: CustomerSnapshot | None
    facts: dict[str, FactValue]
    missing: tuple[str, ...]
    complete: bool
    sent_incomplete_because: str = ""
    version: int = 0
    """Rises with each change; a hand-off names the one that travels with it."""
    hops: int = 0
    """How often it passed from one owner to another."""


def situation(state: Escalation, now: datetime) -> Situation:
    """Answer who acts next, why, and what is running out."""
    due = next_due(state)
    who, why = _who_acts_next(state)
    summary = state.context.summary.strip().splitlines()
    return Situation(
        id=state.id,
        headline=summary[0] if summary else (f"{state.case.system} {state.case.id}" if state.case else state.id),
        stage=state.stage,
        status=state.status,
        waiting_on=state.waiting_on,
        who_acts_next=who,
        why=why,
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
        due_at=state.due_at,
        recovery=recovery.said(state),
        critical=_critical(state),
        incident=incident_view(state),
        lowering=f"{state.lowering.severity}, asked by {state.lowering.by}" if state.lowering else "",
        occurrences=state.occurrences,
        next=Next(at=due.at, what=due.summary) if due else None,
        clocks=tuple(clock_views(state, now)),
        gates=tuple(_gate_views(state)),
        bypassed=tuple(f"{used.skipped}, by {used.by}: {used.because}" for used in state.bypasses),
        items=tuple(
            ItemView(id=item.id, title=item.title, owner=item.owner, due=item.due, done=item.done_at is not None)
            for item in state.items.values()
        ),
        communication=communication_view(state),
        ownership=ownership_view(state),
        links=tuple(
            f"{other} ({link.relation}): {link.status or 'not heard of yet'}"
            + (" (ended)" if link.ended else "")
            + (f", not told any more: {link.lost}" if link.lost else "")
            for other, link in state.links.items()
        ),
        missing=state.missing,
        case=state.case_link,
        resolution=state.resolution.text if state.resolution else "",
        outcome=state.outcome,
    )


def _critical(state: Escalation) -> str:
    critical = state.critical
    return grounds(critical.because, critical.facts, critical.words) if critical is not None else ""


def _who_acts_next(state: Escalation) -> tuple[tuple[str, ...], str]:
    waiting = state.waiting_on
    if waiting is WaitingOn.NOBODY:
        return (), f"it has ended: {state.outcome_because}"
    if waiting is WaitingOn.HOLD and state.hold is not None:
        return (state.accountable,), f"on hold: {state.hold.because}"
    if waiting is WaitingOn.REQUESTER and state.input_request is not None:
        return (state.input_request.of,), f"required input is missing: {', '.join(state.input_request.parts)}"
    if waiting is WaitingOn.APPROVER:
        gates = state.blocking_gates
        people = tuple(dict.fromkeys(person for gate in gates for person in gate.people))
        return people or tuple(gate.id for gate in gates), f"approval needed: {', '.join(gate.id for gate in gates)}"
    if waiting is WaitingOn.REVIEWER:
        return (state.accountable,), "the review is to be written"
    if waiting in (WaitingOn.CUSTOMER, WaitingOn.REQUESTER):
        who = (
            f"customer:{state.customer.id}" if state.customer and waiting is WaitingOn.CUSTOMER else state.requested_by
        )
        return (who,), "the proposed resolution is to be confirmed or rejected"
    if waiting is WaitingOn.RESPONDER and state.rung is not None:
        asked = tuple(person for person in state.rung.people if person not in state.rung.declined)
        return asked or state.rung.targets, f"somebody is to take it: round {state.rung.id}{_held(state.rung)}"
    if state.review is not None and not state.open_items and not summaries.all_filed(state):
        return (state.accountable,), "required summaries are to be filed"
    if state.review is not None and not state.open_items and (children := links.open_children(state)):
        return (state.accountable,), f"escalations below it are open: {', '.join(children)}"
    if state.review is not None:
        return tuple(dict.fromkeys(item.owner for item in state.open_items)), "action items are open"
    rejected = [gate for gate in approval.blocking(state, "resolution") if gate.state == "rejected"]
    if rejected:
        said = "; ".join(f"approval {gate.id} was {gate.because}" for gate in rejected)
        return (state.accountable,), f"it cannot be resolved as it is: {said}"
    return (state.accountable,), "the owner works on it"


def _held(rung: Rung) -> str:
    """Say whose pages wait for their working hours."""
    waits = [f"{person} from {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC on" for person, at in rung.held.items()]
    return f"; told as their working hours begin: {', '.join(waits)}" if waits else ""


def _gate_views(state: Escalation) -> Iterator[GateView]:
    facts = derive(basis_of(state)) if state.gates else {}
    for gate in state.gates.values():
        policy = state.playbook.gate(gate.id)
        names = state.playbook.subject_of(policy) if policy else ()
        subject = [f"{name}={shown(facts[name])}" for name in names if name in facts]
        yield GateView(
            id=gate.id,
            asks=": ".join(filter(None, [policy.title if policy else "", ", ".join(subject)])),
            round=gate.round,
            state=gate.state,
            digest=gate.digest,
            approvers=gate.people,
            decided=tuple(f"{vote.decision} by {vote.by}" for vote in gate.votes),
            due=gate.due,
        )


def explanation(state: Escalation) -> Explanation:
    """Say why it was escalated, with every reason and the pinned playbook."""
    return Explanation(
        id=state.id,
        playbook=state.playbook.playbook,
        playbook_version=state.playbook.version,
        playbook_digest=state.playbook_digest,
        initiation=state.initiation,
        timing=state.timing,
        severity=state.severity,
        reasons=state.reasons,
        in_words=tuple(explain_reason(reason) for reason in state.reasons),
        critical=_critical(state),
        automations=tuple(f"{name}: {counted(times, 'time')}" for name, times in state.automation_runs.items()),
        thresholds=tuple(dict.fromkeys(used for each in state.reasons for used in _thresholds(state, each))),
        repeat_of=state.repeat_of,
    )


def _thresholds(state: Escalation, reason: Reason) -> Iterator[ThresholdUsed]:
    """Yield the threshold that a reason read, if it read one, by the task risk of that moment."""
    if "confidence.threshold" not in reason.facts:
        return
    name, policy = state.playbook.threshold(state.source, reason.facts.get("task_risk"))
    below, by, on = (policy.below, policy.agreed_by, policy.agreed_on) if policy else (DEFAULT_CONFIDENCE, "", "")
    yield ThresholdUsed(name=name, below=below, agreed_by=by, agreed_on=on)


def packet(state: Escalation) -> Packet:
    """Return the context packet as it stands."""
    return Packet(
        id=state.id,
        help_needed=state.context.help_needed,
        context=state.context,
        case=state.case,
        customer=state.customer,
        snapshot=state.case_link.snapshot if state.case_link else None,
        facts=state.facts,
        missing=state.missing,
        complete=not state.missing,
        sent_incomplete_because=state.exception,
        version=state.ownership.packet_version,
        hops=state.hops,
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
    )
