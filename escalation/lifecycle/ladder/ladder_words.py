"""The words of the ladder: somebody is asked to take it, has taken it, or is offered it by whoever has it."""

from datetime import datetime
from typing import Literal, NamedTuple

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import headline, instead, packet, text
from escalation.lifecycle.ladder import paths, powers, remaining
from escalation.lifecycle.message_values import Sentence, Text, Words, instant
from escalation.lifecycle.sentences import told
from escalation.lifecycle.timing import clocks
from escalation.model import events as e
from escalation.model.ladder import Handoff, Rung
from escalation.model.state import Escalation
from escalation.people.found import FoundPerson, People, Why
from escalation.playbook.clocks import ClockName
from escalation.values import Actor, ActorKind, counted, kind_of, split_target


def take_before(state: Escalation, now: datetime) -> datetime | None:
    """Return until when the open round is to be taken: its own end, or the limit to acknowledge where that is earlier.

    None while no round is open.
    """
    rung, clock = state.rung, state.clocks.get(ClockName.ACKNOWLEDGE)
    if rung is None:
        return None
    runs = clock is not None and clock.stopped_at is None and not clock.paused and not clock.breached
    return min(rung.due, clock.due) if clock is not None and runs and clock.due > now else rung.due


class _Then(NamedTuple):
    """What follows when nobody takes it."""

    ends: Literal["next", "up", "late"]
    """With its round, with the limit to acknowledge, or with the round although that limit is earlier."""
    goes_on: Literal["again", "level", "path", "resort"]
    to: str = ""
    """The level, the path, or the target that is the last resort."""


def _then(state: Escalation, rung: Rung, before: datetime) -> _Then:
    """Say what the ladder does next, as ``assignment.round_over`` and ``assignment.go_up`` do it."""
    in_time = before == rung.due
    to = None if in_time else clocks.level_after(state, ClockName.ACKNOWLEDGE)
    if to is not None and state.level is not None and to != state.level.index:
        return _Then("up", "level", state.playbook.levels[to].id)
    ends: Literal["next", "up", "late"] = "next" if in_time else "up" if to is not None else "late"
    if rung.last_resort or (ends != "up" and rung.round <= paths.repeats(state)):
        return _Then(ends, "again")
    index, path = paths.following(state), state.playbook.path(state.path)
    if index is not None:
        return _Then(ends, "level", state.playbook.levels[index].id)
    if path is not None and path.then is not None:
        return _Then(ends, "path", path.then)
    level = state.level_policy
    return _Then(ends, "resort", (level.last_resort if level is not None else None) or state.playbook.owner)


def _until(rung: Rung, before: datetime, then: _Then) -> str:
    follows = {
        "again": "the same people are called again",
        "level": f"level {then.to} is called",
        "path": f"it goes on along path {then.to}",
        "resort": f"{then.to}, the last resort, is called",
    }[then.goes_on]
    if then.ends == "next":
        return f"Take it before {instant(before)}; after that {follows}."
    late = f"it is late, and at {instant(rung.due)} " if then.ends == "late" else ""
    return f"Take it before {instant(before)}, the limit to acknowledge: after that {late}{follows}."


def _called(why: Why) -> grounds.Ground:
    """Say why it is this person, for the templates of every language; the plain words have the note."""
    if why.what == "in_place":
        return grounds.of("called_in_place", "stands in for whoever has the shift")
    if why.what == "later_turn":
        return grounds.of("called_in_later_turn", "has the next turn", who=why.who)
    if why.what == "deputy":
        return grounds.of("called_as_deputy", "deputy of somebody who is away", who=why.who, at=why.until)
    if why.what == "deputy_of_spared":
        return grounds.of("called_as_deputy_of_spared", "deputy of somebody who is spared", who=why.who)
    if why.what == "though_declined":
        return grounds.of("called_though_declined", "declined before, but nobody else was found")
    return grounds.of("called_though_spent", "has had many pages, but nobody else was found")


