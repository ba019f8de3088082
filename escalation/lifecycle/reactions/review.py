"""What follows around the review: who is asked to write it, changes that are looked up, who is asked how it went."""

from collections.abc import Iterable, Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.hindsight import lessons, review_words
from escalation.lifecycle.reactions.common import Reaction, look_into_playbook, notify, owner_of
from escalation.lifecycle.sentences import sentence
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.values import Actor, ActorKind, kind_of


def _draft_opened(state: Escalation, event: e.ReviewDraftOpened) -> Iterator[Action]:
    for owner in owner_of(state):
        text = review_words.draft(state, owner, grounds.given(event))
        yield notify(state, event, owner, MessageKind.REVIEW, text, summary=f"tell {owner}: the review may be begun")


def _change_claimed(state: Escalation, event: e.ChangeClaimed) -> Iterator[Action]:
    summary = f"see whether {state.playbook.playbook} {event.live_as} is live"
    yield look_into_playbook(state, event, f"{lessons.PURPOSE}:{event.lesson}", summary=summary)


def _change_not_live(state: Escalation, event: e.ChangeNotLive) -> Iterator[Action]:
    lesson = state.lessons[event.lesson]
    owner = state.items[lesson.item].owner
    what = sentence("change_not_live", lesson=lesson.id, live_as=event.live_as, because=grounds.given(event))
    yield notify(state, event, owner, MessageKind.ITEM, words.news(state, what), summary=f"tell {owner}: not live yet")


def _feedback_requested(state: Escalation, event: e.FeedbackRequested) -> Iterator[Action]:
    yield from _ask(state, event, event.asked, "ask")


def _feedback_reminded(state: Escalation, event: e.FeedbackReminded) -> Iterator[Action]:
    yield from _ask(state, event, event.to, "remind")


def _ask(state: Escalation, event: e.Event, actors: Iterable[Actor], how: str) -> Iterator[Action]:
    for actor in actors:
        is_customer = kind_of(actor) is ActorKind.CUSTOMER
        text = review_words.feedback_of_customer(state) if is_customer else review_words.feedback(state, actor)
        kind = MessageKind.CUSTOMER if is_customer else MessageKind.REVIEW
        yield notify(state, event, actor, kind, text, summary=f"{how} {actor} how it went")


def _advice_given(state: Escalation, event: e.AdviceGiven) -> Iterator[Action]:
    text = review_words.advice(state, event.by, event.text)
    yield notify(state, event, event.to, MessageKind.NEWS, text, summary=f"tell {event.to}: guidance of {event.by}")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.ReviewDraftOpened: _draft_opened,
    e.ChangeClaimed: _change_claimed,
    e.ChangeNotLive: _change_not_live,
    e.FeedbackRequested: _feedback_requested,
    e.FeedbackReminded: _feedback_reminded,
    e.AdviceGiven: _advice_given,
}
