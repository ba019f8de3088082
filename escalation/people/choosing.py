"""How some of many people are chosen, and why: criteria put them in order, and the first so many are taken.

Each criterion only parts those whom the ones before left equal. What is equal to the end keeps the order in which it is
written, so the same people with the same knowledge always give the same answer.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from escalation.choice import Criterion
from escalation.values import Actor, counted


class Candidate(Protocol):
    """What choosing looks at."""

    @property
    def actor(self) -> Actor:
        """Who it is."""
        ...

    @property
    def rank(self) -> int:
        """Seniority."""
        ...

    @property
    def experience(self) -> float:
        """Years."""
        ...

    @property
    def skills(self) -> tuple[str, ...]:
        """What they know."""
        ...


class Matter(NamedTuple):
    """What a choice depends on beside the people."""

    skills: frozenset[str] = frozenset()
    """What the case needs, each in its ``plain`` spelling."""
    owned: Mapping[Actor, int] | None = None
    turn: int | None = None
    previous: Actor | None = None
    on_call: Actor | None = None


class Chosen(NamedTuple):
    """One who is taken, and why."""

    actor: Actor
    why: str
    equals: int = 1
    """Among how many that the criteria leave equal the given order decided; 1 when it did not."""


def plain(word: str) -> str:
    """Return a skill or technology in the one spelling by which they are compared: ``Node JS`` is ``node-js``."""
    return re.sub(r"[^\w.+#]+", "-", word.casefold()).strip("-")


def choose(
    candidates: Sequence[Candidate],
    by: Sequence[Criterion],
    take: int | None,
    matter: Matter,
    last: Collection[Actor] = (),
) -> list[Chosen]:
    """Take some of those who are there, all of them when ``take`` is None; who is in ``last`` comes after the rest."""
    groups = [
        [each for each in candidates if each.actor not in last],
        [each for each in candidates if each.actor in last],
    ]
    why: dict[Actor, list[str]] = {each.actor: [] for each in candidates}
    for criterion in by:
        groups = [part for group in groups for part in _parted(criterion, group, matter, take or 1, why)]
    ordered = [(each, len(group)) for group in groups for each in group]
    taken = ordered[:take]
    chosen = []
    for each, equals in taken:
        if len(candidates) == 1 and not why[each.actor] and by:
            why[each.actor].append("the only one who is there")
        decided = len(taken) < len(ordered) and equals > 1
        chosen.append(Chosen(each.actor, ", ".join(why[each.actor]), equals if decided else 1))
    return chosen


def _parted(
    criterion: Criterion, group: list[Candidate], matter: Matter, take: int, why: dict[Actor, list[str]]
) -> Iterator[list[Candidate]]:
    """Part those who were equal so far, the better ones first, and note why each stands where they do."""
    if not group:
        return
    if criterion is Criterion.ROUND_ROBIN and matter.turn is not None:
        begin = matter.turn * min(take, len(group)) % len(group)
        for each in (*group[begin:], *group[:begin]):
            if len(group) > 1:
                why[each.actor].append(f"in turn (number {matter.turn + 1})")
            yield [each]
        return
    value = _VALUES.get(criterion)
    if value is None:
        yield group
        return
    parts = [list(part) for _, part in groupby(sorted(group, key=value(matter)), key=value(matter))]
    for place, part in enumerate(parts):
        for each in part:
            words = _WORDS[criterion](each, matter, len(group) if place == 0 and len(parts) > 1 else 0)
            if words:
                why[each.actor].append(words)
        yield part


def _skill(each: Candidate, matter: Matter) -> list[str]:
    return [skill for skill in each.skills if plain(skill) in matter.skills]


_VALUES: dict[Criterion, Callable[[Matter], Callable[[Candidate], float]]] = {
    Criterion.ON_CALL: lambda matter: lambda each: each.actor != matter.on_call,
    Criterion.LEAST_LOADED: lambda matter: lambda each: (matter.owned or {}).get(each.actor, 0),
    Criterion.SENIOR: lambda _: lambda each: -each.rank,
    Criterion.EXPERIENCED: lambda _: lambda each: -each.experience,
    Criterion.SKILL: lambda matter: lambda each: -len(_skill(each, matter)),
    Criterion.STICKY: lambda matter: lambda each: each.actor != matter.previous,
}
"""What people are put in order by, the least first."""


def _loaded(each: Candidate, matter: Matter, best_of: int) -> str:
    if matter.owned is None:
        return ""
    number = matter.owned.get(each.actor, 0)
    return f"{counted(number, 'open escalation')}{', the fewest' if best_of else ''}"


_WORDS: dict[Criterion, Callable[[Candidate, Matter, int], str]] = {
    Criterion.ON_CALL: lambda each, matter, _: "on call" if each.actor == matter.on_call else "",
    Criterion.LEAST_LOADED: _loaded,
    Criterion.SENIOR: lambda _each, _matter, best_of: f"most senior of {best_of}" if best_of else "",
    Criterion.EXPERIENCED: lambda each, _, best_of: (
        f"most experienced of {best_of} ({each.experience:g} years)" if best_of else ""
    ),
    Criterion.SKILL: lambda each, matter, _: f"knows {', '.join(known)}" if (known := _skill(each, matter)) else "",
    Criterion.STICKY: lambda each, matter, _: "owned the case before" if each.actor == matter.previous else "",
}
"""Why somebody stands where they do; the last argument is of how many they are the best, 0 when they are not."""
