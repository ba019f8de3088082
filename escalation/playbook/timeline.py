"""How a playbook bounds what people put on the timeline."""

from datetime import timedelta

from escalation.values import Duration, Record


class TimelinePolicy(Record):
    """Recordings and live sessions."""

    recording_at_most: Duration = timedelta(minutes=3)
    """How long a recording may be: what takes longer is told in parts, or linked with a transcript."""
    session_at_most: Duration = timedelta(hours=2)
    """How long a live session may stay open before somebody is asked for what came of it, and again after each such
    time."""
