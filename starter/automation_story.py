"""What happens by itself, in words: automations, a critical incident, recovery scripts."""

from collections.abc import Callable
from typing import Any

from escalation.lifecycle.communication import grounds
from escalation.model import events as e
from starter.line import Line, Weight, joined, names


def _automation(event: e.AutomationRan) -> Line:
    why = grounds(event.because, event.facts)
    not_done = f"not done: {'; '.join(event.left_out)}" if event.left_out else ""
    return Line(f"automation {event.automation}: {event.happened}", joined(why, not_done))


def _status_set(event: e.StatusSet) -> Line:
    if not event.status:
        return Line(f"status {event.previous} is over", f"it is in {event.stage} now", Weight.DETAIL)
    return Line(f"status {event.status} (before: {event.previous})", f"automation {event.automation}")


AUTOMATIONS: dict[type, Callable[[Any], Line]] = {
    e.AutomationRan: _automation,
    e.AutomationMessage: lambda v: Line(f"automation {v.automation} tells {names(v.to)}: {v.text}"),
    e.StatusSet: _status_set,
    e.BecameCritical: lambda v: Line("a critical incident", grounds(v.because, v.facts, v.words), Weight.TURN),
    e.NoLongerCritical: lambda v: Line("no critical incident any more", grounds("", v.facts).strip(), Weight.TURN),
    e.RecoveryDecided: lambda v: Line(
        f"recovery script {v.script} may mend it" if v.script else "no script can mend it: people must", v.because
    ),
    e.RecoveryStarted: lambda v: Line(f"recovery script {v.script} runs"),
    e.RecoveryEnded: lambda v: Line(
        f"recovery script {v.script} {'has run' if v.ok else 'did not help'}", joined(v.because, v.output), Weight.TURN
    ),
}
