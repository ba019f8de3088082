"""What follows from work: the question whether it is solved, the review, the end."""

from collections.abc import Iterator
from typing import Literal

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds, offers
from escalation.lifecycle.case import requester_words
from escalation.lifecycle.hindsight import review_words
from escalation.lifecycle.ownership import ownership_words
from escalation.lifecycle.reactions import communication, endings, statements, telling
from escalation.lifecycle.reactions.common import Reaction, notify, owner_of, tell_accountable, tell_owner, update
from escalation.lifecycle.sentences import sentence
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import QUESTION, Escalation
from escalation.values import ActorKind, kind_of


def _resolution_proposed(state: Escalation, event: e.ResolutionProposed) -> Iterator[Action]:
    resolution = state.resolution
    if resolution is None:
        return
    if state.rules >= 2:
        yield from endings.solution_proposed(state, event)
    if event.confirm_due is not None:
        yield from _ask_whether_solved(state, event, by_ticket=True)


def _ask_whether_solved(state: Escalation, event: e.Event, *, by_ticket: bool) -> Iterator[Action]:
    text = requester_words.resolution_proposed(state)
    asks_customer = state.customer_confirms
    # The customer reads the ticket's public note: one message, not two. Without a ticket, or while the help desk is
    # down, they are told directly: their silence may be read as consent.
    reads_ticket = asks_customer and by_ticket and state.case_link is not None
    if by_ticket:
        # Solved there, the ticket keeps the status that people gave it.
        there = kind_of(event.by) is ActorKind.SERVICE
        status: Literal["pending"] | None = None if there else "pending"
        yield update(state, event, note=text.body, status=status, for_customer=text if reads_ticket else None)
    if not reads_ticket:
        to = f"customer:{state.customer.id}" if asks_customer and state.customer else state.requested_by
        summary, matter = "ask whether the resolution is accepted", offers.resolution(state, to)
        if kind_of(to) is not ActorKind.CUSTOMER:
            text = requester_words.resolution_question(state, to)
        yield notify(state, event, to, MessageKind.CUSTOMER, text, summary=summary, what=QUESTION, matter=matter)


def _resolution_unanswered(state: Escalation, event: e.ResolutionUnanswered) -> Iterator[Action]:
    what = sentence("resolution_unanswered" if event.asked else "question_again")
    yield from tell_owner(state, event, what, summary="no answer yet", kind=MessageKind.WARNING)
    if not event.asked:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _case_update_failed(state: Escalation, event: e.CaseUpdateFailed) -> Iterator[Action]:
    yield from telling.not_on_ticket(state, event)
    yield from statements.not_on_ticket(state, event)
    if state.is_question(event.key) and state.case_link is not None and state.customer_confirms:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _message_failed(state: Escalation, event: e.MessageFailed) -> Iterator[Action]:
    yield from communication.not_delivered(state, event)
    if kind_of(event.to) is ActorKind.GROUP:
        what = sentence("group_not_told", group=event.to, error=event.error)
        yield from tell_owner(state, event, what, summary="chat group not told", kind=MessageKind.WARNING)
        yield from tell_accountable(state, event, what)
    if not state.is_question(event.key):
        return
    what = sentence("question_not_asked", person=event.to, error=event.error)
    yield from tell_owner(state, event, what, summary="not asked", kind=MessageKind.WARNING)


def _resolution_rejected(state: Escalation, event: e.ResolutionRejected) -> Iterator[Action]:
    what = sentence("resolution_rejected", because=grounds.given(event))
    if state.rules >= 2:
        yield from endings.solution_rejected(state, event, what)
    yield from tell_owner(state, event, what, summary="resolution rejected")
    yield update(state, event, note=f"The proposed resolution was rejected: {event.because}", status="open")


def _resolution_confirmed(state: Escalation, event: e.ResolutionConfirmed) -> Iterator[Action]:
    if state.rules >= 2:
        yield from endings.solution_confirmed(state, event)


def _review_started(state: Escalation, event: e.ReviewStarted) -> Iterator[Action]:
    for owner in owner_of(state):
        text = review_words.review_due(state)
        yield notify(state, event, owner, MessageKind.REVIEW, text, summary=f"ask {owner} for the review")


def _review_chased(state: Escalation, event: e.ReviewChased) -> Iterator[Action]:
    for owner in owner_of(state):
        text = review_words.review_due(state)
        yield notify(state, event, owner, MessageKind.REVIEW, text, summary=f"remind {owner} of the review")
    if event.times % 2 == 0:
        yield from tell_accountable(state, event, sentence("review_late"))


def _closed(state: Escalation, event: e.Closed) -> Iterator[Action]:
    resolution = state.resolution.text if state.resolution else event.because
    if event.guidance:
        text = ownership_words.given_back(state, event.guidance, event.because)
        yield notify(state, event, state.requested_by, MessageKind.NEWS, text, summary="give it back to the requester")
        note = f"Given back to {state.requested_by} with guidance: {event.guidance}"
        yield update(state, event, note=note, status="open")
        if state.rules >= 1:
            yield from communication.told_of_the_end(state, event)
        return
    if event.returned:
        if kind_of(state.requested_by) is ActorKind.CUSTOMER:
            kind, text = MessageKind.CUSTOMER, requester_words.returned_for_customer()
        else:
            kind, text = MessageKind.NEWS, words.news(state, sentence("returned", because=grounds.given(event)))
        yield notify(state, event, state.requested_by, kind, text, summary="tell the requester: returned")
        if state.rules >= 1:
            yield from communication.told_of_the_end(state, event)
    elif state.rules >= 2:
        yield from endings.closed(state, event)
    yield update(state, event, note=f"Closed: {resolution}", status="closed")


def _cancelled(state: Escalation, event: e.Cancelled) -> Iterator[Action]:
    text = words.news(state, sentence("cancelled", by=event.by, because=event.because))
    concerned = dict.fromkeys((*state.told, state.requested_by))
    for actor in concerned:
        if kind_of(actor) is ActorKind.CUSTOMER:
            ended = requester_words.ended_for_customer()
            yield notify(state, event, actor, MessageKind.CUSTOMER, ended, summary="tell the customer that it ended")
        elif actor != event.by:
            yield notify(state, event, actor, MessageKind.NEWS, text, summary=f"tell {actor}: cancelled")
    yield from communication.told_of_the_end(state, event)
    yield update(state, event, note=f"Cancelled: {event.because}", status="closed")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.CaseUpdateFailed: _case_update_failed,
    e.MessageFailed: _message_failed,
    e.ResolutionProposed: _resolution_proposed,
    e.ResolutionUnanswered: _resolution_unanswered,
    e.ResolutionConfirmed: _resolution_confirmed,
    e.ResolutionRejected: _resolution_rejected,
    e.ReviewStarted: _review_started,
    e.ReviewChased: _review_chased,
    e.Closed: _closed,
    e.Cancelled: _cancelled,
}
