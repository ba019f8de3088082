"""``react(state, events)``: what the outside world should now be told or asked, because of what happened.

Each action's key is made from the escalation's instance and the sequence number of the event that caused it, so that
the same event always gives the same key: it is the idempotency key in every system it reaches.
"""

from collections.abc import Iterable

from escalation.lifecycle.case.needs import concerned
from escalation.lifecycle.reactions import (
    automation,
    communication,
    found,
    gates,
    incident,
    items,
    ladder,
    links,
    messages,
    migration,
    opening,
    ownership,
    recovery,
    review,
    statements,
    ticket,
    time,
    timeline,
    work,
)
from escalation.lifecycle.reactions.common import Reaction
from escalation.model import events as e
from escalation.model.actions import Action, Notify
from escalation.model.state import Escalation

_REACTIONS: dict[type[e.EventBase], Reaction] = {
    **opening.REACTIONS,
    **ladder.REACTIONS,
    **found.REACTIONS,
    **gates.REACTIONS,
    **time.REACTIONS,
    **work.REACTIONS,
    **items.REACTIONS,
    **communication.REACTIONS,
    **statements.REACTIONS,
    **ticket.REACTIONS,
    **recovery.REACTIONS,
    **automation.REACTIONS,
    **links.REACTIONS,
    **messages.REACTIONS,
    **review.REACTIONS,
    **migration.REACTIONS,
    **timeline.REACTIONS,
    **incident.REACTIONS,
    **ownership.REACTIONS,
}


def react(state: Escalation, events: Iterable[e.Event]) -> list[Action]:
    """Return the actions that follow from events, in order.

    Args:
        state: after all of the events.
        events: what a command caused.
    """
    actions: list[Action] = []
    nobody_left: list[Action] = []
    for event in events:
        reaction = _REACTIONS.get(type(event))
        if reaction is not None:
            actions += reaction(state, event)
        if isinstance(event, e.PeopleResolved) and event.found.nobody:
            nobody_left += found.nobody_left(state, event)
    if barred := concerned(state):
        # They may have been told, or own it, since before that was known. What they asked for, they are told.
        silent = {actor for actor in barred if actor != state.requested_by}
        actions = [each for each in actions if not isinstance(each, Notify) or each.to not in silent]
    return actions + nobody_left  # which says nothing of the case, and may be for whom it is about
