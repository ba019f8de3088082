"""Who may decide something, and up to which amount."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from escalation.people.search import Search

if TYPE_CHECKING:
    from escalation.people.directory import Directory, Person


def authorised(directory: Directory, search: Search, kind: str) -> list[tuple[Person, str]]:
    """Return who may decide what is asked, with why; the lowest sufficient authority first, to keep seniors free.

    An amount that is not known needs somebody who may decide any. Deputies inherit no authority.
    """
    asked = search.authority.get(kind, 0.0)
    least = inf if asked is None else asked
    found = [(limit, person) for person in directory.people if (limit := person.may_decide(kind)) is not None]
    enough = sorted((each for each in found if each[0] >= least), key=lambda each: each[0])
    return [
        (person, f"may decide any {kind}" if limit == inf else f"may decide {kind} up to {limit:g}")
        for limit, person in enough
    ]


def nobody_may(directory: Directory, search: Search, kind: str) -> str:
    """Say why nobody is found for an authority, without the amount: it is the customer's."""
    if not directory.members(f"authority:{kind}"):
        return f"nobody in the directory has an authority for {kind}"
    if kind in search.authority and search.authority[kind] is None:
        return f"the amount is not known, and nobody who is there may decide any {kind}"
    return f"nobody who is there may decide so much {kind}"
