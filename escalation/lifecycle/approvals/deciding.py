"""Who may decide an approval now: asked, not barred, on what they saw, once."""

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.approvals import approval_words
from escalation.model import commands as c
from escalation.model.approval import HOW, Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import GatePolicy
from escalation.values import ENGINE, Actor


def require_choice(policy: GatePolicy, command: c.Approve) -> str:
    """Return what was chosen; empty where there is nothing to choose.

    Raises:
        Incomplete: one of the choices has to be named.
        Unknown: there is no such choice.
    """
    known = [choice.id for choice in policy.choices]
    if command.choice is None and known:
        raise Incomplete(f"approving {policy.id} means choosing: say which (choice); there are {', '.join(known)}")
    if command.choice is not None and command.choice not in known:
        there = f"there are {', '.join(known)}" if known else "approve it as it is"
        raise Unknown(f"approval {policy.id} has no choice {command.choice}; {there}")
    return command.choice or ""


def decidable(
    state: Escalation, gate_id: str | None, by: Actor, digest: str | None, act: str, *, alone: bool = False
) -> tuple[Gate, GatePolicy]:
    """Return the open gate on which somebody may decide now, and the playbook's words on it.

    Raises:
        DomainError: they may not, or not on this gate, not any more, not on what they saw.
    """
    permissions.require_person(by, act)
    permissions.refuse_concerned(state, by)
    gate = find_gate(state, gate_id, by)
    policy = state.playbook.gate(gate.id)
    if policy is None:
        raise Unknown(f"playbook {state.playbook.playbook} has no gate {gate.id}")
    if gate.state != "pending":
        who = gate.closed_by or ENGINE
        when = f"{gate.closed_at:%Y-%m-%d %H:%M:%S %Z}" if gate.closed_at else "before"
        raise AlreadyDone(
            f"approval {gate.id} was decided already: {gate.state} by {who} at {when} ({gate.because})",
            f"approval {gate.id} is decided already: {HOW[gate.state]} by {who} at {when}" + _why_so(gate, who),
        )
    require_separation(state, gate, policy, by)
    if alone:
        _require_emergency(gate, policy, by)
    elif by not in gate.people:
        passed_on = next((each for each in reversed(gate.delegations) if each.by == by), None)
        if passed_on is not None:
            at = f"{passed_on.at:%Y-%m-%d %H:%M:%S %Z}"
            raise NotAllowed(f"{by} passed the seat in {gate.id} on to {passed_on.to} at {at}, who decides instead")
        whom = f"approvers are {', '.join(gate.people)}" if gate.people else "nobody who may decide it was found"
        raise NotAllowed(f"{by} is not an approver of {gate.id}; {whom}")
    if digest is not None and digest != gate.digest:
        action = next((asked.id for asked in state.actions.values() if asked.digest == digest), None)
        if action is not None:
            raise NotNow(
                f"{digest} is the digest of action {action}, which is for whoever does it; {gate.id} is decided with "
                "its own: the message that asked you has it, and `escalate show` under approvals"
            )
        raise NotNow(
            f"what you saw of {gate.id} has changed since: you decided on {digest}, now it is {gate.digest}; look again"
        )
    mine = [vote for vote in gate.votes if vote.by == by and vote.decision != "changes_requested"]
    if mine:
        raise AlreadyDone(f"you {mine[0].decision} {gate.id} already, at {mine[0].at:%Y-%m-%d %H:%M:%S %Z}")
    return gate, policy


def _why_so(gate: Gate, who: Actor) -> str:
    """Give the reason of what was decided, without saying once more what and who."""
    said = f"{HOW[gate.state]} by {who}"
    why = "" if gate.because == said else gate.because.removeprefix(f"{said}: ")
    return f" ({why})" if why else ""


def _require_emergency(gate: Gate, policy: GatePolicy, by: Actor) -> None:
    if policy.emergency is None:
        raise NotAllowed(
            f"the playbook lets nobody approve {gate.id} alone in an emergency (emergency); decide as asked"
        )
    if by not in (gate.emergency or ()):
        who = ", ".join(policy.emergency.who)
        raise NotAllowed(f"{by} may not approve {gate.id} alone in an emergency; {who} may")


