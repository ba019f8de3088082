"""What the events of approvals change, and decisions that came early."""

from escalation.lifecycle.changes.common import Change, Changes, with_
from escalation.model import events as e
from escalation.model.approval import Gate, Vote
from escalation.model.parts import Held
from escalation.model.state import Escalation
from escalation.playbook.gates import Expiry


def _gate_opened(state: Escalation, event: e.GateOpened) -> Changes:
    before = state.gates.get(event.gate)
    gate = Gate(
        id=event.gate,
        round=event.round,
        targets=event.targets,
        digest=event.digest,
        opened_at=event.at,
        opened_seq=event.seq,
        questions=before.questions if before is not None else (),
        due=event.due,
    )
    return {"gates": {**state.gates, event.gate: gate}}


def _gate_decided(state: Escalation, event: e.GateDecided) -> Changes:
    gate = state.gates[event.gate]
    vote = Vote(by=event.by, at=event.at, decision=event.decision, digest=event.digest, because=event.because)
    if event.choice:
        vote = with_(vote, choice=event.choice)
    votes = gate.votes
    if state.rules >= 2:
        # Whoever asks for changes may do so any number of times; only the latest word of each is kept.
        votes = tuple(each for each in votes if (each.by, each.decision) != (event.by, "changes_requested"))
    return {"gates": {**state.gates, gate.id: with_(gate, votes=(*votes, vote))}}


def _gate_closed(state: Escalation, event: e.GateClosed) -> Changes:
    gate = with_(
        state.gates[event.gate],
        state=event.state,
        closed_at=event.at,
        closed_by=event.by,
        because=event.because,
        grounds=event.grounds,
        skipped=event.skipped,
        choice=event.choice,
    )
    return {"gates": {**state.gates, gate.id: gate}}


def _gate_expired(state: Escalation, event: e.GateExpired) -> Changes:
    gate = state.gates[event.gate]
    asked = gate.deputies_asked + (event.behaviour is Expiry.NEXT_DEPUTY)
    kept = event.behaviour is Expiry.KEEP
    changed = with_(gate, due=event.due or gate.due, deputies_asked=asked, kept=kept)
    return {"gates": {**state.gates, gate.id: changed}}


def _command_held(state: Escalation, event: e.CommandHeld) -> Changes:
    return {"held": (*state.held, Held(command=event.command, content=event.content))}


def _held_released(state: Escalation, event: e.HeldReleased) -> Changes:
    return {"held": (*state.held[: event.position], *state.held[event.position + 1 :])}


CHANGES: dict[type[e.EventBase], Change] = {
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.GateExpired: _gate_expired,
    e.CommandHeld: _command_held,
    e.HeldReleased: _held_released,
}
