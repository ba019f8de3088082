"""The words of messages about ownership: being consulted, informed, asked to look at a draft; a case given back."""

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Text, Words, headline, news, packet, text
from escalation.lifecycle.sentences import told
from escalation.model.ownership import WorkDraft
from escalation.model.state import Escalation
from escalation.values import Actor, ActorKind, kind_of


def consulted(state: Escalation, person: Actor, stage: str) -> Words:
    """Ask somebody for input."""
    body = (
        f"You are consulted on {state.id}, which is in {stage}: please say what you know. You need not act.\n"
        f"{packet(state)}\n"
        f"  escalate advise {state.id} --by {person} --text '...'"
    )
    said = text(state, "consulted", f"{headline(state)} - your input, please", body, stage=stage)
    return said._replace(values=said.values | values.packet(state))


def informed(state: Escalation, stage: str) -> Words:
    """Tell somebody that a stage has begun."""
    english = f"for your information: {state.id} is in {stage} now. You need not do anything"
    return news(state, told("informed", english, stage=stage))


_FOR_CUSTOMERS = {
    "triage": "Your case is being looked at.",
    "assignment": "Your case is being passed to the people who can help.",
    "approval": "Your case is being worked on; a decision is needed.",
    "resolution": "Somebody is working on your case.",
    "review": "Your case is solved; we look at what we can learn from it.",
}


def stage_for_customer(stage: str) -> Words:
    """Tell the customer how their case stands, in words of their side."""
    body = _FOR_CUSTOMERS.get(stage, "Your case is being worked on.")
    return Text("Your case: news", body, "stage_customer", grounds.plain({"stage": stage}))


def draft(state: Escalation, work: WorkDraft, written: str, person: Actor) -> Words:
    """Ask somebody to look at a draft; one of an AI says so."""
    ai = kind_of(work.by) is not ActorKind.PERSON
    whose = f"by an AI ({work.by})" if ai else f"by {work.by}"
    body = (
        f"Draft {work.id} of {work.activity}, {whose}; nothing is done before a person takes it over:\n"
        f"{written[:2000]}\n"
        f"  escalate complete_activity {state.id} --by {person} --activity {work.activity} --draft {work.id}"
    )
    subject = f"{headline(state)} - draft of {work.activity} to look at"
    said = {"draft": work.id, "activity": work.activity, "by": work.by, "ai": ai, "text": written[:2000]}
    return text(state, "work_draft", subject, body, **said)


def given_back(state: Escalation, guidance: str, because: str) -> Words:
    """Give the case back to the AI that asked."""
    body = (
        f"Guidance: {guidance}\nWhy: {because}\nYou speak to the customer again; ask again when you reach your limit."
    )
    subject = f"{headline(state)} - given back to you with guidance"
    return text(state, "given_back", subject, body, guidance=guidance, because=because)