def require_separation(state: Escalation, gate: Gate, policy: GatePolicy, by: Actor) -> None:
    """Refuse whom the playbook bars from this decision.

    Raises:
        NotAllowed: saying why.
    """
    if by in gate.excluded:
        barred = ", ".join(target for target in policy.exclude if target not in ("requester", "owner"))
        raise NotAllowed(
            f"{by} is excluded from deciding {policy.id}, as {barred} is (separation of duties)",
            f"{by} may not decide {gate.id}: {_why_barred(state, gate, policy, by)} (separation of duties)",
        )
    if by == asked_by(state, gate.id, policy):
        what = {"lowering": "for the milder severity", "stand_down": "to stand down"}.get(policy.before, "for this")
        raise NotAllowed(f"{by} asked {what} and may not decide {policy.id} (separation of duties)")
    if "requester" in policy.exclude and by == state.requested_by:
        raise NotAllowed(f"{by} asked for this escalation and may not decide {policy.id} (separation of duties)")
    if "owner" in policy.exclude and state.owner is not None and by == state.owner.actor:
        raise NotAllowed(f"{by} owns this escalation and may not decide {policy.id} (separation of duties)")


def _why_barred(state: Escalation, gate: Gate, policy: GatePolicy, by: Actor) -> str:
    """Say what makes somebody one of those who are excluded: their name, what they belong to, their part in it."""
    targets = [target for target in policy.exclude if target not in ("requester", "owner")]
    named = "they are named" if by in targets else f"they belong to {' or '.join(targets)}, which is named"
    why = [f"{named} in `exclude` of {policy.id} in the playbook"]
    if by == asked_by(state, gate.id, policy) or by == state.requested_by:
        why.append("they asked for it")
    if state.owner is not None and by == state.owner.actor:
        why.append("they own this escalation")
    return ", and ".join(why)


def asked_by(state: Escalation, gate: str, policy: GatePolicy) -> Actor | None:
    """Return who asked for what a gate decides, and may not decide it; None where it stands before a stage."""
    if policy.before == "lowering":
        return state.lowering.by if state.lowering is not None else None
    if policy.before == "stand_down":
        asked = state.incident.standing_down if state.incident is not None else None
        return asked.by if asked is not None else None
    if policy.before == "action" and state.rules >= 2:
        return next((action.by for action in state.actions.values() if gate in action.gates), None)
    return None


def find_gate(state: Escalation, gate_id: str | None, by: Actor | None = None) -> Gate:
    """Return the gate a decision is about; ``by`` somebody, who is told what the open ones ask if it is theirs to know.

    Raises:
        Unknown: the playbook has no such gate.
        NotNow: it is not open (yet), or none was named and several are open.
    """
    if gate_id is None:
        pending = state.pending_gates
        if len(pending) == 1:
            return pending[0]
        if not pending and len(state.gates) == 1:
            return next(iter(state.gates.values()))
        names = ", ".join(gate.id for gate in pending) or "none"
        asked = "; ".join(f"{gate.id}{_about(state, gate, by)}" for gate in pending) or "none"
        say = "say which approval you mean (gate); open ones"
        raise NotNow(f"{say}: {names}", f"{say}: {asked}")
    opened = ", ".join(gate.id for gate in state.pending_gates) or "none"
    if gate_id in state.actions:
        needs = ", ".join(state.actions[gate_id].gates) or "none"
        raise Unknown(f"{gate_id} is an action that was asked for, not an approval; the approvals it needs: {needs}")
    if state.playbook.gate(gate_id) is None:
        names = ", ".join(gate.id for gate in state.playbook.gates) or "none"
        raise Unknown(f"playbook {state.playbook.playbook} has no approval {gate_id}; it has {names}")
    gate = state.gates.get(gate_id)
    if gate is None:
        recorded = f"approval {gate_id} is not open; open ones: {opened}"
        meant = [each for each in state.pending_gates if each.id.rpartition(".")[0] == gate_id]
        if not meant:
            raise NotNow(recorded)
        ids = " or ".join(f"`{each.id}`{_about(state, each, by)}" for each in meant)
        raise NotNow(recorded, f"{gate_id} is asked for each action anew; did you mean {ids}?")
    return gate


def _about(state: Escalation, gate: Gate, by: Actor | None) -> str:
    """Say which action an approval is about, to those who have a part in it."""
    action = approval_words.action_of(state, gate)
    if action is None or by is None or by not in (*gate.people, *state.people):
        return ""
    return f" ({approval_words.action_said(state, action)}, asked for by {action.by})"
