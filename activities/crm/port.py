"""What a help desk or CRM must offer. HubSpot or Zendesk is one more class like this."""

from typing import Protocol, runtime_checkable

from escalation.model.actions import CaseChange, CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.values import Record


class HelpDesk(Protocol):
    """A help desk. Methods raise ``RemoteUnavailable`` when another try is worth it, ``RemoteRefused`` when not.

    Everything is done once for each ``action.key``, however often it is asked: a worker may have died between the call
    and its answer, and a long life asks again under the same key.
    """

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Return the ticket that carries ``action.key`` as its external id, opening it when there is none.

        ``subject`` and ``description`` are for the customer too; ``body`` becomes a note that only staff may read.
        ``snapshot`` stays empty.

        A case that has a ticket here is linked to it instead. That keeps its subject, its words and its owner; it is
        open afterwards, has the priority of the severity, and the fields that a new one would have been given.
        """
        ...

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return what is known of a customer, not counting the ticket ``besides``; None when nothing is."""
        ...

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set status, owner and priority on the ticket with the external id ``action.case_key``, and add the note last.

        What is None stays as it is. Where ``action.ticket`` names the ticket by its number, what it carries is looked
        at before anything is written: a number may be a stranger's ticket (``activities.crm.belonging``).
        """
        ...


class Changes(Record):
    """What changed in a help desk since it was asked last."""

    cursor: str
    """Where to go on; the system's own, at most 500 characters."""
    changes: tuple[CaseChange, ...] = ()
    """Oldest first. What this engine did itself is not among them."""


@runtime_checkable
class Watched(HelpDesk, Protocol):
    """A help desk that can say what people changed there."""

    async def changes(self, cursor: str) -> Changes:
        """Return what changed since ``cursor`` on tickets with an external id of ours; empty: from now on.

        Bounded: where there is more, the next call has it. The same change may come twice, with the same ``key``.
        """
        ...
