"""Approvals that are looked at afterwards: given alone in an emergency, or wherever the playbook wants it.

Somebody who did not approve has an action item for it, and it is not closed before that is done.
"""

from escalation.lifecycle.case import needs
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import work_items
from escalation.model import events as e
from escalation.model.approval import Gate
from escalation.people.found import People
from escalation.playbook.gates import GatePolicy
from escalation.values import ENGINE, Actor, ActorKind, kind_of

PURPOSE = "approval_review"
"""Purpose of the look-up of who looks at it."""


def ask(draft: Draft, gate: Gate, policy: GatePolicy, approved_by: tuple[Actor, ...], *, emergency: bool) -> None:
    """Have an approval that was just given looked at, where it was an emergency or the playbook says so."""
    state = draft.state
    if not emergency and (not policy.review_after or state.rules < 1):
        return
    if any((each.gate, each.approved_by) == (gate.id, approved_by) for each in state.approval_reviews):
        return  # the one that is open already serves this one too
    draft.record(
        e.ApprovalToReview,
        by=ENGINE,
        review=f"r{state.approvals_to_review + 1}",
        gate=gate.id,
        round=gate.round,
        approved_by=approved_by,
        emergency=emergency,
        because=draft.state.gates[gate.id].because,
    )


def to_review(draft: Draft, review_id: str, found: People) -> None:
    """Give whoever was found an action item; somebody of the working group where nobody is who did not approve."""
    state = draft.state
    review = next((each for each in state.approval_reviews if each.id == review_id), None)
    policy = state.playbook.gate(review.gate) if review is not None else None
    if review is None or state.ended:
        return
    barred = {*review.approved_by, *needs.concerned(state)}
    owner = (state.owner.actor,) if state.owner is not None else ()
    candidates = (*(each.person for each in found.people), *owner, *state.people)
    others = (actor for actor in candidates if kind_of(actor) is ActorKind.PERSON and actor not in barred)
    # With nobody but who approved, they are reminded of it until somebody else has come and looked.
    reviewer = next(others, next(iter(review.approved_by), None))
    if reviewer is None:
        return
    how = ", ".join(review.approved_by) or "silence"
    title = f"Look at approval {review.gate}, given by {how}" + (" alone in an emergency" if review.emergency else "")
    # Another version of the playbook may lack the approval: that it is to be looked at stays.
    hurry = policy.emergency if policy is not None else None
    within = hurry.review_within if hurry is not None else state.playbook.review.due
    work_items.record(draft, title, reviewer, draft.now + within, approval_review=review_id)
