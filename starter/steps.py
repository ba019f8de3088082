"""A forecast as steps: what happens when, who is told, and what would keep it from happening."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from escalation.model import events as e
from escalation.values import Actor
from starter.ladder_story import found_for, whys
from starter.line import Weight, joined
from starter.story import say


class Step(NamedTuple):
    """One step of a forecast."""

    at: datetime
    what: str
    who: tuple[Actor, ...]
    """Who is told or asked; empty when nobody is."""
    why: str
    key: str
    """Tells the same step in what really happened."""
    unless: str = ""
    """What would keep it from happening, and who may do that; empty when nothing does."""


def steps(events: Iterable[e.Event], unless: Mapping[int, str] | None = None) -> list[Step]:
    """Return a forecast's events as steps: whoever is found for a round or an approval stands with it.

    ``unless`` says of an event, by its number, what would keep it from happening.
    """
    avoided = unless or {}
    told: list[Step] = []
    open_calls: dict[str, int] = {}
    for event in events:
        if isinstance(event, e.PeopleResolved):
            people = tuple(found.person for found in event.found.people)
            why = "; ".join(dict.fromkeys((*whys(event.found), *event.found.notes)))
            place = open_calls.get(event.purpose, _cause(told, event))
            if place is not None:
                told[place] = told[place]._replace(who=people, why=joined(told[place].why, why))
            else:
                told.append(
                    Step(event.at, found_for(event.purpose), people, why, step_key(event), avoided.get(event.seq, ""))
                )
            continue
        line = say(event)
        if line.weight is Weight.DETAIL or isinstance(event, e.MessageDelivered):
            continue
        if isinstance(event, e.RungOpened):
            open_calls[f"rung:{event.rung}"] = len(told)
        elif isinstance(event, e.PagesReleased):
            open_calls[f"hours:{event.rung}"] = len(told)
        elif isinstance(event, e.UpdateOverdue):
            open_calls[f"communicator:{event.times}"] = len(told)
        elif isinstance(event, e.FirstUpdateOverdue):
            open_calls[f"first_update:{event.times}"] = len(told)
        elif isinstance(event, e.GateOpened):
            open_calls[f"gate:{event.gate}/{event.round}"] = len(told)
        told.append(Step(event.at, line.what, (), line.why, step_key(event), avoided.get(event.seq, "")))
    return told


def _cause(told: list[Step], event: e.PeopleResolved) -> int | None:
    """Find the step because of which somebody is told: its clock, approval or item stands in the purpose."""
    for place in range(len(told) - 1, -1, -1):
        about = told[place].key.partition(" ")[2]
        if told[place].at == event.at and not told[place].who and about and about in event.purpose:
            return place
    return None


def step_key(event: e.Event) -> str:
    """Return what tells the same step in a forecast and in what happened: its kind and what it is about."""
    about = (
        "rung",
        "gate",
        "clock",
        "level",
        "item",
        "handoff",
        "purpose",
        "round",
        "status",
        "stakeholder",
        "summary",
        "milestone",
        "follow_up",
    )
    parts = [str(getattr(event, field)) for field in about if hasattr(event, field)]
    if isinstance(event, e.PeopleResolved):
        kind, _, rest = event.purpose.partition(":")
        if kind == "rung":
            return f"rung_opened {rest}"
    return " ".join([event.type, *parts[:1]])
