"""What happens to the work: notes, the ticket, the resolution, the review, action items, the end."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.model.actions import CaseLink
from escalation.model.events.base import EventBase
from escalation.model.events.opening import Words
from escalation.model.request import Attachment
from escalation.values import Actor


class NoteAdded(EventBase):
    """Something was written."""

    type: Literal["note_added"] = "note_added"
    text: str
    words: Words = {}
    automation: str = ""
    """The automation that wrote it; empty for what somebody wrote."""


class Attached(EventBase):
    """A reference was attached."""

    type: Literal["attached"] = "attached"
    attachment: Attachment


class CaseLinked(EventBase):
    """The ticket exists and is linked."""

    type: Literal["case_linked"] = "case_linked"
    link: CaseLink


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


class ReviewChased(EventBase):
    """The review is late; somebody was reminded."""

    type: Literal["review_chased"] = "review_chased"
    times: int
    next_due: AwareDatetime


class ItemAdded(EventBase):
    """An action item exists."""

    type: Literal["item_added"] = "item_added"
    item: str
    title: str
    owner: Actor
    due: AwareDatetime
    bypass: str = ""
    """The use of the exception procedure that it is to look at; empty for every other item."""
    automation: str = ""
    """The automation that added it; empty for every other item."""


class ItemGivenBack(EventBase):
    """Nobody knows whom an action item was given to: it falls to the owner."""

    type: Literal["item_given_back"] = "item_given_back"
    item: str
    owner: Actor
    """Who has it now."""
    was: Actor
    because: str = ""


class ItemCompleted(EventBase):
    """An action item is done."""

    type: Literal["item_completed"] = "item_completed"
    item: str
    result: str = ""


class ItemChased(EventBase):
    """An action item is late; somebody was reminded."""

    type: Literal["item_chased"] = "item_chased"
    item: str
    times: int
    next_due: AwareDatetime


class Rated(EventBase):
    """Somebody rated how well the escalation was prepared, 1..5."""

    type: Literal["rated"] = "rated"
    score: int
    comment: str = ""
    handoff: str = ""
    """The hand-off that is rated; empty: how it was opened."""
    giver: str = ""
    """Who prepared it."""


class FeedbackGiven(EventBase):
    """The customer said how satisfied they are, 1..5."""

    type: Literal["feedback_given"] = "feedback_given"
    score: int
    comment: str = ""


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
