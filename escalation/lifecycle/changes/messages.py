"""What the events of messages change: threads, which messages still ask for something, and which somebody took."""

from escalation.lifecycle.changes.common import Change, Changes
from escalation.model import events as e
from escalation.model.actions import Fate
from escalation.model.messages import MOST_ASKING, MOST_THREADED, Asking
from escalation.model.state import Escalation


def delivered(state: Escalation, event: e.MessageDelivered) -> Changes:
    """Keep its thread, and what it asks for where it can be changed; as part of what its arrival changes."""
    changes: Changes = {}
    receipt = event.receipt
    known = state.threads.get(event.to, {})
    if receipt.thread and known.get(receipt.channel) != receipt.thread:
        others = {to: threads for to, threads in state.threads.items() if to != event.to}
        kept = dict(list(others.items())[-(MOST_THREADED - 1) :])
        changes["threads"] = {**kept, event.to: {**known, receipt.channel: receipt.thread}}
    if event.matter:
        asking = Asking(
            key=event.key, to=event.to, channel=receipt.channel, receipt_id=receipt.receipt_id, matter=event.matter
        )
        changes["asking"] = (*state.asking[-(MOST_ASKING - 1) :], asking)
    return changes


def _settled(state: Escalation, event: e.MessagesSettled) -> Changes:
    over = {(each.key, each.to) for each in event.messages}
    taken = (Asking.model_validate(each.__dict__) for each in event.messages if each.fate is Fate.TAKEN)
    left = tuple(each for each in state.taken_up if (each.key, each.to) not in over)
    return {
        "asking": tuple(each for each in state.asking if (each.key, each.to) not in over),
        "taken_up": (*left, *taken)[-MOST_ASKING:],
    }


CHANGES: dict[type[e.EventBase], Change] = {e.MessagesSettled: _settled}
