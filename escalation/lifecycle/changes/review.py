"""What the events of the review change: its draft, lessons and their changes, labels, what participants say."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, with_
from escalation.model import events as e
from escalation.model.review import DraftPart, FeedbackRound, Labels, Lesson, ReviewDraft
from escalation.model.state import Escalation
from escalation.values import Actor


def _draft_opened(state: Escalation, event: e.ReviewDraftOpened) -> Changes:
    return {"review_draft": state.review_draft or ReviewDraft(started_at=event.at)}


def _part_drafted(state: Escalation, event: e.ReviewPartDrafted) -> Changes:
    draft = state.review_draft or ReviewDraft(started_at=event.at)
    part = DraftPart(text=event.text, by=event.by, at=event.at)
    return {"review_draft": with_(draft, parts={**draft.parts, str(event.part): part})}


def _lesson_added(state: Escalation, event: e.LessonAdded) -> Changes:
    lesson = Lesson(id=event.lesson, what=event.what, kind=event.change, item=event.item, against=state.playbook_digest)
    return {"lessons": {**state.lessons, event.lesson: lesson}}


def _lesson(state: Escalation, identifier: str, **changes: Any) -> Changes:
    lesson = state.lessons.get(identifier)
    return {"lessons": {**state.lessons, identifier: with_(lesson, **changes)}} if lesson is not None else {}


def _change_claimed(state: Escalation, event: e.ChangeClaimed) -> Changes:
    return _lesson(state, event.lesson, claimed=event.live_as, claimed_by=event.by)


def _change_live(state: Escalation, event: e.ChangeLive) -> Changes:
    return _lesson(state, event.lesson, live_as=event.live_as, verified=event.verified, claimed="", claimed_by=None)


def _change_not_live(state: Escalation, event: e.ChangeNotLive) -> Changes:
    return _lesson(state, event.lesson, claimed="", claimed_by=None)


_SAID = ("warranted", "late", "ai_would_have_been_right")


def labelled(state: Escalation, event: e.Labelled | e.ReviewSubmitted) -> Changes:
    """What a label or a review says of the decision to escalate; what it leaves out stays as it was said before."""
    fresh = {name: getattr(event, name) for name in _SAID if getattr(event, name) is not None}
    if not fresh:
        return {}
    known = {name: getattr(state.labels, name) for name in _SAID} if state.labels is not None else {}
    because = event.because if isinstance(event, e.Labelled) else ""
    return {"labels": Labels(**{**known, **fresh}, by=event.by, at=event.at, because=because)}


def _feedback_requested(state: Escalation, event: e.FeedbackRequested) -> Changes:
    asked = FeedbackRound(asked=event.asked, remind_due=event.remind_due, due=event.due)
    return {"feedback_round": asked}


def _feedback_reminded(state: Escalation, event: e.FeedbackReminded) -> Changes:
    asked = state.feedback_round
    return {"feedback_round": with_(asked, remind_due=None)} if asked is not None else {}


def _feedback_ended(state: Escalation, event: e.FeedbackEnded) -> Changes:
    asked = state.feedback_round
    return {"feedback_round": with_(asked, ended=True)} if asked is not None else {}


def _participant_feedback(state: Escalation, event: e.ParticipantFeedbackGiven) -> Changes:
    return answered(state, event.by)


def answered(state: Escalation, *actors: Actor) -> Changes:
    """Whoever has said how it went is not reminded."""
    asked = state.feedback_round
    fresh = tuple(actor for actor in actors if asked is not None and actor in asked.unanswered)
    return {"feedback_round": with_(asked, answered=(*asked.answered, *fresh))} if asked is not None and fresh else {}


CHANGES: dict[type[e.EventBase], Change] = {
    e.ReviewDraftOpened: _draft_opened,
    e.ReviewPartDrafted: _part_drafted,
    e.LessonAdded: _lesson_added,
    e.ChangeClaimed: _change_claimed,
    e.ChangeLive: _change_live,
    e.ChangeNotLive: _change_not_live,
    e.Labelled: labelled,
    e.FeedbackRequested: _feedback_requested,
    e.FeedbackReminded: _feedback_reminded,
    e.FeedbackEnded: _feedback_ended,
    e.ParticipantFeedbackGiven: _participant_feedback,
}
