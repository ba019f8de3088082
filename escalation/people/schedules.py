"""Rotations: who is on call at an instant, and why.

People of a layer take turns (``turns``), or a calendar holds the shifts (``feeds``). A layer may be on at certain hours
only. Layers lie on each other: at every instant the topmost one that is on counts, and above all of them an override,
which puts one person in place of whoever would have the shift. A swap changes who has a shift, beneath the overrides.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from pydantic import Discriminator, Tag

from escalation.calendars import TimeZone
from escalation.people.feeds import NEVER, FeedRotation, Listed
from escalation.people.spans import Override, Span
from escalation.people.swaps import Swap, apply
from escalation.people.turns import Layer, Turns, TurnsOfPeople

__all__ = [
    "AnyRotation",
    "By",
    "OnCall",
    "Override",
    "Part",
    "Rotation",
    "Span",
    "changes",
    "coming",
    "next_on",
    "nobody",
    "on_call",
]


class Rotation(TurnsOfPeople):
    """A rotation: its own turns, layers above them, and overrides above all."""

    time_zone: TimeZone
    above: tuple[Layer, ...] = ()
    """The last one counts most. Together with the rotation's own turns they may leave hours without anybody."""
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()

    @cached_property
    def layers(self) -> tuple[Turns, ...]:
        """The turns that are asked, the topmost first."""
        above = (Turns(layer, layer.time_zone or self.time_zone) for layer in reversed(self.above))
        layers = (*above, Turns(self, self.time_zone))
        for _ in apply(layers, self.swaps):  # what names no shift was refused when the directory was loaded
            pass
        return layers

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return everybody who has a shift at some time or other."""
        turns = (person for layer in (self, *self.above) for person in layer.people)
        more = (*(swap.b for swap in self.swaps), *(override.person for override in self.overrides))
        return tuple(dict.fromkeys((*turns, *more)))


def _kind(rotation: Any) -> str:
    feed = "feed" in rotation if isinstance(rotation, dict) else isinstance(rotation, FeedRotation)
    return _BY_FEED if feed else _BY_TURNS


# No key of a rotation may be called like one of these: findings would point to it.
_BY_FEED, _BY_TURNS = "rotation by feed", "rotation by turns"

AnyRotation = Annotated[
    Annotated[Rotation, Tag(_BY_TURNS)] | Annotated[FeedRotation, Tag(_BY_FEED)], Discriminator(_kind)
]
"""People who take turns, or a calendar that says who; which of them is told by the key ``feed``."""


class By(StrEnum):
    """What puts somebody on call."""

    TURN = "turn"
    LAYER = "layer"
    FEED = "feed"
    SWAP = "swap"
    OVERRIDE = "override"


class OnCall(NamedTuple):
    """Who is on call, and why."""

    person: str
    why: str
    others: tuple[str, ...] = ()
    """Whom to ask when this person is away: who has the shift beneath, and the next turns, layer by layer."""
    by: By = By.TURN
    layer: int = 0
    """Which of the layers above the rotation's own turns, from 1; 0: none of them."""
    until: datetime | None = None
    """When it is over; None: not known."""


class Part(NamedTuple):
    """A part of the time to come in which one person is on call, or nobody."""

    start: datetime
    end: datetime
    found: OnCall | None
    """As it is at the start."""


def on_call(rotation: AnyRotation, at: datetime) -> OnCall | None:
    """Say who is on call at an aware instant; None where no layer is on.

    Where overrides overlap, the one written last counts.
    """
    layers: tuple[Turns | Listed, ...] = rotation.layers
    turn = next(((place, turns) for place, turns in enumerate(layers) if turns.is_on(at)), None)
    for override in reversed(rotation.overrides):
        if override.start <= at < override.end:
            shown = layers[-1].shown(override.end)
            for_whom = f"stands in for {_whose(turn[1], at)}" if turn is not None else "stands in"
            why = f"{for_whom} until {shown}{f': {override.why}' if override.why else ''}"
            return OnCall(override.person, why, _others(layers, at, override.person), By.OVERRIDE, until=override.end)
    if turn is None:
        return None
    place, turns = turn
    number = turns.number(at)
    person = turns.person(number)
    until = min((turns.ends(number, at), *(above.begins(at) for above in layers[:place])))
    why = f"has the shift until {turns.shown(until)}{turns.about(number)}"
    above = len(layers) - 1 - place
    by = By.SWAP if number in turns.taken else By.LAYER if above else By.TURN
    if isinstance(rotation, FeedRotation):
        by = By.FEED if by is By.TURN else by
        age = rotation.age(at)
        why = f"{why}; {age}" if age else why
    return OnCall(person, why, _others(layers, at, person), by, above, until)


def next_on(rotation: AnyRotation, at: datetime) -> datetime | None:
    """Return the first instant, from an aware one on, at which somebody has a shift, overrides apart; None: never."""
    layers: tuple[Turns | Listed, ...] = rotation.layers
    begins = min(turns.begins(at) for turns in layers)
    return None if begins >= NEVER else begins


def nobody(name: str, rotation: AnyRotation, at: datetime) -> str:
    """Say that nobody is on call at an aware instant, for how long, and why where it is not by the rotation itself."""
    begins = next_on(rotation, at)
    until = f" until {rotation.layers[-1].shown(begins)}" if begins is not None else ""
    said = f"nobody has the shift of rotation `{name}`{until}"
    if isinstance(rotation, FeedRotation) and (because := rotation.nobody() or rotation.age(at)):
        return f"{said}; {because}"
    return said


def changes(rotation: AnyRotation, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants between two aware ones at which somebody else may be on call, in no order."""
    for turns in rotation.layers:
        yield from turns.changes(start, end)
    for override in rotation.overrides:
        yield from (at for at in (override.start, override.end) if start < at < end)


def coming(rotation: AnyRotation, start: datetime, end: datetime) -> Iterator[Part]:
    """Yield who is on call between two aware instants, part by part, in order and without a hole."""
    instants = sorted({start, *changes(rotation, start, end), end})
    part: Part | None = None
    for at, until in pairwise(instants):
        found = on_call(rotation, at)
        if part is not None and _same(part.found, found):
            part = part._replace(end=until)
            continue
        if part is not None:
            yield part
        part = Part(at, until, found)
    if part is not None:
        yield part


def _same(one: OnCall | None, other: OnCall | None) -> bool:
    """Tell whether it is one and the same shift that goes on."""
    if one is None or other is None:
        return one is other
    return one[:2] == other[:2] and one[3:5] == other[3:5]


def _others(layers: tuple[Turns | Listed, ...], at: datetime, person: str) -> tuple[str, ...]:
    """Return everybody else who could have the shift, of the layers that are on, the topmost first."""
    turns = [(layer, layer.number(at)) for layer in layers if layer.is_on(at)]
    found = (each for layer, number in turns for each in (layer.person(number), *layer.after(number, at)))
    return tuple(each for each in dict.fromkeys(found) if each != person)


def _whose(turns: Turns | Listed, at: datetime) -> str:
    return turns.person(turns.number(at))
