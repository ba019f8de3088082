"""Action items: each has an owner and a due time, and is chased until it is done."""

from datetime import datetime

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import checkpoints, permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.values import ENGINE, Actor


def add_item(draft: Draft, command: c.AddItem) -> None:
    """Add an action item by hand."""
    permissions.require_person(command.by, "add_item")
    permissions.require_member(draft.state, command.by)
    add(draft, command.title, command.owner, command.due)


def add(draft: Draft, title: str, owner: Actor, due: datetime) -> None:
    """Add an action item; its owner is a person and joins the working group."""
    permissions.require_person(owner, "owning an action item")
    permissions.refuse_concerned(draft.state, owner)
    if due <= draft.now:
        raise NotNow(f"the due time of an action item has passed already: {due:%Y-%m-%d %H:%M %Z}")
    record(draft, title, owner, due)


def record(draft: Draft, title: str, owner: Actor, due: datetime, **because_of: str) -> None:
    """Add what the rules themselves ask for: nothing here is refused, an answer of the world must never be.

    ``because_of``: the use of the exception procedure (``bypass``) or the ``automation`` that it comes from, and who it
    is ``by``, where that is not whoever sent the command.
    """
    item = f"i{len(draft.state.items) + 1}"
    draft.record(e.ItemAdded, item=item, title=title, owner=owner, due=due, **because_of)


def give_back(draft: Draft, was: Actor, because: str) -> None:
    """Nobody knows whom action items were given to: the owner has them, rather than nobody."""
    state = draft.state
    if state.ended or state.owner is None or state.owner.actor == was:
        return
    for item in state.open_items:
        if item.owner == was:
            owner = state.owner.actor
            draft.record(e.ItemGivenBack, by=ENGINE, item=item.id, owner=owner, was=was, because=because)


def complete(draft: Draft, command: c.CompleteItem) -> None:
    """Say that an action item is done."""
    permissions.require_person(command.by, "complete_item")
    state = draft.state
    permissions.require_member(state, command.by)
    item = state.items.get(command.item)
    if item is None:
        ids = ", ".join(state.items) or "none"
        raise Unknown(f"{state.id} has no action item {command.item}; it has {ids}")
    if item.done_at is not None:
        raise AlreadyDone(f"action item {item.id} was done at {item.done_at:%Y-%m-%d %H:%M %Z}")
    checkpoints.require_free(state, item.id)
    used = next((each for each in state.bypasses if item.bypass and each.id == item.bypass), None)
    if used is not None and (command.by == used.by or command.by != item.owner != used.by):
        whom = f"{item.owner} does" if item.owner != used.by else "somebody else has to"
        raise NotAllowed(f"{used.by} used the exception procedure, and {whom} look at it, not {command.by}")
    draft.record(e.ItemCompleted, item=item.id, result=command.result)


def due(draft: Draft, item_id: str) -> None:
    """An action item is late: its owner is reminded, every second time the accountable person too."""
    item = draft.state.items[item_id]
    again = draft.now + draft.state.playbook.review.remind
    draft.record(e.ItemChased, by=ENGINE, item=item.id, times=item.chased + 1, next_due=again)
