"""What messages are made of: headline, packet, news, where it stands.

Each says it as values, for templates in the receiver's language, and in plain English, with instants in UTC, where
there is none. Each message can be understood without any other. The words of each concern stand beside its rules.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from escalation.lifecycle import message_values as values
from escalation.lifecycle.case.lacks import lacks
from escalation.lifecycle.grounds import plain
from escalation.lifecycle.incident.incident_lines import incident_lines
from escalation.lifecycle.message_values import Sentence, Text, Words, instant, short, shown
from escalation.lifecycle.targets import being_called
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.messages.ids import MessageId, NewsTemplate
from escalation.values import counted

__all__ = ["Text", "Words", "instant", "shown"]


def explain_reason(reason: Reason) -> str:
    """Write a reason with the facts it read and the words that matched."""
    return f"{reason.trigger}: {grounds(reason.because, reason.facts, reason.words)}"


def grounds(because: str, facts: Mapping[str, object], words: Sequence[str] = ()) -> str:
    """Write why something is so, with the facts it read and the words that matched."""
    read = ", ".join(f"{name}={shown(value)}" for name, value in facts.items() if name != "keywords")
    said = f"said: {', '.join(words)}" if words else ""
    known = "; ".join(filter(None, [read, said]))
    return because + (f" ({known})" if known else "")


def headline(state: Escalation) -> str:
    """Name the escalation in one line: severity and what it is about."""
    return f"[{state.severity}] {values.about(state)}"


def text(state: Escalation, what: MessageId, subject: str, body: str, /, **more: object) -> Text:
    """Say something to those who work on it: in plain English, and as the message ``what`` with its values."""
    return Text(subject, body, what, values.common(state) | plain(more))


def packet(state: Escalation) -> str:
    """Write the context packet: the ask first, then what is needed to decide."""
    context = state.context
    lines = []
    if context.help_needed:
        lines.append(f"What is asked: {short(context.help_needed)}")
    lines += incident_lines(state)
    lines.append("Why it was escalated:")
    lines += [f"  - {explain_reason(reason)}" for reason in state.reasons]
    if context.summary:
        lines.append(f"Summary: {short(context.summary)}")
    if context.impact:
        lines.append(f"Impact: {short(context.impact)}")
    if context.constraints:
        lines.append(f"Constraints: {short(context.constraints)}")
    lines += [f"{name}: {short(value)}" for name, value in values.brought_along(state)]
    if context.attempted_solutions:
        lines.append("Tried so far:")
        lines += [
            f"  - {short(attempt.what, 300)}: {short(attempt.result, 300)}"
            for attempt in context.attempted_solutions[-10:]
        ]
    if context.conversation:
        last = context.conversation[-1]
        said = counted(len(context.conversation), "turn")
        lines.append(f"Conversation: {said}, the last by {last.author}: {last.text[:300]}")
    if state.due_at is not None:
        lines.append(f"Due: {instant(state.due_at)}")
    lines += customer_lines(state)
    missing, because = lacks(state)
    if missing:
        lines.append(f"Missing from the packet: {', '.join(missing)}")
    if because:
        lines.append(f"Sent incomplete: {because}")
    if state.repeat_of:
        lines.append("This is a repeat: an earlier escalation with the same key was closed before.")
    return "\n".join(lines)


def customer_lines(state: Escalation) -> list[str]:
    """Say what the CRM knows of the customer, as far as it bears on deciding."""
    known = values.crm(state)
    tier, company = (f"{name} {known[name]}" if known.get(name) else "" for name in ("tier", "company"))
    tickets = counted(known["open_tickets"], "open ticket") if known else ""
    said = ", ".join(filter(None, [tier, company, tickets]))
    return [f"Customer: {said} (as of {instant(known['at'])})"] if known else []


def instead(found: People) -> str:
    """Say that the playbook's owner is told because nobody else could be found; empty when somebody was."""
    return "; nobody else could be found: " + " ".join(found.notes) if found.fell_back else ""


_SUBJECT: Final = 80
"""How much of a piece of news stands in its subject."""


def plainly(state: Escalation, english: str) -> Words:
    """Tell somebody something in one sentence of plain English, with where it stands."""
    brief = english if len(english) <= _SUBJECT else f"{english[: _SUBJECT - 4]} ..."
    return Text(f"{headline(state)} - {brief}", f"{english}\n{situation(state)}")


def news(state: Escalation, sentence: Sentence) -> Words:
    """Tell somebody something in one sentence, with where it stands, in their language."""
    plain, said = plainly(state, sentence), sentence.said
    if not said.template:
        return plain
    said_and_where = values.common(state) | values.where(state) | said.values
    return plain._replace(template=NewsTemplate(said.template), values=said_and_where)


def situation(state: Escalation) -> str:
    """Say where it stands in one line."""
    if state.ended:
        return f"{state.id} has ended: {state.outcome}; {state.outcome_because}"
    level = f" at {state.level.id}" if state.level else ""
    called = being_called(state)
    calls = f"; being called: {', '.join(called)}" if called else ""
    where = f"{state.id} is in {state.stage}{level}, waiting on {state.waiting_on}"
    asked = f"; severity {state.lowering.severity} waits for its approval" if state.lowering is not None else ""
    if state.incident is not None and state.incident.declared:
        asked += f"; an incident since {instant(state.incident.declared_at)}"
    return f"{where}; accountable: {state.accountable}{calls}{asked}."
