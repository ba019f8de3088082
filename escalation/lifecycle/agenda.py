"""The agenda: every instant at which time itself becomes a command, and what happens then.

``next_due`` names the one earliest instant; when it has come, ``TimePassed`` does what stands there. The shell arms one
timer for it, and ``forecast`` walks the same agenda.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from escalation.lifecycle import approval, assignment, resolution, review
from escalation.lifecycle.case import links, packet
from escalation.lifecycle.draft import Draft
from escalation.lifecycle.hindsight import feedback
from escalation.lifecycle.incident import agenda as incident
from escalation.lifecycle.incident import periods
from escalation.lifecycle.ladder import handoff, hours, paths, shifts
from escalation.lifecycle.statements import (
    follow_up,
    milestones,
    receipts,
    replies,
    statement_words,
    summaries,
    update_words,
    updates,
)
from escalation.lifecycle.timeline import sessions, unfinished
from escalation.lifecycle.timing import clocks, dwell
from escalation.lifecycle.work import item_times
from escalation.model.communication import Communication
from escalation.model.state import Escalation
from escalation.playbook.clocks import LEVEL_UP
from escalation.playbook.gates import Expiry
from escalation.values import format_duration


@dataclass(frozen=True, slots=True)
class Due:
    """The next instant at which something happens by itself, and why."""

    at: datetime
    kind: str
    about: str
    """Which gate, clock or item; empty where there is only one."""
    awaited: str
    """What is waited for. Another one is another due instant: the shell then arms its timer anew, also in replay."""
    summary: str = field(compare=False)
    """What will be, and what happens then, in plain words for Temporal's UI; only words, so never compared."""


class _Awaited(NamedTuple):
    at: datetime
    kind: str
    about: str
    awaited: str


def next_due(state: Escalation) -> Due | None:
    """Return the earliest instant at which time becomes a command; None when the escalation has ended."""
    if state.opened_at is None or state.ended:
        return None
    first = min(_dues(state), key=lambda awaited: awaited.at, default=None) or _kept(state)
    return Due(*first, summary=_SAYS[first.kind](state, first.about)) if first is not None else None


def _kept(state: Escalation) -> _Awaited | None:
    """Return a late approval of which nobody is reminded, where nothing else is left that could ever happen."""
    gate = next((gate for gate in state.blocking_gates if gate.kept), None)
    return _Awaited(gate.due, "gate", gate.id, f"approval {gate.id}, which alone is left") if gate is not None else None


def _dues(state: Escalation) -> Iterator[_Awaited]:
    yield from _dues_of_people(state)
    yield from _dues_of_clocks(state)
    yield from _dues_of_review(state)
    yield from _dues_of_communication(state)
    if state.incident is not None and state.incident.declared:
        for at, kind, awaited in incident.dues(state):
            yield _Awaited(at, kind, "", awaited)
    if state.children_due is not None and state.review is not None and links.open_children(state):
        yield _Awaited(state.children_due, "children", "", "the end of the escalations below it")
    if state.unfinished_due is not None and state.review is not None and unfinished.unfinished(state):
        yield _Awaited(state.unfinished_due, "unfinished", "", "the end of what holds up the close")


def _dues_of_people(state: Escalation) -> Iterator[_Awaited]:
    asked, rung, level = state.input_request, state.rung, state.level
    if asked is not None:
        yield _Awaited(asked.due, "input", "", f"{asked.of} is to supply {', '.join(asked.parts)}")
    if rung is not None:
        yield _Awaited(rung.due, "acknowledgement", "", f"acknowledgement of round {rung.id}")
    yield from _dues_of_handing_over(state)
    if state.hold is not None:
        yield _Awaited(state.hold.until, "hold", "", "end of the hold")
    waiting = state.waits_for_confirmation
    if level is not None and state.hold is None and not waiting and state.review is None:
        yield _Awaited(level.dwell_due, "dwell", "", f"end of the time at level {level.id}")
    if rung is not None and rung.held:
        yield _Awaited(min(rung.held.values()), "hours", "", f"working hours of those called in round {rung.id}")
    for cell in paths.awaited(state):
        yield _Awaited(cell.at, "lasted", cell.cell, f"cell {cell.cell} of the matrix")
    silent = state.silent_due if rung is None and state.hold is None and not waiting else None
    if silent is not None and state.owner is not None and state.review is None and not state.blocking_gates:
        yield _Awaited(silent, "silence", "", f"a sign of life of {state.owner.actor}")
    for gate in state.pending_gates:
        if gate.kept:
            continue
        yield _Awaited(gate.due, "gate", gate.id, f"deadline of approval {gate.id}")
    proposed = state.resolution
    if proposed is not None and proposed.state == "proposed" and proposed.confirm_due is not None:
        yield _Awaited(proposed.confirm_due, "confirmation", "", "the proposed resolution is to be confirmed")


