"""What a schema cannot say of a directory: ids that nobody has, things said twice, circles.

The checks look at the plain data, so that they also speak when another part of the file is wrong.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.holidays import holidays_wrong
from escalation.people.schedules import Override

_PEOPLE_NAMED = (
    "people.*.manager",
    "people.*.deputy",
    "teams.*.members.*",
    "teams.*.lead",
    "roles.*.holders.*",
    "rotations.*.people.*",
    "rotations.*.above.*.people.*",
    "rotations.*.overrides.*.person",
)
_ROTATIONS_NAMED = ("teams.*.oncall", "roles.*.oncall")
_LISTED_ONCE = ("people.*.id", "teams.*.id", "teams.*.members.*", "roles.*.holders.*")


def check(document: Document) -> list[Finding]:
    """Return everything wrong with a directory beyond its shape."""
    return [*_unknown(document), *_twice(document), *_overlaps(document), *_circles(document), *_hours(document)]


def _unknown(document: Document) -> Iterator[Finding]:
    people = [value for _, value in document.each("people.*.id") if isinstance(value, str)]
    rotations = [str(path[-1]) for path, _ in document.each("rotations.*")]
    for patterns, known, what in ((_PEOPLE_NAMED, people, "person"), (_ROTATIONS_NAMED, rotations, "rotation")):
        for path, value in (match for pattern in patterns for match in document.each(pattern)):
            if isinstance(value, str) and value not in known:
                hint = did_you_mean(value, known) or f"; expected the id of a {what} in this directory"
                yield document.finding(path, f"no {what} `{value}`{hint}")


def _twice(document: Document) -> Iterator[Finding]:
    for pattern in _LISTED_ONCE:
        seen: dict[Any, int] = {}
        for path, value in document.each(pattern):
            if not isinstance(value, str):
                continue
            key = (value, None if pattern.endswith(".id") else path[:-1])
            if key in seen:
                yield document.finding(path, f"`{value}` is listed twice, first on line {seen[key]}; keep one")
            seen.setdefault(key, document.line(path))


def _overlaps(document: Document) -> Iterator[Finding]:
    overrides: dict[Location, list[tuple[Override, Location]]] = {}
    for path, value in document.each("rotations.*.overrides.*"):
        try:
            overrides.setdefault(path[:2], []).append((Override.model_validate(value), path))
        except ValidationError:
            continue  # is reported with its own finding
    for several in overrides.values():
        several.sort(key=lambda each: each[0].start)
        longest, place = several[0]
        for override, path in several[1:]:
            if override.start < longest.end:
                message = f"overlaps the override on line {document.line(place)}; expected one person at a time"
                yield document.finding(path, message)
            if override.end > longest.end:
                longest, place = override, path


def _circles(document: Document) -> Iterator[Finding]:
    for key in ("manager", "deputy"):
        above: dict[Any, Any] = {}
        places: dict[Any, Any] = {}
        for path, person in document.each("people.*"):
            if isinstance(person, dict) and isinstance(person.get("id"), str):
                above[person["id"]] = person.get(key)
                places[person["id"]] = (*path, key)
        for person in above:
            chain = [person]
            while isinstance(next_one := above.get(chain[-1]), str) and next_one not in chain:
                chain.append(next_one)
            if next_one == person == min(chain):
                way = f" by way of {', '.join(chain[1:])}" if chain[1:] else ""
                yield document.finding(
                    places[person], f"`{person}` is their own {key}{way}; expected a chain that ends"
                )


def _hours(document: Document) -> Iterator[Finding]:
    for path, named in document.each("people.*.hours.holidays.*"):
        if isinstance(named, dict) and (wrong := holidays_wrong(named.get("country"), named.get("region"))):
            yield document.finding(path, wrong)
    for path, _ in document.each("people.*.hours.holidays_on"):
        yield document.finding(path, "is written by the loader; expected `holidays`, or single days in `closed`")
