"""Clocks: how long something may take, in wall or business time, by severity; warned before, acted on at the breach.

Instants are absolute; a pause moves them by as long as it lasted and stays in the clock's pause ledger. A status set by
a rule, an AI or the engine is not a human response: only an act of a person stops that clock, and an acknowledgement
is measured apart. What a clock waits for, and what pauses it, is the playbook's word (``playbook.clocks``).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from escalation.calendars import Calendar, later, passed
from escalation.lifecycle import assignment
from escalation.lifecycle.changes.time import CONFIRMATION
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import Facts, basis_of, condition, derive
from escalation.lifecycle.ladder import paths
from escalation.lifecycle.timing.telling import says_how_it_stands
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.model.timing import Clock
from escalation.playbook.clocks import LEVEL_UP, TELL, ClockPolicy, Stops
from escalation.playbook.schema import Playbook
from escalation.values import ENGINE, Actor, ActorKind, format_duration, kind_of

NOT_A_RESPONSE = (
    c.Acknowledge,
    c.Claim,
    c.Decline,
    c.MarkSeen,
    c.ReactEntry,
    c.Internal,
    c.DraftUpdate,
    c.DropDraft,
    c.ConfirmRead,
    c.PlaceLegalHold,
    c.ReleaseLegalHold,
    c.OpenTicket,
)
"""Commands that do not stop the clock of the first human response."""


# --- starting, and setting anew ---------------------------------------------------------------------------------------


def start(draft: Draft) -> None:
    """Start every clock that begins with the opening and runs at this severity."""
    facts = _facts(draft.state)
    for name, policy in draft.state.playbook.clocks.items():
        if _runs(draft.state, policy, facts):
            _start(draft, name, policy)


def recompute(draft: Draft, because: str = "the severity changed") -> None:
    """Set every running clock anew after a change of severity; what was paused stays lost.

    The limit of before stays in the timeline (``ClockStarted.was_due``).
    """
    for name, policy in draft.state.playbook.clocks.items():
        clock = draft.state.clocks.get(name)
        begins_later = clock is None and policy.when is not None  # `follow` starts it, from now on
        if policy.limit == "within" and not begins_later and (clock is None or _may_run(clock)):
            _start(draft, name, policy, because=because)


def due_date_moved(draft: Draft) -> None:
    """Set the clocks anew that run to the due date."""
    for name, policy in draft.state.playbook.clocks.items():
        clock = draft.state.clocks.get(name)
        if policy.limit == "due_at" and (clock is None or _may_run(clock)):
            _start(draft, name, policy, because="the due date changed")


def migrated(draft: Draft, before: Playbook) -> None:
    """Set the clocks anew of which another version of the playbook says something else, from when they began.

    One that is new begins when it would have; what it waits for may have come already, and then it does not begin.
    """
    playbook, facts = draft.state.playbook, _facts(draft.state)
    for name, policy in playbook.clocks.items():
        clock = draft.state.clocks.get(name)
        same = (before.clocks.get(name), before.calendar_of(name)) == (policy, playbook.calendar_of(name))
        if (clock is not None and (same or not _may_run(clock))) or draft.state.review is not None:
            continue
        owned = draft.state.owner is not None
        if clock is None and owned and policy.ends(name) in (Stops.ACKNOWLEDGED, Stops.HUMAN_RESPONSE):
            continue
        if not _runs(draft.state, policy, facts):
            continue
        _start(draft, name, policy, because="another version of the playbook")
        why = next(_why_it_waits(draft.state, name, policy, facts), "")
        if why and name in draft.state.clocks and not draft.state.clocks[name].paused:
            draft.record(e.ClockPaused, by=ENGINE, clock=name, because=why)


def _may_run(clock: Clock) -> bool:
    return clock.stopped_at is None or not clock.applies


def _start(draft: Draft, name: str, policy: ClockPolicy, *, again: datetime | None = None, because: str = "") -> None:
    """Start a clock, or set it anew; ``again`` is when it begins (afresh), else it keeps its beginning."""
    state = draft.state
    before = state.clocks.get(name)
    begun = again or (before.started_at if before is not None else _beginning(state, policy))
    if begun is None:
        return
    times = _times(state, name, policy, begun, draft.now)
    if times is None:
        if before is not None and before.stopped_at is None:
            draft.record(e.ClockStopped, clock=name, met=False)
        return
    if again is None and before is not None and before.breached and times.due <= draft.now:
        return  # the same breach would be reported, and climb the ladder, a second time
    running = before is not None and before.stopped_at is None
    draft.record(
        e.ClockStarted,
        by=ENGINE,
        clock=name,
        started_at=begun,
        warn_due=times.warn_due,
        due=times.due,
        reminders=times.reminders,
        was_due=before.due if before is not None and running else None,
        because=because,
    )


def _beginning(state: Escalation, policy: ClockPolicy) -> datetime | None:
    """Return when a clock begins that has not begun; None: that has not come."""
    if policy.starts == "level":
        return state.level.entered_at if state.level is not None else None
    if policy.starts == "acknowledged":
        return state.owner.since if state.owner is not None else None
    begun = state.opened_at
    if policy.starts == "first_contact" and begun is not None and state.case is not None and state.case.opened_at:
        begun = min(state.case.opened_at, begun)
    return begun


class _Times(NamedTuple):
    warn_due: datetime
    due: datetime
    reminders: tuple[datetime, ...]


def _times(state: Escalation, name: str, policy: ClockPolicy, begun: datetime, now: datetime) -> _Times | None:
    """Work out a clock's instants; None when it has no limit as things are."""
    calendar, before = state.playbook.calendar_of(name), state.clocks.get(name)
    lost, limit = _NOTHING, policy.allowed(state.severity)
    if policy.limit == "due_at" and state.due_at is not None:
        due = max(state.due_at, begun)
        limit = passed(calendar, begun, due)
    elif limit is not None:
        lost = _lost(before, calendar, begun) if before is not None else lost
        due = later(calendar, begun, limit + lost)
    else:
        return None
    warn_due = min(later(calendar, begun, limit * policy.warn_at + lost), due)
    if not policy.remind:
        return _Times(warn_due, due, ())
    # While it is paused nothing has gone by since the pause began.
    seen = max(before.pauses[-1].since, begun) if before is not None and before.paused else now
    reminders = sorted(later(calendar, begun, limit + lost - left) for left in policy.remind if left < limit)
    return _Times(warn_due, due, tuple(at for at in reminders if seen < at < due))


