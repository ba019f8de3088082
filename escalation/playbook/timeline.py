"""How a playbook bounds what people put on the timeline."""

from datetime import timedelta
from enum import StrEnum

from escalation.values import Duration, Record


class Holding(StrEnum):
    """What was begun on the timeline and may hold up the close until it is over."""

    BLOCKER = "blocker"
    QUESTION = "question"
    SESSION = "session"


class TimelinePolicy(Record):
    """Recordings, live sessions, and what of it holds up the close."""

    recording_at_most: Duration = timedelta(minutes=3)
    """How long a recording may be: what takes longer is told in parts, or linked with a transcript."""
    session_at_most: Duration = timedelta(hours=2)
    """How long a live session may stay open before somebody is asked for what came of it, and again after each such
    time."""
    holds_close: tuple[Holding, ...] = (Holding.BLOCKER, Holding.SESSION)
    """What is to be over before it is closed: blockers, questions, live sessions; an empty list: none of it."""
