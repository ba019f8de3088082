"""What people are told of a work item: what it is, when it is due, what it waits for, and the command that ends it."""

from typing import Any, NamedTuple, TypeGuard

from escalation.lifecycle import grounds
from escalation.lifecycle import message_values as values
from escalation.lifecycle.communication import Text, Words, headline, instant, text
from escalation.lifecycle.facts import basis_of, derive
from escalation.lifecycle.incident import plan_checkpoints
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
    step, looks = _step(state, item), _looks_at(state, item)
    body = f"{item.title}\n{step.english}{looks.english}Due {instant(item.due)}.{late}{given}{first}{failed}{defect}"
    body += f"\n  {_command(state, item)}"
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
        **step.values,
        **looks.values,
    )


class _Said(NamedTuple):
    """What an item's message says beside its title, in plain English (whole lines) and as values."""

    english: str
    values: dict[str, Any]


def _step(state: Escalation, item: Item) -> _Said:
    """Say which step of the action plan it is, and which checkpoint it stands behind."""
    lines = state.incident.plan if state.incident is not None else ()
    line = next((each.id for each in lines if each.item == item.id), "")
    checkpoint = plan_checkpoints.behind(state, item.id)
    held = checkpoint is not None and bool(plan_checkpoints.held_by(state, checkpoint))
    behind = checkpoint.id if checkpoint is not None else ""
    after = f", behind checkpoint {behind} ({'not approved yet' if held else 'approved'})" if behind else ""
    english = f"Step {line} of the action plan{after}.\n" if line else ""
    return _Said(english, {"line": line, "behind": behind, "held": held})


def _looks_at(state: Escalation, item: Item) -> _Said:
    """Say which approval is to be looked at, what was approved, and that nothing is decided anew."""
    review = next((each for each in state.approval_reviews if each.id == item.approval_review), None)
    if review is None or not item.approval_review:
        return _Said("", {"looks_at": "", "looks_at_by": (), "looks_at_subject": ()})
    policy = state.playbook.gate(review.gate)
    facts = derive(basis_of(state))
    names = state.playbook.subject_of(policy) if policy is not None else ()
    subject = [{"name": name, "value": values.shown(facts[name])[:300]} for name in names if name in facts]
    title = policy.title if policy is not None and policy.title else review.gate
    lines = "".join(f"  {each['name']}: {each['value']}\n" for each in subject)
    english = f"Nothing is decided anew: see whether {title} was rightly approved, and say so as its result.\n{lines}"
    return _Said(english, {"looks_at": title, "looks_at_by": review.approved_by, "looks_at_subject": subject})


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
    return told("item_late", english, **said, owner=item.owner, due=item.due, state=item.state, chased=item.chased)


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
    content = " --result '...'" if item.approval_review else _CONTENT.get(name, "")
    return f"escalate {name} {state.id} --item {item.id}{content} --by {item.owner}"