_NOTHING = timedelta(0)


def _lost(clock: Clock, calendar: Calendar | None, begun: datetime) -> timedelta:
    """Return how much of a clock's time passed in pauses; a pause that lasts is added when it ends."""
    known = clock.lost if begun == clock.started_at else _NOTHING
    ended = ((max(pause.since, begun), max(pause.until, begun)) for pause in clock.pauses if pause.until is not None)
    return sum((passed(calendar, since, until) for since, until in ended), known)


# --- what follows from each command -----------------------------------------------------------------------------------


def follow(draft: Draft, command: c.Command) -> None:
    """Stop the clocks whose end has come with this command; start, pause and resume those that are watched."""
    state = draft.state
    if state.ended:
        return
    watched = state.playbook.watched_clocks
    facts = _facts(state) if watched else None
    if watched:
        _begin(draft, watched, facts)
    solved, later_on = state.review is not None, state.playbook.clocks_until_review
    for name, clock in draft.state.clocks.items():
        if (solved or name not in later_on) and clock.stopped_at is None:
            _stop_when_met(draft, clock, command)
    if watched:
        _begin_at_level(draft, watched, facts)
        _pause_and_resume(draft, watched, facts)


def _stop_when_met(draft: Draft, clock: Clock, command: c.Command) -> None:
    state, name = draft.state, clock.name
    ends = state.playbook.clock_ends[name]
    if ends is Stops.ACKNOWLEDGED:
        # At a new level somebody may own it from before: it is that level's own answer that counts.
        here = state.rung is None or state.playbook.clocks[name].starts != "level"
        met = state.owner is not None and here
    elif ends is Stops.HUMAN_RESPONSE:
        met = state.owner is not None and not isinstance(command, NOT_A_RESPONSE) and _responds(state, command.by)
    else:
        met = ends is not Stops.CLOSED and state.review is not None
    if met:
        draft.record(e.ClockStopped, clock=name)
    elif ends is Stops.UPDATE and clock.started_at < draft.now and _tells(state, command):
        policy = state.playbook.clocks[name]
        _start(draft, name, policy, again=draft.now, because=f"{command.by} said how it stands")


def _responds(state: Escalation, actor: Actor) -> bool:
    """Tell a person who works on it from an AI, and from the person who waits for an answer."""
    return kind_of(actor) is ActorKind.PERSON and actor in state.people and actor != state.requested_by


def _tells(state: Escalation, command: c.Command) -> bool:
    """Tell whether a person who works on it says with this how it stands."""
    return says_how_it_stands(state, command) and _responds(state, command.by)


