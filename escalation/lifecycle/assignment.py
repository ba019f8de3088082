"""Stage assignment: the ladder is climbed until a named person has taken it.

A level is entered, its targets are told in rounds, and each round waits for an acknowledgement. Silence leads to the
next round, then to the next level, and after the last level to its last resort, again and again: somebody is always
being told. Every level change says why.
"""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import packet, permissions, work_items
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.schema import Axis, LevelPolicy
from escalation.values import ENGINE, TIMER, Actor, Target, format_duration


def enter_level(draft: Draft, index: int, because: str, axis: Axis | None = None) -> None:
    """Go to a level and page its targets."""
    policy = draft.state.playbook.levels[index]
    packet.let_go(draft)
    draft.record(
        e.LevelEntered,
        by=ENGINE if draft.by == TIMER else None,
        level=policy.id,
        index=index,
        axis=axis or policy.axis,
        because=because,
        dwell_due=draft.now + policy.dwell,
    )
    open_round(draft, 1, because)


def open_round(draft: Draft, number: int, because: str, *, last_resort: bool = False) -> None:
    """Begin a round of pages at the present level."""
    state = draft.state
    policy = state.level_policy
    if policy is None:
        return
    targets = (policy.last_resort,) if last_resort and policy.last_resort else targets_at(state, policy)
    draft.record(
        e.RungOpened,
        by=ENGINE,
        rung=f"{policy.id}/{state.rungs + 1}",
        round=number,
        targets=targets,
        due=draft.now + policy.ack,
        because=because,
        last_resort=last_resort,
    )


def targets_at(state: Escalation, policy: LevelPolicy) -> tuple[Target, ...]:
    """Return whom to tell at a level: the first route that matches, else the level's own targets."""
    facts = None
    for route in state.playbook.routing:
        if (route.level or state.first_level) != policy.id:
            continue
        facts = facts or derive(basis_of(state))
        if condition(state.playbook, route.when).true(facts):
            return route.targets
    return policy.targets


def go_up(draft: Draft, because: str, axis: Axis | None = None) -> None:
    """Go to the next level; at the last one tell its last resort."""
    state = draft.state
    if state.level is None or state.review is not None or state.ended:
        return
    if state.level.index + 1 < len(state.playbook.levels):
        enter_level(draft, state.level.index + 1, because, axis)
        return
    policy = state.playbook.levels[state.level.index]
    draft.record(
        e.LevelEntered,
        by=ENGINE,
        level=policy.id,
        index=state.level.index,
        axis=axis or policy.axis,
        because=because,
        dwell_due=draft.now + policy.dwell,
    )
    open_round(draft, 1, because, last_resort=True)


def round_over(draft: Draft, because: str) -> None:
    """Nobody took it in this round: the next round, the next level, or the last resort again."""
    state = draft.state
    rung, policy = state.rung, state.level_policy
    if rung is None or policy is None:
        return
    if rung.last_resort:
        open_round(draft, rung.round + 1, because, last_resort=True)
    elif rung.round <= policy.repeat:
        open_round(draft, rung.round + 1, because)
    else:
        go_up(draft, because)


def acknowledgement_due(draft: Draft) -> None:
    """The round's time is over."""
    rung, policy = draft.state.rung, draft.state.level_policy
    if rung is not None and policy is not None:
        round_over(draft, f"nobody acknowledged at {policy.id} within {format_duration(policy.ack)}")


def dwell_due(draft: Draft) -> None:
    """It has stayed at this level for as long as the playbook allows."""
    policy = draft.state.level_policy
    if policy is not None:
        go_up(draft, f"not resolved at {policy.id} within {format_duration(policy.dwell)}")


def acknowledge(draft: Draft, command: c.Acknowledge) -> None:
    """Take it: stops the pages of the open round and makes the person the owner."""
    permissions.require_person(command.by, "acknowledge")
    state = draft.state
    if state.rung is None:
        raise _taken_already(state, command.by)
    permissions.require_member(state, command.by)
    if state.owner is not None and state.owner.actor == command.by and command.by not in state.rung.people:
        whom = ", ".join(state.rung.people or state.rung.targets)
        raise AlreadyDone(f"you own {state.id} already; round {state.rung.id} asks {whom} to take it over from you")
    take(draft, command.by, f"acknowledged at {state.rung.level}")


