"""Clocks: how long something may take, in wall or business time, by severity; warned before, acted on at the breach.

Instants are absolute; a pause moves them by as long as it lasted and stays in the clock's pause ledger. A status set by
a rule, an AI or the engine is not a human response: only an act of a person stops that clock, and an acknowledgement
is measured apart.
"""

from datetime import timedelta

from escalation.calendars import Calendar, later, passed
from escalation.lifecycle import assignment
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Clock, Escalation
from escalation.playbook.schema import ClockName, ClockPolicy
from escalation.values import ENGINE, Actor, ActorKind, format_duration, kind_of

NOT_A_RESPONSE = (c.Acknowledge, c.Claim, c.Decline, c.Internal)
"""Commands that do not stop the clock of the first human response."""


def start(draft: Draft) -> None:
    """Start every clock the playbook runs at this severity."""
    for name, policy in draft.state.playbook.clocks.items():
        _start(draft, name, policy)


def _start(draft: Draft, name: ClockName, policy: ClockPolicy) -> None:
    state = draft.state
    before = state.clocks.get(name)
    limit = policy.limit(state.severity)
    if limit is None or state.opened_at is None:
        if before is not None:
            _stop(draft, name)
        return
    begun = state.opened_at
    if policy.starts == "first_contact" and state.case is not None and state.case.opened_at is not None:
        begun = min(state.case.opened_at, begun)
    calendar = state.playbook.calendar_of(name)
    lost = _lost(before, calendar) if before is not None else timedelta(0)
    due = later(calendar, begun, limit + lost)
    if before is not None and before.breached and due <= draft.now:
        return  # the same breach would be reported, and climb the ladder, a second time
    warn_due = later(calendar, begun, limit * policy.warn_at + lost)
    draft.record(e.ClockStarted, by=ENGINE, clock=name, started_at=begun, warn_due=warn_due, due=due)


def _lost(clock: Clock, calendar: Calendar | None) -> timedelta:
    """Return how much of a clock's time passed in pauses; a pause that lasts is added when it ends."""
    ended = ((pause.since, pause.until) for pause in clock.pauses if pause.until is not None)
    return sum((passed(calendar, since, until) for since, until in ended), timedelta(0))


def recompute(draft: Draft) -> None:
    """Set every running clock anew after a change of severity; what was paused stays lost."""
    for name, policy in draft.state.playbook.clocks.items():
        clock = draft.state.clocks.get(name)
        if clock is None or clock.stopped_at is None:
            _start(draft, name, policy)


def follow(draft: Draft, command: c.Command) -> None:
    """Stop the clocks whose end has come with this command."""
    state = draft.state
    if not state.clocks or state.ended:
        return
    if state.owner is not None:
        _stop(draft, ClockName.ACKNOWLEDGE)
        if not isinstance(command, NOT_A_RESPONSE) and _responds(state, command.by):
            _stop(draft, ClockName.FIRST_HUMAN_RESPONSE)
    if state.review is not None:
        _stop(draft, ClockName.RESOLUTION)


def _responds(state: Escalation, actor: Actor) -> bool:
    """Tell a person who works on it from an AI, and from the person who waits for an answer."""
    return kind_of(actor) is ActorKind.PERSON and actor in state.people and actor != state.requested_by


def _stop(draft: Draft, name: ClockName) -> None:
    clock = draft.state.clocks.get(name)
    if clock is not None and clock.stopped_at is None:
        draft.record(e.ClockStopped, clock=name)


def warn(draft: Draft, name: ClockName) -> None:
    """A clock is close to its limit."""
    draft.record(e.ClockWarned, by=ENGINE, clock=name)


def breach(draft: Draft, name: ClockName) -> None:
    """A clock passed its limit: it is recorded, and goes up the ladder where the playbook says so."""
    state = draft.state
    draft.record(e.ClockBreached, by=ENGINE, clock=name)
    policy = state.playbook.clocks[name]
    limit = policy.limit(state.severity)
    if policy.on_breach == "level_up" and state.level is not None and state.review is None:
        of = f" of {policy.calendar} hours" if policy.calendar else ""
        within = f"{format_duration(limit)}{of}" if limit else "its time"
        assignment.go_up(draft, f"clock {name} breached: not met within {within}")


def pausable(state: Escalation) -> tuple[ClockName, ...]:
    """Return the running clocks that a hold pauses."""
    return tuple(
        name
        for name, clock in state.clocks.items()
        if clock.stopped_at is None and not clock.paused and state.playbook.clocks[name].pause_on_hold
    )
