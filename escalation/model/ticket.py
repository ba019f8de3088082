"""What is kept of the ticket as people of the help desk left it."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.values import Record

MOST_SEEN = 100
"""So many changes, the latest, are known by their id: heard again, they change nothing."""

TicketStatus = Literal["open", "pending", "solved", "closed"]

EMBEDDED = "helpdesk"
"""Name of the embedded help desk as a system: no connection may have it."""


class Ticket(Record):
    """The ticket as it was last heard of."""

    system: str
    at: AwareDatetime
    by: str = ""
    """Who changed it last, as the help desk calls them."""
    status: TicketStatus | None = None
    """None: nobody there has changed it."""
    owner: str | None = None
    seen: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        status = f"{self.status} " if self.status else ""
        owner = "" if self.owner is None else f", owner there: {self.owner or 'nobody'}"
        return f"{status}in {self.system}, changed there by {self.by or 'somebody'}{owner}"
