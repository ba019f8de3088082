"""The incident in a few labelled lines, for Temporal's UI and the command line alike."""

from collections.abc import Iterator
from datetime import UTC, datetime

from escalation.lifecycle.incident.views import IncidentView
from escalation.values import counted


def incident_rows(incident: IncidentView) -> Iterator[tuple[str, str]]:
    """Yield what whoever responds has to know, as label and text."""
    declared = f"since {_instant(incident.declared_at)} by {incident.declared_by}: {incident.because}"
    if incident.stood_down:
        when = f" {_instant(incident.stood_down_at)}" if incident.stood_down_at is not None else ""
        who = f", as {incident.stood_down_by} asked" if incident.stood_down_by is not None else ""
        yield "Incident", f"stood down{when}{who}: {incident.stood_down}; declared {declared}"
        return
    asked = incident.standing_down
    yield "Incident", f"{incident.state if asked is None else 'declared'} {declared}"
    if asked is not None:
        until = f" until {_instant(asked.until)}" if asked.until is not None else ""
        waits = f"approval {asked.gate} of {', '.join(asked.people) or 'its approvers'}{until}"
        yield "Standing down", f"asked {_instant(asked.at)} by {asked.by}: {asked.because}; it waits for {waits}"
    if incident.quiet_since is not None:
        yield "Quiet since", f"{_instant(incident.quiet_since)}: an update is overdue, so it does not count as active"
    yield "Commander", incident.commander
    if incident.first_update_due is not None:
        yield "First update", _first_update(incident, incident.first_update_due)
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


def _first_update(incident: IncidentView, next_due: datetime) -> str:
    whom, limit = ", ".join(incident.first_update_of), incident.first_update_limit or next_due
    if not incident.first_update_chased:
        return f"demanded before {_instant(limit)} of {whom}"
    times = counted(incident.first_update_chased, "time")
    return f"was due {_instant(limit)} and has been asked for {times}; next {_instant(next_due)}, of {whom}"


def _instant(at: datetime) -> str:
    seconds = ":%S" if at.second else ""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M{seconds}} UTC"
