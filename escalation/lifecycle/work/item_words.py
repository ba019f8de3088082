"""What people are told of a work item: what it is, when it is due, what it waits for, and the command that ends it."""

from typing import TypeGuard

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Text, Words, headline, instant, text
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.sentences import told
from escalation.lifecycle.work import item_powers
from escalation.model import events as e
from escalation.model.items import Item
from escalation.model.state import Escalation
from escalation.playbook.work import ItemKind
from escalation.values import ENGINE, ActorKind, kind_of

_CONTENT = {"submit_check": " --content '...'", "answer_input": " --text '...'", "report_check": " --ok"}


def item_due(state: Escalation, item: Item) -> Words:
    """Tell whoever has a work item of it, or remind them."""
    offered = item_powers.is_target(item.owner)
    why = "Nobody has claimed it yet" if offered else "It is late"
    late = f" {why}: reminder {item.chased}." if item.chased and not item.waits else ""
    giver = f"automation {item.automation}" if item.automation else item.by
    given = f" Given by {giver}." if giver not in {None, ENGINE, item.owner} else ""
    waits = [item_powers.standing(state.items[other]) for other in (*item.awaits, *item.blocked_by)]
    first = f"\nIt waits for {'; '.join(waits)}; you are told when it is ready." if waits else ""
    failed = f"\nIts check fails: {item.failed}." if item.failed else ""
    defect = f"\nAn open {item.defect} defect." if item.defect else ""
    body = f"{item.title}\nDue {instant(item.due)}.{late}{given}{first}{failed}{defect}\n  {_command(state, item)}"
    own = giver in {None, ENGINE, item.owner} or bool(item.automation)
    waiting = [state.items[other] for other in (*item.awaits, *item.blocked_by)]
    return text(
        state,
        "item",
        f"{headline(state)} - {_kind(item)} {item.id}",
        body,
        item=item.id,
        title=item.title,
        kind=item.kind,
        due=item.due,
        ready="",
        chased=item.chased if not item.waits else 0,
        given_by="" if own else giver,
        automation=item.automation,
        waits=[{"item": each.id, "kind": each.kind, "owner": each.owner, "state": each.state} for each in waiting],
        failed=_failed(item),
        defect=item.defect,
        offered=offered,
        command=_command(state, item).rpartition(" --by ")[0],
    )


def _failed(item: Item) -> str:
    """Return why its check fails; the engine's own reason follows from the condition."""
    english = f"{item.check} is not true"
    return grounds.of("condition_false", english, condition=item.check) if item.failed == english else item.failed


def ready(state: Escalation, item: Item, because: str) -> Words:
    """Tell that nothing stands before an item any more."""
    due = item_due(state, item)
    values = due.values | grounds.plain({"ready": because})
    return due._replace(subject=f"{due.subject} is ready", body=f"Ready: {because}.\n{due.body}", values=values)


def late(item: Item, english: str) -> Sentence:
    """Tell that an item is late."""
    offered = item_powers.is_target(item.owner)
    english = english.replace(" is late", " is claimed by nobody yet", 1) if offered else english
    said = {"item": item.id, "title": short_title(item), "offered": offered}
    return told("item_late", english, **said, owner=item.owner, due=item.due, state=item.state)


def short_title(item: Item) -> str:
    """Name an item beside its id in one sentence."""
    return values.short_line(item.title)


def input_needed(state: Escalation, item: Item) -> Words:
    """Ask the requester, or a customer, for something that the work waits for."""
    again = f" There is no answer yet: reminder {item.chased}." if item.chased else ""
    subject, body = f"{headline(state)} - input needed", f"{item.title}\nNeeded by {instant(item.due)}.{again}"
    said = {"title": item.title, "due": item.due, "again": item.chased}
    if kind_of(item.owner) is ActorKind.CUSTOMER:
        return Text(subject, body, "item_input_customer", grounds.plain(said))
    return text(state, "item_input", subject, body, item=item.id, **said)


def to_approve(state: Escalation, item: Item, person: str) -> Words:
    """Ask somebody to decide on what was submitted."""
    check = item.approval
    digest = check.digest if check is not None else ""
    by = check.submitted_by if check is not None else ""
    content = next((event.content for event in reversed(state.tail) if _submitted(event, item)), "see the timeline")
    again = f"This is reminder {item.chased}: nobody has decided yet.\n" if item.chased else ""
    body = (
        f"{again}{item.title}\nSubmitted by {by}: {content[:2000]}\n"
        f"  escalate approve_check {state.id} --item {item.id} --digest {digest} --by {person}\n"
        f"  escalate reject_check {state.id} --item {item.id} --severity critical|serious|minor --because '...' "
        f"--by {person}"
    )
    return text(
        state,
        "item_approval",
        f"{headline(state)} - approve {_kind(item)} {item.id}",
        body,
        item=item.id,
        title=item.title,
        kind=item.kind,
        by=by,
        content=content[:2000],
        digest=digest,
        again=item.chased,
    )


def _submitted(event: e.Event, item: Item) -> TypeGuard[e.CheckSubmitted]:
    return isinstance(event, e.CheckSubmitted) and event.item == item.id


def _kind(item: Item) -> str:
    return {ItemKind.ACTION: "action item", ItemKind.CHECKLIST: "checklist item", ItemKind.INPUT: "input"}.get(
        item.kind, str(item.kind)
    )


def _command(state: Escalation, item: Item) -> str:
    if item_powers.is_target(item.owner):
        return f"escalate claim_item {state.id} --item {item.id} --by YOU"
    name = item_powers.command_of(item)
    return f"escalate {name} {state.id} --item {item.id}{_CONTENT.get(name, '')} --by {item.owner}"
