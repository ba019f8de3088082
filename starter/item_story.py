"""What happens to work items, in words: part of the story."""

from collections.abc import Callable
from typing import Any

from escalation.model import events as e
from starter.when import show

Says = tuple[str, str, bool]
"""What happened, why, and whether responsibility changed."""


def _added(event: e.ItemAdded, name: Callable[[str], str]) -> Says:
    kind = "action item" if event.kind == "action" else f"{event.kind}"
    waits = f", after {', '.join(event.blocked_by)}" if event.blocked_by else ""
    cause = f"{event.cause.replace('_', ' ')}; " if event.cause is not None else ""
    return f"{kind} {event.item} for {name(event.owner)}: {event.title}", f"{cause}due {show(event.due)}{waits}", False


def _chased(event: e.ItemChased, name: Callable[[str], str]) -> Says:
    asked = f", told: {', '.join(map(name, event.asked))}" if event.asked else ""
    return f"action item {event.item} late: reminder {event.times}{asked}", "", False


def _blocked(event: e.ItemBlocked, _: Callable[[str], str]) -> Says:
    waits = f" by {', '.join(event.blocked_by)}" if event.blocked_by else ""
    return f"work item {event.item} is blocked{waits}", event.because, False


def _decided(event: e.CheckDecided, _: Callable[[str], str]) -> Says:
    if event.approved:
        return f"work item {event.item} approved ({event.digest})", event.because, False
    return f"work item {event.item} rejected: a {event.defect} defect", event.because, False


def _submitted(event: e.CheckSubmitted, _: Callable[[str], str]) -> Says:
    voids = ": the approval before is void" if event.voids else ""
    return f"work item {event.item} submitted for approval ({event.digest}){voids}", event.content, False


def _checked(event: e.DependencyChecked, _: Callable[[str], str]) -> Says:
    return f"dependency {event.item} {'holds' if event.ok else 'does not hold'}", event.detail, False


ITEMS: dict[type[e.EventBase], Callable[[Any, Callable[[str], str]], Says]] = {
    e.ItemAdded: _added,
    e.ItemGivenBack: lambda v, name: (
        f"action item {v.item} falls to {name(v.owner)}: {name(v.was)} is not known",
        v.because,
        True,
    ),
    e.ItemClaimed: lambda v, name: (f"work item {v.item} claimed by {name(v.by)}", "", True),
    e.ItemStarted: lambda v, _: (f"work item {v.item} begun", "", False),
    e.ItemBlocked: _blocked,
    e.ItemReady: lambda v, _: (f"work item {v.item} is ready", v.because, False),
    e.ItemReassigned: lambda v, name: (
        f"work item {v.item} given to {name(v.owner)}, it was that of {name(v.was)}",
        v.because,
        True,
    ),
    e.ItemPostponed: lambda v, _: (
        f"work item {v.item} due {show(v.due)}, it was due {show(v.was_due)}",
        v.because,
        False,
    ),
    e.ItemDropped: lambda v, _: (f"work item {v.item} dropped", v.because, False),
    e.ItemCompleted: lambda v, _: (f"action item {v.item} done", v.result, False),
    e.ItemReminded: lambda v, _: (f"work item {v.item} is due soon: reminder", "", False),
    e.ItemChased: _chased,
    e.CheckSubmitted: _submitted,
    e.CheckDecided: _decided,
    e.CheckpointConfirmed: lambda v, _: (f"checkpoint {v.item} confirmed", v.detail, False),
    e.DependencyChecked: _checked,
    e.InputAnswered: lambda v, _: (f"input {v.item} is there: {v.text}", "", False),
    e.ActionLineUnread: lambda v, _: (f"line {v.line} is no action item", f"it {v.hint}", False),
}
