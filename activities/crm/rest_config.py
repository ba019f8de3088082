"""How a help desk with a REST interface is described: where to ask, what to send, where the answer has it.

    kind: rest_help_desk
    url: https://desk.example.org/api
    auth: {bearer: {env: DESK_TOKEN}}
    find:   {path: /tickets, query: {external_id: "{key}"}, ticket: items.0.id}
    open:   {path: /tickets, body: {external_id: "{key}", title: "{subject}", text: "{description}"}, ticket: id}
    note:   {path: "/tickets/{ticket}/notes", body: {text: "{note}", internal: "{staff_only}"}, once: header}
    update: {path: "/tickets/{ticket}", method: PATCH, body: {state: "{status}", assignee: "{owner}"}}
    changes: {path: /updates, query: {since: "{since}"}, items: items, id: id, at: at, case: external_id,
              status: state, note: text, by: author, own: {at: author, values: [escalations]}}

A text in braces is replaced; one that is nothing but ``{name}`` keeps its type, and is left out where it is unknown.
"""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from activities.auth import Auth, Fixed, basic, bearer
from activities.connector import BaseUrl, Config, Secret, Tools
from activities.crm.own_fields import FACT, KNOWN, misnamed
from activities.grant import ClientGrant
from escalation.model.ticket import TicketStatus
from escalation.places import Place
from escalation.values import Incoming

NAME: Final = re.compile(rf"\{{([a-z_]+|{FACT})\}}")
_OPENING: Final = KNOWN | {"subject", "description", "body", "customer_name"}
_UPDATING: Final = frozenset({"key", "ticket", "note", "staff_only", "status", "owner", "severity"})
Path = Annotated[str, StringConstraints(pattern=r"^/", max_length=500), Field(examples=["/tickets/{ticket}"])]
Json = dict[str, Any]


class UserAndPassword(Incoming):
    """Basic authentication."""

    user: str
    password: Secret


