"""The situation: who acts next and why, where it stands, which clocks run; why it was escalated; the ledger's row.

Built from the state alone, by the same agenda that drives it, so that no view can disagree with what will happen.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import AwareDatetime

from escalation.lifecycle import approval
from escalation.lifecycle.agenda import next_due
from escalation.lifecycle.approvals import approval_words, quorum
from escalation.lifecycle.automatic import recovery
from escalation.lifecycle.case import links
from escalation.lifecycle.communication import explain_reason, grounds, shown
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.hindsight.review_views import ReviewView, review_view
from escalation.lifecycle.incident.views import IncidentView, incident_view
from escalation.lifecycle.ownership.ownership_views import OwnershipView, ownership_view
from escalation.lifecycle.statements import follow_up, summaries
from escalation.lifecycle.statements.update_views import CommunicationView, communication_view
from escalation.lifecycle.targets import being_called
from escalation.lifecycle.timeline.overview import OpenView, linked_with, waiting
from escalation.lifecycle.timeline.readers import of
from escalation.lifecycle.timing.clock_views import ClockView, clock_views
from escalation.lifecycle.work.work_views import ItemView, WorkView, item_view, work_view
from escalation.model.actions import CaseLink, CustomerSnapshot, EscalationRow
from escalation.model.parts import PacketPart, Rung
from escalation.model.request import Attachment, Case, Context, Customer, Reason
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind, StepTaken
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
    must: str = ""
    """How many must approve, as ``2 of 3``, or whose."""
    options: tuple[str, ...] = ()
    """The ways to answer, while it is open."""
    choice: str = ""
    """What was chosen."""
    passed_on: tuple[str, ...] = ()
    """Seats that were passed on, by whom to whom."""


class ActionView(Record):
    """An action that somebody asked for before doing it."""

    id: str
    action: str
    arguments: dict[str, FactValue]
    digest: str
    by: Actor
    state: str
    because: str
    gates: tuple[str, ...]
    choice: str
    valid_until: AwareDatetime | None


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
    missing: tuple[str, ...] = ()
    case: CaseLink | None = None
    case_entries: tuple[str, ...] = ()
    """Entries of the timeline that belong to the case."""
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
    migrations: tuple[str, ...] = ()
    """From which version of the playbook to which it was moved; what came before it, the version before decided."""
    thresholds: tuple[ThresholdUsed, ...] = ()
    """By which the AI's confidence was judged too low, each once."""
    repeat_of: str | None = None


class Packet(Record):
    """The context packet: what travels with the escalation."""

    id: str
    help_needed: str
    to_decide: tuple[str, ...] = ()
    """Each open approval: what exactly is asked, and the ways to answer."""
    context: Context
    case: Case | None
    customer: Customer | None
    snapshot: CustomerSnapshot | None
    facts: dict[str, FactValue]
    missing: tuple[str, ...]
    complete: bool
    sent_incomplete_because: str = ""
    version: int = 0
    """How often it changed; what is handed over is named by it."""
    parts: dict[str, PacketPart] = {}
    """Who supplied each part last, with which tool and in which version."""
    steps_taken: tuple[str, ...] = ()
    """What was tried before, and what was done since, in order."""
    attachments: tuple[Attachment, ...] = ()
    """What came with it and what was attached since."""
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
        missing=state.missing,
        case=state.case_link,
        case_entries=linked_with(state, "case"),
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
    if waiting is WaitingOn.INPUT:
        needed = state.needed_input
        causes = "; ".join(f"{item.id}, {item.cause or 'input'}, asked by {item.by}" for item in needed)
        return tuple(dict.fromkeys(item.owner for item in needed)), f"needs input: {causes}".replace("_", " ")
    if waiting is WaitingOn.RESPONDER and state.rung is not None:
        asked = tuple(person for person in state.rung.people if person not in state.rung.declined)
        return asked or state.rung.targets, f"somebody is to take it: round {state.rung.id}{_held(state.rung)}"
    if state.review is not None and not state.open_items and (children := links.open_children(state)):
        return (state.accountable,), f"escalations below it are open: {', '.join(children)}"
    if state.review is not None:
        return _who_acts_after_review(state)
    rejected = [gate for gate in approval.blocking(state, "resolution") if gate.state == "rejected"]
    if rejected:
        said = "; ".join(f"approval {gate.id} was {gate.because}" for gate in rejected)
        return (state.accountable,), f"it cannot be resolved as it is: {said}"
    return (state.accountable,), "the owner works on it"


def _who_acts_after_review(state: Escalation) -> tuple[tuple[str, ...], str]:
    """Name what the end still waits for once the review is in."""
    if state.open_items:
        return tuple(dict.fromkeys(item.owner for item in state.open_items)), "work items are open"
    if not summaries.all_filed(state):
        return (state.accountable,), "required summaries are to be filed"
    opinions = state.feedback_round
    if opinions is not None and opinions.open:
        return opinions.unanswered, "they are asked how it went"
    if state.customer is not None and not follow_up.over(state):
        return (f"customer:{state.customer.id}",), "what the playbook has the customer sent and asked is not over"
    return (), "it is about to be closed"


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
        asked = approval_words.action_of(state, gate)
        action = f"{asked.by} asks for {approval_words.action_said(state, asked)}" if asked is not None else ""
        open_now = policy is not None and gate.state == "pending"
        yield GateView(
            id=gate.id,
            asks=": ".join(filter(None, [policy.title if policy else "", action, ", ".join(subject)])),
            round=gate.round,
            state=gate.state,
            digest=gate.digest,
            approvers=gate.people,
            decided=tuple(
                f"{vote.decision} by {vote.by}" + (f" ({vote.choice})" if vote.choice else "") for vote in gate.votes
            ),
            due=gate.due,
            must=quorum.said(gate, policy) if policy is not None and gate.resolved else "",
            options=approval_words.options(policy) if policy is not None and open_now else (),
            choice=gate.choice,
            passed_on=tuple(f"{each.by} to {each.to}" for each in gate.delegations),
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
        migrations=tuple(map(str, state.migrations)),
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
        to_decide=tuple(
            f"{gate.id}: {gate.asks or 'approve it as it stands'} ({', '.join(gate.options)})"
            for gate in _gate_views(state)
            if gate.options
        ),
        context=state.context,
        case=state.case,
        customer=state.customer,
        snapshot=state.case_link.snapshot if state.case_link else None,
        facts=state.facts,
        missing=state.missing,
        complete=not state.missing,
        sent_incomplete_because=state.exception,
        version=state.packet_version,
        parts=state.packet_parts,
        steps_taken=(
            *(f"{tried.what}: {tried.result}" for tried in state.context.attempted_solutions),
            *(_step(each) for each in of(state).steps),
        ),
        attachments=(
            *state.context.attachments,
            *(Attachment.made({"title": each.text, "url": each.url}) for each in of(state).attachments),
        ),
        hops=state.hops,
    )


def _step(step: StepTaken) -> str:
    return f"#{step.seq} {'AI output of ' if step.ai else ''}{step.by}: {step.text}"


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
