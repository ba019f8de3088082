"""Handing over: sideways, where responsibility passes only when it is accepted, and up the ladder by hand."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import assignment, grounds, permissions, triggers
from escalation.lifecycle.case import packet
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.ladder import late, paths, powers, shifts
from escalation.lifecycle.message_values import instant
from escalation.lifecycle.work import work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.ladder import Handoff
from escalation.model.state import Escalation
from escalation.playbook.ladder import Axis, LevelPolicy
from escalation.values import ENGINE, TIMER, Actor, ActorKind, format_duration, kind_of, split_target


def reassign(draft: Draft, command: c.Reassign) -> None:
    """Offer it to another person."""
    if kind_of(command.to) is not ActorKind.PERSON:
        raise NotAllowed(f"responsibility passes to a person: {command.to} is none (expected person:ID)")
    _offer(draft, c.OfferHandoff.made({**command.__dict__, "expectation": command.because}))


def offer(draft: Draft, command: c.OfferHandoff) -> None:
    """Offer it to a person, team, role, whoever is on call, a level or an outside system, with what is expected."""
    _offer(draft, command)


def _offer(draft: Draft, command: c.OfferHandoff) -> None:
    state, by, to = draft.state, command.by, command.to
    permissions.require_person(by, "handing over responsibility")
    permissions.require_member(state, by)
    if state.owner is None or state.level_policy is None:
        raise NotNow(f"nobody owns {state.id} yet; it is being offered to {', '.join(_offered(state))}")
    if state.owner.actor == to:
        raise AlreadyDone(f"{to} owns {state.id} already")
    permissions.refuse_concerned(state, to)
    level = _receiver(state, to) or state.level_policy
    _require_task(draft, command)
    if state.handoff is not None:
        _require_may_replace(state, state.handoff, by)
        instead = grounds.of("offered_instead", f"{by} offered it to {to} instead", by=by, to_whom=to)
        _end(draft, "withdrawn", instead)
    packet.let_go(draft)
    draft.record(
        e.HandoffOffered,
        handoff=f"h{state.handoffs + 1}",
        to=to,
        because=command.because,
        expectation=command.expectation,
        due=draft.now + level.ack,
        giver=state.owner.actor,
        reason=command.reason,
        axis=_AXES.get(command.reason),
        packet_version=state.packet_version,
        task=command.task,
        assignee=command.assignee,
        task_due=command.due,
    )


def _require_may_replace(state: Escalation, offer: Handoff, by: Actor) -> None:
    if state.rules < 2 or by in (may := _may_end(state, offer)):
        return
    raise NotAllowed(
        f"hand-off {offer.id} to {offer.to} is open until {instant(offer.due)}, and another offer would end it; "
        f"that may: {', '.join(may)}; not {by}"
    )


def _may_end(state: Escalation, offer: Handoff) -> tuple[Actor, ...]:
    """Return who may take an offer back, or put another in its place: who made it, the owner, and who commands."""
    may = (offer.offered_by, state.accountable, state.ownership.commander)
    return tuple(dict.fromkeys(each for each in may if each is not None and each != ENGINE))


_AXES = {
    "no_authority": Axis.HIERARCHICAL,
    "no_expertise": Axis.FUNCTIONAL,
    "no_resources": Axis.FUNCTIONAL,
}
"""What a reason says of where it has to go; any other says nothing."""


def _receiver(state: Escalation, to: str) -> LevelPolicy | None:
    """Return the level it is offered to, None for anybody else; refuse whom it cannot be offered to."""
    kind, name = split_target(to)
    if kind == "agent":
        raise NotAllowed(
            f"responsibility passes to a person, and {to} is an AI; give_back gives the case back to the AI that asked"
        )
    if to in (ENGINE, TIMER):
        raise NotAllowed(f"{to} is the engine itself; name the outside system (system:NAME)")
    if kind != "level":
        return None
    index = state.playbook.level_index(name)
    if index is None:
        known = ", ".join(level.id for level in state.playbook.levels)
        raise Unknown(f"playbook {state.playbook.playbook} has no level {name}; it has {known}")
    if state.level is not None and state.level.index == index:
        raise NotNow(f"{state.id} is at {name} already; offer it to somebody there")
    return state.playbook.levels[index]


def _require_task(draft: Draft, command: c.OfferHandoff) -> None:
    if not command.task:
        if command.assignee is not None or command.due is not None:
            raise NotAllowed("an assignee and a due time belong to a task: name the task too, or leave them out")
        return
    if draft.state.rules >= 2:
        work_items.require_room(draft.state)
    if command.due is None or command.due <= draft.now:
        raise NotAllowed("the task needs a due time that has not passed (due)")
    if command.assignee is not None:
        permissions.require_person(command.assignee, "owning an action item")
        permissions.refuse_concerned(draft.state, command.assignee)


def accept(draft: Draft, command: c.AcceptHandoff) -> None:
    """Accept: responsibility passes now, or to a team as soon as one of its people claims it."""
    permissions.require_person(command.by, "accept_handoff")
    state = draft.state
    handoff = _open(state, command.by)
    if split_target(handoff.to)[0] == "system":
        _taken_outside(draft, handoff, command)
        return
    _require_receiver(state, handoff, command.by)
    _require_known_packet(state, command.packet_version)
    packet.let_go(draft)
    if handoff.period and state.owner is not None and command.by == state.owner.actor:
        _end(draft, "accepted", f"{command.by} stays for the next period")
        return
    if not command.for_team:
        _pass_on(draft, handoff, command.by)
        return
    if split_target(handoff.to)[0] != "team" or state.level_policy is None:
        raise NotAllowed(f"the hand-off was offered to {handoff.to}, which is no team: accept it for yourself")
    if handoff.team_by is not None:
        raise AlreadyDone(f"{handoff.team_by} accepted it for {handoff.to} already; one of its people has to claim it")
    due = draft.now + state.level_policy.ack
    draft.record(e.TeamAccepted, handoff=handoff.id, team=handoff.to, due=due)


def claim(draft: Draft, command: c.Claim) -> None:
    """Claim what the own team accepted; or take it over from whoever holds it."""
    handoff = draft.state.handoff
    if handoff is None or handoff.team_by is None or command.by not in handoff.asked:
        assignment.claim(draft, command)
        return
    permissions.require_person(command.by, "claim")
    permissions.refuse_concerned(draft.state, command.by)
    _pass_on(draft, handoff, command.by)


def _pass_on(draft: Draft, handoff: Handoff, receiver: Actor) -> None:
    state = draft.state
    now, then = state.packet_version, handoff.packet_version
    changed = f"although the packet has changed since it was offered (version {then}, now {now})" if now != then else ""
    because, done = f"hand-off accepted: {handoff.because}", shifts.done(state)
    kind, name = split_target(handoff.to)
    if kind == "level" and (index := state.playbook.level_index(name)) is not None:
        assignment.arrive(draft, index, because, handoff.axis, by=None)
    assignment.own(
        draft, receiver, because, handoff.expectation, changed if then and draft.state.rules >= 1 else "", handoff.id
    )
    if handoff.task and handoff.task_due is not None:
        work_items.record(draft, handoff.task, handoff.assignee or receiver, handoff.task_due)
    if handoff.shift:
        shifts.accepted(draft, handoff, receiver, done)


def _taken_outside(draft: Draft, handoff: Handoff, command: c.AcceptHandoff) -> None:
    """An outside system took it: that is recorded, and the owner here stays the one who answers for it."""
    permissions.require_member(draft.state, command.by)
    if not command.reference:
        raise NotAllowed(f"say under which id {handoff.to} took it (reference)")
    because = f"{handoff.to} took it as {command.reference}, as {command.by} says"
    taken = grounds.of("taken_outside", because, team=handoff.to, reference=command.reference, by=command.by)
    draft.record(e.HandoffEnded, handoff=handoff.id, how="taken_outside", because=taken)


def decline(draft: Draft, command: c.DeclineHandoff) -> None:
    """Decline: the old owner stays responsible; of several who were asked, the others still are."""
    permissions.require_person(command.by, "decline_handoff")
    handoff = _open(draft.state, command.by)
    _require_receiver(draft.state, handoff, command.by)
    because = command.because
    if _is_one_of_several(draft.state, handoff, command.by):
        left = tuple(person for person in handoff.asked if person != command.by)
        offered = {"handoff": handoff.id, "to": handoff.to, "offered_by": handoff.offered_by}
        draft.record(e.HandoffDeclined, **offered, because=because, left=left)
        if left:
            return
        because = _all_declined(draft.state.handoff or handoff)
    _end(draft, "declined", because)
    shifts.over(draft, handoff, f"was declined: {because}")


def _is_one_of_several(state: Escalation, handoff: Handoff, actor: Actor) -> bool:
    """Tell whether somebody answers for themselves alone.

    Nobody says no for a whole team, whatever the reason: whoever made the offer hears each, and withdraws what went to
    the wrong one. Whoever is offered it by name also answers for those who were found in their place.
    """
    return state.rules >= 2 and len(handoff.people) > 1 and actor != handoff.to


def _all_declined(handoff: Handoff) -> str:
    refusals = handoff.declined
    said = [f"{each.by} ({each.because})" for each in refusals[: grounds.MOST_LISTED]]
    more = f"; {len(refusals) - len(said)} more" if len(refusals) > len(said) else ""
    listed = [{"by": each.by, "words": each.because} for each in refusals]
    return grounds.of("all_declined", f"everybody who was asked declined: {'; '.join(said)}{more}", refusals=listed)


def withdraw(draft: Draft, command: c.WithdrawHandoff) -> None:
    """Take the offer back: whoever made it may, the owner, and the commander."""
    permissions.require_person(command.by, "withdraw_handoff")
    state = draft.state
    permissions.require_member(state, command.by)
    handoff = _open(state, command.by)
    may = _may_end(state, handoff)
    if command.by not in may:
        raise NotAllowed(
            f"the hand-off is withdrawn by whoever offered it, the owner, or the commander: {', '.join(may)}; "
            f"not by {command.by}"
        )
    draft.record(e.HandoffEnded, handoff=handoff.id, how="withdrawn", because=command.because, people=handoff.asked)


def expired(draft: Draft) -> None:
    """Nobody accepted in time: the old owner stays responsible and is told; that of a shift goes up."""
    state = draft.state
    handoff, policy = state.handoff, state.level_policy
    if handoff is None:
        return
    kind, name = split_target(handoff.to)
    if kind == "level" and state.rules >= 2 and (index := state.playbook.level_index(name)) is not None:
        policy = state.playbook.levels[index]
    within = policy.ack if policy is not None else None
    waited = format_duration(within) if within is not None else "the time given"
    if handoff.shift:
        because = grounds.of("not_accepted_in_shift", "nobody accepted before the shift ended")
    elif handoff.period:
        english = f"nobody accepted before {handoff.due:%Y-%m-%d %H:%M %Z}"
        because = grounds.of("not_accepted_before", english, at=handoff.due)
    elif handoff.team_by is not None:
        english = f"{handoff.team_by} accepted it for {handoff.to}, and nobody of it claimed it within {waited}"
        because = grounds.of("not_claimed", english, by=handoff.team_by, team=handoff.to, within=within)
    else:
        because = grounds.of("not_accepted", f"nobody accepted within {waited}", within=within)
    _end(draft, "expired", because)
    shifts.over(draft, handoff, "was not accepted")


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
        told = handoff.asked if how in ("withdrawn", "declined") and draft.state.rules >= 2 else ()
        draft.record(e.HandoffEnded, by=by, handoff=handoff.id, how=how, because=because, people=told)


def _open(state: Escalation, actor: Actor) -> Handoff:
    if state.handoff is None:
        raise late.refusal(state, actor)
    return state.handoff


def _require_receiver(state: Escalation, handoff: Handoff, actor: Actor) -> None:
    permissions.refuse_concerned(state, actor)
    if actor not in handoff.people and actor != handoff.to:
        raise late.refusal(state, actor)
    # A no stands: others were told of it and act on it. Whoever changes their mind takes over by their own word.
    if (refusal := handoff.refusal_of(actor)) is not None:
        raise AlreadyDone(
            f"{actor} declined hand-off {handoff.id} at {refusal.at:%Y-%m-%d %H:%M %Z}, and is not asked any more; "
            f"use claim with a reason to take {state.id} over from {state.accountable}"
        )


def _require_known_packet(state: Escalation, version: int | None) -> None:
    now = state.packet_version
    if version is not None and version != now:
        raise NotNow(
            f"the packet of {state.id} has version {now} and you read {version}: read it again, then accept that"
        )


def _offered(state: Escalation) -> tuple[str, ...]:
    return state.rung.targets if state.rung is not None else (state.accountable,)
