"""What follows from work items: whoever has one, or may have it, is told; late, more and more people are."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds, offers
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of, tell_accountable
from escalation.lifecycle.sentences import sentence, told
from escalation.lifecycle.work import item_powers, item_words
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.items import Item
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import Actor, ActorKind, kind_of

UP = "up"


def _tell(state: Escalation, event: e.Event, item: Item, text: words.Words, summary: str) -> Iterator[Action]:
    """Tell whoever has an item; where it is offered, look up whose it may be."""
    if item_powers.is_target(item.owner):
        yield find(state, event, f"item:{item.id}", (item.owner,), f"find who may have work item {item.id}")
    elif item.kind is ItemKind.INPUT and not item_powers.is_person(item.owner):
        if item.owner == state.requested_by or kind_of(item.owner) is ActorKind.CUSTOMER:
            customer = kind_of(item.owner) is ActorKind.CUSTOMER
            asks, kind = item_words.input_needed(state, item), MessageKind.CUSTOMER if customer else MessageKind.INPUT
            how, matter = f"ask {item.owner} for input {item.id}", offers.item(item, item.owner)
            yield notify(state, event, item.owner, kind, asks, summary=how, matter=matter)
    else:
        matter = offers.item(item, item.owner)
        yield notify(state, event, item.owner, MessageKind.ITEM, text, summary=summary, matter=matter)


def _named(state: Escalation, item: str) -> dict[str, str]:
    """Name an item in a sentence: an id alone says nothing to somebody who has several."""
    return {"item": item, "title": item_words.short_title(state.items[item])}


def _news(state: Escalation, event: e.Event, what: Sentence, *people: Actor | None) -> Iterator[Action]:
    """Tell people of the working group something about an item, but not whoever did it."""
    text = words.news(state, what)
    for person in dict.fromkeys(people):
        if person is not None and item_powers.is_person(person) and person != event.by:
            yield notify(state, event, person, MessageKind.NEWS, text, summary=f"tell {person}: {what}"[:200])


def _item_added(state: Escalation, event: e.ItemAdded) -> Iterator[Action]:
    item = state.items[event.item]
    if item.open:
        text = item_words.item_due(state, item)
        yield from _tell(state, event, item, text, f"give action item {event.item} to {event.owner}")


def _item_given_back(state: Escalation, event: e.ItemGivenBack) -> Iterator[Action]:
    item = state.items[event.item]
    what = f"action item {item.id} could not be given to {event.was} ({event.because}); it falls to {event.owner}"
    hint = "complete it, or add it again for somebody who is in the directory"
    said = {"item": item.id, "was": event.was, "because": event.because, "owner": event.owner}
    for person in dict.fromkeys((event.owner, item.by or event.owner)):
        if kind_of(person) is ActorKind.PERSON and person != event.was:
            text = words.news(state, told("item_given_back", f"{what}: {hint}", **said))
            yield notify(state, event, person, MessageKind.WARNING, text, summary=f"tell {person}: {what}")
    yield from tell_accountable(state, event, told("item_given_back", what, **said))


def _item_completed(state: Escalation, event: e.ItemCompleted) -> Iterator[Action]:
    if state.rules >= 2 and kind_of(event.by) is not ActorKind.SYSTEM:
        named = _named(state, event.item)
        result = f": {event.result}" if event.result else ""
        english = f"{event.by} did your work item {event.item} ({named['title']}); there is nothing left to do{result}"
        what = told("item_done", english, **named, by=event.by, result=event.result)
        yield from _news(state, event, what, state.items[event.item].owner)


def _item_reminded(state: Escalation, event: e.ItemReminded) -> Iterator[Action]:
    item = state.items[event.item]
    yield from _tell(state, event, item, item_words.item_due(state, item), f"remind {item.owner} of {item.id}")


def _item_chased(state: Escalation, event: e.ItemChased) -> Iterator[Action]:
    item = state.items[event.item]
    if item.pending and item.approval is not None:
        targets = (*item.approval.approvers, *event.asked)
        yield find(state, event, f"check:{item.round}", targets, f"find who may approve work item {item.id}")
        return
    yield from _tell(state, event, item, item_words.item_due(state, item), f"remind {item.owner} of {item.id}")
    if event.asked:
        purpose = f"item:{item.id}/{UP}{event.times}"
        yield find(state, event, purpose, event.asked, f"find who is told: action item {item.id} is late")
    elif event.times % 2 == 0:
        yield from tell_accountable(state, event, item_words.late(item, f"action item {item.id} is late"))


def offered(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Offer an item to whoever was found, or tell them that it is late."""
    item_id, _, why = reference.partition("/")
    item = state.items.get(item_id)
    if item is None or not item.open:
        return
    late = f"action item {item.id} is late: {item_powers.standing(item)}, due {words.instant(item.due)}"
    text = words.news(state, item_words.late(item, late)) if why else item_words.item_due(state, item)
    kind = MessageKind.WARNING if why else MessageKind.ITEM
    for found in event.found.people:
        if found.person != item.owner:
            summary = (
                f"tell {found.person}: {item.id} is late" if why else f"offer work item {item.id} to {found.person}"
            )
            matter = offers.NOTHING if why else offers.item(item, found.person)
            yield notify(state, event, found.person, kind, text, summary=summary, matter=matter)


