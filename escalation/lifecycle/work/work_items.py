"""Work items: each has an owner and a due time, and is followed until it is done; nothing closes over an open one."""

from datetime import datetime
from typing import Any

from escalation.errors import NotAllowed, NotNow, TooLarge
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.incident import plan_checkpoints
from escalation.lifecycle.work import dependencies, item_powers, item_times
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.items import Item
from escalation.model.review import GOES_LIVE
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import ENGINE, Actor, Holder

MOST_ITEMS = 200
"""How many work items an escalation may have, done ones included."""


def add_item(draft: Draft, command: c.AddItem) -> None:
    """Add a work item by hand."""
    permissions.require_person(command.by, "add_item")
    state = draft.state
    permissions.require_member(state, command.by)
    if command.kind is ItemKind.INPUT:
        raise NotNow("what somebody has to supply is asked for with request_input")
    if command.approvers and command.kind not in (ItemKind.CHECKLIST, ItemKind.CHECKPOINT):
        raise NotAllowed(f"approvers are for a checklist or a checkpoint, and this is of kind {command.kind}")
    dependencies.require_open(state, (*command.blocked_by, *command.blocks))
    dependencies.refuse_cycle(state, next_id(state), command.blocked_by, command.blocks)
    add(
        draft,
        command.title,
        command.owner,
        command.due,
        kind=command.kind,
        blocked_by=tuple(dict.fromkeys(command.blocked_by)),
        blocks=tuple(dict.fromkeys(command.blocks)),
        before=command.before or "",
        label=command.label or "",
        area=command.area,
        defect=command.severity,
        approvers=command.approvers,
    )


def add(draft: Draft, title: str, owner: Holder, due: datetime, **more: Any) -> None:
    """Add a work item of a person, who joins the working group, or one that is offered to a target's people."""
    item_powers.require_holder(draft.state, owner)
    item_powers.require_later(due, draft.now)
    require_room(draft.state)
    record(draft, title, owner, due, **more)


def require_room(state: Escalation) -> None:
    """Refuse more work items than an escalation may have.

    Raises:
        TooLarge: saying how many there are, and how many may be.
    """
    if state.rules >= 1 and len(state.items) >= MOST_ITEMS:
        raise TooLarge(
            f"{state.id} has {len(state.items)} work items and may have {MOST_ITEMS}; follow the rest in an escalation "
            "or ticket of its own, and link it"
        )


def record(draft: Draft, title: str, owner: Holder, due: datetime, **more: Any) -> None:
    """Add what the rules themselves ask for: nothing here is refused, an answer of the world must never be.

    ``more``: the use of the exception procedure (``bypass``), the ``automation``, ``lesson`` or ``template`` that it
    comes from, who it is ``by`` where that is not whoever sent the command, and whatever else an item says.
    """
    state = draft.state
    draft.record(
        e.ItemAdded,
        item=next_id(state),
        title=title,
        owner=owner,
        due=due,
        remind_at=item_times.remind_at(state, due, draft.now),
        claim_due=item_times.claim_due(state, owner, due, draft.now),
        **more,
    )


def next_id(state: Escalation) -> str:
    """Return the id of the item that is added next."""
    return f"i{len(state.items) + 1}"


def give_back(draft: Draft, was: Actor, because: str) -> None:
    """Nobody knows whom work items were given to: the owner has them, rather than nobody."""
    state = draft.state
    if state.ended or state.owner is None or state.owner.actor == was:
        return
    for item in state.open_items:
        if item.owner == was:
            owner = state.owner.actor
            draft.record(e.ItemGivenBack, by=ENGINE, item=item.id, owner=owner, was=was, because=because)


def complete(draft: Draft, command: c.CompleteItem) -> None:
    """Say that a work item is done."""
    permissions.require_person(command.by, "complete_item")
    state = draft.state
    permissions.refuse_concerned(state, command.by)
    item_powers.find(state, command.item)  # an id that does not exist is said before what one may do with it
    permissions.require_member(state, command.by)
    item = item_powers.find_open(state, command.item)
    if item_powers.command_of(item) != "complete_item":
        raise NotNow(f"{item_powers.standing(item)} is not completed by hand: use {item_powers.command_of(item)}")
    lesson = state.lessons.get(item.lesson)
    if lesson is not None and lesson.kind in GOES_LIVE:
        raise NotNow(
            f"action item {item.id} is the change of lesson {lesson.id} ({lesson.kind}), done when it is live: "
            f"complete_change with lesson {lesson.id} and live_as"
        )
    plan_checkpoints.require_free(state, item.id)
    used = next((each for each in state.bypasses if item.bypass and each.id == item.bypass), None)
    if used is not None and (command.by == used.by or command.by != item.owner != used.by):
        whom = f"{item.owner} does" if item.owner != used.by else "somebody else has to"
        raise NotAllowed(f"{used.by} used the exception procedure, and {whom} look at it, not {command.by}")
    given = next((each for each in state.approval_reviews if each.id == item.approval_review), None)
    if given is not None:
        _require_another(item, given.approved_by, command.by)
    if state.rules >= 1 and used is None and given is None:
        item_powers.require_worker(state, item, command.by, "complete_item")
    item_powers.require_free(state, item, "complete_item")
    claim_if_offered(draft, item)
    draft.record(e.ItemCompleted, item=item.id, result=command.result)
    _let_go_on(draft, item, command.result)


