"""What follows when time passes: warnings, breaches, the end of a hold."""

from collections.abc import Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle.reactions.common import Reaction, notify, owner_of, tell_accountable
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation


def _clock_warned(state: Escalation, event: e.ClockWarned) -> Iterator[Action]:
    clock = state.clocks[event.clock]
    what = f"{event.clock} is close to its limit, {words.instant(clock.due)}"
    if state.owner is None:
        yield from tell_accountable(state, event, what)
    for owner in owner_of(state):
        yield notify(state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"warn {owner}: {what}")


def _clock_breached(state: Escalation, event: e.ClockBreached) -> Iterator[Action]:
    what = f"{event.clock} passed its limit"
    yield from tell_accountable(state, event, what)
    for owner in owner_of(state):
        yield notify(state, event, owner, MessageKind.WARNING, words.news(state, what), summary=f"tell {owner}: {what}")


def _hold_ended(state: Escalation, event: e.HoldEnded) -> Iterator[Action]:
    for owner in owner_of(state):
        if owner != event.by:
            text = words.news(state, f"the hold has ended: {event.because}. Work goes on")
            yield notify(state, event, owner, MessageKind.NEWS, text, summary=f"tell {owner}: the hold has ended")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.ClockWarned: _clock_warned,
    e.ClockBreached: _clock_breached,
    e.HoldEnded: _hold_ended,
}
