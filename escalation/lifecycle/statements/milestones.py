"""Milestones of the work: each is followed by a short update; one that does not come is chased and moves up."""

from escalation.errors import AlreadyDone, NotNow, TooLarge, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements import updates
from escalation.lifecycle.statements.stakeholders import of
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.audiences import MilestonePolicy
from escalation.values import ENGINE


def reach(draft: Draft, command: c.ReachMilestone) -> None:
    """Say that a milestone is reached, give the short update that is due after it, or both at once."""
    state, talk = draft.state, of(draft.state)
    permissions.require_person(command.by, "milestone")
    permissions.require_member(state, command.by)
    policy = state.playbook.communication
    milestones = policy.milestones if policy is not None else ()
    wanted = next((each for each in milestones if each.id == command.name), None)
    if wanted is None:
        known = ", ".join(each.id for each in milestones) or "none"
        raise Unknown(
            f"playbook {state.playbook.playbook} has no milestone {command.name}; it has {known}. "
            "One that is only to stand on the timeline is an entry: post_entry with kind milestone"
        )
    if len(command.text) > wanted.at_most:
        raise TooLarge(
            f"the update of milestone {wanted.id} has {len(command.text)} characters and {wanted.at_most} are allowed: "
            "say it shorter, and put the rest into a note"
        )
    reached = talk.milestones.get(wanted.id)
    if reached is None:
        if state.review is not None:
            raise NotNow(f"{state.id} is resolved; a milestone of its work is reached before")
        _record(draft, wanted, milestones)
    elif reached.updated_at is not None:
        raise AlreadyDone(f"milestone {wanted.id} was reached, and its update given, by {reached.by}")
    elif not command.text:
        raise AlreadyDone(f"milestone {wanted.id} was reached already; its update is awaited (text)")
    if command.text:
        draft.record(e.MilestoneUpdated, milestone=wanted.id, text=command.text)


def _record(draft: Draft, wanted: MilestonePolicy, milestones: tuple[MilestonePolicy, ...]) -> None:
    talk = of(draft.state)
    earlier = milestones[: milestones.index(wanted)]
    draft.record(
        e.MilestoneReached,
        milestone=wanted.id,
        about=wanted.about,
        due=draft.now + wanted.update_within,
        before=tuple(each.id for each in earlier if each.id not in talk.milestones),
    )


def overdue(draft: Draft, identifier: str) -> None:
    """The short update did not come: its owner is reminded, and each further time somebody higher is asked too."""
    state, reached = draft.state, of(draft.state).milestones[identifier]
    policy = state.playbook.communication
    known = policy.milestone(identifier) if policy is not None else None
    if known is None:
        return
    times = reached.chased + 1
    first = (state.accountable,)
    asked = first if times == 1 else tuple(dict.fromkeys((*first, *updates.above(state, times))))
    draft.record(
        e.MilestoneOverdue,
        by=ENGINE,
        milestone=identifier,
        times=times,
        asked=asked,
        next_due=draft.now + known.chase,
    )
