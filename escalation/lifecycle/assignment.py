"""Stage assignment: the ladder is climbed until a named person has taken it.

A level is entered, its targets are told in rounds, and each round waits for an acknowledgement. Silence leads to the
next round, then to the next level, and after the last level to its last resort, again and again: somebody is always
being told. Every level change says why.
"""

from datetime import timedelta

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.case import packet
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.ladder import hours, paths
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.ladder import Rung
from escalation.model.state import Escalation
from escalation.playbook.ladder import Axis, LevelPolicy, PathPolicy
from escalation.values import ENGINE, TIMER, Actor, Target, format_duration


def enter_at_least(draft: Draft, index: int, because: str, axis: Axis | None = None) -> None:
    """Go to the first level of the path that is not below this one."""
    state = draft.state
    enter_level(draft, paths.at_least(state.playbook, state.path, index), because, axis)


def enter_level(
    draft: Draft, index: int, because: str, axis: Axis | None = None, targets: tuple[Target, ...] = ()
) -> None:
    """Go to a level and page its targets, or others in their place."""
    packet.let_go(draft)
    arrive(draft, index, because, axis, by=ENGINE if draft.by == TIMER else None)
    open_round(draft, 1, because, targets=targets)


def arrive(draft: Draft, index: int, because: str, axis: Axis | None, by: Actor | None) -> None:
    """Be at a level from now on, without calling anybody there."""
    policy = draft.state.playbook.levels[index]
    draft.record(
        e.LevelEntered,
        by=by,
        level=policy.id,
        index=index,
        axis=axis or policy.axis,
        because=because,
        dwell_due=paths.step(draft.state, policy, draft.now).dwell_due(draft.now),
    )


def open_round(
    draft: Draft,
    number: int,
    because: str,
    *,
    last_resort: bool = False,
    targets: tuple[Target, ...] = (),
    also: tuple[Target, ...] = (),
    otherwise: Target | None = None,
) -> None:
    """Begin a round of pages at the present level: of its targets, or of others in their place.

    ``also`` are called beside them, ``otherwise`` when they lead to nobody.
    """
    state = draft.state
    policy = state.level_policy
    if policy is None:
        return
    step = paths.step(state, policy, draft.now)
    resort = policy.last_resort if last_resort else None
    called = (resort,) if resort is not None else targets or step.targets
    draft.record(
        e.RungOpened,
        by=ENGINE,
        rung=f"{policy.id}/{state.rungs + 1}",
        round=number,
        targets=tuple(dict.fromkeys((*called, *also))),
        due=step.ack_due(draft.now),
        because=because,
        last_resort=last_resort,
        channels=step.channels,
        choose=None if last_resort else step.choose,
        instead=targets,
        beside=also,
        otherwise=None if last_resort else otherwise,
    )


def choose_path(draft: Draft) -> None:
    """Settle which path it climbs, before anybody is told; nothing where there is one ladder for all."""
    state = draft.state
    if state.path or not state.playbook.paths:
        return
    path = paths.choose(state.playbook, derive(basis_of(state)))
    if path is not None:
        draft.record(e.PathTaken, by=ENGINE, path=path.id, because=path.about or path.when)


def take_path(draft: Draft, path: PathPolicy, because: str) -> None:
    """Go on along another path, from its first level on."""
    draft.record(e.PathTaken, by=ENGINE, path=path.id, because=because)
    enter_level(draft, paths.ladder(draft.state.playbook, path.id)[0], f"{because}: path {path.id}")


def go_up(draft: Draft, because: str, axis: Axis | None = None) -> None:
    """Go to the next level; after the last one along the path that follows, or to its last resort."""
    state = draft.state
    if state.level is None or state.review is not None or state.ended:
        return
    index = paths.following(state)
    if index is not None:
        enter_level(draft, index, because, axis)
        return
    path = state.playbook.path(state.path)
    then = state.playbook.path(path.then) if path is not None and path.then is not None else None
    if then is not None:
        take_path(draft, then, because)
        return
    arrive(draft, state.level.index, because, axis, by=ENGINE)
    open_round(draft, 1, because, last_resort=True)


def lasted(draft: Draft, name: str) -> None:
    """It has lasted so long that a cell of the matrix speaks."""
    state = draft.state
    reached = next((each for each in paths.awaited(state) if each.cell == name), None)
    if reached is None or reached.policy.after is None or state.level is None:
        return
    cell = reached.policy
    because = f"{state.severity} for {format_duration(reached.policy.after)}: the matrix of the playbook asks for it"
    draft.record(e.CellReached, by=ENGINE, cell=name, because=because)
    if cell.level is None:
        open_round(draft, 1, because, targets=cell.targets)
        return
    index = paths.at_least(state.playbook, state.path, state.playbook.level_index(cell.level) or 0)
    enter_level(draft, max(index, state.level.index), because, targets=cell.targets)


