"""Zendesk Support as a help desk, by its documentation (developer.zendesk.com/api-reference/ticketing).

What is done once, and by which means:

* A ticket carries ``escalation:KEY`` as its external id, by which it is listed from the database, not searched
  (page "Tickets", "List Tickets"). Two creates at the same moment are one by ``Idempotency-Key``, which Zendesk keeps
  for two hours (page "Introduction", "Idempotency").
* Everything that an update changes, its comment too, is one call and one audit, and the audit keeps the update's key in
  its metadata ("Setting metadata"; page "Ticket Audits"). A repeat finds it there and does nothing. Between looking and
  writing nobody can have written: ``safe_update`` refuses an update of a ticket that was changed since it was read.
* A ticket that an update names by its number is written on only when it carries the case's external id, or an update
  that linked it to the case: both are read anyhow.
* What remains: the stamp of ``safe_update`` counts whole seconds, so two tries of one update within the same second may
  both be taken. And a create that is asked for again after more than two hours while the first is still under way.

A closed ticket cannot be changed ever again there (422). Where an update opens it again, or has words for the customer,
a follow-up ticket is made that carries the same external id; a note for staff alone is refused.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from activities.connector import Tools
from activities.crm.belonging import anothers
from activities.crm.hearing import Staff
from activities.crm.marks import WHOLE
from activities.crm.own_fields import filled, refilled
from activities.crm.port import Changes
from activities.crm.statuses import named
from activities.crm.zendesk.api import CONFLICT, EXTERNAL, MARK, Api, Ticket, User, reason
from activities.crm.zendesk.changes import Following
from activities.crm.zendesk.config import ZendeskConfig as ZendeskConfig
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.model.request import Customer
from escalation.texts import cut
from escalation.values import digest_of

CLOSED: Final = "closed"
ENDED: Final = frozenset({"solved", CLOSED})
NOT_HELD_UP: Final = frozenset({"new", "open"})
LONGEST_SUBJECT: Final = 150
LONGEST_NOTE: Final = 60_000
"""Characters; a comment there may have 64 kB."""
HISTORY: Final = 10
SEVERE: Final = "severity_"
"""What the tag begins with that says the severity; a ticket has one of them."""
BAD_REQUEST: Final = 400


class Zendesk:
    """A ``Watched`` help desk."""

    def __init__(self, config: ZendeskConfig, tools: Tools) -> None:
        self._config, self._name = config, tools.name
        self._api = Api(tools.remote(config.url, config.auth(), reason=reason, also_retry=CONFLICT))
        self._following = Following(self._api, Staff(config.owners))

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Find the ticket by its external id, else link the case's own, else open one; then see to the staff's note."""
        links = action.case.system == self._name
        ticket = await self._carrying(action.key)
        if ticket is None:
            ticket = await (self._own(action) if links else self._create(action))
        if not await self._done(ticket, action.key):
            note = cut(f"{action.subject}\n\n{action.body}", LONGEST_NOTE, WHOLE)
            changes: dict[str, Any] = {"comment": {"body": note, "public": False}}
            if links:
                changes |= self._linking(ticket, action)
            await self._api.change(ticket, changes | _marked(action.key))
        return CaseLink(ticket=str(ticket.id), url=f"{self._config.url}/agent/tickets/{ticket.id}", system=self._name)

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return tier, organisation, open tickets among the latest 100, and the latest ten."""
        user = await self._api.customer(customer_id, self._config.customers)
        if user is None:
            return None
        group = await self._api.organization(user.organization_id) if user.organization_id is not None else None
        others = [each for each in await self._api.requested(user.id) if str(each.id) != besides]
        tier = self._config.tier or ""
        fields = {**((group.organization_fields if group else None) or {}), **_given(user)}
        return CustomerSnapshot(
            fetched_at=datetime.now(UTC),
            system=self._name,
            tier=str(fields.get(tier) or "")[:200],
            company=(group.name if group else "")[:200],
            open_tickets=sum(each.status not in ENDED for each in others),
            history=tuple(_line(each) for each in others[:HISTORY]),
        )

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set status, assignee and priority and write the note, in one call; nothing where that was done already."""
        ticket = await self._known(action)
        changes = await self._changes(ticket, action)
        if not changes:
            return
        marks = [audit.mark async for audit in self._api.audits(ticket.id)]
        if action.key in marks:
            return
        # One that has another program's external id, or was linked again, has the update that linked it.
        if ticket.key != action.case_key and action.case_key not in marks:
            raise anothers(self._name, action)
        if ticket.status == CLOSED:
            await self._follow_up(ticket, action, changes)
        else:
            await self._api.change(ticket, changes | _marked(action.key))

    async def changes(self, cursor: str) -> Changes:
        """Return what others than this user did to tickets with an external id of ours."""
        return await self._following.since(cursor)

    async def check(self) -> str:
        """Ask who one is; look owners and custom fields up."""
        me = await self._api.me()
        if me.role not in {"agent", "admin"}:
            raise RemoteRefused(f"{self._name}: the secret belongs to a user who is no agent there but {me.role}")
        said = f"is the {me.role} {me.id}"
        if me.role != "admin":
            said += "; what people change there cannot be heard, since Zendesk exports changes to admins alone"
        agents = await self._api.users(self._config.owners.values())
        missing = sorted({number for number in self._config.owners.values() if number not in agents})
        if missing:
            said += f"; owners who are nobody there: {', '.join(map(str, missing))}"
        unknown = [number for number in self._config.fields if not await self._api.has_field(number)]
        return said + (f"; fields that are not there: {', '.join(unknown)}" if unknown else "")

    async def _carrying(self, key: str) -> Ticket | None:
        """Return the ticket of a key: one that can be changed, before the closed ones that it follows."""
        found = await self._api.carrying(key)
        changeable = [each for each in found if each.status != CLOSED]
        if changeable:
            return min(changeable, key=lambda each: each.id)
        return max(found, key=lambda each: each.id, default=None)

    async def _known(self, action: UpdateCase) -> Ticket:
        ticket = await self._api.ticket(action.ticket) if action.ticket else None
        if ticket is None or ticket.status == CLOSED:
            ticket = await self._carrying(action.case_key) or ticket
        if ticket is None:
            raise RemoteRefused(f"{self._name}: no ticket was opened for {action.case_key}")
        return ticket

    async def _done(self, ticket: Ticket, key: str) -> bool:
        """Tell whether an update with this key was taken; the ticket was read before that, for ``safe_update``."""
        async for audit in self._api.audits(ticket.id):
            if audit.mark == key:
                return True
        return False

    async def _own(self, action: OpenCase) -> Ticket:
        """Return the case's own ticket, or a follow-up where that is closed."""
        ticket = await self._api.ticket(action.case.id)
        if ticket is None:
            raise RemoteRefused(f"{self._name}: the case is no ticket there; expected its number as the case's id")
        return ticket if ticket.status != CLOSED else await self._create(action, follows=ticket)

    async def _create(self, action: OpenCase, follows: Ticket | None = None) -> Ticket:
        made: dict[str, Any] = {
            "external_id": f"{EXTERNAL}{action.key}",
            "subject": cut(action.subject, LONGEST_SUBJECT),
            "comment": {"body": cut(action.description or action.subject, LONGEST_NOTE, WHOLE), "public": True},
            "tags": [*self._config.tags, _tag(action.severity)],
            **self._severe(action.severity, filled(self._config.fields, action)),
            **_marked(f"{action.key}#opened"),
        }
        if follows is not None:
            made |= {"via_followup_source_id": follows.id, "requester_id": follows.requester_id}
        elif (requester := await self._requester(action.customer)) is not None:
            made["requester_id"] = requester.id
        if self._config.group is not None:
            made["group_id"] = self._config.group
        try:
            return await self._api.create(made, digest_of(action.key))
        except RemoteRefused as error:
            # The key was used with another body: the first try read the configuration or the customer otherwise.
            found = await self._carrying(action.key) if error.status == BAD_REQUEST else None
            if found is None:
                raise
            return found

    async def _follow_up(self, closed: Ticket, action: UpdateCase, changes: Mapping[str, Any]) -> None:
        if action.status not in {"open", "pending"} and not (action.note and action.public):
            raise RemoteRefused(
                f"{self._name}: the ticket is closed, so nothing of it can be changed there; a note for staff alone "
                "makes no follow-up ticket",
                reason=CLOSED,
            )
        opened = {
            "via_followup_source_id": closed.id,
            "external_id": f"{EXTERNAL}{action.case_key}",
            "subject": closed.subject or "",
            "requester_id": closed.requester_id,
            "comment": {"body": f"Follows ticket {closed.id}.", "public": False},
        }
        await self._api.create({**opened, **changes, **_marked(action.key)}, digest_of(action.key))

    async def _requester(self, customer: Customer | None) -> User | None:
        if customer is None:
            return None
        found = await self._api.customer(customer.id, self._config.customers)
        if found is None and self._config.create_customers:
            found = await self._api.make_customer(customer.id, customer.name, self._config.customers)
        return found

    def _linking(self, ticket: Ticket, action: OpenCase) -> dict[str, Any]:
        """Return what a ticket becomes that somebody opened there; another program's external id stays."""
        changes: dict[str, Any] = {
            "tags": sorted({*_tags(ticket), *self._config.tags, _tag(action.severity)}),
            **self._severe(action.severity, filled(self._config.fields, action)),
        }
        if not ticket.external_id or ticket.key:
            changes["external_id"] = f"{EXTERNAL}{action.key}"
        if ticket.status not in NOT_HELD_UP:
            changes["status"] = self._config.statuses.open
        return changes

    def _severe(self, severity: str, fields: Mapping[str, str]) -> dict[str, Any]:
        priority = self._config.priorities.get(severity)
        own = [{"id": int(number), "value": text} for number, text in fields.items()]
        return ({"priority": priority} if priority else {}) | ({"custom_fields": own} if own else {})

    async def _changes(self, ticket: Ticket, action: UpdateCase) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if action.note:
            changes["comment"] = {"body": cut(action.note, LONGEST_NOTE, WHOLE), "public": action.public}
        if action.owner in self._config.owners:
            changes["assignee_id"] = self._config.owners[action.owner]
        if action.severity is not None:
            changes |= self._severe(action.severity, refilled(self._config.fields, action))
            changes["tags"] = sorted({*_tags(ticket), _tag(action.severity)})
        if action.status is not None:
            changes["status"] = named(self._config.statuses)[action.status]
            if changes["status"] in ENDED and ticket.assignee_id is None and "assignee_id" not in changes:
                # Zendesk solves no ticket that is nobody's (support.zendesk.com, "About ticket fields": Assignee).
                changes["assignee_id"] = (await self._api.me()).id
        return changes


def _marked(key: str) -> dict[str, Any]:
    return {"metadata": {MARK: key}}


def _tag(severity: str) -> str:
    return f"{SEVERE}{'_'.join(severity.lower().split())}"


def _tags(ticket: Ticket) -> list[str]:
    """Return the tags that stay when the severity is another one."""
    return [tag for tag in ticket.tags if not tag.startswith(SEVERE)]


def _given(user: User) -> dict[str, Any]:
    return {name: value for name, value in (user.user_fields or {}).items() if value}


def _line(ticket: Ticket) -> str:
    return f"{ticket.created_at[:10]} {ticket.id} {ticket.status}: {cut(ticket.subject or '', LONGEST_SUBJECT)}"
