"""What follows from work: the question whether it is solved, the review, action items, the end."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import ownership_words
from escalation.lifecycle.reactions import communication
from escalation.lifecycle.reactions.common import Reaction, notify, owner_of, tell_accountable, update
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import QUESTION, Escalation
from escalation.values import ActorKind, kind_of


def _resolution_proposed(state: Escalation, event: e.ResolutionProposed) -> Iterator[Action]:
    resolution = state.resolution
    if resolution is None or event.confirm_due is None:
        return
    yield from _ask_whether_solved(state, event, by_ticket=True)


def _ask_whether_solved(state: Escalation, event: e.Event, *, by_ticket: bool) -> Iterator[Action]:
    text = words.resolution_proposed(state)
    asks_customer = state.customer_confirms
    # The customer reads the ticket's public note: one message, not two. Without a ticket, or while the help desk is
    # down, they are told directly: their silence may be read as consent.
    reads_ticket = asks_customer and by_ticket and state.case_link is not None
    if by_ticket:
        yield update(state, event, note=text[1], public=reads_ticket, status="pending")
    if not reads_ticket:
        to = f"customer:{state.customer.id}" if asks_customer and state.customer else state.requested_by
        summary = "ask whether the resolution is accepted"
        yield notify(state, event, to, MessageKind.CUSTOMER, text, summary=summary, what=QUESTION)


def _resolution_unanswered(state: Escalation, event: e.ResolutionUnanswered) -> Iterator[Action]:
    for owner in owner_of(state):
        what = (
            "nobody answered the proposed resolution in time; please ask again"
            if event.asked
            else "nobody is known to have been asked whether it is solved; the question is sent again, please ask too"
        )
        text = words.news(state, what)
        yield notify(state, event, owner, MessageKind.WARNING, text, summary=f"tell {owner}: no answer yet")
    if not event.asked:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _case_update_failed(state: Escalation, event: e.CaseUpdateFailed) -> Iterator[Action]:
    if state.is_question(event.key) and state.case_link is not None and state.customer_confirms:
        yield from _ask_whether_solved(state, event, by_ticket=False)


def _message_failed(state: Escalation, event: e.MessageFailed) -> Iterator[Action]:
    yield from communication.not_delivered(state, event)
    if kind_of(event.to) is ActorKind.GROUP:
        what = f"the chat group {event.to} could not be told ({event.error})"
        for owner in owner_of(state):
            text, summary = words.news(state, what), f"tell {owner}: chat group not told"
            yield notify(state, event, owner, MessageKind.WARNING, text, summary=summary)
        yield from tell_accountable(state, event, what)
    if not state.is_question(event.key):
        return
    what = f"{event.to} could not be asked whether it is solved ({event.error}); please ask them yourself"
    for owner in owner_of(state):
        yield notify(
            state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: not asked"
        )


def _resolution_rejected(state: Escalation, event: e.ResolutionRejected) -> Iterator[Action]:
    for owner in owner_of(state):
        text = words.news(state, f"the resolution was rejected: {event.because}")
        yield notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: resolution rejected")
    yield update(state, event, note=f"The proposed resolution was rejected: {event.because}", status="open")


def _review_started(state: Escalation, event: e.ReviewStarted) -> Iterator[Action]:
    for owner in owner_of(state):
        text = words.review_due(state)
        yield notify(state, event, owner, MessageKind.REVIEW, text, summary=f"ask {owner} for the review")


def _review_chased(state: Escalation, event: e.ReviewChased) -> Iterator[Action]:
    for owner in owner_of(state):
        text = words.review_due(state)
        yield notify(state, event, owner, MessageKind.REVIEW, text, summary=f"remind {owner} of the review")
    if event.times % 2 == 0:
        yield from tell_accountable(state, event, "the review is late")


def _item_added(state: Escalation, event: e.ItemAdded) -> Iterator[Action]:
    text = words.item_due(state, state.items[event.item])
    yield notify(
        state, event, event.owner, MessageKind.ITEM, text, summary=f"give action item {event.item} to {event.owner}"
    )


def _item_given_back(state: Escalation, event: e.ItemGivenBack) -> Iterator[Action]:
    item = state.items[event.item]
    what = f"action item {item.id} could not be given to {event.was} ({event.because}); it falls to {event.owner}"
    hint = "complete it, or add it again for somebody who is in the directory"
    for person in dict.fromkeys((event.owner, item.by or event.owner)):
        if kind_of(person) is ActorKind.PERSON and person != event.was:
            text = words.news(state, f"{what}: {hint}")
            yield notify(state, event, person, MessageKind.WARNING, text, summary=f"tell {person}: {what}")
    yield from tell_accountable(state, event, what)


def _item_chased(state: Escalation, event: e.ItemChased) -> Iterator[Action]:
    item = state.items[event.item]
    text = words.item_due(state, item)
    yield notify(state, event, item.owner, MessageKind.ITEM, text, summary=f"remind {item.owner} of {item.id}")
    if event.times % 2 == 0:
        yield from tell_accountable(state, event, f"action item {item.id} is late")


def _closed(state: Escalation, event: e.Closed) -> Iterator[Action]:
    resolution = state.resolution.text if state.resolution else event.because
    if event.guidance:
        text = ownership_words.given_back(state, event.guidance, event.because)
        yield notify(state, event, state.requested_by, MessageKind.NEWS, text, summary="give it back to the requester")
        note = f"Given back to {state.requested_by} with guidance: {event.guidance}"
        yield update(state, event, note=note, status="open")
        return
    if event.returned:
        if kind_of(state.requested_by) is ActorKind.CUSTOMER:
            kind, text = MessageKind.CUSTOMER, words.returned_for_customer()
        else:
            kind, text = MessageKind.NEWS, words.news(state, event.because)
        yield notify(state, event, state.requested_by, kind, text, summary="tell the requester: returned")
    yield update(state, event, note=f"Closed: {resolution}", status="closed")


def _cancelled(state: Escalation, event: e.Cancelled) -> Iterator[Action]:
    text = words.news(state, f"cancelled by {event.by}: {event.because}")
    concerned = dict.fromkeys((*state.told, state.requested_by))
    for actor in concerned:
        if kind_of(actor) is ActorKind.CUSTOMER:
            ended = words.ended_for_customer()
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
    e.ResolutionRejected: _resolution_rejected,
    e.ReviewStarted: _review_started,
    e.ReviewChased: _review_chased,
    e.ItemAdded: _item_added,
    e.ItemGivenBack: _item_given_back,
    e.ItemChased: _item_chased,
    e.Closed: _closed,
    e.Cancelled: _cancelled,
}
