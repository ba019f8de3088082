"""E-mail: each message to a person as plain text and as a page, in one thread for each escalation.

What SMTP (RFC 5321) does not have is a key that would make a second delivery the first one again. What is done
instead:

- A message's ``Message-ID`` is made of its key. It is the same on every try and from every worker, so mail clients
  and many servers show the two as one. That is their kindness, and no promise.
- Until the message itself is sent, a lost connection, a time-out or a cancelled page sends nothing.
- Once it is being sent, the answer is waited for, also when the page was cancelled meanwhile; a worker that is asked
  for the same message again waits for the same answer, and remembers it.

What remains: the answer is lost or takes longer than half a minute, or the worker dies just then. Then the message is
sent again, and may arrive twice. Sent mail cannot be changed, so nothing is amendable: what became of it is told in
its thread.
"""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from activities.connector import Tools
from activities.http import measure
from activities.notify.email.compose import compose, message_id
from activities.notify.email.config import EmailConfig, mailbox, split_address
from activities.notify.email.server import Server
from escalation.errors import RemoteRefused
from escalation.model.actions import DeliveryReceipt, Notify

MOST_KNOWN: Final = 5_000
"""Deliveries that a worker remembers, so that it does not make them again."""


class Email:
    """A ``Notifier``: its contact points are e-mail addresses, its receipts carry the ``Message-ID``."""

    def __init__(self, config: EmailConfig, tools: Tools) -> None:
        self._config, self._name, self._links = config, tools.name, tools.links
        self._sender = mailbox(config.sender)
        self._server = Server(config, tools)
        self._sending: OrderedDict[tuple[str, str], asyncio.Task[None]] = OrderedDict()
        """By message and address: what is being handed over, and what was."""

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Send the message to one address.

        Raises:
            RemoteUnavailable: no connection, no TLS, no answer, or one that says "later" (4xx).
            RemoteRefused: the server said "no" (5xx), with its codes; it cannot do what is needed; or no address.
        """
        begun, outcome = monotonic(), "unavailable"
        try:
            await self._sent(message, address)
            outcome = "answered"
        except RemoteRefused:
            outcome = "refused"
            raise
        finally:
            measure(self._name, outcome, monotonic() - begun)
        identifier = message_id(message.key, self._sender.domain)
        return DeliveryReceipt(channel=self._name, receipt_id=identifier, at=datetime.now(UTC))

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        return "" if split_address(address) is not None else "expected an e-mail address"

    async def check(self) -> str:
        """Sign in and name the sender; nothing is sent."""
        return await self._server.check(self._sender.addr_spec)

    async def _sent(self, message: Notify, address: str) -> None:
        point = (message.key, address)
        if point not in self._sending:
            envelope = compose(message, address, self._config, self._links, datetime.now(UTC))
            client = await self._server.begin(envelope)
            if point in self._sending:  # another try, of the run before, was faster
                self._server.leave(client)
            else:
                self._keep(point, asyncio.create_task(self._server.hand_over(client, envelope)))
        await asyncio.shield(self._sending[point])

    def _keep(self, point: tuple[str, str], task: asyncio.Task[None]) -> None:
        def forget_failed(ended: asyncio.Task[None]) -> None:
            if ended.cancelled() or ended.exception() is not None:
                self._sending.pop(point, None)

        self._sending[point] = task
        task.add_done_callback(forget_failed)
        while len(self._sending) > MOST_KNOWN and next(iter(self._sending.values())).done():
            self._sending.popitem(last=False)
