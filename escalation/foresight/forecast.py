"""The forecast: what happens next, when, to whom and why, if nobody acts.

Runs ``advance``, ``react`` and ``next_due`` forward on a state: no rule is written twice. A stand-in answers
the actions: the directory resolves as it stands, deliveries succeed, the CRM opens the ticket, people stay silent.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from escalation.lifecycle import advance, next_due, react
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import Action, CaseLink, DeliveryReceipt, FindPeople, Notify, OpenCase
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
    blank = Escalation(id="forecast", instance="", playbook=loaded.playbook, playbook_digest=loaded.digest)
    opened, events = advance(blank, c.Open(request=request), at)
    return [*events, *_follow(opened, react(opened, events), at, directory, until, STEPS)]


def forecast(state: Escalation, directory: FindsPeople, until: datetime, steps: int = STEPS) -> list[e.Event]:
    """Return the events to come until an instant, oldest first, as if nobody answered.

    Args:
        state: as a query returned it.
        directory: who is found for a target at an instant.
        until: where to stop; with a time zone.
        steps: how many due instants to follow at most.
    """
    now = state.tail[-1].at if state.tail else until
    return _follow(state, _in_flight(state), now, directory, until, steps)


def _follow(  # noqa: PLR0917 - of this module alone
    state: Escalation, in_flight: Iterable[Action], now: datetime, directory: FindsPeople, until: datetime, steps: int
) -> list[e.Event]:
    future: list[e.Event] = []
    actions: deque[Action] = deque(in_flight)

    def step(command: c.Command) -> None:
        nonlocal state
        state, events = advance(state, command, now)
        future.extend(events)
        actions.extend(react(state, events))

    for _ in range(steps):
        while actions:
            answer = answer_of(actions.popleft(), directory, now)
            if answer is not None:
                step(answer)
        due = next_due(state)
        if due is None or due.at > until:
            break
        now = max(now, due.at)
        step(c.TimePassed())
    return future


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


_CALLS = (e.RungOpened, e.PagesReleased, e.GateOpened, e.GateExpired, e.HandoffOffered)


def _is_open(state: Escalation, purpose: str) -> bool:
    """Tell whether people are still called for this."""
    return purpose.partition(":")[0] in ("rung", "hours", "gate", "handoff") and state.still_asks(purpose)


def answer_of(action: Action, directory: FindsPeople, now: datetime) -> c.Internal | None:
    """Answer an action as a world does in which everything works: found, delivered, opened."""
    if isinstance(action, FindPeople):
        return c.PeopleFound(purpose=action.purpose, found=directory.find(action, now))
    if isinstance(action, Notify):
        receipt = DeliveryReceipt(channel="forecast", receipt_id=action.key, at=now)
        return c.Delivered(key=action.key, to=action.to, rung=action.rung, receipt=receipt)
    if isinstance(action, OpenCase):
        return c.CaseOpened(link=CaseLink(ticket="forecast"))
    return c.CaseUpdated(key=action.key, public=action.public)
