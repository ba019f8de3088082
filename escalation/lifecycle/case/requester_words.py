"""What whoever asked is asked and told, customers in words of their side: what is missing, whether it is solved."""

from datetime import datetime

from escalation.lifecycle import grounds
from escalation.lifecycle.communication import headline, text
from escalation.lifecycle.message_values import Text, Words, instant
from escalation.model.state import Escalation
from escalation.values import Addressee


def input_request(state: Escalation, parts: tuple[str, ...], due: datetime) -> Words:
    """Ask the requester for what is missing."""
    body = (
        f"{state.id} cannot be handed to people yet. Missing: {', '.join(parts)}.\n"
        f"Supply it before {instant(due)}; after that people are told without it.\n"
        f"  escalate provide_input {state.id} --by {state.requested_by} ..."
    )
    return text(state, "input_request", f"{headline(state)} - needs input", body, parts=parts, due=due)


def input_request_for_customer(parts: tuple[str, ...], due: datetime) -> Words:
    """Ask a customer who asked for a person for what is missing, in words of their side."""
    named = ", ".join(part.replace("_", " ").replace(".", " ") for part in parts)
    until = f"Please answer before {instant(due)}, or it is passed on as it is."
    body = f"To pass your case on we still need: {named}.\n{until}"
    said = grounds.plain({"parts": parts, "due": due})
    return Text("Your case: please tell us more", body, "input_request_customer", said)


def news_for_customer(text: str) -> Words:
    """Tell a customer what is meant for them, and nothing of how it is worked on."""
    return Text("Your case: news", text, "customer_news", grounds.plain({"text": text}))


def resolution_question(state: Escalation, to: Addressee) -> Words:
    """Ask whoever asked for it, and works here, whether it is solved: how to answer, and what silence leads to."""
    resolution = state.resolution
    if resolution is None:
        return Text(headline(state), "")
    silence = state.playbook.resolution.on_silence
    then = "it counts as solved" if silence == "confirmed" else "the owner is told that nobody answered"
    due = resolution.confirm_due
    until = f"\nPlease answer before {instant(due)}; after that {then}." if due else ""
    body = (
        f"A solution of {state.id} is proposed. Is it solved?\n{resolution.text}\n"
        f"  escalate confirm_resolution {state.id} --by {to}\n"
        f"  escalate reject_resolution {state.id} --by {to} --because '...'{until}"
    )
    said = {"text": resolution.text, "due": due, "silence": silence}
    return text(state, "resolution_question", f"{headline(state)} - is it solved?", body, **said)


def resolution_proposed(state: Escalation) -> Words:
    """Tell whoever confirms what was done, and until when they may answer."""
    resolution = state.resolution
    if resolution is None:
        return Text(headline(state), "")
    until = f"\nPlease answer before {instant(resolution.confirm_due)}." if resolution.confirm_due else ""
    said = grounds.plain({"text": resolution.text, "due": resolution.confirm_due})
    return Text("Your case: a solution is proposed", f"{resolution.text}{until}", "resolution_proposed", said)


def ended_for_customer() -> Words:
    """Tell the customer that it ended without a solution; why is for those who work on it."""
    body = "Your case was ended without a solution. Please write to us if you still need help."
    return Text("Your case was ended", body, "ended_customer")


def returned_for_customer() -> Words:
    """Tell a customer that their request was not passed on; why is for those who work on it."""
    body = "Your case stays with those who have it now. Please write to us if it is not solved."
    return Text("Your case is not passed on", body, "returned_customer")
