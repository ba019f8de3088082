"""What people of the demo receive, as they receive it: messages of the inbox, and for customers the ticket's notes."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Never

from activities.crm.local import LocalHelpDesk
from activities.notify.inbox import Inbox
from escalation.model.request import Customer
from escalation.values import Actor

_POLL = 0.05


class Delivery(NamedTuple):
    """Something that reached somebody."""

    at: datetime
    to: Actor
    kind: str
    """What an inbox message is for, or ``ticket`` for a note that the customer can read."""
    subject: str
    body: str
    key: str

    @property
    def instance(self) -> str:
        """The escalation it is about."""
        return self.key.partition("/")[0]


class Post:
    """Watches inbox and help desk, and wakes who waits for something."""

    def __init__(self, folder: Path, customers: list[Customer]) -> None:
        self.received: list[Delivery] = []
        self._inbox = Inbox(folder / "inbox.db")
        self._desk = LocalHelpDesk(folder / "helpdesk.db")
        self._desk.seed(customers)
        self._taken: set[str] = set()
        self._last = 0
        self._notes: set[str] = set()
        self._news = asyncio.Condition()

    async def collect(self) -> Never:
        """Look for what is new, for ever."""
        while True:
            fresh = [*self._messages(), *self._comments()]
            if fresh:
                self.received += fresh
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(_POLL)

    async def changed(self) -> None:
        """Wait until something arrives."""
        async with self._news:
            await self._news.wait()

    async def take(
        self, instance: str, kind: str, to: Actor | None = None, but: frozenset[Actor] = frozenset()
    ) -> Delivery:
        """Wait for the next message of a kind, each of which is returned once. ``but`` names people who do not look."""
        async with self._news:
            while True:
                for delivery in self.received:
                    if (
                        delivery.key not in self._taken
                        and (delivery.instance, delivery.kind) == (instance, kind)
                        and (to is None or delivery.to == to)
                        and delivery.to not in but
                    ):
                        self._taken.add(delivery.key)
                        return delivery
                await self._news.wait()

    def close(self) -> None:
        """Close the files."""
        self._inbox.close()
        self._desk.close()

    def _messages(self) -> list[Delivery]:
        found = self._inbox.messages(since=self._last)
        self._last = found[-1].id if found else self._last
        return [Delivery(m.received_at, m.to, m.kind, m.subject, m.body, m.key) for m in found]

    def _comments(self) -> list[Delivery]:
        found = []
        for ticket in self._desk.tickets():
            for note in ticket.comments:
                if note.public and note.key not in self._notes:
                    self._notes.add(note.key)
                    to = f"customer:{ticket.customer}"
                    found.append(Delivery(note.at, to, "ticket", note.text.splitlines()[0], note.text, note.key))
        return found
