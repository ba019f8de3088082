"""The exception procedure: in an emergency a person skips levels, missing input or an approval.

The playbook says who may, when, and who looks at it afterwards. Who used it and why stays on the timeline, and an
action item for the one who looks at it keeps the escalation from being closed before that is done.
"""

from escalation.errors import NotAllowed, NotNow, Unknown
from escalation.lifecycle import approval, assignment, packet, permissions, work_items
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.ladder import BypassPolicy

ALLOWED = "bypass"
"""Purpose of the look-up of those who may; it stands in the working group as what made them part of it."""


def use(draft: Draft, command: c.Bypass) -> None:
    """Skip a level, an approval, or what is missing."""
    permissions.require_person(command.by, "bypass")
    state = draft.state
    policy = _policy(state)
    _require_allowed(state, policy, command.by)
    if command.gate is not None and command.level is not None:
        raise NotAllowed("name a level or an approval, not both: each is skipped, and looked at, by itself")
    what = "approvals" if command.gate is not None else "levels" if command.level is not None else "packet"
    if what not in policy.skip:
        raise NotAllowed(f"playbook {state.playbook.playbook} lets {', '.join(policy.skip)} be skipped, not {what}")
    if state.review is not None:
        raise NotNow(f"{state.id} is in review; there is nothing left to skip")
    if command.gate is not None:
        _skip_approval(draft, command.gate, command)
    elif command.level is not None:
        _skip_levels(draft, command.level, command)
    else:
        _skip_input(draft, command)


def to_review(draft: Draft, bypass_id: str, found: People) -> None:
    """Give the one who looks at it afterwards an action item."""
    state = draft.state
    used = next((each for each in state.bypasses if each.id == bypass_id), None)
    policy = state.playbook.bypass
    if used is None or policy is None or state.ended:
        return
    # Better looked at by the owner, or at the worst by who used it, than by nobody.
    owner = state.owner.actor if state.owner is not None else used.by
    reviewer = found.people[0].person if found.people else owner
    title = f"Look at the use of the exception procedure by {used.by}: {used.skipped} skipped"
    work_items.add(draft, title, reviewer, draft.now + policy.review_within)


def _policy(state: Escalation) -> BypassPolicy:
    policy = state.playbook.bypass
    if policy is None:
        raise NotAllowed(
            f"playbook {state.playbook.playbook} has no exception procedure (bypass); escalate with a reason instead, "
            f"or ask {state.accountable}"
        )
    return policy


def _require_allowed(state: Escalation, policy: BypassPolicy, by: str) -> None:
    if policy.allowed and state.people.get(by) != ALLOWED:
        raise NotAllowed(f"{by} may not use the exception procedure; {', '.join(policy.allowed)} may")
    permissions.require_member(state, by)
    if not condition(state.playbook, policy.when).true(derive(basis_of(state))):
        raise NotAllowed(f"the exception procedure is for emergencies: only when {policy.when}")


def _used(draft: Draft, skipped: str, command: c.Bypass) -> None:
    draft.record(e.Bypassed, bypass=f"b{len(draft.state.bypasses) + 1}", skipped=skipped, because=command.because)


def _skip_approval(draft: Draft, gate_id: str, command: c.Bypass) -> None:
    gate = approval.find_gate(draft.state, gate_id)
    if gate.state == "rejected":
        raise NotAllowed(f"approval {gate.id} was {gate.because}; a no is not skipped, change what was to be approved")
    if gate.state != "pending":
        raise NotNow(f"approval {gate.id} is not waited for: it is {gate.state}")
    _used(draft, f"approval {gate.id}", command)
    approval.close_bypassed(draft, gate, command.by, command.because)


def _skip_levels(draft: Draft, level: str, command: c.Bypass) -> None:
    state = draft.state
    index = state.playbook.level_index(level)
    if index is None:
        ids = ", ".join(each.id for each in state.playbook.levels)
        raise Unknown(f"playbook {state.playbook.playbook} has no level {level}; it has {ids}")
    if state.level is not None and index <= state.level.index:
        raise NotNow(f"{state.id} is at {state.level.id} already; the exception procedure only goes up")
    _used(draft, f"the way to level {level}", command)
    because = f"{command.by} used the exception procedure: {command.because}"
    if state.input_request is not None:
        draft.record(e.ExceptionUsed, missing=state.missing, because=because)
    for gate in approval.blocking(draft.state, "assignment"):
        approval.close_bypassed(draft, gate, command.by, command.because)
    assignment.enter_level(draft, index, because)


def _skip_input(draft: Draft, command: c.Bypass) -> None:
    state = draft.state
    if state.input_request is None:
        raise NotNow(f"nothing is waited for before people are told of {state.id}; name a level or an approval to skip")
    _used(draft, f"missing input ({', '.join(packet.owed(state.missing))})", command)
    because = f"{command.by} used the exception procedure: {command.because}"
    draft.record(e.ExceptionUsed, missing=state.missing, because=because)
