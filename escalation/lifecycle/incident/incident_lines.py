"""What each message about an escalation says of its incident: the baseline, the period and what comes first."""

from datetime import UTC, datetime

from escalation.model.state import Escalation


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def incident_lines(state: Escalation) -> list[str]:
    """Write how the incident stands; nothing while none is declared."""
    incident = state.incident
    if incident is None or not incident.declared:
        return []
    head = f"Incident since {_instant(incident.declared_at)}: {incident.because[:300]}"
    if incident.period is not None:
        head += f" (period {incident.period.number}, until {_instant(incident.period.ends_at)})"
    return [head, *baseline_lines(state), *priority_lines(state)]


def baseline_lines(state: Escalation) -> list[str]:
    """Write what everybody relies on now."""
    known = state.incident.baseline if state.incident is not None else None
    if known is None:
        return []
    lines = [
        f"What everybody relies on (update {known.number}, {_instant(known.at)}, by {known.by}):",
        f"  What happened: {known.what_happened}",
        f"  Who is affected: {known.who_is_affected}",
        f"  Why it is urgent: {known.why_urgent}",
    ]
    return [*lines, f"  Recording: {known.recording}"] if known.recording else lines


def priority_lines(state: Escalation) -> list[str]:
    """Write what comes first now."""
    first = state.incident.priorities if state.incident is not None else None
    if first is None:
        return []
    return [f"What comes first (by {first.by}):", *(f"  {n}. {each}" for n, each in enumerate(first.items, start=1))]
