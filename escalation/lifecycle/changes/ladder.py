"""What the events of the ladder change: level, rounds of pages, who was found and told, owner, hand-offs."""

from collections.abc import Callable

from escalation.lifecycle.changes import communication, incident, ownership
from escalation.lifecycle.changes.common import Change, Changes, latest, new, question_arrived, with_
from escalation.model import events as e
from escalation.model.parts import Bypass, Gate, Handoff, LevelState, Owner, Rung, Taken
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import Actor


def _level_entered(state: Escalation, event: e.LevelEntered) -> Changes:
    level = new(
        LevelState, id=event.level, index=event.index, axis=event.axis, entered_at=event.at, dwell_due=event.dwell_due
    )
    changes: Changes = {"level": level, "input_request": None}
    if state.level is None:
        changes["first_level"] = event.level
    return changes


def _rung_opened(state: Escalation, event: e.RungOpened) -> Changes:
    rung = new(
        Rung,
        id=event.rung,
        level=state.level.id if state.level else "",
        round=event.round,
        targets=event.targets,
        opened_at=event.at,
        due=event.due,
        last_resort=event.last_resort,
        channels=event.channels,
        choose=event.choose,
        instead=event.instead,
        beside=event.beside,
        otherwise=event.otherwise,
    )
    changes: Changes = {"rung": rung, "rungs": state.rungs + 1, "called": event.targets}
    before = state.rung
    if event.last_resort and before is not None and before.last_resort and set(before.people) <= set(before.failed):
        # Nobody is left to go on to, and those who did not decline cannot be reached: somebody has to be told.
        changes["declined"] = ()
    return changes


def _feed_failing(state: Escalation, event: e.FeedFailing) -> Changes:
    return {"failing_feeds": (*state.failing_feeds, event.rotation)}


def _path_taken(state: Escalation, event: e.PathTaken) -> Changes:
    return {"path": event.path}


def _cell_reached(state: Escalation, event: e.CellReached) -> Changes:
    return {"reached": (*state.reached, event.cell)}


def _rung_moved(state: Escalation, event: e.RungMoved) -> Changes:
    rung = state.rung
    changes: Changes = {"rung": with_(rung, due=event.due)} if rung is not None and rung.id == event.rung else {}
    if event.dwell_due is not None and state.level is not None:
        changes["level"] = with_(state.level, dwell_due=event.dwell_due)
    return changes


def _pages_held(state: Escalation, event: e.PagesHeld) -> Changes:
    rung = state.rung
    return {"rung": with_(rung, held={**rung.held, **event.until})} if rung and rung.id == event.rung else {}


def _pages_released(state: Escalation, event: e.PagesReleased) -> Changes:
    rung = state.rung
    if rung is None or rung.id != event.rung:
        return {}
    held = {person: at for person, at in rung.held.items() if person not in event.people}
    called = tuple(person for person in rung.people if person not in event.people)
    return {"rung": with_(rung, held=held, people=called, resolved=False)}


def _bypassed(state: Escalation, event: e.Bypassed) -> Changes:
    used = new(Bypass, id=event.bypass, by=event.by, skipped=event.skipped, because=event.because)
    return {"bypasses": (*state.bypasses, used)}


def _people_resolved(state: Escalation, event: e.PeopleResolved) -> Changes:
    found = tuple(person.person for person in event.found.people)
    purpose, _, reference = event.purpose.partition(":")
    if purpose == "bypass" and not reference:
        # Whoever is found in their place, because nobody else is there, may not.
        if event.found.fell_back:
            return {}
        return {"people": _joined_by(state, event), "may_bypass": (*found, *event.found.also)}
    if purpose == "update":
        return communication.people_found(state, event)
    if purpose == "power":
        holders = (*(() if event.found.fell_back else found), *event.found.also)
        powers = {**state.powers, reference: tuple(dict.fromkeys(holders))}
        return {"people": {**dict.fromkeys(holders, event.purpose), **state.people}, "powers": powers}
    if purpose in ("raci", "shift"):
        return ownership.people_found(state, event)
    changes: Changes = {"people": _joined_by(state, event)}
    if purpose in ("rung", "hours") and state.rung is not None and state.rung.id == reference:
        rung = state.rung
        why = {each.person: each.note for each in event.found.people if each.note}
        everybody = tuple(dict.fromkeys((*rung.people, *found)))
        changes["rung"] = with_(rung, people=everybody, resolved=True, why={**rung.why, **why}, notes=event.found.notes)
    elif purpose == "gate":
        gate = state.gate_asked(reference)
        if gate is not None:
            changes["gates"] = {**state.gates, gate.id: _approvers_found(gate, event.found)}
    elif purpose in _FOUND_FOR:
        changes |= _FOUND_FOR[purpose](state, reference, event.found)
    elif purpose == "communicator":
        changes |= communication.people_found(state, event)
    elif purpose == "first_update":
        changes |= incident.people_found(state, event)
    return changes


def _task_found(state: Escalation, task_id: str, found: People) -> Changes:
    return {"automation_tasks": {key: task for key, task in state.automation_tasks.items() if key != task_id}}


def _receivers_found(state: Escalation, handoff: str, found: People) -> Changes:
    offer = state.handoff
    if offer is None or offer.id != handoff:
        return {}
    ends = {each.person: each.until for each in found.people if each.until is not None}
    return {"handoff": with_(offer, people=tuple(each.person for each in found.people), shift_ends=ends)}


