"""What follows between linked escalations: the other one is told, and the owner of this one."""

from collections.abc import Iterator
from typing import Literal

from escalation.lifecycle.case.links import above, mirrored
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions.common import Reaction, key_of, owner_of, tell_owner
from escalation.lifecycle.sentences import sentence, told
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
    yield from _news(
        state, event, sentence("linked", other=event.other, relation=event.relation, because=event.because)
    )


def _removed(state: Escalation, event: e.LinkRemoved) -> Iterator[Action]:
    if not event.key:
        yield _tell(state, event, event.other, "related", "unlinked")
        return
    yield from _news(state, event, sentence("unlinked", other=event.other, because=event.because))


def _status_told(state: Escalation, event: e.StatusTold) -> Iterator[Action]:
    for other, link in state.links.items():
        if not link.lost:
            yield _tell(state, event, other, link.relation, "status")


def _ancestry_told(state: Escalation, event: e.AncestryTold) -> Iterator[Action]:
    for other, link in state.links.items():
        if link.relation == "child" and not link.lost:
            yield _tell(state, event, other, link.relation, "status")


def _status_heard(state: Escalation, event: e.StatusHeard) -> Iterator[Action]:
    link = state.links.get(event.other)
    relation = link.relation if link is not None else ""
    english = f"the linked {event.other}{f' ({relation})' if relation else ''} is now: {event.status}"
    what = told("link_status", english, other=event.other, relation=relation, status=event.status)
    yield from _news(state, event, what)


def _lost(state: Escalation, event: e.LinkLost) -> Iterator[Action]:
    yield from _news(state, event, sentence("link_lost", other=event.other, because=event.because))


def _children_awaited(state: Escalation, event: e.ChildrenAwaited) -> Iterator[Action]:
    text = sentence("children_awaited", others=event.children)
    yield from tell_owner(state, event, text, summary=text, kind=MessageKind.ITEM)


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
        above=above(state) if relation == "child" else (),
        summary=f"tell {other}: {what if what != 'status' else state.status}",
    )


def _news(state: Escalation, event: e.Event, what: Sentence) -> Iterator[Action]:
    if event.by not in owner_of(state):
        yield from tell_owner(state, event, what, summary=what)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.LinkAdded: _added,
    e.LinkRemoved: _removed,
    e.StatusTold: _status_told,
    e.AncestryTold: _ancestry_told,
    e.StatusHeard: _status_heard,
    e.LinkLost: _lost,
    e.ChildrenAwaited: _children_awaited,
}
