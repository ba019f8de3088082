"""Incident mode, in words."""

from collections.abc import Callable
from typing import Any

from escalation.lifecycle.communication import grounds
from escalation.model import events as e
from starter.line import Line, Weight, joined, name, names
from starter.when import show


def _baseline(event: e.BaselineReported) -> Line:
    which = "first update" if event.number == 1 else f"update {event.number}, in place of the last"
    more = f"affected: {event.who_is_affected}; urgent: {event.why_urgent}"
    return Line(f"{which} of the incident: {event.what_happened}", joined(more, event.recording), Weight.TURN)


INCIDENTS: dict[type, Callable[[Any], Line]] = {
    e.IncidentDeclared: lambda v: Line(
        "incident declared",
        joined(
            grounds(v.because, v.facts),
            f"first update demanded before {show(v.first_update_due)}" if v.first_update_due else "",
        ),
        Weight.TURN,
    ),
    e.FirstUpdateOverdue: lambda v: Line(
        f"no first update of the incident: ask {names(v.asked)}",
        f"asked {v.times} times" if v.times > 1 else "",
        Weight.TURN,
    ),
    e.BaselineReported: _baseline,
    e.PlanFiled: lambda v: Line(
        f"action plan {v.version}, {v.section.replace('_', ' ')}: {v.line} {v.text}",
        joined(f"action item {v.item}" if v.item else "", f"approval {v.gate}" if v.gate else ""),
    ),
    e.PrioritiesSet: lambda v: Line(
        f"priorities: {'; '.join(f'{number}. {each}' for number, each in enumerate(v.priorities, start=1))}",
        f"version {v.version}",
        Weight.TURN,
    ),
    e.PeriodBegun: lambda v: Line(f"period {v.number} begins, until {show(v.ends_at)}; {name(v.led_by)} leads it"),
    e.HandOverBegun: lambda v: Line(f"period {v.number} is to be handed over", v.because),
    e.PeriodEnded: lambda v: Line(
        f"period {v.number} is over"
        + (f", {name(v.accepted_by)} has taken the next one" if v.accepted_by else "")
        + (", late" if v.late else ""),
        f"done: {', '.join(v.done) or 'nothing'}; left: {', '.join(v.remains) or 'nothing'}",
        Weight.TURN,
    ),
    e.StandDownAsked: lambda v: Line("asked to stand the incident down", v.because),
    e.StandDownRefused: lambda v: Line("the incident is not stood down", v.because, Weight.TURN),
    e.StoodDown: lambda v: Line("incident stood down", v.because, Weight.TURN),
}
