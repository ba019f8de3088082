"""``evolve(state, event)``: applies what happened. Total: it never raises for an event that was once recorded.

One small function for each kind of event, in ``lifecycle.changes``, returns the fields that change; everything else
stays.
"""

from escalation.lifecycle.changes import gates, ladder, opening, time, work
from escalation.lifecycle.changes.common import Change
from escalation.model import events as e
from escalation.model.state import REMEMBERED, TAIL, Escalation, Remembered

_APPLY: dict[type[e.EventBase], Change] = {
    **opening.CHANGES,
    **ladder.CHANGES,
    **gates.CHANGES,
    **time.CHANGES,
    **work.CHANGES,
}


def evolve(state: Escalation, event: e.Event) -> Escalation:
    """Return the state after the event. An event kind this version does not know changes nothing but the chain."""
    apply = _APPLY.get(type(event))
    changes = apply(state, event) if apply is not None else {}
    changes["seq"] = event.seq
    changes["last_hash"] = e.hash_of(event)
    if event.command_id:
        remembered = Remembered(command_id=event.command_id, at=event.at, seq=event.seq)
        changes["remembered"] = (*state.remembered[-(REMEMBERED - 1) :], remembered)
    changes["tail"] = (*state.tail[-(TAIL - 1) :], event)
    return state.changed(changes)
