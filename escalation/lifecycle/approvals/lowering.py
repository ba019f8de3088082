"""A milder severity where the playbook wants an approval for it: asked, decided by its gate, then set or not.

Until it is decided the severity stays, with all that runs by it. The approval is bound to who asked for what, so that
it counts for nothing else. Silence that would halt another gate is a no here: nothing is held up by it.
"""

from escalation.errors import AlreadyDone
from escalation.lifecycle import approval, grounds, triggers
from escalation.lifecycle.approvals.subject import subject_digest
from escalation.lifecycle.case import severity
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy


def needs_approval(state: Escalation, wanted: str) -> bool:
    """Tell whether this severity is milder and the playbook wants an approval for that, as the facts are now."""
    policy, rank = _gate(state), state.playbook.severity.rank
    if policy is None or rank(wanted) <= rank(state.severity):
        return False
    return condition(state.playbook, policy.when).true(derive(basis_of(state)))


def ask(draft: Draft, wanted: str, because: str) -> None:
    """Ask for it; a further one replaces what was asked before."""
    state = draft.state
    if state.lowering is not None and state.lowering.severity == wanted:
        raise AlreadyDone(
            f"{state.lowering.by} has asked already to make {state.id} {wanted}; its approval is waited for"
        )
    draft.record(e.SeverityLoweringAsked, previous=state.severity, severity=wanted, because=because)


def settle(draft: Draft) -> None:
    """Do what the gate has decided; nothing while it has not."""
    state = draft.state
    asked, policy = state.lowering, _gate(state)
    if asked is None or state.ended:
        return
    rank = state.playbook.severity.rank
    gate = state.gates.get(policy.id) if policy is not None else None
    if rank(asked.severity) <= rank(state.severity):
        is_already = grounds.of("is_already", f"it is {state.severity} already", severity=state.severity)
        _end(draft, "overtaken", is_already)
    elif draft.before.severity and rank(state.severity) < rank(draft.before.severity):
        # Whoever is to approve was asked of another severity, for a reason that does not hold any more.
        became = grounds.of("became", f"it has become {state.severity} since", severity=state.severity)
        _end(draft, "overtaken", became)
    elif (
        gate is not None
        and policy is not None
        and gate.digest == subject_digest(state, policy, derive(basis_of(state)))
    ):
        if gate.state in ("passed", "withdrawn"):
            allowed = approval.why_allowed(gate)
            english = f"{asked.because} (asked by {asked.by}; {allowed})"
            because = grounds.of("asked_and_allowed", english, because=asked.because, by=asked.by, allowed=allowed)
            severity.change(draft, asked.severity, because)
            _end(draft, "lowered", allowed)
            triggers.settle(draft, severity.FACTS)
        elif gate.state == "rejected":
            _end(draft, "refused", grounds.again(gate.because, gate.grounds))


def _end(draft: Draft, how: str, because: str) -> None:
    asked = draft.state.lowering
    if asked is not None:
        draft.record(e.SeverityLoweringEnded, severity=asked.severity, asked_by=asked.by, how=how, because=because)


def _gate(state: Escalation) -> GatePolicy | None:
    lowering = state.playbook.severity.lowering
    return state.playbook.gate(lowering.gate) if lowering is not None else None
