"""The exception procedure: in an emergency a person skips levels, missing input or an approval.

The playbook says who may, when, and who looks at it afterwards. Who used it and why stays on the timeline, and an
action item for the one who looks at it keeps the escalation from being closed before that is done.
"""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import approval, assignment, permissions
from escalation.lifecycle.approvals import deciding
from escalation.lifecycle.case import needs, packet
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.ladder import BypassPolicy
from escalation.values import ActorKind, kind_of

ALLOWED = "bypass"
"""Purpose of the look-up of those who may."""


def use(draft: Draft, command: c.Bypass) -> None:
    """Skip a level, an approval, or what is missing."""
    permissions.require_person(command.by, "bypass")
    state = draft.state
    policy = _policy(state)
    _require_allowed(state, policy, command.by)
    if command.gate is not None and command.level is not None:
        raise NotAllowed("name a level or an approval, not both: each is skipped, and looked at, by itself")
    if state.review is not None:
        raise NotNow(f"{state.id} is in review; there is nothing left to skip")
    if command.gate is not None:
        _skip_approval(draft, policy, command.gate, command)
    elif command.level is not None:
        _skip_levels(draft, policy, command.level, command)
    else:
        _skip_input(draft, policy, command)


def to_review(draft: Draft, bypass_id: str, found: People) -> None:
    """Give the one who looks at it afterwards an action item; somebody of the working group where nobody is found."""
    state = draft.state
    used = next((each for each in state.bypasses if each.id == bypass_id), None)
    policy = state.playbook.bypass
    if used is None or policy is None or state.ended:
        return
    barred = {used.by, *needs.concerned(state)}
    owner = (state.owner.actor,) if state.owner is not None else ()
    candidates = (*(each.person for each in found.people), *owner, *state.people)
    others = (actor for actor in candidates if kind_of(actor) is ActorKind.PERSON and actor not in barred)
    # With nobody but who used it, they are reminded of it until somebody else has come and looked.
    reviewer = next(others, used.by)
    title = f"Look at the use of the exception procedure by {used.by}: {used.skipped} skipped"
    work_items.record(draft, title, reviewer, draft.now + policy.review_within, bypass=bypass_id)


def _policy(state: Escalation) -> BypassPolicy:
    policy = state.playbook.bypass
    if policy is None:
        raise NotAllowed(
            f"playbook {state.playbook.playbook} has no exception procedure (bypass); escalate with a reason instead, "
            f"or ask {state.accountable}"
        )
    return policy


def _require_allowed(state: Escalation, policy: BypassPolicy, by: str) -> None:
    if policy.allowed and by not in state.may_bypass:
        known = "" if state.may_bypass else " (nobody of them was found yet)"
        raise NotAllowed(f"{by} may not use the exception procedure; {', '.join(policy.allowed)} may{known}")
    permissions.require_member(state, by)
    if not condition(state.playbook, policy.when).true(derive(basis_of(state))):
        raise NotAllowed(f"the exception procedure is for emergencies: only when {policy.when}")


def _require_skippable(state: Escalation, policy: BypassPolicy, what: str, standing: str) -> None:
    if what not in policy.skip:
        raise NotAllowed(
            f"playbook {state.playbook.playbook} lets {', '.join(policy.skip)} be skipped, not {what}: {standing}"
        )


def _used(draft: Draft, skipped: str, command: c.Bypass) -> None:
    draft.record(e.Bypassed, bypass=f"b{len(draft.state.bypasses) + 1}", skipped=skipped, because=command.because)


def _skip_approval(draft: Draft, policy: BypassPolicy, gate_id: str, command: c.Bypass) -> None:
    state = draft.state
    gate = deciding.find_gate(state, gate_id)
    _require_skippable(state, policy, "approvals", f"{gate.id} is one")
    asked = state.playbook.gate(gate.id)
    if asked is not None and asked.before == "lowering":
        raise NotAllowed(f"{gate.id} lets the severity be made milder, and that is no emergency")
    if asked is not None and asked.before == "stand_down":
        raise NotAllowed(f"{gate.id} lets the incident be stood down, and that is no emergency")
    if gate.state == "rejected":
        raise NotAllowed(f"approval {gate.id} was {gate.because}; a no is not skipped, change what was to be approved")
    if gate.state != "pending":
        raise NotNow(f"approval {gate.id} is not waited for: it is {gate.state}")
    _used(draft, f"approval {gate.id}", command)
    approval.close_bypassed(draft, gate, command.by, command.because)


def _skip_levels(draft: Draft, policy: BypassPolicy, level: str, command: c.Bypass) -> None:
    """Go to a level at once. What stands before anybody may be told is skipped with it, if it may be, and named."""
    _require_skippable(draft.state, policy, "levels", f"{level} is one")
    assignment.choose_path(draft)
    index = paths.named(draft.state, level)
    skipped = [f"the way to level {level}"]
    because = f"{command.by} used the exception procedure: {command.because}"
    if draft.state.input_request is not None:
        missing = ", ".join(packet.owed(draft.state.missing))
        _require_skippable(draft.state, policy, "packet", f"{missing} is missing")
        skipped.append(f"missing input ({missing})")
        draft.record(e.ExceptionUsed, missing=draft.state.missing, because=because)
        approval.reconcile(
            draft
        )  # what was not asked for yet, because of the input, is skipped knowingly or not at all
    gates = approval.blocking(draft.state, "assignment")
    for gate in gates:
        _require_skippable(draft.state, policy, "approvals", f"{gate.id} stands before that level")
        skipped.append(f"approval {gate.id}")
    _used(draft, ", ".join(skipped), command)
    for gate in gates:
        approval.close_bypassed(draft, gate, command.by, command.because)
    assignment.enter_level(draft, index, because)


def _skip_input(draft: Draft, policy: BypassPolicy, command: c.Bypass) -> None:
    state = draft.state
    if state.input_request is None:
        raise NotNow(f"nothing is waited for before people are told of {state.id}; name a level or an approval to skip")
    missing = ", ".join(packet.owed(state.missing))
    _require_skippable(state, policy, "packet", f"{missing} is missing")
    _used(draft, f"missing input ({missing})", command)
    because = f"{command.by} used the exception procedure: {command.because}"
    draft.record(e.ExceptionUsed, missing=state.missing, because=because)
