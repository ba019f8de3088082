"""Automations: what the playbook has done by itself when something happens and a condition is true.

Each runs at most once for an event, and says in an event of its own because of what and by which facts. What
automations do never starts another one: they look only at what happened before the first of them ran, and an action
item that one of them adds is marked as theirs.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from escalation.lifecycle import assignment, grounds, triggers
from escalation.lifecycle import communication as words
from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.case.severity import FACTS as SEVERITY
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.evolve import evolve
from escalation.lifecycle.facts import among, basis_of, condition, derive
from escalation.lifecycle.work import work_items
from escalation.model import events as e
from escalation.model.parts import AutomationTask
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook import automation as policy
from escalation.playbook.automation import Automation, Happening
from escalation.values import ENGINE, GROUP, split_target

ACCOUNTABLE = "raci:accountable"


class Cause(NamedTuple):
    """Something that happened, as automations see it."""

    happening: Happening
    seq: int
    about: str
    """Which clock, approval, level or status; empty where there is only one."""
    words: str


def follow(draft: Draft, since: int = 0) -> None:
    """Run what listens to the events of this command, from a position among them on."""
    state = draft.state
    automated = state.playbook.automated
    if not automated or not state.opened:
        return
    heard = [cause for cause in causes(draft, since) if cause.happening in automated]
    _end_of_shown_status(draft)
    ran: set[tuple[str, int]] = set()
    for cause in heard:
        for automation in automated[cause.happening]:
            if (automation.id, cause.seq) not in ran and _concerns(draft.state, automation, cause):
                ran.add((automation.id, cause.seq))
                _run(draft, automation, cause)


def found(draft: Draft, task: AutomationTask, people: People) -> None:
    """Go on with what waited until people were found: tell them, or give the first of them the action item."""
    actors = tuple(each.person for each in people.people)
    if not actors:
        return
    if task.due is None:
        draft.record(e.AutomationMessage, by=ENGINE, automation=task.automation, to=actors, text=task.text)
    elif not draft.state.ended:
        work_items.record(draft, task.text, actors[0], task.due, by=ENGINE, automation=task.automation)


# --- what happened ----------------------------------------------------------------------------------------------------


def causes(draft: Draft, since: int) -> Iterator[Cause]:
    """Yield what has happened in this command, from a position among its events on, as automations see it."""
    for event in draft.events[since:]:
        said = _SAYS.get(type(event))
        if said is not None and not _stays_quiet(draft.state, event):
            happening, about, text = said
            yield Cause(happening, event.seq, _which(draft.state, event, about), text(draft.state, event))
    if Happening.STATUS_CHANGED in draft.state.playbook.automated:
        yield from _status_changed(draft, since)


def _which(state: Escalation, event: e.Event, about: str) -> str:
    name = str(getattr(event, about)) if about else ""
    policy = state.playbook.gate(name) if about == "gate" else None
    return policy.id if policy is not None else name


def _stays_quiet(state: Escalation, event: e.Event) -> bool:
    """Tell whether an event starts nothing: an automation's own, or any but the 2nd, 4th, 8th ... report."""
    if isinstance(event, e.Joined):
        return state.storms
    return isinstance(event, e.ItemAdded) and event.automation != ""


def _status_changed(draft: Draft, since: int) -> Iterator[Cause]:
    """Yield that the status is another one: it is told from the state, so no event says it. The opening is none."""
    state, before, seq = draft.before, "", 0
    for position, event in enumerate(draft.events):
        status = state.status if state.opened else ""
        if position == since:
            before = status
        state = evolve(state, event)
        if position >= since and status and state.status != status:
            seq = event.seq
    if seq and before and state.status != before:
        yield Cause(Happening.STATUS_CHANGED, seq, state.status, f"the status is {state.status} now, it was {before}")


def _item(state: Escalation, item: str) -> str:
    known = state.items.get(item)
    return f"action item {item} of {known.owner}, {known.title}" if known is not None else f"action item {item}"


_Says = tuple[Happening, str, Callable[[Escalation, Any], str]]
"""What it is called, the event's field that says which one, and how to say it."""

