"""What happens around the review: its draft, lessons and their changes, labels, what participants say."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.events.base import EventBase
from escalation.model.review import LessonKind
from escalation.playbook.review import Participant
from escalation.playbook.schema import ReviewPart
from escalation.values import Actor


class ReviewDraftOpened(EventBase):
    """It is stable: the review may be begun while the resolution waits to be confirmed."""

    type: Literal["review_draft_opened"] = "review_draft_opened"
    because: str


class ReviewPartDrafted(EventBase):
    """A part of the review was written, or written anew."""

    type: Literal["review_part_drafted"] = "review_part_drafted"
    part: ReviewPart
    text: str
    by_ai: bool = False


class LessonAdded(EventBase):
    """Something was learned."""

    type: Literal["lesson_added"] = "lesson_added"
    lesson: str
    what: str
    change: LessonKind
    """What is to be changed because of it."""
    item: str = ""
    """The action item that follows the change."""


class ChangeClaimed(EventBase):
    """Somebody says that a change is live as this version of the playbook; that is looked up."""

    type: Literal["change_claimed"] = "change_claimed"
    lesson: str
    live_as: str


class ChangeLive(EventBase):
    """The change that a lesson led to is live."""

    type: Literal["change_live"] = "change_live"
    lesson: str
    live_as: str
    verified: bool = False


class ChangeNotLive(EventBase):
    """What was named as live is not, as far as can be seen; the change stays open."""

    type: Literal["change_not_live"] = "change_not_live"
    lesson: str
    live_as: str
    because: str


class Labelled(EventBase):
    """A person of the review said whether it was right to escalate."""

    type: Literal["labelled"] = "labelled"
    warranted: bool | None = None
    late: bool | None = None
    ai_would_have_been_right: bool | None = None
    because: str = ""


class FeedbackRequested(EventBase):
    """Everybody who took part is asked how it went."""

    type: Literal["feedback_requested"] = "feedback_requested"
    asked: dict[Actor, Participant]
    remind_due: AwareDatetime | None = None
    due: AwareDatetime


class FeedbackReminded(EventBase):
    """Whoever has not answered is reminded, once."""

    type: Literal["feedback_reminded"] = "feedback_reminded"
    to: tuple[Actor, ...]


class FeedbackEnded(EventBase):
    """It is not waited for any longer."""

    type: Literal["feedback_ended"] = "feedback_ended"
    unanswered: tuple[Actor, ...]
    because: str


class ParticipantFeedbackGiven(EventBase):
    """Somebody who took part said how it went, 1..5."""

    type: Literal["participant_feedback_given"] = "participant_feedback_given"
    score: int
    took_part_as: Participant | None = None
    comment: str = ""
    improvement: str = ""


class AdviceGiven(EventBase):
    """Whoever escalated is told what could be better next time."""

    type: Literal["advice_given"] = "advice_given"
    to: Actor
    text: str
