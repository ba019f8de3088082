"""Work items by their id, and who may do what with one. Refusals name the item, who has it, and what is possible."""

from datetime import datetime

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.explain import did_you_mean
from escalation.lifecycle import permissions
from escalation.model.items import Item
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import Actor, ActorKind, Holder, kind_of

ENDED_BY = {
    ItemKind.CHECKPOINT: "confirm_checkpoint",
    ItemKind.DEPENDENCY: "report_check",
    ItemKind.INPUT: "answer_input",
}
"""With which command an item of a kind is brought to its end; any other with ``complete_item``, or ``submit_check``."""


def command_of(item: Item) -> str:
    """Name the command that brings an item to its end."""
    return ENDED_BY.get(item.kind, "submit_check" if item.approval is not None else "complete_item")


def find(state: Escalation, item_id: str) -> Item:
    """Return an item by its id.

    Raises:
        Unknown: naming the ids there are, and the one that was probably meant.
    """
    item = state.items.get(item_id)
    if item is None:
        open_ids = [each.id for each in state.open_items]
        hint = did_you_mean(item_id, list(state.items)) if len(state.items) > 1 else ""
        ids = ", ".join(state.items) if len(state.items) <= 20 else f"these that are open: {', '.join(open_ids[:40])}"
        raise Unknown(f"{state.id} has no work item {item_id}; it has {ids or 'none'}{hint}")
    return item


def find_open(state: Escalation, item_id: str) -> Item:
    """Return an item that is neither done nor dropped.

    Raises:
        Unknown: there is no such item.
        AlreadyDone: saying when it was done, or dropped.
    """
    item = find(state, item_id)
    if item.done_at is not None:
        how = "dropped" if item.dropped else "done"
        by = f" by {item.done_by}" if item.done_by is not None else ""
        raise AlreadyDone(f"work item {item.id} was {how} at {item.done_at:%Y-%m-%d %H:%M %Z}{by}")
    return item


def require_kind(item: Item, kind: ItemKind, command: str) -> None:
    """Refuse a command that is for items of another kind.

    Raises:
        NotNow: naming the command that fits.
    """
    if item.kind is not kind:
        raise NotNow(
            f"{command} is for a {kind}, and {item.id} is a work item of kind {item.kind}: use {command_of(item)}"
        )


def is_accountable(state: Escalation, actor: Actor) -> bool:
    """Tell whether somebody answers for the whole escalation."""
    return actor == state.accountable


def require_worker(state: Escalation, item: Item, actor: Actor, command: str) -> None:
    """Refuse whoever neither has the item, was offered it, nor answers for the escalation.

    Raises:
        NotAllowed: naming who may.
    """
    permissions.require_person(actor, command)
    permissions.require_member(state, actor)
    if actor not in (item.owner, *item.people) and not is_accountable(state, actor):
        others = ", ".join(item.people)
        offered = f", offered to {others}" if others and not item.claimed else ""
        also = f" or {state.accountable}" if state.accountable != item.owner else ""
        raise NotAllowed(f"work item {item.id} is that of {item.owner}{offered}; they{also} may {command}, not {actor}")


def require_free(state: Escalation, item: Item, command: str) -> None:
    """Refuse to end what still waits for other items.

    Raises:
        NotNow: naming what it waits for, and whose that is.
    """
    waits = [standing(state.items[other]) for other in (*item.awaits, *item.blocked_by)]
    if waits:
        raise NotNow(f"{command}: work item {item.id} waits for {'; '.join(waits)}")
    if item.blocked_because:
        raise NotNow(
            f"{command}: work item {item.id} is blocked ({item.blocked_because}); start_item says that it goes on"
        )


def require_holder(state: Escalation, holder: Holder) -> None:
    """Refuse to give work to an AI, a service or a customer, or to whom the case is about.

    Raises:
        NotAllowed: saying what was expected.
    """
    if holder.partition(":")[0] in set(ActorKind):
        permissions.require_person(holder, "having a work item")
        permissions.refuse_concerned(state, holder)


def require_later(due: datetime, now: datetime) -> None:
    """Refuse a due time that has passed.

    Raises:
        NotNow: naming it.
    """
    if due <= now:
        raise NotNow(f"the due time of a work item has passed already: {due:%Y-%m-%d %H:%M %Z}")


def standing(item: Item) -> str:
    """Say which item it is, whose, and how it stands, without a word of what people wrote."""
    named = f"{item.template}, " if item.template else ""
    return f"{item.id} ({named}{item.kind} of {item.owner}, {str(item.state).replace('_', ' ')})"


def is_person(holder: Holder) -> bool:
    """Tell a person from a target and from everything else."""
    return holder.startswith("person:")


def is_target(holder: Holder) -> bool:
    """Tell a target whose people still have to be found."""
    return holder.partition(":")[0] not in set(ActorKind)


def by_machine(item: Item, actor: Actor) -> bool:
    """Tell whether a service or an AI speaks that the item names.

    Raises:
        NotAllowed: one that the item does not name.
    """
    if kind_of(actor) is ActorKind.PERSON:
        return False
    if actor not in item.confirmed_by:
        who = f"or {', '.join(item.confirmed_by)}, which it names" if item.confirmed_by else "and it names no service"
        raise NotAllowed(f"work item {item.id} is confirmed by a person, {who}: {actor} may not")
    return True
