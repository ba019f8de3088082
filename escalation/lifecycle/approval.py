"""Stage approval: gates open when their condition is true, and what they guard stays blocked until they pass.

An approval counts for the digest it was given for: when a fact named in ``subject`` changes, the round is void and a
new one begins, also while a resolution waits to be confirmed. Any named approver's rejection ends the round; approvals
are counted against ``need``. Silence does what the playbook declares, and never reads as approval unless the playbook
says so in words.
"""

import json

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import assignment, permissions, summaries
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.lifecycle.needs import concerned
from escalation.lifecycle.targets import expand
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Gate
from escalation.model.state import Escalation
from escalation.playbook.schema import Expiry, GatePolicy
from escalation.values import ENGINE, Actor, digest_of, format_duration


def subject_digest(state: Escalation, policy: GatePolicy, facts: Facts) -> str:
    """Fingerprint of what is approved: the gate's facts and amounts, and for a final approval the resolution itself."""
    subject: dict[str, object] = {name: facts.get(name) for name in state.playbook.subject_of(policy)}
    if policy.before == "review" and state.resolution is not None:
        # The same words proposed again are a new proposal: a rejection of the first does not stand against it.
        subject["resolution"] = (state.resolution.text, state.resolution.at.isoformat())
    if policy.before == "lowering" and state.lowering is not None:
        subject["lowering"] = (
            state.severity,
            state.lowering.severity,
            state.lowering.by,
            state.lowering.at.isoformat(),
        )
    if policy.before == "stand_down" and state.incident is not None and state.incident.standing_down is not None:
        asked = state.incident.standing_down
        subject["stand_down"] = (state.incident.number, asked.by, asked.at.isoformat())
    return digest_of(json.dumps(subject, sort_keys=True))


def applies(state: Escalation, policy: GatePolicy) -> bool:
    """Tell whether the escalation has come to where this gate stands."""
    if policy.before == "assignment":
        return state.level is None
    if policy.before == "resolution":
        return state.owner is not None and state.review is None
    if policy.before == "lowering":
        return state.lowering is not None
    if policy.before == "stand_down":
        return state.incident is not None and state.incident.standing_down is not None
    return state.resolution_state == "confirmed" and state.review is None


def reconcile(draft: Draft) -> None:
    """Open, void or withdraw gates so that they match the facts as they are now."""
    state = draft.state
    if not state.opened or state.ended or state.input_request is not None:
        return
    here = [policy for policy in state.playbook.gates if applies(state, policy)]
    if not here:
        return
    facts = derive(basis_of(state))
    for policy in here:
        gate = state.gates.get(policy.id)
        wanted = condition(state.playbook, policy.when).true(facts)
        digest = subject_digest(state, policy, facts)
        if gate is not None and gate.state in _STANDING:
            if gate.digest != digest and policy.on_request and gate.state != "pending":
                gate = None  # it has done its work; this is another question
            elif gate.digest != digest:
                _close(draft, gate, "voided", "what was to be approved has changed")
            elif gate.state == "pending" and _too_few_left(state, gate, policy):
                _close(draft, gate, "voided", "too few of those who may decide are not concerned by it")
            elif _decides_on_own_work(state, gate, policy):
                _close(draft, gate, "voided", f"{state.accountable} owns this now and may not decide it as well")
            elif gate.state != "passed" and not wanted:
                _close(draft, gate, "withdrawn", "its condition is no longer true")
        if wanted and (gate is None or draft.state.gates[policy.id].state not in _STANDING):
            _open(draft, policy, digest)


_STANDING = ("pending", "passed", "rejected")
"""States of a gate whose round still says something; a void or withdrawn one says nothing."""


def _decides_on_own_work(state: Escalation, gate: Gate, policy: GatePolicy) -> bool:
    """Tell whether somebody who decides, or did, has become the owner where the playbook keeps the two apart."""
    if "owner" not in policy.exclude or state.owner is None:
        return False
    approved = (vote.by for vote in gate.votes if vote.decision == "approved")
    return state.owner.actor in (gate.people if gate.state == "pending" else approved)


