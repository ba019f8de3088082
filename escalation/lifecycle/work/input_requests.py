"""Input that somebody has to supply before it goes on: asked for with its cause, chased, and what waited goes on.

What a request lacks before anybody is told is another matter (``packet``).
"""

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import dependencies, item_powers, work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.state import Escalation
from escalation.playbook.work import InputCause, ItemKind
from escalation.values import ActorKind, Holder, kind_of


def ask(draft: Draft, command: c.RequestInput) -> None:
    """Ask for input; the item that is named waits for it, else the whole escalation does."""
    state = draft.state
    permissions.require_member_or_requester(state, command.by)
    if kind_of(command.by) is ActorKind.CUSTOMER:
        raise NotAllowed(f"input is asked for by those who work on {state.id}, not by {command.by}")
    _require_able(state, command.of, command.cause)
    item_powers.require_later(command.due, draft.now)
    if command.item is not None:
        item = item_powers.find_open(state, command.item)
        if item.kind is ItemKind.INPUT:
            raise NotAllowed(f"work item {item.id} is an input request itself; nothing more is asked for it")
    elif state.review is not None or state.waits_for_confirmation:
        raise NotNow(f"{state.id} is waiting on {state.waiting_on}; name the work item that the input is for")
    work_items.require_room(state)
    work_items.record(
        draft,
        command.what,
        command.of,
        command.due,
        kind=ItemKind.INPUT,
        cause=command.cause,
        blocks=(command.item,) if command.item is not None else (),
    )


def _require_able(state: Escalation, of: Holder, cause: InputCause) -> None:
    if item_powers.is_target(of):
        return
    kind = kind_of(of)
    permissions.refuse_concerned(state, of)
    if cause is InputCause.HUMAN_REVIEW and kind is not ActorKind.PERSON:
        raise NotAllowed(f"a human review is asked of a person or a team, and {of} is none")
    known = kind is ActorKind.PERSON or of == state.requested_by or permissions.is_customer(state, of)
    if not known and not (kind is ActorKind.SERVICE and cause is InputCause.SYSTEM_CONFIRMATION):
        raise NotAllowed(
            f"{of} cannot be asked: expected a person, a team, the customer it is about, its requester "
            f"({state.requested_by}), or a service for a system_confirmation"
        )


def answer(draft: Draft, command: c.AnswerInput) -> None:
    """Supply what was asked for: what waited for it goes on."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_kind(item, ItemKind.INPUT, "answer_input")
    if item.cause is InputCause.HUMAN_REVIEW:
        permissions.require_person(command.by, "a human review")
    permissions.refuse_concerned(state, command.by)
    if command.by not in (item.owner, item.by, *item.people) and not item_powers.is_accountable(state, command.by):
        raise NotAllowed(f"{item.owner} has to supply input {item.id}, or {state.accountable} does; not {command.by}")
    draft.record(e.InputAnswered, item=item.id, text=command.text)
    dependencies.release(draft, item, grounds.of("input_there", f"input {item.id} is there", item=item.id))
