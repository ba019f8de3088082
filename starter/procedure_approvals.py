"""Approvals in a playbook's procedure: who decides, how many, until when, and what silence means."""

from rich.console import RenderableType
from rich.text import Text

from escalation.playbook.gates import GatePolicy
from escalation.playbook.schema import Playbook
from escalation.values import format_duration
from starter import layout
from starter.line import name, names
from starter.procedure_ladder import chosen


def gates(book: Playbook) -> RenderableType:
    """Show every approval with its approvers, its deadline and what it is bound to."""
    table = layout.columns("approval", "before", "when", "who", "how many", "within", "silence means", "bound to")
    for gate in book.gates:
        layout.add(
            table,
            gate.id,
            gate.before,
            Text(gate.when, style="dim"),
            names(gate.approvers) + chosen(gate.choose),
            f"{_how_many(gate)}{_not_by(gate)}",
            format_duration(gate.deadline),
            " ".join(
                filter(None, [gate.on_expiry.replace("_", " "), f"({names(gate.deputies)})" * bool(gate.deputies)])
            ),
            ", ".join(book.subject_of(gate)),
        )
    return table


def _how_many(gate: GatePolicy) -> str:
    need = ", ".join(f"{name(share.of)} {share.need}" for share in gate.quorum) or str(gate.need)
    said = [f"for one of {', '.join(choice.id for choice in gate.choices)}"] if gate.choices else []
    said += [f"{gate.reject_needs} rejections end it"] if gate.reject_needs > 1 else []
    said += [f"may be passed on {gate.delegation.depth} times"] if gate.delegation.depth else []
    said += [f"{names(gate.emergency.who)} alone in an emergency"] if gate.emergency is not None else []
    return "; ".join([need, *said])


def _not_by(gate: GatePolicy) -> str:
    return f", not the {' or '.join(gate.exclude)}" if gate.exclude else ""