def take(draft: Draft, person: Actor, because: str) -> None:
    """Close the open round with this person as the owner; that others were called is said where it is so."""
    rung, although = draft.state.rung, ""
    if rung is not None:
        if person not in rung.people:
            called = rung.people or rung.targets
            although = f"although {', '.join(called)} {'was' if len(called) == 1 else 'were'} called"
        draft.record(e.Acknowledged, by=person, level=rung.level, rung=rung.id)
    own(draft, person, because, although=although)


def own(draft: Draft, person: Actor, because: str, expectation: str = "", although: str = "") -> None:
    """Make this person the owner."""
    draft.record(
        e.OwnerChanged,
        by=person,
        owner=person,
        previous=draft.state.accountable,
        because=because,
        expectation=expectation,
        although=although,
    )


def _taken_already(state: Escalation, by: Actor) -> AlreadyDone | NotNow:
    if state.taken is None or state.owner is None:
        return NotNow(f"nobody is being asked to acknowledge {state.id} now; it is waiting on {state.waiting_on}")
    when = f"{state.owner.since:%Y-%m-%d %H:%M:%S %Z}"
    if state.owner.actor == by:
        return AlreadyDone(f"you own {state.id} already, since {when}")
    return AlreadyDone(f"already taken by {state.owner.actor} at {when}; use claim with a reason to take it over")


def claim(draft: Draft, command: c.Claim) -> None:
    """Take over ownership, from a team or from whoever holds it."""
    permissions.require_person(command.by, "claim")
    state = draft.state
    permissions.require_member(state, command.by)
    if state.level is None:
        raise NotNow(f"{state.id} is still in triage; nobody can claim it yet")
    if state.owner is not None and state.owner.actor == command.by:
        raise _taken_already(state, command.by)
    if state.rung is not None:
        take(draft, command.by, command.because or f"claimed at {state.rung.level}")
        return
    if not command.because:
        raise NotAllowed(f"{state.accountable} owns {state.id}; say why you take it over (because)")
    own(draft, command.by, command.because)


def decline(draft: Draft, command: c.Decline) -> None:
    """Cannot take it: when everybody told has declined, the next round starts at once."""
    permissions.require_person(command.by, "decline")
    state = draft.state
    rung = state.rung
    if rung is None:
        raise _taken_already(state, command.by)
    if command.by not in rung.people:
        whom = ", ".join(rung.people) or "nobody"
        raise NotAllowed(f"{command.by} was not paged in round {rung.id}, which {whom} can decline")
    if command.by in rung.declined:
        raise AlreadyDone(f"you declined round {rung.id} already")
    draft.record(e.PageDeclined, rung=rung.id, because=command.because)
    over_when_nobody_is_left(draft)


def undelivered(draft: Draft, command: c.NotDelivered) -> None:
    """A message did not arrive; when nobody of the round could be told, the next round starts at once."""
    draft.record(e.MessageFailed, key=command.key, to=command.to, rung=command.rung, error=command.error)
    if command.unknown:
        work_items.give_back(draft, command.to, command.error)
    if draft.state.rung is not None and draft.state.rung.id == command.rung:
        over_when_nobody_is_left(draft)


def over_when_nobody_is_left(draft: Draft) -> None:
    """End the round at once when everybody it told has declined or could not be reached."""
    rung = draft.state.rung
    if rung is None or not rung.resolved:
        return
    left = [person for person in rung.people if person not in rung.declined and person not in rung.failed]
    if left:
        return
    if rung.last_resort:
        # Asking the last resort again at once would spin; the round's own due instant asks again.
        return
    if not rung.people:
        because = f"nobody was found for round {rung.id}"
    elif not rung.failed:
        because = f"everybody in round {rung.id} declined"
    else:
        because = f"nobody in round {rung.id} could be reached" + (" or would take it" if rung.declined else "")
    round_over(draft, because)
