"""What follows from approvals, and from decisions that came early or could not be taken."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.approval import asked_by
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tell_accountable
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.playbook.schema import Expiry, GatePolicy
from escalation.values import Actor, ActorKind, kind_of, split_target


def _gate_opened(state: Escalation, event: e.GateOpened) -> Iterator[Action]:
    policy = state.playbook.gate(event.gate)
    if policy is not None:
        purpose, summary = f"gate:{event.gate}/{event.round}", f"find who decides {event.gate}"
        chosen = {"choose": policy.choose, "at_least": policy.need if isinstance(policy.need, int) else 1}
        yield find(state, event, purpose, event.targets, summary, exclude=_excluded(state, policy), **chosen)


def _excluded(state: Escalation, policy: GatePolicy) -> tuple[Actor, ...]:
    requester = (state.requested_by,) if "requester" in policy.exclude else ()
    asker = (state.lowering.by,) if policy.before == "lowering" and state.lowering is not None else ()
    if policy.before == "stand_down" and (wants := asked_by(state)) is not None:
        asker = (wants,)
    return (*requester, *asker, *(owner_of(state) if "owner" in policy.exclude else ()))


def _gate_decided(state: Escalation, event: e.GateDecided) -> Iterator[Action]:
    if event.decision != "changes_requested":
        return
    for owner in owner_of(state):
        text = words.news(state, f"{event.by} asks for changes before approving {event.gate}: {event.because}")
        yield notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: changes requested")


def _gate_closed(state: Escalation, event: e.GateClosed) -> Iterator[Action]:
    gate = state.gates.get(event.gate)
    if gate is None or gate.round != event.round:
        return
    told = list(owner_of(state)) or [state.requested_by]
    for actor in told:
        if kind_of(actor) is ActorKind.CUSTOMER:
            continue  # what approvers say to each other is not for customers; they hear how it ends
        summary = f"tell {actor}: {event.gate} {event.state}"
        yield notify(state, event, actor, MessageKind.NEWS, words.gate_closed(state, gate), summary=summary)


def _gate_expired(state: Escalation, event: e.GateExpired) -> Iterator[Action]:
    policy, gate = state.playbook.gate(event.gate), state.gates.get(event.gate)
    if policy is None or gate is None:
        return
    if event.behaviour == Expiry.NEXT_DEPUTY:
        deputy = policy.deputies[gate.deputies_asked - 1]
        purpose, summary = f"gate:{event.gate}/{event.round}/{deputy}", f"find deputy for {event.gate}"
        # Whoever has enough authority for it may have been asked already: the deputy is the next one.
        asked = gate.people if split_target(deputy)[0] == "authority" else ()
        excluded = (*_excluded(state, policy), *asked)
        yield find(state, event, purpose, (deputy,), summary, exclude=excluded, choose=policy.choose)
        return
    # Silence that denies or approves must reach somebody too, or it would be a decision that nobody knows of.
    what = f"approval {event.gate} is late: {event.because}; the playbook says {event.behaviour}"
    yield from tell_accountable(state, event, what)
    for owner in owner_of(state):
        yield notify(state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: {what}")


def _held_released(state: Escalation, event: e.HeldReleased) -> Iterator[Action]:
    if event.refused:
        text = words.news(state, f"your {event.command} was kept, but could not be applied: {event.refused}")
        yield notify(
            state, event, event.by, MessageKind.NEWS, text, summary=f"tell {event.by}: {event.command} refused"
        )


def _command_refused(state: Escalation, event: e.CommandRefused) -> Iterator[Action]:
    if event.sender is not None and event.sender in state.people:
        text = words.news(state, f"your signal {event.command} was refused: {event.because}")
        summary = f"tell {event.sender}: {event.command} refused"
        yield notify(state, event, event.sender, MessageKind.NEWS, text, summary=summary)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.GateExpired: _gate_expired,
    e.HeldReleased: _held_released,
    e.CommandRefused: _command_refused,
}
