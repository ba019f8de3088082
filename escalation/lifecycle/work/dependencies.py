"""What waits for what: order between work items, and dependencies that are checked.

An item that waits becomes ready by itself when the last of those before it is done or dropped. A dependency holds while
its condition over facts is true, or as a service last reported; one that fails keeps what stands after it waiting.
"""

from collections.abc import Iterable

from escalation.errors import NotAllowed, NotNow
from escalation.lifecycle import grounds
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.facts import basis_of, condition, derive
from escalation.lifecycle.work import item_powers, item_times
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.items import Item
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import ENGINE


def require_open(state: Escalation, ids: Iterable[str]) -> None:
    """Refuse an order with items that do not exist, or are over.

    Raises:
        Unknown: there is no such item.
        AlreadyDone: it is over, and nothing waits for it.
    """
    for item_id in ids:
        item_powers.find_open(state, item_id)


def refuse_cycle(state: Escalation, item_id: str, blocked_by: tuple[str, ...], blocks: tuple[str, ...] = ()) -> None:
    """Refuse that items wait for each other in a circle.

    Raises:
        NotAllowed: naming the circle.
    """
    after = {item.id: item.blocks for item in state.open_items}
    after[item_id] = (*after.get(item_id, ()), *blocks)
    for first in blocked_by:
        way = _way(after, item_id, first)
        if way is not None:
            circle = " -> ".join((first, *way))
            raise NotAllowed(f"these would wait for each other, and none could begin: {circle}")


def _way(after: dict[str, tuple[str, ...]], start: str, end: str) -> tuple[str, ...] | None:
    """Return the items from one to another, both included; None when none leads there."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop()
        if way[-1] == end:
            return way
        fresh = [other for other in after.get(way[-1], ()) if other not in seen]
        seen.update(fresh)
        ways += [(*way, other) for other in fresh]
    return None


def release(draft: Draft, over: Item, because: str) -> None:
    """What waited for nothing else than this one is ready, and whoever has it is told."""
    for item_id in over.blocks:
        item = draft.state.items[item_id]
        if not item.open or item.waits:
            continue
        due = draft.now + item.within if item.within is not None and item.started_at is None else None
        state = draft.state
        draft.record(
            e.ItemReady,
            by=ENGINE,
            item=item_id,
            because=because,
            due=due,
            remind_at=item_times.remind_at(state, due, draft.now) if due is not None else None,
            claim_due=item_times.claim_due(state, item.owner, due, draft.now) if due is not None else None,
        )


# --- checks -----------------------------------------------------------------------------------------------------------


def report(draft: Draft, command: c.ReportCheck) -> None:
    """A service, or whoever has it, says whether a dependency holds."""
    state = draft.state
    item = item_powers.find(state, command.item)
    item_powers.require_kind(item, ItemKind.DEPENDENCY, "report_check")
    if item.dropped:
        raise NotNow(f"work item {item.id} was dropped; nothing waits for it")
    if item.check:
        raise NotAllowed(
            f"work item {item.id} is checked by the engine ({item.check}): state the facts with change_facts"
        )
    if not item_powers.by_machine(item, command.by):
        item_powers.require_worker(state, item, command.by, "report_check")
    if item.waits and command.ok:
        item_powers.require_free(state, item, "report_check")
    if command.ok and not item.open:
        return
    if not item.open and not _still_ahead(state, item):
        raise NotNow(f"work item {item.id} held when it mattered, and what it stood before has happened since")
    _checked(draft, item, ok=command.ok, detail=command.detail)


def follow(draft: Draft) -> None:
    """Look again at every dependency that is a condition over facts."""
    state = draft.state
    watched = [item for item in state.items.values() if item.check and not item.dropped]
    if not watched or state.ended:
        return
    facts = derive(basis_of(state))
    for item in watched:
        holds = condition(state.playbook, item.check).true(facts)
        if holds and item.open and not item.waits:
            why = grounds.of("condition_true", f"{item.check} is true", condition=item.check)
            _checked(draft, item, ok=True, detail=why, by_engine=True)
        elif not holds and (not item.failed if item.open else _still_ahead(state, item)):
            why = grounds.of("condition_false", f"{item.check} is not true", condition=item.check)
            _checked(draft, item, ok=False, detail=why, by_engine=True)


def _still_ahead(state: Escalation, item: Item) -> bool:
    """Tell whether what an item stands before has not happened yet."""
    unresolved = state.review is None and not state.waits_for_confirmation
    return (bool(item.before) and unresolved) or any(state.items[other].open for other in item.blocks)


def _checked(draft: Draft, item: Item, *, ok: bool, detail: str, by_engine: bool = False) -> None:
    reopened = not ok and not item.open
    draft.record(
        e.DependencyChecked,
        by=ENGINE if by_engine else None,
        item=item.id,
        ok=ok,
        detail=detail,
        next_due=draft.now + item_times.chase(draft.state) if reopened else None,
    )
    if ok:
        english = f"{item.id} holds" + (f": {detail}" if detail else "")
        release(draft, item, grounds.of("dependency_holds", english, item=item.id, detail=detail))
