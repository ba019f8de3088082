"""What changes when the records themselves are spoken of."""

from escalation.lifecycle.changes.common import Change, Changes, new
from escalation.model import events as e
from escalation.model.records import LegalHold
from escalation.model.state import Escalation


def _placed(state: Escalation, event: e.LegalHoldPlaced) -> Changes:
    hold = new(LegalHold, reference=event.reference, by=event.by, at=event.at)
    return {"legal_holds": (*state.legal_holds, hold)}


def _released(state: Escalation, event: e.LegalHoldReleased) -> Changes:
    return {"legal_holds": tuple(hold for hold in state.legal_holds if hold.reference != event.reference)}


CHANGES: dict[type[e.EventBase], Change] = {
    e.LegalHoldPlaced: _placed,
    e.LegalHoldReleased: _released,
}
