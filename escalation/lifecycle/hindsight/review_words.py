"""The words of the messages around the review."""

from escalation.lifecycle import grounds
from escalation.lifecycle.communication import Text, Words, headline, instant, text
from escalation.model.state import Escalation
from escalation.values import Actor


def review_due(state: Escalation) -> Words:
    """Ask for the review."""
    review = state.review
    due = instant(review.next_due) if review else ""
    parts = ", ".join(state.playbook.review.requires)
    body = (
        f"{state.id} is resolved. Please submit its review before {due}: {parts}.\n"
        f"  escalate submit_review {state.id} --by {state.accountable} --lesson '...'"
    )
    at = review.next_due if review else None
    return text(
        state,
        "review_due",
        f"{headline(state)} - review due",
        body,
        due=at,
        parts=state.playbook.review.requires,
        accountable=state.accountable,
    )


def draft(state: Escalation, person: Actor, because: str) -> Words:
    """Tell the owner that the review may be begun."""
    body = (
        f"{state.id}: {because}. Its review may be begun while you wait; it is due once the resolution stands.\n"
        f"  escalate draft_review {state.id} --by {person} --part impact --text '...'"
    )
    return text(state, "review_draft", f"{headline(state)} - the review may be begun", body, because=because)


def feedback(state: Escalation, person: Actor) -> Words:
    """Ask somebody who took part how it went."""
    due = instant(state.feedback_round.due) if state.feedback_round is not None else ""
    body = (
        f"You took part in {state.id}. How did it go, and what should be better next time? Until {due} it waits for "
        f"your answer.\n"
        f"  escalate submit_participant_feedback {state.id} --by {person} --score 4 --improvement '...'"
    )
    at = state.feedback_round.due if state.feedback_round is not None else None
    return text(state, "feedback", f"{headline(state)} - how did it go?", body, due=at)


def feedback_of_customer(state: Escalation) -> Words:
    """Ask the customer, in words of their side."""
    due = f" until {instant(state.feedback_round.due)}" if state.feedback_round is not None else ""
    asked = "How satisfied are you with how your case was handled, from 1 to 5, and what should be better?"
    at = state.feedback_round.due if state.feedback_round is not None else None
    body = f"{asked}\nPlease answer{due}; every answer is read."
    return Text("Your case: how satisfied are you?", body, "feedback_customer", grounds.plain({"due": at}))


def advice(state: Escalation, by: Actor, said: str) -> Words:
    """Tell whoever escalated what could be better next time."""
    body = f"{by} worked on {state.id} and writes to you:\n{said}"
    return text(state, "advice", f"{headline(state)} - guidance from {by}", body, by=by, text=said)
