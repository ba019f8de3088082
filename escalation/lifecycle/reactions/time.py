"""What follows when time passes: warnings, reminders, breaches, the end of a hold."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions.common import Reaction, notify, owner_of, tell_accountable, tell_owner, tells
from escalation.lifecycle.sentences import sentence, told
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation


def _clock_warned(state: Escalation, event: e.ClockWarned) -> Iterator[Action]:
    clock = state.clocks[event.clock]
    what = sentence("clock_warned", clock=event.clock, due=clock.due)
    yield from _tell_others(state, event, event.clock, what, accountable=state.owner is None)
    yield from _tell_owner(state, event, what, f"warn {state.accountable}: {what}")


def _clock_reminded(state: Escalation, event: e.ClockReminded) -> Iterator[Action]:
    what = sentence("clock_reminded", clock=event.clock, due=state.clocks[event.clock].due)
    yield from _remind(state, event, what)


def _clock_breached(state: Escalation, event: e.ClockBreached) -> Iterator[Action]:
    what = sentence("clock_breached", clock=event.clock)
    yield from _tell_others(state, event, event.clock, what, accountable=True)
    yield from _tell_owner(state, event, what, f"tell {state.accountable}: {what}")


def _tell_others(
    state: Escalation, event: e.Event, clock: str, what: Sentence, *, accountable: bool
) -> Iterator[Action]:
    """Tell whoever is accountable, and whom the playbook wants to hear of this clock."""
    targets = state.playbook.clocks[clock].tell
    if not targets:
        yield from tell_accountable(state, event, what) if accountable else ()
        return
    beside = (state.raci.accountable,) if accountable else ()
    yield tells(state, event, what, (*beside, *targets), f"find who hears of it: {what}")


def _tell_owner(state: Escalation, event: e.Event, what: Sentence, summary: str) -> Iterator[Action]:
    for owner in owner_of(state):
        yield notify(state, event, owner, MessageKind.WARNING, words.news(state, what), summary=summary)


def _remind(state: Escalation, event: e.Event, what: Sentence) -> Iterator[Action]:
    """Remind the owner; while nobody has it, whoever answers for it."""
    if state.owner is None:
        yield from tell_accountable(state, event, what)
    yield from _tell_owner(state, event, what, f"remind {state.accountable}: {what}")


def _status_overdue(state: Escalation, event: e.StatusOverdue) -> Iterator[Action]:
    yield from _remind(state, event, sentence("status_overdue", because=grounds.given(event)))


def _hold_ended(state: Escalation, event: e.HoldEnded) -> Iterator[Action]:
    if event.by not in owner_of(state):
        what = sentence("hold_ended", because=grounds.given(event))
        yield from tell_owner(state, event, what, summary="the hold has ended")


def _lowering_ended(state: Escalation, event: e.SeverityLoweringEnded) -> Iterator[Action]:
    """Whoever asked hears what became of it; the owner has been told how the approval ended."""
    if event.asked_by in owner_of(state) and event.how != "overtaken":
        return
    how = {"lowered": "it is", "refused": "refused: it stays", "overtaken": "not needed any more: it is"}[event.how]
    english = f"you asked for severity {event.severity}; {how} {state.severity} ({event.because})"
    what = told("lowering_ended", english, asked=event.severity, how=event.how, because=grounds.given(event))
    summary = f"tell {event.asked_by}: severity {event.severity} {event.how}"
    yield notify(state, event, event.asked_by, MessageKind.NEWS, words.news(state, what), summary=summary)


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.ClockWarned: _clock_warned,
    e.ClockReminded: _clock_reminded,
    e.ClockBreached: _clock_breached,
    e.StatusOverdue: _status_overdue,
    e.HoldEnded: _hold_ended,
    e.SeverityLoweringEnded: _lowering_ended,
}
