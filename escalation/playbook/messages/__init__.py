"""Every message that is sent: what it is for, and the values from which its words are made.

The rules say *what* is said: a message's id and its values. A template, the shipped one of a language or the playbook's
own, puts it into words when it is delivered. A value that a message has is always there; what is not known is empty.
Instants are ISO 8601 text until ``|instant`` writes them for the receiver.
"""

from typing import Final

from escalation.playbook.messages.asks import ASKS
from escalation.playbook.messages.common import PACKET, PARTS, WHERE, Message
from escalation.playbook.messages.customers import CUSTOMERS
from escalation.playbook.messages.news import NEWS
from escalation.playbook.messages.settled import SETTLED
from escalation.playbook.messages.stakeholders import STAKEHOLDERS

__all__ = ["CUSTOMERS", "MESSAGES", "PACKET", "PARTS", "WHERE", "Message", "top_level"]

MESSAGES: Final[dict[str, Message]] = {**ASKS, **STAKEHOLDERS, **CUSTOMERS, **NEWS, **SETTLED}
"""By id."""


def top_level(message: Message) -> set[str]:
    """Return the names that a template of this message may use."""
    return {"to", *(name for name in message.values if "." not in name)}
