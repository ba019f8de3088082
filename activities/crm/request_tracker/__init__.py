"""Request Tracker 5 as a help desk, by its REST 2.0 (``perldoc RT::REST2``; tried against 5.0.3).

What is done once, and by which means:

* A ticket carries its external id as a link "refers to ``escalation:KEY``". RT writes it in the same database
  transaction as the ticket, searches it by SQL and needs no set-up for it, so whoever asks again finds the ticket, also
  when the first answer was lost. Two creates that run at the same moment, because the first was given up while RT still
  worked on it, both find both afterwards, and the later ticket is merged into the earlier one.
* A ticket that an update names by its number is written on only when it has that link, which is read with it.
* A note carries its key in its content type's parameters, where people do not see it. Note and status are one call.
* What remains: a note that is given up and asked for again while RT still works on it is written twice. And a worker
  that dies between owner and note sets the owner once more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

import httpx
from pydantic import Field, StringConstraints, model_validator

from activities.auth import basic, bearer
from activities.connector import BaseUrl, Config, Secret, Tools
from activities.crm.belonging import anothers
from activities.crm.hearing import Staff
from activities.crm.marks import WHOLE
from activities.crm.port import Changes
from activities.crm.request_tracker.changes import Following
from activities.crm.request_tracker.rest2 import SCHEME, Rest2, Ticket, quoted
from activities.crm.statuses import meanings, named
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.model.request import Case
from escalation.model.ticket import TicketStatus
from escalation.texts import cut
from escalation.values import Actor, Record

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LONGEST_SUBJECT: Final = 200
"""Characters; RT's column has no more."""
LONGEST_NOTE: Final = 50_000
MOST_OWNERS: Final = 500
HISTORY: Final = 10
ENDED: Final = frozenset({"solved", "closed"})


class Statuses(Record):
    """What the queue's lifecycle calls the four statuses."""

    open: Name = "open"
    pending: Name = "stalled"
    solved: Name = "resolved"
    closed: Name = "resolved"


