"""What has to be known from outside before people are chosen, and by which words of directory and playbook they are.

Almost every search needs nothing: then nobody is asked, and a page waits for no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from escalation.choice import Choose, Criterion
from escalation.people.fatigue import since
from escalation.people.search import Search, Since, Wanted
from escalation.values import Actor, Target, split_target

if TYPE_CHECKING:
    from escalation.people.directory import Directory


def wanted(directory: Directory, search: Search, at: datetime) -> Wanted:
    """Return what has to be known from outside for this search at an aware instant."""
    targets = search.all_targets
    chosen = [(target, policy.by) for target in targets if (policy := policy_of(directory, search, target)) is not None]
    by = {criterion for _, criteria in chosen for criterion in criteria}
    owned: dict[Actor, None] = {}
    if Criterion.LEAST_LOADED in by:
        owned = {actor: None for target, _ in chosen for actor in directory.members(target)}
    return Wanted(
        owned=tuple(owned),
        pages=dict(limited(directory, search, at)),
        turns=tuple(target for target, criteria in chosen if Criterion.ROUND_ROBIN in criteria),
        previous=search.repeat_of if Criterion.STICKY in by else None,
    )


def limited(directory: Directory, search: Search, at: datetime) -> Iterator[tuple[Actor, Since]]:
    """Yield whose pages count, and from when."""
    if not directory.burdened or not search.page or (search.worst and directory.fatigue.worst_is_exempt):
        return
    members = {actor for target in search.all_targets for actor in directory.members(target)}
    for person in directory.burdened:
        if person.actor in members and person.at_most is not None:
            yield person.actor, since(person.at_most, directory.fatigue.night, person.time_zone, at)


def policy_of(directory: Directory, search: Search, target: Target) -> Choose | None:
    """Return how some of a target's people are chosen; None where all of them are meant, or whoever has the shift."""
    kind, name = split_target(target)
    team = directory.team(name) if kind == "team" else None
    if kind != "authority" and team is None:
        return None
    policy = search.choose or (team.choose if team is not None else None)
    on_duty = policy is not None and policy.by == (Criterion.ON_CALL,) and policy.take is None
    return None if on_duty and team is not None else policy
