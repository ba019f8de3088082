"""Messages: what happened, why this person, what to do, until when, and how to answer.

Each says it as values, for templates in the receiver's language, and in plain English, with instants in UTC, where
there is none. Each message can be understood without any other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from escalation.lifecycle import message_values as values
from escalation.lifecycle.incident.incident_lines import incident_lines
from escalation.lifecycle.ladder import powers
from escalation.lifecycle.message_values import Sentence, Text, Words, instant, short, shown
from escalation.lifecycle.targets import being_called
from escalation.model.actions import Said
from escalation.model.parts import Handoff, Rung
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.people.found import FoundPerson, People
from escalation.playbook.clocks import LEVEL_UP, ClockName
from escalation.values import Actor, counted

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


def text(state: Escalation, what: str, subject: str, body: str, /, **more: object) -> Text:
    """Say something to those who work on it: in plain English, and as the message ``what`` with its values."""
    return Text(subject, body, what, values.common(state) | values.plain(more))


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
    if state.missing:
        lines.append(f"Missing from the packet: {', '.join(state.missing)}")
    if state.exception:
        lines.append(f"Sent incomplete: {state.exception}")
    if state.repeat_of:
        lines.append("This is a repeat: an earlier escalation with the same key was closed before.")
    return "\n".join(lines)


def instead(found: People) -> str:
    """Say that the playbook's owner is told because nobody else could be found; empty when somebody was."""
    return "; nobody else could be found: " + " ".join(found.notes) if found.fell_back else ""


def take_before(state: Escalation, now: datetime) -> datetime | None:
    """Return until when the open round is to be taken: its own end, or the limit to acknowledge where that is earlier.

    None while no round is open.
    """
    rung, clock = state.rung, state.clocks.get(ClockName.ACKNOWLEDGE)
    if rung is None:
        return None
    runs = clock is not None and clock.stopped_at is None and not clock.paused and not clock.breached
    return min(rung.due, clock.due) if clock is not None and runs and clock.due > now else rung.due


def _until(state: Escalation, rung: Rung, now: datetime) -> str:
    before = take_before(state, now) or rung.due
    if before == rung.due:
        return f"Take it before {instant(rung.due)}, or it goes on to the next."
    then = "goes up" if _goes_up(state) else f"is late, and at {instant(rung.due)} it goes on to the next"
    return f"Take it before {instant(before)}, the limit to acknowledge: after that it {then}."


def page(state: Escalation, person: FoundPerson, found: People, now: datetime, waited: datetime | None = None) -> Words:
    """Ask somebody to take it; ``waited`` is since when that has waited for their working hours."""
    rung = state.rung
    if rung is None:
        return headline(state), packet(state)
    receiver = person.person
    why = f"{person.via}{f' ({person.note})' if person.note else ''}; {rung.level}, round {rung.round}"
    why += f"; it has waited for your working hours since {instant(waited)}" if waited is not None else ""
    body = (
        f"{packet(state)}\n"
        f"You are called because: {why}{instead(found)}\n"
        f"{_answers_for(state)}"
        f"{_silent(state, receiver)}"
        f"{_until(state, rung, now)}\n"
        f"  escalate acknowledge {state.id} --by {receiver}\n"
        f"  escalate decline {state.id} --by {receiver} --because '...'"
    )
    before, policy, owner = take_before(state, now) or rung.due, state.level_policy, state.owner
    said = text(
        state,
        "page",
        f"{headline(state)} - please acknowledge",
        body,
        via=person.via,
        note=person.note,
        level=rung.level,
        round=rung.round,
        waited_since=waited,
        responsible_for=policy.responsible_for if policy is not None else (),
        powers=[powers.said(power) for power in policy.may_escalate] if policy is not None else (),
        silent=owner.actor if owner is not None and owner.lapsed else "",
        until=before,
        then="next" if before == rung.due else "up" if _goes_up(state) else "late",
        round_ends=rung.due,
    )
    return said._replace(values=said.values | values.found(found) | values.packet(state))


def _goes_up(state: Escalation) -> bool:
    return state.playbook.clocks[ClockName.ACKNOWLEDGE].on_breach == LEVEL_UP


def _answers_for(state: Escalation) -> str:
    """Say what this level answers for and who may hand it up from here, where the playbook says so."""
    policy = state.level_policy
    if policy is None:
        return ""
    answers = f"{policy.id} answers for: {', '.join(policy.responsible_for)}\n" if policy.responsible_for else ""
    may = "; ".join(powers.said(power) for power in policy.may_escalate)
    return answers + (f"May escalate from here: {may}\n" if may else "")


