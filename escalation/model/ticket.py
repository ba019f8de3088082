"""What is kept of the ticket as people of the help desk left it."""

from typing import Literal

from pydantic import AwareDatetime

from escalation.values import Record

MOST_SEEN = 100
"""So many changes, the latest, are known by their id: heard again, they change nothing."""

TicketStatus = Literal["open", "pending", "solved", "closed"]

CUSTOMER = "customer"
AUTOMATION = "automation"
SOMEBODY = "somebody"
"""Who changed a ticket, where it is nobody who has a name here: the customer, something there that is no person, and
whoever the help desk does not name."""

EMBEDDED = "helpdesk"
"""Name of the embedded help desk as a system: no connection may have it."""


class Ticket(Record):
    """The ticket as it was last heard of."""

    system: str
    at: AwareDatetime
    by: str = ""
    """Who changed it last, as ``TicketChanged.editor``."""
    status: TicketStatus | None = None
    """None: nobody there has changed it."""
    owner: str | None = None
    """Whose it is there, as ``TicketChanged.owner``."""
    seen: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in words."""
        status = f"{self.status} " if self.status else ""
        owner = "" if self.owner is None else f", owner there: {self.owner or 'nobody'}"
        return f"{status}in {self.system}, changed there by {called(self.by)}{owner}"


def called(editor: str) -> str:
    """Say in English who changed a ticket."""
    return {CUSTOMER: "the customer", AUTOMATION: "an automation there", "": SOMEBODY}.get(editor, editor)
