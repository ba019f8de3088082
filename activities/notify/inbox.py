"""The embedded channel: what each person would have received, in a SQLite file that demo, CLI and tests can read."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from activities.sqlite import SqliteFile
from escalation.model.actions import DeliveryReceipt, MessageKind, Notify
from escalation.values import Actor, Addressee, Record

CHANNEL = "inbox"

_SCHEMA = """
create table if not exists messages (
    id integer primary key autoincrement,
    key text not null unique,
    recipient text not null,
    kind text not null,
    subject text not null,
    body text not null,
    urgent integer not null,
    rung text,
    respond_by text,
    received_at text not null
);
create index if not exists messages_by_recipient on messages (recipient, id);
"""


class Received(Record):
    """One message as its receiver sees it."""

    id: int
    """Grows with each message of this inbox, whoever it is for."""
    key: str
    to: Addressee
    kind: MessageKind
    subject: str
    body: str
    urgent: bool
    rung: str | None
    respond_by: AwareDatetime | None
    received_at: AwareDatetime


class Inbox:
    """A ``Notifier`` that keeps messages instead of sending them; each key once."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, CHANNEL, _SCHEMA)

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:  # noqa: ARG002 - the receiver is the address
        """Keep the message; the same key again gets its first receipt."""

        def keep(connection: sqlite3.Connection) -> sqlite3.Row:
            connection.execute(
                "insert into messages (key, recipient, kind, subject, body, urgent, rung, respond_by, received_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (key) do nothing",
                (
                    message.key,
                    message.to,
                    message.kind,
                    message.subject,
                    message.body,
                    message.urgent,
                    message.rung,
                    message.respond_by and message.respond_by.isoformat(),
                    datetime.now(UTC).isoformat(),
                ),
            )
            row: sqlite3.Row = connection.execute(
                "select id, received_at from messages where key = ?", (message.key,)
            ).fetchone()
            return row

        row = await self._file.write(keep)
        return DeliveryReceipt(channel=CHANNEL, receipt_id=f"{CHANNEL}-{row['id']}", at=row["received_at"])

    def messages(self, to: Actor | None = None, since: int = 0) -> list[Received]:
        """Return the messages for one receiver, or for all, with an id above ``since``, oldest first."""
        rows = self._file.rows(
            'select *, recipient as "to" from messages where id > ? and (? is null or recipient = ?) order by id',
            since,
            to,
            to,
        )
        return [Received.model_validate(dict(row)) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
