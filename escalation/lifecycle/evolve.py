"""``evolve(state, event)``: applies what happened. Total: it never raises for an event that was once recorded.

One small function for each kind of event, in ``lifecycle.changes``, returns the fields that change; everything else
stays.
"""

from escalation.lifecycle.changes import (
    actions,
    approvers,
    automation,
    communication,
    found,
    gates,
    incident,
    items,
    ladder,
    links,
    messages,
    migration,
    opening,
    ownership,
    packet,
    records,
    recovery,
    review,
    statements,
    ticket,
    time,
    timeline,
    work,
)
from escalation.lifecycle.changes.common import Change, new
from escalation.model import events as e
from escalation.model.parts import Remembered
from escalation.model.state import REMEMBERED, TAIL, TAIL_BYTES, Escalation

_APPLY: dict[type[e.EventBase], Change] = {
    **opening.CHANGES,
    **ladder.CHANGES,
    **found.CHANGES,
    **gates.CHANGES,
    **approvers.CHANGES,
    **actions.CHANGES,
    **time.CHANGES,
    **work.CHANGES,
    **items.CHANGES,
    **communication.CHANGES,
    **statements.CHANGES,
    **ticket.CHANGES,
    **recovery.CHANGES,
    **automation.CHANGES,
    **links.CHANGES,
    **messages.CHANGES,
    **review.CHANGES,
    **migration.CHANGES,
    **timeline.CHANGES,
    **records.CHANGES,
    **incident.CHANGES,
    **ownership.CHANGES,
}


def evolve(state: Escalation, event: e.Event) -> Escalation:
    """Return the state after the event. An event kind this version does not know changes nothing but the chain."""
    kind = type(event)
    apply = _APPLY.get(kind)
    changes = apply(state, event) if apply is not None else {}
    if (kind in ladder.OWNERS_TURN and ladder.is_owners_turn(state, event)) or (
        state.silent_due is not None and event.by == state.accountable
    ):
        changes |= ladder.heard(state, changes, event)
    if kind in packet.PARTS:
        changes |= packet.versioned(state, event)
    changes["seq"] = event.seq
    changes["last_hash"], size = e.seal(event)
    if event.sent_as:
        remembered = new(Remembered, command=event.sent_as, at=event.at, seq=event.seq)
        changes["remembered"] = (*state.remembered[-(REMEMBERED - 1) :], remembered)
    changes["tail"], changes["tail_bytes"] = _kept((*state.tail, event), state.tail_bytes + size)
    return state.changed(changes)


def _kept(tail: tuple[e.Event, ...], size: int) -> tuple[tuple[e.Event, ...], int]:
    """Drop the oldest events beyond what the state keeps; the latest always stays."""
    first = 0
    while len(tail) - first > 1 and (len(tail) - first > TAIL or size > TAIL_BYTES):
        size -= e.seal(tail[first])[1]
        first += 1
    return tail[first:], size
