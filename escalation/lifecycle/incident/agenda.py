"""What is due because of an incident, what happens then, and how that reads."""

from collections.abc import Callable, Iterator
from datetime import datetime

from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident import baseline, periods
from escalation.model.state import Escalation


def dues(state: Escalation) -> Iterator[tuple[datetime, str, str]]:
    """Yield each instant, its kind and what is awaited, while an incident is declared."""
    incident = state.incident
    if incident is None:
        return
    if incident.first_update_due is not None:
        yield incident.first_update_due, "first_update", f"the first update, missed {incident.chased} times"
    if incident.period is not None and not incident.period.handing_over:
        yield incident.period.hand_over_at, "hand_over", f"the hand-over of period {incident.period.number}"


HAPPENS: dict[str, Callable[[Draft, str], None]] = {
    "first_update": lambda draft, _: baseline.overdue(draft),
    "hand_over": lambda draft, _: periods.hand_over(draft),
}


def _first_update(state: Escalation, _: str) -> str:
    times = state.incident.chased + 1 if state.incident is not None else 1
    still = "still no" if times > 1 else "no"
    return f"{still} first update of the incident: ask {', '.join(baseline.asked(state, times))}"


def _hand_over(state: Escalation, _: str) -> str:
    incident, policy = state.incident, state.playbook.incident
    if incident is None or incident.period is None or policy is None or policy.periods is None:
        return ""
    to = periods.offered_to(state, policy.periods, incident.period.asked)
    return f"period {incident.period.number} comes to its end: offer the next one to {to}"


SAYS: dict[str, Callable[[Escalation, str], str]] = {
    "first_update": _first_update,
    "hand_over": _hand_over,
}
