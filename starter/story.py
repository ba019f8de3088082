"""Events in words: what happened, because of whom, and why. Timeline, watch, forecast and demo all tell it this way."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from escalation.model import events as e
from starter.approval_story import APPROVALS
from starter.automation_story import AUTOMATIONS
from starter.ending_story import ENDING
from starter.incident_story import INCIDENTS
from starter.item_story import ITEMS
from starter.ladder_story import LADDER
from starter.line import Line, Weight, name
from starter.ownership_story import OWNERSHIP
from starter.records_story import RECORDS
from starter.statement_story import STATEMENTS
from starter.ticket_story import TICKETS
from starter.time_story import TIMES
from starter.timeline_story import TIMELINE


class Told(NamedTuple):
    """One line of a story: an event in words, with its place, instant and author."""

    seq: int
    at: datetime
    who: str
    what: str
    why: str
    weight: Weight
    event: e.Event


def tell(events: Iterable[e.Event], least: Weight = Weight.STEP) -> Iterator[Told]:
    """Yield the events that weigh at least so much, in words, in order."""
    for event in events:
        line = say(event)
        if line.weight >= least:
            yield Told(event.seq, event.at, name(event.by), line.what, line.why, line.weight, event)


def say(event: e.Event) -> Line:
    """Return one event in words."""
    return _WORDS[type(event)](event)


def _of_item(event: e.EventBase) -> Line:
    what, why, turns = ITEMS[type(event)](event, name)
    return Line(what, why, Weight.TURN if turns else Weight.STEP)


_WORDS: dict[type, Callable[[Any], Line]] = {
    **LADDER,
    **OWNERSHIP,
    **APPROVALS,
    **TIMES,
    **TIMELINE,
    **AUTOMATIONS,
    **dict.fromkeys(ITEMS, _of_item),
    **STATEMENTS,
    **ENDING,
    **INCIDENTS,
    **TICKETS,
    **RECORDS,
    e.UnknownEvent: lambda v: Line(f"{v.type.replace('_', ' ')} (this version knows no more of it)"),
}