def _item_ready(state: Escalation, event: e.ItemReady) -> Iterator[Action]:
    item = state.items[event.item]
    if item.open:
        text = item_words.ready(state, item, grounds.given(event))
        yield from _tell(state, event, item, text, f"tell {item.owner}: {item.id} is ready")


def _item_blocked(state: Escalation, event: e.ItemBlocked) -> Iterator[Action]:
    what = sentence("item_blocked", **_named(state, event.item), because=event.because)
    yield from _news(state, event, what, *owner_of(state), state.items[event.item].owner)


def _item_reassigned(state: Escalation, event: e.ItemReassigned) -> Iterator[Action]:
    item = state.items[event.item]
    text = item_words.item_due(state, item)
    yield from _tell(state, event, item, text, f"give work item {item.id} to {item.owner}")
    what = sentence("item_reassigned", **_named(state, item.id), owner=event.owner, because=grounds.given(event))
    yield from _news(state, event, what, *(person for person in (event.was,) if person != event.owner))


def _item_postponed(state: Escalation, event: e.ItemPostponed) -> Iterator[Action]:
    what = sentence("item_postponed", **_named(state, event.item), due=event.due, because=event.because)
    yield from _news(state, event, what, *owner_of(state), state.items[event.item].owner)


def _item_dropped(state: Escalation, event: e.ItemDropped) -> Iterator[Action]:
    what = sentence("item_dropped", **_named(state, event.item), because=grounds.given(event))
    yield from _news(state, event, what, *owner_of(state), state.items[event.item].owner)


def _check_submitted(state: Escalation, event: e.CheckSubmitted) -> Iterator[Action]:
    item = state.items[event.item]
    if item.approval is not None:
        purpose = f"check:{item.round}"
        yield find(state, event, purpose, item.approval.approvers, f"find who may approve work item {item.id}")


def asked_to_approve(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Ask whoever was found to decide, but not whoever did what is to be decided on."""
    item = state.items.get(reference.partition("/")[0])
    if item is None or item.approval is None or not item.pending or reference != item.round:
        return
    for found in event.found.people:
        if found.person not in (item.owner, item.approval.submitted_by):
            text = item_words.to_approve(state, item, found.person)
            summary = f"ask {found.person} to approve work item {item.id}"
            matter = offers.check(item)
            yield notify(state, event, found.person, MessageKind.APPROVAL, text, summary=summary, matter=matter)


def _check_decided(state: Escalation, event: e.CheckDecided) -> Iterator[Action]:
    item = state.items[event.item]
    how = "approved" if event.approved else f"rejected, a {event.defect} defect: {event.because}"
    by = item.approval.submitted_by if item.approval is not None else None
    english, because = f"work item {item.id} is {how}", event.because
    what = told(
        "item_decided", english, **_named(state, item.id), approved=event.approved, defect=event.defect, because=because
    )
    yield from _news(state, event, what, item.owner, by)


def _dependency_checked(state: Escalation, event: e.DependencyChecked) -> Iterator[Action]:
    item = state.items[event.item]
    if not event.ok:
        what = f"dependency {item.id} does not hold: {event.detail or 'no detail was given'}"
        waiting = (state.items[other].owner for other in item.blocks if state.items[other].open)
        said = told("dependency_fails", what, item=item.id, because=grounds.given(event))
        yield from _news(state, event, said, item.owner, *owner_of(state), *waiting)


def _input_answered(state: Escalation, event: e.InputAnswered) -> Iterator[Action]:
    item = state.items[event.item]
    what = sentence("input_answered", **_named(state, item.id), text=event.text)
    yield from _news(state, event, what, item.by, *owner_of(state))


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.ItemAdded: _item_added,
    e.ItemGivenBack: _item_given_back,
    e.ItemCompleted: _item_completed,
    e.ItemReminded: _item_reminded,
    e.ItemChased: _item_chased,
    e.ItemReady: _item_ready,
    e.ItemBlocked: _item_blocked,
    e.ItemReassigned: _item_reassigned,
    e.ItemPostponed: _item_postponed,
    e.ItemDropped: _item_dropped,
    e.CheckSubmitted: _check_submitted,
    e.CheckDecided: _check_decided,
    e.DependencyChecked: _dependency_checked,
    e.InputAnswered: _input_answered,
}
