"""The work: its resolution, the review, ratings, the end."""

from typing import Annotated

from pydantic import Field

from escalation.model.commands.base import Act
from escalation.values import Actor, Instant, Record, Text, Words


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


class Rate(Act):
    """Rate how well the escalation was prepared and documented, 1..5."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""


class SubmitFeedback(Act):
    """The customer's satisfaction, 1..5, and comment."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Words = ""


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
