"""What the events of drafts, receipts, milestones and follow-ups change."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.model.statements import FollowUp, Milestone, UpdateDraft

KEPT_DRAFTS = 20
"""How many drafts are remembered; the oldest that is over is forgotten first."""


def _talk(state: Escalation, **changes: Any) -> Changes:
    return {"communication": with_(state.communication or Communication(), **changes)}


def _draft_made(state: Escalation, event: e.DraftMade) -> Changes:
    talk = state.communication or Communication()
    made = new(
        UpdateDraft,
        id=event.draft,
        seq=event.seq,
        at=event.at,
        by=event.by,
        text=event.text,
        customer_text=event.customer_text,
        audiences=event.audiences,
        stage=event.stage,
        as_of=state.stage,
        severity=state.severity,
        digest=event.digest,
    )
    drafts = {**talk.drafts, event.draft: made}
    over = [name for name, each in drafts.items() if each.ended]
    for name in over[: max(0, len(drafts) - KEPT_DRAFTS)]:
        drafts.pop(name)
    return _talk(state, drafts=drafts, drafted=talk.drafted + 1)


def ended(talk: Communication, draft: str, because: str) -> dict[str, UpdateDraft]:
    """Return the drafts with one of them over: its words stand in its event."""
    if draft not in talk.drafts:
        return talk.drafts
    return {**talk.drafts, draft: with_(talk.drafts[draft], ended=because, text="", customer_text="")}


def _draft_ended(state: Escalation, event: e.DraftEnded) -> Changes:
    talk = state.communication or Communication()
    return _talk(state, drafts=ended(talk, event.draft, f"{event.how}: {event.because}"))


def _update_on_ticket(state: Escalation, event: e.UpdateOnTicket) -> Changes:
    talk = state.communication
    if talk is None or not talk.is_latest(f"{event.update}/{event.stakeholder}"):
        return {}
    return _standing(state, event.stakeholder, reached=talk.stakeholders[event.stakeholder].people)


def _standing(state: Escalation, name: str, **changes: Any) -> Changes:
    talk = state.communication
    if talk is None or name not in talk.stakeholders:
        return {}
    return _talk(state, stakeholders={**talk.stakeholders, name: with_(talk.stakeholders[name], **changes)})


def _read_confirmed(state: Escalation, event: e.ReadConfirmed) -> Changes:
    changes: Changes = {}
    for name in event.stakeholders:
        now = state.changed(changes)
        standing = now.communication.stakeholders.get(name) if now.communication is not None else None
        if standing is None:
            continue
        read_by = tuple(dict.fromkeys((*standing.read_by, event.by)))
        done = {"receipt_due": None, "receipt_chased": 0} if set(standing.people) <= set(read_by) else {}
        changes |= _standing(now, name, read_by=read_by, **done)
    return changes


def _receipt_overdue(state: Escalation, event: e.ReceiptOverdue) -> Changes:
    return _standing(state, event.stakeholder, receipt_due=event.next_due, receipt_chased=event.times)


def _milestone(state: Escalation, identifier: str, **changes: Any) -> Changes:
    talk = state.communication
    if talk is None or identifier not in talk.milestones:
        return {}
    return _talk(state, milestones={**talk.milestones, identifier: with_(talk.milestones[identifier], **changes)})


def _milestone_reached(state: Escalation, event: e.MilestoneReached) -> Changes:
    talk = state.communication or Communication()
    reached = new(Milestone, id=event.milestone, reached_at=event.at, by=event.by, next_due=event.due)
    return _talk(state, milestones={**talk.milestones, event.milestone: reached})


def _milestone_updated(state: Escalation, event: e.MilestoneUpdated) -> Changes:
    return _milestone(state, event.milestone, next_due=None, chased=0, updated_at=event.at)


def _milestone_overdue(state: Escalation, event: e.MilestoneOverdue) -> Changes:
    return _milestone(state, event.milestone, next_due=event.next_due, chased=event.times)


def _follow_up(state: Escalation, identifier: str, **changes: Any) -> Changes:
    talk = state.communication
    if talk is None or identifier not in talk.follow_ups:
        return {}
    return _talk(state, follow_ups={**talk.follow_ups, identifier: with_(talk.follow_ups[identifier], **changes)})


def _follow_up_planned(state: Escalation, event: e.FollowUpPlanned) -> Changes:
    talk = state.communication or Communication()
    planned = new(FollowUp, id=event.follow_up, asks=event.asks, next_due=event.due)
    return _talk(state, follow_ups={**talk.follow_ups, event.follow_up: planned})


def _follow_up_sent(state: Escalation, event: e.FollowUpSent) -> Changes:
    return _follow_up(state, event.follow_up, sent=event.times, next_due=event.next_due)


def _follow_up_ended(state: Escalation, event: e.FollowUpEnded) -> Changes:
    return _follow_up(state, event.follow_up, next_due=None)


CHANGES: dict[type[e.EventBase], Change] = {
    e.DraftMade: _draft_made,
    e.DraftEnded: _draft_ended,
    e.UpdateOnTicket: _update_on_ticket,
    e.ReadConfirmed: _read_confirmed,
    e.ReceiptOverdue: _receipt_overdue,
    e.MilestoneReached: _milestone_reached,
    e.MilestoneUpdated: _milestone_updated,
    e.MilestoneOverdue: _milestone_overdue,
    e.FollowUpPlanned: _follow_up_planned,
    e.FollowUpSent: _follow_up_sent,
    e.FollowUpEnded: _follow_up_ended,
}
