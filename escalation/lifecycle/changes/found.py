"""What changes when people were found, by what they were looked up for."""

from collections.abc import Callable

from escalation.lifecycle.changes import communication, incident, items, ownership, timeline
from escalation.lifecycle.changes.approvers import approvers_found, emergency_found
from escalation.lifecycle.changes.common import Change, Changes, with_
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.values import Actor


def _people_resolved(state: Escalation, event: e.PeopleResolved) -> Changes:
    purpose, _, reference = event.purpose.partition(":")
    apart = _APART.get(purpose)
    if apart is not None:
        return apart(state, event, reference)
    changes: Changes = {"people": _joined_by(state, event)}
    joining = _JOINING.get(purpose)
    if joining is not None:
        changes |= joining(state, event, reference)
    return changes


def _bypassers_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    people = _joined_by(state, event)
    if reference:
        return {"people": people}
    # Whoever is found in their place, because nobody else is there, may not.
    if event.found.fell_back:
        return {}
    return {"people": people, "may_bypass": (*_persons(event), *event.found.also)}


def _holding_found(_state: Escalation, event: e.PeopleResolved, _reference: str) -> Changes:
    # Whoever is found in their place may not; and to be asked for a hold is no part in the work.
    return {} if event.found.fell_back else {"may_hold": (*_persons(event), *event.found.also)}


def _holders_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    holders = (*(() if event.found.fell_back else _persons(event)), *event.found.also)
    powers = {**state.powers, reference: tuple(dict.fromkeys(holders))}
    return {"people": {**dict.fromkeys(holders, event.purpose), **state.people}, "powers": powers}


def _called_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    rung = state.rung
    if rung is None or rung.id != reference:
        return {}
    why = {each.person: each.note for each in event.found.people if each.note}
    everybody = tuple(dict.fromkeys((*rung.people, *_persons(event))))
    return {"rung": with_(rung, people=everybody, resolved=True, why={**rung.why, **why}, notes=event.found.notes)}


def _approvers_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    gate = state.gate_asked(reference)
    return {} if gate is None else {"gates": {**state.gates, gate.id: approvers_found(state, gate, event)}}


def _task_done(state: Escalation, _event: e.PeopleResolved, reference: str) -> Changes:
    return {"automation_tasks": {key: task for key, task in state.automation_tasks.items() if key != reference}}


def _receivers_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Changes:
    if state.handoff is None or state.handoff.id != reference:
        return {}
    ends = {each.person: each.until for each in event.found.people if each.until is not None}
    return {"handoff": with_(state.handoff, people=_persons(event), shift_ends=ends)}


_Found = Callable[[Escalation, e.PeopleResolved, str], Changes]

_APART: dict[str, _Found] = {
    "bypass": _bypassers_found,
    "power": _holders_found,
    "hold": _holding_found,
    "update": lambda state, event, _: communication.people_found(state, event),
    "mention": timeline.people_found,
    "raci": lambda state, event, _: ownership.people_found(state, event),
    "shift": lambda state, event, _: ownership.people_found(state, event),
}
"""What says itself who of those who were found joins the working group."""

_JOINING: dict[str, _Found] = {
    "rung": _called_found,
    "hours": _called_found,
    "gate": _approvers_found,
    "emergency": lambda state, event, reference: emergency_found(state, reference, event.found),
    "automation": _task_done,
    "first_update": lambda state, event, _: incident.people_found(state, event),
    "item": items.people_found,
    "check": items.people_found,
    "handoff": _receivers_found,
    "oversight": lambda state, event, reference: ownership.oversight_found(state, reference, event.found),
    "communicator": lambda state, event, _: communication.people_found(state, event),
    "release": lambda state, event, _: communication.people_found(state, event),
}
"""What else changes where everybody who was found joins it."""


def _persons(event: e.PeopleResolved) -> tuple[Actor, ...]:
    return tuple(each.person for each in event.found.people)


def _joined_by(state: Escalation, event: e.PeopleResolved) -> dict[Actor, str]:
    """Return the working group with everybody who was found; what made them part of it first stays."""
    found = (*(each.person for each in event.found.people), *event.found.also)
    return {**state.people, **{actor: event.purpose for actor in found if actor not in state.people}}


CHANGES: dict[type[e.EventBase], Change] = {e.PeopleResolved: _people_resolved}
