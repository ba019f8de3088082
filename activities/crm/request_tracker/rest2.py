"""Request Tracker's REST 2.0, as far as it is needed, and what one has to know of it.

Its documentation comes with RT (``perldoc RT::REST2``, and ``GET /REST/2.0/`` answers with it). What that does not say,
and tests against a real RT hold:

* What it does not do it says in a sentence of the user's language, with 200 or 201: an illegal status, an owner who may
  not be one, a link without the right to it. So whatever matters is read back.
* A requestor, an owner or a user in a path that is only digits is taken for an id.
* The list of attachments answers 500 when asked for ``Parent``.
* ``total`` of a list is null for users who may not see everything of its kind.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError

from activities.crm.hearing import sound
from activities.http import Answer
from activities.remote import Remote
from activities.texts import plain
from escalation.errors import RemoteRefused, Unreadable
from escalation.values import Record, digest_of

SCHEME: Final = "escalation:"
"""Links of a ticket that begin so name what was opened or linked under that external id."""
MARK: Final = "x-escalation-key"
"""Parameter of a note's content type: which update it was. RFC 2045 has readers ignore parameters they do not know."""
FIELDS: Final = "Subject,Status,Created,Creator,Owner,Requestor,_hyperlinks"
LONGEST_MESSAGE: Final = 256 * 1024
"""Bytes of a message that is read; a longer one is named, not read."""
_NOT_THERE: Final = frozenset({403, 404})
"""RT answers 403 for a queue that does not exist as for one that may not be seen."""

Id = Annotated[str, BeforeValidator(str)]
T = TypeVar("T", bound=Record)


class Named(Record):
    """Somebody or something as RT refers to it; a user by their login name."""

    id: Id


class Link(Record):
    """A hyperlink of a record: to others, to web addresses, and to what may be done with it."""

    ref: str = ""
    type: str = ""
    url: str = Field(default="", alias="_url")


class Ticket(Record):
    """A ticket, as far as it is looked at."""

    id: Id
    subject: str = Field(default="", alias="Subject")
    status: str = Field(default="", alias="Status")
    created: AwareDatetime | None = Field(default=None, alias="Created")
    creator: Named | None = Field(default=None, alias="Creator")
    owner: Named | None = Field(default=None, alias="Owner")
    priority: Id = Field(default="", alias="Priority")
    requestors: tuple[Named, ...] = Field(default=(), alias="Requestor")
    links: tuple[Link, ...] = Field(default=(), alias="_hyperlinks")

    @property
    def external_ids(self) -> tuple[str, ...]:
        """What it was opened or linked under."""
        ours = (link.url for link in self.links if link.ref == "refers-to" and link.url.startswith(SCHEME))
        return tuple(url.removeprefix(SCHEME) for url in ours)


class User(Record):
    """A user; without the right AdminUsers RT shows little of others."""

    name: str = Field(alias="Name")
    email: str | None = Field(default=None, alias="EmailAddress")
    company: str | None = Field(default=None, alias="Organization")
    privileged: bool = Field(default=False, alias="Privileged")
    groups: tuple[Any, ...] | None = Field(default=None, alias="Memberships")
    """None where it is somebody else, and this user may not administer users."""
    links: tuple[Link, ...] = Field(default=(), alias="_hyperlinks")


class Queue(Record):
    """A queue."""

    name: str = Field(alias="Name")
    lifecycle: str = Field(default="", alias="Lifecycle")
    links: tuple[Link, ...] = Field(default=(), alias="_hyperlinks")

    @property
    def opens_tickets(self) -> bool:
        """Whether this user may open tickets in it: RT shows the link to do so only then."""
        return any(link.ref == "create" and link.type == "ticket" for link in self.links)


class Transaction(Record):
    """Something that was done to a ticket."""

    id: int
    type: str = Field(alias="Type")
    field: str = Field(default="", alias="Field")
    new: str = Field(default="", alias="NewValue")
    ticket: Id = Field(alias="ObjectId")
    creator: Named = Field(alias="Creator")
    at: AwareDatetime = Field(alias="Created")


class _Attachment(Record):
    id: Id
    kind: str = Field(default="", alias="ContentType")
    name: str = Field(default="", alias="Filename")
    size: str = Field(default="", alias="ContentLength")
    headers: str = Field(default="", alias="Headers")
    content: str = Field(default="", alias="Content")


class _List(Record):
    total: int | None = None
    items: tuple[Any, ...]
    """Must be there: an error with a 200 must not be taken for "there are none"."""


