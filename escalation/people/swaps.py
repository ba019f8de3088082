"""Swaps: two people exchange two of their shifts, or one takes over a shift of another.

A shift is named by whose it is and when it starts. What is swapped is that very shift and nothing else; overrides lie
above it as they did before.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, Self

from pydantic import AwareDatetime, model_validator

from escalation.values import Record, Slug


class Swap(Record):
    """``a`` gives a shift to ``b``; with ``b_start`` they exchange two."""

    a: Slug
    a_start: AwareDatetime
    """When the shift that ``a`` gives starts."""
    b: Slug
    b_start: AwareDatetime | None = None
    """When the shift that ``b`` gives in return starts; None: ``b`` takes over without return."""
    why: str = ""
    forced: str = ""
    """Why it counts although who takes a shift is away during it. Without that such a swap is refused."""

    @model_validator(mode="after")
    def _is_between_two(self) -> Self:
        if self.a == self.b:
            raise ValueError("swaps a shift of one person with themselves; expected two people, `a` and `b`")
        return self

    @property
    def given(self) -> "tuple[Given, ...]":
        """The shifts that change hands, one or two."""
        because = "; ".join(filter(None, [self.why, f"forced: {self.forced}" if self.forced else ""]))
        about = f": {because}" if because else ""
        if self.b_start is None:
            return (Given("a_start", self.a, self.a_start, self.b, f"taken over from {self.a}{about}"),)
        return (
            Given("a_start", self.a, self.a_start, self.b, f"swapped with {self.a}{about}"),
            Given("b_start", self.b, self.b_start, self.a, f"swapped with {self.b}{about}"),
        )


class Given(NamedTuple):
    """One shift that changes hands."""

    key: str
    """Which field of the swap says when it starts."""
    giver: str
    start: datetime
    taker: str
    said: str
    """What the taker is told of it, and whoever asks why they are on call."""


class Taken(NamedTuple):
    """Who has a shift instead, and how that is said."""

    person: str
    said: str


class Swappable(Protocol):
    """A layer of shifts that are numbered."""

    taken: dict[int, Taken]
    """Who has a shift, by its number, instead of whose it is."""

    def is_on(self, at: datetime) -> bool:
        """Tell whether the layer counts at an aware instant."""
        ...

    def own(self, person: str, at: datetime) -> int | None:
        """Return the number of the shift that is this person's and starts at an aware instant, swaps apart."""
        ...

    def near(self, person: str, at: datetime) -> Sequence[datetime]:
        """Return when this person's shifts around an aware instant start, swaps apart."""
        ...


class Place(NamedTuple):
    """Where a swapped shift lies."""

    layer: int
    number: int


def locate(layers: Sequence[Swappable], given: Given) -> Place | None:
    """Find a shift among layers; None when that person has none that starts at that instant.

    What a person sees begin then comes first: a layer that is on, the topmost before the others.
    """
    for index in sorted(range(len(layers)), key=lambda index: not layers[index].is_on(given.start)):
        number = layers[index].own(given.giver, given.start)
        if number is not None:
            return Place(index, number)
    return None


def apply(layers: Sequence[Swappable], swaps: Sequence[Swap]) -> Iterator[tuple[Swap, Given]]:
    """Put the takers in place; yield what names a shift that nobody has. Of two swaps of one shift the first counts."""
    for swap in swaps:
        for given in swap.given:
            found = locate(layers, given)
            if found is None:
                yield swap, given
            else:
                layers[found.layer].taken.setdefault(found.number, Taken(given.taker, given.said))


def missing(layers: Sequence[Swappable], given: Given) -> str:
    """Say that a person has no such shift, and which are near."""
    zone = given.start.tzinfo
    near = sorted({at.astimezone(zone) for layer in layers for at in layer.near(given.giver, given.start)})
    starts = " and ".join(at.isoformat(timespec="minutes") for at in near)
    theirs = f"; theirs that are near start at {starts}" if near else "; they have none near"
    return f"{given.giver} has no shift that starts at {given.start.isoformat(timespec='minutes')}{theirs}"
