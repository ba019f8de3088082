"""What follows between linked escalations: the other one is told, and the owner of this one."""

from collections.abc import Iterator
from typing import Literal

from escalation.lifecycle import communication as words
from escalation.lifecycle.links import mirrored
from escalation.lifecycle.reactions.common import Reaction, key_of, notify, owner_of
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind, TellLinked
from escalation.model.parts import Relation
from escalation.model.state import Escalation

What = Literal["linked", "unlinked", "status"]


def _added(state: Escalation, event: e.LinkAdded) -> Iterator[Action]:
    if not event.key:
        yield _tell(state, event, event.other, event.relation, "linked")
        return
    # The other one has said how it stands; now it hears the same of this one.
    yield _tell(state, event, event.other, event.relation, "status")
    yield from _news(state, event, f"{event.other} is linked with it now ({event.relation}): {event.because}")


def _removed(state: Escalation, event: e.LinkRemoved) -> Iterator[Action]:
    if not event.key:
        yield _tell(state, event, event.other, "related", "unlinked")
        return
    yield from _news(state, event, f"{event.other} is not linked with it any more: {event.because}")


def _status_told(state: Escalation, event: e.StatusTold) -> Iterator[Action]:
    for other, link in state.links.items():
        if not link.lost:
            yield _tell(state, event, other, link.relation, "status")


def _status_heard(state: Escalation, event: e.StatusHeard) -> Iterator[Action]:
    link = state.links.get(event.other)
    relation = f" ({link.relation})" if link is not None else ""
    yield from _news(state, event, f"the linked {event.other}{relation} is now: {event.status}")


def _lost(state: Escalation, event: e.LinkLost) -> Iterator[Action]:
    yield from _news(state, event, f"the linked {event.other} cannot be told any more: {event.because}")


def _children_awaited(state: Escalation, event: e.ChildrenAwaited) -> Iterator[Action]:
    text = f"it is closed when these have ended, or are unlinked with a reason: {', '.join(event.children)}"
    for owner in owner_of(state):
        yield notify(state, event, owner, MessageKind.ITEM, words.news(state, text), summary=f"tell {owner}: {text}")


def _tell(state: Escalation, event: e.Event, other: str, relation: Relation, what: What) -> TellLinked:
    return TellLinked(
        key=key_of(state, event, f"link:{other}"),
        to=other,
        other=state.id,
        what=what,
        relation=mirrored(relation),
        status=state.status,
        because=event.because if isinstance(event, e.LinkAdded | e.LinkRemoved) else "",
        on_behalf_of=event.by,
        ended=state.ended,
        summary=f"tell {other}: {what if what != 'status' else state.status}",
    )


def _news(state: Escalation, event: e.Event, text: str) -> Iterator[Action]:
    for owner in owner_of(state):
        if owner != event.by:
            yield notify(
                state, event, owner, MessageKind.NEWS, words.news(state, text), summary=f"tell {owner}: {text}"
            )


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.LinkAdded: _added,
    e.LinkRemoved: _removed,
    e.StatusTold: _status_told,
    e.StatusHeard: _status_heard,
    e.LinkLost: _lost,
    e.ChildrenAwaited: _children_awaited,
}
