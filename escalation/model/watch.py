"""What the worker and the workflow that watches a help desk agree on."""

from escalation.values import Record

WATCH_WORKFLOW = "HelpDeskWatch"
HEAR_TICKET = "case_changed"
"""Update by which the help desk's connection says what people changed on the ticket."""


class Watch(Record):
    """A help desk to be watched, and where to go on."""

    connection: str
    cursor: str = ""
    """The system's own; empty: from now on."""


def watch_id(connection: str) -> str:
    """Return the workflow id of the one watch of a connection."""
    return f"help-desk-watch-{connection}"
