"""Stakeholders are told a statement: looked up, each person once, colleagues and customers in their own words."""

from collections.abc import Iterator

from escalation.lifecycle.case import requester_words
from escalation.lifecycle.changes.communication import update_of
from escalation.lifecycle.reactions.common import customer_note, find, key_of, notify
from escalation.lifecycle.statements import read_in, read_in_words, update_words
from escalation.lifecycle.statements.stakeholders import policy_of
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.communication import Update
from escalation.model.state import Escalation
from escalation.playbook.audiences import CUSTOMER
from escalation.values import Actor


def tell(state: Escalation, event: e.Event, name: str) -> Iterator[Action]:
    """Look up a stakeholder to be told the latest update of their audience."""
    talk = state.communication
    if talk is None or name not in talk.stakeholders:
        return
    standing = talk.stakeholders[name]
    purpose = f"update:{standing.version}/{name}"
    if standing.target == CUSTOMER:
        yield from _tell_customer(state, event, name, f"{purpose}/", by_ticket=True)
        return
    yield find(state, event, purpose, (standing.target,), f"find whom to tell: {name}")


def _tell_customer(state: Escalation, event: e.Event, name: str, what: str, *, by_ticket: bool) -> Iterator[Action]:
    """Tell the customer by the ticket's public note; where there is no ticket, directly. One message, not two."""
    said, standing = _latest(state, name), state.communication.stakeholders[name] if state.communication else None
    if said is None or standing is None:
        return
    text = requester_words.news_for_customer(said.text)
    if by_ticket and state.case_link is not None:
        key = key_of(state, event, f"{what}ticket")
        yield customer_note(state, key, text, summary="ticket: an update for the customer")
        return
    for person in standing.people:
        message = notify(
            state,
            event,
            person,
            MessageKind.CUSTOMER,
            text,
            summary=f"update the customer ({name})",
            what=f"{what}{person}",
        )
        yield message.changed({"asks": what.removesuffix("/")})


def not_on_ticket(state: Escalation, event: e.CaseUpdateFailed) -> Iterator[Action]:
    """Tell the customer directly what their ticket could not show."""
    talk, reference = state.communication, update_of(event.key)
    if talk is not None and talk.is_latest(reference):
        name = reference.partition("/")[2]
        yield from _tell_customer(state, event, name, f"update:{reference}/", by_ticket=False)


def _latest(state: Escalation, name: str) -> Update | None:
    """Return what a stakeholder was sent last; None: nothing yet."""
    talk = state.communication
    if talk is None:
        return None
    standing = talk.stakeholders[name]
    said = talk.updates.get(standing.audience)
    return said if said is not None and said.seq == standing.version else None


def found(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Send an update to whoever was found for a stakeholder; nothing when a later one was posted meanwhile.

    Whoever stands for several stakeholders has one message of it.
    """
    talk = state.communication
    if talk is None or not talk.is_latest(reference):
        return
    name = reference.partition("/")[2]
    policy, said, standing = policy_of(state, name), _latest(state, name), talk.stakeholders[name]
    late = read_in.concerns(state, standing.audience) and (said is None or standing.since > said.at)
    if said is None and not late:
        return
    for each in event.found.people:
        if said is not None and state.rules >= 1 and _has_it(state, each.person, name, said):
            continue
        if said is not None and _for_customers(state, standing.audience):
            text = requester_words.news_for_customer(said.text)
        elif said is None or late:
            text = read_in_words.concerned(state, name, each.person)
        else:
            text = update_words.update(state, name, said, each.person, event.found, now=event.at)
        what, summary = f"{event.purpose}/{each.person}", f"update {each.person} ({name})"
        message = notify(state, event, each.person, MessageKind.NEWS, text, summary=summary, what=what)
        channels = policy.channels if policy is not None else ()
        yield message.changed({"channels": channels, "asks": event.purpose})


def _for_customers(state: Escalation, audience: str) -> bool:
    policy = state.playbook.communication
    return policy is not None and policy.for_customers(audience)


def _has_it(state: Escalation, person: Actor, name: str, said: Update) -> bool:
    """Tell whether somebody is sent the same text already, as another stakeholder."""
    talk = state.communication
    return talk is not None and any(
        other != name
        and each.version == each.found_for == said.seq
        and person in each.people
        and talk.updates[each.audience].text == said.text
        for other, each in talk.stakeholders.items()
    )
