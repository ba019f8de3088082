"""Clocks, statuses and holds, in words."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line, Weight
from starter.when import show


def _clock_started(event: e.ClockStarted) -> Line:
    if event.was_due is None:
        return Line(f"clock {event.clock} runs until {show(event.due)}", event.because, Weight.DETAIL)
    return Line(f"clock {event.clock} runs until {show(event.due)} (before: {show(event.was_due)})", event.because)


TIMES: dict[type, Callable[[Any], Line]] = {
    e.ClockStarted: _clock_started,
    e.ClockReminded: lambda v: Line(f"reminder: the limit of {v.clock} comes"),
    e.ClockPaused: lambda v: Line(f"clock {v.clock} stands still", v.because),
    e.ClockResumed: lambda v: Line(f"clock {v.clock} goes on", v.because),
    e.ClockWarned: lambda v: Line(f"warning: {v.clock} is close to its limit"),
    e.ClockBreached: lambda v: Line(f"limit of {v.clock} passed", "", Weight.TURN),
    e.ClockStopped: lambda v: Line(f"clock {v.clock} {'met' if v.met else 'has no limit now'}", "", Weight.DETAIL),
    e.StatusEntered: lambda v: Line(
        f"status {v.status}" + (f" until {show(v.due)}" if v.due else ""), "", Weight.DETAIL
    ),
    e.StatusOverdue: lambda v: Line(f"still {v.status}: {v.then.replace('_', ' ')}", v.because, Weight.TURN),
    e.HoldStarted: lambda v: Line(f"on hold until {show(v.until)}; clocks pause: {', '.join(v.clocks)}", v.because),
    e.HoldEnded: lambda v: Line("hold ended", v.because),
}
