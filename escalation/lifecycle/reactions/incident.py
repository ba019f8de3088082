"""What follows around an incident: responders hear of it, and whoever speaks for it is asked how it stands."""

from collections.abc import Iterable, Iterator

from escalation.lifecycle import communication as words
from escalation.lifecycle import grounds
from escalation.lifecycle.incident import baseline
from escalation.lifecycle.incident import words as said
from escalation.lifecycle.message_values import Sentence
from escalation.lifecycle.reactions import endings
from escalation.lifecycle.reactions.common import Reaction, find, notify, owner_of
from escalation.lifecycle.sentences import sentence, told
from escalation.lifecycle.work.item_powers import is_person
from escalation.model import events as e
from escalation.model.actions import Action, MessageKind
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.values import Actor

FIRST_UPDATE = "first_update"
"""Purpose of looking up who is asked for the first update: ``first_update:`` and how often it was missed."""


def _declared(state: Escalation, event: e.IncidentDeclared) -> Iterator[Action]:
    yield from _tell_responders(state, event, sentence("incident_declared", because=event.because))
    if event.first_update_due is not None:
        yield from _ask(state, event, baseline.asked(state, 1), 0)


def _first_update_overdue(state: Escalation, event: e.FirstUpdateOverdue) -> Iterator[Action]:
    yield from _ask(state, event, event.asked, event.times)


def _ask(state: Escalation, event: e.Event, whom: Iterable[str], times: int) -> Iterator[Action]:
    asked = tuple(whom)
    for owner in owner_of(state):
        if owner in asked:
            yield _demand(state, event, owner, times)
    targets = tuple(target for target in asked if target not in owner_of(state))
    if targets:
        yield find(state, event, f"{FIRST_UPDATE}:{times}", targets, "find who is asked for the first update")


def found(state: Escalation, event: e.PeopleResolved, reference: str) -> Iterator[Action]:
    """Ask whoever was found for the first update; nothing when it came meanwhile."""
    if state.still_asks(event.purpose):
        for each in event.found.people:
            if each.person not in owner_of(state):
                yield _demand(state, event, each.person, int(reference), event.found)


def _demand(state: Escalation, event: e.Event, person: Actor, times: int, found: People | None = None) -> Action:
    text, summary = said.first_update(state, person, times, found), f"ask {person} for the first update"
    return notify(state, event, person, MessageKind.WARNING, text, summary=summary, what=f"{FIRST_UPDATE}/{person}")


def _baseline_reported(state: Escalation, event: e.BaselineReported) -> Iterator[Action]:
    which = "the first update" if event.number == 1 else f"update {event.number}, which takes the place of the last"
    what = told(
        "incident_updated",
        f"{which} of the incident is there",
        number=event.number,
        happened=event.what_happened,
        affected=event.who_is_affected,
        urgent=event.why_urgent,
        recording=event.recording,
    )
    yield from _tell_responders(state, event, what, said.baseline(state))


def _priorities_set(state: Escalation, event: e.PrioritiesSet) -> Iterator[Action]:
    text = f"{event.by} has set what comes first (version {event.version})"
    what = told("priorities_set", text, by=event.by, version=event.version, first=event.priorities)
    yield from _tell_responders(state, event, what, said.priorities(state))


def _stand_down_refused(state: Escalation, event: e.StandDownRefused) -> Iterator[Action]:
    text = words.news(state, sentence("stand_down_refused", because=grounds.given(event)))
    yield notify(state, event, event.asked_by, MessageKind.NEWS, text, summary=f"tell {event.asked_by}: not stood down")


def _stood_down(state: Escalation, event: e.StoodDown) -> Iterator[Action]:
    what = sentence("stood_down", because=grounds.given(event))
    yield from _tell_responders(state, event, what)
    if state.rules >= 2:
        yield from endings.stood_down(state, event, what)


def _period_begun(state: Escalation, event: e.PeriodBegun) -> Iterator[Action]:
    if event.number > 1:
        text = f"period {event.number} begins, until {words.instant(event.ends_at)}; {state.accountable} leads it"
        leader = state.accountable
        what = told("period_begun", text, number=event.number, until=event.ends_at, leader=leader)
        yield from _tell_responders(state, event, what)


def _tell_responders(state: Escalation, event: e.Event, text: Sentence, more: str = "") -> Iterator[Action]:
    """Tell everybody who was told of it before, and who works on it, but for whoever caused it."""
    working = (*owner_of(state), *(each for item in state.open_items for each in item.holders), *state.told)
    message = words.news(state, text)
    message = message._replace(body=f"{message.body}\n{more}") if more else message
    for person in dict.fromkeys(working):
        if person != event.by and is_person(person):
            yield notify(state, event, person, MessageKind.NEWS, message, summary=f"tell {person}: {text[:80]}")


REACTIONS: dict[type[e.EventBase], Reaction] = {
    e.IncidentDeclared: _declared,
    e.FirstUpdateOverdue: _first_update_overdue,
    e.BaselineReported: _baseline_reported,
    e.PrioritiesSet: _priorities_set,
    e.PeriodBegun: _period_begun,
    e.StandDownRefused: _stand_down_refused,
    e.StoodDown: _stood_down,
}
