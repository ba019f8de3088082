"""What happens to messages after they arrived."""

from typing import Literal

from escalation.model.events.base import EventBase
from escalation.model.messages import Settled
from escalation.values import Addressee


class MessagesSettled(EventBase):
    """What some messages asked for is answered, or nobody has to answer it any more: they are changed to say so."""

    type: Literal["messages_settled"] = "messages_settled"
    messages: tuple[Settled, ...]


class MessageNotAmended(EventBase):
    """What became of what a message asked could not be said on it."""

    type: Literal["message_not_amended"] = "message_not_amended"
    key: str
    to: Addressee
    channel: str
    error: str
