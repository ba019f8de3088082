"""What became of what a message asked: said on every message that can still be changed where it was read.

Once, when it need not be answered any more. A message that somebody took says it once more when what they took is over:
when the escalation is resolved (its resolution confirmed, since work goes on after one that is rejected) or has ended
otherwise, and of a work item when that is done. Until then an incident in a paging system stays acknowledged.

Looked at after each command, but only while there are such messages: an installation without channels whose messages
can be changed has none, and pays nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.grounds import plain
from escalation.lifecycle.message_values import instant
from escalation.model import events as e
from escalation.model.actions import Fate
from escalation.model.items import Approval
from escalation.model.messages import Asking, Settled
from escalation.model.said import Said
from escalation.model.state import Escalation
from escalation.values import ENGINE, Actor, ActorKind, kind_of

_ENGLISH: Final = {
    "taken": "Taken by {by} ({at}).",
    "approved": "Approved{of} ({at}).",
    "rejected": "Rejected{of} ({at}).",
    "done": "Done{of} ({at}).",
    "answered": "Answered{of} ({at}).",
    "declined": "Declined by {by} ({at}).",
    "resolved": "Resolved{of} ({at}).",
    "moved_on": "Nobody took it in time; it is asked anew ({at}).",
    "withdrawn": "Nobody has to answer this any more ({at}).",
    "ended": "The escalation has ended ({at}).",
}
_FATES: Final = {
    "taken": Fate.TAKEN,
    "approved": Fate.DECIDED,
    "rejected": Fate.DECIDED,
    "done": Fate.DECIDED,
    "answered": Fate.DECIDED,
    "resolved": Fate.ENDED,
    "declined": Fate.WITHDRAWN,
    "moved_on": Fate.WITHDRAWN,
    "withdrawn": Fate.WITHDRAWN,
    "ended": Fate.ENDED,
}


class Became(NamedTuple):
    """How it ended, because of whom, and when where that is known."""

    how: str
    by: Actor | None = None
    at: datetime | None = None


def follow(draft: Draft) -> None:
    """Say of each message whose matter is over what became of it."""
    state, over = draft.state, {}
    for each in state.taken_up:
        if (became := _end_of(draft, each)) is not None:
            over[each.key, each.to] = _said(draft, each, became)
    for each in state.asking:
        if (became := became_of(state, each, draft.by)) is not None:
            if _FATES[became.how] is Fate.TAKEN:  # it may have arrived only after that was over too
                became = _end_of(draft, each) or became
            over[each.key, each.to] = _said(draft, each, became)
    if over:
        draft.record(e.MessagesSettled, by=ENGINE, messages=tuple(over.values()))


def became_of(state: Escalation, message: Asking, by: Actor) -> Became | None:
    """Return what became of what a message asked; None while it can be answered. ``by`` sent the latest command."""
    kind, _, reference = message.matter.partition(":")
    look = _LOOK.get(kind)
    if look is None or _is_about(state, message):
        return Became("withdrawn")  # whom it is about hears nothing of who took it, or how it was decided
    return look(state, message, reference, _person(by))


def _end_of(draft: Draft, message: Asking) -> Became | None:
    """Return how that ended which somebody took; None while it goes on."""
    state = draft.state
    kind, _, reference = message.matter.partition(":")
    over = state.ended
    if kind == "item":  # it may be worked on until the end of the review
        item = state.items.get(reference.partition("/")[0])
        over = over or item is None or item.dropped or not item.open
    elif state.resolution_state == "confirmed":
        # What is handed over after that is taken until the end.
        over = over or kind == "rung" or draft.before.resolution_state != "confirmed"
    if not over:
        return None
    if _is_about(state, message):
        return Became("ended")  # whom it is about hears nothing of who did it
    if kind == "item" and not state.ended:
        return _item(state, message, reference, _person(draft.by))
    if state.resolution is not None and state.resolution_state == "confirmed":
        return Became("resolved", _person(state.resolution.by))
    return Became("ended")


def _is_about(state: Escalation, message: Asking) -> bool:
    """Tell whether the case is about its receiver, who did not ask for it."""
    return message.to in concerned(state) and message.to != state.requested_by


def _person(by: Actor) -> Actor | None:
    return by if kind_of(by) is not ActorKind.SYSTEM else None


def _rung(state: Escalation, message: Asking, reference: str, _: Actor | None) -> Became | None:
    rung = state.rung
    if rung is not None and rung.id == reference:
        return Became("declined", message.to) if message.to in rung.declined else None
    if state.taken is not None and state.taken.rung == reference:
        return Became("taken", state.taken.by, state.taken.at)
    if state.ended:
        return Became("ended")
    if rung is None and state.owner is not None:
        return Became("taken", state.owner.actor, state.owner.since)
    return Became("moved_on")


def _gate(state: Escalation, message: Asking, reference: str, _: Actor | None) -> Became | None:
    gate_id, _, number = reference.rpartition("/")
    gate = state.gates.get(gate_id)
    if gate is None or str(gate.round) != number:
        return Became("ended" if state.ended else "withdrawn")
    vote = next((each for each in gate.votes if each.by == message.to and each.decision != "changes_requested"), None)
    if vote is not None:
        return Became(vote.decision, vote.by, vote.at)
    if gate.state in ("passed", "rejected"):
        by = _person(gate.closed_by) if gate.closed_by is not None else None
        return Became("approved" if gate.state == "passed" else "rejected", by, gate.closed_at)
    if state.ended:
        return Became("ended")
    return None if gate.state == "pending" and message.to in gate.people else Became("withdrawn")


def _handoff(state: Escalation, message: Asking, reference: str, by: Actor | None) -> Became | None:
    if state.handoff is not None and state.handoff.id == reference:
        refusal = state.handoff.refusal_of(message.to)
        return Became("declined", message.to, refusal.at) if refusal is not None else None
    passed = next((each for each in state.ownership.passed if each.id == reference), None)
    if passed is not None:
        return Became("taken", passed.receiver)
    ended = state.ownership.ended
    if state.rules >= 2 and ended is not None and ended.how == "declined" and message.to == by:
        return Became("declined", by, ended.at)
    return Became("ended" if state.ended else "withdrawn")


def _item(state: Escalation, message: Asking, reference: str, by: Actor | None) -> Became | None:
    item_id, _, offered = reference.partition("/")
    item = state.items.get(item_id)
    if item is None or item.dropped:
        return Became("withdrawn")
    if not item.open:
        return Became("done", by, item.done_at)
    if state.ended:
        return Became("ended")
    taken = item.claimed and (offered or item.owner != message.to)
    return Became("taken", item.owner) if taken else None


def _check(state: Escalation, _message: Asking, reference: str, by: Actor | None) -> Became | None:
    item = state.items.get(reference.partition("/")[0])
    if item is None or item.dropped or item.approval is None or item.round != reference:
        return Became("withdrawn")
    if item.pending:
        return Became("ended") if state.ended else None
    return Became("approved" if item.approval.state is Approval.APPROVED else "rejected", by)


def _resolution(state: Escalation, message: Asking, _reference: str, by: Actor | None) -> Became | None:
    if state.is_question(message.key):
        return Became("ended") if state.ended else None
    return Became("answered", by)


def _input(state: Escalation, _message: Asking, _reference: str, by: Actor | None) -> Became | None:
    if state.input_request is not None:
        return None
    if state.ended:
        return Became("ended")
    return Became("withdrawn") if state.missing else Became("answered", by)


_Look = Callable[[Escalation, Asking, str, Actor | None], Became | None]

_LOOK: dict[str, _Look] = {
    "rung": _rung,
    "gate": _gate,
    "handoff": _handoff,
    "item": _item,
    "check": _check,
    "resolution": _resolution,
    "input": _input,
}
"""By the kind of a matter."""


def _said(draft: Draft, message: Asking, became: Became) -> Settled:
    at = became.at or draft.now
    of = f" by {became.by}" if became.by is not None else ""
    english = _ENGLISH[became.how].format(by=became.by, of=of, at=instant(at))
    values = plain({"by": became.by or "", "at": at})
    return Settled(
        **message.__dict__,
        fate=_FATES[became.how],
        who=became.by,
        said=Said(template=f"settled.{became.how}", values=values),
        english=english,
    )
