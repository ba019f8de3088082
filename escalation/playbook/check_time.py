"""Checks of what a playbook says about time and severity: clocks, times of statuses, the severity's table and approval.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.check_words import ids, items, mapping, one_of, severity_names, severity_words
from escalation.playbook.clocks import LEVEL_UP, STOPS_BY_NAME, TELL, Stops
from escalation.playbook.conditions import FactTypes
from escalation.playbook.facts import FactType
from escalation.playbook.schema import Stage
from escalation.values import format_duration, parse_duration


def check_time(document: Document, types: FactTypes) -> Iterator[Finding]:
    """Yield what is wrong with clocks, acknowledgements and statuses that last, and how the severity is chosen."""
    for name, policy in mapping(document, "clocks").items():
        if isinstance(policy, dict):
            yield from _clock(document, str(name), policy)
    yield from _clock_words(document)
    yield from _ack_lasts(document)
    yield from _statuses(document)
    yield from _table(document, types)
    yield from _lowering(document)
    yield from _category(document)


def _unknown(what: str, name: str, known: Iterable[str], else_: str = "") -> str:
    names = list(known)
    return f"there is no {what} '{name}'" + (did_you_mean(name, names) or f"; expected {one_of(names)}{else_}")


# --- clocks -----------------------------------------------------------------------------------------------------------


def _clock(document: Document, name: str, policy: dict[str, Any]) -> Iterator[Finding]:
    path = ("clocks", name)
    if policy.get("stops") is None and name not in STOPS_BY_NAME:
        hint = did_you_mean(name, list(STOPS_BY_NAME))
        yield document.finding(
            path,
            f"'{name}' does not say what it waits for: write stops with one of {one_of(Stops)}; only "
            f"{one_of(STOPS_BY_NAME)} need none{hint}",
        )
    if policy.get("starts") == policy.get("stops", STOPS_BY_NAME.get(name)) == Stops.ACKNOWLEDGED:
        yield document.finding((*path, "starts"), "begins with what it waits for: it would be met as it begins")
    if policy.get("limit") == "due_at":
        for key in ("within", "paused_by", "pause_on_hold"):
            if key in policy:
                yield document.finding((*path, key), "means nothing with limit: due_at; nothing moves a due date")
    elif not policy.get("within"):
        yield document.finding((*path, "within"), "says no time; expected within: {default: 4h}, or limit: due_at")
    if policy.get("paused_by") is not None and "pause_on_hold" in policy:
        yield document.finding((*path, "pause_on_hold"), "is said by paused_by already; keep one of them")
    then = policy.get("on_breach", LEVEL_UP)
    if isinstance(then, str) and then not in (LEVEL_UP, TELL, *ids(document, "levels")):
        words = [LEVEL_UP, TELL, *ids(document, "levels")]
        yield document.finding((*path, "on_breach"), _unknown("way out or level", then, words))
    yield from _reminders(document, path, policy)


def _reminders(document: Document, path: Location, policy: dict[str, Any]) -> Iterator[Finding]:
    within, remind = policy.get("within"), policy.get("remind")
    limits = {str(name): parse_duration(limit) for name, limit in within.items()} if isinstance(within, dict) else {}
    known = {name: limit for name, limit in limits.items() if isinstance(limit, timedelta)}
    for index, written in enumerate(remind if isinstance(remind, list) else []):
        left = parse_duration(written)
        early = [name for name, limit in known.items() if isinstance(left, timedelta) and left >= limit]
        if early:
            shortest = min(known[name] for name in early)
            yield document.finding(
                (*path, "remind", index),
                f"would come before the clock begins: at {one_of(early)} there is no more than "
                f"{format_duration(shortest)}",
            )


def _clock_words(document: Document) -> Iterator[Finding]:
    names = severity_names(document)
    for path, _ in document.each("clocks.*.within.*"):
        if names and path[-1] not in (*names, "default"):
            yield document.finding(
                path, f"there is no severity '{path[-1]}'; expected {one_of(names)} (not an alias), or default"
            )
    calendars = list(mapping(document, "calendars"))
    for path, name in document.each("clocks.*.calendar"):
        if isinstance(name, str) and name not in calendars:
            hint = did_you_mean(name, calendars) or f"; expected {one_of(calendars) or 'none: wall time'}"
            yield document.finding(path, f"there is no calendar '{name}'{hint}")


def _ack_lasts(document: Document) -> Iterator[Finding]:
    for index, level in enumerate(items(document, "levels")):
        lasts, dwell = parse_duration(level.get("ack_lasts")), parse_duration(level.get("dwell"))
        if isinstance(lasts, timedelta) and isinstance(dwell, timedelta) and lasts > dwell:
            yield document.finding(
                ("levels", index, "ack_lasts"), "is longer than dwell: it would have gone up before it lapses"
            )


def _statuses(document: Document) -> Iterator[Finding]:
    for index, status in enumerate(items(document, "statuses")):
        if status.get("within") is not None and status.get("stage") == Stage.CLOSED:
            yield document.finding(("statuses", index, "within"), "nothing follows when it is closed; take it away")
        if status.get("then") is not None and status.get("within") is None:
            yield document.finding(("statuses", index, "then"), "says what happens after a time, and no time: within")


# --- severity ---------------------------------------------------------------------------------------------------------


def _table(document: Document, types: FactTypes) -> Iterator[Finding]:
    table = mapping(document, "severity").get("table")
    if not isinstance(table, dict):
        return
    path = ("severity", "table")
    values = {}
    for axis in ("rows", "columns"):
        name = table.get(axis)
        if not isinstance(name, str):
            continue
        if name not in types:
            yield document.finding((*path, axis), _unknown("fact", name, types))
        elif types[name] is not FactType.TEXT:
            yield document.finding((*path, axis), f"'{name}' is a {types[name]}; a table is made of two texts")
        elif name in ("severity", "level"):
            yield document.finding((*path, axis), f"'{name}' is not known while the severity is chosen")
        values[axis] = _values(document, name)
    cells = table.get("cells")
    rows = {str(row): line for row, line in cells.items() if isinstance(line, dict)} if isinstance(cells, dict) else {}
    columns = values.get("columns") or list(dict.fromkeys(str(column) for line in rows.values() for column in line))
    for row in values.get("rows", []):
        if row not in rows:
            yield document.finding((*path, "cells"), f"has no row for {table.get('rows')} '{row}'")
    for row, line in rows.items():
        if values.get("rows") and row not in values["rows"]:
            yield document.finding((*path, "cells", row), _unknown(f"{table.get('rows')}", row, values["rows"]))
        missing = [column for column in columns if column not in map(str, line)]
        if missing:
            yield document.finding((*path, "cells", row), f"has no cell for {table.get('columns')} {one_of(missing)}")
        yield from _cells(document, (*path, "cells", row), line, str(table.get("columns")), columns)


def _cells(
    document: Document, path: Location, line: dict[Any, Any], fact: str, columns: list[str]
) -> Iterator[Finding]:
    words = severity_words(document)
    for column, word in line.items():
        if str(column) not in columns:
            yield document.finding((*path, column), _unknown(fact, str(column), columns))
        if words and isinstance(word, str) and word.strip().casefold() not in words:
            yield document.finding((*path, column), _unknown("severity", word, severity_names(document)))


def _values(document: Document, fact: str) -> list[str]:
    """Return the words a fact may hold, where the playbook declares them."""
    policy = mapping(document, "fields").get(fact)
    values = policy.get("values") if isinstance(policy, dict) else None
    return [str(word) for word in values] if isinstance(values, list) else []


def _lowering(document: Document) -> Iterator[Finding]:
    lowering = mapping(document, "severity").get("lowering")
    named = lowering.get("gate") if isinstance(lowering, dict) else None
    gates = {gate["id"]: gate.get("before") for gate in items(document, "gates") if isinstance(gate.get("id"), str)}
    if isinstance(named, str) and named not in gates:
        path = ("severity", "lowering", "gate")
        yield document.finding(path, _unknown("gate", named, gates, " (declare it under gates)"))
    elif isinstance(named, str) and gates[named] != "lowering":
        yield document.finding(
            ("severity", "lowering", "gate"), f"'{named}' is asked otherwise; give it before: lowering"
        )
    for index, gate in enumerate(items(document, "gates")):
        if gate.get("before") == "lowering" and gate.get("id") != named:
            yield document.finding(
                ("gates", index, "before"), "it would never be asked; name it in severity: {lowering: {gate: ...}}"
            )
        if gate.get("before") == "lowering" and gate.get("on_expiry") == "escalate":
            yield document.finding(
                ("gates", index, "on_expiry"),
                "who asks for a milder severity would have it go up a level; expected deny, next_deputy or approve",
            )


def _category(document: Document) -> Iterator[Finding]:
    known = _values(document, "category")
    for path, word in document.each("category.rules.*.category"):
        if isinstance(word, str) and known and word not in known:
            yield document.finding(path, _unknown("category", word, known))
