"""What the events of the ladder change: level, rounds of pages, who was found and told, owner, hand-offs."""

from escalation.lifecycle.changes import communication, incident, messages, ownership
from escalation.lifecycle.changes.approvers import question_delivered
from escalation.lifecycle.changes.common import Change, Changes, latest, new, question_arrived, with_
from escalation.model import events as e
from escalation.model.ladder import Bypass, Handoff, LevelState, Owner, Refusal, Rung, Taken
from escalation.model.state import Escalation
from escalation.texts import cut

KEPT_OF_REFUSAL = 300
"""So many characters of why somebody declined are kept in the state."""


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


def _template_failing(state: Escalation, event: e.TemplateFailing) -> Changes:
    return {"failing_templates": (*state.failing_templates, event.template)}


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


def _message_delivered(state: Escalation, event: e.MessageDelivered) -> Changes:
    known = event.to in state.told or communication.is_update(event.key) or "/raci/" in event.key
    told = state.told if known else (*state.told, event.to)
    # Who did not take it stands in the event: many receipts are kept here.
    receipt = event.receipt.changed({"passed_over": ()}) if event.receipt.passed_over else event.receipt
    receipts = latest(state.receipts, event.key, receipt)
    changes: Changes = {"told": told, "receipts": receipts, **question_arrived(state, event)}
    changes |= messages.delivered(state, event)
    rung = state.rung
    if rung is not None and rung.id == event.rung and event.to not in rung.told:
        changes["rung"] = with_(rung, told=(*rung.told, event.to))
    if state.communication is not None:
        changes |= communication.delivered(state, event.key, event.to)
    if state.gates:
        changes |= question_delivered(state, event)
    return changes


def _message_failed(state: Escalation, event: e.MessageFailed) -> Changes:
    if state.rung is None or state.rung.id != event.rung:
        return {}
    return {"rung": with_(state.rung, failed=(*state.rung.failed, event.to))}


def _acknowledged(state: Escalation, event: e.Acknowledged) -> Changes:
    return {"rung": None, "taken": new(Taken, by=event.by, at=event.at, rung=event.rung)}


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


def is_owners_turn(state: Escalation, event: e.Event) -> bool:
    """Tell whether it is the owner's turn (again), whoever caused that. An action that was approved is its asker's."""
    return not isinstance(event, e.GateClosed) or event.gate not in state.action_gates


OWNERS_TURN = frozenset({e.OwnerChanged, e.HoldEnded, e.ResolutionRejected, e.GateClosed})
"""Events with which it is the owner's turn (again)."""


def _page_declined(state: Escalation, event: e.PageDeclined) -> Changes:
    declined = state.declined if event.by in state.declined else (*state.declined, event.by)
    if state.rung is None:
        return {"declined": declined}
    return {"declined": declined, "rung": with_(state.rung, declined=(*state.rung.declined, event.by))}


def _owner_changed(state: Escalation, event: e.OwnerChanged) -> Changes:
    people = state.people if event.owner in state.people else {**state.people, event.owner: "owner"}
    return {
        "owner": new(Owner, actor=event.owner, since=event.at, because=event.because),
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
        grounds=event.grounds,
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


def _handoff_declined(state: Escalation, event: e.HandoffDeclined) -> Changes:
    offer = state.handoff
    if offer is None:
        return {}
    refusal = new(Refusal, by=event.by, at=event.at, because=cut(event.because, KEPT_OF_REFUSAL))
    return {"handoff": with_(offer, declined=(*offer.declined, refusal))}


def _handoff_ended(state: Escalation, event: e.HandoffEnded) -> Changes:
    return {"handoff": None, **ownership.ended(state, event)}


CHANGES: dict[type[e.EventBase], Change] = {
    e.LevelEntered: _level_entered,
    e.PathTaken: _path_taken,
    e.FeedFailing: _feed_failing,
    e.TemplateFailing: _template_failing,
    e.CellReached: _cell_reached,
    e.Bypassed: _bypassed,
    e.RungOpened: _rung_opened,
    e.RungMoved: _rung_moved,
    e.PagesHeld: _pages_held,
    e.PagesReleased: _pages_released,
    e.MessageDelivered: _message_delivered,
    e.MessageFailed: _message_failed,
    e.Acknowledged: _acknowledged,
    e.PageDeclined: _page_declined,
    e.AcknowledgementLapsed: _acknowledgement_lapsed,
    e.OwnerChanged: _owner_changed,
    e.HandoffOffered: _handoff_offered,
    e.HandoffDeclined: _handoff_declined,
    e.HandoffEnded: _handoff_ended,
}
