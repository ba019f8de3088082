"""Handing over to the next shift: opened by itself before the owner's shift ends, with what remains to be done.

When the shift ends is known from the directory's answer, which is an event. Whoever has the next shift is offered it
and has to accept; when nobody does until the shift ends, it goes up, and the outgoing owner stays responsible.
"""

from datetime import datetime

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import assignment, grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import remaining
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.ladder import Handoff
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import ENGINE, Actor

SHIFT = "shift"
"""Purpose of the look-up of the owner's shift."""


def found(draft: Draft, answer: People) -> None:
    """The directory said who has the shift: when it is the owner's, its end is known."""
    owner = draft.state.owner
    if owner is not None:
        _note_end(draft, answer, owner.actor)


def next_found(draft: Draft, reference: str, answer: People) -> None:
    """Who has the next shift was looked up; whoever has both keeps it without handing it to themselves."""
    state, offer = draft.state, draft.state.handoff
    if offer is None or offer.id != reference or not offer.shift or state.owner is None:
        return
    owner = state.owner.actor
    if any(each.person == owner for each in answer.people):
        draft.record(
            e.HandoffEnded,
            by=ENGINE,
            handoff=offer.id,
            how="withdrawn",
            because=grounds.of("has_next_shift", f"{owner} has the next shift", who=owner),
        )
        _note_end(draft, answer, owner, after=offer.due)


def _note_end(draft: Draft, answer: People, owner: Actor, after: datetime | None = None) -> None:
    policy = draft.state.playbook.shift_handover
    mine = next((each for each in answer.people if each.person == owner and each.until is not None), None)
    ends = mine.until if mine is not None else None
    if policy is not None and ends is not None and ends > (after or draft.now):
        draft.record(e.ShiftKnown, by=ENGINE, ends=ends, offer_due=max(ends - policy.before, draft.now))


def due(draft: Draft) -> None:
    """The owner's shift is about to end: offer it to whoever comes next, with what remains."""
    state = draft.state
    policy, shift, owner, level = state.playbook.shift_handover, state.ownership.shift, state.owner, state.level_policy
    if policy is None or shift is None or owner is None or level is None:
        return
    ends = f"the shift of {owner.actor} ends at {shift.ends:%Y-%m-%d %H:%M %Z}"
    draft.record(
        e.HandoffOffered,
        by=ENGINE,
        handoff=f"h{state.handoffs + 1}",
        to=policy.to,
        because=grounds.of("shift_ends", ends, who=owner.actor, at=shift.ends),
        expectation=remaining.remains(state),
        due=shift.ends if shift.ends > draft.now else draft.now + level.ack,
        shift=True,
        giver=owner.actor,
        packet_version=state.packet_version,
    )


def over(draft: Draft, offer: Handoff, how: str) -> None:
    """Nobody of the next shift took it: it goes up, and the outgoing owner stays responsible until somebody has it."""
    if offer.shift:
        assignment.go_up(draft, f"the hand-over to the next shift ({offer.to}) {how}")


def accepted(draft: Draft, offer: Handoff, receiver: Actor, done: str) -> None:
    """Write down what was done and what remains, as the record of the hand-over."""
    draft.record(
        e.ShiftHandedOver,
        handoff=offer.id,
        giver=offer.giver,
        receiver=receiver,
        done=done,
        remains=offer.expectation,
    )
    # They may have accepted before their shift begins: a look-up now would not find that it is theirs.
    policy, ends = draft.state.playbook.shift_handover, offer.shift_ends.get(receiver)
    if policy is not None and ends is not None and ends > offer.due:
        draft.record(e.ShiftKnown, by=ENGINE, ends=ends, offer_due=max(ends - policy.before, draft.now))


def edit(draft: Draft, command: c.EditHandover) -> None:
    """Let the outgoing owner write anew what the next shift has to know, or whoever leads the next period."""
    permissions.require_person(command.by, "edit_handover")
    state = draft.state
    permissions.require_member(state, command.by)
    offer = state.handoff
    if offer is None or not (offer.shift or offer.period):
        raise NotNow(
            f"no hand-over of {state.id} to the next shift or period is open; {state.accountable} is responsible"
        )
    if command.by != offer.giver:
        raise NotAllowed(f"the outgoing owner writes what remains: {offer.giver}, not {command.by}")
    draft.record(e.HandoverEdited, handoff=offer.id, text=command.text)


def done(state: Escalation) -> str:
    """Write what was done since the outgoing owner took it."""
    since = state.owner.since if state.owner is not None else None
    if since is None:
        return "Nothing was owned."
    items = (item for item in state.items.values() if item.done_at is not None and item.done_at >= since)
    lines = [f"Done: {item.id} {item.title}" + (f" ({item.result})" if item.result else "") for item in items]
    closed = (gate for gate in state.gates.values() if gate.closed_at is not None and gate.closed_at >= since)
    lines += [f"Approval {gate.id}: {gate.state}" for gate in closed]
    lines += [f"Activity {name}: {times} times" for name, times in state.ownership.done.items()]
    return "\n".join(lines) or f"Owned since {_at(since)}; no item or approval was completed."


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M %Z}"
