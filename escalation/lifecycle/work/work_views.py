"""Work items as people read them: how each stands and why, what is stuck, and how far the work is."""

from collections import Counter
from datetime import datetime

from pydantic import AwareDatetime

from escalation.model.items import Approval, Item, ItemState
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import ENGINE, Actor, Record, counted


class ItemView(Record):
    """A work item as people read it."""

    id: str
    title: str
    owner: str
    """Who has it, or whose people are offered it."""
    due: AwareDatetime
    done: bool
    kind: str = ItemKind.ACTION
    state: str = ItemState.OPEN
    why: str = ""
    """What it waits for, how its check failed, what an input is needed for."""
    approval: str = ""
    """``pending_approval``, ``approved`` or ``new_approval``; empty: nothing is submitted, or none is needed."""
    digest: str = ""
    """Of what was submitted last."""
    defect: str = ""
    label: str = ""
    area: str = ""
    added_by: Actor | None = None
    added_at: AwareDatetime | None = None
    chased: int = 0
    entries: tuple[str, ...] = ()
    """Entries of the timeline that are linked with it."""


class WorkView(Record):
    """How far the work is."""

    progress: str
    """How many items are done, by kind; of checklists how many are approved and what waits for an approval."""
    needs_input: tuple[str, ...] = ()
    """What is needed to go on: from whom, why, since when."""
    stuck: tuple[str, ...] = ()
    """Which step does not go on, whose it is, and since when."""
    defects: str = ""
    """Open defects by severity."""


def item_view(item: Item, entries: tuple[str, ...] = ()) -> ItemView:
    """Return a work item as people read it, with the entries of the timeline that are linked with it."""
    check = item.approval
    return ItemView(
        id=item.id,
        title=item.title,
        owner=item.owner,
        due=item.due,
        done=item.done_at is not None,
        kind=item.kind,
        state=item.state,
        why=_why(item),
        approval=str(check.state) if check is not None and check.state is not None else "",
        digest=check.digest if check is not None else "",
        defect=str(item.defect or "") if item.open else "",
        label=item.label,
        area=item.area or "",
        added_by=item.by,
        added_at=item.added_at,
        chased=item.chased,
        entries=entries,
    )


def work_view(state: Escalation, now: datetime) -> WorkView | None:
    """Return how far the work is; None while there is none."""
    if not state.items:
        return None
    defects = Counter(str(item.defect) for item in state.open_items if item.defect is not None)
    return WorkView(
        progress=_progress(state),
        needs_input=tuple(_needed(item) for item in state.open_items if item.kind is ItemKind.INPUT),
        stuck=tuple(_stuck(item, now) for item in state.open_items if _is_stuck(item, now)),
        defects=", ".join(f"{number} {severity}" for severity, number in defects.items()),
    )


def _why(item: Item) -> str:
    if not item.open:
        by = f"done by {item.done_by}" if item.done_by not in (None, ENGINE, item.owner) else ""
        return item.result if item.dropped else by
    if item.awaits or item.blocked_by:
        return f"waits for {', '.join((*item.awaits, *item.blocked_by))}"
    if item.blocked_because:
        return f"blocked: {item.blocked_because}"
    if item.failed:
        return f"does not hold: {item.failed}"
    if item.cause is not None:
        return f"{item.cause.replace('_', ' ')} of {item.owner}"
    if item.approval is not None and item.pending:
        return f"to be approved by {', '.join(item.approval.deciders or item.approval.approvers)}"
    return "to be claimed" + (f" by {', '.join(item.people)}" if item.people else "") if not item.claimed else ""


def _progress(state: Escalation) -> str:
    said = []
    for kind in ItemKind:
        items = [item for item in state.items.values() if item.kind is kind and not item.dropped]
        if not items:
            continue
        done = sum(not item.open for item in items)
        checks = Counter(item.approval.state for item in items if item.approval is not None and item.approval.state)
        states = ", ".join(f"{checks[each]} {each.replace('_', ' ')}" for each in Approval if checks[each])
        said.append(f"{done} of {counted(len(items), kind)} done" + (f" ({states})" if states else ""))
    return "; ".join(said)


def _needed(item: Item) -> str:
    cause = item.cause.replace("_", " ") if item.cause is not None else "input"
    since = f" since {item.added_at:%Y-%m-%d %H:%M %Z}" if item.added_at is not None else ""
    return f"{item.id}: {cause} of {item.owner}, asked by {item.by}{since}, due {item.due:%Y-%m-%d %H:%M %Z}"


def _is_stuck(item: Item, now: datetime) -> bool:
    step = item.kind in (ItemKind.CHECKPOINT, ItemKind.DEPENDENCY)
    return step and not item.waits and (bool(item.failed) or item.due <= now)


def _stuck(item: Item, now: datetime) -> str:
    named = f" ({item.label})" if item.label else ""
    late = f", due {item.due:%Y-%m-%d %H:%M %Z}" if item.due <= now else ""
    failed = f": {item.failed}" if item.failed else ""
    return f"{item.kind} {item.id}{named} of {item.owner}{late}{failed}"
