"""Stage approval: gates open when their condition is true, and what they guard stays blocked until they pass.

An approval counts for the digest it was given for: when a fact named in ``subject`` changes, the round is void and a
new one begins, also while a resolution waits to be confirmed. As many rejections as ``reject_needs`` end the round: one
unless the playbook says otherwise. Approvals are counted by ``quorum``. Silence does what the playbook declares, and
never reads as approval unless the playbook says so in words.
"""

import json

from escalation.errors import AlreadyDone, Incomplete, NotAllowed, NotNow, Unknown
from escalation.lifecycle import assignment, permissions
from escalation.lifecycle.approvals import approval_reviews, quorum
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.lifecycle.statements import summaries
from escalation.lifecycle.targets import expand
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.playbook.schema import Playbook
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
    if policy.before == "action":
        return False  # it stands before no part of the escalation's life: ``actions`` opens it
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
            elif why := spoilt(state, gate, policy):
                _close(draft, gate, "voided", why)
            elif gate.state != "passed" and not wanted:
                _close(draft, gate, "withdrawn", "its condition is no longer true")
        if wanted and (gate is None or draft.state.gates[policy.id].state not in _STANDING):
            open_round(draft, policy, policy.id, digest)


def spoilt(state: Escalation, gate: Gate, policy: GatePolicy) -> str:
    """Say why a round has to be asked of others; empty when it has not."""
    if gate.state == "pending" and _too_few_left(state, gate, policy):
        return "too few of those who may decide are not concerned by it"
    if _decides_on_own_work(state, gate, policy):
        return f"{state.accountable} owns this now and may not decide it as well"
    return ""


def void_changed(draft: Draft, before: Playbook) -> None:
    """Void what was decided under another policy of the same approval, where it still stands in front of something."""
    state = draft.state
    for policy in state.playbook.gates:
        gate = state.gates.get(policy.id)
        if gate is not None and gate.state in _STANDING and policy != before.gate(policy.id) and applies(state, policy):
            _close(draft, gate, "voided", "the playbook says something else of it now")


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
    left = (person for person in gate.people if person not in barred)
    return bool(barred) and quorum.covered(gate, policy, left) < quorum.needed(gate, policy)


def open_round(draft: Draft, policy: GatePolicy, gate_id: str, digest: str) -> None:
    """Ask for an approval, or ask for it anew."""
    before = draft.state.gates.get(gate_id)
    draft.record(
        e.GateOpened,
        by=ENGINE,
        gate=gate_id,
        round=(before.round if before else 0) + 1,
        targets=expand(draft.state, policy.approvers),
        digest=digest,
        due=draft.now + policy.deadline,
        because=policy.title or policy.when,
    )


def _close(
    draft: Draft,
    gate: Gate,
    state: str,
    because: str,
    by: Actor | None = ENGINE,
    *,
    skipped: bool = False,
    choice: str = "",
    emergency: bool = False,
) -> None:
    draft.record(
        e.GateClosed,
        by=by,
        gate=gate.id,
        round=gate.round,
        state=state,
        because=because,
        skipped=skipped,
        choice=choice,
        emergency=emergency,
        asked=_asked_in_vain(draft.state, gate, state, everybody=emergency),
    )
    policy = draft.state.playbook.gate(gate.id)
    if state == "passed" and not skipped and policy is not None:
        approved = (by,) if emergency and by is not None else tuple(quorum.approvers(gate, choice))
        approval_reviews.ask(draft, gate, policy, approved, emergency=emergency)


def _asked_in_vain(state: Escalation, gate: Gate, closed: str, *, everybody: bool) -> tuple[Actor, ...]:
    """Return who has the question and need not answer it: all where it is void, else who has not decided."""
    if state.rules < 1 or gate.state != "pending":
        return ()
    # In an emergency everybody who would have decided hears of it, whether the question has reached them or not.
    asked = gate.people if everybody else gate.told
    decided = {vote.by for vote in gate.votes if vote.decision != "changes_requested"}
    over = closed in ("voided", "withdrawn")
    return tuple(person for person in asked if person in gate.people and (over or person not in decided))


def close_unneeded(draft: Draft, gate: Gate, state: str, because: str) -> None:
    """End a round that nobody needs any more."""
    _close(draft, gate, state, because)


def close_bypassed(draft: Draft, gate: Gate, by: Actor, because: str) -> None:
    """Let a gate pass without its approvers, for what it asks now: a change asks them after all."""
    _close(draft, gate, "passed", f"skipped by {by} in an emergency: {because}", by=by, skipped=True)


