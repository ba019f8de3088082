"""Events in words: what happened, because of whom, and why. Timeline, watch, forecast and demo all tell it this way."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from escalation.lifecycle.communication import explain_reason, grounds
from escalation.lifecycle.timeline.trail import ai_output
from escalation.model import events as e
from escalation.model.timeline import EntryKind
from escalation.people.found import People
from escalation.values import Actor, format_duration
from starter.item_story import ITEMS
from starter.when import show


class Weight(IntEnum):
    """How much an event matters to a reader."""

    DETAIL = 0
    """Bookkeeping: left out unless everything is asked for."""
    STEP = 1
    TURN = 2
    """Responsibility, level or stage changed."""


class Line(NamedTuple):
    """One event in words."""

    what: str
    why: str = ""
    weight: Weight = Weight.STEP


class Told(NamedTuple):
    """One line of a story: an event in words, with its place, instant and author."""

    seq: int
    at: datetime
    who: str
    what: str
    why: str
    weight: Weight
    event: e.Event


def name(actor: str) -> str:
    """Write an actor or a target as people say it: a person by id alone, the engine's own as what they are."""
    kind, _, rest = actor.partition(":")
    return {"person": rest, "system": f"the {rest}"}.get(kind, actor)


def names(actors: Iterable[str]) -> str:
    """Write several, separated by commas."""
    return ", ".join(name(actor) for actor in actors)


def tell(events: Iterable[e.Event], least: Weight = Weight.STEP) -> Iterator[Told]:
    """Yield the events that weigh at least so much, in words, in order."""
    for event in events:
        line = say(event)
        if line.weight >= least:
            yield Told(event.seq, event.at, name(event.by), line.what, line.why, line.weight, event)


def say(event: e.Event) -> Line:
    """Return one event in words."""
    return _WORDS[type(event)](event)


class Step(NamedTuple):
    """One step of a forecast."""

    at: datetime
    what: str
    who: tuple[Actor, ...]
    """Who is told or asked; empty when nobody is."""
    why: str
    key: str
    """Tells the same step in what really happened."""
    unless: str = ""
    """What would keep it from happening, and who may do that; empty when nothing does."""


def steps(events: Iterable[e.Event], unless: Mapping[int, str] | None = None) -> list[Step]:
    """Return a forecast's events as steps: whoever is found for a round or an approval stands with it.

    ``unless`` says of an event, by its number, what would keep it from happening.
    """
    avoided = unless or {}
    told: list[Step] = []
    open_calls: dict[str, int] = {}
    for event in events:
        if isinstance(event, e.PeopleResolved):
            people = tuple(found.person for found in event.found.people)
            why = "; ".join(dict.fromkeys((*_whys(event.found), *event.found.notes)))
            place = open_calls.get(event.purpose, _cause(told, event))
            if place is not None:
                told[place] = told[place]._replace(who=people, why=_joined(told[place].why, why))
            else:
                told.append(
                    Step(event.at, _found_for(event.purpose), people, why, step_key(event), avoided.get(event.seq, ""))
                )
            continue
        line = say(event)
        if line.weight is Weight.DETAIL or isinstance(event, e.MessageDelivered):
            continue
        if isinstance(event, e.RungOpened):
            open_calls[f"rung:{event.rung}"] = len(told)
        elif isinstance(event, e.PagesReleased):
            open_calls[f"hours:{event.rung}"] = len(told)
        elif isinstance(event, e.UpdateOverdue):
            open_calls[f"communicator:{event.times}"] = len(told)
        elif isinstance(event, e.FirstUpdateOverdue):
            open_calls[f"first_update:{event.times}"] = len(told)
        elif isinstance(event, e.GateOpened):
            open_calls[f"gate:{event.gate}/{event.round}"] = len(told)
        told.append(Step(event.at, line.what, (), line.why, step_key(event), avoided.get(event.seq, "")))
    return told


def _cause(told: list[Step], event: e.PeopleResolved) -> int | None:
    """Find the step because of which somebody is told: its clock, approval or item stands in the purpose."""
    for place in range(len(told) - 1, -1, -1):
        about = told[place].key.partition(" ")[2]
        if told[place].at == event.at and not told[place].who and about and about in event.purpose:
            return place
    return None


