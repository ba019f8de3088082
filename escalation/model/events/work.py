"""What happens to the work: notes, the ticket, the resolution, the review, action items, the end."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.actions import CaseLink
from escalation.model.events.base import EventBase
from escalation.model.events.opening import Words
from escalation.model.request import Attachment


class NoteAdded(EventBase):
    """Something was written."""

    type: Literal["note_added"] = "note_added"
    text: str
    words: Words = {}
    automation: str = ""
    """The automation that wrote it; empty for what somebody wrote."""
    mentions: tuple[str, ...] = ()
    from_customer: bool = False
    """A service passed on what a customer wrote, and it is not known which."""


class Attached(EventBase):
    """A reference was attached."""

    type: Literal["attached"] = "attached"
    attachment: Attachment


class CaseLinked(EventBase):
    """The ticket exists and is linked."""

    type: Literal["case_linked"] = "case_linked"
    link: CaseLink
    completed: bool = False
    """True: it was linked before, and this is what was still to be known of the customer."""


class CaseFailed(EventBase):
    """The outside system refused for good to open the ticket."""

    type: Literal["case_failed"] = "case_failed"
    error: str


class QuestionPublished(EventBase):
    """The ticket asks the customer, where they can read it, whether the proposed resolution is accepted."""

    type: Literal["question_published"] = "question_published"
    key: str


class CaseUpdateFailed(EventBase):
    """The outside system refused for good to update the ticket."""

    type: Literal["case_update_failed"] = "case_update_failed"
    key: str
    error: str


class ResolutionProposed(EventBase):
    """Somebody says it is solved; nobody is called any more, and the clocks wait."""

    type: Literal["resolution_proposed"] = "resolution_proposed"
    resolution: str
    cause: str = ""
    confirm_due: AwareDatetime | None = None
    """Until when whoever confirms may answer; None when nobody is asked."""
    although: str = ""
    """That somebody else owns it; empty when the owner says it is solved."""


class ResolutionConfirmed(EventBase):
    """The resolution stands."""

    type: Literal["resolution_confirmed"] = "resolution_confirmed"
    how: Literal["confirmed", "silence", "not_asked"]
    comment: str = ""


class ResolutionUnanswered(EventBase):
    """Nobody confirmed in time and silence is no consent here, or nobody is known to have heard the question."""

    type: Literal["resolution_unanswered"] = "resolution_unanswered"
    confirm_due: AwareDatetime
    asked: bool = True
    """False: the question is not known to have arrived; it is sent again."""


class ResolutionRejected(EventBase):
    """The resolution was rejected, or did not hold; work goes on."""

    type: Literal["resolution_rejected"] = "resolution_rejected"
    because: str


class ReviewStarted(EventBase):
    """The post-incident review is due."""

    type: Literal["review_started"] = "review_started"
    due: AwareDatetime


class ReviewSubmitted(EventBase):
    """The review was handed in."""

    type: Literal["review_submitted"] = "review_submitted"
    impact: str
    cause: str
    resolution: str
    lessons: tuple[str, ...]
    warranted: bool | None = None
    late: bool | None = None
    ai_would_have_been_right: bool | None = None
    drafted_by_ai: tuple[str, ...] = ()
    """Parts that are an AI's words, as nobody has written others."""
    late_by: float | None = None
    """Seconds for which a trigger was true before the hand-over; None: not known that one was."""
    late_because: str = ""
    """Which trigger, and since when."""


class ReviewChased(EventBase):
    """The review is late; somebody was reminded."""

    type: Literal["review_chased"] = "review_chased"
    times: int
    next_due: AwareDatetime


class Rated(EventBase):
    """Somebody rated how well the escalation was prepared, 1..5."""

    type: Literal["rated"] = "rated"
    score: int
    comment: str = ""
    preparation: int | None = None
    documentation: int | None = None
    handoff: str = ""
    """The hand-off that is rated; empty: how it was opened."""
    giver: str = ""
    """Who prepared it."""


class FeedbackGiven(EventBase):
    """The customer said how satisfied they are, 1..5."""

    type: Literal["feedback_given"] = "feedback_given"
    score: int
    comment: str = ""
    improvement: str = ""
    via: str = ""


class Closed(EventBase):
    """Everything is done; or an approver returned it with guidance before anybody was told."""

    type: Literal["closed"] = "closed"
    because: str
    returned: bool = False
    guidance: str = ""
    """What the AI is to go on with, where a person gave the case back to it."""


class Cancelled(EventBase):
    """Ended without a resolution."""

    type: Literal["cancelled"] = "cancelled"
    because: str
