"""Approval checkpoints of an action plan: a step behind one is not done before its approval is passed."""

from collections.abc import Iterator
from typing import NamedTuple

from escalation.errors import NotNow
from escalation.model.incident import PlanLine
from escalation.model.state import Escalation
from escalation.playbook.schema import Playbook


def require_free(state: Escalation, item: str) -> None:
    """Refuse that a step is done while the checkpoint it stands behind is not passed.

    Raises:
        NotNow: naming the approval.
    """
    checkpoint = behind(state, item)
    if checkpoint is not None and (why := held_by(state, checkpoint)):
        raise NotNow(f"action item {item} stands behind checkpoint {checkpoint.id}: {why}")


def behind(state: Escalation, item: str) -> PlanLine | None:
    """Return the checkpoint that an action item stands behind; None when it stands behind none."""
    lines = state.incident.plan if state.incident is not None else ()
    step = next((line for line in lines if line.item == item and line.behind), None)
    return next((line for line in lines if step is not None and line.id == step.behind), None)


def held_by(state: Escalation, checkpoint: PlanLine) -> str:
    """Say why a checkpoint is not passed; empty when it is, or when its approval is not needed any more."""
    if checkpoint.settled:
        return ""
    gate = state.gates.get(checkpoint.gate)
    if gate is None:
        return f"approval {checkpoint.gate} has not been asked yet"
    return "" if gate.state in ("passed", "withdrawn") else f"approval {gate.id} is {gate.state}"


class Gone(NamedTuple):
    """A checkpoint whose approval another version of the playbook does not have, and the open steps behind it."""

    line: PlanLine
    steps: tuple[str, ...]
    passed: bool


def gone(state: Escalation, new: Playbook) -> Iterator[Gone]:
    """Yield the checkpoints that nobody could pass under another version of the playbook."""
    lines = state.incident.plan if state.incident is not None else ()
    for line in lines:
        if line.gate and not line.settled and new.gate(line.gate) is None:
            steps = (each.item for each in lines if each.behind == line.id and state.items[each.item].open)
            yield Gone(line, tuple(steps), not held_by(state, line))


def settled(state: Escalation, new: Playbook) -> tuple[PlanLine, ...]:
    """Return the plan under another version: what its checkpoints stood for and is gone is waited for no longer."""
    lines = state.incident.plan if state.incident is not None else ()
    over = {each.line.id: "passed" if each.passed else "fell away" for each in gone(state, new)}
    return tuple(line.changed({"settled": over[line.id]}) if line.id in over else line for line in lines)