def _dues_of_handing_over(state: Escalation) -> Iterator[_Awaited]:
    if state.handoff is not None:
        yield _Awaited(state.handoff.due, "handoff", "", f"{state.handoff.to} is to accept the hand-off")
    elif (shift := state.ownership.shift) is not None and state.owner is not None and state.review is None:
        yield _Awaited(shift.offer_due, "shift", "", f"the end of the shift of {state.owner.actor}")


def _dues_of_clocks(state: Escalation) -> Iterator[_Awaited]:
    for name, clock in state.clocks.items():
        if clock.stopped_at is not None or clock.paused or clock.breached:
            continue
        if not clock.warned:
            yield _Awaited(clock.warn_due, "warning", name, f"warning: {name} is close to its limit")
        else:
            yield _Awaited(clock.due, "breach", name, f"limit of {name}")
        if clock.reminders:
            yield _Awaited(clock.reminders[0], "reminder", name, f"reminder: the limit of {name} comes")
    if state.stay is not None:
        yield _Awaited(state.stay.due, "status", state.stay.status, f"end of the time in status {state.stay.status}")


def _dues_of_review(state: Escalation) -> Iterator[_Awaited]:
    if state.review is not None and state.review.submitted_at is None:
        yield _Awaited(state.review.next_due, "review", "", "the review is due")
    asked = state.feedback_round
    if asked is not None and asked.open:
        yield _Awaited(asked.remind_due or asked.due, "feedback", "", "an opinion of whoever took part")
    for item in state.open_items:
        if item.waits and item.within is not None:
            continue  # its time begins when it is ready
        yield _Awaited(item.next_due, "item", item.id, f"action item {item.id} is due")
    for session in state.timeline.sessions.values() if state.timeline is not None else ():
        yield _Awaited(session.next_due, "session", session.id, f"the end of live session {session.id}")


def _dues_of_communication(state: Escalation) -> Iterator[_Awaited]:
    talk = state.communication
    if talk is None:
        return
    if talk.next_due is not None:
        yield _Awaited(talk.next_due, "update", "", f"an update to the stakeholders, missed {talk.chased} times")
    for name, standing in talk.stakeholders.items():
        if standing.reply_due is not None and state.review is None:
            yield _Awaited(standing.reply_due, "reply", name, f"an answer of stakeholder {name}")
    for summary in talk.unfiled:
        yield _Awaited(summary.next_due, "summary", summary.id, f"summary {summary.id}")
    yield from _dues_of_statements(talk)


def _dues_of_statements(talk: Communication) -> Iterator[_Awaited]:
    for name, standing in talk.stakeholders.items():
        if standing.receipt_due is not None:
            yield _Awaited(standing.receipt_due, "receipt", name, f"receipts of stakeholder {name}")
    for reached in talk.milestones.values():
        if reached.next_due is not None:
            yield _Awaited(reached.next_due, "milestone", reached.id, f"the update of milestone {reached.id}")
    for each in talk.follow_ups.values():
        if each.next_due is not None:
            yield _Awaited(each.next_due, "follow_up", each.id, f"follow-up {each.id} to the customer")


def pass_time(draft: Draft) -> None:
    """Do what stands on the agenda for now; nothing when nothing is due yet."""
    due = next_due(draft.state)
    if due is not None and due.at <= draft.now:
        _HAPPENS[due.kind](draft, due.about)


