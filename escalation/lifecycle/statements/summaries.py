"""Summaries at key points: required where the playbook says so, reminded of, and filed with the escalation.

It is resolved without them and not closed: a solution must not wait for its paperwork, and what waits for the end
beside the review is already there, action items. Where it is cancelled or returned instead, the miss is recorded.
"""

from escalation.errors import AlreadyDone, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.statements.stakeholders import of
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.communication import KeyPoint, SummaryPolicy
from escalation.values import ENGINE


def follow(draft: Draft, policy: SummaryPolicy) -> None:
    """Require a summary at each key point that this command led to; one that is open already serves it too."""
    reached = [point for point in policy.at if _reached(draft, point)]
    if not reached or not condition(draft.state.playbook, policy.when).true(derive(basis_of(draft.state))):
        return
    for point in reached:
        talk = of(draft.state)
        if all(summary.point != point for summary in talk.unfiled):
            number = (talk.required if draft.state.rules >= 2 else len(talk.summaries)) + 1
            draft.record(e.SummaryRequired, by=ENGINE, summary=f"s{number}", point=point, due=draft.now + policy.within)


def _reached(draft: Draft, point: KeyPoint) -> bool:
    if point is KeyPoint.ASSIGNED:
        return draft.before.owner is None and draft.state.owner is not None
    if point is KeyPoint.SEVERITY_CHANGED:
        return any(isinstance(event, e.SeverityChanged) for event in draft.events)
    if point is KeyPoint.APPROVAL_DECIDED:
        decided = ("passed", "rejected")
        closed = (event for event in draft.events if isinstance(event, e.GateClosed) and event.state in decided)
        return any(event.gate not in draft.state.action_gates for event in closed)
    return any(isinstance(event, e.ReviewStarted) for event in draft.events)


def file(draft: Draft, command: c.FileSummary) -> None:
    """File a summary: for one that is required, for all that are open, or for none."""
    permissions.require_person(command.by, "file_summary")
    permissions.require_member(draft.state, command.by)
    talk = of(draft.state)
    if command.which is None:
        draft.record(e.SummaryFiled, summaries=tuple(each.id for each in talk.unfiled), text=command.text)
        return
    summary = talk.summaries.get(command.which)
    if summary is None and command.which in {f"s{number + 1}" for number in range(talk.required)}:
        raise AlreadyDone(f"summary {command.which} of {draft.state.id} is not waited for any more; see the timeline")
    if summary is None:
        known = ", ".join(talk.summaries) or "none"
        raise Unknown(f"no summary {command.which} of {draft.state.id} is required; these are: {known}")
    if summary.filed_at is not None:
        raise AlreadyDone(
            f"summary {summary.id} was filed by {summary.filed_by} at {summary.filed_at:%Y-%m-%d %H:%M %Z}"
        )
    draft.record(e.SummaryFiled, summaries=(summary.id,), text=command.text)


def overdue(draft: Draft, identifier: str) -> None:
    """A summary is late: its writer is reminded, every second time whoever is accountable too."""
    policy = draft.state.playbook.communication
    if policy is None or policy.summaries is None:
        return
    times = of(draft.state).summaries[identifier].chased + 1
    again = draft.now + policy.summaries.within
    draft.record(e.SummaryOverdue, by=ENGINE, summary=identifier, times=times, next_due=again)


def missed(draft: Draft, because: str) -> None:
    """It is about to end another way: say which required summaries were never filed."""
    talk = draft.state.communication
    for summary in talk.unfiled if talk is not None else ():
        draft.record(e.SummaryMissed, by=ENGINE, summary=summary.id, point=summary.point, because=because)


def all_filed(state: Escalation) -> bool:
    """Tell whether nothing that is required is left to be filed."""
    return state.communication is None or not state.communication.unfiled
