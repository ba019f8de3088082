"""The parts of Zendesk's Ticketing API that the connector uses, and the shapes of its answers.

Pages of developer.zendesk.com/api-reference/ticketing are named where a rule comes from. Lists are asked for in smaller
pages where one is over the foundation's limit: a single ticket or e-mail there may have 64 kB.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ValidationError

from activities.crm.hearing import sound
from activities.http import Answer
from activities.remote import Remote
from escalation.errors import RemoteRefused, RemoteUnavailable, Unreadable
from escalation.values import Record

EXTERNAL: Final = "escalation:"
"""What an external id of ours begins with: other programs give tickets external ids too."""
MARK: Final = "escalation_key"
"""Where the metadata of an update of ours has its key."""
SIZES: Final = (100, 10, 1)
MOST_AUDITS: Final = 60
"""Pages of audits that are read of one ticket."""
TOO_MANY: Final = "too_many_updates"
CONFLICT: Final = frozenset({409})
"""Somebody else changed the same ticket between our reading and our writing (``safe_update``): read again, later."""

T = TypeVar("T", bound=BaseModel)


class Ticket(Record):
    """A ticket, as far as it matters here."""

    id: int
    status: str
    updated_at: str
    """As it came: it goes back as ``updated_stamp``."""
    external_id: str | None = None
    subject: str | None = None
    created_at: str = ""
    assignee_id: int | None = None
    requester_id: int | None = None
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key it was opened or linked under; empty: it is none of ours."""
        return (self.external_id or "").removeprefix(EXTERNAL) if (self.external_id or "").startswith(EXTERNAL) else ""


class User(Record):
    """An agent, or an end user."""

    id: int
    role: str = "end-user"
    name: str = ""
    organization_id: int | None = None
    user_fields: dict[str, Any] | None = None


class Organization(Record):
    """What a user belongs to."""

    name: str = ""
    organization_fields: dict[str, Any] | None = None


class Event(Record):
    """One thing that an update did; apps write kinds of their own, so nothing but the type is taken for granted."""

    type: str = ""
    field_name: Any = None
    value: Any = None
    body: Any = None
    plain_body: Any = None
    public: Any = None


class Metadata(Record):
    """What an update was sent with."""

    custom: dict[str, Any] | None = None


class Audit(Record):
    """One update of a ticket (page "Ticket Audits")."""

    id: int
    created_at: AwareDatetime
    author_id: int
    metadata: Metadata | None = None
    events: tuple[Event, ...] = ()

    @property
    def mark(self) -> str:
        """The key that the connector sent it with; empty: it was somebody else."""
        custom = self.metadata.custom if self.metadata else None
        return str((custom or {}).get(MARK) or "")


class Exported(Record):
    """A page of the incremental ticket export."""

    tickets: tuple[Ticket, ...] = ()
    after_cursor: str | None = None
    end_of_stream: bool = True


