"""What follows from the opening and from what becomes known: the ticket, missing input, what the owner should hear."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds, offers
from escalation.lifecycle.case import requester_words
from escalation.lifecycle.reactions import records, ticket, timeline
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, staff_note, tell_owner
from escalation.lifecycle.sentences import sentence, told
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def _opened(state: Escalation, event: e.Opened) -> Iterator[Action]:
    yield ticket.open_case(state, event.case, event.customer, event.severity, facts=event.facts)

    bypass = state.playbook.bypass
    if bypass is not None and bypass.allowed:
        summary = "find who may use the exception procedure"
        yield find(state, event, "bypass", bypass.allowed, summary)
    yield from records.who_may_hold(state, event)


def _case_linked(state: Escalation, event: e.CaseLinked) -> Iterator[Action]:
    if event.link.later and state.case is not None and not state.ended:
        summary = "fetch the customer, who could not be had before"
        yield ticket.open_case(state, state.case, state.customer, state.severity, linked=event.link, summary=summary)


def _joined(state: Escalation, event: e.Joined) -> Iterator[Action]:
    # While it waits the owner might not look.
    waits = state.hold is not None or state.resolution_state in ("proposed", "confirmed")
    if not waits or state.storms:
        return
    english = f"reported again while it waits on {state.waiting_on}: {state.occurrences} times now"
    what = told("reported_again", english, occurrences=state.occurrences)
    yield from tell_owner(state, event, what, summary="reported again")


def _reasons_added(state: Escalation, event: e.ReasonsAdded) -> Iterator[Action]:
    english = f"new reasons: {'; '.join(words.explain_reason(reason) for reason in event.reasons)}"
    reasons = [{"trigger": reason.trigger, "because": reason.because} for reason in event.reasons]
    yield from tell_owner(state, event, told("new_reasons", english, reasons=reasons), summary="new reasons")


def _concerned_unknown(state: Escalation, event: e.ConcernedUnknown) -> Iterator[Action]:
    to = state.requested_by
    if kind_of(to) is not ActorKind.CUSTOMER:
        what = f"concerns names {', '.join(event.people)}, whom the directory does not know: that bars nobody"
        text = words.news(state, sentence("concerned_unknown", people=event.people))
        yield notify(state, event, to, MessageKind.WARNING, text, summary=f"tell {to}: {what}")


def _severity_changed(state: Escalation, event: e.SeverityChanged) -> Iterator[Action]:
    if event.by not in owner_of(state):
        said = {"severity": event.severity, "previous": event.previous, "because": grounds.given(event)}
        yield from tell_owner(state, event, sentence("severity_changed", **said), summary=f"{event.severity} now")
    if state.rules >= 2:
        note = f"Severity {event.severity} now, {event.previous} before: {event.because}"
        yield staff_note(state, event, note, severity=event.severity, summary=f"ticket: {event.severity} now")


def _note_added(state: Escalation, event: e.NoteAdded) -> Iterator[Action]:
    # Colleagues read the timeline; a customer who writes waits for somebody to notice.
    if kind_of(event.by) is not ActorKind.CUSTOMER and not event.from_customer:
        yield from timeline.mentions(state, event)
        return
    what = sentence("customer_wrote", text=event.text[:2_000])
    yield from tell_owner(state, event, what, summary="the customer wrote")


def _input_requested(state: Escalation, event: e.InputRequested) -> Iterator[Action]:
    if kind_of(event.of) is ActorKind.CUSTOMER:
        text = requester_words.input_request_for_customer(event.parts, event.due)
    else:
        text = requester_words.input_request(state, event.parts, event.due)
    summary, matter = f"ask {event.of} for missing input", offers.packet(state, event.parts, event.of)
    yield notify(state, event, event.of, MessageKind.INPUT, text, summary=summary, matter=matter)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.Opened: _opened,
    e.CaseLinked: _case_linked,
    e.Joined: _joined,
    e.ReasonsAdded: _reasons_added,
    e.ConcernedUnknown: _concerned_unknown,
    e.SeverityChanged: _severity_changed,
    e.NoteAdded: _note_added,
    e.InputRequested: _input_requested,
}
