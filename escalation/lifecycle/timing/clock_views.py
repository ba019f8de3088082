"""Clocks as people read them: what each waits for, by which hours it runs, whether it stands still, what is left."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from escalation.calendars import Calendar, passed
from escalation.model.state import Escalation
from escalation.model.timing import Clock
from escalation.playbook.clocks import Stops
from escalation.values import Actor, Record

WAITS_FOR = {
    Stops.ACKNOWLEDGED: "somebody to take it",
    Stops.HUMAN_RESPONSE: "a person's own answer",
    Stops.UPDATE: "a person's next update",
    Stops.RESOLVED: "a resolution that stands",
    Stops.CLOSED: "the end of its review",
}


class ClockView(Record):
    """A clock as people read it; ``remaining`` is in seconds of wall time and negative after the limit."""

    name: str
    due: AwareDatetime
    remaining: float
    state: str
    """``running``, ``warned`` (close to its limit), ``breached``, ``paused``, ``met``, or ``stopped`` (the escalation
    ended before): the words of every view."""
    paused_because: str = ""
    waits_for: str = ""
    calendar: str = ""
    """The calendar in whose hours it runs; empty for wall time."""
    left: float = 0.0
    """What is left in seconds of the clock's own time, negative after the limit."""
    paused_by: Actor | None = None
    paused_since: AwareDatetime | None = None
    paused_for: float = 0.0
    """How long it was paused in all, in seconds of wall time."""
    closed_until: AwareDatetime | None = None
    """Outside the hours of its calendar: when they begin again."""

    @property
    def stands_still(self) -> bool:
        """True while no time of its own passes."""
        return self.state == "paused" or self.closed_until is not None


def clock_views(state: Escalation, now: datetime) -> Iterator[ClockView]:
    """Yield each clock as it stands at an instant; what was stopped for want of a limit is left out."""
    for clock in state.clocks.values():
        if clock.applies:
            yield _view(state, clock, now)


def _view(state: Escalation, clock: Clock, now: datetime) -> ClockView:
    policy, calendar = state.playbook.clocks[clock.name], state.playbook.calendar_of(clock.name)
    word = _word(clock, ended=state.ended)
    last = clock.pauses[-1] if clock.paused else None
    at = last.since if last is not None else (clock.stopped_at or state.closed_at or now)
    return ClockView(
        name=clock.name,
        due=clock.due,
        remaining=(clock.due - at).total_seconds(),
        state=word,
        paused_because=last.because if last is not None and word == "paused" else "",
        waits_for=WAITS_FOR[policy.ends(clock.name)],
        calendar=policy.calendar or "",
        left=passed(calendar, at, clock.due).total_seconds(),
        paused_by=last.by if last is not None and word == "paused" else None,
        paused_since=last.since if last is not None and word == "paused" else None,
        paused_for=_paused(clock, state.closed_at or now).total_seconds(),
        closed_until=_closed_until(calendar, now) if word in ("running", "warned") else None,
    )


def _word(clock: Clock, *, ended: bool) -> str:
    if clock.breached:
        return "breached"
    if clock.stopped_at:
        return "met"
    if ended:
        return "stopped"
    if clock.paused:
        return "paused"
    return "warned" if clock.warned else "running"


def _paused(clock: Clock, now: datetime) -> timedelta:
    ends = ((pause, pause.until or clock.stopped_at or now) for pause in clock.pauses)
    return sum((max(end - max(pause.since, clock.started_at), timedelta(0)) for pause, end in ends), clock.paused_for)


def _closed_until(calendar: Calendar | None, now: datetime) -> datetime | None:
    if calendar is None or calendar.is_open(now):
        return None
    return calendar.add(now, timedelta(0))