def finish(draft: Draft, item: Item, result: str, by: Actor) -> None:
    """End an item because the change that it follows is live: what waited for it goes on."""
    draft.record(e.ItemCompleted, by=by, item=item.id, result=result)
    if draft.state.rules >= 2:
        _let_go_on(draft, item, result)


def _let_go_on(draft: Draft, item: Item, result: str) -> None:
    english = f"{item.id} is done" + (f": {result}" if result else "")
    dependencies.release(draft, item, grounds.of("item_done", english, item=item.id, detail=result))


def _require_another(item: Item, approved_by: tuple[Actor, ...], by: Actor) -> None:
    """Refuse that whoever approved looks at it, or anybody beside the one whose item it is."""
    whom = item.owner if item.owner not in approved_by else "somebody else"
    if by in approved_by or (whom == item.owner and by != item.owner):
        raise NotAllowed(
            f"{whom} looks at this approval, not {by}; it was given by {', '.join(approved_by) or 'silence'}"
        )


def claim_if_offered(draft: Draft, item: Item) -> None:
    """Whoever begins or ends an item that was offered to several has it: the record names a person."""
    if item_powers.is_target(item.owner):
        draft.record(e.ItemClaimed, item=item.id, was=item.owner)


# --- what is open at the end ------------------------------------------------------------------------------------------


def require_way_to_resolution(state: Escalation) -> None:
    """Refuse to resolve over work that stands before it.

    Raises:
        NotNow: naming each item, whose it is and how it stands.
    """
    worst = state.playbook.items.blocks_resolution
    standing = [
        item_powers.standing(item) + _why(state, item)
        for item in state.open_items
        if item.before or (item.defect is not None and item.defect in worst) or _holds_all(item)
    ]
    if standing:
        raise NotNow(f"{state.id} cannot be resolved yet, these come first: {'; '.join(standing)}")


def _holds_all(item: Item) -> bool:
    return item.kind is ItemKind.INPUT and not item.blocks


def _why(state: Escalation, item: Item) -> str:
    if item.failed:
        return f": {item.failed}"
    if item.defect is not None:
        return f": an open {item.defect} defect"
    if item.kind is ItemKind.INPUT:
        return f": {item.cause} is needed, or drop it with a reason"
    waits = ", ".join(state.items[other].id for other in (*item.awaits, *item.blocked_by))
    return f": waits for {waits}" if waits else ""


def settle_before_end(draft: Draft, command: c.Cancel) -> None:
    """Before it is cancelled: what is open is handed to somebody by name, or dropped for a reason.

    Raises:
        NotNow: a person said neither; names what is open.
    """
    state = draft.state
    left = [item for item in state.open_items if not item.looks_back]
    if state.rules < 1 or not left:
        return
    to = command.hand_items_to
    if to is not None:
        item_powers.require_holder(state, to)
        if command.drop_items:
            raise NotAllowed("hand the open work items to somebody or drop them, not both: hand_items_to or drop_items")
    elif not command.drop_items and item_powers.is_person(command.by):
        named = "; ".join(item_powers.standing(item) for item in left)
        raise NotNow(
            f"{state.id} has open work items: {named}. Say what becomes of them: they go "
            "to somebody (hand_items_to, on the command line --hand-items-to PERSON), or they are dropped (drop_items, "
            "--drop-items)"
        )
    elif not command.drop_items and state.owner is not None:
        to = state.owner.actor  # who is no person cannot be asked, and does not drop what people work on
    english = f"the escalation was cancelled: {command.because}"
    because = grounds.of("cancelled", english, because=command.because)
    if to is None:
        drop_all(draft, because)
        return
    for item in left:
        draft.record(e.ItemReassigned, item=item.id, owner=to, was=item.owner, because=because, handed_on=True)


def drop_all(draft: Draft, because: str) -> None:
    """Drop every open item, each by name; what looks at the exception procedure stays."""
    if draft.state.rules >= 1:
        for item in draft.state.open_items:
            if not item.looks_back:
                draft.record(e.ItemDropped, item=item.id, because=because)