def _too_few_left(state: Escalation, gate: Gate, policy: GatePolicy) -> bool:
    """Tell whether the case is about so many of those who were asked that the others are not enough."""
    barred = set(concerned(state)).intersection(gate.people)
    return bool(barred) and len(gate.people) - len(barred) < needed(gate, policy)


def _open(draft: Draft, policy: GatePolicy, digest: str) -> None:
    before = draft.state.gates.get(policy.id)
    draft.record(
        e.GateOpened,
        by=ENGINE,
        gate=policy.id,
        round=(before.round if before else 0) + 1,
        targets=expand(draft.state, policy.approvers),
        digest=digest,
        due=draft.now + policy.deadline,
        because=policy.title or policy.when,
    )


def _close(
    draft: Draft, gate: Gate, state: str, because: str, by: Actor | None = ENGINE, *, skipped: bool = False
) -> None:
    draft.record(e.GateClosed, by=by, gate=gate.id, round=gate.round, state=state, because=because, skipped=skipped)


def close_bypassed(draft: Draft, gate: Gate, by: Actor, because: str) -> None:
    """Let a gate pass without its approvers, for what it asks now: a change asks them after all."""
    _close(draft, gate, "passed", f"skipped by {by} in an emergency: {because}", by=by, skipped=True)


def needed(gate: Gate, policy: GatePolicy) -> int:
    """How many approvals the gate needs.

    ``all`` counts who was asked first and every target for which nobody could be: a deputy stands in for one of them.
    """
    return max(1, gate.seats) if policy.need == "all" else policy.need


def approve(draft: Draft, command: c.Approve) -> None:
    """Approve what the gate asks, as it stands now."""
    gate, policy = _decidable(draft.state, command.gate, command.by, command.digest, "approve")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="approved",
        digest=gate.digest,
        because=command.because,
    )
    gate = draft.state.gates[gate.id]
    approvals = [vote for vote in gate.votes if vote.decision == "approved"]
    if len(approvals) >= needed(gate, policy):
        names = ", ".join(vote.by for vote in approvals)
        _close(draft, gate, "passed", f"approved by {names}", by=command.by)


def reject(draft: Draft, command: c.Reject) -> None:
    """Refuse: the round ends, what the gate guards stays blocked until it changes."""
    gate, policy = _decidable(draft.state, command.gate, command.by, command.digest, "reject")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="rejected",
        digest=gate.digest,
        because=command.because,
    )
    _refused(draft, policy, f"rejected by {command.by}: {command.because}", command.by)


def request_changes(draft: Draft, command: c.RequestChanges) -> None:
    """Ask for changes: the gate stays open, and a change of its subject begins a new round."""
    gate, _ = _decidable(draft.state, command.gate, command.by, None, "request_changes")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="changes_requested",
        digest=gate.digest,
        because=command.because,
    )


def _refused(draft: Draft, policy: GatePolicy, because: str, by: Actor) -> None:
    _close(draft, draft.state.gates[policy.id], "rejected", because, by=by)
    if policy.on_request:
        return
    if policy.before == "assignment":
        summaries.missed(draft, "it was returned")
        draft.record(e.Closed, by=by, because=f"returned with guidance: {because}", returned=True)
    elif draft.state.resolution_state in ("proposed", "confirmed"):
        draft.record(e.ResolutionRejected, by=by, because=because)


def blocking(state: Escalation, *before: str) -> list[Gate]:
    """Return the gates that still stand in front of a stage, rejected ones included."""
    found = []
    for gate in state.gates.values():
        policy = state.playbook.gate(gate.id)
        if policy is not None and policy.before in before and gate.state in ("pending", "rejected"):
            found.append(gate)
    return found


