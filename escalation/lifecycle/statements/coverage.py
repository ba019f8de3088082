"""Who was informed of what: every message from start to end, and each stakeholder's required updates, from the events.

The state keeps only how it stands now. What was sent over a whole life is told from the events, all of which the ledger
has; from the latest ones alone it is told as far as they reach.
"""

from collections.abc import Iterator, Sequence

from pydantic import AwareDatetime

from escalation.lifecycle.changes.communication import update_of
from escalation.lifecycle.statements.stakeholders import policy_of
from escalation.model import events as e
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.playbook.audiences import CUSTOMER
from escalation.values import Actor, Addressee, Record


class Sent(Record):
    """One message, and what became of it."""

    cause: int
    """Sequence number of the event because of which it was sent; what it says follows from that."""
    update: int = 0
    """Of an update: the sequence number of its statement."""
    stakeholder: str = ""
    to: str
    """Who; ``customer`` where it is not known any more which."""
    delivered_at: AwareDatetime | None = None
    channel: str = ""
    failed: str = ""
    """Why it could not be delivered."""
    answered_at: AwareDatetime | None = None
    answer: str = ""
    read_at: AwareDatetime | None = None
    """When its reader confirmed to have read it."""


class Informed(Record):
    """Whether a stakeholder was informed of a statement that was for them."""

    stakeholder: str
    audience: str
    version: int
    """Of the statement; 0: there is none yet for this audience."""
    update: int = 0
    at: AwareDatetime | None = None
    informed: bool
    why: str
    """Who has it, or why nobody has."""


def history(events: Sequence[e.Event]) -> tuple[Sent, ...]:
    """Return every message whose fate is known, in the order in which it became known, with answers and receipts."""
    sent: list[Sent] = []
    customers: dict[str, Actor] = {}
    for event in events:
        if isinstance(event, e.MessageDelivered):
            receipt = event.receipt
            sent.append(_message(event.key, event.to, delivered_at=receipt.at, channel=receipt.channel))
        elif isinstance(event, e.MessageFailed):
            sent.append(_message(event.key, event.to, failed=event.error))
        elif isinstance(event, e.UpdateOnTicket):
            sent.append(
                Sent(
                    cause=event.update,
                    update=event.update,
                    stakeholder=event.stakeholder,
                    to=customers.get(event.stakeholder, CUSTOMER),
                    delivered_at=event.at,
                    channel="ticket",
                )
            )
        elif isinstance(event, e.StakeholderConcerned) and event.customer is not None:
            customers[event.stakeholder] = event.customer
        elif isinstance(event, e.ReplyRecorded):
            _mark(sent, event.stakeholders, None, {"answered_at": event.at, "answer": event.text})
        elif isinstance(event, e.ReadConfirmed):
            _mark(sent, event.stakeholders, event.by, {"read_at": event.at})
    return tuple(sent)


def _message(key: str, to: Addressee, **fate: object) -> Sent:
    _, _, rest = key.partition("/")
    number = rest.partition("/")[0]
    seq, _, stakeholder = update_of(key).partition("/")
    update = int(seq) if seq.isdecimal() else 0
    return Sent.model_validate(
        {"cause": int(number) if number.isdecimal() else 0, "update": update, "stakeholder": stakeholder, "to": to}
        | fate
    )


def _mark(sent: list[Sent], stakeholders: tuple[str, ...], by: Actor | None, said: dict[str, object]) -> None:
    """Note an answer with the latest update that each of them was sent."""
    for name in stakeholders:
        own = [place for place, each in enumerate(sent) if each.stakeholder == name and by in (None, each.to)]
        if own:
            latest = sent[own[-1]].update
            for place in own:
                if sent[place].update == latest:
                    sent[place] = sent[place].changed(said)


def coverage(state: Escalation, events: Sequence[e.Event]) -> tuple[Informed, ...]:
    """Return for each stakeholder and each statement that was for them whether they were informed; else why not."""
    talk = state.communication or Communication()
    found = tuple(_of_statements(state, events))
    heard = {each.stakeholder for each in found}
    waiting = tuple(
        Informed(
            stakeholder=name,
            audience=each.audience,
            version=0,
            informed=False,
            why=f"{each.audience} was sent nothing since they are told",
        )
        for name, each in talk.stakeholders.items()
        if name not in heard and not each.version
    )
    return (*found, *waiting, *_not_concerned(state, talk))


def _not_concerned(state: Escalation, talk: Communication) -> Iterator[Informed]:
    policy = state.playbook.communication
    for each in policy.concerned(policy.kind(talk.kind)) if policy is not None else ():
        if each.name not in talk.stakeholders:
            begins = " and ".join(filter(None, (each.from_severity, each.from_level))) or "there is no customer"
            why = f"not concerned yet: told from {begins}" if begins != "there is no customer" else begins
            yield Informed(stakeholder=each.name, audience=each.audience, version=0, informed=False, why=why)


def _of_statements(state: Escalation, events: Sequence[e.Event]) -> Iterator[Informed]:
    sent = history(events)
    found = {event.purpose: event for event in events if isinstance(event, e.PeopleResolved)}
    talk = state.communication or Communication()
    statements = [event for event in events if isinstance(event, e.UpdatePosted)]
    for posted in statements:
        later = {name for other in statements if other.seq > posted.seq for name in other.told}
        for name in _addressed(posted, events):
            has = [each.to for each in sent if each.update == posted.seq and each.delivered_at is not None]
            looked_up = found.get(f"update:{posted.seq}/{name}")
            meant = {each.person for each in looked_up.found.people} if looked_up is not None else set()
            own = [
                each.to
                for each in sent
                if each.update == posted.seq and each.stakeholder == name and each.delivered_at is not None
            ]
            reached = tuple(dict.fromkeys((*own, *(person for person in has if person in meant))))
            failed = [each.failed for each in sent if each.update == posted.seq and each.stakeholder == name]
            standing = talk.stakeholders.get(name)
            why = ", ".join(reached) or _why_not(state, looked_up, failed, name, superseded=name in later)
            yield Informed(
                stakeholder=name,
                audience=standing.audience if standing is not None else ", ".join(posted.audiences),
                version=posted.version,
                update=posted.seq,
                at=posted.at,
                informed=bool(reached),
                why=why,
            )


def _addressed(posted: e.UpdatePosted, events: Sequence[e.Event]) -> Iterator[str]:
    """Yield for whom a statement was: who was concerned then, and who was told it on becoming concerned."""
    yield from posted.told
    for event in events:
        if isinstance(event, e.StakeholderConcerned) and event.version == posted.seq:
            yield event.stakeholder


def _why_not(
    state: Escalation, looked_up: e.PeopleResolved | None, failed: list[str], name: str, *, superseded: bool
) -> str:
    if any(failed):
        return f"not delivered: {next(each for each in failed if each)}"
    if superseded:
        return "a later one took its place before it was delivered"
    policy = policy_of(state, name)
    target = policy.target if policy is not None else name
    if looked_up is None:
        return f"{target} is being looked up or told"
    if not looked_up.found.people:
        return f"nobody was found for {target}"
    return f"on its way to {', '.join(each.person for each in looked_up.found.people)}"
