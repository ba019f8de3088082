"""What becomes of a work item on its way: claimed, begun, blocked, given to somebody else, put off, dropped."""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import checklists, dependencies, item_powers, item_times, work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.review import GOES_LIVE
from escalation.playbook.work import ItemKind


def claim(draft: Draft, command: c.ClaimItem) -> None:
    """Take an item that was offered to several; whoever answers for the escalation may take any of those too."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    if item.owner == command.by:
        raise AlreadyDone(f"work item {item.id} is yours already")
    if item.claimed:
        raise AlreadyDone(
            f"work item {item.id} is that of {item.owner} already; reassign_item gives it to somebody else"
        )
    item_powers.require_worker(state, item, command.by, "claim_item")
    draft.record(e.ItemClaimed, item=item.id, was=item.owner)


def start(draft: Draft, command: c.StartItem) -> None:
    """Begin, or go on after a block."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_worker(state, item, command.by, "start_item")
    if item.kind is ItemKind.INPUT:
        raise NotNow(f"work item {item.id} is an input that {item.owner} has to supply: answer_input")
    if item.waits:
        item_powers.require_free(state, item, "start_item")
    if item.started_at is not None and not item.blocked_because:
        raise AlreadyDone(f"work item {item.id} was begun at {item.started_at:%Y-%m-%d %H:%M %Z}")
    work_items.claim_if_offered(draft, item)
    draft.record(e.ItemStarted, item=item.id)


def block(draft: Draft, command: c.BlockItem) -> None:
    """It cannot go on: because of other items, or of something that has no item."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_worker(state, item, command.by, "block_item")
    dependencies.require_open(state, command.blocked_by)
    fresh = tuple(dict.fromkeys(other for other in command.blocked_by if other not in item.blocked_by))
    if command.blocked_by and not fresh:
        raise AlreadyDone(f"work item {item.id} waits for {', '.join(item.blocked_by)} already")
    dependencies.refuse_cycle(state, item.id, fresh)
    draft.record(e.ItemBlocked, item=item.id, because=command.because, blocked_by=fresh)


def drop(draft: Draft, command: c.DropItem) -> None:
    """It will not be done. What others stand behind, only whoever answers for the escalation drops."""
    permissions.require_person(command.by, "drop_item")
    state = draft.state
    permissions.require_member(state, command.by)
    item = item_powers.find_open(state, command.item)
    if item.looks_back:
        at = "a use of the exception procedure" if item.bypass else "an approval"
        raise NotAllowed(f"work item {item.id} looks at {at}; it is done, and not dropped")
    if item.lesson and state.lessons[item.lesson].kind in GOES_LIVE:
        raise NotAllowed(
            f"work item {item.id} is the change of lesson {item.lesson}, which is followed until it is live: "
            "complete_change ends it, reassign_item and postpone_item are possible"
        )
    guards = (
        item.approval is not None or item.kind is ItemKind.DEPENDENCY or bool(item.before) or item.defect is not None
    )
    own = command.by == item.owner and not guards
    asked_for = item.kind is ItemKind.INPUT and command.by == item.by
    if not own and not asked_for and not item_powers.is_accountable(state, command.by):
        others = f"{item.owner} or " if not guards else ""
        raise NotAllowed(f"work item {item.id} is dropped by {others}{state.accountable}, not by {command.by}")
    draft.record(e.ItemDropped, item=item.id, because=command.because)
    english = f"{item.id} is not waited for any more: {command.because}"
    dependencies.release(draft, item, grounds.of("item_not_awaited", english, item=item.id, because=command.because))


def reassign(draft: Draft, command: c.ReassignItem) -> None:
    """Give it to somebody else by name, or offer it to others."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_worker(state, item, command.by, "reassign_item")
    item_powers.require_holder(state, command.to)
    if command.to == item.owner:
        raise AlreadyDone(f"work item {item.id} is that of {item.owner} already")
    used = next((each for each in state.bypasses if item.bypass and each.id == item.bypass), None)
    if used is not None and command.to == used.by:
        raise NotAllowed(f"{used.by} used the exception procedure, and somebody else has to look at it")
    given = next((each for each in state.approval_reviews if each.id == item.approval_review), None)
    if given is not None and command.to in given.approved_by:
        raise NotAllowed(f"{command.to} gave this approval, and somebody else has to look at it")
    if state.rules >= 2 and item.pending and checklists.decides_alone(item, command.to):
        raise NotAllowed(
            f"nobody but {command.to} was asked to approve what was submitted of work item {item.id}, and nobody "
            "approves their own: let them decide first (approve_check, reject_check), or name somebody else"
        )
    draft.record(
        e.ItemReassigned,
        item=item.id,
        owner=command.to,
        was=item.owner,
        because=command.because,
        claim_due=item_times.claim_due(state, command.to, max(item.due, draft.now), draft.now),
    )


def postpone(draft: Draft, command: c.PostponeItem) -> None:
    """Set another due time; it counts as if it had been so from the beginning."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_worker(state, item, command.by, "postpone_item")
    item_powers.require_later(command.due, draft.now)
    if command.due == item.due:
        raise AlreadyDone(f"work item {item.id} is due {item.due:%Y-%m-%d %H:%M %Z} already")
    draft.record(
        e.ItemPostponed,
        item=item.id,
        due=command.due,
        was_due=item.due,
        because=command.because,
        remind_at=item_times.remind_at(state, command.due, draft.now),
    )
