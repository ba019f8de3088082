"""What the events of an incident change."""

from typing import Any

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.incident import (
    PERIODS_KEPT,
    Baseline,
    Incident,
    Period,
    PeriodRecord,
    PlanLine,
    Priorities,
    StandDown,
)
from escalation.model.state import Escalation


def _with(state: Escalation, **changes: Any) -> Changes:
    return {"incident": with_(state.incident, **changes)} if state.incident is not None else {}


def _declared(state: Escalation, event: e.IncidentDeclared) -> Changes:
    incident = new(
        Incident,
        number=event.number,
        declared_at=event.at,
        declared_by=event.by,
        because=event.because,
        first_update_due=event.first_update_due,
        first_update_limit=event.first_update_due,
        heard_at=event.at,
    )
    return {"incident": incident}


def _first_update_overdue(state: Escalation, event: e.FirstUpdateOverdue) -> Changes:
    return _with(state, chased=event.times, first_update_due=event.next_due)


def _baseline_reported(state: Escalation, event: e.BaselineReported) -> Changes:
    baseline = new(
        Baseline,
        number=event.number,
        at=event.at,
        by=event.by,
        what_happened=event.what_happened,
        who_is_affected=event.who_is_affected,
        why_urgent=event.why_urgent,
        recording=event.recording,
    )
    return _with(state, baseline=baseline, first_update_due=None, chased=0, heard_at=event.at)


def _plan_filed(state: Escalation, event: e.PlanFiled) -> Changes:
    incident = state.incident
    if incident is None:
        return {}
    line = new(
        PlanLine,
        id=event.line,
        section=event.section,
        text=event.text,
        by=event.by,
        at=event.at,
        item=event.item,
        gate=event.gate,
        behind=event.behind,
    )
    if event.replaces:
        plan = tuple(line if each.id == event.line else each for each in incident.plan)
        return _with(state, plan=plan, plan_version=event.version)
    return _with(state, plan=(*incident.plan, line), plan_version=event.version, plan_lines=incident.plan_lines + 1)


def _priorities_set(state: Escalation, event: e.PrioritiesSet) -> Changes:
    items = new(Priorities, version=event.version, at=event.at, by=event.by, items=event.priorities)
    return _with(state, priorities=items)


def _period_begun(state: Escalation, event: e.PeriodBegun) -> Changes:
    period = new(
        Period,
        number=event.number,
        began_at=event.at,
        ends_at=event.ends_at,
        hand_over_at=event.hand_over_at,
    )
    return _with(state, period=period)


def _hand_over_begun(state: Escalation, event: e.HandOverBegun) -> Changes:
    incident = state.incident
    if incident is None or incident.period is None:
        return {}
    return _with(state, period=with_(incident.period, handing_over=True))


def offered(state: Escalation, event: e.HandoffOffered) -> Changes:
    """The next period was offered once more."""
    incident = state.incident
    if not event.period or incident is None or incident.period is None:
        return {}
    return _with(state, period=with_(incident.period, asked=incident.period.asked + 1))


def _period_ended(state: Escalation, event: e.PeriodEnded) -> Changes:
    incident = state.incident
    if incident is None:
        return {}
    record = new(
        PeriodRecord,
        number=event.number,
        began_at=event.began_at,
        ended_at=event.at,
        led_by=event.led_by,
        accepted_by=event.accepted_by,
        late=event.late,
        done=event.done,
        remains=event.remains,
    )
    return _with(state, period=None, periods=(*incident.periods, record)[-PERIODS_KEPT:])


def _stand_down_asked(state: Escalation, event: e.StandDownAsked) -> Changes:
    return _with(state, standing_down=new(StandDown, by=event.by, because=event.because, at=event.at))


def _stand_down_refused(state: Escalation, event: e.StandDownRefused) -> Changes:
    return _with(state, standing_down=None)


def _stood_down(state: Escalation, event: e.StoodDown) -> Changes:
    changes: Changes = _with(
        state,
        stood_down_at=event.at,
        stood_down_because=event.because,
        stood_down_by=event.asked_by,
        standing_down=None,
        first_update_due=None,
    )
    if state.handoff is not None and state.handoff.period:
        changes["handoff"] = None
    return changes


def people_found(state: Escalation, event: e.PeopleResolved) -> Changes:
    """Whoever is asked for the first update may give it."""
    if state.incident is None:
        return {}
    found = (*(each.person for each in event.found.people), *event.found.also)
    return _with(state, asked=tuple(dict.fromkeys((*state.incident.asked, *found))))


CHANGES: dict[type[e.EventBase], Change] = {
    e.IncidentDeclared: _declared,
    e.FirstUpdateOverdue: _first_update_overdue,
    e.BaselineReported: _baseline_reported,
    e.PlanFiled: _plan_filed,
    e.PrioritiesSet: _priorities_set,
    e.PeriodBegun: _period_begun,
    e.HandOverBegun: _hand_over_begun,
    e.PeriodEnded: _period_ended,
    e.StandDownAsked: _stand_down_asked,
    e.StandDownRefused: _stand_down_refused,
    e.StoodDown: _stood_down,
}
