"""The review: its draft, lessons that become changes, labels, what participants say, closing, another playbook."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.model.review import LessonKind
from escalation.playbook.schema import ReviewPart
from escalation.values import Actor, Instant, Record, Slug, Text, Words

Score = Annotated[int, Field(ge=1, le=5)]

Version = Annotated[str, Field(pattern=r"^(latest|v?[0-9]{1,6}|[0-9a-f]{16})$")]
"""``latest``, a version (``v4``), or a digest: 16 hex digits."""


class LessonDraft(Record):
    """A lesson, and the change that follows from it."""

    what: Text
    kind: LessonKind = LessonKind.NONE
    owner: Actor | None = None
    due: Instant | None = None


class DraftReview(Act):
    """Write a part of the review before it is handed in; what an AI writes is labelled as such."""

    part: ReviewPart
    text: Text


class AddLesson(Act):
    """Say what was learned, and what is to be changed because of it; the change is followed until it is live."""

    what: Text
    kind: LessonKind
    owner: Actor | None = None
    """Whose the change is; not where the kind is ``none``."""
    due: Instant | None = None


class CompleteChange(Act):
    """Say that the change which a lesson led to is live."""

    lesson: Slug
    live_as: Annotated[Words, Field(max_length=200)] = ""
    """Of a playbook or rule: its new version (``v4``) or digest, which is looked up. Of a directory: where it is."""
    result: Words = ""


class Label(Act):
    """Say whether it was right to escalate; thresholds are judged by that later."""

    warranted: bool | None = None
    """Was the escalation warranted?"""
    late: bool | None = None
    """Did it come too late?"""
    ai_would_have_been_right: bool | None = None
    """Would the AI's own answer have been right?"""
    because: Words = ""


class AdviseRequester(Act):
    """Send whoever escalated guidance and what could be better next time."""

    text: Text


class SubmitParticipantFeedback(Act):
    """Say how it went, as somebody who took part, 1..5; once a person."""

    score: Score
    comment: Words = ""
    improvement: Words = ""
    """What should be better next time."""


class Close(Act):
    """Close it now, or hear exactly what is open and whose it is."""


class Migrate(Act):
    """Move it to another version of its playbook."""

    to: Version = "latest"
    because: Text
    levels: dict[str, Slug] = {}
    """A level that the other version does not have, and which of its levels stands for it: L2=tier2."""
    paths: dict[str, Slug] = {}
    """A path that the other version does not have, and which of its paths stands for it."""
    drop: tuple[Slug, ...] = ()
    """An approval, clock or fact that may fall away because the other version does not have it."""


COMMANDS: dict[str, type[Act]] = {
    "draft_review": DraftReview,
    "add_lesson": AddLesson,
    "complete_change": CompleteChange,
    "label": Label,
    "advise_requester": AdviseRequester,
    "submit_participant_feedback": SubmitParticipantFeedback,
    "close": Close,
    "migrate": Migrate,
}
