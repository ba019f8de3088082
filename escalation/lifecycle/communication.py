"""The words of messages: what happened, why this person, what to do, until when, and how to answer.

Instants are written in UTC; each message can be understood without any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from escalation.lifecycle import powers
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.incident_lines import incident_lines
from escalation.lifecycle.targets import being_called
from escalation.model.parts import Gate, Handoff, Item, Rung
from escalation.model.request import Reason
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.clocks import LEVEL_UP, ClockName
from escalation.playbook.schema import Expiry, GatePolicy
from escalation.values import ENGINE, Actor, counted

Words = tuple[str, str]
"""Subject and body."""


def instant(at: datetime) -> str:
    """Write an instant for people: ``2026-11-21 14:05 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def explain_reason(reason: Reason) -> str:
    """Write a reason with the facts it read and the words that matched."""
    return f"{reason.trigger}: {grounds(reason.because, reason.facts, reason.words)}"


def grounds(because: str, facts: Mapping[str, object], words: Sequence[str] = ()) -> str:
    """Write why something is so, with the facts it read and the words that matched."""
    read = ", ".join(f"{name}={shown(value)}" for name, value in facts.items() if name != "keywords")
    said = f"said: {', '.join(words)}" if words else ""
    known = "; ".join(filter(None, [read, said]))
    return because + (f" ({known})" if known else "")


def shown(value: object) -> str:
    """Write a fact's value."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def headline(state: Escalation) -> str:
    """Name the escalation in one line: severity, what it is about, its id."""
    about = state.context.summary or (f"{state.case.system} {state.case.id}" if state.case else state.id)
    first = about.strip().splitlines()[0] if about.strip() else state.id
    return f"[{state.severity}] {first[:120]}"


def packet(state: Escalation) -> str:
    """Write the context packet: the ask first, then what is needed to decide."""
    context = state.context
    lines = []
    if context.help_needed:
        lines.append(f"What is asked: {_short(context.help_needed)}")
    lines += incident_lines(state)
    lines.append("Why it was escalated:")
    lines += [f"  - {explain_reason(reason)}" for reason in state.reasons]
    if context.summary:
        lines.append(f"Summary: {_short(context.summary)}")
    if context.impact:
        lines.append(f"Impact: {_short(context.impact)}")
    if context.constraints:
        lines.append(f"Constraints: {_short(context.constraints)}")
    lines += [f"{name}: {_short(value)}" for name, value in _brought_along(state)]
    if context.attempted_solutions:
        lines.append("Tried so far:")
        lines += [
            f"  - {_short(attempt.what, 300)}: {_short(attempt.result, 300)}"
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


def _brought_along(state: Escalation) -> Iterator[tuple[str, str]]:
    """Yield the facts that a case of this kind must bring along: what was asked for is there for whoever is called."""
    asked = {name: policy.required_when for name, policy in state.playbook.fields.items() if policy.required_when}
    facts = derive(basis_of(state)) if asked else {}
    for name, when in asked.items():
        if name in facts and condition(state.playbook, when).true(facts):
            value = facts[name]
            yield name, ", ".join(value) if isinstance(value, tuple | list) else shown(value)


def instead(found: People) -> str:
    """Say that the playbook's owner is told because nobody else could be found; empty when somebody was."""
    return "; nobody else could be found: " + " ".join(found.notes) if found.fell_back else ""


def _short(text: str, most: int = 2_000) -> str:
    """Keep a message readable, and small enough for every channel; the packet has all of it."""
    return text if len(text) <= most else f"{text[:most]} ... (shortened; escalate show has the whole packet)"


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
    up = state.playbook.clocks[ClockName.ACKNOWLEDGE].on_breach == LEVEL_UP
    then = "goes up" if up else f"is late, and at {instant(rung.due)} it goes on to the next"
    return f"Take it before {instant(before)}, the limit to acknowledge: after that it {then}."


def page(state: Escalation, person: Actor, why: str, now: datetime) -> Words:
    """Ask somebody to take it."""
    rung = state.rung
    if rung is None:
        return headline(state), packet(state)
    body = (
        f"{packet(state)}\n"
        f"You are called because: {why}\n"
        f"{_answers_for(state)}"
        f"{_silent(state, person)}"
        f"{_until(state, rung, now)}\n"
        f"  escalate acknowledge {state.id} --by {person}\n"
        f"  escalate decline {state.id} --by {person} --because '...'"
    )
    return f"{headline(state)} - please acknowledge", body


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
    return "An escalation has nobody who may take it", body


def taken(state: Escalation) -> Words:
    """Tell those who were paged that somebody has it."""
    owner = state.owner.actor if state.owner else state.accountable
    return f"{headline(state)} - taken by {owner}", f"{owner} has taken {state.id}. You need not do anything."


_SILENCE: Final = {
    Expiry.HALT: "it stays blocked, and whoever is accountable is told",
    Expiry.DENY: "it counts as refused",
    Expiry.ESCALATE: "it stays blocked and goes up a level",
    Expiry.NEXT_DEPUTY: "the next deputy is asked",
    Expiry.APPROVE: "it counts as approved",
}


