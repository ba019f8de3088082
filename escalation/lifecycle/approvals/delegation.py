"""An approver passes their seat on to somebody else, who then decides in their place: as often as the playbook allows.

Whom the directory does not know is found out on delivery: the seat falls back then to whoever passed it on.
"""

from escalation.errors import NotAllowed
from escalation.lifecycle import permissions
from escalation.lifecycle.approvals import deciding
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.values import ENGINE, Actor


def delegate(draft: Draft, command: c.DelegateApproval) -> None:
    """Pass a seat on."""
    state = draft.state
    gate, policy = deciding.decidable(state, command.gate, command.by, None, "delegate_approval")
    _require_depth(gate, policy, command.by)
    _require_free(state, gate, policy, command.to)
    draft.record(e.SeatDelegated, gate=gate.id, round=gate.round, to=command.to, because=command.because)


def give_back(draft: Draft, key: str, to: Actor, because: str) -> None:
    """Nobody knows whom a seat was passed on to: whoever passed it on has it again."""
    state = draft.state
    gate = state.question_of(key, to)
    if state.ended or gate is None or gate.state != "pending" or to not in gate.people:
        return
    passed_on = next((each for each in reversed(gate.delegations) if each.to == to), None)
    if passed_on is not None:
        draft.record(
            e.SeatGivenBack,
            by=ENGINE,
            gate=gate.id,
            round=gate.round,
            owner=passed_on.by,
            was=to,
            because=because,
        )


def _require_depth(gate: Gate, policy: GatePolicy, by: Actor) -> None:
    depth = policy.delegation.depth
    if depth == 0:
        raise NotAllowed(f"the playbook lets nobody pass a seat in {policy.id} on (delegation: depth); decide yourself")
    times, holder = 0, by
    while (came := next((each for each in reversed(gate.delegations) if each.to == holder), None)) is not None:
        times, holder = times + 1, came.by
    if times >= depth:
        raise NotAllowed(
            f"this seat in {gate.id} was passed on {times} times already, from {holder} on, and the playbook allows "
            f"{depth}; decide yourself"
        )


def _require_free(state: Escalation, gate: Gate, policy: GatePolicy, to: Actor) -> None:
    permissions.require_person(to, f"deciding {gate.id}")
    if to in gate.people:
        raise NotAllowed(f"{to} has a seat in {gate.id} already, and one person does not decide twice; name another")
    if any(each.by == to for each in gate.delegations):
        raise NotAllowed(f"{to} passed a seat in {gate.id} on and does not get one back; name another")
    permissions.refuse_concerned(state, to)
    deciding.require_separation(state, gate, policy, to)
