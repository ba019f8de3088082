"""What a schema cannot say of a directory: ids that nobody has, things said twice, circles.

The checks look at the plain data, so that they also speak when another part of the file is wrong.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.holidays import holiday_findings
from escalation.people.schedules import Override, Rotation, Span
from escalation.people.swaps import Swap, locate, missing

_PEOPLE_NAMED = (
    "people.*.manager",
    "people.*.deputy",
    "teams.*.members.*",
    "teams.*.lead",
    "roles.*.holders.*",
    "rotations.*.people.*",
    "rotations.*.above.*.people.*",
    "rotations.*.overrides.*.person",
    "rotations.*.feed.people.*",
    "rotations.*.swaps.*.a",
    "rotations.*.swaps.*.b",
)
_ROTATIONS_NAMED = ("teams.*.oncall", "roles.*.oncall")
_LISTED_ONCE = ("people.*.id", "teams.*.id", "teams.*.members.*", "roles.*.holders.*")


def check(document: Document) -> list[Finding]:
    """Return everything wrong with a directory beyond its shape."""
    found = [*_unknown(document), *_twice(document), *_overlaps(document), *_swaps(document), *_channels(document)]
    return [*found, *_circles(document), *holiday_findings(document, "people.*.hours")]


def _unknown(document: Document) -> Iterator[Finding]:
    people = [value for _, value in document.each("people.*.id") if isinstance(value, str)]
    rotations = [str(path[-1]) for path, _ in document.each("rotations.*")]
    for patterns, known, what in ((_PEOPLE_NAMED, people, "person"), (_ROTATIONS_NAMED, rotations, "rotation")):
        for path, value in (match for pattern in patterns for match in document.each(pattern)):
            if isinstance(value, str) and value not in known:
                hint = did_you_mean(value, known) or f"; expected the id of a {what} in this directory"
                yield document.finding(path, f"no {what} `{value}`{hint}")


def _channels(document: Document) -> Iterator[Finding]:
    for path, value in document.each("people.*.channels.*.*"):
        mine = [str(name) for at, name in document.each("people.*.contacts.*.channel") if at[:2] == path[:2]]
        if isinstance(value, str) and value not in mine:
            hint = did_you_mean(value, mine) or f"; expected one of {', '.join(dict.fromkeys(mine))}"
            yield document.finding(path, f"no contact of this person is on channel `{value}`{hint}")


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
            override = Override.model_validate(value)
        except ValidationError:
            continue  # is reported with its own finding
        overrides.setdefault(path[:2], []).append((override, path))
    for several in overrides.values():
        several.sort(key=lambda each: each[0].start)
        longest, place = several[0]
        for override, path in several[1:]:
            if override.start < longest.end:
                message = f"overlaps the override on line {document.line(place)}; expected one person at a time"
                yield document.finding(path, message)
            if override.end > longest.end:
                longest, place = override, path


def _swaps(document: Document) -> Iterator[Finding]:
    """Check that each swap names shifts that are there, once, and that whoever takes one is there too.

    The shifts of a feed are not known here: whether they are there is said when the feed has been read.
    """
    away = _absences(document)
    for path, value in document.each("rotations.*"):
        if not (isinstance(value, dict) and "swaps" in value):
            continue
        try:
            layers = () if "feed" in value else Rotation.model_validate({**value, "swaps": ()}).layers
            swaps = [Swap.model_validate(each) for each in value["swaps"]]
        except (ValidationError, TypeError):
            continue  # is reported with its own finding
        seen: dict[object, int] = {}
        for index, swap in enumerate(swaps):
            for given in swap.given:
                where = (*path, "swaps", index, given.key)
                found = locate(layers, given)
                if layers and found is None:
                    yield document.finding(where, missing(layers, given))
                    continue
                key = found or (given.giver, given.start)
                if key in seen:
                    message = f"this shift is swapped already, on line {seen[key]}; expected one swap of a shift"
                    yield document.finding(where, message)
                seen.setdefault(key, document.line(where))
                if found is not None and not swap.forced:
                    turns = layers[found.layer]
                    gone = next((each for each in away.get(given.taker, ()) if turns.meets(found.number, each)), None)
                    if gone is not None:
                        until = gone.end.astimezone(given.start.tzinfo).isoformat(timespec="minutes")
                        message = (
                            f"leaves a gap: {given.taker} takes this shift and is away in it, until {until}; "
                            "expected somebody who is there, or `forced` with the reason"
                        )
                        yield document.finding(where, message)


def _absences(document: Document) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for _, person in document.each("people.*"):
        away = person.get("away") if isinstance(person, dict) else None
        for each in away if isinstance(away, list) else ():
            try:
                found.setdefault(str(person.get("id")), []).append(Span.model_validate(each))
            except ValidationError:
                continue  # is reported with its own finding
    return found


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
