"""Receipts: who is to confirm to have read something, who has, who is reminded; in the end the speaker is told."""

from escalation.errors import AlreadyDone, NotAllowed
from escalation.lifecycle import permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.statements.stakeholders import of
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.communication import Standing
from escalation.values import ENGINE, Actor

REMINDED, GIVEN_UP = 1, 2
"""First they are reminded; then whoever speaks to them is told, and may ask in another way."""


def confirm(draft: Draft, command: c.ConfirmRead) -> None:
    """Confirm to have read the latest updates that one was sent."""
    state, talk = draft.state, of(draft.state)
    permissions.require_person(command.by, "confirm_read")
    permissions.refuse_concerned(state, command.by)
    policy = state.playbook.communication
    asked = [
        name
        for name, each in talk.stakeholders.items()
        if command.by in each.people and policy is not None and policy.audience(each.audience).receipt is not None
    ]
    if not asked:
        raise NotAllowed(f"{command.by} was sent nothing of {state.id} that asks for a receipt")
    unread = tuple(name for name in asked if command.by not in talk.stakeholders[name].read_by)
    if not unread:
        raise AlreadyDone(f"{command.by} has confirmed the latest update of {state.id} already")
    draft.record(e.ReadConfirmed, stakeholders=unread)


def unread(standing: Standing) -> tuple[Actor, ...]:
    """Return who has not confirmed to have read the latest."""
    return tuple(person for person in standing.people if person not in standing.read_by)


def overdue(draft: Draft, name: str) -> None:
    """Not everybody has confirmed in time."""
    state, standing = draft.state, of(draft.state).stakeholders[name]
    policy = state.playbook.communication
    receipt = policy.audience(standing.audience).receipt if policy is not None else None
    times = standing.receipt_chased + 1
    again = draft.now + receipt.chase if receipt is not None and times < GIVEN_UP else None
    draft.record(e.ReceiptOverdue, by=ENGINE, stakeholder=name, times=times, unread=unread(standing), next_due=again)
