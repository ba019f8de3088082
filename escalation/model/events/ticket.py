"""What people do to the ticket in the help desk itself."""

from typing import Literal

from escalation.model.events.base import EventBase
from escalation.model.ticket import TicketStatus


class TicketAsked(EventBase):
    """Somebody has the ticket opened anew after it was refused, or links one that people opened."""

    type: Literal["ticket_asked"] = "ticket_asked"
    ticket: str = ""
    """The existing one; empty: a new one is to be opened."""
    because: str


class TicketChanged(EventBase):
    """Somebody changed the ticket in the help desk."""

    type: Literal["ticket_changed"] = "ticket_changed"
    key: str
    """The help desk's own id of the change."""
    system: str
    editor: str = ""
    """Who did it: somebody here (``person:eva``) where the connection's ``owners`` name them, else their name there;
    or ``customer``, ``automation``, ``somebody``."""
    status: TicketStatus | None = None
    owner: str | None = None
    """Whose it is there now, named in the same way; empty: nobody's; None: as before."""
    note: str = ""
    """What was written there by its staff; what a customer wrote is an entry of its own."""
    public: bool = False
    means: Literal["", "solved", "proposed", "not_proposed", "reopened"] = ""
    """What it bears on here; empty: nothing."""
    because: str = ""
    """Why it could not be proposed."""
