"""Who was found for a target, and what could not be resolved: the answer of the directory."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.values import Actor, Record, Target


class Why(Record):
    """A circumstance because of which it is this person: what messages say of it in every language."""

    what: Literal["in_place", "later_turn", "deputy", "deputy_of_spared", "though_spent", "though_declined"]
    who: Actor | None = None
    """In whose place."""
    until: AwareDatetime | None = None
    """How long that one is away."""


class FoundPerson(Record):
    """One person found for a target."""

    person: Actor
    via: Target
    also_via: tuple[Target, ...] = ()
    """Further targets that would have led to the same person."""
    note: str = ""
    """Why this person and not another, when it is not obvious: an override, a fallback."""
    why: tuple[Why, ...] = ()
    """What of the note is more than the target and how they were chosen among others."""
    opens_at: AwareDatetime | None = None
    """When this person's next working window begins; None while one is open, and for who has none declared."""
    until: AwareDatetime | None = None
    """When the shift ends because of which they were found; None: it is not because of one."""


class People(Record):
    """What ``FindPeople`` found."""

    people: tuple[FoundPerson, ...]
    fell_back: bool = False
    """True when no target could be resolved and the playbook's owner is told instead."""
    notes: tuple[str, ...] = ()
    """One sentence for each target that could not be resolved."""
    also: tuple[Actor, ...] = ()
    """Everybody who belongs to one of the targets, or was found for ``FindPeople.also``: they may act, untold."""
    nobody: tuple[Actor, ...] = ()
    """When nobody is found at all, not even the fallback: who is told that, and nothing of what it is about."""
    unknown: tuple[Actor, ...] = ()
    """Whom the case is said to concern and the directory does not know."""
    left_out: tuple[Actor, ...] = ()
    """Who would have been asked, but declined before, while somebody else was found."""
    spared: tuple[Actor, ...] = ()
    """Who would have been paged, but had as many pages as they may, while somebody else was found; the notes say how
    many."""
    excluded: tuple[Actor, ...] = ()
    """Who belongs to a target of ``Search.exclude_targets``."""
    feeds: dict[str, str] = {}
    """Rotation to what is wrong with the calendar that it is read from, of those that were asked."""
