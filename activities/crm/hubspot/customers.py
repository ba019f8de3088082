"""What HubSpot knows of a customer: the contact, their company, their tickets."""

from datetime import UTC, datetime
from typing import Final

from activities.crm.hubspot.api import Api, newest_first
from activities.crm.hubspot.config import HubSpotConfig
from activities.crm.hubspot.records import Found
from escalation.model.actions import CustomerSnapshot
from escalation.model.ticket import TicketStatus
from escalation.texts import cut

HISTORY: Final = 10
MOST_COUNTED: Final = 200
"""Of a customer's tickets, the newest; whether they are open is read of each."""
LONGEST: Final = 200
PRIMARY_COMPANY: Final = 1
"""HubSpot's type of the association of a contact with the company that counts."""
_TICKET: Final = ("subject", "createdate", "hs_pipeline", "hs_pipeline_stage", "closed_date")


class Customers:
    """Contacts of one account."""

    def __init__(self, api: Api, config: HubSpotConfig) -> None:
        self._api, self._config, self._means = api, config, config.meanings()

    async def contact(self, customer_id: str) -> Found | None:
        """Return the contact of a customer id; None where HubSpot has none."""
        wanted = ["company", *_given(self._config.contact_tier)]
        by = self._config.contact_property or ("email" if "@" in customer_id else None)
        if by is None and not customer_id.isdecimal():
            return None
        return next(iter(await self._api.read("contacts", [customer_id], wanted, by=by)), None)

    async def snapshot(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return what is known of a customer, without the ticket ``besides``."""
        contact = await self.contact(customer_id)
        if contact is None:
            return None
        company = await self._company(contact)
        tickets = await self._tickets(contact, besides)
        tiers = (
            contact.says(self._config.contact_tier or ""),
            company and company.says(self._config.company_tier or ""),
        )
        return CustomerSnapshot(
            fetched_at=datetime.now(UTC),
            system=self._api.system,
            tier=next((cut(tier, LONGEST) for tier in tiers if tier), ""),
            company=cut((company and company.says("name")) or contact.says("company"), LONGEST),
            open_tickets=sum(self._status(ticket) in {"open", "pending"} for ticket in tickets),
            history=tuple(self._line(ticket) for ticket in tickets[:HISTORY]),
        )

    async def _company(self, contact: Found) -> Found | None:
        companies = await self._api.associated("contacts", contact.id, "companies")
        companies.sort(key=lambda each: all(kind.id != PRIMARY_COMPANY for kind in each.kinds))
        wanted = ["name", *_given(self._config.company_tier)]
        return next(iter(await self._api.read("companies", [each.id for each in companies[:1]], wanted)), None)

    async def _tickets(self, contact: Found, besides: str) -> list[Found]:
        """Return the customer's tickets, newest first."""
        ids = [each.id for each in await self._api.associated("contacts", contact.id, "tickets")]
        wanted = newest_first([each for each in ids if each != besides])[:MOST_COUNTED]
        place = {each: number for number, each in enumerate(wanted)}
        found = await self._api.read("tickets", wanted, _TICKET)
        return sorted(found, key=lambda ticket: place.get(ticket.id, MOST_COUNTED))

    def _status(self, ticket: Found) -> TicketStatus:
        """Return a ticket's status; of another pipeline it is only known whether it was closed."""
        stage = ticket.says("hs_pipeline_stage")
        if ticket.says("hs_pipeline") == self._config.pipeline and stage in self._means:
            return self._means[stage]
        return "closed" if ticket.says("closed_date") else "open"

    def _line(self, ticket: Found) -> str:
        text = f"{ticket.created:%Y-%m-%d} {ticket.id} {self._status(ticket)}: {ticket.says('subject')}"
        return cut(" ".join(text.split()), LONGEST)


def _given(name: str | None) -> list[str]:
    return [name] if name else []
