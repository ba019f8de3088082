"""The forecast: what happens next, when, to whom and why, if nobody acts.

Runs ``advance``, ``react`` and ``next_due`` forward on a state: no rule is written twice. A stand-in answers
the actions: the directory resolves as it stands, deliveries succeed, the CRM opens the ticket, people stay silent.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from escalation.lifecycle import advance, next_due, react
from escalation.lifecycle.ladder.powers import POWER
from escalation.lifecycle.reactions.communication import SPEAK
from escalation.lifecycle.reactions.incident import FIRST_UPDATE
from escalation.lifecycle.stops import Stop, stop
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import (
    Action,
    AmendMessage,
    CaseLink,
    DeliveryReceipt,
    FindPeople,
    LoadPlaybook,
    Notify,
    OpenCase,
    RunRecovery,
    TellLinked,
)
from escalation.model.request import Request
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.people.search import Search
from escalation.playbook.schema import LoadedPlaybook

STEPS = 1000
"""Where a forecast ends at the latest: a last resort is told again and again for ever."""


class FindsPeople(Protocol):
    """What a forecast needs of a directory."""

    def find(self, search: Search, at: datetime, /) -> People:
        """Resolve targets at an instant, and name everybody who may act beside those; never raises."""
        ...


class Foreseen(NamedTuple):
    """One event to come."""

    event: e.Event
    unless: Stop | None
    """What would keep it from happening; None of what follows at once from the opening, or is on its way already."""


def forecast_request(
    loaded: LoadedPlaybook, request: Request, directory: FindsPeople, at: datetime, until: datetime
) -> list[e.Event]:
    """Return what would happen if this request were opened at an instant and nobody answered, oldest first.

    Nothing is started. Where no trigger is true the events say so and end there.

    Args:
        loaded: the playbook that the request names.
        request: what would be opened.
        directory: who is found for a target at an instant.
        at: when it would be opened; with a time zone.
        until: where to stop; with a time zone.

    Raises:
        RequestRefused: the request does not fit the playbook.
    """
    return [each.event for each in foresee_request(loaded, request, directory, at, until)]


def forecast(state: Escalation, directory: FindsPeople, until: datetime, steps: int = STEPS) -> list[e.Event]:
    """Return the events to come until an instant, oldest first, as if nobody answered.

    Args:
        state: as a query returned it.
        directory: who is found for a target at an instant.
        until: where to stop; with a time zone.
        steps: how many due instants to follow at most.
    """
    return [each.event for each in foresee(state, directory, until, steps)]


def foresee_request(
    loaded: LoadedPlaybook, request: Request, directory: FindsPeople, at: datetime, until: datetime
) -> list[Foreseen]:
    """Return what ``forecast_request`` does, each event with what would keep it from happening."""
    blank = Escalation(
        id="forecast", instance="", playbook=loaded.playbook, playbook_digest=loaded.digest, rules=loaded.rules
    )
    opened, events = advance(blank, c.Open(request=request), at)
    future = _Future(opened, directory, at)
    return [*future.take(events), *future.until(until, STEPS)]


def foresee(state: Escalation, directory: FindsPeople, until: datetime, steps: int = STEPS) -> list[Foreseen]:
    """Return what ``forecast`` does, each event with what would keep it from happening."""
    return list(coming(state, directory, until, steps))


def coming(state: Escalation, directory: FindsPeople, until: datetime, steps: int = STEPS) -> Iterator[Foreseen]:
    """Yield what ``foresee`` returns, one after the other: whoever has seen enough stops."""
    future = _Future(state, directory, state.tail[-1].at if state.tail else until)
    future.actions.extend(_in_flight(state))
    return future.until(until, steps)


class _Future:
    """A life run forward."""

    def __init__(self, state: Escalation, directory: FindsPeople, now: datetime) -> None:
        self.actions: deque[Action] = deque()
        self._state = state
        self._directory = directory
        self._now = now
        self._unless: Stop | None = None

    def take(self, events: list[e.Event]) -> list[Foreseen]:
        """Go on from what has just happened."""
        self.actions.extend(react(self._state, events))
        return [Foreseen(event, self._unless) for event in events]

    def until(self, end: datetime, steps: int) -> Iterator[Foreseen]:
        """Let the world answer and time pass."""
        for _ in range(steps):
            while self.actions:
                answer = answer_of(self.actions.popleft(), self._directory, self._now)
                if answer is not None:
                    yield from self._step(answer)
            due = next_due(self._state)
            if due is None or due.at > end:
                break
            self._now = max(self._now, due.at)
            self._unless = stop(self._state, due)
            yield from self._step(c.TimePassed())

    def _step(self, command: c.Command) -> list[Foreseen]:
        self._state, events = advance(self._state, command, self._now)
        return self.take(events)


def _in_flight(state: Escalation) -> Iterator[Action]:
    """Yield what the world still owes an answer to: who is looked up, who is called, the ticket.

    Without it nobody would be told in the forecast, and a page that has not arrived yet would never arrive.
    """
    answered: dict[str, int] = {}
    for event in state.tail:
        if isinstance(event, e.PeopleResolved):
            answered[event.purpose] = event.seq
        elif isinstance(event, e.MessageDelivered | e.MessageFailed):
            answered[event.key] = event.seq
    linked = state.case_link is not None or any(isinstance(event, e.CaseFailed) for event in state.tail)
    heard = (*state.rung.told, *state.rung.failed) if state.rung is not None else ()
    for event in state.tail:
        if isinstance(event, e.Opened) and not linked:
            yield from (action for action in react(state, [event]) if isinstance(action, OpenCase))
        elif isinstance(event, _CALLS):
            for action in react(state, [event]):
                if isinstance(action, FindPeople) and answered.get(action.purpose, 0) < event.seq:
                    yield from (action,) if _is_open(state, action.purpose) else ()
        elif isinstance(event, e.PeopleResolved) and _is_open(state, event.purpose):
            for action in react(state, [event]):
                if isinstance(action, Notify) and action.key not in answered:
                    yield from (action,) if action.rung is None or action.to not in heard else ()


_CALLS = (
    e.LevelEntered,
    e.RungOpened,
    e.PagesReleased,
    e.GateOpened,
    e.GateExpired,
    e.HandoffOffered,
    e.StageTold,
    e.OwnerChanged,
    e.UpdatePosted,
    e.StakeholderConcerned,
    e.KeyPeopleNamed,
    e.UpdateOverdue,
    e.DraftMade,
    e.AutomationRan,
    e.IncidentDeclared,
    e.FirstUpdateOverdue,
)


def _is_open(state: Escalation, purpose: str) -> bool:
    """Tell whether people are still called, told or asked because of this."""
    kinds = (
        "rung",
        "hours",
        "gate",
        "handoff",
        "update",
        "automation",
        "release",
        SPEAK,
        POWER,
        "raci",
        "shift",
        FIRST_UPDATE,
    )
    return purpose.partition(":")[0] in kinds and state.still_asks(purpose)


def answer_of(action: Action, directory: FindsPeople, now: datetime) -> c.Internal | None:
    """Answer an action as a world does in which everything works: found, delivered, opened."""
    if isinstance(action, FindPeople):
        as_of = now if action.at is None else max(action.at, now)
        found = directory.find(action, as_of)
        return c.PeopleFound.made({"purpose": action.purpose, "found": found, "tells": action.tells})
    if isinstance(action, Notify):
        receipt = DeliveryReceipt.made({"channel": "forecast", "receipt_id": action.key, "at": now})
        return c.Delivered.made({"key": action.key, "to": action.to, "rung": action.rung, "receipt": receipt})
    if isinstance(action, OpenCase):
        return c.CaseOpened(link=CaseLink(ticket="forecast"))
    if isinstance(action, LoadPlaybook):
        return None  # what stands in it is not known here
    if isinstance(action, RunRecovery):
        return None  # nobody can foresee whether it helps; people are called meanwhile
    if isinstance(action, TellLinked):
        return c.LinkTold(key=action.key)
    if isinstance(action, AmendMessage):
        return c.Amended(key=action.key, to=action.to, channel=action.channel)
    return c.CaseUpdated(key=action.key, public=action.public)
