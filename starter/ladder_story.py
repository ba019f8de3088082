"""How it is opened and climbs, in words: reasons, severity, levels, rounds of pages, who is found and told."""

from collections.abc import Callable
from typing import Any

from escalation.lifecycle.communication import explain_reason
from escalation.model import events as e
from escalation.people.found import People
from starter.line import Line, Weight, name, names, written
from starter.when import show


def found_for(purpose: str) -> str:
    """Say for what people were looked up."""
    kind, _, about = purpose.partition(":")
    return {
        "rung": f"page round {about}",
        "hours": f"page round {about}, as working hours begin",
        "bypass": "look at the use of the exception procedure" if about else "who may use the exception procedure",
        "hold": "who may place a legal hold",
        "power": f"who may escalate as {about}",
        "gate": f"ask to decide {about.partition('/')[0]}",
        "emergency": f"who may approve {about.partition('/')[0]} alone in an emergency",
        "approval_review": "look at an approval afterwards",
        "handoff": "offer the hand-off",
        "tell": f"tell the accountable: {about}",
        "update": f"update {about.partition('/')[2]}",
        "release": f"ask to release draft {about}" if about else "who releases what is said",
        "communicator": "ask for an update" if about.strip("0") else "who speaks to the stakeholders",
        "automation": "whom an automation is for",
        "mention": f"mentioned in #{about}",
        "first_update": "ask for the first update of the incident",
        "raci": f"{about.replace('/', ' in ')}",
        "oversight": f"look at draft {about}",
        "shift": "whether the owner has a shift",
        "item": f"whose work item {about.partition('/')[0]} may be, or who hears that it is late",
        "check": f"ask to approve work item {about.partition('/')[0]}",
    }.get(kind, purpose)


def _opened(event: e.Opened) -> Line:
    reasons = "; ".join(explain_reason(reason) for reason in event.reasons)
    return Line(f"opened as {event.severity} by {name(event.requested_by)} ({event.initiation})", reasons, Weight.TURN)


def _rung(event: e.RungOpened) -> Line:
    call = "last resort" if event.last_resort else f"round {event.round}"
    level = event.rung.partition("/")[0]
    return Line(f"page {names(event.targets)} ({level}, {call}); answer until {show(event.due)}", event.because)


def _pages_held(event: e.PagesHeld) -> Line:
    until = ", ".join(f"{name(person)} until {show(at)}" for person, at in event.until.items())
    return Line(f"pages wait for working hours: {until}", "it can wait")


def _resolved(event: e.PeopleResolved) -> Line:
    found = event.found
    because = "; ".join(dict.fromkeys((*whys(found), *found.notes)))
    weight = Weight.STEP if found.notes or any(each.note for each in found.people) else Weight.DETAIL
    people = names(f.person for f in found.people) or "nobody"
    return Line(f"{found_for(event.purpose)}: {people}", because, weight)


def whys(found: People) -> list[str]:
    """Return why it is these people; with their names where it is not the same for all."""
    notes = {each.note for each in found.people}
    if len(notes) == 1:
        return [note for note in notes if note]
    return [f"{name(each.person)}: {each.note}" for each in found.people if each.note]


def _delivered(event: e.MessageDelivered) -> Line:
    what = "page" if event.rung else "message"
    over = event.receipt.passed_over
    weight = Weight.STEP if event.rung or over else Weight.DETAIL
    because = f"not taken by {'; '.join(over)}" if over else ""
    return Line(f"{what} delivered to {name(event.to)} ({event.receipt.channel})", because, weight)


def _provided(event: e.InputProvided) -> Line:
    rest = f"still missing: {', '.join(event.still_missing)}" if event.still_missing else "nothing is missing any more"
    return Line("input provided", rest)


def _facts(event: e.FactsChanged) -> Line:
    return Line("facts: " + ", ".join(f"{key}={written(value)}" for key, value in event.facts.items()), event.because)


LADDER: dict[type, Callable[[Any], Line]] = {
    e.Opened: _opened,
    e.Declined: lambda v: Line("not escalated: the AI may go on", v.because, Weight.TURN),
    e.Joined: lambda v: Line(f"reported once more by {name(v.requested_by)}"),
    e.Receipted: lambda v: Line(f"request {v.request_id} answered: {v.outcome}", v.because, Weight.DETAIL),
    e.ReasonsAdded: lambda v: Line("more reasons", "; ".join(explain_reason(reason) for reason in v.reasons)),
    e.InputRequested: lambda v: Line(f"ask {name(v.of)} for {', '.join(v.parts)}", f"until {show(v.due)}"),
    e.InputProvided: _provided,
    e.ExceptionUsed: lambda v: Line(f"go on without {', '.join(v.missing)}", v.because),
    e.FactsChanged: _facts,
    e.SeverityChanged: lambda v: Line(f"severity {v.previous} → {v.severity}", v.because, Weight.TURN),
    e.SeverityLoweringAsked: lambda v: Line(f"asks for severity {v.severity} instead of {v.previous}", v.because),
    e.SeverityLoweringEnded: lambda v: Line(f"milder severity {v.severity}: {v.how}", v.because),
    e.DueChanged: lambda v: Line(
        (f"due {show(v.due_at)}" if v.due_at else "no due date")
        + (f" (before: {show(v.previous)})" if v.previous else ""),
        v.because,
    ),
    e.LevelEntered: lambda v: Line(f"level {v.level} ({v.axis})", v.because, Weight.TURN),
    e.PathTaken: lambda v: Line(f"path {v.path}", v.because, Weight.TURN),
    e.CellReached: lambda v: Line(f"cell {v.cell} of the matrix", v.because),
    e.Bypassed: lambda v: Line(f"exception procedure used: {v.skipped} skipped", v.because, Weight.TURN),
    e.RungOpened: _rung,
    e.RungMoved: lambda v: Line(f"round {v.rung}: answer until {show(v.due)} (before: {show(v.was_due)})", v.because),
    e.PagesHeld: _pages_held,
    e.PagesReleased: lambda v: Line(f"working hours of {names(v.people)} begin: see whom to page", ""),
    e.PeopleResolved: _resolved,
    e.MessageDelivered: _delivered,
    e.MessageFailed: lambda v: Line(f"message to {name(v.to)} could not be delivered", v.error),
    e.Acknowledged: lambda v: Line(f"acknowledged at {v.level}", "", Weight.DETAIL),
    e.PageDeclined: lambda v: Line("cannot take it", v.because),
    e.AcknowledgementLapsed: lambda v: Line(f"nothing heard of {name(v.owner)}", v.because, Weight.TURN),
    e.ConcernedUnknown: lambda v: Line(
        f"said to be about {', '.join(map(name, v.people))}, whom the directory does not know: that bars nobody"
    ),
    e.FeedFailing: lambda v: Line(
        f"the calendar of rotation {v.rotation} fails; the playbook's owner is told", v.because
    ),
    e.TemplateFailing: lambda v: Line(
        f"the template of {v.template} fails; the plain words went out, the playbook's owner is told", v.because
    ),
}
