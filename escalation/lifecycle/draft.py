"""A decision being drafted: the rules record events into it and see the state those events make.

Rules that build on each other (new facts, hence a new reason, hence a higher level) read ``draft.state`` after each
event, so that none of them works on an outdated picture.
"""

from datetime import datetime
from typing import Any

from escalation.lifecycle import grounds
from escalation.lifecycle.evolve import evolve
from escalation.model.events import Event, EventBase
from escalation.model.state import Escalation
from escalation.values import Actor


class Draft:
    """What one command causes: the state before it, the state so far, and the events recorded."""

    def __init__(self, state: Escalation, by: Actor, now: datetime, command: str = "") -> None:
        self.before = state
        self.state = state
        self.by = by
        self.now = now
        self.command = command
        self.events: list[Event] = []

    def record(self, kind: type[EventBase], /, *, by: Actor | None = None, **content: Any) -> None:
        """Record an event of this kind and apply it. ``by`` is whoever sent the command unless said otherwise."""
        state = self.state
        content = grounds.recorded(content) if state.rules >= 2 else grounds.told_plainly(content)
        event: Any = kind.made(
            {
                "seq": state.seq + 1,
                "at": self.now,
                "by": by or self.by,
                "prev": state.last_hash,
                "sent_as": "" if self.events else self.command,
                **content,
            }
        )
        self.events.append(event)
        self.state = evolve(state, event)
