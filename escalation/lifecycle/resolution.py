"""Stage resolution: work is held and resumed, a solution is proposed, and whoever it is for confirms or rejects it."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import approval, assignment, grounds, permissions, triggers
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident.mode import require_stood_down
from escalation.lifecycle.ownership import assistance
from escalation.lifecycle.timing import clocks
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.approval import Gate
from escalation.model.ladder import Owner
from escalation.model.state import Escalation
from escalation.values import ENGINE, Actor, ActorKind, format_duration, kind_of


def hold(draft: Draft, command: c.PutOnHold) -> None:
    """Pause work and the clocks that may pause, at most as long as the playbook allows."""
    permissions.require_person(command.by, "hold")
    state = draft.state
    permissions.require_member(state, command.by)
    if state.hold is not None:
        raise AlreadyDone(f"{state.id} is on hold since {state.hold.since:%Y-%m-%d %H:%M %Z} by {state.hold.by}")
    if state.owner is None:
        raise NotNow(f"nobody has taken {state.id} yet; it cannot be put on hold while people are being called")
    if state.review is not None or state.resolution_state == "proposed":
        raise NotNow(f"{state.id} is waiting on {state.waiting_on}; there is no work to hold")
    latest = draft.now + state.playbook.hold_at_most
    until = command.until or latest
    if until <= draft.now:
        raise NotAllowed(f"the end of the hold has passed already: {until:%Y-%m-%d %H:%M %Z}")
    if until > latest:
        raise NotAllowed(
            f"the playbook allows a hold of {format_duration(state.playbook.hold_at_most)}: until "
            f"{latest:%Y-%m-%d %H:%M %Z} at the latest"
        )
    draft.record(e.HoldStarted, because=command.because, until=until, clocks=clocks.pausable(state))


def resume(draft: Draft, command: c.Resume) -> None:
    """End a hold."""
    permissions.require_person(command.by, "resume")
    state = draft.state
    permissions.require_member(state, command.by)
    if state.hold is None:
        raise NotNow(f"{state.id} is not on hold; it is waiting on {state.waiting_on}")
    draft.record(
        e.HoldEnded, because=command.because or grounds.of("resumed", f"resumed by {command.by}", who=command.by)
    )


def hold_over(draft: Draft) -> None:
    """The hold has come to its declared end."""
    draft.record(e.HoldEnded, by=ENGINE, because=grounds.of("hold_over", "its declared end has come"))


def resolve(draft: Draft, command: c.Resolve) -> None:
    """Propose that it is solved; whoever confirms is asked."""
    permissions.require_person(command.by, "resolve")
    state = draft.state
    if state.review is not None or state.resolution_state == "confirmed":
        raise AlreadyDone(f"{state.id} was resolved already{_by_whom(state)}")
    if state.resolution_state == "proposed":
        raise AlreadyDone(f"a resolution of {state.id}, proposed{_by_whom(state)}, waits to be confirmed")
    if state.level is None:
        raise NotNow(f"{state.id} is still in triage; nobody is working on it")
    permissions.require_member(state, command.by)
    require_stood_down(state, "resolved")
    if state.owner is None:
        assignment.take(draft, command.by, "resolved it at once")
    approval.reconcile(draft)
    _require_open_way(draft.state, asked=state.owner is not None)
    work_items.require_way_to_resolution(draft.state)
    if draft.state.hold is not None:
        draft.record(e.HoldEnded, because=grounds.of("resolution_proposed", "a resolution was proposed"))
    propose(draft, command.resolution, command.cause, by=command.by, owner=state.owner)


def propose(draft: Draft, text: str, cause: str, *, by: Actor, owner: Owner | None = None) -> None:
    """Ask whoever confirms, where somebody does; ``owner`` is who owned it before."""
    policy = draft.state.playbook.resolution
    asked = policy.confirmed_by != "nobody"
    draft.record(
        e.ResolutionProposed,
        by=by,
        resolution=text,
        cause=cause,
        confirm_due=draft.now + policy.confirm_within if asked else None,
        although=f"although {owner.actor} owns it" if owner is not None and owner.actor != by else "",
    )
    if not asked:
        draft.record(e.ResolutionConfirmed, by=ENGINE, how="not_asked")


def require_proposable(state: Escalation) -> None:
    """Refuse a resolution that nobody of the working group proposes while something stands in front of it.

    Raises:
        NotNow: saying what.
    """
    if state.owner is None:
        raise NotNow(f"nobody has taken {state.id} yet")
    if state.hold is not None:
        raise NotNow(f"{state.id} is on hold: {state.hold.because}")
    require_stood_down(state, "resolved")
    _require_open_way(state, asked=True)
    work_items.require_way_to_resolution(state)


def _require_open_way(state: Escalation, *, asked: bool) -> None:
    gates = approval.blocking(state, "resolution")
    if not gates:
        return
    if not asked:
        names = ", ".join(gate.id for gate in gates)
        raise NotNow(f"{state.id} needs approval first ({names}): acknowledge it, then its approvers are asked")
    said = "; ".join(
        f"approval {gate.id} waits for {', '.join(gate.people) or 'its approvers'}"
        if gate.state == "pending"
        else f"approval {gate.id} was {gate.because}; {_way_on(state, gate)}, or cancel"
        for gate in gates
    )
    raise NotNow(f"{state.id} cannot be resolved yet: {said}")


def _way_on(state: Escalation, gate: Gate) -> str:
    policy = state.playbook.gate(gate.id)
    if policy is not None and (subject := state.playbook.subject_of(policy)):
        return f"change what is asked with change_facts ({', '.join(subject)})"
    return f"it stands as long as its condition is true ({policy.when if policy is not None else 'true'})"


def _by_whom(state: Escalation) -> str:
    resolution = state.resolution
    return f" by {resolution.by} at {resolution.at:%Y-%m-%d %H:%M:%S %Z}" if resolution else ""


def confirm(draft: Draft, command: c.ConfirmResolution) -> None:
    """Accept the proposed resolution; the customer also one that words of theirs had taken back."""
    permissions.refuse_concerned(draft.state, command.by)
    if not _is_fine_after_all(draft.state, command.by):
        _require_confirmer(draft.state, command.by)
    require_stood_down(draft.state, "ended")
    draft.record(e.ResolutionConfirmed, how="confirmed", comment=command.comment)


def reject(draft: Draft, command: c.RejectResolution) -> None:
    """Reject it: work goes on, one level up or where the playbook says."""
    state = draft.state
    _require_confirmer(state, command.by)
    draft.record(e.ResolutionRejected, because=command.because)
    draft.record(e.FactsChanged, facts={"customer.rejected_resolution": True}, because="the resolution was rejected")
    before = draft.state.level
    triggers.settle(draft, {"customer.rejected_resolution"})
    if draft.state.level != before:
        return
    wanted = state.playbook.resolution.rejected_level
    index = state.playbook.level_index(wanted) if wanted else None
    if index is not None and state.level is not None and index > state.level.index:
        assignment.enter_at_least(draft, index, "the proposed resolution was rejected")
    else:
        assignment.go_up(draft, "the proposed resolution was rejected")


def contradicted(draft: Draft, by: Actor, because: str) -> None:
    """Reject a proposed resolution whose customer has spoken up again: their silence confirms nothing any more."""
    if draft.state.resolution_state == "proposed":
        draft.record(e.ResolutionRejected, by=by, because=because)


def _is_fine_after_all(state: Escalation, actor: Actor) -> bool:
    """A note of thanks counts as an objection as well; the customer's own word is better, unless people are called."""
    taken_back = state.resolution_state == "rejected" and state.owner is not None and state.rung is None
    return taken_back and permissions.is_customer(state, actor)


