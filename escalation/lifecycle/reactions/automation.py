"""What follows from automations: people are looked up for them, and their messages are sent."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.case import requester_words
from escalation.lifecycle.reactions.common import Reaction, find, notify
from escalation.lifecycle.sentences import sentence
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.values import ActorKind, kind_of


def _automation_ran(state: Escalation, event: e.AutomationRan) -> Iterator[Action]:
    for task in event.tasks:
        what = "tell" if task.due is None else "give an action item to"
        yield find(
            state, event, f"automation:{task.id}", task.targets, f"automation {event.automation}: find whom to {what}"
        )


def _automation_message(state: Escalation, event: e.AutomationMessage) -> Iterator[Action]:
    for to in event.to:
        summary = f"automation {event.automation}: tell {to}"
        if kind_of(to) is ActorKind.CUSTOMER:
            text = requester_words.news_for_customer(event.text)
            yield notify(state, event, to, MessageKind.CUSTOMER, text, summary=summary)
        else:
            text = words.news(state, sentence("automation", text=event.text))
            yield notify(state, event, to, MessageKind.NEWS, text, summary=summary)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.AutomationRan: _automation_ran,
    e.AutomationMessage: _automation_message,
}
