"""What the tables of changes share."""

from collections.abc import Callable
from typing import Any, TypeVar

from escalation.model import events as e
from escalation.model.state import REMEMBERED, Escalation
from escalation.values import Record

Changes = dict[str, Any]
"""Fields of the state that an event replaces."""

Change = Callable[[Escalation, Any], Changes]

R = TypeVar("R", bound=Record)
K = TypeVar("K")
V = TypeVar("V")


def with_(record: R, **changes: Any) -> R:
    """Return a copy of a record with some fields replaced."""
    return record.changed(changes)


def new(kind: type[R], /, **values: Any) -> R:
    """Make a record of what state and events hold: it was checked before it came there."""
    return kind.made(values)


def question_arrived(state: Escalation, event: e.MessageDelivered | e.QuestionPublished) -> Changes:
    """The first of the messages that ask whether the resolution is accepted can be read."""
    if state.resolution is None or state.resolution.asked_at is not None or not state.is_question(event.key):
        return {}
    return {"resolution": with_(state.resolution, asked_at=event.at)}


def latest(mapping: dict[K, V], key: K, value: V) -> dict[K, V]:
    """Add to a mapping that remembers only so many, dropping the oldest."""
    kept = {**mapping, key: value}
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
    return kept
