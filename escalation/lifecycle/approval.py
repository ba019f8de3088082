"""Stage approval: gates open when their condition is true, and what they guard stays blocked until they pass.

An approval counts for the digest it was given for: when a fact named in ``subject`` changes, the round is void and a
new one begins, also while a resolution waits to be confirmed. As many rejections as ``reject_needs`` end the round: one
unless the playbook says otherwise. Approvals are counted by ``quorum``. Silence does what the playbook declares, and
never reads as approval unless the playbook says so in words.
"""

from escalation.errors import Incomplete
from escalation.lifecycle import assignment, grounds
from escalation.lifecycle.approvals import approval_reviews, quorum
from escalation.lifecycle.approvals.deciding import decidable, require_choice
from escalation.lifecycle.approvals.subject import applies, subject_digest
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.statements import summaries
from escalation.lifecycle.targets import expand
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import Gate
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.playbook.schema import Playbook
from escalation.values import ENGINE, Actor, format_duration


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
                _close(draft, gate, "voided", subject_changed())
            elif why := spoilt(state, gate, policy):
                _close(draft, gate, "voided", why)
            elif gate.state != "passed" and not wanted:
                _close(draft, gate, "withdrawn", grounds.of("condition_over", "its condition is no longer true"))
        if wanted and (gate is None or draft.state.gates[policy.id].state not in _STANDING):
            open_round(draft, policy, policy.id, digest)


def spoilt(state: Escalation, gate: Gate, policy: GatePolicy) -> str:
    """Say why a round has to be asked of others; empty when it has not."""
    if gate.state == "pending" and _too_few_left(state, gate, policy):
        return grounds.of("too_few_left", "too few of those who may decide are not concerned by it")
    if _decides_on_own_work(state, gate, policy):
        english = f"{state.accountable} owns this now and may not decide it as well"
        return grounds.of("owns_it", english, who=state.accountable)
    return ""


def why_allowed(gate: Gate) -> str:
    """Say why nothing stands in the way any more: it was approved, or needs no approval."""
    if gate.state == "passed":
        return grounds.again(gate.because, gate.grounds)
    return grounds.of("no_approval_needed", "no approval is needed any more")


def subject_changed() -> str:
    """Say that what is asked is another question now."""
    return grounds.of("subject_changed", "what was to be approved has changed")


def policy_changed() -> str:
    """Say that another version of the playbook asks otherwise."""
    return grounds.of("policy_changed", "the playbook says something else of it now")


def void_changed(draft: Draft, before: Playbook) -> None:
    """Void what was decided under another policy of the same approval, where it still stands in front of something."""
    state = draft.state
    for policy in state.playbook.gates:
        gate = state.gates.get(policy.id)
        if gate is not None and gate.state in _STANDING and policy != before.gate(policy.id) and applies(state, policy):
            _close(draft, gate, "voided", policy_changed())


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
    english = f"skipped by {by} in an emergency: {because}"
    _close(draft, gate, "passed", grounds.of("skipped_by", english, who=by, because=because), by=by, skipped=True)


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
        english = f"{what} by {command.by} alone in an emergency: {command.because}"
        because = grounds.of("approved_alone", english, who=command.by, choice=choice, because=command.because)
        _close(draft, gate, "passed", because, by=command.by, choice=choice, emergency=True)
    elif quorum.is_reached(gate, policy, choice):
        approvers = list(quorum.approvers(gate, choice))
        because = grounds.of("approved_by", f"{what} by {', '.join(approvers)}", people=approvers, choice=choice)
        _close(draft, gate, "passed", because, by=command.by, choice=choice)
    else:
        _end_when_out_of_reach(draft, gate, policy, command.by)


def _end_when_out_of_reach(draft: Draft, gate: Gate, policy: GatePolicy, by: Actor) -> bool:
    """End the round when those who have decided leave too few who could still approve."""
    if not quorum.is_out_of_reach(gate, policy):
        return False
    need = quorum.said(gate, policy)
    votes = [f"{choice.id} ({len(quorum.approvers(gate, choice.id))})" for choice in policy.choices]
    split = f"; the approvals are for {', '.join(votes)}" if votes else ""
    english = f"rejected: too few are left who could still approve ({need} must){split}"
    _refused(draft, gate, policy, grounds.of("out_of_reach", english, votes=votes), by)
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
        english = f"rejected by {', '.join(rejections)}: {command.because}"
        because = grounds.of("rejected_by", english, people=rejections, because=command.because)
        _refused(draft, gate, policy, because, command.by)
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
        dropped = grounds.of("returned_guided", f"it is returned with guidance: {because}", because=because)
        work_items.drop_all(draft, dropped)
        closed = grounds.of("returned_guided", f"returned with guidance: {because}", because=because)
        draft.record(e.Closed, by=by, because=closed, returned=True)
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


