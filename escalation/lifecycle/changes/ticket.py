"""What a change of the ticket in the help desk changes here: how it stands there, and that it was heard."""

from escalation.lifecycle.changes.common import Change, Changes
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.ticket import MOST_SEEN, Ticket


def _changed(state: Escalation, event: e.TicketChanged) -> Changes:
    known = state.ticket
    ticket = Ticket(
        system=event.system,
        at=event.at,
        by=event.editor,
        status=event.status or (known.status if known is not None else None),
        owner=event.owner if event.owner is not None or known is None else known.owner,
        seen=(*(known.seen if known is not None else ())[-(MOST_SEEN - 1) :], event.key),
    )
    return {"ticket": ticket}


CHANGES: dict[type[e.EventBase], Change] = {
    e.TicketChanged: _changed,
    e.TicketAsked: lambda *_: {"case_error": ""},
}
