"""Approvals of single work items: submitted by whoever did it, decided one by one by somebody else who was named.

An approval is bound to the digest of what was submitted. Another content makes it void: a new approval is asked for.
"""

from escalation.errors import AlreadyDone, NotAllowed, NotNow
from escalation.lifecycle import grounds, permissions
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import dependencies, item_powers, item_times
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.items import Approval, Check, Item
from escalation.playbook.work import ItemKind
from escalation.values import Actor, Holder, digest_of


def submit(draft: Draft, command: c.SubmitCheck) -> None:
    """Submit what was done, or something else than before."""
    state = draft.state
    item = item_powers.find(state, command.item)
    item_powers.require_worker(state, item, command.by, "submit_check")
    if item.kind is ItemKind.CHECKPOINT and item.approval is not None and item.approval.round == 0:
        raise NotNow(f"work item {item.id} is a checkpoint: confirm_checkpoint asks for its approval")
    hand_in(draft, item, command.content)


def hand_in(draft: Draft, item: Item, content: str) -> None:
    """Ask for the approval of this content."""
    check = item.approval
    if check is None:
        raise NotNow(f"work item {item.id} needs no approval: use {item_powers.command_of(item)}")
    if item.dropped:
        raise AlreadyDone(f"work item {item.id} was dropped; nobody decides on it")
    item_powers.require_free(draft.state, item, "submit_check")
    digest = digest_of(content)
    if check.state is not None and digest == check.digest:
        raise AlreadyDone(f"this very content of work item {item.id} was submitted already: {_says(item, check)}")
    draft.record(
        e.CheckSubmitted,
        item=item.id,
        content=content,
        digest=digest,
        round=check.round + 1,
        voids=check.state in (Approval.APPROVED, Approval.NEW),
        next_due=draft.now + item_times.chase(draft.state),
    )


def approve(draft: Draft, command: c.ApproveCheck) -> None:
    """Approve what was submitted: the item is done."""
    item, check = _pending(draft, command.item, command.by, "approve_check")
    if command.digest is not None and command.digest != check.digest:
        raise NotNow(
            f"what you saw of work item {item.id} ({command.digest}) is not what is to be approved now "
            f"({check.digest}): look at it again"
        )
    draft.record(e.CheckDecided, item=item.id, digest=check.digest, approved=True, because=command.because)
    dependencies.release(draft, item, grounds.of("item_approved", f"{item.id} is approved", item=item.id))


def reject(draft: Draft, command: c.RejectCheck) -> None:
    """Reject it with a defect: work goes on, until something else is submitted."""
    item, check = _pending(draft, command.item, command.by, "reject_check")
    draft.record(
        e.CheckDecided,
        item=item.id,
        digest=check.digest,
        approved=False,
        because=command.because,
        defect=command.severity,
    )


def _pending(draft: Draft, item_id: str, by: Actor, command: str) -> tuple[Item, Check]:
    permissions.require_person(by, command)
    state = draft.state
    permissions.refuse_concerned(state, by)
    item = item_powers.find(state, item_id)
    check = item.approval
    if check is None:
        raise NotNow(f"work item {item.id} needs no approval: use {item_powers.command_of(item)}")
    if not item.pending:
        raise NotNow(f"nothing of work item {item.id} waits for an approval: {_says(item, check)}")
    if by in (check.submitted_by, item.owner):
        raise NotAllowed(f"{by} did what is to be approved of work item {item.id}; {_deciders(item, check)} decide")
    if by not in check.deciders:
        raise NotAllowed(f"{by} was not asked to approve work item {item.id}; {_deciders(item, check)} decide")
    return item, check


def decides_alone(item: Item, holder: Holder) -> bool:
    """Tell whether nobody but this one was asked to decide what was submitted."""
    check = item.approval
    return check is not None and {*check.deciders} - {check.submitted_by} == {holder}


def _deciders(item: Item, check: Check) -> str:
    others = [person for person in check.deciders if person not in (check.submitted_by, item.owner)]
    return ", ".join(others or check.approvers)


def _says(item: Item, check: Check) -> str:
    if item.dropped:
        return f"it was dropped: {item.result}"
    if check.state is None:
        return "it was rejected, submit what was mended" if check.round else "nothing was submitted yet"
    return f"{check.state.replace('_', ' ')} ({check.digest})"
