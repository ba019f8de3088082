"""What a playbook says of the review: when it may be begun, and who is asked afterwards how it went."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from escalation.values import Duration, Record


class ReviewStart(StrEnum):
    """From when on the review is written."""

    CONFIRMED = "confirmed"
    """Once the resolution stands."""
    STABLE = "stable"
    """A draft as soon as a resolution is proposed, or ``stable_when`` is true; it is due as always."""


class Participant(StrEnum):
    """Who took part, and how."""

    CUSTOMER = "customer"
    ESCALATOR = "escalator"
    """Whoever asked for it: a person, an AI or a service."""
    RECIPIENTS = "recipients"
    """Everybody who has owned it."""
    APPROVERS = "approvers"
    """Everybody who decided an approval."""


class FeedbackPolicy(Record):
    """Who is asked how it went, once the resolution stands; closing waits no longer for it than ``within``."""

    within: Duration
    remind: Duration | None = None
    """After so long whoever has not answered is reminded, once; None: nobody is."""
    of: Annotated[tuple[Participant, ...], Field(min_length=1)] = tuple(Participant)
    """Leave the customer out where follow-ups ask them already."""
