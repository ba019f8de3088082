"""Checks of a playbook's paths, its matrix and its exception procedure.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import did_you_mean
from escalation.playbook.check_words import ids, items, mapping, one_of, severity_names


def check_paths(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with paths, matrix and the calendars that levels and routes name."""
    yield from _paths(document)
    yield from _ends(document)
    yield from _matrix(document)
    yield from _calendars(document)


def _paths(document: Document) -> Iterator[Finding]:
    paths, levels, names = items(document, "paths"), ids(document, "levels"), ids(document, "paths")
    used: set[object] = set()
    for index, path in enumerate(paths):
        place = ("paths", index)
        if path.get("id") in names[:index]:
            yield document.finding(place, f"id '{path.get('id')}' is used twice under paths")
        named = path.get("levels")
        named = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
        used |= set(named)
        for at, name in enumerate(named):
            if levels and name not in levels:
                hint = did_you_mean(name, levels) or f"; the ladder has {one_of(levels)}"
                yield document.finding((*place, "levels", at), f"there is no level '{name}'{hint}")
        order = [levels.index(name) for name in named if name in levels]
        if order != sorted(set(order)):
            yield document.finding(
                (*place, "levels"), "goes back or twice to a level; expected the order of `levels`, each at most once"
            )
        then = path.get("then")
        if isinstance(then, str) and then not in names:
            hint = did_you_mean(then, names) or f"; expected one of {one_of(names)}"
            yield document.finding((*place, "then"), f"there is no path '{then}'{hint}")
        last = index == len(paths) - 1
        if last is not _always(path):
            yield document.finding(
                (*place, "when"),
                "whatever no path before it fits would have none: the last path has no `when`"
                if last
                else "is always true, so that no path after it is ever taken; put it last",
            )
    for index, level in enumerate(levels if paths else ()):
        if level not in used:
            yield document.finding(("levels", index), f"no path goes to level '{level}'")


def _always(path: dict[str, Any]) -> bool:
    return str(path.get("when", "true")).strip() == "true"


def _ends(document: Document) -> Iterator[Finding]:
    """Every path ends with somebody who is told for ever: a last resort, there or on the path that follows."""
    levels = {level.get("id"): level for level in items(document, "levels")}
    paths = {path.get("id"): path for path in items(document, "paths")}
    for index, path in enumerate(items(document, "paths")):
        then, seen = path, [path.get("id")]
        while then.get("then") in paths and then["then"] not in seen:
            seen.append(then["then"])
            then = paths[then["then"]]
        named = then.get("levels")
        end = levels.get(named[-1]) if isinstance(named, list) and named and isinstance(named[-1], str) else None
        if then.get("then") in seen:
            way = " → ".join(map(str, (*seen, then["then"])))
            yield document.finding(("paths", index, "then"), f"goes in a circle ({way}); expected an end")
        elif end is not None and not end.get("last_resort") and then is path:
            yield document.finding(
                ("paths", index, "levels"),
                f"a path that ends nowhere: its last level '{end.get('id')}' must name a last resort, or the path "
                "what comes then",
            )


def _matrix(document: Document) -> Iterator[Finding]:
    severities, levels = severity_names(document), ids(document, "levels")
    seen: dict[tuple[object, object], int] = {}
    for index, cell in enumerate(items(document, "matrix")):
        place = ("matrix", index)
        rows = cell.get("severity")
        rows = rows if isinstance(rows, list) else []
        for at, name in enumerate(rows):
            if severities and name not in severities:
                message = f"there is no severity '{name}'; expected {one_of(severities)} (not an alias)"
                yield document.finding((*place, "severity", at), message)
        level = cell.get("level")
        if isinstance(level, str) and levels and level not in levels:
            hint = did_you_mean(level, levels) or f"; the ladder has {one_of(levels)}"
            yield document.finding((*place, "level"), f"there is no level '{level}'{hint}")
        if cell.get("after") is not None:
            yield from _after_a_time(document, index, cell)
            continue
        yield from _at_a_level(document, index, cell)
        for name in rows:
            if (name, level) in seen:
                message = f"{name} at {level} is said already on line {seen[name, level]}; keep one"
                yield document.finding(place, message)
            seen.setdefault((name, level), document.line(place))


def _at_a_level(document: Document, index: int, cell: dict[str, Any]) -> Iterator[Finding]:
    if cell.get("level") is None:
        message = "names no column: `level` says where it counts, or `after` from when on"
        yield document.finding(("matrix", index), message)
    if cell.get("when") is not None:
        message = "is asked of cells with `after` only; for the rest use routing with a `when`"
        yield document.finding(("matrix", index, "when"), message)


def _after_a_time(document: Document, index: int, cell: dict[str, Any]) -> Iterator[Finding]:
    if cell.get("level") is None and not cell.get("targets"):
        message = "says nothing: after this time go to a `level`, or tell `targets`"
        yield document.finding(("matrix", index), message)
    for key in ("ack", "dwell", "repeat", "channels"):
        if cell.get(key) is not None:
            message = "is the level's own; `after` says only when to go there, or whom to tell"
            yield document.finding(("matrix", index, key), message)


def _calendars(document: Document) -> Iterator[Finding]:
    known = list(mapping(document, "calendars"))
    for pattern in ("levels.*.calendar", "routing.*.during", "routing.*.outside"):
        for path, name in document.each(pattern):
            if isinstance(name, str) and name not in known:
                hint = did_you_mean(name, known) or f"; expected one of {one_of(known)}"
                yield document.finding(path, f"there is no calendar '{name}'{hint}")
    for index, route in enumerate(items(document, "routing")):
        if route.get("during") is not None and route.get("during") == route.get("outside"):
            yield document.finding(("routing", index), "is both in and out of the same hours, so it never matches")
