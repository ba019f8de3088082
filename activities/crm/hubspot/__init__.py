"""HubSpot as a help desk: tickets of one pipeline, with notes, contacts and owners.

What is done once, and by which means:

* A ticket carries its external id in a property with unique values (developers.hubspot.com, CRM properties, "Create
  unique identifier properties"). HubSpot refuses a second ticket of the same value, so of two creates that race one is
  refused, and reads the other's. The ticket is looked for by that property, never by search.
* The property is made by ``escalate connections prepare NAME`` and by nothing else. A definition is part of the whole
  account (which has ten unique ones for tickets): somebody should have asked for it.
* Stage, owner and note are two calls; the note comes last and its mark says that all was done. The ticket's notes are
  read before, through associations, which are no search either. What remains: HubSpot documents no key for notes, so
  one whose call was given up, and asked for again while HubSpot still worked on it, is written twice.
* A ticket that an update names by its id is written on only when it carries the case's key, which is read with it, or
  where another case linked it later, when the note of the opening stands on it.
* HubSpot keeps the key of a deleted ticket for as long as it can be restored: under it no other one is opened.

Customers read no notes. What is meant for them is put on the ticket as a note for staff and then refused
(``NOT_PUBLIC``), upon which the engine tells the customer itself.
"""

from collections.abc import Mapping
from typing import Final

import structlog

from activities.connector import Tools
from activities.crm.belonging import anothers
from activities.crm.hubspot.api import NOT_UNIQUE, TICKET_TO_CONTACT, Api, refused_as_taken
from activities.crm.hubspot.changes import Following
from activities.crm.hubspot.config import HubSpotConfig
from activities.crm.hubspot.customers import Customers
from activities.crm.hubspot.notes import Notes
from activities.crm.hubspot.people import People
from activities.crm.hubspot.records import Found
from activities.crm.marks import WHOLE
from activities.crm.own_fields import filled, refilled
from activities.crm.port import Changes
from activities.crm.statuses import named
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.model.ticket import TicketStatus
from escalation.texts import cut

LONGEST_SUBJECT: Final = 255
LONGEST_TEXT: Final = 65_536
"""Characters of a text property."""
TICKET_TYPE: Final = "0-5"
"""HubSpot's id of tickets as a type of objects, in addresses of pages."""
NOT_PUBLIC: Final = "NOT_PUBLIC"
_ASKED: Final = ("hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id")


log = structlog.get_logger(__name__)


