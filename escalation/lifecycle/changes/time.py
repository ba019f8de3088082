"""What the events of time change: clocks, their pause ledgers, holds, stays in a status."""

from datetime import datetime, timedelta
from typing import Any

from escalation.calendars import Calendar, later, passed
from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.timing import Clock, Hold, Pause, StatusStay
from escalation.playbook.clocks import Stops
from escalation.values import Actor


def _clock_started(state: Escalation, event: e.ClockStarted) -> Changes:
    before = state.clocks.get(event.clock)
    clock = new(
        Clock,
        name=event.clock,
        started_at=event.started_at,
        warn_due=event.warn_due,
        due=event.due,
        pauses=_ledger(before) if before else (),
        reminders=event.reminders,
    )
    if before is not None and before.started_at == event.started_at:
        clock = with_(clock, lost=before.lost, paused_for=before.paused_for)  # what begins afresh has lost nothing
    return {"clocks": {**state.clocks, event.clock: _kept(clock, state.playbook.calendar_of(event.clock))}}


def _ledger(clock: Clock) -> tuple[Pause, ...]:
    """Return the pauses of before; what stopped in a pause and begins anew does not begin paused."""
    if clock.stopped_at is None or not clock.paused:
        return clock.pauses
    return (*clock.pauses[:-1], with_(clock.pauses[-1], until=clock.stopped_at))


def _clock(state: Escalation, name: str, **changes: Any) -> Changes:
    clock = state.clocks.get(name)
    return {"clocks": {**state.clocks, name: with_(clock, **changes)}} if clock else {}


def _clock_warned(state: Escalation, event: e.ClockWarned) -> Changes:
    return _clock(state, event.clock, warned=True)


def _clock_breached(state: Escalation, event: e.ClockBreached) -> Changes:
    return _clock(state, event.clock, warned=True, breached=True, reminders=())


def _clock_reminded(state: Escalation, event: e.ClockReminded) -> Changes:
    clock = state.clocks.get(event.clock)
    return _clock(state, event.clock, reminders=clock.reminders[1:]) if clock else {}


def _clock_paused(state: Escalation, event: e.ClockPaused) -> Changes:
    clock = state.clocks.get(event.clock)
    return {"clocks": {**state.clocks, event.clock: pause(clock, event.by, event.because, event.at)}} if clock else {}


def _clock_resumed(state: Escalation, event: e.ClockResumed) -> Changes:
    clock, calendar = state.clocks.get(event.clock), state.playbook.calendar_of(event.clock)
    return {"clocks": {**state.clocks, event.clock: unpause(clock, calendar, event.at)}} if clock else {}


def _clock_stopped(state: Escalation, event: e.ClockStopped) -> Changes:
    return _clock(state, event.clock, stopped_at=event.at, applies=event.met)


def pause(clock: Clock, by: Actor, because: str, now: datetime) -> Clock:
    """Open an entry in a running clock's pause ledger."""
    if clock.paused or clock.stopped_at is not None:
        return clock
    return with_(clock, pauses=(*clock.pauses, new(Pause, by=by, because=because, since=now)))


def unpause(clock: Clock, calendar: Calendar | None, now: datetime) -> Clock:
    """Close the open entry; what was left of the clock's time when it was paused begins again now."""
    if not clock.paused:
        return clock
    last = clock.pauses[-1]
    since = max(last.since, clock.started_at)

    def moved(at: datetime) -> datetime:
        # Of business time that was over already nothing is left to move.
        if calendar is not None and at <= since:
            return at
        return later(calendar, now, passed(calendar, since, at))

    clock = with_(
        clock,
        warn_due=moved(clock.warn_due),
        due=moved(clock.due),
        reminders=tuple(map(moved, clock.reminders)),
        pauses=(*clock.pauses[:-1], with_(last, until=now)),
    )
    return _kept(clock, calendar)


MOST_PAUSES = 20
"""How many entries of a pause ledger the state keeps, the latest; the timeline has all of them."""