_HAPPENS: dict[str, Callable[[Draft, str], None]] = {
    "input": lambda draft, _: packet.due(draft),
    "acknowledgement": lambda draft, _: assignment.acknowledgement_due(draft),
    "hours": lambda draft, _: hours.begin(draft),
    "lasted": assignment.lasted,
    "handoff": lambda draft, _: handoff.expired(draft),
    "shift": lambda draft, _: shifts.due(draft),
    "hold": lambda draft, _: resolution.hold_over(draft),
    "dwell": lambda draft, _: assignment.dwell_due(draft),
    "gate": approval.due,
    "silence": lambda draft, _: assignment.acknowledgement_lapsed(draft),
    "warning": clocks.warn,
    "breach": clocks.breach,
    "reminder": clocks.remind,
    "status": lambda draft, _: dwell.overdue(draft),
    "confirmation": lambda draft, _: resolution.confirmation_due(draft),
    "review": lambda draft, _: review.due(draft),
    "item": item_times.due,
    "feedback": lambda draft, _: feedback.due(draft),
    "session": sessions.overdue,
    "update": lambda draft, _: updates.overdue(draft),
    "reply": replies.overdue,
    "summary": summaries.overdue,
    "receipt": receipts.overdue,
    "milestone": milestones.overdue,
    "follow_up": follow_up.due,
    "children": lambda draft, _: links.children_late(draft),
    "unfinished": lambda draft, _: unfinished.late(draft),
    **incident.HAPPENS,
}


# --- in words: what will be, and what happens then --------------------------------------------------------------------


def _input(state: Escalation, _: str) -> str:
    asked = state.input_request
    if asked is None:
        return ""
    return f"{asked.of} has not supplied {', '.join(asked.parts)}: people are told without it"


def _acknowledgement(state: Escalation, _: str) -> str:
    rung, policy = state.rung, state.level_policy
    if rung is None or policy is None:
        return ""
    if rung.last_resort:
        then = f"page the last resort again ({', '.join(rung.targets)})"
    elif rung.round <= paths.repeats(state):
        then = f"page {policy.id} again"
    else:
        then = _up(state)
    return f"nobody has acknowledged round {rung.id}: {then}"


def _up(state: Escalation) -> str:
    """Say where it goes next."""
    level, levels = state.level, state.playbook.levels
    if level is None:
        return f"page {state.first_level}"
    index = paths.following(state)
    if index is not None:
        return f"page the next level, {levels[index].id}"
    path = state.playbook.path(state.path)
    if path is not None and path.then is not None:
        return f"go on along path {path.then}"
    return f"page the last resort ({levels[level.index].last_resort or state.playbook.owner})"


def _hours(state: Escalation, _: str) -> str:
    held = state.rung.held if state.rung is not None else {}
    first = min(held.values(), default=None)
    whose = ", ".join(person for person, at in held.items() if at == first)
    return f"working hours of {whose} begin: look up again who is there, and page them"


def _lasted(state: Escalation, about: str) -> str:
    cell = next((each.policy for each in paths.awaited(state) if each.cell == about), None)
    if cell is None:
        return f"cell {about} of the matrix"
    whom = ", ".join(cell.targets)
    then = f"go to {cell.level}" + (f", paging {whom}" if whom else "") if cell.level else f"page {whom}"
    return f"still {state.severity} after {format_duration(cell.after) if cell.after else 'all that time'}: {then}"


def _handoff(state: Escalation, _: str) -> str:
    offer, policy = state.handoff, state.playbook.incident
    to = offer.to if offer is not None else "nobody"
    what = "hand-over of the shift" if offer is not None and offer.shift else "hand-off"
    lacks = f"{to} has not accepted the {what}"
    if offer is not None and offer.team_by is not None:
        lacks = f"nobody of {to} has claimed it, which {offer.team_by} accepted for them"
    if offer is not None and offer.shift:
        return f"{lacks}: {_up(state)}; {state.accountable} stays responsible"
    running = state.incident.period if state.incident is not None else None
    if policy is not None and policy.periods is not None and running is not None and running.handing_over:
        then = periods.offered_to(state, policy.periods, running.asked)
        return (
            f"{to} has not accepted to lead period {running.number + 1}: it is offered to {then}; "
            f"{state.accountable} stays responsible"
        )
    return f"{lacks}: it stays with {state.accountable}, who is told"


def _shift(state: Escalation, _: str) -> str:
    policy = state.playbook.shift_handover
    return f"the shift of {state.accountable} is about to end: offer it to {policy.to if policy else 'the next one'}"


def _dwell(state: Escalation, _: str) -> str:
    return f"not resolved at {state.level.id if state.level is not None else 'its level'}: {_up(state)}"