def quoted(text: str) -> str:
    """Return a text as a value of TicketSQL: nothing in it can end the value."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class Rest2:
    """The calls. They raise as ``activities.http.call`` does."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.system = remote.system

    async def version(self) -> str:
        """Return RT's own version."""
        said = await self._remote.get("/rt")
        return str(said.get("Version", "")) if isinstance(said, dict) else ""

    async def now(self) -> datetime:
        """Return RT's own time, by which it dates what is done."""
        try:
            date = (await self._remote.ask("GET", "/rt")).headers.get("Date", "")
            return parsedate_to_datetime(date).astimezone(UTC)
        except ValueError:
            raise RemoteRefused(f"{self.system}: the answer has no Date") from None

    async def ticket(self, number: str) -> Ticket | None:
        """Return a ticket, or that which it was merged into; None where there is none."""
        found = await self._remote.get(f"/ticket/{number}") if number.isdigit() else None
        return self._read(Ticket, found) if found is not None else None

    async def tickets(self, query: str, most: int = 20) -> tuple[Sequence[Ticket], int]:
        """Search by TicketSQL, at most 100; return also how many there are."""
        found = await self._search("/tickets", query, FIELDS, most, newest=True)
        tickets = [self._read(Ticket, each) for each in found.items]
        return tickets, len(tickets) if found.total is None else found.total

    async def touched(self, query: str, most: int) -> tuple[Sequence[Ticket], bool]:
        """Search by TicketSQL, the oldest first, for those that can be read; return also whether there may be more."""
        found = await self._search("/tickets", query, FIELDS, most, newest=False)
        return sound(lambda each: self._read(Ticket, each), found.items, self.system), len(found.items) == most

    async def opened_under(self, key: str) -> Sequence[Ticket]:
        """Return the tickets that carry this external id: one, unless a create was lost on its way and done again."""
        found, _ = await self.tickets(f"RefersTo = {quoted(SCHEME + key)}")
        return [ticket for ticket in found if key in ticket.external_ids]  # RT compares regardless of case

    async def transactions(self, query: str, most: int = 20) -> tuple[Sequence[Transaction], bool]:
        """Search by TransactionSQL, the oldest first, at most 100, that can be read; tell whether there may be more."""
        fields = "Type,Field,NewValue,ObjectId,Creator,Created"
        found = await self._search("/transactions", query, fields, most, newest=False)
        return sound(lambda each: self._read(Transaction, each), found.items, self.system), len(found.items) == most

    async def create(self, fields: Mapping[str, Any]) -> str:
        """Open a ticket and return its number."""
        return self._read(Named, await self._remote.send("POST", "/ticket", fields)).id

    async def change(self, number: str, **fields: str) -> None:
        """Change a ticket. Whether it was done has to be read back."""
        await self._remote.send("PUT", f"/ticket/{number}", fields)

    async def write(self, number: str, text: str, *, key: str, public: bool, status: str | None = None) -> None:
        """Write a note, a reply when it is public, and set the status; whether it was set has to be read back."""
        fields = {"Content": text, "ContentType": f'text/plain; {MARK}="{digest_of(key)}"'}
        await self._remote.send(
            "POST",
            f"/ticket/{number}/{'correspond' if public else 'comment'}",
            fields | ({"Status": status} if status is not None else {}),
        )

    async def written(self, number: str, key: str) -> bool:
        """Tell whether the note of this key stands on the ticket."""
        mark = f'{MARK}="{digest_of(key)}"'
        asked = [{"field": "Headers", "operator": "LIKE", "value": f"%{mark}%"}]
        said = await self._remote.send("POST", f"/ticket/{number}/attachments", asked, query={"fields": "Headers"})
        return any(mark in self._read(_Attachment, each).headers for each in self._read(_List, said).items)

    async def message(self, transaction: int) -> str:
        """Return what was written, as plain text; nothing where it may not be read."""
        query = {"fields": "ContentType,ContentLength,Filename", "per_page": "20"}
        answer = await self._remote.ask(
            "GET", f"/transaction/{transaction}/attachments", query=query, accept=_NOT_THERE
        )
        if answer.status in _NOT_THERE:
            return ""
        parts = [self._read(_Attachment, each) for each in self._read(_List, answer.json()).items]
        texts = [part for part in parts if part.kind in ("text/plain", "text/html") and not part.name]
        chosen = next((part for part in texts if part.kind == "text/plain"), texts[0] if texts else None)
        if chosen is None:
            return ""
        if not chosen.size.isdigit() or int(chosen.size) > LONGEST_MESSAGE:
            return "(a text too long to be read here)"
        answer = await self._remote.ask("GET", f"/attachment/{chosen.id}", accept=_NOT_THERE)
        if answer.status in _NOT_THERE:
            return ""
        try:
            text = base64.b64decode(self._read(_Attachment, answer.json()).content).decode(errors="replace")
        except ValueError:
            return ""
        return text.strip() if chosen.kind == "text/plain" else plain(text)

    async def user(self, name: str) -> User | None:
        """Return a user by login name; None where nobody has it."""
        found = await self._user(name)
        return found if found is not None and found.name.casefold() == name.casefold() else None

    async def user_of(self, number: str) -> User | None:
        """Return a user by RT's own id."""
        return await self._user(number) if number.isdigit() else None

    async def queue(self, name: str) -> Queue | None:
        """Return a queue; None where there is none, or this user may not see it."""
        answer = await self._remote.ask("GET", f"/queue/{quote(name, safe='')}", accept=_NOT_THERE)
        return None if answer.status in _NOT_THERE else self._read(Queue, answer.json())

    async def _user(self, name: str) -> User | None:
        answer: Answer = await self._remote.ask("GET", f"/user/{quote(name, safe='')}", accept=_NOT_THERE)
        return None if answer.status in _NOT_THERE else self._read(User, answer.json())

    async def _search(self, path: str, query: str, fields: str, most: int, *, newest: bool) -> _List:
        # Sent as a form: what stands in an address is written into logs on its way.
        order = "DESC" if newest else "ASC"
        form = {"query": query, "fields": fields, "per_page": str(most), "orderby": "id", "order": order}
        return self._read(_List, (await self._remote.ask("POST", path, form=form)).json())

    def _read(self, model: type[T], said: Any) -> T:
        try:
            return model.model_validate(said)
        except ValidationError:
            raise Unreadable(f"{self.system}: the answer is not in the form that RT documents") from None
