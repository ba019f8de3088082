"""The context packet's version, and of each part who supplied it last, from where, in which version."""

from collections.abc import Callable, Iterable
from typing import Any

from escalation.lifecycle.changes.common import Changes, new
from escalation.model import events as e
from escalation.model.parts import PacketPart
from escalation.model.state import Escalation
from escalation.model.timeline import EntryKind

_CONTEXT = (
    "summary",
    "conversation",
    "attempted_solutions",
    "impact",
    "constraints",
    "help_needed",
    "attachments",
)


def versioned(state: Escalation, event: e.EventBase) -> Changes:
    """Return the packet's next version when the event changed it; ``state`` is the one before."""
    changed = tuple(PARTS[type(event)](event))
    if not changed:
        return {}
    version = state.packet_version + 1
    writer = event.writer if isinstance(event, e.EntryPosted) else event.by
    source = event.__dict__.get("source") or ""  # few events have one, and to ask for what a record lacks is slow
    part = new(PacketPart, version=version, by=writer, at=event.at, source=str(source))
    return {"packet_version": version, "packet_parts": {**state.packet_parts, **dict.fromkeys(changed, part)}}


def _opened(event: e.Opened) -> Iterable[str]:
    yield from (name for name in _CONTEXT if getattr(event.context, name))
    if event.customer is not None:
        yield "customer"
    yield from _facts(event)
    yield "case"


def _facts(event: Any) -> Iterable[str]:
    return (f"facts.{name}" for name in event.facts)


def _provided(event: e.InputProvided) -> Iterable[str]:
    yield from (name for name in (*_CONTEXT, "customer") if getattr(event, name))
    yield from _facts(event)


def _joined(event: e.Joined) -> Iterable[str]:
    if event.conversation:
        yield "conversation"
    yield from _facts(event)


def _posted(event: e.EntryPosted) -> Iterable[str]:
    if event.kind is EntryKind.EXECUTION:
        yield "steps_taken"


PARTS: dict[type[e.EventBase], Callable[[Any], Iterable[str]]] = {
    e.Opened: _opened,
    e.InputProvided: _provided,
    e.Joined: _joined,
    e.FactsChanged: _facts,
    e.CaseLinked: lambda event: ("crm_snapshot",) if event.link.snapshot is not None else (),
    e.Attached: lambda _: ("attachments",),
    e.EntryPosted: _posted,
}
"""Events that may change the packet, and which parts of it."""