def page(state: Escalation, person: FoundPerson, found: People, now: datetime, waited: datetime | None = None) -> Words:
    """Ask somebody to take it; ``waited`` is since when that has waited for their working hours."""
    rung = state.rung
    if rung is None:
        return Text(headline(state), packet(state))
    receiver, policy, owner = person.person, state.level_policy, state.owner
    before = take_before(state, now) or rung.due
    then = _then(state, rung, before)
    why = f"{person.via}{f' ({person.note})' if person.note else ''}; {rung.level}, round {rung.round}"
    why += f"; it has waited for your working hours since {instant(waited)}" if waited is not None else ""
    body = (
        f"{packet(state)}\n"
        f"You are called because: {why}{instead(found)}\n"
        f"{_answers_for(state)}"
        f"{_silent(state, receiver)}"
        f"{_until(rung, before, then)}\n"
        f"  escalate acknowledge {state.id} --by {receiver}\n"
        f"  escalate decline {state.id} --by {receiver} --because '...'"
    )
    said = text(
        state,
        "page",
        f"{headline(state)} - please acknowledge",
        body,
        via=person.via,
        via_kind=split_target(person.via)[0],
        shift_ends=person.until,
        note=person.note,
        why=[_called(each) for each in person.why],
        level=rung.level,
        round=rung.round,
        waited_since=waited,
        responsible_for=policy.responsible_for if policy is not None else (),
        powers=[powers.said(power) for power in policy.may_escalate] if policy is not None else (),
        silent=owner.actor if owner is not None and owner.lapsed else "",
        owner=owner.actor if owner is not None else "",
        until=before,
        then=then.ends,
        goes_on=then.goes_on,
        goes_to=then.to,
        round_ends=rung.due,
    )
    return said._replace(values=said.values | values.found(found) | values.packet(state))


def _answers_for(state: Escalation) -> str:
    """Say what this level answers for and who may hand it up from here, where the playbook says so."""
    policy = state.level_policy
    if policy is None:
        return ""
    answers = f"{policy.id} answers for: {', '.join(policy.responsible_for)}\n" if policy.responsible_for else ""
    may = "; ".join(powers.said(power) for power in policy.may_escalate)
    return answers + (f"May escalate from here: {may}\n" if may else "")


def _silent(state: Escalation, person: Actor) -> str:
    owner = state.owner
    if owner is None:
        return ""
    if not owner.lapsed:
        if owner.actor != person:
            return f"{owner.actor} has it now and keeps it until somebody else takes it.\n"
        return "You have it; somebody else is asked to take it over. If you keep it, there is nothing to do.\n"
    if owner.actor == person:
        return "You took it, and nothing was heard of you since: acknowledge again if you still have it.\n"
    return f"{owner.actor} took it, and nothing was heard of them since.\n"


def nobody_left(state: Escalation) -> Words:
    """Say that there is nobody to take it, and nothing of what it is about: it may be about whoever reads this."""
    body = (
        f"An escalation by playbook {state.playbook.playbook} has nobody who may take it: those who would be called "
        "are away, unknown to the directory, or concerned by it. Please have somebody added who may."
    )
    return Text("An escalation has nobody who may take it", body, "nobody_left", {"playbook": state.playbook.playbook})


def taken(state: Escalation, person: Actor) -> Words:
    """Tell somebody who was paged that somebody has it, and not that there is nothing to do where there is."""
    owner = state.owner.actor if state.owner else state.accountable
    stays = _stays(state, person)
    body = f"{owner} has taken {state.id}. {_STAYS[stays]}"
    return text(state, "page_taken", f"{headline(state)} - taken by {owner}", body, owner=owner, stays=stays)


_STAYS = {
    "nothing": "You need not do anything.",
    "commander": "You need not answer the call; you stay commander of its incident.",
    "communicator": "You need not answer the call; you still speak to its stakeholders.",
    "asked": "You need not answer the call; what you were asked for besides stays with you.",
}


def _stays(state: Escalation, person: Actor) -> Literal["nothing", "commander", "communicator", "asked"]:
    """Say what somebody still has to do here, whoever has taken it."""
    roles, incident, talk = state.ownership, state.incident, state.communication
    if person == roles.commander and incident is not None and incident.declared:
        return "commander"
    if person == roles.communicator:
        return "communicator"
    asked = (
        *(incident.asked if incident is not None and incident.first_update_due is not None else ()),
        *(talk.communicators if talk is not None and talk.due is not None else ()),
        *(state.handoff.asked if state.handoff is not None else ()),
        *(each.who for each in roles.responsibilities),
        *(each for item in state.open_items for each in item.holders),
        *(each for gate in state.pending_gates for each in gate.people),
    )
    return "asked" if person in asked else "nothing"


