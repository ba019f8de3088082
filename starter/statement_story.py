"""What is said to stakeholders and what they answer, in words."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.line import Line, Weight, joined, name, names
from starter.when import show


def _update(event: e.UpdatePosted) -> str:
    number = f" (version {event.version})" if event.version else ""
    draft = f", draft {event.draft}" if event.draft else ""
    return f"update to {', '.join(event.audiences)}{number}{draft}: {_both(event.text, event.customer_text)}"


def _both(text: str, customer_text: str) -> str:
    """Write what colleagues and what customers read, each by its name where there are both."""
    if not customer_text:
        return text
    return f"{text}; for customers: {customer_text}" if text else f"for customers: {customer_text}"


STATEMENTS: dict[type, Callable[[Any], Line]] = {
    e.KeyPeopleNamed: lambda v: Line(
        f"key people: {v.key_people or 'the general ones'}"
        + (f"; {name(v.communicator)} speaks to the stakeholders" if v.communicator else ""),
        v.because,
        Weight.STEP if v.key_people else Weight.DETAIL,
    ),
    e.StakeholderConcerned: lambda v: Line(
        f"stakeholder {v.stakeholder} is told from now on" + ("; the latest update at once" if v.version else ""),
        v.because,
    ),
    e.UpdateScheduled: lambda v: Line(
        f"next update due {show(v.due)}" + (f" (before: {show(v.was_due)})" if v.was_due else "")
        if v.due
        else "no further update is due",
        v.because,
        Weight.STEP if v.was_due and v.due else Weight.DETAIL,
    ),
    e.UpdatePosted: lambda v: Line(
        _update(v), f"next due {show(v.due)}" if v.due else "", Weight.STEP if v.announced else Weight.TURN
    ),
    e.DraftMade: lambda v: Line(
        f"draft {v.draft} for {', '.join(v.audiences)}: {_both(v.text, v.customer_text)}",
        f"in place of {v.replaces}" if v.replaces else "",
    ),
    e.DraftEnded: lambda v: Line(f"draft {v.draft} {v.how}", v.because),
    e.UpdateOnTicket: lambda v: Line(f"the ticket shows the update for {v.stakeholder}", weight=Weight.DETAIL),
    e.ReadConfirmed: lambda v: Line(f"has read it ({', '.join(v.stakeholders)})"),
    e.ReceiptOverdue: lambda v: Line(
        f"{v.stakeholder} has not confirmed to have read it: {names(v.unread) or 'nobody was found'}",
        "reminder" if v.next_due else "reminder, and whoever speaks is told",
    ),
    e.MilestoneReached: lambda v: Line(
        f"milestone {v.milestone} reached; update due {show(v.due)}",
        joined(v.about, f"not reached before it: {', '.join(v.before)}" if v.before else ""),
        Weight.TURN,
    ),
    e.MilestoneUpdated: lambda v: Line(f"update of milestone {v.milestone}: {v.text}"),
    e.MilestoneOverdue: lambda v: Line(
        f"no update of milestone {v.milestone}: ask {names(v.asked)}",
        f"asked {v.times} times" if v.times > 1 else "",
        Weight.TURN,
    ),
    e.ReadIn: lambda v: Line(f"read in: {names(v.people)}", "joined while work is going on"),
    e.NextStepsSent: lambda v: Line(f"next steps ({', '.join(v.items)}) sent to {names(v.to)}", v.text),
    e.FollowUpPlanned: lambda v: Line(
        f"follow-up {v.follow_up} {'asks' if v.asks else 'tells'} the customer {show(v.due)}", "", Weight.DETAIL
    ),
    e.FollowUpSent: lambda v: Line(
        f"follow-up {v.follow_up} sent to the customer" + (f", time {v.times}" if v.next_due else ""), v.text
    ),
    e.FollowUpEnded: lambda v: Line(f"follow-up {v.follow_up} is over", v.because),
    e.UpdatePostponed: lambda v: Line(f"update put off until {show(v.due)} (before: {show(v.was_due)})", v.because),
    e.UpdateOverdue: lambda v: Line(
        f"no update, due {show(v.due)}: ask {names(v.asked)}",
        f"asked {v.times} times" if v.times > 1 else "",
        Weight.TURN,
    ),
    e.ReplyRecorded: lambda v: Line(
        f"answer {'recorded for' if v.on_behalf else 'of'} {', '.join(v.stakeholders)}: {v.text}"
    ),
    e.ReplyOverdue: lambda v: Line(f"no answer of {v.stakeholder}: {'reminder' if v.next_due else 'told who speaks'}"),
    e.SummaryRequired: lambda v: Line(
        f"summary {v.summary} is required until {show(v.due)}", str(v.point).replace("_", " ")
    ),
    e.SummaryOverdue: lambda v: Line(f"summary {v.summary} late: reminder {v.times}"),
    e.SummaryFiled: lambda v: Line(f"summary{f' {names(v.summaries)}' if v.summaries else ''}: {v.text}"),
    e.SummaryMissed: lambda v: Line(
        f"summary {v.summary} was never filed ({str(v.point).replace('_', ' ')})", v.because, Weight.TURN
    ),
}