class RequestTrackerConfig(Config):
    """A queue of a Request Tracker 5, and the user that the engine is there."""

    kind: Literal["request_tracker"]
    url: BaseUrl
    """Where RT is; the API is under ``/REST/2.0`` of it."""
    queue: Name
    """Where new tickets are opened, by name."""
    user: Name
    """Login name of the engine's own user; what this user does is not followed."""
    token: Secret | None = None
    """An authentication token of this user; or else ``password``."""
    password: Secret | None = None
    statuses: Statuses = Statuses()
    means: dict[Name, TicketStatus] = {"new": "open", "rejected": "closed", "deleted": "closed"}
    """Further statuses that a ticket may have there, and what they mean here."""
    owners: Annotated[dict[Actor, Name], Field(max_length=MOST_OWNERS)] = {}
    """Login names by person; the ticket's owner stays as it is for whoever is not named."""
    priorities: dict[Name, Annotated[int, Field(ge=0, le=100)]] = {}
    """Priority of a ticket by severity; one that is not here leaves it as it is, and a new one has the queue's own."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.token is None) == (self.password is None):
            raise ValueError("expected exactly one of token and password")
        return self


class RequestTracker:
    """A ``Watched`` help desk."""

    def __init__(self, config: RequestTrackerConfig, tools: Tools) -> None:
        self._config, self._name = config, tools.name
        token, password = config.token, config.password
        auth = bearer(token.value, "token") if token else basic(config.user, password.value if password else "")
        self._rest = Rest2(tools.remote(f"{config.url}/REST/2.0", auth))
        self._ours = named(config.statuses)
        self._means = meanings(self._ours, config.means, said="means" in config.model_fields_set)
        self._following = Following(self._rest, config.user, self._means, _staff(config))

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Find the ticket by its external id, else link the case's own, else open one; then see to the staff's note."""
        ticket = await self._carrying(action.key, action.case)
        created = ticket is None and action.case.system != self._name
        if ticket is None:
            await (self._create(action) if created else self._link(action))
            ticket = await self._carrying(action.key, action.case)
        if ticket is None:
            raise RemoteRefused(f"{self._name}: the ticket does not keep its external id; the user needs ModifyTicket")
        if created or not await self._rest.written(ticket.id, action.key):
            text = cut(f"{action.subject}\n\n{action.body}", LONGEST_NOTE, WHOLE)
            await self._rest.write(ticket.id, text, key=action.key, public=False)
            if not await self._rest.written(ticket.id, action.key):
                raise RemoteRefused(
                    f"{self._name}: the user does not see the note it wrote, so a repeat would write it again; "
                    "it needs ShowTicketComments"
                )
        url = f"{self._config.url}/Ticket/Display.html?id={ticket.id}"
        return CaseLink(ticket=ticket.id, url=url, system=self._name)

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return company, open tickets and the latest ten of a requestor, by e-mail address or login name."""
        user = await self._rest.user(customer_id)
        where = f"Requestor.{'EmailAddress' if '@' in customer_id else 'Name'} = {quoted(customer_id)}"
        if besides.isdigit():
            where += f" AND id != {besides}"
        latest, _ = await self._rest.tickets(where, HISTORY)
        if user is None and not latest:
            return None
        _, count = await self._rest.tickets(f"{where} AND Status = '__Active__'", 100)
        return CustomerSnapshot(
            fetched_at=datetime.now(UTC),
            system=self._name,
            company=(user.company if user else None) or "",
            open_tickets=count,
            history=tuple(_line(ticket) for ticket in latest),
        )

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set owner and priority, then write the note with the status; nothing where the note stands there already."""
        if not (action.note or action.status or action.owner or action.severity):
            return
        ticket = await self._known(action)
        if await self._rest.written(ticket.id, action.key):
            return
        hints = [await self._give(ticket, action.owner) if action.owner else "", await self._rank(ticket, action)]
        status = self._status(ticket, action)
        note = action.note or next(
            f"{name}: {value}"
            for name, value in (("Status", action.status), ("Owner", action.owner), ("Severity", action.severity))
            if value
        )
        if not action.public:
            note = "\n\n".join(filter(None, (note, *hints)))
        text = cut(note, LONGEST_NOTE, WHOLE)
        await self._rest.write(ticket.id, text, key=action.key, public=action.public, status=status)
        if status is not None:
            await self._stands(ticket.id, status)

    async def changes(self, cursor: str) -> Changes:
        """Return what others than this user did to tickets with an external id of ours."""
        return await self._following.since(cursor)

    async def check(self) -> str:
        """Ask who one is, and whether tickets may be opened in the queue; look the owners up."""
        config = self._config
        try:
            user = await self._rest.user(config.user)
        except RemoteRefused as error:
            if error.status == httpx.codes.UNAUTHORIZED:
                raise RemoteRefused(f"{self._name}: RT does not take the secret of {config.user} (401)", 401) from None
            raise
        if user is None and not await self._rest.version():
            raise RemoteRefused(f"{self._name}: no RT answers there (404); is the url right?", 404)
        if user is None or not user.privileged:
            raise RemoteRefused(f"{self._name}: RT has no privileged user {config.user}")
        if user.groups is None:
            raise RemoteRefused(f"{self._name}: the secret is of another user than {config.user}")
        queue = await self._rest.queue(config.queue)
        if queue is None or not queue.opens_tickets:
            raise RemoteRefused(
                f"{self._name}: {config.user} may not open tickets in the queue {config.queue}, or there is none; "
                "expected SeeQueue and CreateTicket"
            )
        missing = sorted({name for name in config.owners.values() if await self._rest.user(name) is None})
        said = f"RT {await self._rest.version()}: is {user.name}, may open tickets in {queue.name} ({queue.lifecycle})"
        return said + (f"; owners without a user there: {', '.join(missing)}" if missing else "")

    async def _carrying(self, key: str, case: Case) -> Ticket | None:
        """Return the one ticket of an external id; where this user opened several, the first takes in the others."""
        own = case.id if case.system == self._name else ""
        found = sorted(
            await self._rest.opened_under(key),
            key=lambda ticket: (ticket.id != own, not self._opened(ticket), int(ticket.id)),
        )
        for double in (ticket for ticket in found[1:] if self._opened(ticket)):
            await self._rest.change(double.id, MergeInto=found[0].id)
        return found[0] if found else None

    def _opened(self, ticket: Ticket) -> bool:
        return ticket.creator is not None and ticket.creator.id == self._config.user

    async def _create(self, action: OpenCase) -> None:
        fields: dict[str, str | Sequence[str]] = {
            "Queue": self._config.queue,
            "Subject": cut(" ".join(action.subject.split()), LONGEST_SUBJECT),
            "Content": cut(action.description or action.subject, LONGEST_NOTE, WHOLE),
            "ContentType": "text/plain",
            "RefersTo": [SCHEME + action.key],
        }
        if action.severity in self._config.priorities:
            fields["Priority"] = str(self._config.priorities[action.severity])
        if action.customer is not None and (requestor := await self._requestor(action.customer.id)):
            fields["Requestor"] = requestor
        try:
            await self._rest.create(fields)
        except RemoteRefused as error:
            if error.status != httpx.codes.FORBIDDEN:
                raise
            raise RemoteRefused(
                f"{self._name}: answered 403; there is no queue {self._config.queue}, or the user may not open tickets "
                "in it",
                error.status,
            ) from None

    async def _requestor(self, customer_id: str) -> str:
        """Return whom RT takes for this customer; nothing where it knows nobody, since it would then name nobody."""
        if "@" in customer_id:
            return customer_id
        user = await self._rest.user(customer_id)
        if user is None:
            return ""
        return (user.email or "") if user.name.isdigit() else user.name

    async def _link(self, action: OpenCase) -> None:
        ticket = await self._rest.ticket(action.case.id)
        if ticket is None:
            raise RemoteRefused(f"{self._name}: no ticket has the case's id; expected RT's number of it")
        status = {} if self._means.get(ticket.status) == "open" else {"Status": self._ours["open"]}
        priority = self._config.priorities.get(action.severity)
        ranked = {"Priority": str(priority)} if priority is not None else {}
        await self._rest.change(ticket.id, AddRefersTo=SCHEME + action.key, **status, **ranked)
        if status:
            await self._stands(ticket.id, self._ours["open"])

    async def _known(self, action: UpdateCase) -> Ticket:
        if action.ticket:
            ticket = await self._rest.ticket(action.ticket)
            if ticket is not None and action.case_key not in ticket.external_ids:
                raise anothers(self._name, action)
        else:
            found = await self._rest.opened_under(action.case_key)
            ticket = min(found, key=lambda each: (not self._opened(each), int(each.id))) if found else None
        if ticket is None:
            raise RemoteRefused(f"{self._name}: no ticket was opened for {action.case_key}")
        return ticket

    async def _give(self, ticket: Ticket, owner: Actor) -> str:
        """Make somebody the owner; return what is to be said where that is not possible."""
        name = self._config.owners.get(owner)
        if name is None:
            return f"Owner: {owner}, for whom no user of Request Tracker is named."
        if _owns(ticket, name):
            return ""
        await self._rest.change(ticket.id, Owner=name)
        now = await self._rest.ticket(ticket.id)
        return "" if now is not None and _owns(now, name) else f"Owner: {owner}; {name} may not own this ticket here."

    async def _rank(self, ticket: Ticket, action: UpdateCase) -> str:
        """Give the priority of a severity that changed; return what is to be said where RT does not take it."""
        priority = self._config.priorities.get(action.severity or "")
        if priority is None:
            return ""
        await self._rest.change(ticket.id, Priority=str(priority))
        now = await self._rest.ticket(ticket.id)
        took = now is not None and now.priority == str(priority)
        return "" if took else f"Severity: {action.severity}; the ticket did not take the priority {priority}."

    def _status(self, ticket: Ticket, action: UpdateCase) -> str | None:
        """Return the status to be set with the note; None when it is right already."""
        now = self._means.get(ticket.status)
        if action.status is None:
            # A reply reopens a ticket that has ended (RT's scrip "On Correspond Open Inactive Tickets").
            return ticket.status if action.public and now in ENDED else None
        wanted = self._ours[action.status]
        ended_otherwise = action.status in ENDED and now in ENDED and ticket.status not in self._ours.values()
        if ended_otherwise or (ticket.status == wanted and not (action.public and now in ENDED)):
            return ticket.status if ended_otherwise and action.public else None
        return wanted

    async def _stands(self, number: str, status: str) -> None:
        ticket = await self._rest.ticket(number)
        if ticket is None or ticket.status != status:
            raise RemoteRefused(
                f"{self._name}: the ticket did not take the status {status}; see whether its lifecycle has it "
                "(statuses of this connection), and whether the user may set it"
            )


def _staff(config: RequestTrackerConfig) -> Staff:
    return Staff({actor: name.casefold() for actor, name in config.owners.items()})


def _owns(ticket: Ticket, name: str) -> bool:
    return ticket.owner is not None and ticket.owner.id.casefold() == name.casefold()


def _line(ticket: Ticket) -> str:
    day = f"{ticket.created:%Y-%m-%d} " if ticket.created else ""
    return cut(f"{day}#{ticket.id} {ticket.status}: {ticket.subject}", 200)
