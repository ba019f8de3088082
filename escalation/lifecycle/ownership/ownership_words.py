"""The words of messages about ownership: being consulted, informed, asked to look at a draft; a case given back."""

from datetime import datetime
from typing import Literal

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Text, Words, headline, instant, news, packet, text
from escalation.lifecycle.sentences import told
from escalation.lifecycle.statements.missing import audiences, texts
from escalation.model import events as e
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


def role_given(state: Escalation, event: e.CommunicatorNamed | e.CommanderNamed) -> Words:
    """Tell somebody which part they have from now on, what it asks of them by when, and how."""
    role: Literal["communicator", "commander"] = "communicator"
    if isinstance(event, e.CommanderNamed):
        role = "commander"
    incident, talk = state.incident, state.communication
    first_update = None
    if incident is not None and incident.first_update_due is not None:
        first_update = incident.first_update_limit or incident.first_update_due
    speaks = role == "communicator" and talk is not None
    update_due = talk.due if talk is not None and speaks else None
    what = texts(state, audiences(state)) if speaks else ""
    leads = role == "commander" and incident is not None and incident.declared
    who = f"{state.id} --by {event.who}"
    lines = [f"{event.by} named you {role} of {state.id}: {event.because}"]
    if first_update is not None:
        lines.append(f"The first update of the incident {_due(first_update, event.at)}.")
        lines.append(
            f"  escalate report_baseline {who} --what-happened '...' --who-is-affected '...' --why-urgent '...'"
        )
    if update_due is not None:
        lines.append(f"An update to the stakeholders {_due(update_due, event.at)}.")
    lines += [f"  escalate post_update {who} {what}"] if what else []
    if leads:
        lines.append("You say what comes first, keep the action plan, and have the incident stood down.")
        lines.append(f"  escalate set_priorities {who} --priority '...'")
        step = "--section execution_plan --typed execution --text '...' --owner ... --due ..."
        lines.append(f"  escalate file_in_plan {who} {step}")
        lines.append(f"  escalate stand_down {who} --because '...'")
    said = told(
        "role_given",
        lines[0],
        by=event.by,
        role=role,
        because=event.because,
        first_update=first_update,
        first_update_late=first_update is not None and first_update <= event.at,
        update_due=update_due,
        update_late=update_due is not None and update_due <= event.at,
        texts=what,
        leads=leads,
    )
    words = news(state, said)
    return words._replace(body="\n".join((*lines, words.body.partition("\n")[2])))


def _due(at: datetime, now: datetime) -> str:
    return f"was due {instant(at)} and is late" if at <= now else f"is due {instant(at)}"


def role_passed(state: Escalation, event: e.CommunicatorNamed | e.CommanderNamed) -> Words:
    """Tell somebody that another one has the part that they had."""
    role, does = ("communicator", "speaks to the stakeholders of")
    if isinstance(event, e.CommanderNamed):
        role, does = ("commander", "commands")
    english = f"{event.who} {does} {state.id} now, in your place: {event.because}"
    return news(state, told("role_passed", english, who=event.who, role=role, because=event.because))


def given_back(state: Escalation, guidance: str, because: str) -> Words:
    """Give the case back to the AI that asked."""
    body = (
        f"Guidance: {guidance}\nWhy: {because}\nYou speak to the customer again; ask again when you reach your limit."
    )
    subject = f"{headline(state)} - given back to you with guidance"
    return text(state, "given_back", subject, body, guidance=guidance, because=because)
