"""What follows when what a message asked is over: the message itself says so."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.reactions.common import Reaction, key_of, templated
from escalation.model import events as e
from escalation.model.actions import Action, AmendMessage
from escalation.model.state import Escalation
from escalation.playbook.messages.ids import SettledTemplate
from escalation.values import ActorKind, kind_of


def _settled(state: Escalation, event: e.MessagesSettled) -> Iterator[Action]:
    for place, each in enumerate(event.messages):
        text = words.Text("", each.english, SettledTemplate(each.said.template), each.said.values)
        yield AmendMessage(
            key=key_of(state, event, f"amend/{place}"),
            to=each.to,
            channel=each.channel,
            receipt_id=each.receipt_id,
            fate=each.fate,
            by=each.who,
            body=each.english,
            escalation=state.id,
            summary=f"say on the message to {each.to}: {each.fate}",
            **templated(state, text, for_customer=kind_of(each.to) is ActorKind.CUSTOMER),
        )


REACTIONS: dict[type[e.EventBase], Reaction] = {e.MessagesSettled: _settled}
