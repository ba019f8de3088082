"""How long a status may last: counted from entering it, and what happens then.

A status is told from the state, so entering one is noticed after each command, where the playbook gives any a time.
"""

from escalation.lifecycle import assignment, grounds
from escalation.lifecycle.draft import Draft
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.clocks import StatusLimit
from escalation.values import ENGINE, format_duration


def follow(draft: Draft) -> None:
    """Begin counting when a status with a time is entered; stop when it is left."""
    state = draft.state
    timed = state.playbook.timed_statuses
    if not timed or state.ended or state.opened_at is None:
        return
    status, known = state.status, state.stay.status if state.stay is not None else ""
    if status == known or (status not in timed and not known):
        return
    policy = timed.get(status)
    within = policy.within if policy is not None else None
    draft.record(e.StatusEntered, by=ENGINE, status=status, due=draft.now + within if within is not None else None)


def will_go_up(state: Escalation) -> bool:
    """Tell whether it goes up when the time is over: once in a stay, on the ladder, while nothing is proposed."""
    stay = state.stay
    policy = state.playbook.timed_statuses.get(stay.status) if stay is not None else None
    if stay is None or policy is None or policy.then is not StatusLimit.LEVEL_UP or stay.times:
        return False
    return state.level is not None and state.review is None and not state.waits_for_confirmation


def overdue(draft: Draft) -> None:
    """The status has lasted too long: the owner is reminded, or it goes up."""
    state = draft.state
    stay = state.stay
    policy = state.playbook.timed_statuses.get(stay.status) if stay is not None else None
    if stay is None or policy is None or policy.within is None:
        return
    goes_up = will_go_up(state)
    lasted = draft.now - stay.since
    because = grounds.of(
        "status_lasts", f"{stay.status} for {format_duration(lasted)}", status=stay.status, lasted=lasted
    )
    draft.record(
        e.StatusOverdue,
        by=ENGINE,
        status=stay.status,
        then=StatusLimit.LEVEL_UP if goes_up else StatusLimit.REMIND,
        times=stay.times + 1,
        because=because,
        next_due=draft.now + policy.within,
    )
    if goes_up:
        assignment.go_up(draft, because)
