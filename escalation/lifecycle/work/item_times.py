"""When something happens to a work item by itself: reminded before it is due, then chased, heard by more and more."""

from datetime import datetime, timedelta

from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.work import item_powers
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import ENGINE, Holder, Target

LONGEST_CLAIM = timedelta(hours=4)


def remind_at(state: Escalation, due: datetime, now: datetime) -> datetime | None:
    """Return when whoever has an item is reminded of it before it is due; None: not before."""
    before = state.playbook.items.remind_before
    return due - before if before is not None and due - before > now else None


def claim_due(state: Escalation, owner: Holder, due: datetime, now: datetime) -> datetime | None:
    """Return until when somebody is to claim an item; None where somebody has it by name."""
    if not item_powers.is_target(owner):
        return None
    return now + (state.playbook.items.claim_within or min((due - now) / 10, LONGEST_CLAIM))


def chase(state: Escalation) -> timedelta:
    """Return how often a late item is chased."""
    return state.playbook.items.chase or state.playbook.review.remind


def due(draft: Draft, item_id: str) -> None:
    """Its time has come: a reminder while it is not due yet, and afterwards it is chased."""
    item = draft.state.items[item_id]
    unclaimed = item.claim_due is not None and item.claim_due <= draft.now  # then it is offered again, which says more
    if item.remind_at is not None and item.remind_at <= draft.now < item.due and not unclaimed:
        draft.record(e.ItemReminded, by=ENGINE, item=item.id)
        return
    again, times = draft.now + chase(draft.state), item.chased + 1
    if draft.now < item.due < again:
        again = item.due
    asked = asked_beside(draft.state, times)
    draft.record(e.ItemChased, by=ENGINE, item=item.id, times=times, next_due=again, asked=asked)


def asked_beside(state: Escalation, times: int) -> tuple[Target, ...]:
    """Return who hears of a late item beside whoever has it: the accountable, the level's people, the last resort."""
    if state.rules < 1 or times < 2:
        return ()
    if times == 2:
        return (state.raci.accountable,)
    policy = state.level_policy
    last = state.playbook.levels[paths.ladder(state.playbook, state.path)[-1]].last_resort or state.playbook.owner
    above = policy.targets if times == 3 and policy is not None else (last,)
    return tuple(dict.fromkeys((state.raci.accountable, *above)))
