"""What is kept of messages that arrived: threads they belong to, those that ask for something, and those taken."""

from escalation.model.actions import Fate
from escalation.model.said import Said
from escalation.values import Actor, Addressee, Record

MOST_ASKING = 100
"""So many messages, the latest, are told what became of what they asked, and as many that what was taken is over."""
MOST_THREADED = 100
"""Of so many receivers, the latest, the threads are kept."""


class Asking(Record):
    """A message that arrived, asks for something, and can be changed where it was read."""

    key: str
    to: Addressee
    channel: str
    receipt_id: str
    matter: str
    """What has to be answered, as ``Notify.matter`` has it."""


class Settled(Asking):
    """What became of what it asked."""

    fate: Fate
    who: Actor | None = None
    said: Said
    english: str