_SAYS: dict[type[e.EventBase], _Says] = {
    e.Opened: (Happening.OPENED, "", lambda _, v: f"opened as {v.severity}"),
    e.Joined: (Happening.REPORTED_AGAIN, "", lambda s, _: f"reported again: {s.occurrences} times now"),
    e.FactsChanged: (Happening.FACTS_CHANGED, "", lambda _, v: f"facts changed: {', '.join(v.facts)}"),
    e.SeverityChanged: (
        Happening.SEVERITY_CHANGED,
        "",
        lambda _, v: f"the severity is {v.severity} now, it was {v.previous}",
    ),
    e.StatusOverdue: (Happening.STATUS_OVERDUE, "status", lambda _, v: f"it is {v.because} now"),
    e.DueChanged: (
        Happening.DUE_CHANGED,
        "",
        lambda _, v: (
            (f"it is due {words.instant(v.due_at)} now" if v.due_at else "it has no due date any more")
            + (f", it was {words.instant(v.previous)}" if v.previous else "")
        ),
    ),
    e.BecameCritical: (Happening.BECAME_CRITICAL, "", lambda _, v: f"it is a critical incident: {v.because}"),
    e.NoLongerCritical: (Happening.NO_LONGER_CRITICAL, "", lambda _, _v: "it is no critical incident any more"),
    e.LevelEntered: (Happening.LEVEL_ENTERED, "level", lambda _, v: f"it is at level {v.level}: {v.because}"),
    e.OwnerChanged: (Happening.OWNER_CHANGED, "", lambda _, v: f"{v.owner} owns it now"),
    e.HandoffOffered: (Happening.HANDOFF_OFFERED, "", lambda _, v: f"it is offered to {v.to}: {v.because}"),
    e.GateOpened: (Happening.GATE_OPENED, "gate", lambda _, v: f"approval {v.gate} is asked for"),
    e.GateClosed: (Happening.GATE_CLOSED, "gate", lambda _, v: f"approval {v.gate} is {v.state}"),
    e.ClockWarned: (Happening.CLOCK_WARNED, "clock", lambda _, v: f"clock {v.clock} is close to its limit"),
    e.ClockBreached: (Happening.CLOCK_BREACHED, "clock", lambda _, v: f"clock {v.clock} passed its limit"),
    e.HoldStarted: (Happening.HOLD_STARTED, "", lambda _, v: f"on hold until {words.instant(v.until)}"),
    e.HoldEnded: (Happening.HOLD_ENDED, "", lambda _, _v: "the hold has ended"),
    e.ResolutionProposed: (Happening.RESOLUTION_PROPOSED, "", lambda _, _v: "a resolution is proposed"),
    e.ResolutionConfirmed: (Happening.RESOLUTION_CONFIRMED, "", lambda _, _v: "the resolution is confirmed"),
    e.ResolutionRejected: (Happening.RESOLUTION_REJECTED, "", lambda _, v: f"the resolution is rejected: {v.because}"),
    e.ReviewStarted: (Happening.REVIEW_STARTED, "", lambda _, v: f"the review is due {words.instant(v.due)}"),
    e.ReviewChased: (Happening.REVIEW_OVERDUE, "", lambda _, v: f"the review is late: reminder {v.times}"),
    e.ItemAdded: (Happening.ITEM_ADDED, "", lambda s, v: f"added: {_item(s, v.item)}"),
    e.ItemChased: (Happening.ITEM_OVERDUE, "", lambda s, v: f"late: {_item(s, v.item)}; reminder {v.times}"),
    e.ItemCompleted: (Happening.ITEM_COMPLETED, "", lambda s, v: f"done: {_item(s, v.item)}"),
    e.Closed: (Happening.CLOSED, "", lambda _, v: f"closed: {v.because}"),
    e.Cancelled: (Happening.CANCELLED, "", lambda _, v: f"cancelled: {v.because}"),
}


def _concerns(state: Escalation, automation: Automation, cause: Cause) -> bool:
    """Tell whether it is about this one, at this severity; the condition is another matter."""
    scale = state.playbook.severity
    named = [level.name for word in automation.severity if (level := scale.find(word)) is not None]
    return (not automation.severity or state.severity in named) and (
        not automation.which or not cause.about or cause.about in automation.which
    )


# --- what is done -----------------------------------------------------------------------------------------------------


class _Plan(NamedTuple):
    """One action, as far as it can be told before the run is recorded."""

    action: policy.Doing
    text: str
    at_once: tuple[str, ...] = ()
    """Who is told without being looked up."""


def _run(draft: Draft, automation: Automation, cause: Cause) -> None:
    state = draft.state
    compiled, facts = condition(state.playbook, automation.when), derive(basis_of(state))
    if not compiled.true(facts):
        return
    run = state.seq + 1
    tasks: list[AutomationTask] = []
    left_out: list[str] = []
    plans: list[_Plan] = []
    for number, action in enumerate(automation.then, start=1):
        why_not = _why_not(state, action)
        if why_not:
            left_out.append(f"{action.do}: {why_not}")
            continue
        text = _written(state, action, cause)
        at_once, targets = _receivers(state, action)
        plans.append(_Plan(action, text, at_once))
        if targets:
            due = draft.now + action.due if isinstance(action, policy.AddActionItem) else None
            task = AutomationTask(id=f"{run}/{number}", automation=automation.id, targets=targets, text=text, due=due)
            tasks.append(task)
    read = compiled.reads | (SEVERITY if automation.severity else frozenset())
    draft.record(
        e.AutomationRan,
        by=ENGINE,
        automation=automation.id,
        happening=str(cause.happening),
        cause=cause.seq,
        happened=cause.words,
        because=automation.about or _says_when(automation),
        facts=among(facts, read),
        tasks=tuple(tasks),
        left_out=tuple(left_out),
    )
    for plan in plans:
        _do(draft, automation, plan, cause)