def _gate(state: Escalation, about: str) -> str:
    gate, policy = state.gates[about], state.playbook.gate(about)
    if policy is None:
        return f"nobody has decided approval {about}"
    deputies = policy.deputies[gate.deputies_asked :]
    blocked = "it stays blocked and whoever is accountable is told"
    then = {
        Expiry.DENY: "that counts as a no",
        Expiry.HALT: blocked,
        Expiry.ESCALATE: _up(state) if state.level is not None else blocked,
        Expiry.NEXT_DEPUTY: f"ask the deputy {deputies[0] if deputies else ''}",
        Expiry.APPROVE: "that counts as a yes, as the playbook declares",
        Expiry.KEEP: "it stays open, and whoever is accountable is told once",
    }[approval.expiry(state, gate, policy)]
    return f"nobody has decided approval {about}: {then}"


def _warning(_: Escalation, about: str) -> str:
    return f"clock {about} is close to its limit: warn who answers for it"


def _silence(state: Escalation, _: str) -> str:
    owner, level = state.accountable, state.level.id if state.level is not None else "its level"
    return f"nothing was heard of {owner}, who took it: page {level} again, and {owner} with it"


def _breach(state: Escalation, about: str) -> str:
    to, then = clocks.level_after(state, about), state.playbook.clocks[about].on_breach
    goes = "" if to is None else _up(state) if then == LEVEL_UP else f"page {state.playbook.levels[to].id}"
    return f"clock {about} has passed its limit: {goes or 'tell whoever is accountable'}"


def _reminder(state: Escalation, about: str) -> str:
    return f"the limit of {about} comes: remind {state.accountable}"


def _status(state: Escalation, about: str) -> str:
    return f"still {about}: {_up(state) if dwell.will_go_up(state) else f'remind {state.accountable}'}"


def _confirmation(state: Escalation, _: str) -> str:
    who = "the customer" if state.customer_confirms else "the requester"
    # Whether they were reached is often known only after the timer was armed.
    if state.playbook.resolution.on_silence == "confirmed":
        return f"{who} has not said whether it is solved: that counts as a yes, if they were asked; else ask again"
    return f"{who} has not said whether it is solved: tell the owner to ask again"


def _review(state: Escalation, _: str) -> str:
    return f"the review is not written: remind {state.accountable}"


def _feedback(state: Escalation, _: str) -> str:
    asked = state.feedback_round
    if asked is None:
        return ""
    who = ", ".join(asked.unanswered)
    then = f"remind {who}" if asked.remind_due is not None else "it is not waited for any longer"
    return f"{who} {'has' if len(asked.unanswered) == 1 else 'have'} not said how it went: {then}"


def _item(state: Escalation, about: str) -> str:
    item = state.items[about]
    if item.remind_at is not None and item.remind_at == item.next_due:
        return f"{item.kind} item {about} is due soon: remind {item.owner}"
    if not item.claimed:
        return f"{item.kind} item {about} is not claimed: offer it again to {item.owner}"
    if item.pending:
        return f"what was submitted of {item.kind} item {about} is not decided: ask again"
    return f"{item.kind} item {about} is not done: remind {item.owner}"


_SAYS: dict[str, Callable[[Escalation, str], str]] = {
    "input": _input,
    "acknowledgement": _acknowledgement,
    "hours": _hours,
    "lasted": _lasted,
    "handoff": _handoff,
    "shift": _shift,
    "hold": lambda _state, _about: "the hold is over: work goes on, its clocks run again",
    "dwell": _dwell,
    "gate": _gate,
    "silence": _silence,
    "warning": _warning,
    "breach": _breach,
    "reminder": _reminder,
    "status": _status,
    "confirmation": _confirmation,
    "review": _review,
    "item": _item,
    "feedback": _feedback,
    "session": lambda _state, about: f"live session {about} is still open: ask what came of it",
    "update": update_words.says_update,
    "reply": update_words.says_reply,
    "summary": update_words.says_summary,
    "receipt": statement_words.says_receipt,
    "milestone": statement_words.says_milestone,
    "follow_up": statement_words.says_follow_up,
    "children": lambda state, _: (
        f"escalations below it are still open ({', '.join(links.open_children(state))}): remind {state.accountable}"
    ),
    "unfinished": lambda state, _: (
        f"it is not closed over {', '.join(unfinished.unfinished(state))}: remind {state.accountable}"
    ),
    **incident.SAYS,
}
