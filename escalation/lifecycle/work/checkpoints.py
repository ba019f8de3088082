"""Checkpoints: steps across outside systems, each confirmed by whoever has it or by the service that took it."""

from escalation.errors import AlreadyDone
from escalation.lifecycle import grounds
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.work import checklists, dependencies, item_powers, work_items
from escalation.model import commands as c
from escalation.model import events as e
from escalation.playbook.work import ItemKind


def confirm(draft: Draft, command: c.ConfirmCheckpoint) -> None:
    """Confirm a step; where it needs an approval, that is asked for first."""
    state = draft.state
    item = item_powers.find_open(state, command.item)
    item_powers.require_kind(item, ItemKind.CHECKPOINT, "confirm_checkpoint")
    machine = item_powers.by_machine(item, command.by)
    if not machine:
        item_powers.require_worker(state, item, command.by, "confirm_checkpoint")
    item_powers.require_free(state, item, "confirm_checkpoint")
    if item.pending:
        raise AlreadyDone(f"work item {item.id} was confirmed already and waits for its approval")
    if not machine:
        work_items.claim_if_offered(draft, item)
    if item.approval is not None:
        checklists.hand_in(draft, draft.state.items[item.id], command.detail or "confirmed")
        return
    draft.record(e.CheckpointConfirmed, item=item.id, detail=command.detail)
    english = f"{item.id} is confirmed" + (f": {command.detail}" if command.detail else "")
    dependencies.release(draft, item, grounds.of("item_confirmed", english, item=item.id, detail=command.detail))