def due(draft: Draft, gate_id: str) -> None:
    """Nobody decided in time: do what the playbook declares."""
    state = draft.state
    gate, policy = state.gates[gate_id], state.playbook.gate(gate_id)
    if policy is None:
        return
    waited = f"nobody decided within {format_duration(policy.deadline)}"
    behaviour = policy.on_expiry
    if behaviour is Expiry.NEXT_DEPUTY and gate.deputies_asked >= len(policy.deputies):
        behaviour = Expiry.HALT
        waited += " and every deputy was asked"
    if policy.on_request and behaviour in (Expiry.HALT, Expiry.ESCALATE):
        behaviour = Expiry.DENY  # it holds up nothing, so there is nothing to keep asking for
    again = draft.now + policy.deadline if behaviour in (Expiry.HALT, Expiry.ESCALATE, Expiry.NEXT_DEPUTY) else None
    draft.record(
        e.GateExpired, by=ENGINE, gate=gate.id, round=gate.round, behaviour=behaviour, because=waited, due=again
    )
    if behaviour is Expiry.DENY:
        _refused(draft, policy, f"{waited}; the playbook denies then", ENGINE)
    elif behaviour is Expiry.APPROVE:
        _close(draft, gate, "passed", f"{waited}; the playbook approves then: {policy.because}")
    elif behaviour is Expiry.ESCALATE and state.level is not None:
        assignment.go_up(draft, f"approval {gate.id}: {waited}")


def _decidable(
    state: Escalation, gate_id: str | None, by: Actor, digest: str | None, act: str
) -> tuple[Gate, GatePolicy]:
    permissions.require_person(by, act)
    permissions.refuse_concerned(state, by)
    gate = find_gate(state, gate_id)
    policy = state.playbook.gate(gate.id)
    if policy is None:
        raise Unknown(f"playbook {state.playbook.playbook} has no gate {gate.id}")
    if gate.state != "pending":
        who = gate.closed_by or ENGINE
        when = f"{gate.closed_at:%Y-%m-%d %H:%M:%S %Z}" if gate.closed_at else "before"
        raise AlreadyDone(f"approval {gate.id} was decided already: {gate.state} by {who} at {when} ({gate.because})")
    if by not in gate.people:
        whom = f"approvers are {', '.join(gate.people)}" if gate.people else "nobody who may decide it was found"
        raise NotAllowed(f"{by} is not an approver of {gate.id}; {whom}")
    _require_separation(state, policy, by)
    if digest is not None and digest != gate.digest:
        raise NotNow(
            f"what you saw of {gate.id} has changed since: you decided on {digest}, now it is {gate.digest}; look again"
        )
    mine = [vote for vote in gate.votes if vote.by == by and vote.decision != "changes_requested"]
    if mine:
        raise AlreadyDone(f"you {mine[0].decision} {gate.id} already, at {mine[0].at:%Y-%m-%d %H:%M:%S %Z}")
    return gate, policy


def _require_separation(state: Escalation, policy: GatePolicy, by: Actor) -> None:
    if policy.before == "lowering" and state.lowering is not None and by == state.lowering.by:
        raise NotAllowed(f"{by} asked for the milder severity and may not decide {policy.id} (separation of duties)")
    if policy.before == "stand_down" and by == asked_by(state):
        raise NotAllowed(f"{by} asked to stand down and may not decide {policy.id} (separation of duties)")
    if "requester" in policy.exclude and by == state.requested_by:
        raise NotAllowed(f"{by} asked for this escalation and may not decide {policy.id} (separation of duties)")
    if "owner" in policy.exclude and state.owner is not None and by == state.owner.actor:
        raise NotAllowed(f"{by} owns this escalation and may not decide {policy.id} (separation of duties)")


def asked_by(state: Escalation) -> Actor | None:
    """Return who asked to stand the incident down; None while nobody does."""
    asked = state.incident.standing_down if state.incident is not None else None
    return asked.by if asked is not None else None


def find_gate(state: Escalation, gate_id: str | None) -> Gate:
    """Return the gate a decision is about.

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
        raise NotNow(f"say which approval you mean (gate); open ones: {names}")
    if state.playbook.gate(gate_id) is None:
        names = ", ".join(gate.id for gate in state.playbook.gates) or "none"
        raise Unknown(f"playbook {state.playbook.playbook} has no approval {gate_id}; it has {names}")
    gate = state.gates.get(gate_id)
    if gate is None:
        raise NotNow(f"approval {gate_id} is not open")
    return gate
