"""What follows around stakeholders: they are told, and asked to answer; whoever speaks to them is asked for news."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.case import requester_words
from escalation.lifecycle.changes.communication import update_of
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions.common import (
    Reaction,
    find,
    notify,
    owner_of,
    staff_note,
    tell_accountable,
    tell_owner,
    tells,
)
from escalation.lifecycle.reactions.telling import tell
from escalation.lifecycle.sentences import sentence
from escalation.lifecycle.statements import read_in, statement_words, update_words
from escalation.lifecycle.statements.stakeholders import communicator
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of

SPEAK = "communicator"
"""Purpose of looking up who speaks to the stakeholders: ``communicator:`` and how often an update was missed."""
RELEASE = "release"
"""Purpose of looking up who releases what is said: ``release:`` and the draft they are asked to release."""


def _key_people_named(state: Escalation, event: e.KeyPeopleNamed) -> Iterator[Action]:
    if event.communicator is not None:
        yield find(state, event, f"{SPEAK}:0", (event.communicator,), "find who speaks to the stakeholders")
    policy = state.playbook.communication
    if policy is not None and policy.release_by:
        yield find(state, event, f"{RELEASE}:", policy.release_by, "find who releases what is said")


def _stakeholder_concerned(state: Escalation, event: e.StakeholderConcerned) -> Iterator[Action]:
    if event.version or read_in.concerns(state, event.audience):
        yield from tell(state, event, event.stakeholder)


def _update_posted(state: Escalation, event: e.UpdatePosted) -> Iterator[Action]:
    told = event.told
    if state.rules >= 1:  # whoever has to answer or to confirm is asked that, also where others stand for them too
        told = tuple(sorted(told, key=lambda name: name not in {**event.reply_due, **event.receipt_due}))
    for name in told:
        yield from tell(state, event, name)
    for group in event.groups:
        text, summary = update_words.posted(state, event), f"post the update in {group}"
        yield notify(state, event, group, MessageKind.NEWS, text, summary=summary)


def speakers_found(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Tell whoever speaks that they do, or that an update is overdue; nothing when it came meanwhile."""
    times = int(reference) if reference.isdecimal() else 0
    talk = state.communication
    if talk is None or (times and talk.chased != times):
        return
    for each in event.found.people:
        if times:
            text, kind = update_words.overdue(state, times, each.person, event.at, event.found), MessageKind.WARNING
            summary = f"ask {each.person} for an update"
        else:
            text, kind = update_words.speak(state, each.person, event.found), MessageKind.NEWS
            summary = f"tell {each.person} that they speak to the stakeholders"
        yield notify(state, event, each.person, kind, text, summary=summary)


def _update_overdue(state: Escalation, event: e.UpdateOverdue) -> Iterator[Action]:
    for owner in owner_of(state):
        if owner in event.asked:
            text, summary = update_words.overdue(state, event.times, owner, event.at), f"ask {owner} for an update"
            yield notify(state, event, owner, MessageKind.WARNING, text, summary=summary)
    targets = tuple(target for target in event.asked if target not in owner_of(state))
    if targets:
        yield find(state, event, f"{SPEAK}:{event.times}", targets, "find who is asked for an update")


def _reply_recorded(state: Escalation, event: e.ReplyRecorded) -> Iterator[Action]:
    talk = state.communication
    speakers = dict.fromkeys((*owner_of(state), *(talk.communicators if talk is not None else ())))
    text = words.news(state, sentence("answered", stakeholders=event.stakeholders, text=event.text))
    for speaker in owner_of(state) if state.owner is not None else speakers:
        if speaker != event.by:
            yield notify(state, event, speaker, MessageKind.NEWS, text, summary=f"tell {speaker}: an answer came")


def _reply_overdue(state: Escalation, event: e.ReplyOverdue) -> Iterator[Action]:
    talk = state.communication
    if talk is None:
        return
    if event.next_due is not None:
        standing, policy = talk.stakeholders[event.stakeholder], state.playbook.communication
        customers = policy is not None and policy.for_customers(standing.audience)
        for person in standing.people:
            text, summary = update_words.reply_awaited(state, person), f"remind {person} of their answer"
            kind, what = MessageKind.WARNING, ""
            if customers:  # by the key of an update, so that they hear of the end as customers do
                text, what = (
                    statement_words.answer_of_customer(),
                    f"update:{standing.version}/{event.stakeholder}/{person}",
                )
                kind = MessageKind.CUSTOMER if kind_of(person) is ActorKind.CUSTOMER else MessageKind.WARNING
            yield notify(state, event, person, kind, text, summary=summary, what=what)
        return
    yield from tell_speaker(state, event, sentence("not_answered", stakeholder=event.stakeholder))


