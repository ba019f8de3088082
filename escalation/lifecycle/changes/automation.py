"""What the events of automations change, and what makes it a critical incident."""

from escalation.lifecycle.changes.common import Change, Changes, new
from escalation.model import events as e
from escalation.model.parts import Critical, ShownStatus
from escalation.model.state import Escalation


def _automation_ran(state: Escalation, event: e.AutomationRan) -> Changes:
    runs = state.automation_runs
    changes: Changes = {"automation_runs": {**runs, event.automation: runs.get(event.automation, 0) + 1}}
    if event.tasks:
        changes["automation_tasks"] = {**state.automation_tasks, **{task.id: task for task in event.tasks}}
    return changes


def _automation_message(state: Escalation, event: e.AutomationMessage) -> Changes:
    return {}


def _status_set(state: Escalation, event: e.StatusSet) -> Changes:
    return {"shown_status": new(ShownStatus, status=event.status, stage=event.stage) if event.status else None}


def _became_critical(state: Escalation, event: e.BecameCritical) -> Changes:
    critical = new(
        Critical,
        since=event.at,
        because=event.because,
        condition=event.condition,
        facts=event.facts,
        words=event.words,
    )
    return {"critical": critical}


def _no_longer_critical(state: Escalation, event: e.NoLongerCritical) -> Changes:
    return {"critical": None}


CHANGES: dict[type[e.EventBase], Change] = {
    e.AutomationRan: _automation_ran,
    e.AutomationMessage: _automation_message,
    e.StatusSet: _status_set,
    e.BecameCritical: _became_critical,
    e.NoLongerCritical: _no_longer_critical,
}
