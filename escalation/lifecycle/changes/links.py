"""What the events of linked escalations change."""

from escalation.lifecycle.changes.common import Change, Changes, new, with_
from escalation.model import events as e
from escalation.model.parts import Link
from escalation.model.state import Escalation


def _added(state: Escalation, event: e.LinkAdded) -> Changes:
    known = state.links.get(event.other)
    status = event.status or (known.status if known is not None else "")
    link = new(Link, relation=event.relation, by=event.by, because=event.because, status=status, heard=event.key)
    link = with_(link, above=event.above) if event.above else link
    return {"links": {**state.links, event.other: link}}


def _removed(state: Escalation, event: e.LinkRemoved) -> Changes:
    return {"links": {other: link for other, link in state.links.items() if other != event.other}}


def _heard(state: Escalation, event: e.StatusHeard) -> Changes:
    known = state.links.get(event.other)
    if known is None:
        return {}
    return {
        "links": {
            **state.links,
            event.other: with_(known, status=event.status, heard=event.key, lost="", ended=event.ended),
        }
    }


def _ancestry_heard(state: Escalation, event: e.AncestryHeard) -> Changes:
    known = state.links.get(event.other)
    if known is None:
        return {}
    return {"links": {**state.links, event.other: with_(known, above=event.above, heard=event.key, lost="")}}


def _lost(state: Escalation, event: e.LinkLost) -> Changes:
    known = state.links.get(event.other)
    return {"links": {**state.links, event.other: with_(known, lost=event.because)}} if known is not None else {}


def _children_awaited(state: Escalation, event: e.ChildrenAwaited) -> Changes:
    return {"children_due": event.next_due}


CHANGES: dict[type[e.EventBase], Change] = {
    e.LinkAdded: _added,
    e.LinkRemoved: _removed,
    e.StatusHeard: _heard,
    e.AncestryHeard: _ancestry_heard,
    e.LinkLost: _lost,
    e.ChildrenAwaited: _children_awaited,
}
