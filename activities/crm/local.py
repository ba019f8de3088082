"""The embedded help desk: customers, tickets and their comments in a SQLite file. Small, but like the large ones."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from activities.sqlite import SqliteFile
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.model.request import Customer
from escalation.model.ticket import EMBEDDED
from escalation.values import Record

SYSTEM = EMBEDDED
"""Its name as ``case.system``: such a case is a ticket of this help desk already."""

_SCHEMA = """
create table if not exists customers (
    id text primary key,
    name text not null,
    tier text not null,
    company text not null
);
create table if not exists tickets (
    number integer primary key autoincrement,
    id text unique,
    case_system text not null,
    case_id text not null,
    customer text,
    subject text not null,
    body text not null,
    severity text not null,
    status text not null,
    owner text,
    opened_at text not null,
    unique (case_system, case_id)
);
create index if not exists tickets_by_customer on tickets (customer, number);
create table if not exists links (
    external_id text primary key,
    ticket text not null references tickets (id)
);
create table if not exists comments (
    key text primary key,
    ticket text not null references tickets (id),
    text text not null,
    public integer not null,
    at text not null
);
create index if not exists comments_by_ticket on comments (ticket);
"""


class Comment(Record):
    """A note on a ticket; the customer sees it when it is public."""

    key: str
    text: str
    public: bool
    at: AwareDatetime


class Ticket(Record):
    """A ticket with its notes, oldest first."""

    id: str
    case_system: str
    case_id: str
    customer: str | None
    subject: str
    body: str
    severity: str
    status: str
    owner: str | None
    opened_at: AwareDatetime
    comments: tuple[Comment, ...] = ()


class LocalHelpDesk:
    """A ``HelpDesk`` in a file."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, SYSTEM, _SCHEMA)

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Find the ticket by external id, then by case; open it when neither knows it."""
        return CaseLink(ticket=await self._file.write(lambda connection: _open(connection, action)))

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return tier, company, open tickets and the latest ten tickets of a customer."""
        return await self._file.write(lambda connection: _snapshot(connection, customer_id, besides))

    async def update_ticket(self, action: UpdateCase) -> None:
        """Apply an update once; refused when no ticket was opened under its ``case_key``.

        The ticket is found by that key alone, never by its number: it cannot be another's.
        """
        await self._file.write(lambda connection: _update(connection, action))

    def seed(self, customers: Iterable[Customer]) -> None:
        """Make customers known, or change what is known of them."""
        rows = [(customer.id, customer.name, customer.tier, customer.company) for customer in customers]
        self._file.transact(
            lambda connection: connection.executemany("insert or replace into customers values (?, ?, ?, ?)", rows)
        )

    def tickets(self) -> list[Ticket]:
        """Return every ticket with its notes, in the order they were opened."""
        comments: dict[str, list[Comment]] = {}
        for row in self._file.rows("select * from comments where text != '' order by rowid"):
            comments.setdefault(row["ticket"], []).append(Comment.model_validate(dict(row)))
        return [
            Ticket.model_validate({**row, "comments": comments.get(row["id"], ())})
            for row in self._file.rows("select * from tickets order by number")
        ]

    def ticket(self, ticket_id: str) -> Ticket | None:
        """Return one ticket; None when there is no such."""
        return next((ticket for ticket in self.tickets() if ticket.id == ticket_id), None)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _open(connection: sqlite3.Connection, action: OpenCase) -> str:
    ticket = _linked(connection, action.key)
    if ticket is not None:
        return ticket
    case = action.case
    # A ticket of this help desk may have come from another system: then its own id is not the case it was opened for.
    known = connection.execute(
        "select id from tickets where (case_system = ? and case_id = ?) or (? = ? and id = ?)",
        (case.system, case.id, case.system, SYSTEM, case.id),
    ).fetchone()
    if known is None:
        ticket = _create(connection, action)
    else:
        # The ticket keeps the words it was opened with.
        ticket = str(known["id"])
        connection.execute("update tickets set status = 'open', severity = ? where id = ?", (action.severity, ticket))
    _comment(connection, action.key, ticket, f"{action.subject}\n\n{action.body}", public=False)
    connection.execute("insert into links values (?, ?)", (action.key, ticket))
    return ticket


def _create(connection: sqlite3.Connection, action: OpenCase) -> str:
    case, customer = action.case, action.customer
    number = connection.execute(
        "insert into tickets (case_system, case_id, customer, subject, body, severity, status, opened_at)"
        " values (?, ?, ?, ?, ?, ?, 'open', ?)",
        (case.system, case.id, customer and customer.id, action.subject, action.description, action.severity, _now()),
    ).lastrowid
    ticket = case.id if case.system == SYSTEM else _free_id(connection, number or 1)
    connection.execute("update tickets set id = ? where number = ?", (ticket, number))
    return ticket


def _free_id(connection: sqlite3.Connection, number: int) -> str:
    """Return the next id that no ticket bears yet; whoever escalates one may have named it like ours."""
    while connection.execute("select 1 from tickets where id = ?", (f"T-{number}",)).fetchone():
        number += 1
    return f"T-{number}"


def _linked(connection: sqlite3.Connection, external_id: str) -> str | None:
    found = connection.execute("select ticket from links where external_id = ?", (external_id,)).fetchone()
    return found and str(found["ticket"])


def _snapshot(connection: sqlite3.Connection, customer_id: str, besides: str) -> CustomerSnapshot | None:
    known = connection.execute("select tier, company from customers where id = ?", (customer_id,)).fetchone()
    if known is None:
        return None
    others = connection.execute(
        "select id, subject, status, opened_at from tickets where customer = ? and id != ? order by number desc",
        (customer_id, besides),
    ).fetchall()
    return CustomerSnapshot(
        fetched_at=datetime.now(UTC),
        system=SYSTEM,
        tier=known["tier"],
        company=known["company"],
        open_tickets=sum(row["status"] in {"open", "pending"} for row in others),
        history=tuple(f"{row['opened_at'][:10]} {row['id']} {row['status']}: {row['subject']}" for row in others[:10]),
    )


def _update(connection: sqlite3.Connection, action: UpdateCase) -> None:
    ticket = _linked(connection, action.case_key)
    if ticket is None:
        raise RemoteRefused(f"{SYSTEM}: no ticket was opened for {action.case_key}")
    if _comment(connection, action.key, ticket, action.note, public=action.public):
        connection.execute(
            "update tickets set status = coalesce(?, status), owner = coalesce(?, owner),"
            " severity = coalesce(?, severity) where id = ?",
            (action.status, action.owner, action.severity, ticket),
        )


def _comment(connection: sqlite3.Connection, key: str, ticket: str, text: str, *, public: bool) -> bool:
    """Write the note; False when this key was applied before, so that a late repeat does not undo what came after."""
    cursor = connection.execute(
        "insert into comments values (?, ?, ?, ?, ?) on conflict (key) do nothing", (key, ticket, text, public, _now())
    )
    return cursor.rowcount == 1


def _now() -> str:
    return datetime.now(UTC).isoformat()
