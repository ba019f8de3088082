"""Who hears how it goes out: whoever was called, works on it, or was promised updates; each once of each step.

Customers hear nothing of what is only proposed. Whoever is asked whether it is solved, or is told of the stage, knows.
"""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.message_values import LONG, Sentence
from escalation.lifecycle.ownership import ownership_words
from escalation.lifecycle.reactions.common import notify, owner_of
from escalation.lifecycle.reactions.ownership import RACI
from escalation.lifecycle.sentences import told
from escalation.lifecycle.work.item_powers import is_person
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.playbook.schema import Stage
from escalation.values import Actor, ActorKind, kind_of


def solution_proposed(state: Escalation, event: e.ResolutionProposed) -> Iterator[Action]:
    """Say who solved it and how, also to an owner who was not asked before."""
    due = f"; whoever confirms it is asked until {words.instant(event.confirm_due)}" if event.confirm_due else ""
    what = told(
        "solution_proposed",
        f"{event.by} proposes a solution: {event.resolution}{due}",
        by=event.by,
        text=grounds.cut(event.resolution, LONG),
        due=event.confirm_due or "",
    )
    asked = state.requested_by if event.confirm_due is not None and not state.customer_confirms else ""
    yield from _tell(state, event, what, {event.by, asked})


def solution_rejected(state: Escalation, event: e.ResolutionRejected, what: Sentence) -> Iterator[Action]:
    """Take it back where it was heard; the owner is told beside this."""
    yield from _tell(state, event, what, {event.by, *owner_of(state)})


def solution_confirmed(state: Escalation, event: e.ResolutionConfirmed) -> Iterator[Action]:
    """Say to the customers among the stakeholders that it is solved, unless they have said so themselves."""
    know = {event.by, *state.ownership.stage_told.get(Stage.REVIEW, ())}
    if state.customer_confirms and state.customer is not None:
        know.add(f"customer:{state.customer.id}")
    text = ownership_words.stage_for_customer(Stage.REVIEW)
    for person in stakeholders(state, customers=True):
        if person not in know and person not in internal(state):
            kind = MessageKind.CUSTOMER if kind_of(person) is ActorKind.CUSTOMER else MessageKind.NEWS
            yield notify(
                state, event, person, kind, text, summary=f"tell {person}: solved", what=f"{RACI}/solved/{person}"
            )


def closed(state: Escalation, event: e.Closed) -> Iterator[Action]:
    """Say that it is over, but for whoever did what was left to do."""
    solution = grounds.cut(state.resolution.text, LONG) if state.resolution is not None else ""
    english = f"it is closed: the review is in and every action item is done. Solution: {solution}"
    yield from _tell(state, event, told("closed", english, text=solution), {_caused_by(state, event)})


def _caused_by(state: Escalation, event: e.Closed) -> Actor:
    """Return whose command led to the close, which the engine records: the latest person at that instant."""
    before = (each for each in reversed(state.tail) if each.seq < event.seq)
    return next((each.by for each in before if each.at == event.at and is_person(each.by)), "")


def stood_down(state: Escalation, event: e.StoodDown, what: Sentence) -> Iterator[Action]:
    """Say to those who were kept informed, and take no part, that it is no incident any more."""
    for person in stakeholders(state, customers=False):
        if person not in _working(state) and person != event.by:
            yield _news(state, event, what, person)


def _tell(state: Escalation, event: e.Event, what: Sentence, known: set[Actor]) -> Iterator[Action]:
    for person in internal(state):
        if person not in known:
            yield _news(state, event, what, person)


def _news(state: Escalation, event: e.Event, what: Sentence, person: Actor) -> Action:
    text, summary = words.news(state, what), f"tell {person}: {what[:80]}"
    # Whoever only hears of it does not become one of those who are called: by the key of what is told of a stage.
    works = person in state.people or person in state.told
    key = "" if works else f"{RACI}/heard/{person}"
    return notify(state, event, person, MessageKind.NEWS, text, summary=summary, what=key)


def internal(state: Escalation) -> tuple[Actor, ...]:
    """Return the people who hear of every step, each once: who works on it, was called, asked for it, is informed."""
    people = (*_working(state), state.requested_by, *stakeholders(state, customers=False))
    return tuple(person for person in dict.fromkeys(people) if is_person(person))


def _working(state: Escalation) -> tuple[Actor, ...]:
    roles = state.ownership
    named = (each for each in (roles.commander, roles.communicator) if each is not None)
    return (*owner_of(state), *named, *(each for item in state.open_items for each in item.holders), *state.told)


def stakeholders(state: Escalation, *, customers: bool) -> tuple[Actor, ...]:
    """Return who was told as a stakeholder: those who read what colleagues do, or those who read what customers do."""
    talk, policy = state.communication, state.playbook.communication
    if talk is None or policy is None:
        return ()
    standings = (each for each in talk.stakeholders.values() if policy.for_customers(each.audience) == customers)
    return tuple(dict.fromkeys(person for each in standings for person in each.people))