def _begin(draft: Draft, watched: tuple[str, ...], facts: Facts | None) -> None:
    """Start what begins with an acknowledgement, or because its condition has become true."""
    for name in watched:
        policy = draft.state.playbook.clocks[name]
        waits = policy.starts == "acknowledged" or policy.when is not None
        if name in draft.state.clocks or policy.starts == "level" or not waits or draft.state.review is not None:
            continue
        if _beginning(draft.state, policy) is not None and _runs(draft.state, policy, facts):
            because = "its condition is true now" if policy.when is not None else "somebody has taken it"
            _start(draft, name, policy, again=draft.now, because=because)


def _begin_at_level(draft: Draft, watched: tuple[str, ...], facts: Facts | None) -> None:
    level, known = draft.state.level, draft.before.level
    if level is None or draft.state.review is not None:
        return
    # Calling the last resort again is no new level.
    entered = known is None or known.id != level.id
    for name in watched:
        policy = draft.state.playbook.clocks[name]
        if policy.starts != "level" or not (entered or name not in draft.state.clocks):
            continue
        if _runs(draft.state, policy, facts):
            _start(draft, name, policy, again=draft.now, because=f"level {level.id} begins")


def _pause_and_resume(draft: Draft, watched: tuple[str, ...], facts: Facts | None) -> None:
    for name in watched:
        clock, policy = draft.state.clocks.get(name), draft.state.playbook.clocks[name]
        if clock is None or clock.stopped_at is not None:
            continue
        why = next(_why_it_waits(draft.state, name, policy, facts), "")
        if why and not clock.paused:
            draft.record(e.ClockPaused, clock=name, because=why)
        elif clock.paused and not why:
            draft.record(e.ClockResumed, clock=name, because="what it waited for is over")


def _why_it_waits(state: Escalation, name: str, policy: ClockPolicy, facts: Facts | None) -> Iterator[str]:
    """Yield each reason for which a clock is to stand still now."""
    asked = state.input_request
    if "hold" in policy.pauses and state.hold is not None:
        yield "on hold"
    if "customer" in policy.pauses and state.waits_for_confirmation:
        yield CONFIRMATION
    if "input" in policy.pauses and asked is not None:
        yield f"{asked.of} is to supply {', '.join(asked.parts)}"
    if not _runs(state, policy, facts):
        yield f"it runs only while {policy.when}"


def _facts(state: Escalation) -> Facts | None:
    """Return the facts where a clock of this playbook reads any."""
    return derive(basis_of(state)) if state.playbook.clocks_read_facts else None


def _runs(state: Escalation, policy: ClockPolicy, facts: Facts | None) -> bool:
    return policy.when is None or (facts is not None and condition(state.playbook, policy.when).true(facts))


def pausable(state: Escalation) -> tuple[str, ...]:
    """Return the running clocks that a hold pauses."""
    return tuple(
        name
        for name, clock in state.clocks.items()
        if clock.stopped_at is None and not clock.paused and "hold" in state.playbook.clocks[name].pauses
    )


# --- when time has come -----------------------------------------------------------------------------------------------


def warn(draft: Draft, name: str) -> None:
    """A clock is close to its limit."""
    draft.record(e.ClockWarned, by=ENGINE, clock=name)


def remind(draft: Draft, name: str) -> None:
    """A limit comes, and the owner wanted to be told before."""
    draft.record(e.ClockReminded, by=ENGINE, clock=name)


def breach(draft: Draft, name: str) -> None:
    """A clock passed its limit: it is recorded, and goes up the ladder where the playbook says so."""
    draft.record(e.ClockBreached, by=ENGINE, clock=name)
    state = draft.state
    to = level_after(state, name)
    if to is None:
        return
    because = f"clock {name} breached: {_not_met(state, name)}"
    if state.playbook.clocks[name].on_breach == LEVEL_UP:
        assignment.go_up(draft, because)
    else:
        assignment.enter_level(draft, to, because)


def level_after(state: Escalation, name: str) -> int | None:
    """Return the index of the level that a breach of this clock leads to; None when it only tells."""
    then = state.playbook.clocks[name].on_breach
    if then == TELL or state.level is None or state.review is not None or state.waits_for_confirmation:
        return None
    if then == LEVEL_UP:
        index = paths.following(state)
        return state.level.index if index is None else index
    index = paths.at_least(state.playbook, state.path, state.playbook.level_index(then) or 0)
    return index if index > state.level.index else None


def _not_met(state: Escalation, name: str) -> str:
    policy = state.playbook.clocks[name]
    limit = policy.allowed(state.severity)
    if policy.limit == "due_at":
        return "not met by its due date"
    of = f" of {policy.calendar} hours" if policy.calendar else ""
    return f"not met within {f'{format_duration(limit)}{of}' if limit else 'its time'}"
