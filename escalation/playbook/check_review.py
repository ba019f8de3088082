"""Checks of what a playbook says of its review. Like all of ``checks`` these read the document as written."""

from collections.abc import Iterator
from datetime import timedelta

from escalation.documents import Document
from escalation.errors import Finding
from escalation.playbook.check_words import mapping
from escalation.values import parse_duration


def check_review(document: Document) -> Iterator[Finding]:
    """Yield what is said of the review and would never count."""
    review = mapping(document, "review")
    if review.get("stable_when") is not None and review.get("starts") != "stable":
        yield document.finding(
            ("review", "stable_when"), "is read only with `starts: stable`; say that too, or leave this out"
        )
    feedback = review.get("feedback")
    if not isinstance(feedback, dict):
        return
    within, remind = parse_duration(feedback.get("within")), parse_duration(feedback.get("remind"))
    if isinstance(within, timedelta) and isinstance(remind, timedelta) and remind >= within:
        yield document.finding(
            ("review", "feedback", "remind"), "comes when nobody waits any longer: expected less than within"
        )