class HubSpot:
    """A ``Watched`` help desk."""

    def __init__(self, config: HubSpotConfig, tools: Tools) -> None:
        self._config, self._name = config, tools.name
        self._api = Api(tools, config.url, config.token.value)
        self._notes = Notes(self._api)
        self._people = People(self._api, config)
        self._customers = Customers(self._api, config)
        self._following = Following(self._api, config, self._people)
        self._stages, self._means = named(config.stages), config.meanings()

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Find the ticket by its key, else link the case's own, else open one; then see to the staff's note."""
        ticket = await self._carrying(action.key)
        hint = ""
        if ticket is None and action.case.system == self._name:
            ticket, hint = await self._link(action)
        elif ticket is None:
            ticket, hint = await self._create(action)
        if not await self._notes.has(ticket.id, action.key):
            await self._notes.write(ticket.id, action.key, _paragraphs(action.subject, action.body, hint))
        return CaseLink(ticket=ticket.id, url=self._page(ticket), system=self._name)

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return tier, company, open tickets and the latest ten of a contact; None where HubSpot has none."""
        return await self._customers.snapshot(customer_id, besides)

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set stage, owner and priority, then write the note; nothing where the note stands there already.

        Raises:
            RemoteRefused: also for every note that the customer was to read, after it was written for staff.
        """
        if not (action.note or action.status or action.owner or action.severity):
            return
        ticket = await self._known(action)
        if not (action.note and await self._notes.has(ticket.id, action.key)):
            await self._apply(action, ticket)
        if action.note and action.public:
            raise RemoteRefused(
                f"{self._name}: customers read no notes of HubSpot; it stands on the ticket for staff alone",
                reason=NOT_PUBLIC,
            )

    async def changes(self, cursor: str) -> Changes:
        """Return what others did to tickets that carry a key of ours."""
        return await self._following.since(cursor)

    async def check(self) -> str:
        """See whether all may be read that is needed, and whether pipeline, stages, key and owners are there."""
        config = self._config
        for objects in ("tickets", "notes", "contacts", "companies"):
            await self._api.try_reading(objects)
        defined = await self._api.property_of("tickets", config.key_property)
        if defined is None:
            raise RemoteRefused(
                f"{self._name}: tickets have no property {config.key_property}; "
                f"`escalate connections prepare {self._name}` makes it"
            )
        if not defined.unique:
            raise RemoteRefused(
                f"{self._name}: the property {config.key_property} of tickets does not have unique values, and HubSpot "
                "cannot change that; name another one as key_property"
            )
        pipeline = await self._api.pipeline("tickets", config.pipeline)
        if pipeline is None:
            raise RemoteRefused(f"{self._name}: tickets have no pipeline {config.pipeline}; expected an id")
        there = {stage.id for stage in pipeline.stages}
        unknown = sorted({*self._stages.values()} - there)
        if unknown:
            raise RemoteRefused(
                f"{self._name}: the pipeline has no stage {', '.join(unknown)}; it has {', '.join(sorted(there))}"
            )
        missing = await self._people.missing()
        said = f"opens tickets in {pipeline.label or config.pipeline}, found again by {config.key_property}"
        return said + (f"; owners that HubSpot does not have: {', '.join(missing)}" if missing else "")

    async def prepare(self) -> str:
        """Define the property under which tickets are found again, where there is none."""
        name = self._config.key_property
        defined = await self._api.property_of("tickets", name)
        if defined is None:
            await self._api.define_unique(
                "tickets",
                "ticketinformation",
                name,
                "Escalation key",
                "Under which an escalation finds this ticket again. Written by durable-escalations; leave it as it is.",
            )
            return f"made the property {name} of tickets, with unique values"
        if not defined.unique:
            raise RemoteRefused(
                f"{self._name}: there is a property {name} of tickets that does not have unique values, and HubSpot "
                "cannot change that; name another one as key_property"
            )
        return f"the property {name} of tickets was there"

    async def _carrying(self, key: str) -> Found | None:
        try:
            found = await self._api.read("tickets", [key], _ASKED, by=self._config.key_property)
        except RemoteRefused as error:
            if error.status != 400:
                raise
            raise RemoteRefused(
                f"{self._name}: tickets cannot be found by {self._config.key_property} (400 {error.reason}); "
                "`escalate connections check` says why",
                400,
                error.reason,
            ) from None
        return next(iter(found), None)

    async def _create(self, action: OpenCase) -> tuple[Found, str]:
        """Open a ticket, or read the one of a create that was faster; with what is to be said of fields left out."""
        config = self._config
        wanted = filled(config.fields, action) | self._priority(action.severity)
        needed = {
            config.key_property: action.key,
            "subject": cut(" ".join(action.subject.split()), LONGEST_SUBJECT),
            "content": cut(action.description or action.subject, LONGEST_TEXT, WHOLE),
            "hs_pipeline": config.pipeline,
            "hs_pipeline_stage": self._stages["open"],
        }
        contact = await self._contact(action)
        try:
            return await self._api.create("tickets", wanted | needed, contact), ""
        except RemoteRefused as error:
            if not refused_as_taken(error):
                raise
            other = await self._carrying(action.key)
            if other is not None:
                return other, ""
            if not wanted or error.reason.endswith(NOT_UNIQUE):
                raise
            # A value that HubSpot does not offer, perhaps: the ticket matters more than its fields.
            return await self._api.create("tickets", needed, contact), _left_out(error)

    async def _contact(self, action: OpenCase) -> dict[str, int]:
        """Return whom a new ticket is associated with; nobody where HubSpot does not tell."""
        if action.customer is None:
            return {}
        try:
            contact = await self._customers.contact(action.customer.id)
        except RemoteRefused as error:
            log.warning("contact_not_read", error=str(error), key=action.key)
            return {}
        return {contact.id: TICKET_TO_CONTACT} if contact is not None else {}

    async def _link(self, action: OpenCase) -> tuple[Found, str]:
        """Link the case's own ticket, with what is to be said of fields left out."""
        number = action.case.id
        ticket = next(iter(await self._api.read("tickets", [number], _ASKED)), None) if number.isdecimal() else None
        if ticket is None:
            raise RemoteRefused(f"{self._name}: no ticket has the case's id; expected HubSpot's record id of it")
        stage, _ = self._stage(ticket, "open")
        wanted = filled(self._config.fields, action) | self._priority(action.severity)
        return ticket, await self._change(ticket, {self._config.key_property: action.key, **stage}, wanted)

    async def _change(self, ticket: Found, needed: Mapping[str, str], wanted: Mapping[str, str]) -> str:
        """Change a ticket; without what is only wanted where HubSpot does not take that, and then say so."""
        try:
            if needed or wanted:
                await self._api.change("tickets", ticket.id, {**wanted, **needed})
        except RemoteRefused as error:
            if not wanted or not refused_as_taken(error) or error.reason.endswith(NOT_UNIQUE):
                raise
            if needed:
                await self._api.change("tickets", ticket.id, needed)
            return _left_out(error)
        return ""

    def _priority(self, severity: str | None) -> dict[str, str]:
        priority = self._config.priorities.get(severity or "")
        return {"hs_ticket_priority": priority} if priority is not None else {}

    async def _known(self, action: UpdateCase) -> Found:
        key = self._config.key_property
        if action.ticket:
            ticket = next(iter(await self._api.read("tickets", [action.ticket], [*_ASKED, key])), None)
            # Another case may have linked it since: then the note of this one's opening still says whose it was.
            if (
                ticket is not None
                and ticket.says(key) != action.case_key
                and not (ticket.says(key) and await self._notes.has(ticket.id, action.case_key))
            ):
                raise anothers(self._name, action)
        else:
            ticket = await self._carrying(action.case_key)
        if ticket is None:
            raise RemoteRefused(f"{self._name}: no ticket was opened for {action.case_key}, or it was deleted")
        return ticket

    async def _apply(self, action: UpdateCase, ticket: Found) -> None:
        stage, hint = self._stage(ticket, action.status) if action.status else ({}, "")
        hints = [hint]
        if action.owner is not None:
            owner = await self._people.owner_id(action.owner)
            if owner is None:
                hints.append(f"Owner: {action.owner}, for whom HubSpot has no owner that is configured.")
            elif owner != ticket.says("hubspot_owner_id"):
                stage["hubspot_owner_id"] = owner
        wanted = self._priority(action.severity) | refilled(self._config.fields, action)
        hints.append(await self._change(ticket, stage, wanted))
        if action.note:  # last: it is what says that all of it was done
            heading = "For the customer, who does not read this note:" if action.public else ""
            await self._notes.write(ticket.id, action.key, _paragraphs(heading, action.note, *hints))

    def _stage(self, ticket: Found, status: TicketStatus) -> tuple[dict[str, str], str]:
        """Return what sets the status, and what is to be said where that cannot be; a stage that means it stays."""
        if ticket.says("hs_pipeline") != self._config.pipeline:
            return {}, f"Status: {status}; this ticket is in another pipeline, where its stage stays as it is."
        now, wanted = ticket.says("hs_pipeline_stage"), self._stages[status]
        if now == wanted or self._means.get(now) == status:
            return {}, ""
        return {"hs_pipeline_stage": wanted}, ""

    def _page(self, ticket: Found) -> str:
        if ticket.url or self._config.portal is None:
            return ticket.url or ""
        return f"{self._config.ui}/contacts/{self._config.portal}/record/{TICKET_TYPE}/{ticket.id}"


def _left_out(error: RemoteRefused) -> str:
    return f"Without priority and fields, which HubSpot did not take ({error.reason})."


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)