class OneHeader(Incoming):
    """A header of the system's own."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$"), Field(examples=["X-Api-Key"])]
    value: Secret


class Signing(Incoming):
    """How calls are signed: one of these."""

    bearer: Secret | None = None
    basic: UserAndPassword | None = None
    oauth: ClientGrant | None = None
    header: OneHeader | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.bearer, self.basic, self.oauth, self.header)) != 1:
            raise ValueError("expected exactly one of bearer, basic, oauth and header")
        return self

    def opened(self, tools: Tools) -> Auth:
        """Return what signs."""
        if self.bearer is not None:
            return bearer(self.bearer.value)
        if self.basic is not None:
            return basic(self.basic.user, self.basic.password.value)
        if self.header is not None:
            return Fixed({self.header.name: self.header.value.value})
        grant = self.oauth
        assert grant is not None  # noqa: S101 - one of the four is there
        return grant.opened(tools)


class Asked(Incoming):
    """A call that reads."""

    path: Path
    query: dict[str, str] = {}


class Find(Asked):
    """How a ticket is found by its external id, ``{key}``."""

    ticket: Place


class Told(Incoming):
    """A call that writes."""

    path: Path
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    body: Json


class OpenTicket(Told):
    """How a ticket is opened."""

    ticket: Place
    url: Place | None = None
    """Where the answer has the page of the ticket for people."""


class AddNote(Told):
    """How a note is added."""

    once: Literal["header", "path", "list"]
    """How the system knows a note that it has: by the header ``Idempotency-Key`` (each request has one of its own), by
    a path with ``{key}`` (PUT; it is read before anything is set), or not at all, and then the ``list`` of notes is
    read before. A ``list`` is read before in any case where there is one."""
    list: Asked | None = None
    keys: Place | None = None
    """Where each note of the list has its ``{key}``, after ``items``."""
    items: Place | None = None


class Customers(Asked):
    """How a customer is read, by ``{customer_id}``."""

    tier: Place | None = None
    company: Place | None = None


class CustomerTickets(Asked):
    """How the tickets of a customer are read, newest first."""

    items: Place
    id: Place
    status: Place
    subject: Place
    opened: Place
    open_statuses: tuple[str, ...]


class Whoever(Incoming):
    """What a change says where it was somebody, or something, of a kind."""

    at: Place
    values: Annotated[tuple[str, ...], Field(min_length=1, max_length=50)]


class KeyOf(Asked):
    """How a ticket is read by ``{ticket}``, and where it has its external id."""

    key: Place


class TheirChanges(Asked):
    """How is asked what people changed since ``{since}`` (ISO 8601, UTC) or ``{since_unix}``, the oldest first."""

    items: Place
    id: Place
    """Of the change, not of the ticket; together with its instant it says which change it is."""
    at: Place
    """When it was: ISO 8601 with its offset, or seconds since 1970."""
    case: Place | None = None
    """The ticket's external id, where a change has it."""
    ticket: Place | None = None
    """The ticket's own id, where it has not: then ``read`` says how the external id is found."""
    read: KeyOf | None = None
    own: Whoever
    """The engine's own user there, whose changes are not told."""
    customer: Whoever | None = None
    """By what a change of the customer is known."""
    status: Place | None = None
    means: dict[str, TicketStatus] = {}
    """Statuses of theirs beside those in ``statuses``."""
    owner: Place | None = None
    note: Place | None = None
    public: Whoever | None = None
    """By what a note is known that the customer can read; without it none is."""
    by: Place | None = None
    next: Place | None = None
    """Where an answer has the address of the next page."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.case is None) == (self.ticket is None or self.read is None):
            raise ValueError("changes: expected case, or ticket with read, by which the external id is found")
        if not {"since", "since_unix"} & set(NAME.findall(f"{self.path} {self.query}")):
            raise ValueError("changes: expected {since} or {since_unix} in its query or path")
        return self


class RestHelpDeskConfig(Config):
    """A help desk described by configuration."""

    kind: Literal["rest_help_desk"]
    url: BaseUrl
    auth: Signing
    find: Find
    open: OpenTicket
    note: AddNote
    link: Told | None = None
    """How ``{key}`` is written on a ticket that was there before; without it changes of that one are not heard."""
    update: Told | None = None
    """Without it status, owner and what the severity means stay as they are there; also of a ticket that is linked."""
    statuses: dict[TicketStatus, str] = {}
    """What the system calls them, where it calls them otherwise."""
    owners: dict[str, str] = {}
    """Its users by actor (``person:eva``); who is not here is not sent."""
    changes: TheirChanges | None = None
    """Without it what people change there is not heard."""
    customer: Customers | None = None
    tickets: CustomerTickets | None = None
    alive: Path
    """What ``check`` reads."""
    reason: Place | None = None
    """Where a refusal has the system's own code."""
    failed: Place | None = None
    """Where an answer has something only if the system failed, although it said 2xx."""

    def _asked(self) -> Asked | None:
        return Asked(path=self.changes.path, query=self.changes.query) if self.changes is not None else None

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        for where, told, known in (
            ("find", self.find, frozenset({"key"})),
            ("open", self.open, _OPENING),
            ("note", self.note, _UPDATING),
            ("note.list", self.note.list, _UPDATING),
            ("link", self.link, KNOWN | {"ticket"}),
            ("update", self.update, _UPDATING),
            ("changes", self._asked(), frozenset({"since", "since_unix"})),
            ("changes.read", self.changes and self.changes.read, frozenset({"ticket"})),
            ("customer", self.customer, frozenset({"customer_id"})),
            ("tickets", self.tickets, frozenset({"customer_id"})),
        ):
            names = NAME.findall(str(told.model_dump())) if told is not None else ()
            if wrong := misnamed(names, known, facts=known >= KNOWN):
                raise ValueError(f"{where}: {wrong}")
        if self.note.once == "list" and not (self.note.list and self.note.items and self.note.keys):
            raise ValueError(
                "note: once: list needs list, items and keys, by which a note that is there is known again"
            )
        if self.note.once == "path" and "{key}" not in self.note.path:
            raise ValueError("note: once: path needs {key} in its path")
        return self
