"""Handing over: sideways, where responsibility passes only when it is accepted, and up the ladder by hand."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import assignment, packet, paths, permissions, powers, triggers
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Handoff
from escalation.model.state import Escalation
from escalation.playbook.ladder import Axis
from escalation.values import ENGINE, Actor, ActorKind, format_duration, kind_of


def reassign(draft: Draft, command: c.Reassign) -> None:
    """Offer it to another person."""
    if kind_of(command.to) is not ActorKind.PERSON:
        raise NotAllowed(f"responsibility passes to a person: {command.to} is none (expected person:ID)")
    _offer(draft, command.by, command.to, command.because, expectation=command.because)


def offer(draft: Draft, command: c.OfferHandoff) -> None:
    """Offer it to a person, team, role or whoever is on call, with what is expected."""
    _offer(draft, command.by, command.to, command.because, command.expectation)


def _offer(draft: Draft, by: Actor, to: str, because: str, expectation: str) -> None:
    state = draft.state
    permissions.require_person(by, "handing over responsibility")
    permissions.require_member(state, by)
    if state.owner is None or state.level_policy is None:
        raise NotNow(f"nobody owns {state.id} yet; it is being offered to {', '.join(_offered(state))}")
    if state.owner.actor == to:
        raise AlreadyDone(f"{to} owns {state.id} already")
    permissions.refuse_concerned(state, to)
    if state.handoff is not None:
        _end(draft, "withdrawn", f"{by} offered it to {to} instead")
    packet.let_go(draft)
    draft.record(
        e.HandoffOffered,
        handoff=f"h{state.handoffs + 1}",
        to=to,
        because=because,
        expectation=expectation,
        due=draft.now + state.level_policy.ack,
    )


def accept(draft: Draft, command: c.AcceptHandoff) -> None:
    """Accept: responsibility passes now."""
    permissions.require_person(command.by, "accept_handoff")
    handoff = _open(draft.state)
    _require_receiver(draft.state, handoff, command.by)
    packet.let_go(draft)
    if handoff.period and draft.state.owner is not None and command.by == draft.state.owner.actor:
        _end(draft, "accepted", f"{command.by} stays for the next period")
        return
    assignment.own(draft, command.by, f"hand-off accepted: {handoff.because}", handoff.expectation)


def decline(draft: Draft, command: c.DeclineHandoff) -> None:
    """Decline: the old owner stays responsible and is told why."""
    permissions.require_person(command.by, "decline_handoff")
    _require_receiver(draft.state, _open(draft.state), command.by)
    _end(draft, "declined", command.because)


def expired(draft: Draft) -> None:
    """Nobody accepted in time: the old owner stays responsible and is told."""
    handoff, policy = draft.state.handoff, draft.state.level_policy
    if handoff is not None:
        waited = f"within {format_duration(policy.ack)}" if policy else "within the time given"
        if handoff.period:
            waited = f"before {handoff.due:%Y-%m-%d %H:%M %Z}"
        _end(draft, "expired", f"nobody accepted {waited}")


def escalate(draft: Draft, command: c.Escalate) -> None:
    """Go up by hand, with a reason that chooses the axis."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    if state.level is None:
        raise NotNow(f"{state.id} is still in triage; it goes to {state.first_level} as soon as it may")
    if state.review is not None:
        raise NotNow(f"{state.id} is in review; reopen it with reject_resolution before the review starts")
    index = paths.following(state)
    if command.path is not None:
        _require_other_path(state, command)
    elif command.level is not None:
        index = paths.named(state, command.level)
    path = state.playbook.path(command.path) if command.path is not None else None
    to = index if path is None else paths.ladder(state.playbook, path.id)[0]
    powers.require(state, command.by, command.reason, to)
    # A person who lacks something is not the one to be called for it at the next level.
    cannot = command.by if command.reason != "other" and kind_of(command.by) is ActorKind.PERSON else None
    draft.record(e.FactsChanged, facts={"reason": command.reason}, because=command.because, cannot=cannot)
    triggers.settle(draft, {"reason"}, rise=False)
    axis = Axis.HIERARCHICAL if command.reason == "no_authority" else Axis.FUNCTIONAL
    because = f"{command.by} escalated ({command.reason}): {command.because}"
    if path is not None:
        assignment.take_path(draft, path, because)
    elif index is None:
        assignment.go_up(draft, because, axis)
    else:
        assignment.enter_level(draft, index, because, axis)


def _require_other_path(state: Escalation, command: c.Escalate) -> None:
    if command.level is not None:
        raise NotAllowed("name a level or a path, not both: a path is climbed from its first level on")
    if state.playbook.path(command.path or "") is None:
        known = ", ".join(path.id for path in state.playbook.paths) or "none: one ladder for all"
        raise Unknown(f"playbook {state.playbook.playbook} has no path {command.path}; it has {known}")
    if command.path == state.path:
        raise NotNow(f"{state.id} is on path {state.path} already")


def _end(draft: Draft, how: str, because: str) -> None:
    handoff = draft.state.handoff
    if handoff is not None:
        by = ENGINE if how == "expired" else None
        draft.record(e.HandoffEnded, by=by, handoff=handoff.id, how=how, because=because)


def _open(state: Escalation) -> Handoff:
    if state.handoff is None:
        raise NotNow(f"no hand-off of {state.id} is open; {state.accountable} is responsible")
    return state.handoff


def _require_receiver(state: Escalation, handoff: Handoff, actor: Actor) -> None:
    permissions.refuse_concerned(state, actor)
    if actor not in handoff.people and actor != handoff.to:
        raise NotAllowed(f"the hand-off was offered to {handoff.to}, not to {actor}")


def _offered(state: Escalation) -> tuple[str, ...]:
    return state.rung.targets if state.rung is not None else (state.accountable,)