def _require_confirmer(state: Escalation, actor: Actor) -> None:
    if state.resolution_state != "proposed":
        if state.resolution is not None:
            raise AlreadyDone(f"the resolution of {state.id} was {state.resolution.state} already")
        raise NotNow(f"no resolution of {state.id} was proposed yet; it is waiting on {state.waiting_on}")
    # An AI that asked for help may say whether it was helped; it does not say so for a customer.
    stands_in = kind_of(state.requested_by) is not ActorKind.AGENT
    if permissions.is_customer(state, actor) or (
        actor == state.requested_by and (stands_in or not state.customer_confirms)
    ):
        return
    if state.customer_confirms and state.customer is not None:
        whom = f"the customer it is about (customer:{state.customer.id})"
        whom += f", or {state.requested_by} on their behalf," if stands_in else ""
    else:
        whom = f"the requester ({state.requested_by})" + (", or the customer it is about," if state.customer else "")
    raise NotAllowed(f"only {whom} can answer the proposed resolution; {actor} is somebody else")


def confirmation_due(draft: Draft) -> None:
    """Nobody answered the proposal in time: silence is consent only of those who are known to have been asked."""
    policy, proposed = draft.state.playbook.resolution, draft.state.resolution
    asked = proposed is not None and proposed.asked_at is not None
    by_people = assistance.human_required(draft.state, "confirm_resolution")
    if policy.on_silence == "confirmed" and asked and not by_people:
        draft.record(e.ResolutionConfirmed, by=ENGINE, how="silence")
    else:
        draft.record(e.ResolutionUnanswered, by=ENGINE, confirm_due=draft.now + policy.confirm_within, asked=asked)
