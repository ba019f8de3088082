"""The words of the messages around the review."""

from escalation.lifecycle.communication import Words, headline, instant
from escalation.model.state import Escalation
from escalation.values import Actor


def draft(state: Escalation, person: Actor, because: str) -> Words:
    """Tell the owner that the review may be begun."""
    body = (
        f"{state.id}: {because}. Its review may be begun while you wait; it is due once the resolution stands.\n"
        f"  escalate draft_review {state.id} --by {person} --part impact --text '...'"
    )
    return f"{headline(state)} - the review may be begun", body


def feedback(state: Escalation, person: Actor) -> Words:
    """Ask somebody who took part how it went."""
    due = instant(state.feedback_round.due) if state.feedback_round is not None else ""
    body = (
        f"You took part in {state.id}. How did it go, and what should be better next time? Until {due} it waits for "
        f"your answer.\n"
        f"  escalate submit_participant_feedback {state.id} --by {person} --score 4 --improvement '...'"
    )
    return f"{headline(state)} - how did it go?", body


def feedback_of_customer(state: Escalation) -> Words:
    """Ask the customer, in words of their side."""
    due = f" until {instant(state.feedback_round.due)}" if state.feedback_round is not None else ""
    asked = "How satisfied are you with how your case was handled, from 1 to 5, and what should be better?"
    return "Your case: how satisfied are you?", f"{asked}\nPlease answer{due}; every answer is read."


def advice(state: Escalation, by: Actor, text: str) -> Words:
    """Tell whoever escalated what could be better next time."""
    return f"{headline(state)} - guidance from {by}", f"{by} worked on {state.id} and writes to you:\n{text}"
