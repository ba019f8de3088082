"""``evolve(state, event)``: applies what happened. Total: it never raises for an event that was once recorded.

One small function for each kind of event returns the fields that change; everything else stays.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from escalation.model import events as e
from escalation.model.request import Outcome, Receipt
from escalation.model.state import (
    REMEMBERED,
    TAIL,
    Clock,
    Escalation,
    Gate,
    Handoff,
    Held,
    Hold,
    InputRequest,
    Item,
    LevelState,
    Owner,
    Pause,
    Remembered,
    Resolution,
    Review,
    Rung,
    Score,
    Taken,
    Vote,
)
from escalation.playbook.keywords import matches
from escalation.playbook.schema import ClockName, ContextPart
from escalation.values import Actor, ActorKind, Record, kind_of

Changes = dict[str, Any]

R = TypeVar("R", bound=Record)
K = TypeVar("K")
V = TypeVar("V")


def evolve(state: Escalation, event: e.Event) -> Escalation:
    """Return the state after the event. An event kind this version does not know changes nothing but the chain."""
    apply = _APPLY.get(type(event))
    changes = apply(state, event) if apply is not None else {}
    changes["seq"] = event.seq
    changes["last_hash"] = e.hash_of(event)
    if event.command_id:
        remembered = Remembered(command_id=event.command_id, at=event.at, seq=event.seq)
        changes["remembered"] = (*state.remembered[-(REMEMBERED - 1) :], remembered)
    changes["tail"] = (*state.tail[-(TAIL - 1) :], event)
    return state.changed(changes)


def _with(record: R, **changes: Any) -> R:
    return record.changed(changes)


def _latest(mapping: dict[K, V], key: K, value: V) -> dict[K, V]:
    """Add to a mapping that remembers only so many, dropping the oldest."""
    kept = {**mapping, key: value}
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
    return kept


# --- opening --------------------------------------------------------------------------------------------------------


def _opened(state: Escalation, event: e.Opened) -> Changes:
    said = [turn.text for turn in event.context.conversation if turn.author == "customer"]
    locale = event.customer.locale if event.customer else None
    return {
        "opened_at": event.at,
        "source": event.source,
        "dedup_key": event.dedup_key,
        "case": event.case,
        "customer": event.customer,
        "initiation": event.initiation,
        "timing": event.timing,
        "requested_by": event.requested_by,
        "reason": event.reason,
        "repeat_of": event.repeat_of,
        "occurrences": 1,
        "facts": event.facts,
        "context": event.context,
        "words": matches(said, state.playbook.keywords, locale),
        "missing": event.missing,
        "exception": event.exception,
        "severity": event.severity,
        "reasons": event.reasons,
        "first_level": event.level,
    }


def _declined(state: Escalation, event: e.Declined) -> Changes:
    return {
        "opened_at": event.at,
        "closed_at": event.at,
        "source": event.source,
        "dedup_key": event.dedup_key,
        "case": event.case,
        "initiation": event.initiation,
        "timing": event.timing,
        "requested_by": event.requested_by,
        "facts": event.facts,
        "severity": event.severity,
        "outcome": "declined",
        "outcome_because": event.because,
    }


def _joined(state: Escalation, event: e.Joined) -> Changes:
    changes: Changes = {"occurrences": state.occurrences + 1, "facts": {**state.facts, **event.facts}}
    if event.conversation:
        both = (*state.context.conversation, *event.conversation)
        changes["context"] = _with(state.context, conversation=both)
        changes["words"] = _words(state, [turn.text for turn in event.conversation if turn.author == "customer"])
    return changes


def _words(state: Escalation, said: list[str]) -> dict[str, tuple[str, ...]]:
    """Add the keywords of something the customer said to those that matched before."""
    fresh = matches(said, state.playbook.keywords, state.customer.locale if state.customer else None)
    return {
        name: tuple(dict.fromkeys((*state.words.get(name, ()), *fresh.get(name, ()))))
        for name in (*state.words, *(name for name in fresh if name not in state.words))
    }


def _note_added(state: Escalation, event: e.NoteAdded) -> Changes:
    return {"words": _words(state, [event.text])} if kind_of(event.by) is ActorKind.CUSTOMER else {}


def _receipted(state: Escalation, event: e.Receipted) -> Changes:
    receipt = Receipt(
        outcome=event.outcome,
        escalation_id=state.id,
        request_id=event.request_id,
        reasons=state.reasons,
        severity=state.severity,
        severity_rank=state.severity_rank if state.severity else None,
        level=state.level.id if state.level else state.first_level,
        owner="" if event.outcome is Outcome.DECLINED else _offered_to(state),
        missing=state.missing,
        because=event.because,
        occurrences=state.occurrences,
        playbook=state.playbook.playbook,
        playbook_digest=state.playbook_digest,
        at=event.at,
    )
    return {"answers": _latest(state.answers, event.request_id, receipt)}


def _offered_to(state: Escalation) -> str:
    if state.owner is None and state.rung is not None:
        return state.rung.targets[0]
    return state.accountable


def _reasons_added(state: Escalation, event: e.ReasonsAdded) -> Changes:
    return {"reasons": (*state.reasons, *event.reasons)}


def _input_requested(state: Escalation, event: e.InputRequested) -> Changes:
    return {"input_request": InputRequest(parts=event.parts, of=event.of, due=event.due)}


def _input_provided(state: Escalation, event: e.InputProvided) -> Changes:
    given = {
        name: getattr(event, name)
        for name in ("summary", "impact", "constraints", "help_needed")
        if getattr(event, name)
    }
    if event.attempted_solutions:
        given["attempted_solutions"] = (*state.context.attempted_solutions, *event.attempted_solutions)
    if event.conversation:
        given["conversation"] = (*state.context.conversation, *event.conversation)
    said = [turn.text for turn in event.conversation if turn.author == "customer"]
    return {
        "context": _with(state.context, **given),
        "customer": state.customer or event.customer,
        "words": _words(state, said) if said else state.words,
        "facts": {**state.facts, **event.facts},
        "missing": event.still_missing,
        "input_request": None if event.answered else _still_asked(state, event),
        "exception": "" if event.answered else state.exception,
    }


def _still_asked(state: Escalation, event: e.InputProvided) -> InputRequest | None:
    asked = state.input_request
    if asked is None:
        return None
    return _with(asked, parts=tuple(part for part in event.still_missing if part != ContextPart.CRM_SNAPSHOT))


def _exception_used(state: Escalation, event: e.ExceptionUsed) -> Changes:
    return {"exception": event.because, "missing": event.missing, "input_request": None}


def _facts_changed(state: Escalation, event: e.FactsChanged) -> Changes:
    return {"facts": {**state.facts, **event.facts}}


def _severity_changed(state: Escalation, event: e.SeverityChanged) -> Changes:
    return {"severity": event.severity}


# --- the ladder ------------------------------------------------------------------------------------------------------


def _level_entered(state: Escalation, event: e.LevelEntered) -> Changes:
    level = LevelState(
        id=event.level, index=event.index, axis=event.axis, entered_at=event.at, dwell_due=event.dwell_due
    )
    changes: Changes = {"level": level, "input_request": None}
    if state.level is None:
        changes["first_level"] = event.level
    return changes


def _rung_opened(state: Escalation, event: e.RungOpened) -> Changes:
    rung = Rung(
        id=event.rung,
        level=state.level.id if state.level else "",
        round=event.round,
        targets=event.targets,
        opened_at=event.at,
        due=event.due,
        last_resort=event.last_resort,
    )
    return {"rung": rung, "rungs": state.rungs + 1}


def _people_resolved(state: Escalation, event: e.PeopleResolved) -> Changes:
    found = tuple(person.person for person in event.found.people)
    purpose, _, reference = event.purpose.partition(":")
    people = dict(state.people)
    for actor in (*found, *event.found.also):
        people.setdefault(actor, event.purpose)
    changes: Changes = {"people": people}
    if purpose == "rung" and state.rung is not None and state.rung.id == reference:
        changes["rung"] = _with(state.rung, people=found, resolved=True)
    elif purpose == "gate":
        gate = state.gate_asked(reference)
        if gate is not None:
            both = (*gate.people, *(actor for actor in found if actor not in gate.people))
            seats = gate.seats if gate.resolved else len(both)
            changes["gates"] = {**state.gates, gate.id: _with(gate, people=both, seats=seats, resolved=True)}
    elif purpose == "handoff" and state.handoff is not None and state.handoff.id == reference:
        changes["handoff"] = _with(state.handoff, people=found)
    return changes


def _message_delivered(state: Escalation, event: e.MessageDelivered) -> Changes:
    told = state.told if event.to in state.told else (*state.told, event.to)
    return {"told": told, "receipts": _latest(state.receipts, event.key, event.receipt)}


def _message_failed(state: Escalation, event: e.MessageFailed) -> Changes:
    if state.rung is None or state.rung.id != event.rung:
        return {}
    return {"rung": _with(state.rung, failed=(*state.rung.failed, event.to))}


def _acknowledged(state: Escalation, event: e.Acknowledged) -> Changes:
    return {"rung": None, "taken": Taken(by=event.by, at=event.at, rung=event.rung)}


def _page_declined(state: Escalation, event: e.PageDeclined) -> Changes:
    if state.rung is None:
        return {}
    return {"rung": _with(state.rung, declined=(*state.rung.declined, event.by))}


def _owner_changed(state: Escalation, event: e.OwnerChanged) -> Changes:
    people = state.people if event.owner in state.people else {**state.people, event.owner: "owner"}
    return {
        "owner": Owner(actor=event.owner, since=event.at, because=event.because),
        "owner_changes": state.owner_changes + 1,
        "handoff": None,
        "rung": None,
        "people": people,
    }


def _handoff_offered(state: Escalation, event: e.HandoffOffered) -> Changes:
    handoff = Handoff(
        id=event.handoff,
        to=event.to,
        offered_by=event.by,
        because=event.because,
        expectation=event.expectation,
        due=event.due,
    )
    return {"handoff": handoff, "handoffs": state.handoffs + 1}


def _handoff_ended(state: Escalation, event: e.HandoffEnded) -> Changes:
    return {"handoff": None}


# --- gates -----------------------------------------------------------------------------------------------------------


def _gate_opened(state: Escalation, event: e.GateOpened) -> Changes:
    gate = Gate(id=event.gate, round=event.round, digest=event.digest, opened_at=event.at, due=event.due)
    return {"gates": {**state.gates, event.gate: gate}}


def _gate_decided(state: Escalation, event: e.GateDecided) -> Changes:
    gate = state.gates[event.gate]
    vote = Vote(by=event.by, at=event.at, decision=event.decision, digest=event.digest, because=event.because)
    return {"gates": {**state.gates, gate.id: _with(gate, votes=(*gate.votes, vote))}}


def _gate_closed(state: Escalation, event: e.GateClosed) -> Changes:
    gate = _with(
        state.gates[event.gate],
        state=event.state,
        closed_at=event.at,
        closed_by=event.by,
        because=event.because,
    )
    return {"gates": {**state.gates, gate.id: gate}}


def _gate_expired(state: Escalation, event: e.GateExpired) -> Changes:
    gate = state.gates[event.gate]
    changed = _with(gate, due=event.due or gate.due, deputies_asked=gate.deputies_asked + 1)
    return {"gates": {**state.gates, gate.id: changed}}


def _command_held(state: Escalation, event: e.CommandHeld) -> Changes:
    return {"held": (*state.held, Held(command=event.command, content=event.content))}


def _held_released(state: Escalation, event: e.HeldReleased) -> Changes:
    return {"held": (*state.held[: event.position], *state.held[event.position + 1 :])}


# --- time ------------------------------------------------------------------------------------------------------------


def _clock_started(state: Escalation, event: e.ClockStarted) -> Changes:
    before = state.clocks.get(event.clock)
    clock = Clock(
        name=event.clock,
        started_at=event.started_at,
        warn_due=event.warn_due,
        due=event.due,
        pauses=before.pauses if before else (),
    )
    return {"clocks": {**state.clocks, event.clock: clock}}


def _clock(state: Escalation, name: ClockName, **changes: Any) -> Changes:
    clock = state.clocks.get(name)
    return {"clocks": {**state.clocks, name: _with(clock, **changes)}} if clock else {}


def _clock_warned(state: Escalation, event: e.ClockWarned) -> Changes:
    return _clock(state, event.clock, warned=True)


def _clock_breached(state: Escalation, event: e.ClockBreached) -> Changes:
    return _clock(state, event.clock, warned=True, breached=True)


def _clock_stopped(state: Escalation, event: e.ClockStopped) -> Changes:
    return _clock(state, event.clock, stopped_at=event.at)


def _pause(clock: Clock, by: Actor, because: str, now: datetime) -> Clock:
    if clock.paused or clock.stopped_at is not None:
        return clock
    return _with(clock, pauses=(*clock.pauses, Pause(by=by, because=because, since=now)))


def _unpause(clock: Clock, now: datetime) -> Clock:
    if not clock.paused:
        return clock
    last = clock.pauses[-1]
    lost = now - last.since
    return _with(
        clock,
        warn_due=clock.warn_due + lost,
        due=clock.due + lost,
        pauses=(*clock.pauses[:-1], _with(last, until=now)),
    )


def _hold_started(state: Escalation, event: e.HoldStarted) -> Changes:
    return {
        "hold": Hold(by=event.by, because=event.because, since=event.at, until=event.until),
        "clocks": {
            name: _pause(clock, event.by, event.because, event.at) if name in event.clocks else clock
            for name, clock in state.clocks.items()
        },
    }


def _hold_ended(state: Escalation, event: e.HoldEnded) -> Changes:
    since = state.hold.since if state.hold is not None else event.at
    return {
        "hold": None,
        "clocks": {name: _unpause(clock, event.at) for name, clock in state.clocks.items()},
        "level": _waited(state.level, since, event.at),
    }


def _waited(level: LevelState | None, since: datetime, now: datetime) -> LevelState | None:
    """Let the time at a level go on after a wait; a level that was entered meanwhile has not waited all of it."""
    if level is None:
        return None
    return _with(level, dwell_due=level.dwell_due + (now - max(since, level.entered_at)))


# --- work and words ---------------------------------------------------------------------------------------------------


def _case_linked(state: Escalation, event: e.CaseLinked) -> Changes:
    missing = tuple(part for part in state.missing if part != "crm_snapshot") if event.link.snapshot else state.missing
    return {"case_link": event.link, "case_error": "", "missing": missing}


def _case_failed(state: Escalation, event: e.CaseFailed) -> Changes:
    return {"case_error": event.error}


def _resolution_proposed(state: Escalation, event: e.ResolutionProposed) -> Changes:
    resolution = Resolution(
        text=event.resolution, cause=event.cause, by=event.by, at=event.at, confirm_due=event.confirm_due
    )
    because = "waiting for the resolution to be confirmed"
    return {
        "resolution": resolution,
        "rung": None,
        "clocks": {name: _pause(clock, event.by, because, event.at) for name, clock in state.clocks.items()},
    }


def _resolution_confirmed(state: Escalation, event: e.ResolutionConfirmed) -> Changes:
    if state.resolution is None:
        return {}
    return {"resolution": _with(state.resolution, state="confirmed", how=event.how, confirm_due=None)}


def _resolution_unanswered(state: Escalation, event: e.ResolutionUnanswered) -> Changes:
    if state.resolution is None:
        return {}
    return {"resolution": _with(state.resolution, confirm_due=event.confirm_due)}


def _resolution_rejected(state: Escalation, event: e.ResolutionRejected) -> Changes:
    if state.resolution is None:
        return {}
    return {
        "resolution": _with(state.resolution, state="rejected", confirm_due=None),
        "review": None,
        "clocks": {name: _unpause(clock, event.at) for name, clock in state.clocks.items()},
        "level": _waited(state.level, state.resolution.at, event.at),
    }


def _review_started(state: Escalation, event: e.ReviewStarted) -> Changes:
    return {"review": Review(started_at=event.at, next_due=event.due), "handoff": None, "rung": None}


def _review_submitted(state: Escalation, event: e.ReviewSubmitted) -> Changes:
    if state.review is None:
        return {}
    return {
        "review": _with(
            state.review,
            submitted_by=event.by,
            submitted_at=event.at,
            impact=event.impact,
            cause=event.cause,
            resolution=event.resolution,
            lessons=event.lessons,
            warranted=event.warranted,
        )
    }


def _review_chased(state: Escalation, event: e.ReviewChased) -> Changes:
    if state.review is None:
        return {}
    return {"review": _with(state.review, chased=event.times, next_due=event.next_due)}


def _item_added(state: Escalation, event: e.ItemAdded) -> Changes:
    item = Item(id=event.item, title=event.title, owner=event.owner, due=event.due, next_due=event.due)
    people = state.people if event.owner in state.people else {**state.people, event.owner: f"item:{event.item}"}
    return {"items": {**state.items, event.item: item}, "people": people}


def _item_completed(state: Escalation, event: e.ItemCompleted) -> Changes:
    item = _with(state.items[event.item], done_at=event.at, result=event.result)
    return {"items": {**state.items, event.item: item}}


def _item_chased(state: Escalation, event: e.ItemChased) -> Changes:
    item = _with(state.items[event.item], chased=event.times, next_due=event.next_due)
    return {"items": {**state.items, event.item: item}}


def _rated(state: Escalation, event: e.Rated) -> Changes:
    return {"ratings": (*state.ratings, Score(by=event.by, score=event.score, comment=event.comment))}


def _feedback_given(state: Escalation, event: e.FeedbackGiven) -> Changes:
    return {"feedback": Score(by=event.by, score=event.score, comment=event.comment)}


def _closed(state: Escalation, event: e.Closed) -> Changes:
    return _ended(event, "returned" if event.returned else "closed")


def _cancelled(state: Escalation, event: e.Cancelled) -> Changes:
    return _ended(event, "cancelled")


def _ended(event: e.Closed | e.Cancelled, outcome: str) -> Changes:
    return {
        "outcome": outcome,
        "outcome_because": event.because,
        "closed_at": event.at,
        "rung": None,
        "handoff": None,
        "hold": None,
        "input_request": None,
    }


_APPLY: dict[type, Callable[[Escalation, Any], Changes]] = {
    e.Opened: _opened,
    e.Declined: _declined,
    e.Joined: _joined,
    e.Receipted: _receipted,
    e.ReasonsAdded: _reasons_added,
    e.InputRequested: _input_requested,
    e.InputProvided: _input_provided,
    e.ExceptionUsed: _exception_used,
    e.FactsChanged: _facts_changed,
    e.SeverityChanged: _severity_changed,
    e.LevelEntered: _level_entered,
    e.RungOpened: _rung_opened,
    e.PeopleResolved: _people_resolved,
    e.MessageDelivered: _message_delivered,
    e.MessageFailed: _message_failed,
    e.Acknowledged: _acknowledged,
    e.PageDeclined: _page_declined,
    e.OwnerChanged: _owner_changed,
    e.HandoffOffered: _handoff_offered,
    e.HandoffEnded: _handoff_ended,
    e.GateOpened: _gate_opened,
    e.GateDecided: _gate_decided,
    e.GateClosed: _gate_closed,
    e.GateExpired: _gate_expired,
    e.CommandHeld: _command_held,
    e.HeldReleased: _held_released,
    e.ClockStarted: _clock_started,
    e.ClockWarned: _clock_warned,
    e.ClockBreached: _clock_breached,
    e.ClockStopped: _clock_stopped,
    e.HoldStarted: _hold_started,
    e.HoldEnded: _hold_ended,
    e.NoteAdded: _note_added,
    e.CaseLinked: _case_linked,
    e.CaseFailed: _case_failed,
    e.ResolutionProposed: _resolution_proposed,
    e.ResolutionConfirmed: _resolution_confirmed,
    e.ResolutionUnanswered: _resolution_unanswered,
    e.ResolutionRejected: _resolution_rejected,
    e.ReviewStarted: _review_started,
    e.ReviewSubmitted: _review_submitted,
    e.ReviewChased: _review_chased,
    e.ItemAdded: _item_added,
    e.ItemCompleted: _item_completed,
    e.ItemChased: _item_chased,
    e.Rated: _rated,
    e.FeedbackGiven: _feedback_given,
    e.Closed: _closed,
    e.Cancelled: _cancelled,
}
