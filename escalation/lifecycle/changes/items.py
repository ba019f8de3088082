"""What the events of work items change."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.items import Approval, Check, Item, first_due
from escalation.model.state import Escalation
from escalation.values import ActorKind, Holder

KEPT_OF_RESULT = 300
"""How much of what came of an item stays in the state; the event has all of it."""


def _one(state: Escalation, item_id: str, **changes: Any) -> Changes:
    return {"items": {**state.items, item_id: with_(state.items[item_id], **changes)}}


def _has_it(state: Escalation, owner: Holder, item_id: str) -> Changes:
    """Whoever has an item by name belongs to the working group; who only has to supply something need not."""
    if owner in state.people or not owner.startswith(f"{ActorKind.PERSON}:"):
        return {}
    return {"people": {**state.people, owner: f"item:{item_id}"}}


def _item_added(state: Escalation, event: e.ItemAdded) -> Changes:
    item = new(
        Item,
        id=event.item,
        title=event.title,
        owner=event.owner,
        due=event.due,
        next_due=first_due(event.due, event.remind_at, event.claim_due),
        by=event.by,
        bypass=event.bypass,
        approval_review=event.approval_review,
        automation=event.automation,
        lesson=event.lesson,
        kind=event.kind,
        template=event.template,
        added_at=event.at,
        label=event.label,
        area=event.area,
        blocks=event.blocks,
        blocked_by=event.blocked_by,
        before=event.before,
        defect=event.defect,
        approval=Check(approvers=event.approvers) if event.approvers else None,
        confirmed_by=event.confirmed_by,
        check=event.check,
        cause=event.cause,
        remind_at=event.remind_at,
        claim_due=event.claim_due,
        within=event.within,
    )
    items = {**state.items, event.item: item}
    for other in event.blocked_by:
        items[other] = with_(items[other], blocks=(*items[other].blocks, event.item))
    waits = "awaits" if event.kind == "input" else "blocked_by"
    for other in event.blocks:
        items[other] = with_(items[other], **{waits: (*getattr(items[other], waits), event.item)})
    made = {"work_made": (*state.work_made, event.template)} if event.template else {}
    return {"items": items, **_has_it(state, event.owner, event.item), **made}


def _item_given_back(state: Escalation, event: e.ItemGivenBack) -> Changes:
    return _one(state, event.item, owner=event.owner)


def _item_claimed(state: Escalation, event: e.ItemClaimed) -> Changes:
    item = state.items[event.item]
    again = first_due(item.due, item.remind_at) if not item.chased else item.next_due
    return _one(state, event.item, owner=event.by, claim_due=None, next_due=again) | _has_it(
        state, event.by, event.item
    )


def _item_started(state: Escalation, event: e.ItemStarted) -> Changes:
    return _one(state, event.item, started_at=event.at, blocked_because="")


def _item_blocked(state: Escalation, event: e.ItemBlocked) -> Changes:
    item = state.items[event.item]
    items = dict(state.items)
    for other in event.blocked_by:
        items[other] = with_(items[other], blocks=(*items[other].blocks, event.item))
    items[event.item] = with_(
        item,
        blocked_because="" if event.blocked_by else event.because,
        blocked_by=(*item.blocked_by, *event.blocked_by),
        ready=False,
    )
    return {"items": items}


def _item_ready(state: Escalation, event: e.ItemReady) -> Changes:
    if event.due is None:
        return _one(state, event.item, ready=True)
    return _one(
        state,
        event.item,
        ready=True,
        due=event.due,
        next_due=first_due(event.due, event.remind_at, event.claim_due),
        remind_at=event.remind_at,
        claim_due=event.claim_due,
    )


def _item_reassigned(state: Escalation, event: e.ItemReassigned) -> Changes:
    item = state.items[event.item]
    changes = _one(
        state,
        event.item,
        owner=event.owner,
        people=(),
        started_at=None,
        claim_due=event.claim_due,
        next_due=first_due(item.next_due, event.claim_due),
        handed_on=event.handed_on,
    )
    return changes | _has_it(state, event.owner, event.item)


def _item_postponed(state: Escalation, event: e.ItemPostponed) -> Changes:
    claim_due = state.items[event.item].claim_due
    return _one(
        state,
        event.item,
        due=event.due,
        next_due=first_due(event.due, event.remind_at, claim_due),
        remind_at=event.remind_at,
        chased=0,
    )


def _item_dropped(state: Escalation, event: e.ItemDropped) -> Changes:
    return _over(state, event, event.item, result=event.because[:KEPT_OF_RESULT], dropped=True)


def _item_completed(state: Escalation, event: e.ItemCompleted) -> Changes:
    result = event.result[:KEPT_OF_RESULT] if state.rules >= 1 else event.result
    changes = _over(state, event, event.item, result=result)
    looked_at = state.items[event.item].approval_review
    if looked_at:
        changes["approval_reviews"] = tuple(each for each in state.approval_reviews if each.id != looked_at)
    return changes


def _over(state: Escalation, event: e.EventBase, item_id: str, **changes: Any) -> Changes:
    """It is done or dropped: what waited for it waits no longer, and what only work needed is not kept."""
    items = dict(state.items)
    items[item_id] = with_(
        items[item_id],
        done_at=event.at,
        done_by=event.by,
        blocked_by=(),
        awaits=(),
        blocked_because="",
        remind_at=None,
        claim_due=None,
        people=(),
        failed="",
        **changes,
    )
    for other in items[item_id].blocks:
        known = items[other]
        items[other] = with_(
            known,
            blocked_by=tuple(each for each in known.blocked_by if each != item_id),
            awaits=tuple(each for each in known.awaits if each != item_id),
        )
    return {"items": items}


def _item_reminded(state: Escalation, event: e.ItemReminded) -> Changes:
    item = state.items[event.item]
    return _one(state, event.item, remind_at=None, next_due=first_due(item.due, item.claim_due))


def _item_chased(state: Escalation, event: e.ItemChased) -> Changes:
    return _one(state, event.item, chased=event.times, next_due=event.next_due, claim_due=None, remind_at=None)


# --- checks, checkpoints, dependencies, input -------------------------------------------------------------------------


def _check_submitted(state: Escalation, event: e.CheckSubmitted) -> Changes:
    item = state.items[event.item]
    approvers = item.approval.approvers if item.approval is not None else ()
    check = Check(
        approvers=approvers,
        round=event.round,
        digest=event.digest,
        submitted_by=event.by,
        state=Approval.NEW if event.voids else Approval.PENDING,
    )
    return _one(
        state, event.item, approval=check, done_at=None, done_by=None, result="", next_due=event.next_due, chased=0
    )


def _check_decided(state: Escalation, event: e.CheckDecided) -> Changes:
    item = state.items[event.item]
    if item.approval is None:
        return {}
    check = with_(item.approval, state=Approval.APPROVED if event.approved else None)
    if not event.approved:
        return _one(state, event.item, approval=check, defect=event.defect, next_due=first_due(item.due, item.next_due))
    return _over(state, event, event.item, approval=check, defect=None, result="approved")


def _checkpoint_confirmed(state: Escalation, event: e.CheckpointConfirmed) -> Changes:
    return _over(state, event, event.item, result=event.detail[:KEPT_OF_RESULT])


def _dependency_checked(state: Escalation, event: e.DependencyChecked) -> Changes:
    detail = event.detail[:KEPT_OF_RESULT]
    if event.ok:
        return _over(state, event, event.item, result=detail)
    item = state.items[event.item]
    items = dict(state.items)
    items[event.item] = with_(item, done_at=None, done_by=None, failed=detail or "it does not hold", result="")
    if event.next_due is not None:
        items[event.item] = with_(items[event.item], next_due=event.next_due)
    for other in item.blocks if item.done_at is not None else ():
        if items[other].open:
            blocked = tuple(dict.fromkeys((*items[other].blocked_by, event.item)))
            items[other] = with_(items[other], blocked_by=blocked, ready=False)
    return {"items": items}


def _input_answered(state: Escalation, event: e.InputAnswered) -> Changes:
    return _over(state, event, event.item, result=event.text[:KEPT_OF_RESULT])


def people_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    """Keep to whom an item was offered, or who was asked to approve it."""
    item = state.items.get(reference.partition("/")[0])
    if item is None or not item.open:
        return {}
    found = tuple(each.person for each in event.found.people)
    if event.purpose.startswith("item:"):
        return _one(state, item.id, people=tuple(dict.fromkeys((*item.people, *found))))
    if item.approval is None or reference != item.round:
        return {}
    deciders = tuple(dict.fromkeys((*item.approval.deciders, *found)))
    return _one(state, item.id, approval=with_(item.approval, deciders=deciders))


CHANGES: dict[type[e.EventBase], Change] = {
    e.ItemAdded: _item_added,
    e.ItemGivenBack: _item_given_back,
    e.ItemClaimed: _item_claimed,
    e.ItemStarted: _item_started,
    e.ItemBlocked: _item_blocked,
    e.ItemReady: _item_ready,
    e.ItemReassigned: _item_reassigned,
    e.ItemPostponed: _item_postponed,
    e.ItemDropped: _item_dropped,
    e.ItemCompleted: _item_completed,
    e.ItemReminded: _item_reminded,
    e.ItemChased: _item_chased,
    e.CheckSubmitted: _check_submitted,
    e.CheckDecided: _check_decided,
    e.CheckpointConfirmed: _checkpoint_confirmed,
    e.DependencyChecked: _dependency_checked,
    e.InputAnswered: _input_answered,
}