_FOUND_FOR: dict[str, Callable[[Escalation, str, People], Changes]] = {
    "automation": _task_found,
    "handoff": _receivers_found,
    "oversight": ownership.oversight_found,
}
"""By the purpose of a look-up: what else than the working group it changes."""


def _joined_by(state: Escalation, event: e.PeopleResolved) -> dict[Actor, str]:
    """Return the working group with everybody who was found; what made them part of it first stays."""
    found = (*(each.person for each in event.found.people), *event.found.also)
    return {**state.people, **{actor: event.purpose for actor in found if actor not in state.people}}


def _approvers_found(gate: Gate, answer: People) -> Gate:
    """Whoever is told because nobody else was found fills no seat and may not decide."""
    found = () if answer.fell_back else answer.people
    people = tuple(dict.fromkeys((*gate.people, *(each.person for each in found))))
    if gate.resolved:
        return with_(gate, people=people)
    filled = {target for each in found for target in (each.via, *each.also_via)}
    vacant = sum(target not in filled for target in gate.targets)
    return with_(gate, people=people, seats=len(people) + vacant, vacant=vacant, resolved=True)


def _message_delivered(state: Escalation, event: e.MessageDelivered) -> Changes:
    known = event.to in state.told or communication.is_update(event.key) or "/raci/" in event.key
    told = state.told if known else (*state.told, event.to)
    receipts = latest(state.receipts, event.key, event.receipt)
    changes: Changes = {"told": told, "receipts": receipts, **question_arrived(state, event)}
    rung = state.rung
    if rung is not None and rung.id == event.rung and event.to not in rung.told:
        changes["rung"] = with_(rung, told=(*rung.told, event.to))
    if state.communication is not None:
        changes |= communication.delivered(state, event.key, event.to)
    return changes


def _message_failed(state: Escalation, event: e.MessageFailed) -> Changes:
    if state.rung is None or state.rung.id != event.rung:
        return {}
    return {"rung": with_(state.rung, failed=(*state.rung.failed, event.to))}


def _acknowledged(state: Escalation, event: e.Acknowledged) -> Changes:
    return {"rung": None, "taken": Taken(by=event.by, at=event.at, rung=event.rung)}


def _acknowledgement_lapsed(state: Escalation, event: e.AcknowledgementLapsed) -> Changes:
    owner = with_(state.owner, lapsed=True) if state.owner is not None else None
    return {"silent_due": None, "owner": owner}


def heard(state: Escalation, changes: Changes, event: e.Event) -> Changes:
    """An owner gave a sign of life, or has to give the first: say when the next one is due."""
    owner, policy = changes.get("owner", state.owner), state.level_policy
    lasts = policy.ack_lasts if policy is not None and owner is not None else None
    if lasts is None:
        return {} if state.silent_due is None else {"silent_due": None}
    return {"silent_due": event.at + lasts}


HEARD_AGAIN = frozenset({e.OwnerChanged, e.HoldEnded, e.ResolutionRejected, e.GateClosed})
"""Events with which it is the owner's turn (again), whoever caused them."""


def _page_declined(state: Escalation, event: e.PageDeclined) -> Changes:
    declined = state.declined if event.by in state.declined else (*state.declined, event.by)
    if state.rung is None:
        return {"declined": declined}
    return {"declined": declined, "rung": with_(state.rung, declined=(*state.rung.declined, event.by))}


def _owner_changed(state: Escalation, event: e.OwnerChanged) -> Changes:
    people = state.people if event.owner in state.people else {**state.people, event.owner: "owner"}
    return {
        "owner": Owner(actor=event.owner, since=event.at, because=event.because),
        "owner_changes": state.owner_changes + 1,
        "handoff": None,
        "rung": None,
        "declined": tuple(actor for actor in state.declined if actor != event.owner),
        "people": people,
        **ownership.owner_changed(state, event),
    }


def _handoff_offered(state: Escalation, event: e.HandoffOffered) -> Changes:
    handoff = Handoff(
        id=event.handoff,
        to=event.to,
        offered_by=event.by,
        because=event.because,
        expectation=event.expectation,
        due=event.due,
        period=event.period,
        shift=event.shift,
        giver=event.giver,
        reason=event.reason,
        axis=event.axis,
        packet_version=event.packet_version,
        task=event.task,
        assignee=event.assignee,
        task_due=event.task_due,
    )
    parts = {**incident.offered(state, event), **ownership.offered(state, event)}
    return {"handoff": handoff, "handoffs": state.handoffs + 1, **parts}


def _handoff_ended(state: Escalation, event: e.HandoffEnded) -> Changes:
    return {"handoff": None, **ownership.ended(state, event)}


CHANGES: dict[type[e.EventBase], Change] = {
    e.LevelEntered: _level_entered,
    e.PathTaken: _path_taken,
    e.FeedFailing: _feed_failing,
    e.CellReached: _cell_reached,
    e.Bypassed: _bypassed,
    e.RungOpened: _rung_opened,
    e.RungMoved: _rung_moved,
    e.PagesHeld: _pages_held,
    e.PagesReleased: _pages_released,
    e.PeopleResolved: _people_resolved,
    e.MessageDelivered: _message_delivered,
    e.MessageFailed: _message_failed,
    e.Acknowledged: _acknowledged,
    e.PageDeclined: _page_declined,
    e.AcknowledgementLapsed: _acknowledgement_lapsed,
    e.OwnerChanged: _owner_changed,
    e.HandoffOffered: _handoff_offered,
    e.HandoffEnded: _handoff_ended,
}
