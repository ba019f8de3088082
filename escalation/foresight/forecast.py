"""The forecast: what happens next, when, to whom and why, if nobody acts.

Runs ``advance``, ``react`` and ``next_due`` forward on a state: no rule is written twice. A stand-in answers
the actions: the directory resolves as it stands, deliveries succeed, the CRM opens the ticket, people stay silent.
"""

from collections import deque
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
    return [*events, *forecast(opened, directory, until)]


def forecast(state: Escalation, directory: FindsPeople, until: datetime, steps: int = STEPS) -> list[e.Event]:
    """Return the events to come until an instant, oldest first, as if nobody answered.

    Args:
        state: as a query returned it.
        directory: who is found for a target at an instant.
        until: where to stop; with a time zone.
        steps: how many due instants to follow at most.
    """
    future: list[e.Event] = []
    actions: deque[Action] = deque(_in_flight(state))
    now = state.tail[-1].at if state.tail else until

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


def _in_flight(state: Escalation) -> list[Action]:
    """Return the look-ups that have not been answered yet: without them nobody would be told in the forecast."""
    waiting: list[e.Event] = []
    for event in state.tail:
        rung = state.rung
        if isinstance(event, e.RungOpened) and rung is not None and rung.id == event.rung and not rung.resolved:
            waiting.append(event)
        elif isinstance(event, e.GateOpened):
            gate = state.gates.get(event.gate)
            if gate is not None and gate.round == event.round and not gate.resolved and gate.state == "pending":
                waiting.append(event)
    return react(state, waiting)


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