def _silent(state: Escalation, person: Actor) -> str:
    owner = state.owner
    if owner is None or not owner.lapsed:
        return ""
    if owner.actor == person:
        return "You took it, and nothing was heard of you since: acknowledge again if you still have it.\n"
    return f"{owner.actor} took it, and nothing was heard of them since.\n"


def nobody_left(state: Escalation) -> Words:
    """Say that there is nobody to take it, and nothing of what it is about: it may be about whoever reads this."""
    body = (
        f"An escalation by playbook {state.playbook.playbook} has nobody who may take it: those who would be called "
        "are away, unknown to the directory, or concerned by it. Please have somebody added who may."
    )
    return Text("An escalation has nobody who may take it", body, "nobody_left", {"playbook": state.playbook.playbook})


def taken(state: Escalation) -> Words:
    """Tell those who were paged that somebody has it."""
    owner = state.owner.actor if state.owner else state.accountable
    body = f"{owner} has taken {state.id}. You need not do anything."
    return text(state, "page_taken", f"{headline(state)} - taken by {owner}", body, owner=owner)


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
    said = values.plain({"parts": parts, "due": due})
    return Text("Your case: please tell us more", body, "input_request_customer", said)


def automated_for_customer(text: str) -> Words:
    """Tell a customer what the playbook has told them, and nothing of how it is worked on."""
    return Text("Your case: news", text, "customer_news", values.plain({"text": text}))


def handoff(state: Escalation, offer: Handoff, person: Actor, found: People, along: str = "") -> Words:
    """Offer responsibility; ``along`` is what travels with it beside reason, expectation and packet."""
    body = (
        f"{offer.offered_by} offers you responsibility for {state.id}: {offer.because}{instead(found)}\n"
        f"What is expected: {offer.expectation}\n"
        f"{along}"
        f"{packet(state)}\n"
        f"Accept before {instant(offer.due)}; until then {state.accountable} stays responsible.\n"
        f"  escalate accept_handoff {state.id} --by {person}\n"
        f"  escalate decline_handoff {state.id} --by {person} --because '...'"
    )
    subject = f"{headline(state)} - hand-off offered"
    if along:
        return subject, body
    said = text(
        state,
        "handoff",
        subject,
        body,
        by=offer.offered_by,
        because=offer.because,
        expectation=offer.expectation,
        accountable=state.accountable,
        due=offer.due,
    )
    return said._replace(values=said.values | values.found(found) | values.packet(state))


def resolution_proposed(state: Escalation) -> Words:
    """Tell whoever confirms what was done, and until when they may answer."""
    resolution = state.resolution
    if resolution is None:
        return headline(state), ""
    until = f"\nPlease answer before {instant(resolution.confirm_due)}." if resolution.confirm_due else ""
    said = values.plain({"text": resolution.text, "due": resolution.confirm_due})
    return Text("Your case: a solution is proposed", f"{resolution.text}{until}", "resolution_proposed", said)


def ended_for_customer() -> Words:
    """Tell the customer that it ended without a solution; why is for those who work on it."""
    body = "Your case was ended without a solution. Please write to us if you still need help."
    return Text("Your case was ended", body, "ended_customer")


def returned_for_customer() -> Words:
    """Tell a customer that their request was not passed on; why is for those who work on it."""
    body = "Your case stays with those who have it now. Please write to us if it is not solved."
    return Text("Your case is not passed on", body, "returned_customer")


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


_SUBJECT: Final = 80
"""How much of a piece of news stands in its subject."""


def news(state: Escalation, sentence: str) -> Words:
    """Tell somebody something in one sentence, with where it stands; a ``Sentence`` is told in their language."""
    brief = sentence if len(sentence) <= _SUBJECT else f"{sentence[: _SUBJECT - 4]} ..."
    subject, body = f"{headline(state)} - {brief}", f"{sentence}\n{situation(state)}"
    if not isinstance(sentence, Sentence):
        return subject, body
    said = sentence.said
    return Text(subject, body, said.template, values.common(state) | values.where(state) | said.values)


def retold(english: str, said: Said | None) -> str:
    """Return a sentence as it was before it waited for the people who are told it."""
    return Sentence.again(english, said) if said is not None else english


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
