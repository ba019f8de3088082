"""Action items: each has an owner and a due time, and is chased until it is done."""

from datetime import datetime

from escalation.errors import AlreadyDone, NotAllowed, NotNow, Unknown
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.parts import Item
from escalation.model.review import GOES_LIVE
from escalation.values import ENGINE, Actor


def add_item(draft: Draft, command: c.AddItem) -> None:
    """Add an action item by hand."""
    permissions.require_person(command.by, "add_item")
    permissions.require_member(draft.state, command.by)
    add(draft, command.title, command.owner, command.due)


def add(draft: Draft, title: str, owner: Actor, due: datetime) -> None:
    """Add an action item; its owner is a person and joins the working group."""
    require_due(draft, owner, due)
    record(draft, title, owner, due)


def require_due(draft: Draft, owner: Actor, due: datetime) -> None:
    """Refuse an owner who is no person or is concerned, and a due time that has passed."""
    permissions.require_person(owner, "owning an action item")
    permissions.refuse_concerned(draft.state, owner)
    if due <= draft.now:
        raise NotNow(f"the due time of an action item has passed already: {due:%Y-%m-%d %H:%M %Z}")


def record(draft: Draft, title: str, owner: Actor, due: datetime, **because_of: str) -> None:
    """Add what the rules themselves ask for: nothing here is refused, an answer of the world must never be.

    ``because_of``: the use of the exception procedure (``bypass``), the ``automation`` or the ``lesson`` that it comes
    from, and who it is ``by``, where that is not whoever sent the command.
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
    lesson = state.lessons.get(item.lesson)
    if lesson is not None and lesson.kind in GOES_LIVE:
        raise NotNow(
            f"action item {item.id} is the change of lesson {lesson.id} ({lesson.kind}), done when it is live: "
            f"complete_change with lesson {lesson.id} and live_as"
        )
    used = next((each for each in state.bypasses if item.bypass and each.id == item.bypass), None)
    if used is not None and (command.by == used.by or command.by != item.owner != used.by):
        whom = f"{item.owner} does" if item.owner != used.by else "somebody else has to"
        raise NotAllowed(f"{used.by} used the exception procedure, and {whom} look at it, not {command.by}")
    given = next((each for each in state.approval_reviews if item.approval and each.id == item.approval), None)
    if given is not None:
        _require_another(item, given.approved_by, command.by)
    draft.record(e.ItemCompleted, item=item.id, result=command.result)


def _require_another(item: Item, approved_by: tuple[Actor, ...], by: Actor) -> None:
    """Refuse that whoever approved looks at it, or anybody beside the one whose item it is."""
    whom = item.owner if item.owner not in approved_by else "somebody else"
    if by in approved_by or (whom == item.owner and by != item.owner):
        raise NotAllowed(
            f"{whom} looks at this approval, not {by}; it was given by {', '.join(approved_by) or 'silence'}"
        )


def due(draft: Draft, item_id: str) -> None:
    """An action item is late: its owner is reminded, every second time the accountable person too."""
    item = draft.state.items[item_id]
    again = draft.now + draft.state.playbook.review.remind
    draft.record(e.ItemChased, by=ENGINE, item=item.id, times=item.chased + 1, next_due=again)
