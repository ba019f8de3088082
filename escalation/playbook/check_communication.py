"""Checks of what a playbook says about communication: thresholds, rhythms, key people, summaries.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.check_words import ids, items, mapping, one_of, severity_names
from escalation.playbook.communication import KeyPoint
from escalation.values import format_duration, parse_duration

STAKEHOLDERS = ("communication.stakeholders.*", "communication.key_people.*.stakeholders.*")


def check_communication(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with stakeholders, rhythm, key people and summaries."""
    talk = mapping(document, "communication")
    if not talk:
        return
    yield from _stakeholders(document)
    yield from _twice(document, ("communication", "stakeholders"), talk.get("stakeholders"), "name")
    kinds = talk.get("key_people")
    yield from _twice(document, ("communication", "key_people"), kinds, "id")
    for index, kind in enumerate(kinds if isinstance(kinds, list) else []):
        if isinstance(kind, dict):
            path = ("communication", "key_people", index)
            yield from _twice(document, (*path, "stakeholders"), kind.get("stakeholders"), "name")
            if not kind.get("communicator") and not kind.get("stakeholders"):
                yield document.finding(path, "names nobody: expected a communicator, stakeholders, or both")
    yield from _cadence(document, talk)
    yield from _summaries(document, talk)


def _stakeholders(document: Document) -> Iterator[Finding]:
    severities, levels = severity_names(document), ids(document, "levels")
    calendars = list(mapping(document, "calendars"))
    for pattern in STAKEHOLDERS:
        for path, named in document.each(f"{pattern}.from_severity"):
            if isinstance(named, str) and severities and named not in severities:
                yield document.finding(
                    path, f"there is no severity '{named}'; expected {one_of(severities)} (not an alias)"
                )
        for path, named in document.each(f"{pattern}.from_level"):
            if isinstance(named, str) and levels and named not in levels:
                hint = did_you_mean(named, levels) or f"; the ladder has {one_of(levels)}"
                yield document.finding(path, f"there is no level '{named}'{hint}")
        for path, named in document.each(f"{pattern}.calendar"):
            yield from _calendar(document, path, named, calendars)
        for path, each in document.each(pattern):
            if isinstance(each, dict) and each.get("calendar") is not None and each.get("replies_within") is None:
                message = "means nothing here: it is that of replies_within, and no answer is expected"
                yield document.finding((*path, "calendar"), message)


def _calendar(document: Document, path: Location, named: Any, calendars: list[str]) -> Iterator[Finding]:
    if isinstance(named, str) and named not in calendars:
        hint = did_you_mean(named, calendars) or f"; expected {one_of(calendars) if calendars else 'none: wall time'}"
        yield document.finding(path, f"there is no calendar '{named}'{hint}")


def _twice(document: Document, path: Location, listed: Any, key: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, each in enumerate(listed if isinstance(listed, list) else []):
        named = each.get(key) if isinstance(each, dict) else None
        if isinstance(named, str) and named in seen:
            yield document.finding((*path, index), f"{key} '{named}' is used twice under {path[-1]}")
        elif isinstance(named, str):
            seen.add(named)


def _cadence(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    severities, calendars = severity_names(document), list(mapping(document, "calendars"))
    cadence = talk.get("cadence")
    cadence = cadence if isinstance(cadence, dict) else {}
    for severity, rhythm in cadence.items():
        path = ("communication", "cadence", severity)
        if severities and severity not in (*severities, "default"):
            message = f"there is no severity '{severity}'; expected {one_of(severities)} (not an alias), or default"
            yield document.finding(path, message)
        if not isinstance(rhythm, dict):
            continue
        yield from _calendar(document, (*path, "calendar"), rhythm.get("calendar"), calendars)
        every, chase = parse_duration(rhythm.get("every")), parse_duration(rhythm.get("chase"))
        if isinstance(every, timedelta) and isinstance(chase, timedelta) and chase > every:
            yield document.finding(
                (*path, "chase"),
                f"is longer than every ({format_duration(every)}): another update would be due before it moves up",
            )
    if cadence and not _somebody(document):
        message = "updates are due and nobody is told them: name at least one of stakeholders"
        yield document.finding(("communication", "cadence"), message)


def _somebody(document: Document) -> bool:
    return any(True for pattern in STAKEHOLDERS for _ in document.each(pattern))


def _summaries(document: Document, talk: dict[str, Any]) -> Iterator[Finding]:
    summaries = talk.get("summaries")
    points = summaries.get("at") if isinstance(summaries, dict) else None
    for index, point in enumerate(points if isinstance(points, list) else []):
        if point == KeyPoint.APPROVAL_DECIDED and not items(document, "gates"):
            message = "is never reached: the playbook has no approvals (gates)"
            yield document.finding(("communication", "summaries", "at", index), message)
