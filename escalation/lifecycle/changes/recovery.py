"""What the events of recovery scripts change."""

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.parts import Recovery
from escalation.model.state import Escalation


def _recovery_decided(state: Escalation, event: e.RecoveryDecided) -> Changes:
    decided = "waiting" if event.recovery is not None else "manual"
    recovery = new(
        Recovery, id=event.recovery or "", script=event.script, state=decided, because=event.because, since=event.at
    )
    return {"recovery": recovery}


def _recovery_started(state: Escalation, event: e.RecoveryStarted) -> Changes:
    known = state.recovery
    return {"recovery": with_(known, state="running", since=event.at)} if known is not None else {}


def _recovery_ended(state: Escalation, event: e.RecoveryEnded) -> Changes:
    known, how = state.recovery, "recovered" if event.ok else "failed"
    return {"recovery": with_(known, state=how, since=event.at, because=event.because)} if known is not None else {}


CHANGES: dict[type[e.EventBase], Change] = {
    e.RecoveryDecided: _recovery_decided,
    e.RecoveryStarted: _recovery_started,
    e.RecoveryEnded: _recovery_ended,
}
