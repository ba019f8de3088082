"""What follows when people were found: they are paged, asked to decide, offered responsibility, or told."""

from collections.abc import Callable, Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import offers
from escalation.lifecycle.approvals import approval_words as gate_words
from escalation.lifecycle.ladder import ladder_words
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions import (
    communication,
    gates,
    incident,
    items,
    ownership,
    statements,
    telling,
    timeline,
)
from escalation.lifecycle.reactions.common import Reaction, notify, tell_owner
from escalation.lifecycle.sentences import sentence
from escalation.lifecycle.timeline.mentions import MENTION
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation


def _people_resolved(state: Escalation, event: e.PeopleResolved) -> Iterator[Action]:
    purpose, _, reference = event.purpose.partition(":")
    react_to = _FOUND_FOR.get(purpose)
    if react_to is not None:
        yield from react_to(state, event, reference)


def _page(state: Escalation, event: e.PeopleResolved, rung_id: str) -> Iterator[Action]:
    rung = state.rung
    if rung is None or rung.id != rung_id:
        return
    released = event.purpose.startswith("hours:")
    waited = rung.opened_at if released else None
    for found in event.found.people:
        if found.person in rung.held:
            continue
        text = ladder_words.page(state, found, event.found, event.at, waited)
        summary = f"page {found.person} ({rung.level}, round {rung.round})"
        matter = offers.page(rung, found.person)
        page = notify(state, event, found.person, MessageKind.PAGE, text, summary=summary, rung=rung.id, matter=matter)
        yield page.changed({"channels": rung.channels, "bundled": released}) if released or rung.channels else page


def _ask(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    gate = state.gate_asked(reference)
    policy = state.playbook.gate(gate.id) if gate else None
    if gate is None or policy is None:
        return
    if event.found.fell_back:
        yield from gates.passed_over(state, event, gate)
        deputy = reference.partition("/")[2].partition("/")[2]
        if state.rules >= 2 and deputy and policy.deputies[gate.deputies_asked - 1] != deputy:
            return  # the next deputy is asked already
        # Whoever is told instead may not decide: the playbook's owner is no department that has to agree.
        what = sentence("gate_nobody", gate=gate.id, notes=" ".join(event.found.notes))
        for found in event.found.people:
            text = words.news(state, what)
            yield notify(state, event, found.person, MessageKind.WARNING, text, summary=f"tell {found.person}: {what}")
        return
    for found in event.found.people:
        text = gate_words.approval(state, gate, policy, found.person)
        summary, matter = f"ask {found.person} to decide {gate.id}", offers.gate(state, gate, policy, found.person)
        yield notify(state, event, found.person, MessageKind.APPROVAL, text, summary=summary, matter=matter)
    if reference == f"{gate.id}/{gate.round}":
        yield from gates.passed_over(state, event, gate)
    if gate.vacant and reference == f"{gate.id}/{gate.round}":
        what = sentence("gate_vacant", gate=gate.id, notes=" ".join(event.found.notes))
        # The owner may be an approver too: two messages, and two keys.
        yield from tell_owner(state, event, what, summary=what, kind=MessageKind.WARNING, key="vacant")


def _offer(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    offer = state.handoff
    if offer is None or offer.id != reference:
        return
    for found in event.found.people:
        text = ladder_words.handoff(state, offer, found.person, event.found)
        summary, matter = f"offer hand-off to {found.person}", offers.handoff(offer, found.person)
        yield notify(state, event, found.person, MessageKind.PAGE, text, summary=summary, matter=matter)


def _tell(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    text = words.news(state, Sentence.again(reference, event.tells))
    for found in event.found.people:
        if state.owner is None or found.person != state.owner.actor:
            yield notify(
                state, event, found.person, MessageKind.WARNING, text, summary=f"tell {found.person}: {reference}"
            )


def nobody_left(state: Escalation, event: e.PeopleResolved) -> Iterator[Action]:
    """Tell somebody that not even the last resort leads to anybody; nothing of the case, since it may be about them."""
    rung = state.rung
    if rung is None or not rung.last_resort or rung.people or event.purpose != f"rung:{rung.id}":
        return
    for person in event.found.nobody:
        text = ladder_words.nobody_left(state)
        yield notify(state, event, person, MessageKind.WARNING, text, summary=f"tell {person}: nobody may take it")


_FOUND_FOR: dict[str, Callable[[Escalation, e.PeopleResolved, str], Iterator[Action]]] = {
    "rung": _page,
    "hours": _page,
    "gate": _ask,
    "handoff": _offer,
    "tell": _tell,
    "update": telling.found,
    communication.RELEASE: statements.releasers_found,
    ownership.RACI: ownership.stage_people_found,
    "oversight": ownership.oversight_found,
    communication.SPEAK: communication.speakers_found,
    MENTION: timeline.found,
    "item": items.offered,
    "check": items.asked_to_approve,
    incident.FIRST_UPDATE: incident.found,
}
"""By the kind of a purpose."""

REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.PeopleResolved: _people_resolved,
}