def approve(draft: Draft, command: c.Approve) -> None:
    """Approve what the gate asks, as it stands now."""
    alone = command.emergency
    gate, policy = decidable(draft.state, command.gate, command.by, command.digest, "approve", alone=alone)
    choice = require_choice(policy, command)
    if alone and not command.because:
        raise Incomplete(f"approving {gate.id} alone in an emergency is reviewed: say why (because)")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="approved",
        digest=gate.digest,
        because=command.because,
        choice=choice,
        emergency=alone,
    )
    gate = draft.state.gates[gate.id]
    what = f"{choice} approved" if choice else "approved"
    if alone:
        because = f"{what} by {command.by} alone in an emergency: {command.because}"
        _close(draft, gate, "passed", because, by=command.by, choice=choice, emergency=True)
    elif quorum.is_reached(gate, policy, choice):
        names = ", ".join(quorum.approvers(gate, choice))
        _close(draft, gate, "passed", f"{what} by {names}", by=command.by, choice=choice)
    else:
        _end_when_out_of_reach(draft, gate, policy, command.by)


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


def _end_when_out_of_reach(draft: Draft, gate: Gate, policy: GatePolicy, by: Actor) -> bool:
    """End the round when those who have decided leave too few who could still approve."""
    if not quorum.is_out_of_reach(gate, policy):
        return False
    need = quorum.said(gate, policy)
    votes = [f"{choice.id} ({len(quorum.approvers(gate, choice.id))})" for choice in policy.choices]
    split = f"; the approvals are for {', '.join(votes)}" if votes else ""
    _refused(draft, gate, policy, f"rejected: too few are left who could still approve ({need} must){split}", by)
    return True


def reject(draft: Draft, command: c.Reject) -> None:
    """Refuse: with as many rejections as are needed the round ends, and what the gate guards stays blocked."""
    gate, policy = decidable(draft.state, command.gate, command.by, command.digest, "reject")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="rejected",
        digest=gate.digest,
        because=command.because,
    )
    gate = draft.state.gates[gate.id]
    rejections = [vote.by for vote in gate.votes if vote.decision == "rejected"]
    if len(rejections) >= policy.reject_needs:
        _refused(draft, gate, policy, f"rejected by {', '.join(rejections)}: {command.because}", command.by)
    else:
        _end_when_out_of_reach(draft, gate, policy, command.by)


def request_changes(draft: Draft, command: c.RequestChanges) -> None:
    """Ask for changes: the gate stays open, and a change of its subject begins a new round."""
    gate, _ = decidable(draft.state, command.gate, command.by, None, "request_changes")
    draft.record(
        e.GateDecided,
        gate=gate.id,
        round=gate.round,
        decision="changes_requested",
        digest=gate.digest,
        because=command.because,
    )


def _refused(draft: Draft, gate: Gate, policy: GatePolicy, because: str, by: Actor) -> None:
    _close(draft, gate, "rejected", because, by=by)
    if policy.on_request or policy.before == "action":
        return
    if policy.before == "assignment":
        summaries.missed(draft, "it was returned")
        work_items.drop_all(draft, f"it is returned with guidance: {because}")
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
    behaviour = Expiry.HALT if gate.kept else policy.on_expiry
    if behaviour is Expiry.NEXT_DEPUTY and gate.deputies_asked >= len(policy.deputies):
        behaviour = Expiry.HALT
        waited += " and every deputy was asked"
    if policy.before == "action" and behaviour is Expiry.ESCALATE and state.waits_for_confirmation:
        behaviour = Expiry.HALT  # nobody is called for what is solved
    if policy.on_request and behaviour in (Expiry.HALT, Expiry.ESCALATE):
        behaviour = Expiry.DENY  # it holds up nothing, so there is nothing to keep asking for
    again = draft.now + policy.deadline if behaviour in (Expiry.HALT, Expiry.ESCALATE, Expiry.NEXT_DEPUTY) else None
    draft.record(
        e.GateExpired, by=ENGINE, gate=gate.id, round=gate.round, behaviour=behaviour, because=waited, due=again
    )
    if _end_when_out_of_reach(draft, gate, policy, ENGINE):
        return
    if behaviour is Expiry.DENY:
        _refused(draft, gate, policy, f"{waited}; the playbook denies then", ENGINE)
    elif behaviour is Expiry.APPROVE:
        _close(draft, gate, "passed", f"{waited}; the playbook approves then: {policy.because}")
    elif behaviour is Expiry.ESCALATE and state.level is not None:
        assignment.go_up(draft, f"approval {gate.id}: {waited}")


def decidable(
    state: Escalation, gate_id: str | None, by: Actor, digest: str | None, act: str, *, alone: bool = False
) -> tuple[Gate, GatePolicy]:
    """Return the open gate on which somebody may decide now, and the playbook's words on it.

    Raises:
        DomainError: they may not, or not on this gate, not any more, not on what they saw.
    """
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
        raise NotNow(
            f"what you saw of {gate.id} has changed since: you decided on {digest}, now it is {gate.digest}; look again"
        )
    mine = [vote for vote in gate.votes if vote.by == by and vote.decision != "changes_requested"]
    if mine:
        raise AlreadyDone(f"you {mine[0].decision} {gate.id} already, at {mine[0].at:%Y-%m-%d %H:%M:%S %Z}")
    return gate, policy


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
        raise NotAllowed(f"{by} is excluded from deciding {policy.id}, as {barred} is (separation of duties)")
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