class Api:
    """One Zendesk account. Raises as ``Remote`` does."""

    def __init__(self, remote: Remote) -> None:
        self.system = remote.system
        self._remote = remote
        self._me: User | None = None

    async def me(self) -> User:
        """Return the user that the secret belongs to (page "Users", "Show Self": anonymous where it is not known)."""
        if self._me is None:
            said = await self._remote.get("/api/v2/users/me")
            if not (said.get("user") or {}).get("id"):
                raise RemoteRefused(f"{self.system}: the secret belongs to nobody there; the user is anonymous", 401)
            self._me = self._read(User, said["user"])
        return self._me

    async def now(self) -> datetime:
        """Return Zendesk's own time."""
        return _date(await self._remote.ask("GET", "/api/v2/users/me"), self.system)

    async def ticket(self, number: str) -> Ticket | None:
        """Return a ticket; None where there is none."""
        found = await self._remote.get(f"/api/v2/tickets/{number}") if number.isdigit() else None
        return self._one(Ticket, found, "ticket")

    async def carrying(self, key: str) -> list[Ticket]:
        """Return the tickets with the external id of a key: a list from the database, not a search ("List Tickets")."""
        said = await self._remote.get("/api/v2/tickets", {"external_id": f"{EXTERNAL}{key}", "per_page": 20})
        return [each for each in self._many(Ticket, said, "tickets") if each.key == key]

    async def create(self, ticket: Mapping[str, Any], once: str) -> Ticket:
        """Create a ticket; the same ``once`` within two hours gives the one that was made (page "Introduction")."""
        said = await self._remote.send("POST", "/api/v2/tickets", {"ticket": ticket}, headers={"Idempotency-Key": once})
        made = self._one(Ticket, said, "ticket")
        if made is None:
            raise Unreadable(f"{self.system}: the answer has no ticket")
        return made

    async def change(self, ticket: Ticket, changes: Mapping[str, Any]) -> None:
        """Change a ticket, all or nothing, unless it was changed since it was read.

        documentation/ticketing/managing-tickets/creating-and-updating-tickets, "Protecting against ticket update
        collisions": ``safe_update`` with ``updated_stamp``; 409 where somebody was faster.
        """
        safe = {"safe_update": True, "updated_stamp": ticket.updated_at}
        said = await self._remote.send("PUT", f"/api/v2/tickets/{ticket.id}", {"ticket": {**changes, **safe}})
        if self._one(Ticket, said, "ticket") is None:
            raise Unreadable(f"{self.system}: the answer has no ticket")

    async def audits(self, number: int, *, readable: bool = False) -> AsyncIterator[Audit]:
        """Yield the updates of a ticket, the oldest first (page "Ticket Audits", cursor pagination).

        With ``readable`` those that are in no known form are passed over.
        """
        after = ""
        for _ in range(MOST_AUDITS):
            query = {"page[after]": after} if after else {}
            said = (await self._sized(f"/api/v2/tickets/{number}/audits", query, "page[size]")).json()
            for each in self._many(Audit, said, "audits", readable=readable):
                yield each
            meta = said.get("meta") or {}
            after = str(meta.get("after_cursor") or "")
            if not meta.get("has_more") or not after:
                return
        raise RemoteRefused(f"{self.system}: the ticket has more updates than can be read through", reason=TOO_MANY)

    async def exported(self, query: Mapping[str, str | int]) -> tuple[Exported, datetime]:
        """Return tickets that changed, and when that was asked (page "Incremental Exports", cursor based)."""
        answer = await self._sized("/api/v2/incremental/tickets/cursor", query, "per_page")
        said = answer.json()
        tickets = said.get("tickets") if isinstance(said, dict) else None
        if not isinstance(tickets, list):
            raise Unreadable(f"{self.system}: the answer is not in the form that Zendesk documents")
        readable = tuple(sound(lambda each: self._read(Ticket, each), tickets, self.system))
        page = self._read(Exported, {**said, "tickets": ()})
        return page.changed({"tickets": readable}), _date(answer, self.system)

    async def users(self, numbers: Iterable[int]) -> dict[int, User]:
        """Return users by their ids, at most 100."""
        wanted = sorted({number for number in numbers if number > 0})[:100]
        if not wanted:
            return {}
        said = await self._remote.get("/api/v2/users/show_many", {"ids": ",".join(map(str, wanted))})
        found = said.get("users") if isinstance(said, dict) else None
        return {each.id: each for each in sound(lambda each: self._read(User, each), found or (), self.system)}

    async def customer(self, customer_id: str, by: str) -> User | None:
        """Return the one user with this external id or address (page "Users", "Search Users").

        By address it is a search, whose index may be minutes behind; by external id it is not.
        """
        query = {"external_id": customer_id} if by == "external_id" else {"query": f'email:"{_bare(customer_id)}"'}
        users = self._many(User, await self._remote.get("/api/v2/users/search", query), "users")
        return users[0] if len(users) == 1 else None

    async def make_customer(self, customer_id: str, name: str, by: str) -> User | None:
        """Create an end user, or find who has the id already ("Create Or Update User": the same twice is one)."""
        user = {by: customer_id, "name": name or customer_id, "skip_verify_email": True}
        return self._one(
            User, await self._remote.send("POST", "/api/v2/users/create_or_update", {"user": user}), "user"
        )

    async def has_field(self, number: str) -> bool:
        """Tell whether there is a ticket field with this id."""
        return await self._remote.get(f"/api/v2/ticket_fields/{number}") is not None

    async def organization(self, number: int) -> Organization | None:
        """Return an organisation."""
        return self._one(Organization, await self._remote.get(f"/api/v2/organizations/{number}"), "organization")

    async def requested(self, number: int) -> list[Ticket]:
        """Return the latest tickets that a user requested, the newest first, at most 100."""
        path = f"/api/v2/users/{number}/tickets/requested"
        said = (await self._sized(path, {"sort_by": "created_at", "sort_order": "desc"}, "per_page")).json()
        return self._many(Ticket, said, "tickets")

    async def _sized(self, path: str, query: Mapping[str, str | int], size: str) -> Answer:
        """Ask for a page as large as the foundation takes."""
        answer = None
        for each in SIZES:
            answer = await self._remote.ask("GET", path, query={**query, size: each})
            if answer.body is not None:
                break
        assert answer is not None  # noqa: S101 - SIZES is not empty
        return answer

    def _one(self, model: type[T], said: Any, name: str) -> T | None:
        found = said.get(name) if isinstance(said, dict) else None
        return self._read(model, found) if found is not None else None

    def _many(self, model: type[T], said: Any, name: str, *, readable: bool = False) -> list[T]:
        if said is None:
            return []
        found = said.get(name) if isinstance(said, dict) else None
        if not isinstance(found, list):  # an error with a 200 must not be taken for "there are none"
            raise Unreadable(f"{self.system}: the answer is not in the form that Zendesk documents")
        if readable:
            return sound(lambda each: self._read(model, each), found, self.system)
        return [self._read(model, each) for each in found]

    def _read(self, model: type[T], said: Any) -> T:
        try:
            return model.model_validate(said)
        except ValidationError:
            raise Unreadable(f"{self.system}: the answer is not in the form that Zendesk documents") from None


def reason(said: Any) -> object:
    """Find Zendesk's code of a refusal: ``error`` is a word such as RecordInvalid, or an object with a ``title``."""
    error = said["error"]
    return error["title"] if isinstance(error, dict) else error


def _bare(address: str) -> str:
    """Return an address without what would end the quotation in a search."""
    return address.replace('"', "").replace("\\", "")


def _date(answer: Answer, system: str) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        raise RemoteUnavailable(f"{system}: the answer has no Date") from None
