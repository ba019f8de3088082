"""The incident in a few labelled lines, for Temporal's UI and the command line alike."""

from collections.abc import Iterator
from datetime import UTC, datetime

from escalation.lifecycle.incident.views import IncidentView


def incident_rows(incident: IncidentView) -> Iterator[tuple[str, str]]:
    """Yield what whoever responds has to know, as label and text."""
    since = f"{incident.state} since {_instant(incident.declared_at)} by {incident.declared_by}: {incident.because}"
    yield "Incident", f"stood down: {incident.stood_down}" if incident.stood_down else since
    if incident.stood_down:
        return
    if incident.quiet_since is not None:
        yield "Quiet since", f"{_instant(incident.quiet_since)}: an update is overdue, so it does not count as active"
    yield "Commander", incident.commander
    if incident.first_update_due is not None:
        yield "First update", f"demanded before {_instant(incident.first_update_due)}"
    if incident.baseline is not None:
        known = incident.baseline
        yield f"Baseline {known.number}", f"{known.what_happened} ({_instant(known.at)}, {known.by})"
        yield "Affected", known.who_is_affected
        yield "Urgent", known.why_urgent
    for number, each in enumerate(incident.priorities, start=1):
        yield f"Priority {number}", each
    if incident.period is not None:
        period = incident.period
        left = f"; {len(period.done)} done, {len(period.remains)} left" if period.done or period.remains else ""
        yield f"Period {period.number}", f"{period.state} until {_instant(period.until)}, led by {period.led_by}{left}"
    if incident.plan_version:
        yield "Action plan", f"version {incident.plan_version}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
