"""The agenda: every instant at which time itself becomes a command, and what happens then.

``next_due`` names the one earliest instant; when it has come, ``TimePassed`` does what stands there. The shell arms one
timer for it, and ``forecast`` walks the same agenda.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from escalation.lifecycle import approval, assignment, clocks, handoff, packet, resolution, review, work_items
from escalation.lifecycle.draft import Draft
from escalation.model.state import Escalation
from escalation.playbook.schema import ClockName


class Due(NamedTuple):
    """The next instant at which something happens by itself, and why."""

    at: datetime
    kind: str
    about: str
    """Which gate, clock or item; empty where there is only one."""
    summary: str
    """In plain words, for Temporal's UI."""


def next_due(state: Escalation) -> Due | None:
    """Return the earliest instant at which time becomes a command; None when the escalation has ended."""
    if state.opened_at is None or state.ended:
        return None
    return min(_dues(state), key=lambda due: due.at, default=None)


def _dues(state: Escalation) -> Iterator[Due]:
    yield from _dues_of_people(state)
    yield from _dues_of_clocks(state)
    yield from _dues_of_review(state)


def _dues_of_people(state: Escalation) -> Iterator[Due]:
    asked, rung, level = state.input_request, state.rung, state.level
    if asked is not None:
        yield Due(asked.due, "input", "", f"{asked.of} is to supply {', '.join(asked.parts)}")
    if rung is not None:
        yield Due(rung.due, "acknowledgement", "", f"acknowledgement of round {rung.id}")
    if state.handoff is not None:
        yield Due(state.handoff.due, "handoff", "", f"{state.handoff.to} is to accept the hand-off")
    if state.hold is not None:
        yield Due(state.hold.until, "hold", "", "end of the hold")
    waiting = state.resolution_state in ("proposed", "confirmed")
    if level is not None and state.hold is None and not waiting and state.review is None:
        yield Due(level.dwell_due, "dwell", "", f"end of the time at level {level.id}")
    for gate in state.pending_gates:
        yield Due(gate.due, "gate", gate.id, f"deadline of approval {gate.id}")
    proposed = state.resolution
    if proposed is not None and proposed.state == "proposed" and proposed.confirm_due is not None:
        yield Due(proposed.confirm_due, "confirmation", "", "the proposed resolution is to be confirmed")


def _dues_of_clocks(state: Escalation) -> Iterator[Due]:
    for name, clock in state.clocks.items():
        if clock.stopped_at is not None or clock.paused or clock.breached:
            continue
        if not clock.warned:
            yield Due(clock.warn_due, "warning", name, f"warning: {name} is close to its limit")
        else:
            yield Due(clock.due, "breach", name, f"limit of {name}")


def _dues_of_review(state: Escalation) -> Iterator[Due]:
    if state.review is not None and state.review.submitted_at is None:
        yield Due(state.review.next_due, "review", "", "the review is due")
    for item in state.open_items:
        yield Due(item.next_due, "item", item.id, f"action item {item.id} is due")


def pass_time(draft: Draft) -> None:
    """Do what stands on the agenda for now; nothing when nothing is due yet."""
    due = next_due(draft.state)
    if due is not None and due.at <= draft.now:
        _HAPPENS[due.kind](draft, due.about)


_HAPPENS: dict[str, Callable[[Draft, str], None]] = {
    "input": lambda draft, _: packet.due(draft),
    "acknowledgement": lambda draft, _: assignment.acknowledgement_due(draft),
    "handoff": lambda draft, _: handoff.expired(draft),
    "hold": lambda draft, _: resolution.hold_over(draft),
    "dwell": lambda draft, _: assignment.dwell_due(draft),
    "gate": approval.due,
    "warning": lambda draft, about: clocks.warn(draft, ClockName(about)),
    "breach": lambda draft, about: clocks.breach(draft, ClockName(about)),
    "confirmation": lambda draft, _: resolution.confirmation_due(draft),
    "review": lambda draft, _: review.due(draft),
    "item": work_items.due,
}