def move_round(draft: Draft, because: str) -> None:
    """Set the open round anew after a change of severity: other people, or another time to answer."""
    state = draft.state
    rung, policy, level = state.rung, state.level_policy, state.level
    if rung is None or policy is None or level is None:
        return
    if rung.held and not hours.can_wait(state):
        # What waited for somebody's working hours waits no longer, nor does the time at the level.
        arrive(draft, level.index, because, level.axis, by=ENGINE)
        _again(draft, rung, rung.round, because)
        return
    if rung.last_resort or not state.playbook.matrix:
        return
    step = paths.step(state, policy, draft.now)
    if not rung.instead and step.targets != paths.step(draft.before, policy, rung.opened_at).targets:
        _again(draft, rung, 1, because)
        return
    due = max(step.ack_due(rung.opened_at), draft.now)
    if due != rung.due:
        draft.record(e.RungMoved, by=ENGINE, rung=rung.id, due=due, was_due=rung.due, because=because)


def round_over(draft: Draft, because: str) -> None:
    """Nobody took it in this round: the next round, the next level, or the last resort again."""
    state = draft.state
    rung, policy = state.rung, state.level_policy
    if rung is None or policy is None:
        return
    if rung.last_resort or (rung.round <= paths.repeats(state) and not _in_vain(rung)):
        _again(draft, rung, rung.round + 1, because)
    else:
        go_up(draft, because)


def _again(draft: Draft, rung: Rung, number: int, because: str) -> None:
    """Begin another round for whom this one was, as they are at the present severity and hour."""
    open_round(
        draft,
        number,
        because,
        last_resort=rung.last_resort,
        targets=rung.instead,
        also=rung.beside,
        otherwise=rung.otherwise,
    )


def _in_vain(rung: Rung) -> bool:
    """No page of this round arrived anywhere: asking the same people the same way again would not help."""
    return bool(rung.people) and not rung.told and not rung.held


def acknowledgement_due(draft: Draft) -> None:
    """The round's time is over."""
    state = draft.state
    rung, policy = state.rung, state.level_policy
    if rung is None or policy is None:
        return
    waited = _within(state, policy, paths.step(state, policy, rung.opened_at).ack)
    if _in_vain(rung):
        round_over(draft, f"no page of round {rung.id} was delivered within {waited}")
    else:
        round_over(draft, f"nobody acknowledged at {policy.id} within {waited}")


def dwell_due(draft: Draft) -> None:
    """It has stayed at this level for as long as the playbook allows."""
    state = draft.state
    policy = state.level_policy
    if policy is not None and state.level is not None:
        dwell = paths.step(state, policy, state.level.entered_at).dwell
        go_up(draft, f"not resolved at {policy.id} within {_within(state, policy, dwell)}")


def _within(state: Escalation, policy: LevelPolicy, duration: timedelta) -> str:
    of = f" of {policy.calendar} hours" if policy.calendar else ""
    return f"{format_duration(duration)}{of}"


def acknowledgement_lapsed(draft: Draft) -> None:
    """Nothing was heard of the owner: the level is called again, and the owner with it, who answers for it until then.

    Whoever acknowledges has it; the owner's own acknowledgement renews theirs.
    """
    owner, policy = draft.state.owner, draft.state.level_policy
    if owner is None or policy is None or policy.ack_lasts is None:
        return
    because = f"{owner.actor} took it, and nothing was heard of them for {format_duration(policy.ack_lasts)}"
    draft.record(e.AcknowledgementLapsed, by=ENGINE, owner=owner.actor, because=because)
    open_round(draft, 1, because, also=(owner.actor,))


def acknowledge(draft: Draft, command: c.Acknowledge) -> None:
    """Take it: stops the pages of the open round and makes the person the owner."""
    permissions.require_person(command.by, "acknowledge")
    state = draft.state
    if state.rung is None:
        raise _taken_already(state, command.by)
    permissions.require_member(state, command.by)
    asked = (*state.rung.people, *state.rung.targets)
    if state.owner is not None and state.owner.actor == command.by and command.by not in asked:
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


def own(  # noqa: PLR0917 - what is said of it
    draft: Draft, person: Actor, because: str, expectation: str = "", although: str = "", handoff: str = ""
) -> None:
    """Make this person the owner; ``handoff`` is the one that they accepted."""
    draft.record(
        e.OwnerChanged,
        by=person,
        owner=person,
        previous=draft.state.accountable,
        because=because,
        expectation=expectation,
        although=although,
        handoff=handoff,
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
        whom = ", ".join(rung.people) or "nobody yet"
        now = f"being called now, in round {rung.id}: {whom}"
        if command.by in state.told:
            raise NotNow(
                f"the round in which you were called is over, so you need not decline any more; {now}. "
                "You may still take it (acknowledge)"
            )
        raise NotAllowed(f"{command.by} was not called, so there is nothing to decline; {now}")
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
    if rung.last_resort:
        # Asking the last resort again at once would spin; the round's own due instant asks again.
        return
    if rung.people and not rung.declined and not rung.failed and set(rung.people) <= set(draft.state.declined):
        go_up(draft, f"everybody who can be asked at {rung.level} declined before")
        return
    barred = concerned(draft.state)
    left = [person for person in rung.people if person not in (*rung.declined, *rung.failed, *barred)]
    if left:
        return
    if not rung.people:
        because = f"nobody was found for round {rung.id}"
    elif set(rung.people) <= set(barred):
        because = f"everybody in round {rung.id} is concerned by it"
    elif not rung.failed:
        because = f"everybody in round {rung.id} declined"
    else:
        because = f"nobody in round {rung.id} could be reached" + (" or would take it" if rung.declined else "")
    round_over(draft, because)
