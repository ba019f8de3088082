"""One event in words, and how people and values are written."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class Weight(IntEnum):
    """How much an event matters to a reader."""

    DETAIL = 0
    """Bookkeeping: left out unless everything is asked for."""
    STEP = 1
    TURN = 2
    """Responsibility, level or stage changed."""


class Line(NamedTuple):
    """One event in words."""

    what: str
    why: str = ""
    weight: Weight = Weight.STEP


def name(actor: str) -> str:
    """Write an actor or a target as people say it: a person by id alone, the engine's own as what they are."""
    kind, _, rest = actor.partition(":")
    return {"person": rest, "system": f"the {rest}"}.get(kind, actor)


def names(actors: Iterable[str]) -> str:
    """Write several, separated by commas."""
    return ", ".join(name(actor) for actor in actors)


def joined(first: str, second: str) -> str:
    """Join two parts of a sentence, if there are two."""
    return f"{first}; {second}" if first and second else first or second


def written(value: object) -> str:
    """Write a fact's value."""
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
