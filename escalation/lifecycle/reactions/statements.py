"""What follows from drafts, receipts, milestones, newcomers and follow-ups: people are asked, reminded and told."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.reactions.common import (
    Reaction,
    customer_note,
    find,
    key_of,
    notify,
    owner_of,
    staff_note,
    tell_accountable,
    tells,
)
from escalation.lifecycle.reactions.communication import RELEASE, tell_speaker
from escalation.lifecycle.sentences import sentence, told
from escalation.lifecycle.statements import read_in_words, statement_words
from escalation.lifecycle.statements.stakeholders import communicator
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def _draft_made(state: Escalation, event: e.DraftMade) -> Iterator[Action]:
    policy = state.playbook.communication
    targets = policy.release_by if policy is not None and policy.release_by else (communicator(state),)
    yield find(state, event, f"{RELEASE}:{event.draft}", targets, "find who releases the draft")


def releasers_found(state: Escalation, event: e.PeopleResolved, draft: str) -> Iterator[Action]:
    """Ask whoever releases to read a draft; nothing when it was released or dropped meanwhile."""
    talk = state.communication
    if talk is None or talk.is_over(draft):
        return
    written = talk.drafts[draft]
    for each in event.found.people:
        if each.person != written.by:
            text, summary = statement_words.to_release(state, written, each.person), f"ask {each.person} to release"
            message = notify(state, event, each.person, MessageKind.ITEM, text, summary=summary)
            yield message.changed({"asks": event.purpose})


def _draft_ended(state: Escalation, event: e.DraftEnded) -> Iterator[Action]:
    talk = state.communication
    written = talk.drafts.get(event.draft) if talk is not None else None
    if written is None or event.how == "rewritten" or kind_of(written.by) is not ActorKind.PERSON:
        return
    if written.by != event.by:
        what = sentence("draft_ended", draft=event.draft, how=event.how, because=grounds.given(event))
        text = words.news(state, what)
        summary = f"tell {written.by}: draft {event.how}"
        yield notify(state, event, written.by, MessageKind.NEWS, text, summary=summary, what=f"draft:{event.draft}")


def _receipt_overdue(state: Escalation, event: e.ReceiptOverdue) -> Iterator[Action]:
    for person in event.unread:
        text, summary = statement_words.please_confirm(state, person), f"remind {person} to confirm"
        # Whoever speaks may be one of them: two messages, and two keys.
        yield notify(state, event, person, MessageKind.WARNING, text, summary=summary, what=f"receipt:{person}")
    if event.next_due is None:
        who = ", ".join(event.unread) or "nobody was found"
        english = f"{event.stakeholder} has not confirmed to have read it ({who})"
        what = told("not_confirmed", english, stakeholder=event.stakeholder, people=event.unread)
        yield from tell_speaker(state, event, what)


def _milestone_reached(state: Escalation, event: e.MilestoneReached) -> Iterator[Action]:
    for owner in owner_of(state):
        if owner != event.by:
            text = words.news(state, statement_words.reached(event))
            yield notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: {event.milestone}")


def _milestone_updated(state: Escalation, event: e.MilestoneUpdated) -> Iterator[Action]:
    note = f"Milestone {event.milestone}, by {event.by}: {event.text}"
    yield staff_note(state, event, note, summary="ticket: milestone")


def _milestone_overdue(state: Escalation, event: e.MilestoneOverdue) -> Iterator[Action]:
    owners = tuple(owner_of(state))
    for owner in owners:
        if owner in event.asked:
            text = statement_words.milestone_awaited(state, event, owner)
            summary = f"ask {owner} for the update of {event.milestone}"
            yield notify(state, event, owner, MessageKind.WARNING, text, summary=summary)
    targets = tuple(target for target in event.asked if target not in owners)
    if targets:
        what = sentence("milestone_late", milestone=event.milestone, times=event.times)
        yield tells(state, event, what, targets, f"find who is told: {what}")


def _read_in(state: Escalation, event: e.ReadIn) -> Iterator[Action]:
    for person in event.people:
        text, summary = read_in_words.joined(state, person), f"read {person} in"
        yield notify(state, event, person, MessageKind.NEWS, text, summary=summary)


def _next_steps_sent(state: Escalation, event: e.NextStepsSent) -> Iterator[Action]:
    for person in event.to:
        text, summary = statement_words.next_steps(state, event, person), f"send {person} the next steps"
        kind = MessageKind.CUSTOMER if kind_of(person) is ActorKind.CUSTOMER else MessageKind.ITEM
        yield notify(state, event, person, kind, text, summary=summary)


def _follow_up_sent(state: Escalation, event: e.FollowUpSent) -> Iterator[Action]:
    yield from _to_customer(state, event, event, by_ticket=True)


def not_on_ticket(state: Escalation, event: e.CaseUpdateFailed) -> Iterator[Action]:
    """Send the customer directly what their ticket could not show."""
    _, found, reference = event.key.partition(f"/{FOLLOW_UP}:")
    sent = next((each for each in state.tail if isinstance(each, e.FollowUpSent) and reference == str(each.seq)), None)
    if found and sent is not None:
        yield from _to_customer(state, event, sent, by_ticket=False)


FOLLOW_UP = "follow_up"


def _to_customer(state: Escalation, event: e.Event, sent: e.FollowUpSent, *, by_ticket: bool) -> Iterator[Action]:
    text = statement_words.follow_up(sent)
    if by_ticket and state.case_link is not None:
        key = key_of(state, event, f"{FOLLOW_UP}:{sent.seq}")
        summary = "ticket: follow-up to the customer"
        yield customer_note(state, key, text, summary=summary)
    elif state.customer is not None:
        to, summary = f"customer:{state.customer.id}", "follow up with the customer"
        yield notify(state, event, to, MessageKind.CUSTOMER, text, summary=summary)


def _follow_up_ended(state: Escalation, event: e.FollowUpEnded) -> Iterator[Action]:
    if state.feedback is None:
        yield from tell_accountable(state, event, sentence("no_feedback", because=grounds.given(event)))


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.DraftMade: _draft_made,
    e.DraftEnded: _draft_ended,
    e.ReceiptOverdue: _receipt_overdue,
    e.MilestoneReached: _milestone_reached,
    e.MilestoneUpdated: _milestone_updated,
    e.MilestoneOverdue: _milestone_overdue,
    e.ReadIn: _read_in,
    e.NextStepsSent: _next_steps_sent,
    e.FollowUpSent: _follow_up_sent,
    e.FollowUpEnded: _follow_up_ended,
}
