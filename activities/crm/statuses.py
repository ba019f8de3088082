"""The four statuses of a ticket, and what a help desk calls them."""

from collections.abc import Mapping
from typing import Final, get_args

from pydantic import BaseModel

from escalation.model.ticket import TicketStatus

MILDEST_LAST: Final[tuple[TicketStatus, ...]] = ("closed", "solved", "pending", "open")


def named(names: BaseModel) -> dict[TicketStatus, str]:
    """Return what each status is called there; ``names`` has a field for each."""
    return {status: getattr(names, status) for status in get_args(TicketStatus)}


def meanings(
    names: Mapping[TicketStatus, str], further: Mapping[str, TicketStatus], *, said: bool
) -> dict[str, TicketStatus]:
    """Return what is meant by a name there; where two of ours have one name, it is the milder one.

    What the file says of a name (``further``, where it was ``said`` there) goes first. What is usual of further names
    does not: the file may have given one of them to a status of ours.
    """
    ours = {names[status]: status for status in MILDEST_LAST}
    return {**ours, **further} if said else {**further, **ours}
