"""What every command has: who sends it, and the id under which it may be sent again."""

from escalation.model.request import Key
from escalation.values import ENGINE, Actor, Incoming, Record


class Act(Incoming):
    """Base of every command of a person or a service."""

    by: Actor
    command_id: Key | None = None
    """The same id sent again gets its first answer, so a retry is always safe."""


class Internal(Record):
    """Base of what time and the results of actions say; never accepted from outside."""

    by: Actor = ENGINE
