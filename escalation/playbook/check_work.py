"""Checks of a playbook's work items: when they come into being, their order, who approves, confirms and checks them.

Like all of ``checks`` these read the document as written and tolerate any shape.
"""

from collections.abc import Iterator
from typing import Any

from escalation.documents import Document
from escalation.errors import Finding
from escalation.explain import Location, did_you_mean
from escalation.playbook.automation import Happening
from escalation.playbook.check_words import ids, items, mapping, one_of
from escalation.playbook.schema import Stage

_TOO_LATE = (Happening.CLOSED, Happening.CANCELLED)
_OF_ITEMS = (Happening.ITEM_ADDED, Happening.ITEM_OVERDUE, Happening.ITEM_COMPLETED)
_ONLY_FOR = {
    "approvers": ("checklist", "checkpoint"),
    "confirmed_by": ("checkpoint", "dependency"),
    "check": ("dependency",),
}


def check_work(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the work items of a playbook."""
    names = ids(document, "work")
    for index, item in enumerate(items(document, "work")):
        path = ("work", index)
        yield from _begins(document, path, item)
        yield from _order(document, path, item, names)
        yield from _kind(document, path, item)
    parts = mapping(document, "items").get("update_parts")
    stages = [str(stage) for stage in Stage]
    for stage in parts if isinstance(parts, dict) else ():
        if stage not in stages:
            hint = did_you_mean(str(stage), stages) or f"; expected {one_of(stages)}"
            yield document.finding(("items", "update_parts", stage), f"there is no stage '{stage}'{hint}")
    if parts and not mapping(document, "communication"):
        message = "says what an update must hold, and this playbook has no communication: nobody posts one"
        yield document.finding(("items", "update_parts"), message)


def _begins(document: Document, path: Location, item: dict[str, Any]) -> Iterator[Finding]:
    at, on = item.get("at"), item.get("on")
    if (at is None) == (not on):
        message = (
            "says when it comes into being either by a stage (`at`) or by what happens (`on`): expected one of them"
        )
        yield document.finding(path, message)
    for position, happening in enumerate(on if isinstance(on, list) else ()):
        if happening in _TOO_LATE:
            yield document.finding((*path, "on", position), "comes too late: it has ended by then")
        elif happening in _OF_ITEMS:
            yield document.finding((*path, "on", position), "is about items themselves; say the order with `after`")
        elif happening == Happening.STATUS_CHANGED:
            yield document.finding((*path, "on", position), "is for automations; say the stage with `at`")
    if at == Stage.REVIEW and item.get("before") == "resolution":
        yield document.finding((*path, "before"), "comes too late: in review it is resolved already")


def _order(document: Document, path: Location, item: dict[str, Any], names: list[str]) -> Iterator[Finding]:
    own = item.get("id")
    above = names[: names.index(own)] if own in names else names
    after = item.get("after")
    for position, name in enumerate(after if isinstance(after, list) else ()):
        if not isinstance(name, str) or name in above:
            continue
        if name == own:
            message = "waits for itself"
        elif name in names:
            message = f"'{name}' stands below this item: list what comes first above it, so that none wait in a circle"
        else:
            message = f"there is no work item '{name}'" + (
                did_you_mean(name, above) or f"; above it are {one_of(above)}"
            )
        yield document.finding((*path, "after", position), message)


def _kind(document: Document, path: Location, item: dict[str, Any]) -> Iterator[Finding]:
    kind = item.get("kind", "action")
    for key, kinds in _ONLY_FOR.items():
        if item.get(key) and kind not in kinds:
            yield document.finding((*path, key), f"is for a {' or '.join(kinds)}, and this is of kind {kind}")
    if kind == "checkpoint" and "owner" not in item:
        yield document.finding(path, "is a checkpoint without an owner: say whose step it is")
    if item.get("check") and item.get("confirmed_by"):
        message = "means nothing here: the engine checks the condition itself; keep `check` or `confirmed_by`"
        yield document.finding((*path, "confirmed_by"), message)
    for position, actor in enumerate(item.get("confirmed_by") or ()):
        if isinstance(actor, str) and actor.partition(":")[0] not in ("service", "agent"):
            message = "names no service: a person who may confirm it has it (`owner`)"
            yield document.finding((*path, "confirmed_by", position), message)
