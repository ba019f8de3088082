"""What the events of work change: ticket, resolution, review, the end."""

from escalation.lifecycle.changes import review
from escalation.lifecycle.changes.common import Change, Changes, new, question_arrived, with_
from escalation.lifecycle.changes.time import (
    paused_for_confirmation,
    stopped_at_the_end,
    unpaused,
    unpaused_until_closed,
    waited,
)
from escalation.model import events as e
from escalation.model.parts import Resolution, Review, Score
from escalation.model.state import Escalation


def _case_linked(state: Escalation, event: e.CaseLinked) -> Changes:
    missing = tuple(part for part in state.missing if part != "crm_snapshot") if event.link.snapshot else state.missing
    changes: Changes = {"case_link": event.link, "case_error": "", "missing": missing}
    if state.missing and not missing:
        changes |= {"exception": "", "exception_grounds": None}
    return changes


def _case_failed(state: Escalation, event: e.CaseFailed) -> Changes:
    return {"case_error": event.error}


def _resolution_proposed(state: Escalation, event: e.ResolutionProposed) -> Changes:
    resolution = new(
        Resolution,
        text=event.resolution,
        cause=event.cause,
        by=event.by,
        at=event.at,
        confirm_due=event.confirm_due,
        questions=(event.seq,),
    )
    return {
        "resolution": resolution,
        "rung": None,
        "clocks": paused_for_confirmation(state, event.by, event.at),
    }


def _resolution_confirmed(state: Escalation, event: e.ResolutionConfirmed) -> Changes:
    if state.resolution is None:
        return {}
    return {"resolution": with_(state.resolution, state="confirmed", how=event.how, confirm_due=None)}


def _resolution_unanswered(state: Escalation, event: e.ResolutionUnanswered) -> Changes:
    if state.resolution is None:
        return {}
    again = () if event.asked else (event.seq,)
    questions = (*state.resolution.questions, *again)[-10:]
    return {"resolution": with_(state.resolution, confirm_due=event.confirm_due, questions=questions)}


def _question_published(state: Escalation, event: e.QuestionPublished) -> Changes:
    return question_arrived(state, event)


def _case_update_failed(state: Escalation, event: e.CaseUpdateFailed) -> Changes:
    """A question that the ticket cannot ask is sent otherwise."""
    if state.resolution is None or not state.is_question(event.key):
        return {}
    return {"resolution": with_(state.resolution, questions=(*state.resolution.questions, event.seq)[-10:])}


def _resolution_rejected(state: Escalation, event: e.ResolutionRejected) -> Changes:
    if state.resolution is None:
        return {}
    return {
        "resolution": with_(state.resolution, state="rejected", confirm_due=None),
        "review": None,
        "clocks": unpaused(state, event.at),
        **waited(state, state.resolution.at, event.at),
    }


def _review_started(state: Escalation, event: e.ReviewStarted) -> Changes:
    return {
        "review": new(Review, started_at=event.at, next_due=event.due),
        "handoff": None,
        "rung": None,
        **unpaused_until_closed(state, event.at),
    }


def _review_submitted(state: Escalation, event: e.ReviewSubmitted) -> Changes:
    if state.review is None:
        return {}
    return {
        **review.labelled(state, event),
        "review": with_(
            state.review,
            submitted_by=event.by,
            submitted_at=event.at,
            impact=event.impact,
            cause=event.cause,
            resolution=event.resolution,
            lessons=event.lessons,
            warranted=event.warranted,
        ),
    }


def _review_chased(state: Escalation, event: e.ReviewChased) -> Changes:
    if state.review is None:
        return {}
    return {"review": with_(state.review, chased=event.times, next_due=event.next_due)}


def _rated(state: Escalation, event: e.Rated) -> Changes:
    score = Score(
        by=event.by,
        score=event.score,
        comment=event.comment,
        preparation=event.preparation,
        documentation=event.documentation,
        handoff=event.handoff,
        giver=event.giver,
    )
    return {"ratings": (*state.ratings, score), **review.answered(state, event.by)}


def _feedback_given(state: Escalation, event: e.FeedbackGiven) -> Changes:
    score = Score(by=event.by, score=event.score, comment=event.comment)
    customer = (f"customer:{state.customer.id}",) if state.customer is not None else ()
    return {"feedback": score, **review.answered(state, event.by, *customer)}


def _closed(state: Escalation, event: e.Closed) -> Changes:
    return _ended(state, event, "returned" if event.returned else "closed")


def _cancelled(state: Escalation, event: e.Cancelled) -> Changes:
    return _ended(state, event, "cancelled")


def _ended(state: Escalation, event: e.Closed | e.Cancelled, outcome: str) -> Changes:
    return {
        **stopped_at_the_end(state, event.at),
        "outcome": outcome,
        "outcome_because": event.because,
        "outcome_grounds": event.grounds,
        "closed_at": event.at,
        "rung": None,
        "handoff": None,
        "hold": None,
        "input_request": None,
    }


CHANGES: dict[type[e.EventBase], Change] = {
    e.CaseLinked: _case_linked,
    e.CaseFailed: _case_failed,
    e.QuestionPublished: _question_published,
    e.CaseUpdateFailed: _case_update_failed,
    e.ResolutionProposed: _resolution_proposed,
    e.ResolutionConfirmed: _resolution_confirmed,
    e.ResolutionUnanswered: _resolution_unanswered,
    e.ResolutionRejected: _resolution_rejected,
    e.ReviewStarted: _review_started,
    e.ReviewSubmitted: _review_submitted,
    e.ReviewChased: _review_chased,
    e.Rated: _rated,
    e.FeedbackGiven: _feedback_given,
    e.Closed: _closed,
    e.Cancelled: _cancelled,
}
