"""What the directory is asked, and what is known from outside when it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from escalation.choice import Choose
from escalation.values import Actor, Record, Target


class Search(Record):
    """Whom to find. Everything but ``targets``, ``fallback`` and ``also`` narrows it."""

    targets: tuple[Target, ...]
    fallback: Target | None = None
    """The playbook's owner: told when none of the targets can be resolved. None: then nobody is."""
    exclude: tuple[Actor, ...] = ()
    """May not be asked here."""
    concerned: tuple[Actor, ...] = ()
    """Whom it is about: never found, neither as a deputy nor as the fallback."""
    declined: tuple[Actor, ...] = ()
    """Who said already that they cannot take it: asked again only when the targets lead to nobody else."""
    also: tuple[Target, ...] = ()
    """Targets whose people may act but are not told now: the accountable, an approver's deputies."""
    choose: Choose | None = None
    """How some of a team are chosen; None: as the team says in the directory."""
    at_least: int = 1
    """Of those who are chosen from, never fewer than so many are taken: an approval may need several."""
    skills: tuple[str, ...] = ()
    """Skills and technologies that the case needs, in any spelling."""
    authority: dict[str, float | None] = {}
    """Kind of decision to the amount asked; None: it is not known. A kind that is absent has no amount."""
    repeat_of: str | None = None
    """Instance of the closed escalation that this one repeats."""
    shift_ends: bool = False
    """Say of whoever has a shift when it ends."""
    page: bool = False
    """Whoever is found is paged: what a person may be burdened with counts."""
    worst: bool = False
    """At the worst severity of its playbook."""

    @property
    def all_targets(self) -> tuple[Target, ...]:
        """The targets, and what is asked when they lead to nobody."""
        return self.targets if self.fallback is None else (*self.targets, self.fallback)


class Pages(NamedTuple):
    """How many pages a person had."""

    night: int = 0
    """Since the night began; 0 by day."""
    week: int = 0
    """In the last seven days."""


class Since(NamedTuple):
    """From when pages are counted."""

    night: datetime | None
    """None by day, and for who has no limit for the night."""
    week: datetime


@dataclass(frozen=True)
class Known:
    """What is known from outside. None: not known; people are found without it, and the notes say so."""

    owned: Mapping[Actor, int] | None = None
    """Open escalations of each owner; who is not in it owns none."""
    pages: Mapping[Actor, Pages] | None = None
    """Who is not in it had none."""
    turns: Mapping[Target, int] = field(default_factory=dict)
    """Which turn of a target it is, counted from 0."""
    previous: Actor | None = None
    """Who owned the case before."""
    without: str = "not known here"
    """Why something is not known, in words that follow "is"."""


@dataclass(frozen=True)
class Wanted:
    """What has to be known from outside for a search; empty for almost all of them."""

    owned: tuple[Actor, ...] = ()
    pages: Mapping[Actor, Since] = field(default_factory=dict)
    turns: tuple[Target, ...] = ()
    previous: str | None = None
    """Instance of the escalation whose last owner is wanted."""

    def __bool__(self) -> bool:
        """Tell whether anything is wanted."""
        return bool(self.owned or self.pages or self.turns or self.previous)
