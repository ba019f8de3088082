"""What the tables of reactions share: keys, messages, look-ups, and the ticket."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from escalation.lifecycle import communication as words
from escalation.lifecycle.case.needs import needs
from escalation.lifecycle.changes.common import new
from escalation.lifecycle.ladder import ladder_words
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.offers import NOTHING, Matter
from escalation.lifecycle.targets import expand
from escalation.model import events as e
from escalation.model.actions import Action, FindPeople, LoadPlaybook, MessageKind, Notify, UpdateCase
from escalation.model.state import Escalation
from escalation.model.ticket import TicketStatus
from escalation.values import Actor, ActorKind, kind_of

Reaction = Callable[[Escalation, Any], Iterator[Action]]
"""Takes the state after all events of a command, and one of them."""


def key_of(state: Escalation, event: e.Event, what: str) -> str:
    """Return the key of an action: the same event always gives the same one."""
    return f"{state.instance}/{event.seq}/{what}"


_ASKING = (MessageKind.PAGE, MessageKind.APPROVAL)


def notify(  # noqa: PLR0913 - what is said of a message
    state: Escalation,
    event: e.Event,
    to: Actor,
    kind: MessageKind,
    text: words.Words,
    *,
    summary: str,
    rung: str | None = None,
    what: str = "",
    matter: Matter = NOTHING,
) -> Notify:
    """Send one message; ``what`` tells two messages apart that one event sends to the same person.

    ``matter`` is what it asks for, and the ways to answer.
    """
    return new(
        Notify,
        key=key_of(state, event, what or to),
        to=to,
        kind=kind,
        subject=text.subject,
        body=text.body,
        **templated(state, text, for_customer=kind_of(to) is ActorKind.CUSTOMER),
        urgent=kind in (MessageKind.PAGE, MessageKind.APPROVAL) and state.severity_rank <= 1,
        rung=rung,
        asks=event.purpose if isinstance(event, e.PeopleResolved) and kind in _ASKING else None,
        respond_by=ladder_words.take_before(state, event.at) if rung is not None else None,
        escalation=state.id,
        seq=event.seq,
        decided_at=event.at,
        offers=matter.offers,
        matter=matter.name,
        summary=summary,
    )


def templated(state: Escalation, text: words.Words, *, for_customer: bool) -> dict[str, Any]:
    """Return what a text's template needs. A customer's language comes with the request, their zone nobody knows."""
    customer = state.customer if for_customer else None
    return {
        "template": text.template,
        "values": dict(text.values),
        "templates": state.playbook.templates.get(text.template, {}),
        "locale": customer.locale if customer is not None else "",
        "time_zone": next((each.time_zone for each in state.playbook.calendars.values()), "") if customer else "",
    }


def tell_owner(
    state: Escalation,
    event: e.Event,
    what: Sentence,
    *,
    summary: str,
    kind: MessageKind = MessageKind.NEWS,
    key: str = "",
) -> Iterator[Notify]:
    """Tell the owner, when there is one, something in one sentence; ``summary`` goes on after ``tell OWNER: ``."""
    for owner in owner_of(state):
        text = words.news(state, what)
        yield notify(state, event, owner, kind, text, summary=f"tell {owner}: {summary}", what=key)


def tells(
    state: Escalation, event: e.Event, what: Sentence, targets: Iterable[str], summary: str, **more: Any
) -> FindPeople:
    """Look up people who are told something in one sentence; it is found again in the answer."""
    return find(state, event, f"tell:{what}", targets, summary, tells=what.said, **more)


def find(
    state: Escalation, event: e.Event, purpose: str, targets: Iterable[str], summary: str, **more: Any
) -> FindPeople:
    """Look up people; ``purpose`` comes back with the answer."""
    return new(
        FindPeople,
        key=key_of(state, event, purpose),
        purpose=purpose,
        targets=expand(state, targets),
        at=event.at,
        summary=summary,
        **needs(state),
        **{"fallback": state.playbook.owner, **more},
    )


def tell_accountable(state: Escalation, event: e.Event, what: Sentence) -> Iterator[Action]:
    """Tell whoever is accountable for this stage, beside the owner; ``what`` is found again in the answer."""
    yield tells(state, event, what, (state.raci.accountable,), f"find who is accountable: {what}")


def owner_of(state: Escalation) -> Iterator[Actor]:
    """Yield the owner, when there is one."""
    if state.owner is not None:
        yield state.owner.actor


def update(
    state: Escalation,
    event: e.Event,
    *,
    note: str,
    status: TicketStatus | None,
    for_customer: words.Words | None = None,
) -> UpdateCase:
    """Mirror something to the ticket; ``for_customer`` is what customers read there in their own language."""
    return new(
        UpdateCase,
        key=key_of(state, event, "case"),
        **_ticket(state),
        note=note,
        public=for_customer is not None,
        **(templated(state, for_customer, for_customer=True) if for_customer is not None else {}),
        status=status,
        owner=state.owner.actor if state.owner else None,
        summary=f"ticket: {status or 'a note'}",
    )


def staff_note(
    state: Escalation, event: e.Event, note: str, *, summary: str, severity: str | None = None
) -> UpdateCase:
    """Put a note on the ticket that only staff may read; with the severity where that is what changed."""
    key = key_of(state, event, "case")
    return new(UpdateCase, key=key, **_ticket(state), note=note, severity=severity, summary=summary)


def customer_note(state: Escalation, key: str, text: words.Words, *, summary: str) -> UpdateCase:
    """Put a note on the ticket that the customer reads, in their language."""
    said = templated(state, text, for_customer=True)
    return new(UpdateCase, key=key, **_ticket(state), note=text.body, public=True, summary=summary, **said)


def _ticket(state: Escalation) -> dict[str, Any]:
    """Return where the ticket is found: by the system it is in and its own id too, as soon as those are known."""
    system, link = state.case.system if state.case is not None else "", state.case_link
    return {"case_key": state.case_key, "case_system": system, **(link.where if link is not None else {})}


def look_into_playbook(state: Escalation, event: e.Event, purpose: str, *, summary: str) -> LoadPlaybook:
    """Read the playbook as its files say now; ``purpose`` comes back with the answer."""
    return LoadPlaybook(
        key=key_of(state, event, "playbook"), purpose=purpose, name=state.playbook.playbook, summary=summary
    )
