"""The context packet as it travels: what is known, what was tried, what is missing, what is to be decided."""

from escalation.lifecycle.approvals.approval_views import gate_views
from escalation.lifecycle.case.gaps import gaps
from escalation.lifecycle.timeline.readers import of
from escalation.model.actions import CustomerSnapshot
from escalation.model.parts import PacketPart
from escalation.model.request import Attachment, Case, Context, Customer
from escalation.model.state import Escalation
from escalation.model.timeline import StepTaken
from escalation.playbook.facts import FactValue
from escalation.values import Record


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
    gaps: tuple[str, ...] = ()
    """What an outside system has not told yet, and which one."""
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


def packet(state: Escalation) -> Packet:
    """Return the context packet as it stands."""
    return Packet(
        id=state.id,
        help_needed=state.context.help_needed,
        to_decide=tuple(
            f"{gate.id}: {gate.asks or 'approve it as it stands'} ({', '.join(gate.options)})"
            for gate in gate_views(state)
            if gate.options
        ),
        context=state.context,
        case=state.case,
        customer=state.customer,
        snapshot=state.case_link.snapshot if state.case_link else None,
        facts=state.facts,
        missing=state.missing,
        gaps=gaps(state),
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
