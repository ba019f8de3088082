"""The work: its resolution, the review, ratings, the end."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.model.commands.review import LessonDraft
from escalation.values import Actor, Instant, Record, Slug, Text, Words


class Resolve(Act):
    """Propose that it is solved."""

    resolution: Text
    cause: Words = ""


class ConfirmResolution(Act):
    """Accept the proposed resolution."""

    comment: Words = ""


class RejectResolution(Act):
    """Reject the proposed resolution; the escalation opens again and goes up."""

    because: Text


class ItemDraft(Record):
    """An action item as a review states it."""

    title: Text
    owner: Actor
    due: Instant


class SubmitReview(Act):
    """Hand in the post-incident review."""

    impact: Words = ""
    cause: Words = ""
    resolution: Words = ""
    lessons: tuple[Text, ...] = ()
    items: tuple[ItemDraft, ...] = ()
    warranted: bool | None = None
    """Was the escalation warranted? Feeds thresholds later."""
    late: bool | None = None
    """Did it come too late?"""
    ai_would_have_been_right: bool | None = None
    """Would the AI's own answer have been right?"""
    changes: tuple[LessonDraft, ...] = ()
    """Lessons that lead to a change: of a playbook, directory or rule, training, a fix."""


class Rate(Act):
    """Rate how well the escalation was prepared and documented, 1..5."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""
    preparation: Annotated[int, Field(ge=1, le=5)] | None = None
    """How well the issue was prepared, 1..5."""
    documentation: Annotated[int, Field(ge=1, le=5)] | None = None
    """How well it was documented, 1..5."""
    advice: Words = ""
    """Guidance for whoever escalated: sent to them."""
    handoff: Slug | None = None
    """Which hand-off, by its receiver; without it the latest that they received."""


class SubmitFeedback(Act):
    """The customer's satisfaction, 1..5, and comment."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""
    improvement: Words = ""
    """What should be better next time."""
    via: Slug | None = None
    """Where it was given, such as portal."""


class Cancel(Act):
    """End it without a resolution: people are told, the ticket is closed."""

    because: Text
    hand_items_to: Actor | None = None
    """Who has the open work items from then on."""
    drop_items: bool = False
    """True: the open work items will not be done, for the same reason."""


COMMANDS: dict[str, type[Act]] = {
    "resolve": Resolve,
    "confirm_resolution": ConfirmResolution,
    "reject_resolution": RejectResolution,
    "submit_review": SubmitReview,
    "rate": Rate,
    "submit_feedback": SubmitFeedback,
    "cancel": Cancel,
}