def _says_when(automation: Automation) -> str:
    at = f" at {', '.join(automation.severity)}" if automation.severity else ""
    return f"{', '.join(automation.on)}{at}" + (f", when {automation.when}" if automation.when != "true" else "")


_WORK = (policy.AddActionItem, policy.SetStatus, policy.Assign, policy.RaiseSeverity)


def _why_not(state: Escalation, action: policy.Doing) -> str:
    """Say why an action cannot be done as things stand; empty when it can."""
    if isinstance(action, _WORK) and state.ended:
        return "it has ended"
    if isinstance(action, policy.AddActionItem) and state.rules >= 1 and len(state.items) >= work_items.MOST_ITEMS:
        return f"it has {len(state.items)} work items already"
    if not isinstance(action, policy.Assign):
        return ""
    if state.owner is not None:
        return f"{state.owner.actor} owns it"
    if state.level is None:
        return "nobody may be called yet"
    if state.rung is None:
        return "nobody is called for it any more"
    # Else whoever cannot be reached would be called in its place, again and again.
    return "the last resort is being called" if state.rung.last_resort else ""


def _receivers(state: Escalation, action: policy.Doing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who has it at once, and whom to look up first.

    A chat group is read by people whom nobody can name, so it hears nothing of a case that is about somebody: whoever
    is accountable does.
    """
    if isinstance(action, policy.AddActionItem):
        named: tuple[str, ...] = (action.owner,)
    elif isinstance(action, policy.Send):
        named = action.to
    else:
        return (), ()
    at_once, targets = [], []
    barred = concerned(state)
    owner = state.owner.actor if state.owner is not None and state.owner.actor not in barred else None
    for each in named:
        if each == "owner" and owner is not None:
            at_once.append(owner)
        elif each == "requester":
            at_once.append(state.requested_by)
        elif each == "owner" or (split_target(each)[0] == GROUP and barred):
            targets.append(ACCOUNTABLE)
        else:
            (at_once if split_target(each)[0] == GROUP else targets).append(each)
    return tuple(dict.fromkeys(at_once)), tuple(dict.fromkeys(targets))


def _do(draft: Draft, automation: Automation, plan: _Plan, cause: Cause) -> None:
    action = plan.action
    english = f"automation {automation.id}: {cause.words}"
    because = grounds.of("by_automation", english, automation=automation.id)
    match action:
        case policy.Comment():
            draft.record(e.NoteAdded, by=ENGINE, text=plan.text, automation=automation.id)
        case policy.Send() if plan.at_once:
            draft.record(e.AutomationMessage, by=ENGINE, automation=automation.id, to=plan.at_once, text=plan.text)
        case policy.AddActionItem():
            for owner in plan.at_once:
                due = draft.now + action.due
                work_items.record(draft, plan.text, owner, due, by=ENGINE, automation=automation.id)
        case policy.SetStatus():
            _set_status(draft, action.status, automation.id)
        case policy.Assign():
            assignment.open_round(draft, 1, because, targets=action.to, otherwise=action.otherwise)
        case policy.RaiseSeverity():
            if triggers.worsen(draft, action.severity, because):
                triggers.settle(draft, SEVERITY)
        case _:
            pass  # everybody it tells is being looked up


def _set_status(draft: Draft, status: str, automation: str) -> None:
    state = draft.state
    if state.status != status:
        draft.record(
            e.StatusSet, by=ENGINE, status=status, stage=state.stage, previous=state.status, automation=automation
        )


def _end_of_shown_status(draft: Draft) -> None:
    """A status that was set lasts as long as the stage: later in the same stage it must not come back."""
    state = draft.state
    shown = state.shown_status
    if state.ended and state.rules >= 2:
        return  # it shows how it ended, and nothing comes later
    if shown is not None and shown.stage is not state.stage:
        draft.record(e.StatusSet, by=ENGINE, status="", stage=state.stage, previous=shown.status)


# --- words ------------------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _written(state: Escalation, action: policy.Doing, cause: Cause) -> str:
    """Return the text of an action, with what stands in for its placeholders; a value is never read as one."""
    template = action.title if isinstance(action, policy.AddActionItem) else getattr(action, "text", "")
    if "{" not in template:
        return str(template)
    about = state.context.summary.strip().splitlines()
    known = {
        "happened": cause.words,
        "id": state.id,
        "summary": about[0][:200] if about else state.id,
        "severity": state.severity,
        "status": state.status,
        "level": state.level.id if state.level is not None else "no level yet",
        "owner": state.accountable,
        "due": words.instant(state.due_at) if state.due_at is not None else "no due date",
    }
    return _PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), template)
