"""Checks of a playbook's automations: what never happens here, what would answer itself, words that mean nothing.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.automation import PLACEHOLDERS, Doing, Happening
from escalation.playbook.check_words import ids, items, mapping, one_of

_BRACES = re.compile(r"\{([^{}]*)\}")

_ENDS = frozenset({Happening.CLOSED, Happening.CANCELLED})
_ANSWERS_ITSELF = {
    "add_action_item": (
        frozenset({Happening.ITEM_ADDED, Happening.ITEM_OVERDUE, Happening.ITEM_COMPLETED}),
        "each action item would lead to the next, and the escalation would never close",
    ),
    "set_status": (frozenset({Happening.STATUS_CHANGED}), "it would change what it listens to"),
    "raise_severity": (
        frozenset({Happening.SEVERITY_CHANGED}),
        "it would undo what a person has just decided; say it in severity.rules",
    ),
}
"""Actions, and what they may not be done because of."""

_CALLS_IN_VAIN = {
    Happening.OWNER_CHANGED: "somebody owns it by then, and whoever owns it is not replaced by a rule",
    Happening.REVIEW_STARTED: "it is solved by then",
    Happening.REVIEW_OVERDUE: "it is solved by then",
    Happening.LEVEL_ENTERED: "it would call the same people at every level; say it in routing or in the matrix",
}
"""What nobody may be called because of (``assign``), and why not."""

_ACTIONS = [str(get_args(kind.model_fields["do"].annotation)[0]) for kind in get_args(get_args(Doing)[0])]
_AFTER_THE_END = ("comment", "send")


def check_automations(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the automations of a playbook."""
    for index, automation in enumerate(items(document, "automations")):
        path = ("automations", index)
        on = _happenings(automation)
        yield from _never_happens(document, path, automation)
        yield from _which(document, path, automation, on)
        then = automation.get("then")
        for number, action in enumerate(then if isinstance(then, list) else []):
            if isinstance(action, dict):
                yield from _action(document, (*path, "then", number), action, on)


def _happenings(automation: dict[str, Any]) -> set[Happening]:
    on = automation.get("on")
    known = {str(each) for each in Happening}
    words = [each for each in on if isinstance(each, str)] if isinstance(on, list) else []
    return {Happening(each) for each in words if each in known}


def _never_happens(document: Document, path: Location, automation: dict[str, Any]) -> Iterator[Finding]:
    timed = any("within" in each for each in items(document, "statuses"))
    lacks = {
        Happening.GATE_OPENED: not items(document, "gates") and "gates",
        Happening.GATE_CLOSED: not items(document, "gates") and "gates",
        Happening.CLOCK_WARNED: not mapping(document, "clocks") and "clocks",
        Happening.CLOCK_BREACHED: not mapping(document, "clocks") and "clocks",
        Happening.BECAME_CRITICAL: not mapping(document, "critical_incident") and "critical_incident",
        Happening.NO_LONGER_CRITICAL: not mapping(document, "critical_incident") and "critical_incident",
        Happening.STATUS_OVERDUE: not timed and "statuses with a `within`",
    }
    on = automation.get("on")
    for index, each in enumerate(on if isinstance(on, list) else []):
        if isinstance(each, str) and (missing := lacks.get(each)):  # type: ignore[call-overload]  # a StrEnum is its text
            yield document.finding((*path, "on", index), f"never happens here: this playbook has no {missing}")


def _which(document: Document, path: Location, automation: dict[str, Any], on: set[Happening]) -> Iterator[Finding]:
    which = automation.get("which")
    if not isinstance(which, list) or not which:
        return
    statuses = [str(each["status"]) for each in items(document, "statuses") if isinstance(each.get("status"), str)]
    names = {
        Happening.CLOCK_WARNED: list(mapping(document, "clocks")),
        Happening.CLOCK_BREACHED: list(mapping(document, "clocks")),
        Happening.GATE_OPENED: ids(document, "gates"),
        Happening.GATE_CLOSED: ids(document, "gates"),
        Happening.LEVEL_ENTERED: ids(document, "levels"),
        Happening.STATUS_CHANGED: statuses,
        Happening.STATUS_OVERDUE: statuses,
    }
    known = [name for happening in Happening if happening in on for name in names.get(happening, ())]
    if not any(happening in names for happening in on):
        yield document.finding(
            (*path, "which"), "says which clock, approval, level or status, and none of those is listened to"
        )
        return
    for index, name in enumerate(which):
        if name not in known:
            yield document.finding(
                (*path, "which", index),
                f"there is no '{name}' among what is listened to: {one_of(dict.fromkeys(known))}",
            )


def _action(document: Document, path: Location, action: dict[str, Any], on: set[Happening]) -> Iterator[Finding]:
    do = str(action.get("do", ""))
    if do not in _ACTIONS:
        hint = did_you_mean(do, _ACTIONS) or f"; expected {one_of(_ACTIONS)}"
        yield document.finding(path, f"`do` says what is done, and there is no action '{do[:64]}'{hint}")
        return
    listened, why = _ANSWERS_ITSELF.get(do, (frozenset(), ""))
    for happening in sorted(on & listened):
        yield document.finding(path, f"{do} may not follow {happening}: {why}")
    for happening in sorted(on & _CALLS_IN_VAIN.keys()) if do == "assign" else ():
        yield document.finding(path, f"assign may not follow {happening}: {_CALLS_IN_VAIN[happening]}")
    if do not in _AFTER_THE_END and on and on <= _ENDS:
        yield document.finding(path, f"{do} comes too late: it has ended by then, and only tells and comments count")
    for key in ("text", "title"):
        for word in _BRACES.findall(str(action.get(key, ""))):
            if word not in PLACEHOLDERS:
                hint = did_you_mean(word, list(PLACEHOLDERS)) or f"; expected {one_of(PLACEHOLDERS)}"
                yield document.finding((*path, key), f"nothing stands in for {{{word}}}{hint}")
    statuses = [each.get("status") for each in items(document, "statuses")]
    if do == "set_status" and isinstance(action.get("status"), str) and action["status"] not in statuses:
        yield document.finding(
            (*path, "status"),
            f"there is no status '{action['status']}'; this playbook has {one_of(str(each) for each in statuses)}",
        )