def _kept(clock: Clock, calendar: Calendar | None) -> Clock:
    """Let the oldest entries go into one sum."""
    old = clock.pauses[:-MOST_PAUSES]
    if not old:
        return clock
    spans = [(max(each.since, clock.started_at), max(each.until or each.since, clock.started_at)) for each in old]
    return with_(
        clock,
        pauses=clock.pauses[-MOST_PAUSES:],
        lost=sum((passed(calendar, since, until) for since, until in spans), clock.lost),
        paused_for=sum((until - since for since, until in spans), clock.paused_for),
    )


def _hold_started(state: Escalation, event: e.HoldStarted) -> Changes:
    return {
        "hold": Hold(by=event.by, because=event.because, since=event.at, until=event.until),
        "clocks": {
            name: pause(clock, event.by, event.because, event.at) if name in event.clocks else clock
            for name, clock in state.clocks.items()
        },
    }


CONFIRMATION = "waiting for the resolution to be confirmed"
"""Why a clock stands still while a proposed resolution is open."""


def paused_for_confirmation(state: Escalation, by: Actor, now: datetime) -> dict[str, Clock]:
    """Let the clocks wait that a proposed resolution pauses."""
    policies = state.playbook.clocks
    return {
        name: pause(clock, by, CONFIRMATION, now) if "customer" in policies[name].pauses else clock
        for name, clock in state.clocks.items()
    }


def unpaused_until_closed(state: Escalation, now: datetime) -> Changes:
    """Let the clocks run on that wait for the end, not for the resolution."""
    until = _until_closed(state)
    going = {name: unpause(clock, state.playbook.calendar_of(name), now) for name, clock in until.items()}
    return {"clocks": {**state.clocks, **going}} if going else {}


def stopped_at_the_end(state: Escalation, now: datetime) -> Changes:
    """Stop the clocks that wait for the end: it has come."""
    until = _until_closed(state)
    ended = {name: with_(clock, stopped_at=now) for name, clock in until.items()}
    return {"clocks": {**state.clocks, **ended}} if ended else {}


def _until_closed(state: Escalation) -> dict[str, Clock]:
    ends = state.playbook.clock_ends
    return {
        name: clock for name, clock in state.clocks.items() if ends[name] is Stops.CLOSED and clock.stopped_at is None
    }


def _status_entered(state: Escalation, event: e.StatusEntered) -> Changes:
    if event.due is None:
        return {"stay": None}
    return {"stay": StatusStay(status=event.status, since=event.at, due=event.due)}


def _status_overdue(state: Escalation, event: e.StatusOverdue) -> Changes:
    return {"stay": with_(state.stay, due=event.next_due, times=event.times)} if state.stay is not None else {}


def unpaused(state: Escalation, now: datetime) -> dict[str, Clock]:
    """Let every clock run on."""
    return {name: unpause(clock, state.playbook.calendar_of(name), now) for name, clock in state.clocks.items()}


def _hold_ended(state: Escalation, event: e.HoldEnded) -> Changes:
    since = state.hold.since if state.hold is not None else event.at
    return {"hold": None, "clocks": unpaused(state, event.at), **waited(state, since, event.at)}


def waited(state: Escalation, since: datetime, now: datetime) -> Changes:
    """Let the time at a level go on after a wait; a level that was entered meanwhile has not waited all of it."""
    changes: Changes = {"waited": state.waited + (now - since)}
    level, policy = state.level, state.level_policy
    if level is None or policy is None:
        return changes
    since = max(since, level.entered_at)
    calendar = state.playbook.calendar(policy.calendar)
    if calendar is None:
        due = level.dwell_due + (now - since)
    else:
        due = later(calendar, now, max(passed(calendar, since, level.dwell_due), timedelta(0)))
    return {**changes, "level": with_(level, dwell_due=due)}


CHANGES: dict[type[e.EventBase], Change] = {
    e.ClockStarted: _clock_started,
    e.ClockWarned: _clock_warned,
    e.ClockBreached: _clock_breached,
    e.ClockStopped: _clock_stopped,
    e.ClockReminded: _clock_reminded,
    e.ClockPaused: _clock_paused,
    e.ClockResumed: _clock_resumed,
    e.StatusEntered: _status_entered,
    e.StatusOverdue: _status_overdue,
    e.HoldStarted: _hold_started,
    e.HoldEnded: _hold_ended,
}
