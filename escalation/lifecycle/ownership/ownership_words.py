"""The words of messages about ownership: being consulted, informed, asked to look at a draft; a case given back."""

from escalation.lifecycle.communication import Words, headline, instant, news, packet
from escalation.model.ownership import WorkDraft
from escalation.model.parts import Handoff
from escalation.model.state import Escalation
from escalation.values import Actor, ActorKind, counted, kind_of


def consulted(state: Escalation, person: Actor, stage: str) -> Words:
    """Ask somebody for input."""
    body = (
        f"You are consulted on {state.id}, which is in {stage}: please say what you know. You need not act.\n"
        f"{packet(state)}\n"
        f"  escalate advise {state.id} --by {person} --text '...'"
    )
    return f"{headline(state)} - your input, please", body


def informed(state: Escalation, stage: str) -> Words:
    """Tell somebody that a stage has begun."""
    return news(state, f"for your information: {state.id} is in {stage} now. You need not do anything")


_FOR_CUSTOMERS = {
    "triage": "Your case is being looked at.",
    "assignment": "Your case is being passed to the people who can help.",
    "approval": "Your case is being worked on; a decision is needed.",
    "resolution": "Somebody is working on your case.",
    "review": "Your case is solved; we look at what we can learn from it.",
}


def stage_for_customer(stage: str) -> Words:
    """Tell the customer how their case stands, in words of their side."""
    return "Your case: news", _FOR_CUSTOMERS.get(stage, "Your case is being worked on.")


def draft(state: Escalation, work: WorkDraft, text: str, person: Actor) -> Words:
    """Ask somebody to look at a draft; one of an AI says so."""
    whose = f"by an AI ({work.by})" if kind_of(work.by) is not ActorKind.PERSON else f"by {work.by}"
    body = (
        f"Draft {work.id} of {work.activity}, {whose}; nothing is done before a person takes it over:\n{text[:2000]}\n"
        f"  escalate complete_activity {state.id} --by {person} --activity {work.activity} --draft {work.id}"
    )
    return f"{headline(state)} - draft of {work.activity} to look at", body


def travels_along(state: Escalation, offer: Handoff) -> str:
    """Write what goes with an offer beside reason and expectation: task, version of the packet, how often it moved."""
    lines = []
    if offer.task and offer.task_due is not None:
        whose = f" for {offer.assignee}" if offer.assignee else ""
        lines.append(f"Task{whose}, due {instant(offer.task_due)}: {offer.task}")
    if offer.reason != "other":
        lines.append(f"Why not here: {offer.reason.replace('_', ' ')}")
    if state.hops:
        lines.append(f"It has passed from one owner to another {counted(state.hops, 'time')} before.")
    if offer.packet_version:
        lines.append(f"Version {offer.packet_version} of the packet:")
    return "".join(f"{line}\n" for line in lines)


def given_back(state: Escalation, guidance: str, because: str) -> Words:
    """Give the case back to the AI that asked."""
    body = (
        f"Guidance: {guidance}\nWhy: {because}\nYou speak to the customer again; ask again when you reach your limit."
    )
    return f"{headline(state)} - given back to you with guidance", body
