"""Decisions that arrive before the round or gate they are about knows who may decide: kept, and applied when it does.

An early approval or rejection is bound to what it would decide on at that moment: it must not count for anything else.
"""

from collections.abc import Callable
from typing import Any

from escalation.errors import AlreadyDone, DomainError, NotNow
from escalation.lifecycle import permissions, refusals
from escalation.lifecycle.approvals import deciding, subject
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, derive
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.values import ActorKind, kind_of


def must_wait(state: Escalation, command: c.Act) -> bool:
    """Tell whether a person's decision came before the round or gate it is about knows who may decide."""
    waits = _MAY_WAIT.get(type(command))
    return waits is not None and kind_of(command.by) is ActorKind.PERSON and waits(state, command)


def _takes_early(state: Escalation, command: c.Acknowledge | c.Claim | c.Decline) -> bool:
    if state.rung is None or state.rung.resolved:
        return False
    return isinstance(command, c.Decline) or command.by not in state.people


def _decides_early(state: Escalation, command: c.Approve | c.Reject | c.RequestChanges | c.DelegateApproval) -> bool:
    return _gate_to_come(state, command.gate) is not None or _knows_nobody(state, command)


_MAY_WAIT: dict[type[c.Act], Callable[[Escalation, Any], bool]] = {
    c.Acknowledge: _takes_early,
    c.Claim: _takes_early,
    c.Decline: _takes_early,
    c.Approve: _decides_early,
    c.Reject: _decides_early,
    c.RequestChanges: _decides_early,
    c.DelegateApproval: _decides_early,
}
"""What can come early, and when it does."""


def _gate_to_come(state: Escalation, gate_id: str | None) -> GatePolicy | None:
    """Return the gate that a decision is about, while it is not open yet or does not know its approvers."""
    if gate_id is None:
        pending = state.pending_gates
        if len(pending) > 1 or (not pending and len(state.playbook.gates) != 1):
            return None
        gate_id = pending[0].id if pending else state.playbook.gates[0].id
    policy, gate = state.playbook.gate(gate_id), state.gates.get(gate_id)
    if policy is None or (gate is None and policy.before == "action"):
        return None
    if gate is None and (state.review is not None or _is_past(state, policy)):
        return None
    return policy if gate is None or (gate.state == "pending" and not gate.resolved) else None


def _knows_nobody(state: Escalation, command: c.Act) -> bool:
    """Tell whether it is not known yet who may approve alone, and somebody wants to."""
    if not isinstance(command, c.Approve) or not command.emergency:
        return False
    pending = [gate for gate in state.pending_gates if command.gate in (None, gate.id)]
    policy = state.playbook.gate(pending[0].id) if len(pending) == 1 else None
    return policy is not None and policy.emergency is not None and pending[0].emergency is None


def _is_past(state: Escalation, policy: GatePolicy) -> bool:
    if policy.before == "lowering":
        return state.lowering is None
    if policy.before == "stand_down":
        return state.incident is None or state.incident.standing_down is None
    return policy.before == "assignment" and state.level is not None


def _as_seen(state: Escalation, command: c.Act) -> c.Act:
    """Bind an early approval or rejection to what it would decide on now: it must not count for anything else."""
    if not isinstance(command, c.Approve | c.Reject) or command.digest is not None:
        return command
    policy = _gate_to_come(state, command.gate)
    if policy is None:
        return command
    return command.changed({"digest": subject.subject_digest(state, policy, derive(basis_of(state)))})


MOST_HELD = 100
"""How many early decisions are kept at once: there are never so many people who may decide."""


def keep(draft: Draft, command: c.Act) -> None:
    """Keep a decision until it can be applied.

    Raises:
        AlreadyDone: the same is kept already.
        NotNow: too many are.
    """
    if isinstance(command, c.Approve) and (policy := _gate_to_come(draft.state, command.gate)) is not None:
        deciding.require_choice(policy, command)  # what no change of the facts could mend is said at once
    name, content = c.NAMES[type(command)], _as_seen(draft.state, command).model_dump_json(exclude={"command_id"})
    if any((held.command, held.content) == (name, content) for held in draft.state.held):
        raise AlreadyDone(f"your {name} came early and is kept already; it is applied as soon as it can be")
    if len(draft.state.held) >= MOST_HELD:
        raise NotNow(f"{draft.state.id} keeps {MOST_HELD} early decisions already; send yours again when you are asked")
    draft.record(e.CommandHeld, command=name, content=content)


def release(draft: Draft, rule: Callable[[Draft, c.Act], None]) -> None:
    """Decide what is kept, by the rule of each, as soon as it can be."""
    position = 0
    while position < len(draft.state.held):
        held = draft.state.held[position]
        command = c.COMMANDS[held.command].model_validate_json(held.content, extra="ignore")
        if not draft.state.ended and must_wait(draft.state, command):
            position += 1
            continue
        refused = ""
        trial = Draft(draft.state, command.by, draft.now)
        try:
            permissions.require_open(draft.state)
            rule(trial, command)
        except DomainError as error:
            refused = refusals.refused(error)
        draft.record(e.HeldReleased, by=command.by, position=position, command=held.command, refused=refused)
        if not refused:
            author, draft.by = draft.by, command.by
            rule(draft, command)
            draft.by = author
