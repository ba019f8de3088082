"""What every event tells, and the hash that chains it to the one before."""

import hashlib

from pydantic import AwareDatetime

from escalation.model.said import Said
from escalation.values import Actor, Record


class EventBase(Record):
    """What every event tells: its place, when, who, and the hash of the event before it."""

    seq: int
    at: AwareDatetime
    by: Actor
    prev: str = ""
    sent_as: str = ""
    """Name, actor and id of the command that caused it; on its first event, when it carried an id."""
    grounds: Said | None = None
    """What its reason says, where that is the engine's own, for the templates of every language; people's has none."""


def hash_of(event: EventBase) -> str:
    """Return the hash that the next event carries in ``prev``: 32 hex digits of SHA-256."""
    return seal(event)[0]


def seal(event: EventBase) -> tuple[str, int]:
    """Return the hash of an event, and its size in bytes as JSON."""
    content = event.__pydantic_serializer__.to_json(event, exclude_defaults=True)
    return hashlib.sha256(type(event).__name__.encode() + content).hexdigest()[:32], len(content)
