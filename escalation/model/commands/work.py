"""The work: its resolution, action items, the review, ratings, the end."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
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


class AddItem(Act):
    """Add an action item with an owner and a due time."""

    title: Text
    owner: Actor
    due: Instant


class CompleteItem(Act):
    """Say that an action item is done."""

    item: Slug
    result: Words = ""


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


class Rate(Act):
    """Rate how well the escalation was prepared and documented, 1..5."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""
    handoff: Slug | None = None
    """Which hand-off, by its receiver; without it the latest that they received."""


class SubmitFeedback(Act):
    """The customer's satisfaction, 1..5, and comment."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""


class Cancel(Act):
    """End it without a resolution: people are told, the ticket is closed."""

    because: Text


COMMANDS: dict[str, type[Act]] = {
    "resolve": Resolve,
    "confirm_resolution": ConfirmResolution,
    "reject_resolution": RejectResolution,
    "add_item": AddItem,
    "complete_item": CompleteItem,
    "submit_review": SubmitReview,
    "rate": Rate,
    "submit_feedback": SubmitFeedback,
    "cancel": Cancel,
}