def expiry(state: Escalation, gate: Gate, policy: GatePolicy) -> Expiry:
    """Return what silence leads to as things stand: what the playbook declares, where that can be done."""
    behaviour = Expiry.HALT if gate.kept else policy.on_expiry
    if behaviour is Expiry.NEXT_DEPUTY and gate.deputies_asked >= len(policy.deputies):
        behaviour = Expiry.HALT
    if behaviour is Expiry.APPROVE and state.rules >= 2 and _against(gate):
        behaviour = Expiry.HALT  # somebody has spoken against it: that is no silence
    if policy.before == "action" and behaviour is Expiry.ESCALATE and state.waits_for_confirmation:
        behaviour = Expiry.HALT  # nobody is called for what is solved
    if policy.on_request and behaviour in (Expiry.HALT, Expiry.ESCALATE):
        behaviour = Expiry.DENY  # it holds up nothing, so there is nothing to keep asking for
    return behaviour


def _against(gate: Gate) -> tuple[Actor, ...]:
    """Return who has rejected it, or has asked for changes and said nothing since."""
    latest = {vote.by: vote.decision for vote in gate.votes}
    return tuple(person for person, decision in latest.items() if decision != "approved")


def deputy_found(draft: Draft, reference: str, found: People) -> None:
    """Ask the next deputy at once where everybody who stands for this one was asked before, or is away."""
    state = draft.state
    gate, deputy = state.gate_asked(reference), reference.partition("/")[2].partition("/")[2]
    policy = state.playbook.gate(gate.id) if gate is not None else None
    if gate is None or policy is None or not deputy or state.rules < 2 or (found.people and not found.fell_back):
        return
    if gate.deputies_asked >= len(policy.deputies) or policy.deputies[gate.deputies_asked - 1] != deputy:
        return  # there is no other
    draft.record(
        e.GateExpired,
        by=ENGINE,
        gate=gate.id,
        round=gate.round,
        behaviour=Expiry.NEXT_DEPUTY,
        because=f"nobody is left to ask of {deputy}",
        due=draft.now + policy.deadline,
    )


def due(draft: Draft, gate_id: str) -> None:
    """Nobody decided in time: do what the playbook declares."""
    state = draft.state
    gate, policy = state.gates[gate_id], state.playbook.gate(gate_id)
    if policy is None:
        return
    behaviour = expiry(state, gate, policy)
    within = policy.deadline
    waited = grounds.of("nobody_decided", f"nobody decided within {format_duration(within)}", within=within)
    if policy.on_expiry is Expiry.NEXT_DEPUTY and not gate.kept and gate.deputies_asked >= len(policy.deputies):
        waited = grounds.of("nobody_decided_nor_deputy", f"{waited} and every deputy was asked", within=within)
    if policy.on_expiry is Expiry.APPROVE and behaviour is not Expiry.APPROVE and (against := _against(gate)):
        english = f"not decided within {format_duration(within)}, and {', '.join(against)} did not agree"
        waited = grounds.of("nobody_agreed", english, within=within, people=against)
    again = draft.now + policy.deadline if behaviour in (Expiry.HALT, Expiry.ESCALATE, Expiry.NEXT_DEPUTY) else None
    draft.record(
        e.GateExpired, by=ENGINE, gate=gate.id, round=gate.round, behaviour=behaviour, because=waited, due=again
    )
    if _end_when_out_of_reach(draft, gate, policy, ENGINE):
        return
    if behaviour is Expiry.DENY:
        denied = grounds.of("denied_by_silence", f"{waited}; the playbook denies then", waited=waited)
        _refused(draft, gate, policy, denied, ENGINE)
    elif behaviour is Expiry.APPROVE:
        english = f"{waited}; the playbook approves then: {policy.because}"
        approved = grounds.of("approved_by_silence", english, waited=waited, because=policy.because)
        _close(draft, gate, "passed", approved)
    elif behaviour is Expiry.ESCALATE and state.level is not None:
        assignment.go_up(draft, f"approval {gate.id}: {waited}")
