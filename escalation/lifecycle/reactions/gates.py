"""What follows from approvals, and from decisions that came early or could not be taken."""

from collections.abc import Iterable, Iterator
from typing import Any

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds, offers
from escalation.lifecycle.approvals import approval_words as gate_words
from escalation.lifecycle.approvals.deciding import asked_by
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tell_accountable, tell_owner
from escalation.lifecycle.sentences import sentence, told
from escalation.lifecycle.targets import expand
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.approval import Gate
from escalation.model.state import Escalation
from escalation.playbook.gates import Expiry, GatePolicy
from escalation.values import Actor, ActorKind, kind_of, split_target


def _gate_opened(state: Escalation, event: e.GateOpened) -> Iterator[Action]:
    policy = state.playbook.gate(event.gate)
    if policy is not None:
        purpose, summary = f"gate:{event.gate}/{event.round}", f"find who decides {event.gate}"
        chosen = {"choose": policy.choose, "at_least": policy.at_least}
        excluded = _excluded(state, event.gate, policy)
        yield find(state, event, purpose, event.targets, summary, **excluded, **chosen)
        if policy.emergency is not None:
            purpose, summary = f"emergency:{event.gate}/{event.round}", f"find who may approve {event.gate} alone"
            yield find(state, event, purpose, policy.emergency.who, summary, **excluded)


def _excluded(state: Escalation, gate: str, policy: GatePolicy, *others: Actor) -> dict[str, Any]:
    requester = (state.requested_by,) if "requester" in policy.exclude else ()
    asks = asked_by(state, gate, policy)
    asker = (asks,) if asks is not None else ()
    owner = owner_of(state) if "owner" in policy.exclude else ()
    named = tuple(target for target in policy.exclude if target not in ("requester", "owner"))
    excluded: dict[str, Any] = {"exclude": (*requester, *asker, *owner, *others)}
    return {**excluded, "exclude_targets": expand(state, named)} if named else excluded


def _gate_decided(state: Escalation, event: e.GateDecided) -> Iterator[Action]:
    if event.decision != "changes_requested":
        return
    what = sentence("changes_requested", by=event.by, **gate_words.named(state, event.gate), because=event.because)
    yield from tell_owner(state, event, what, summary="changes requested")


def _gate_closed(state: Escalation, event: e.GateClosed) -> Iterator[Action]:
    gate = state.gates.get(event.gate)
    if gate is None or gate.round != event.round:
        return
    action = event.gate in state.action_gates
    told = list(owner_of(state)) or ([] if action else [state.requested_by])
    for actor in told:
        if kind_of(actor) is ActorKind.CUSTOMER:
            continue  # what approvers say to each other is not for customers; they hear how it ends
        summary = f"tell {actor}: {event.gate} {event.state}"
        yield notify(state, event, actor, MessageKind.NEWS, gate_words.gate_closed(state, gate), summary=summary)


def _asked_in_vain(state: Escalation, event: e.GateClosed) -> Iterator[Action]:
    gate, asked = state.gates.get(event.gate), event.asked
    if state.rules >= 2 and gate is not None:
        if gate.round > event.round and gate.state == "pending":
            return  # it is asked anew: whoever has a new question needs no second message, see passed_over
        if gate.round == event.round and not gate.resolved:
            asked = _asked_before(state, event.gate, event.round)
    yield from _not_needed(state, event, event, asked)


def passed_over(state: Escalation, event: e.PeopleResolved, gate: Gate) -> Iterator[Action]:
    """Tell those whose question became void, and who are not asked anew, now that it is known who is."""
    closed = _voided_before(state, gate.id, gate.round) if state.rules >= 2 else None
    if closed is not None:
        asked = (actor for actor in closed.asked if actor not in gate.people)
        yield from _not_needed(state, event, closed, asked)


def _asked_before(state: Escalation, gate: str, round_: int) -> tuple[Actor, ...]:
    closed = _voided_before(state, gate, round_)
    return closed.asked if closed is not None else ()


def _voided_before(state: Escalation, gate: str, round_: int) -> e.GateClosed | None:
    """Return the end of the latest round before this one in which people were asked, where it became void."""
    ended = (each for each in reversed(state.tail) if isinstance(each, e.GateClosed) and each.gate == gate)
    before = (each for each in ended if each.round < round_ and (each.asked or each.state != "voided"))
    latest = next(before, None)
    return latest if latest is not None and latest.state == "voided" else None