def approval(state: Escalation, gate: Gate, policy: GatePolicy, person: Actor, note: str = "") -> Words:
    """Ask an approver to decide."""
    facts = derive(basis_of(state))
    asked = "\n".join(f"  {name}: {shown(facts[name])}" for name in state.playbook.subject_of(policy) if name in facts)
    again = "This is a new approval: what was approved before has changed.\n" if gate.round > 1 else ""
    body = (
        f"{again}To decide: {policy.title or policy.id}{note}\n"
        + (f"{asked}\n" if asked else "")
        + _lowering(state, policy)
        + f"{packet(state)}\n"
        + f"Opened by {state.requested_by}"
        + (f"; {state.owner.actor} works on it\n" if state.owner is not None else "\n")
        + f"Decide before {instant(gate.due)}; after that {_SILENCE[policy.on_expiry]}.\n"
        + f"  escalate approve {state.id} --by {person} --gate {gate.id} --digest {gate.digest}\n"
        + f"  escalate reject {state.id} --by {person} --gate {gate.id} --digest {gate.digest} --because '...'"
    )
    return f"{headline(state)} - approval needed: {policy.title or policy.id}", body


def _lowering(state: Escalation, policy: GatePolicy) -> str:
    asked = state.lowering if policy.before == "lowering" else None
    if asked is None:
        return ""
    why = _short(asked.because, 300)
    return f"{asked.by} asks to make it milder: {state.severity} to {asked.severity}, because {why}\n"


def gate_closed(state: Escalation, gate: Gate) -> Words:
    """Tell the owner how an approval ended."""
    words = {"passed": "approved", "rejected": "rejected", "voided": "void", "withdrawn": "no longer needed"}
    how = "skipped" if gate.skipped else words.get(gate.state, gate.state)
    policy = state.playbook.gate(gate.id)
    asked = f" ({policy.title})" if policy is not None and policy.title else ""
    why = gate.because if gate.because.startswith(how) else f"{how}: {gate.because}"
    return f"{headline(state)} - {gate.id}: {how}", f"Approval {gate.id}{asked} of {state.id}: {why}."


def input_request(state: Escalation, parts: tuple[str, ...], due: datetime) -> Words:
    """Ask the requester for what is missing."""
    body = (
        f"{state.id} cannot be handed to people yet. Missing: {', '.join(parts)}.\n"
        f"Supply it before {instant(due)}; after that people are told without it.\n"
        f"  escalate provide_input {state.id} --by {state.requested_by} ..."
    )
    return f"{headline(state)} - needs input", body


def input_request_for_customer(parts: tuple[str, ...], due: datetime) -> Words:
    """Ask a customer who asked for a person for what is missing, in words of their side."""
    named = ", ".join(part.replace("_", " ").replace(".", " ") for part in parts)
    until = f"Please answer before {instant(due)}, or it is passed on as it is."
    return "Your case: please tell us more", f"To pass your case on we still need: {named}.\n{until}"


def automated_for_customer(text: str) -> Words:
    """Tell a customer what the playbook has told them, and nothing of how it is worked on."""
    return "Your case: news", text


def handoff(state: Escalation, offer: Handoff, person: Actor, note: str = "", along: str = "") -> Words:
    """Offer responsibility; ``along`` is what travels with it beside reason, expectation and packet."""
    body = (
        f"{offer.offered_by} offers you responsibility for {state.id}: {offer.because}{note}\n"
        f"What is expected: {offer.expectation}\n"
        f"{along}"
        f"{packet(state)}\n"
        f"Accept before {instant(offer.due)}; until then {state.accountable} stays responsible.\n"
        f"  escalate accept_handoff {state.id} --by {person}\n"
        f"  escalate decline_handoff {state.id} --by {person} --because '...'"
    )
    return f"{headline(state)} - hand-off offered", body


def resolution_proposed(state: Escalation) -> Words:
    """Tell whoever confirms what was done, and until when they may answer."""
    resolution = state.resolution
    if resolution is None:
        return headline(state), ""
    until = f"\nPlease answer before {instant(resolution.confirm_due)}." if resolution.confirm_due else ""
    return "Your case: a solution is proposed", f"{resolution.text}{until}"


def ended_for_customer() -> Words:
    """Tell the customer that it ended without a solution; why is for those who work on it."""
    return "Your case was ended", "Your case was ended without a solution. Please write to us if you still need help."


def returned_for_customer() -> Words:
    """Tell a customer that their request was not passed on; why is for those who work on it."""
    return (
        "Your case is not passed on",
        "Your case stays with those who have it now. Please write to us if it is not solved.",
    )


def review_due(state: Escalation) -> Words:
    """Ask for the review."""
    review = state.review
    due = instant(review.next_due) if review else ""
    parts = ", ".join(state.playbook.review.requires)
    body = (
        f"{state.id} is resolved. Please submit its review before {due}: {parts}.\n"
        f"  escalate submit_review {state.id} --by {state.accountable} --lesson '...'"
    )
    return f"{headline(state)} - review due", body


def item_due(state: Escalation, item: Item) -> Words:
    """Remind the owner of an action item."""
    late = f" It is late: reminder {item.chased}." if item.chased else ""
    giver = f"automation {item.automation}" if item.automation else item.by
    given = f" Given by {giver}." if giver not in {None, ENGINE, item.owner} else ""
    body = (
        f"{item.title}\nDue {instant(item.due)}.{late}{given}\n"
        f"  escalate complete_item {state.id} --item {item.id} --by {item.owner}"
    )
    return f"{headline(state)} - action item {item.id}", body


_SUBJECT: Final = 80
"""How much of a piece of news stands in its subject."""


def news(state: Escalation, text: str) -> Words:
    """Tell somebody something in one sentence, with where it stands."""
    short = text if len(text) <= _SUBJECT else f"{text[: _SUBJECT - 4]} ..."
    return f"{headline(state)} - {short}", f"{text}\n{situation(state)}"


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
