"""What a help desk or CRM must offer. HubSpot or Zendesk is one more class like this."""

from typing import Protocol

from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase


class HelpDesk(Protocol):
    """A help desk. Methods raise ``RemoteUnavailable`` when another try is worth it, ``RemoteRefused`` when not."""

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Return the ticket that carries ``action.key`` as its external id, opening it when there is none.

        ``subject`` and ``description`` are for the customer too; ``body`` becomes a note that only staff may read.
        A case that has a ticket here is linked to it instead, which is open afterwards. ``snapshot`` stays empty.
        """
        ...

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return what is known of a customer, not counting the ticket ``besides``; None when nothing is."""
        ...

    async def update_ticket(self, action: UpdateCase) -> None:
        """Add the note and set status and owner on the ticket with the external id ``action.case_key``.

        Once for each ``action.key``; what is None stays as it is.
        """
        ...