def handoff(state: Escalation, offer: Handoff, person: Actor, found: People) -> Words:
    """Offer responsibility, with what travels along."""
    remains = remaining.beside(state, offer)
    stays = "you stay" if state.accountable == person else f"{state.accountable} stays"
    body = (
        f"{offer.offered_by} offers you responsibility for {state.id}: {offer.because}{instead(found)}\n"
        f"What is expected: {offer.expectation}\n"
        f"{f'It counts as the hand-over of the period too:{chr(10)}{remains}{chr(10)}' if remains else ''}"
        f"{_along(state, offer)}"
        f"{packet(state)}\n"
        f"Accept before {instant(offer.due)}; until then {stays} responsible.\n"
        f"  escalate accept_handoff {state.id} --by {person}\n"
        f"  escalate decline_handoff {state.id} --by {person} --because '...'"
    )
    subject = f"{headline(state)} - hand-off offered"
    said = text(
        state,
        "handoff",
        subject,
        body,
        by=offer.offered_by,
        because=grounds.again(offer.because, offer.grounds),
        expectation=remaining.expected(state, offer),
        remains=remains,
        accountable=state.accountable,
        due=offer.due,
        task=offer.task,
        task_due=offer.task_due,
        assignee=offer.assignee,
        reason=offer.reason if offer.reason != "other" else "",
        moved=state.hops,
        version=offer.packet_version,
    )
    return said._replace(values=said.values | values.found(found) | values.packet(state))


def to_be_claimed(state: Escalation, event: e.TeamAccepted, person: Actor) -> Sentence:
    """Tell somebody of a team that it was accepted for them all: until when one of them has to claim it, and how."""
    accepted = "you" if event.by == person else event.by
    return told(
        "team_accepted",
        f"{accepted} accepted {state.id} for {event.team}: one of you has to claim it before {instant(event.due)}, or "
        f"it stays with {state.accountable}:\n  escalate claim {state.id} --by {person}",
        by=event.by,
        team=event.team,
        due=event.due,
        accountable=state.accountable,
        mine=event.by == person,
    )


def offered_away(state: Escalation, event: e.HandoffOffered) -> Sentence:
    """Tell the owner that somebody else offers what they have: to whom, until when, and how to take it back."""
    back = f"escalate withdraw_handoff {state.id} --by {state.accountable} --because '...'"
    return told(
        "handoff_offered",
        f"{event.by} offers it to {event.to}: {event.because}. It can be accepted until {instant(event.due)}; until "
        f"then you stay responsible. To take the offer back:\n  {back}",
        by=event.by,
        to_whom=event.to,
        because=event.because,
        due=event.due,
    )


def handoff_ended(state: Escalation, event: e.HandoffEnded) -> Sentence:
    """Tell the owner that an offer came to nothing: whose it was, and in their own words why."""
    ended, follows = state.ownership.ended, state.handoff
    to = ended.to if ended is not None else ""
    own_words = kind_of(event.by) is ActorKind.PERSON and event.grounds is None
    # The next period of an incident is offered to somebody else at once.
    follows = follows if follows is not None and follows.period else None
    then = f"; {follows.to} is asked now, until {instant(follows.due)}" if follows is not None else ""
    return told(
        "handoff_ended",
        f"the hand-off was {event.how}: {event.because}. You stay responsible{then}",
        how=event.how,
        because=grounds.given(event),
        to_whom=to,
        by=event.by if own_words else "",
        words=event.because if own_words else "",
        next_to=follows.to if follows is not None else "",
        next_due=follows.due if follows is not None else "",
    )


def handoff_declined(state: Escalation, event: e.HandoffDeclined) -> Sentence:
    """Tell whoever made an offer that one of several declined it, who did so far, and who is still asked."""
    offer, left = state.handoff, ", ".join(event.left)
    declined = tuple(each.by for each in offer.declined) if offer is not None else ()
    then = f"still asked until {instant(offer.due)}: {left}" if offer is not None and left else "nobody is left"
    return told(
        "handoff_declined",
        f"{event.by} declined the hand-off to {event.to}: {event.because}; {then}",
        by=event.by,
        to_whom=event.to,
        words=event.because,
        declined=declined,
        left=event.left,
        due=offer.due if offer is not None else None,
    )


def _along(state: Escalation, offer: Handoff) -> str:
    """Write what goes with an offer beside reason and expectation: task, version of the packet, how often it moved."""
    lines = []
    if offer.task and offer.task_due is not None:
        whose = f" for {offer.assignee}" if offer.assignee else ""
        lines.append(f"Task{whose}, due {instant(offer.task_due)}: {offer.task}")
    if offer.reason != "other":
        lines.append(f"Why not here: {offer.reason.replace('_', ' ')}")
    if state.hops:
        lines.append(f"It has passed from one owner to another {counted(state.hops, 'time')} before.")
    if offer.packet_version:
        lines.append(f"Version {offer.packet_version} of the packet:")
    return "".join(f"{line}\n" for line in lines)