def tell_speaker(state: Escalation, event: e.Event, what: Sentence) -> Iterator[Action]:
    """Tell whoever speaks to the stakeholders something in one sentence."""
    whom = communicator(state)
    if whom in owner_of(state):
        yield from tell_owner(state, event, what, summary=what, kind=MessageKind.WARNING)
    else:
        yield tells(state, event, what, (whom,), f"find who speaks to the stakeholders: {what}")


def _summary_required(state: Escalation, event: e.SummaryRequired) -> Iterator[Action]:
    yield from _ask_for_summary(state, event, event.summary)


def _summary_overdue(state: Escalation, event: e.SummaryOverdue) -> Iterator[Action]:
    yield from _ask_for_summary(state, event, event.summary)
    if event.times % 2 == 0:
        yield from tell_accountable(state, event, sentence("summary_late", summary=event.summary))


def _ask_for_summary(
    state: Escalation, event: e.SummaryRequired | e.SummaryOverdue, identifier: str
) -> Iterator[Action]:
    if state.communication is None:
        return
    required = state.communication.summaries[identifier]
    for owner in owner_of(state):
        text, summary = update_words.summary(state, required), f"ask {owner} for summary {identifier}"
        yield notify(state, event, owner, MessageKind.ITEM, text, summary=summary)
    if state.owner is None:
        yield from tell_accountable(state, event, sentence("summary_to_file", summary=identifier))


def _summary_filed(state: Escalation, event: e.SummaryFiled) -> Iterator[Action]:
    yield staff_note(state, event, f"Summary by {event.by}: {event.text}", summary="ticket: summary")


def not_delivered(state: Escalation, event: e.MessageFailed) -> Iterator[Action]:
    """Tell whoever speaks that a stakeholder could not be reached: they may be told in another way."""
    talk = state.communication
    reference = update_of(event.key)
    if talk is None or not talk.is_latest(reference):
        return
    name = reference.partition("/")[2]
    what = sentence("update_not_delivered", stakeholder=name, person=event.to, error=event.error)
    yield from tell_speaker(state, event, what)


def told_of_the_end(state: Escalation, event: e.Cancelled | e.Closed) -> Iterator[Action]:
    """Tell the stakeholders who were told anything that it ended unsolved, unless they hear of it anyway.

    One that was given back or returned reaches nobody else who was told: to them it is the same end.
    """
    hear = (state.requested_by, event.by, *(state.told if isinstance(event, e.Cancelled) else ()))
    standings = state.communication.stakeholders.values() if state.communication is not None else ()
    policy = state.playbook.communication
    # Who is a colleague to one audience reads as one, also where they are told as a customer elsewhere.
    order = sorted(standings, key=lambda each: policy is not None and policy.for_customers(each.audience))
    audiences = {person: each.audience for each in reversed(order) for person in each.people}
    for person in dict.fromkeys(person for each in standings for person in each.people):
        if person not in hear:
            text, summary = update_words.ended(state), f"tell {person}: ended"
            if policy is not None and policy.for_customers(audiences[person]):
                text = requester_words.ended_for_customer()
            kind = MessageKind.CUSTOMER if kind_of(person) is ActorKind.CUSTOMER else MessageKind.NEWS
            yield notify(state, event, person, kind, text, summary=summary)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.KeyPeopleNamed: _key_people_named,
    e.StakeholderConcerned: _stakeholder_concerned,
    e.UpdatePosted: _update_posted,
    e.UpdateOverdue: _update_overdue,
    e.ReplyRecorded: _reply_recorded,
    e.ReplyOverdue: _reply_overdue,
    e.SummaryRequired: _summary_required,
    e.SummaryOverdue: _summary_overdue,
    e.SummaryFiled: _summary_filed,
}
