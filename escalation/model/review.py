"""What an escalation keeps of its review: the draft, lessons and their changes, labels, who was asked how it went."""

from enum import StrEnum

from pydantic import AwareDatetime

from escalation.playbook.review import Participant
from escalation.values import Actor, Record


class LessonKind(StrEnum):
    """What a lesson changes."""

    PLAYBOOK = "playbook"
    DIRECTORY = "directory"
    RULE = "rule"
    """A trigger, threshold or severity rule: a new version of the playbook, too."""
    TRAINING = "training"
    FIX = "fix"
    """Of a product, a system or a document."""
    NONE = "none"
    """It is only said."""


IN_PLAYBOOK = (LessonKind.PLAYBOOK, LessonKind.RULE)
"""Kinds whose change is live in a version of the playbook."""

GOES_LIVE = (*IN_PLAYBOOK, LessonKind.DIRECTORY)
"""Kinds whose change is done only when it is named as live."""


class DraftPart(Record):
    """A part of the review as somebody drafted it."""

    text: str
    by: Actor
    at: AwareDatetime

    @property
    def by_ai(self) -> bool:
        """True when an AI wrote it and no person has written it anew."""
        return self.by.startswith("agent:")


class ReviewDraft(Record):
    """The review before it is handed in."""

    started_at: AwareDatetime
    parts: dict[str, DraftPart] = {}


class Lesson(Record):
    """Something learned, and the change that follows; its action item says until when, and whether it is done."""

    id: str
    what: str
    kind: LessonKind
    item: str = ""
    """Id of the action item; empty where nothing is to be changed."""
    against: str = ""
    """Digest of the playbook that was pinned when it was learned: a change that is live has another one."""
    claimed: str = ""
    """As what somebody said that it is live, while that is looked up."""
    claimed_by: Actor | None = None
    live_as: str = ""
    """As what it is live."""
    verified: bool = False
    """The named version of the playbook was there when that was said."""


class Labels(Record):
    """What the people of the review say of the decision to escalate; the last word on each counts."""

    warranted: bool | None = None
    late: bool | None = None
    ai_would_have_been_right: bool | None = None
    by: Actor
    at: AwareDatetime
    because: str = ""


class FeedbackRound(Record):
    """Who was asked how it went, and who has answered."""

    asked: dict[Actor, Participant]
    answered: tuple[Actor, ...] = ()
    remind_due: AwareDatetime | None = None
    """When the others are reminded; None: they were, or nobody is."""
    due: AwareDatetime
    ended: bool = False

    @property
    def unanswered(self) -> tuple[Actor, ...]:
        """Who has not answered."""
        return tuple(actor for actor in self.asked if actor not in self.answered)

    @property
    def open(self) -> bool:
        """True while an answer is waited for."""
        return not self.ended and bool(self.unanswered)