def _not_needed(state: Escalation, event: e.Event, closed: e.GateClosed, asked: Iterable[Actor]) -> Iterator[Action]:
    for actor in asked:
        if actor in owner_of(state):
            continue  # the owner is told how it ended
        text = gate_words.not_needed(state, closed)
        summary = f"tell {actor}: {closed.gate} need not be decided any more"
        yield notify(state, event, actor, MessageKind.NEWS, text, summary=summary, what=f"{actor}/over")


def _gate_expired(state: Escalation, event: e.GateExpired) -> Iterator[Action]:
    policy, gate = state.playbook.gate(event.gate), state.gates.get(event.gate)
    if policy is None or gate is None:
        return
    if event.behaviour == Expiry.NEXT_DEPUTY:
        deputy = policy.deputies[gate.deputies_asked - 1]
        purpose, summary = f"gate:{event.gate}/{event.round}/{deputy}", f"find deputy for {event.gate}"
        # Who was asked already and is silent is no deputy of themselves, whatever else they are.
        asked = gate.people if state.rules >= 2 or split_target(deputy)[0] == "authority" else ()
        asked += tuple(each.by for each in gate.delegations)
        excluded = _excluded(state, event.gate, policy, *asked)
        yield find(state, event, purpose, (deputy,), summary, choose=policy.choose, **excluded)
        return
    # Silence that denies or approves must reach somebody too, or it would be a decision that nobody knows of.
    what = sentence(
        "gate_late", **gate_words.named(state, event.gate), because=grounds.given(event), behaviour=event.behaviour
    )
    yield from tell_accountable(state, event, what)
    yield from tell_owner(state, event, what, summary=what, kind=MessageKind.WARNING)


def _held_released(state: Escalation, event: e.HeldReleased) -> Iterator[Action]:
    if event.refused:
        what = sentence("held_refused", command=event.command, because=grounds.given(event))
        text = words.news(state, what)
        yield notify(
            state, event, event.by, MessageKind.NEWS, text, summary=f"tell {event.by}: {event.command} refused"
        )


def _command_refused(state: Escalation, event: e.CommandRefused) -> Iterator[Action]:
    if event.sender is not None and event.sender in state.people:
        text = words.news(state, sentence("signal_refused", command=event.command, because=grounds.given(event)))
        summary = f"tell {event.sender}: {event.command} refused"
        yield notify(state, event, event.sender, MessageKind.NEWS, text, summary=summary)


def _gate_over(state: Escalation, event: e.GateClosed) -> Iterator[Action]:
    yield from _gate_closed(state, event)
    yield from _asked_in_vain(state, event)


def _seat_delegated(state: Escalation, event: e.SeatDelegated) -> Iterator[Action]:
    gate, policy = state.gates.get(event.gate), state.playbook.gate(event.gate)
    if gate is None or policy is None or event.to not in gate.people or gate.state != "pending":
        return
    text = gate_words.approval(state, gate, policy, event.to, event)
    summary, matter = f"ask {event.to} to decide {gate.id}", offers.gate(state, gate, policy, event.to)
    asked = notify(state, event, event.to, MessageKind.APPROVAL, text, summary=summary, matter=matter)
    yield asked.changed({"asks": f"gate:{gate.id}/{gate.round}"})


def _seat_given_back(state: Escalation, event: e.SeatGivenBack) -> Iterator[Action]:
    what = f"{event.was} is not known, so approval {event.gate} is yours to decide again"
    said = told("seat_given_back", f"{what}: {event.because}", gate=event.gate, was=event.was, because=event.because)
    text = words.news(state, said)
    yield notify(state, event, event.owner, MessageKind.WARNING, text, summary=f"tell {event.owner}: {what}")


def _approval_to_review(state: Escalation, event: e.ApprovalToReview) -> Iterator[Action]:
    policy = state.playbook.gate(event.gate)
    if policy is not None:
        by = policy.emergency.review_by if policy.emergency is not None else state.raci.accountable
        summary = f"find who looks at approval {event.gate}"
        yield find(state, event, f"approval_review:{event.review}", (by,), summary, exclude=event.approved_by)


def _action_settled(state: Escalation, event: e.ActionSettled) -> Iterator[Action]:
    asked = state.actions.get(event.approval)
    if asked is None or not asked.gates or event.by == asked.by:
        return  # whoever asked was answered at once, or withdrew it
    text = gate_words.action_settled(state, asked)
    yield notify(state, event, asked.by, MessageKind.NEWS, text, summary=f"tell {asked.by}: {asked.id} {event.state}")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_over,
    e.SeatDelegated: _seat_delegated,
    e.SeatGivenBack: _seat_given_back,
    e.ApprovalToReview: _approval_to_review,
    e.ActionSettled: _action_settled,
    e.GateExpired: _gate_expired,
    e.HeldReleased: _held_released,
    e.CommandRefused: _command_refused,
}