def step_key(event: e.Event) -> str:
    """Return what tells the same step in a forecast and in what happened: its kind and what it is about."""
    about = (
        "rung",
        "gate",
        "clock",
        "level",
        "item",
        "handoff",
        "purpose",
        "round",
        "status",
        "stakeholder",
        "summary",
        "milestone",
        "follow_up",
    )
    parts = [str(getattr(event, field)) for field in about if hasattr(event, field)]
    if isinstance(event, e.PeopleResolved):
        kind, _, rest = event.purpose.partition(":")
        if kind == "rung":
            return f"rung_opened {rest}"
    return " ".join([event.type, *parts[:1]])


def _joined(first: str, second: str) -> str:
    return f"{first}; {second}" if first and second else first or second


def _found_for(purpose: str) -> str:
    kind, _, about = purpose.partition(":")
    return {
        "rung": f"page round {about}",
        "hours": f"page round {about}, as working hours begin",
        "bypass": "look at the use of the exception procedure" if about else "who may use the exception procedure",
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


def _of_item(event: e.EventBase) -> Line:
    what, why, turns = ITEMS[type(event)](event, name)
    return Line(what, why, Weight.TURN if turns else Weight.STEP)


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
    because = "; ".join(dict.fromkeys((*_whys(found), *found.notes)))
    weight = Weight.STEP if found.notes or any(each.note for each in found.people) else Weight.DETAIL
    people = names(f.person for f in found.people) or "nobody"
    return Line(f"{_found_for(event.purpose)}: {people}", because, weight)


def _whys(found: People) -> list[str]:
    """Return why it is these people; with their names where it is not the same for all."""
    notes = {each.note for each in found.people}
    if len(notes) == 1:
        return [note for note in notes if note]
    return [f"{name(each.person)}: {each.note}" for each in found.people if each.note]


def _delivered(event: e.MessageDelivered) -> Line:
    what = "page" if event.rung else "message"
    weight = Weight.STEP if event.rung else Weight.DETAIL
    return Line(f"{what} delivered to {name(event.to)} ({event.receipt.channel})", "", weight)


def _update(event: e.UpdatePosted) -> str:
    number = f" (version {event.version})" if event.version else ""
    draft = f", draft {event.draft}" if event.draft else ""
    return f"update to {', '.join(event.audiences)}{number}{draft}: {_both(event.text, event.customer_text)}"


def _both(text: str, customer_text: str) -> str:
    """Write what colleagues and what customers read, each by its name where there are both."""
    if not customer_text:
        return text
    return f"{text}; for customers: {customer_text}" if text else f"for customers: {customer_text}"


def _confirmed(event: e.ResolutionConfirmed) -> Line:
    how = {"silence": "nobody objected in time", "not_asked": "the playbook asks nobody"}.get(event.how, "")
    return Line("resolution confirmed", event.comment or how, Weight.TURN)


def _provided(event: e.InputProvided) -> Line:
    rest = f"still missing: {', '.join(event.still_missing)}" if event.still_missing else "nothing is missing any more"
    return Line("input provided", rest)


def _automation(event: e.AutomationRan) -> Line:
    why = grounds(event.because, event.facts)
    not_done = f"not done: {'; '.join(event.left_out)}" if event.left_out else ""
    return Line(f"automation {event.automation}: {event.happened}", _joined(why, not_done))


def _status_set(event: e.StatusSet) -> Line:
    if not event.status:
        return Line(f"status {event.previous} is over", f"it is in {event.stage} now", Weight.DETAIL)
    return Line(f"status {event.status} (before: {event.previous})", f"automation {event.automation}")


def _held(event: e.HeldReleased) -> Line:
    return Line(f"kept {event.command} {'refused' if event.refused else 'applied'}", event.refused)


def _facts(event: e.FactsChanged) -> Line:
    return Line("facts: " + ", ".join(f"{key}={_value(value)}" for key, value in event.facts.items()), event.because)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _clock_started(event: e.ClockStarted) -> Line:
    if event.was_due is None:
        return Line(f"clock {event.clock} runs until {show(event.due)}", event.because, Weight.DETAIL)
    return Line(f"clock {event.clock} runs until {show(event.due)} (before: {show(event.was_due)})", event.because)


def _ai(event: e.Event) -> str:
    if not ai_output(event):
        return ""
    made = " ".join(filter(None, (getattr(event, "provider", ""), getattr(event, "model", ""))))
    accepted = ", accepted by nobody" if isinstance(event, e.EntryPosted) else ""
    return f"AI output{f' ({made})' if made else ''}{accepted}: "


def _entry(event: e.EntryPosted) -> Line:
    parts = [event.title, event.text or event.summary, event.url]
    marked = f"{'draft ' if event.draft else ''}{event.kind}"
    told = (
        f" ({event.about.replace('_', ' ')}, {format_duration(event.length)})" if event.about and event.length else ""
    )
    where = [
        f"from {event.source}{f' {event.external_id}' if event.external_id else ''}" if event.source else "",
        f"brought by {name(event.by)} for {name(event.author)}" if event.author else "",
        f"of live session {event.session}" if event.session else "",
        f"belongs to {', '.join(event.links)}" if event.links else "",
        f"audio: {event.audio_url}" if event.audio_url else "",
    ]
    return Line(f"{_ai(event)}{marked}{told}: {': '.join(filter(None, parts))}", "; ".join(filter(None, where)))


def _baseline(event: e.BaselineReported) -> Line:
    which = "first update" if event.number == 1 else f"update {event.number}, in place of the last"
    more = f"affected: {event.who_is_affected}; urgent: {event.why_urgent}"
    return Line(f"{which} of the incident: {event.what_happened}", _joined(more, event.recording), Weight.TURN)


def _scored(event: e.Rated | e.FeedbackGiven) -> Line:
    about = "the hand-over" if isinstance(event, e.Rated) else "the service"
    giver = f", prepared by {name(event.giver)}" if isinstance(event, e.Rated) and event.giver else ""
    return Line(f"rated {about} {event.score} of 5{giver}", event.comment)


def _labelled(event: e.Labelled) -> Line:
    said = {"warranted": event.warranted, "late": event.late, "the AI right": event.ai_would_have_been_right}
    words = (f"{what}: {'yes' if is_so else 'no'}" for what, is_so in said.items() if is_so is not None)
    return Line(f"looking back, {', '.join(words)}", event.because)


_OWNERSHIP: dict[type, Callable[[Any], Line]] = {
    e.StageTold: lambda v: Line(
        f"stage {v.stage}: "
        + "; ".join(f"{part} {names(who)}" for part, who in (("consult", v.consulted), ("inform", v.informed)) if who),
    ),
    e.ConsultedAnswered: lambda v: Line(f"advice: {v.text}"),
    e.CommunicatorNamed: lambda v: Line(f"communicator: {name(v.who)}", v.because, Weight.TURN),
    e.CommanderNamed: lambda v: Line(f"commander: {name(v.who)}", v.because, Weight.TURN),
    e.ResponsibilityAssigned: lambda v: Line(f"{name(v.who)} looks after: {v.what}"),
    e.GroupJoined: lambda v: Line(f"{name(v.who)} is in the working group", v.because),
    e.GroupLeft: lambda v: Line(f"{name(v.who)} left the working group", v.because),
    e.WorkDrafted: lambda v: Line(
        f"draft {v.draft} of {v.activity}{' by an AI' if v.by.startswith(('agent:', 'service:')) else ''}: {v.text}",
        f"{name(v.oversight)} looks at it",
    ),
    e.ActivityDone: lambda v: Line(
        f"{v.activity} done{f': {v.result}' if v.result else ''}",
        _joined(f"takes over draft {v.draft} of {name(v.drafted_by)}" if v.draft else "", v.delegated),
    ),
    e.WorkDocumented: lambda v: Line(
        f"documented: {name(v.executes) or 'nobody yet'} executes, {name(v.approves) or 'nobody yet'} approves",
        v.because,
    ),
    e.TeamAccepted: lambda v: Line(f"accepted for {name(v.team)}; to be claimed until {show(v.due)}"),
    e.ShiftKnown: lambda v: Line(f"the owner's shift ends {show(v.ends)}; handed over from {show(v.offer_due)} on"),
    e.HandoverEdited: lambda v: Line(f"hand-over written anew: {v.text}"),
    e.ShiftHandedOver: lambda v: Line(
        f"shift handed over from {name(v.giver)} to {name(v.receiver)}", f"{v.done} / remains: {v.remains}", Weight.TURN
    ),
    e.CallTransferred: lambda v: Line(
        f"call {v.call} transferred ({v.transfer}) from {v.giver} to {v.receiver} at {show(v.transferred_at)}",
        v.recording,
    ),
}

_WORDS: dict[type, Callable[[Any], Line]] = {
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
    e.OwnerChanged: lambda v: Line(
        f"owner: {name(v.owner)} (before: {name(v.previous)})",
        _joined(
            f"{v.because}, {v.although}" if v.although else v.because,
            f"expected: {v.expectation}" if v.expectation else "",
        ),
        Weight.TURN,
    ),
    e.HandoffOffered: lambda v: Line(
        f"{'shift' if v.shift else 'hand-off'} offered to {name(v.to)}; answer until {show(v.due)}",
        f"{v.because}; expected: {v.expectation}" + (f"; task: {v.task}" if v.task else ""),
    ),
    **_OWNERSHIP,
    e.HandoffEnded: lambda v: Line(f"hand-off {v.how.replace('_', ' ')}", v.because),
    e.GateOpened: lambda v: Line(
        f"approval {v.gate} asked of {names(v.targets)} (round {v.round}); decide until {show(v.due)}", v.because
    ),
    e.GateDecided: lambda v: Line(
        f"{v.gate}: {v.decision.replace('_', ' ')}"
        + (f" as {v.choice}" if v.choice else "")
        + (" alone in an emergency" if v.emergency else ""),
        v.because,
    ),
    e.SeatDelegated: lambda v: Line(f"approval {v.gate}: the decision is passed on to {name(v.to)}", v.because),
    e.SeatGivenBack: lambda v: Line(
        f"approval {v.gate}: {name(v.owner)} decides again, {name(v.was)} is not known", v.because, Weight.TURN
    ),
    e.ApprovalToReview: lambda v: Line(f"approval {v.gate} is to be looked at afterwards", v.because),
    e.ActionAsked: lambda v: Line(
        f"{v.approval}: asks to do {v.action}"
        + (f" ({', '.join(f'{key}={_value(value)}' for key, value in v.arguments.items())})" if v.arguments else "")
        + (f"; needs {', '.join(v.gates)}" if v.gates else ""),
        v.because,
    ),
    e.ActionSettled: lambda v: Line(
        f"{v.approval} {v.state}"
        + (f", {v.choice}" if v.choice else "")
        + (f"; to be used until {show(v.valid_until)}" if v.valid_until else ""),
        v.because,
        Weight.TURN,
    ),
    e.ActionUsed: lambda v: Line(f"{v.approval} used: it is done now", "", Weight.TURN),
    e.GateClosed: lambda v: Line(f"approval {v.gate} {v.state} (round {v.round})", v.because, Weight.TURN),
    e.GateExpired: lambda v: Line(f"approval {v.gate} late: {v.behaviour.replace('_', ' ')}", v.because),
    e.CommandHeld: lambda v: Line(f"{v.command} came early and is kept"),
    e.HeldReleased: _held,
    e.CommandRefused: lambda v: Line(f"signal {v.command} refused", v.because),
    e.ClockStarted: _clock_started,
    e.ClockReminded: lambda v: Line(f"reminder: the limit of {v.clock} comes"),
    e.ClockPaused: lambda v: Line(f"clock {v.clock} stands still", v.because),
    e.ClockResumed: lambda v: Line(f"clock {v.clock} goes on", v.because),
    e.ClockWarned: lambda v: Line(f"warning: {v.clock} is close to its limit"),
    e.ClockBreached: lambda v: Line(f"limit of {v.clock} passed", "", Weight.TURN),
    e.ClockStopped: lambda v: Line(f"clock {v.clock} {'met' if v.met else 'has no limit now'}", "", Weight.DETAIL),
    e.StatusEntered: lambda v: Line(
        f"status {v.status}" + (f" until {show(v.due)}" if v.due else ""), "", Weight.DETAIL
    ),
    e.StatusOverdue: lambda v: Line(f"still {v.status}: {v.then.replace('_', ' ')}", v.because, Weight.TURN),
    e.HoldStarted: lambda v: Line(f"on hold until {show(v.until)}; clocks pause: {', '.join(v.clocks)}", v.because),
    e.HoldEnded: lambda v: Line("hold ended", v.because),
    e.NoteAdded: lambda v: Line(f"{f'automation {v.automation}' if v.automation else f'{_ai(v)}note'}: {v.text}"),
    e.EntryPosted: _entry,
    e.EntryEdited: lambda v: Line(f"#{v.entry} reads now (version {v.version}): {v.text}"),
    e.EntryReleased: lambda v: Line(f"#{v.entry} is released"),
    e.EntryAccepted: lambda v: Line(f"#{v.entry}, AI output of {name(v.written_by)}, is {name(v.by)}'s own now"),
    e.EntryLinked: lambda v: Line(f"#{v.entry} belongs to {', '.join(v.links)}"),
    e.EntryClosed: lambda v: Line(
        f"{v.kind} #{v.entry} {'answered' if v.kind is EntryKind.QUESTION else 'resolved'}: {v.text}"
    ),
    e.Commented: lambda v: Line(f"{_ai(v)}comment on #{v.reply_to or v.entry}: {v.text}"),
    e.Marked: lambda v: Line(f"{'takes back' if v.off else 'reacts to'} #{v.entry}: {v.mark}", "", Weight.DETAIL),
    e.SeenUpTo: lambda v: Line(f"has read up to #{v.up_to}", "", Weight.DETAIL),
    e.SessionOpened: lambda v: Line(
        f"live session {v.session} opened{f' ({v.title})' if v.title else ''}: {v.join_url}",
        f"invited: {names(v.participants)}" if v.participants else "",
    ),
    e.SessionChased: lambda v: Line(f"live session {v.session} is still open: ask what came of it"),
    e.SessionClosed: lambda v: Line(
        f"live session {v.session} closed",
        f"decisions: {', '.join(f'#{each}' for each in v.decisions) or 'none'}; "
        f"action items: {', '.join(v.items) or 'none'}",
    ),
    e.AutomationRan: _automation,
    e.AutomationMessage: lambda v: Line(f"automation {v.automation} tells {names(v.to)}: {v.text}"),
    e.StatusSet: _status_set,
    e.BecameCritical: lambda v: Line("a critical incident", grounds(v.because, v.facts, v.words), Weight.TURN),
    e.NoLongerCritical: lambda v: Line("no critical incident any more", grounds("", v.facts).strip(), Weight.TURN),
    e.Attached: lambda v: Line(f"attached: {v.attachment.title}", v.attachment.url),
    e.CaseLinked: lambda v: Line(f"ticket {v.link.ticket} linked", v.link.url),
    e.CaseFailed: lambda v: Line("the ticket could not be opened", v.error),
    e.QuestionPublished: lambda _: Line("the ticket asks whether it is solved", weight=Weight.DETAIL),
    e.CaseUpdateFailed: lambda v: Line("the ticket could not be updated", v.error),
    e.ResolutionProposed: lambda v: Line(
        f"resolution proposed: {v.resolution}",
        _joined(v.although, f"cause: {v.cause}" if v.cause else ""),
        Weight.TURN,
    ),
    e.RecoveryDecided: lambda v: Line(
        f"recovery script {v.script} may mend it" if v.script else "no script can mend it: people must", v.because
    ),
    e.RecoveryStarted: lambda v: Line(f"recovery script {v.script} runs"),
    e.RecoveryEnded: lambda v: Line(
        f"recovery script {v.script} {'has run' if v.ok else 'did not help'}", _joined(v.because, v.output), Weight.TURN
    ),
    e.ResolutionConfirmed: _confirmed,
    e.ResolutionUnanswered: lambda _: Line("nobody confirmed the resolution in time; the owner asks again"),
    e.ResolutionRejected: lambda v: Line("resolution rejected", v.because, Weight.TURN),
    e.ReviewStarted: lambda v: Line(f"review due {show(v.due)}", "", Weight.TURN),
    e.ReviewSubmitted: lambda v: Line("review submitted", "lessons: " + "; ".join(v.lessons) if v.lessons else ""),
    e.ReviewChased: lambda v: Line(f"review late: reminder {v.times}"),
    e.FeedFailing: lambda v: Line(
        f"the calendar of rotation {v.rotation} fails; the playbook's owner is told", v.because
    ),
    e.TemplateFailing: lambda v: Line(
        f"the template of {v.template} fails; the plain words went out, the playbook's owner is told", v.because
    ),
    e.ConcernedUnknown: lambda v: Line(
        f"said to be about {', '.join(map(name, v.people))}, whom the directory does not know: that bars nobody"
    ),
    **dict.fromkeys(ITEMS, _of_item),
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
        _joined(v.about, f"not reached before it: {', '.join(v.before)}" if v.before else ""),
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
    e.Rated: _scored,
    e.FeedbackGiven: _scored,
    e.Closed: lambda v: Line(
        "returned with guidance" if v.returned else "closed",
        _joined(v.guidance, v.because) if v.guidance else v.because,
        Weight.TURN,
    ),
    e.Cancelled: lambda v: Line("cancelled", v.because, Weight.TURN),
    e.LinkAdded: lambda v: Line(f"linked with {v.other} ({v.relation})", v.because),
    e.LinkRemoved: lambda v: Line(f"not linked with {v.other} any more", v.because),
    e.LinkLost: lambda v: Line(f"{v.other} cannot be told any more", v.because),
    e.StatusTold: lambda v: Line(f"linked escalations are told: {v.status}", "", Weight.DETAIL),
    e.StatusHeard: lambda v: Line(f"{v.other} is now: {v.status}"),
    e.ReviewDraftOpened: lambda v: Line("the review may be begun", v.because),
    e.ReviewPartDrafted: lambda v: Line(f"review, {v.part}{' (written by an AI)' if v.by_ai else ''}: {v.text}"),
    e.LessonAdded: lambda v: Line(
        f"lesson {v.lesson}: {v.what}", f"leads to a change ({v.change}), action item {v.item}" if v.item else ""
    ),
    e.ChangeClaimed: lambda v: Line(f"lesson {v.lesson}: said to be live as {v.live_as}, it is looked up"),
    e.ChangeLive: lambda v: Line(
        f"lesson {v.lesson}: its change is live{f' as {v.live_as}' if v.live_as else ''}",
        "looked up" if v.verified else "",
        Weight.TURN,
    ),
    e.ChangeNotLive: lambda v: Line(f"lesson {v.lesson}: not live as {v.live_as}", v.because),
    e.Labelled: _labelled,
    e.FeedbackRequested: lambda v: Line(
        f"asked how it went: {', '.join(f'{name(actor)} ({role})' for actor, role in v.asked.items())}",
        f"waits until {show(v.due)} at most",
    ),
    e.FeedbackReminded: lambda v: Line(f"asked again how it went: {names(v.to)}"),
    e.FeedbackEnded: lambda v: Line(f"nobody waits any longer for what {names(v.unanswered)} would say", v.because),
    e.ParticipantFeedbackGiven: lambda v: Line(
        f"says it went {v.score} of 5",
        _joined(v.comment, f"better next time: {v.improvement}" if v.improvement else ""),
    ),
    e.AdviceGiven: lambda v: Line(f"guidance for {name(v.to)}: {v.text}"),
    e.MigrationAsked: lambda v: Line(f"asks to go on by version {v.to} of the playbook", v.because),
    e.MigrationRefused: lambda v: Line(f"stays with its version of the playbook, not {v.to}", v.because, Weight.TURN),
    e.Migrated: lambda v: Line(
        f"goes on by v{v.to_version} of the playbook ({v.to_digest}), before v{v.version} ({v.digest})",
        "; ".join((v.because, *v.effects, *v.differences)),
        Weight.TURN,
    ),
    e.ChildrenAwaited: lambda v: Line(
        f"waits for those below it: {', '.join(v.children)}", f"again {show(v.next_due)}"
    ),
    e.IncidentDeclared: lambda v: Line("incident declared", grounds(v.because, v.facts), Weight.TURN),
    e.FirstUpdateOverdue: lambda v: Line(
        f"no first update of the incident: ask {names(v.asked)}",
        f"asked {v.times} times" if v.times > 1 else "",
        Weight.TURN,
    ),
    e.BaselineReported: _baseline,
    e.PlanFiled: lambda v: Line(
        f"action plan {v.version}, {v.section.replace('_', ' ')}: {v.line} {v.text}",
        _joined(f"action item {v.item}" if v.item else "", f"approval {v.gate}" if v.gate else ""),
    ),
    e.PrioritiesSet: lambda v: Line(
        f"priorities: {'; '.join(f'{number}. {each}' for number, each in enumerate(v.priorities, start=1))}",
        f"version {v.version}",
        Weight.TURN,
    ),
    e.PeriodBegun: lambda v: Line(f"period {v.number} begins, until {show(v.ends_at)}; {name(v.led_by)} leads it"),
    e.HandOverBegun: lambda v: Line(f"period {v.number} is to be handed over", v.because),
    e.PeriodEnded: lambda v: Line(
        f"period {v.number} is over"
        + (f", {name(v.accepted_by)} has taken the next one" if v.accepted_by else "")
        + (", late" if v.late else ""),
        f"done: {', '.join(v.done) or 'nothing'}; left: {', '.join(v.remains) or 'nothing'}",
        Weight.TURN,
    ),
    e.StandDownAsked: lambda v: Line("asked to stand the incident down", v.because),
    e.StandDownRefused: lambda v: Line("the incident is not stood down", v.because, Weight.TURN),
    e.StoodDown: lambda v: Line("incident stood down", v.because, Weight.TURN),
    e.UnknownEvent: lambda v: Line(f"{v.type.replace('_', ' ')} (this version knows no more of it)"),
}
