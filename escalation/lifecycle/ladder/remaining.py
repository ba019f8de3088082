"""What remains to be done, for whoever has it next: open items, approvals, limits, blockers."""

from datetime import datetime

from escalation.lifecycle import grounds
from escalation.lifecycle.grounds import MOST_LISTED, Ground
from escalation.model.ladder import Handoff
from escalation.model.state import Escalation


def remains(state: Escalation, period: int = 0) -> Ground:
    """Say what the next shift has to know, from how it stands; with ``period``: of which one it leads."""
    incident, hold = state.incident, state.hold
    known = incident.priorities if incident is not None and period else None
    first = known.items[:3] if known is not None else ()
    running = [clock for clock in state.clocks.values() if clock.stopped_at is None and not clock.paused]
    clocks = sorted(running, key=lambda each: each.due)
    rejected = [gate.id for gate in state.gates.values() if gate.state == "rejected"]
    lines = [f"Open: {item.id} {item.title} ({item.owner}, due {_at(item.due)})" for item in state.open_items]
    lines += [
        f"Waits for approval: {gate.id} of {', '.join(gate.people or gate.targets)}, until {_at(gate.due)}"
        for gate in state.pending_gates
    ]
    lines += [f"Next limit: {clock.name} at {_at(clock.due)}" for clock in clocks]
    lines += [f"Blocked: on hold until {_at(hold.until)}: {hold.because}"] if hold is not None else []
    lines += [f"Blocked: the packet lacks {', '.join(state.missing)}"] if state.missing else []
    lines += [f"Blocked: approval {gate} was rejected" for gate in rejected]
    lines = lines or ["Nothing is open beside the case itself."]
    ahead = (f"Lead period {period}.", *(f"First: {each}" for each in first)) if period else ()
    items = [
        {"item": item.id, "title": item.title, "owner": item.owner, "due": item.due}
        for item in state.open_items[:MOST_LISTED]
    ]
    return grounds.of(
        "remains",
        "\n".join((*ahead, *lines)),
        period=period,
        first=first,
        items=items,
        gates=[{"gate": each.id, "who": each.people or each.targets, "due": each.due} for each in state.pending_gates],
        clocks=[{"clock": clock.name, "due": clock.due} for clock in clocks],
        hold_until=hold.until if hold is not None else None,
        hold_because=hold.because if hold is not None else "",
        missing=state.missing,
        rejected=rejected,
    )


def expected(state: Escalation, offer: Handoff) -> str:
    """Return what is expected of whoever accepts: what the engine wrote from how it stands is told in any language."""
    if not offer.shift and not offer.period:
        return offer.expectation
    written = remains(state, offer.period + 1 if offer.period else 0)
    return written if written == offer.expectation else offer.expectation


def beside(state: Escalation, offer: Handoff) -> Ground | str:
    """Return what remains, where a person's offer counts as the hand-over of a period; else nothing.

    They wrote only what they expect.
    """
    incident = state.incident
    period = incident.period if incident is not None and incident.declared else None
    if offer.shift or offer.period or period is None or not period.handing_over:
        return ""
    return remains(state, period.number + 1)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M %Z}"
