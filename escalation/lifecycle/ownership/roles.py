"""Roles beside the owner, and the working group: who speaks, who coordinates, who looks after what, who may act.

The working group may act; the audience (consulted and informed of each stage, stakeholders) is told. Somebody of the
audience may join; anybody else is added by a member.
"""

from collections.abc import Callable, Iterable, Iterator

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.ownership import MOST_RESPONSIBILITIES
from escalation.model.state import Escalation
from escalation.values import Actor, ActorKind, kind_of

MOST_MEMBERS = 500
"""How many may be in the working group by hand."""


def name_communicator(draft: Draft, command: c.NameCommunicator) -> None:
    """Designate the one person who manages updates and internal communication."""
    _require_nameable(draft, command.by, command.who, "name_communicator")
    if draft.state.ownership.communicator == command.who:
        raise AlreadyDone(f"{command.who} is the communicator of {draft.state.id} already")
    draft.record(
        e.CommunicatorNamed, who=command.who, because=command.because, relieves=_relieves(draft, command.who, _spoke)
    )


def name_commander(draft: Draft, command: c.NameCommander) -> None:
    """Name the one person who coordinates."""
    _require_nameable(draft, command.by, command.who, "name_commander")
    if draft.state.ownership.commander == command.who:
        raise AlreadyDone(f"{command.who} is the commander of {draft.state.id} already")
    draft.record(
        e.CommanderNamed, who=command.who, because=command.because, relieves=_relieves(draft, command.who, _led)
    )


def _relieves(draft: Draft, who: Actor, until_now: Callable[[Escalation], Iterable[Actor]]) -> tuple[Actor, ...]:
    if draft.state.rules < 2:
        return ()
    return tuple(each for each in dict.fromkeys(until_now(draft.state)) if each != who)


def _led(state: Escalation) -> Iterator[Actor]:
    if state.ownership.commander is not None:
        yield state.ownership.commander
    elif state.owner is not None:
        yield state.owner.actor


def _spoke(state: Escalation) -> Iterator[Actor]:
    """Yield who was told to speak to the stakeholders, as far as is still known."""
    if state.ownership.communicator is not None:
        yield state.ownership.communicator
        return
    for event in state.tail:
        if isinstance(event, e.PeopleResolved) and event.purpose == "communicator:0":
            yield from (each.person for each in event.found.people)


def assign_responsibility(draft: Draft, command: c.AssignResponsibility) -> None:
    """Record what somebody looks after: the commander says so, or the owner."""
    permissions.require_person(command.by, "assign_responsibility")
    state = draft.state
    permissions.require_member(state, command.by)
    permissions.refuse_concerned(state, command.who)
    leads = tuple(filter(None, (state.ownership.commander, state.owner.actor if state.owner else None)))
    if command.by not in leads:
        who = ", ".join(dict.fromkeys(leads)) or f"nobody yet; {state.accountable} is accountable"
        raise NotAllowed(f"responsibilities of {state.id} are assigned by its commander or owner: {who}")
    known = {each.who: each.what for each in state.ownership.responsibilities}
    if known.get(command.who) == command.what:
        raise AlreadyDone(f"{command.who} looks after that already")
    if command.who not in known and len(known) >= MOST_RESPONSIBILITIES:
        raise NotNow(f"{state.id} has {MOST_RESPONSIBILITIES} responsibilities already; replace one of them")
    draft.record(e.ResponsibilityAssigned, who=command.who, what=command.what)


def join(draft: Draft, command: c.Join) -> None:
    """Join the working group, as one of those who were consulted, told or are stakeholders."""
    permissions.require_person(command.by, "join")
    state = draft.state
    permissions.refuse_concerned(state, command.by)
    if command.by in state.people:
        raise AlreadyDone(f"{command.by} is in the working group of {state.id} already ({state.people[command.by]})")
    if command.by not in audience(state):
        raise NotAllowed(
            f"{command.by} has not been told of {state.id}: somebody of its working group adds them (add_to_group); "
            f"{permissions.who_may(state)}"
        )
    draft.record(e.GroupJoined, who=command.by, because=command.because or "joined")


def add_to_group(draft: Draft, command: c.AddToGroup) -> None:
    """Add somebody to the working group."""
    _require_nameable(draft, command.by, command.who, "add_to_group")
    state = draft.state
    if command.who in state.people:
        raise AlreadyDone(f"{command.who} is in the working group of {state.id} already ({state.people[command.who]})")
    if len(state.people) >= MOST_MEMBERS:
        raise NotNow(f"the working group of {state.id} has {len(state.people)} people already; nobody is added by hand")
    draft.record(e.GroupJoined, who=command.who, because=command.because)


def leave(draft: Draft, command: c.Leave) -> None:
    """Leave the working group; whoever has still something to do there says first who does it instead."""
    permissions.require_person(command.by, "leave")
    state = draft.state
    permissions.require_member(state, command.by)
    if has := _still_has(state, command.by):
        raise NotNow(f"{command.by} {has} of {state.id}")
    draft.record(e.GroupLeft, who=command.by, because=command.because or "left")


def audience(state: Escalation) -> tuple[Actor, ...]:
    """Return who is told without a part in it: consulted and informed of its stages, and stakeholders."""
    talk = state.communication
    stakeholders = (person for each in talk.stakeholders.values() for person in each.people) if talk else ()
    told = (*state.ownership.audience, *stakeholders)
    return tuple(person for person in dict.fromkeys(told) if person not in state.people)


def _still_has(state: Escalation, person: Actor) -> str:
    roles = state.ownership
    if state.owner is not None and state.owner.actor == person:
        return "is the owner: hand it over first (offer_handoff)"
    if state.rung is not None and person in state.rung.people and person not in state.rung.declined:
        return "is being called to take it: decline first, that is part"
    if state.handoff is not None and person in state.handoff.asked:
        return "is offered responsibility: answer that first (accept_handoff, decline_handoff), it is part"
    if any(person in gate.people for gate in state.pending_gates):
        return "is asked for an approval: decide first, it is part"
    item = next((item for item in state.open_items if item.owner == person), None)
    if item is not None:
        return f"has action item {item.id} to do: complete it first, it is part"
    if person in (roles.communicator, roles.commander):
        role = "communicator" if person == roles.communicator else "commander"
        return f"is the {role}: name somebody else first (name_{role}), it is a role"
    return ""


def _require_nameable(draft: Draft, by: Actor, who: Actor, act: str) -> None:
    permissions.require_person(by, act)
    permissions.require_member(draft.state, by)
    if kind_of(who) is not ActorKind.PERSON:
        raise NotAllowed(f"only a person can have this part: {who} is none (expected person:ID)")
    permissions.refuse_concerned(draft.state, who)
