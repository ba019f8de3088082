"""How the review looks: its draft, lessons and their changes, what is said of the decision to escalate, opinions."""

from pydantic import AwareDatetime

from escalation.lifecycle.hindsight import labels
from escalation.model.review import LessonKind
from escalation.model.state import Escalation
from escalation.values import Actor, Holder, Record, format_duration


class LessonView(Record):
    """A lesson as people read it."""

    id: str
    what: str
    kind: LessonKind
    owner: Holder | None = None
    due: AwareDatetime | None = None
    state: str
    """``said`` where nothing is to be changed; ``open``, ``being looked up``, ``live as v4``, ``done``."""


class DraftView(Record):
    """A part of the review as it is drafted."""

    part: str
    by: Actor
    by_ai: bool
    text: str


class ReviewView(Record):
    """How the review stands."""

    submitted_by: Actor | None = None
    submitted_at: AwareDatetime | None = None
    impact: str = ""
    cause: str = ""
    resolution: str = ""
    """What was handed in; empty before that."""
    draft: tuple[DraftView, ...] = ()
    lessons: tuple[LessonView, ...] = ()
    labels: str = ""
    """What people of the review say of the decision to escalate."""
    late: str = ""
    """Which trigger was true before the hand-over, and for how long; empty: not known that one was."""
    ratings: tuple[str, ...] = ()
    awaited: tuple[Actor, ...] = ()
    """Who was asked how it went and has not said so."""
    awaited_until: AwareDatetime | None = None


def review_view(state: Escalation) -> ReviewView | None:
    """Return how the review stands; None before there is anything of it."""
    draft, asked = state.review_draft, state.feedback_round
    if state.review is None and draft is None and not state.lessons and not state.ratings:
        return None
    late = labels.lateness(state)
    waits = asked is not None and asked.open and not state.ended
    given = state.review
    return ReviewView(
        submitted_by=given.submitted_by if given is not None else None,
        submitted_at=given.submitted_at if given is not None else None,
        impact=given.impact if given is not None else "",
        cause=given.cause if given is not None else "",
        resolution=given.resolution if given is not None else "",
        draft=tuple(
            DraftView(part=name, by=part.by, by_ai=part.by_ai, text=part.text)
            for name, part in (draft.parts.items() if draft is not None else ())
        ),
        lessons=tuple(_lesson(state, identifier) for identifier in state.lessons),
        labels=_labels(state),
        late=f"{labels.said(late)}: {format_duration(late.delay)} before the hand-over" if late is not None else "",
        ratings=tuple(f"{score.score} of 5 by {score.by}" for score in state.ratings),
        awaited=asked.unanswered if asked is not None and waits else (),
        awaited_until=asked.due if asked is not None and waits else None,
    )


def _lesson(state: Escalation, identifier: str) -> LessonView:
    lesson = state.lessons[identifier]
    item = state.items.get(lesson.item)
    if item is None:
        stands = "said"
    elif item.done_at is not None:
        stands = f"live as {lesson.live_as}" if lesson.live_as else "done"
    else:
        stands = f"said to be live as {lesson.claimed}, being looked up" if lesson.claimed else "open"
    return LessonView(
        id=lesson.id,
        what=lesson.what,
        kind=lesson.kind,
        owner=item.owner if item is not None else None,
        due=item.due if item is not None else None,
        state=stands,
    )


def _labels(state: Escalation) -> str:
    found = state.labels
    if found is None:
        return ""
    said = {
        "warranted": found.warranted,
        "late": found.late,
        "the AI would have been right": found.ai_would_have_been_right,
    }
    words = ", ".join(f"{what}: {'yes' if is_so else 'no'}" for what, is_so in said.items() if is_so is not None)
    return f"{words} (by {found.by}{f': {found.because}' if found.because else ''})"
