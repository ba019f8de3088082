"""What the events of asked actions change, and of approvals that are looked at afterwards."""

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.approval import ActionApproval, ApprovalReview
from escalation.model.state import Escalation

_KEPT = 20
"""How many of those that are over the state still answers for; the ledger has all."""


def _action_asked(state: Escalation, event: e.ActionAsked) -> Changes:
    asked = new(
        ActionApproval,
        id=event.approval,
        action=event.action,
        arguments=event.arguments,
        digest=event.digest,
        by=event.by,
        at=event.at,
        gates=event.gates,
    )
    over = [each.id for each in state.actions.values() if not _counts(each, event)]
    dropped = over[: max(0, len(over) - _KEPT)]
    gates = {name for each in dropped for name in state.actions[each].gates}
    actions = {name: each for name, each in state.actions.items() if name not in dropped}
    return {
        "actions": {**actions, asked.id: asked},
        "actions_asked": state.actions_asked + 1,
        "gates": {name: gate for name, gate in state.gates.items() if name not in gates},
    }


def _counts(asked: ActionApproval, event: e.ActionAsked) -> bool:
    late = asked.valid_until is not None and event.at >= asked.valid_until
    return asked.state == "pending" or (asked.state == "passed" and not late)


def _action_settled(state: Escalation, event: e.ActionSettled) -> Changes:
    asked = with_(
        state.actions[event.approval],
        state=event.state,
        because=event.because,
        grounds=event.grounds,
        choice=event.choice,
        valid_until=event.valid_until,
    )
    return {"actions": {**state.actions, asked.id: asked}}


def _action_used(state: Escalation, event: e.ActionUsed) -> Changes:
    return {"actions": {**state.actions, event.approval: with_(state.actions[event.approval], state="used")}}


def _approval_to_review(state: Escalation, event: e.ApprovalToReview) -> Changes:
    review = new(
        ApprovalReview, id=event.review, gate=event.gate, approved_by=event.approved_by, emergency=event.emergency
    )
    return {
        "approval_reviews": (*state.approval_reviews, review),
        "approvals_to_review": state.approvals_to_review + 1,
    }


CHANGES: dict[type[e.EventBase], Change] = {
    e.ActionAsked: _action_asked,
    e.ActionSettled: _action_settled,
    e.ActionUsed: _action_used,
    e.ApprovalToReview: _approval_to_review,
}
