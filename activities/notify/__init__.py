"""Telling people: one activity that picks the contact point, and a port that each channel stands behind."""

from collections.abc import Mapping

import structlog
from temporalio import activity

from activities.directory import DirectoryFile
from activities.notify.inbox import CHANNEL as INBOX
from activities.notify.port import Notifier
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.values import ActorKind, kind_of

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Tries that the first contact point gets alone; from the next on, a silent one no longer keeps the others waiting."""


class Notifications:
    """Sends messages through ``notifiers``, by channel name; people's contact points come from the directory."""

    def __init__(self, directory: DirectoryFile, notifiers: Mapping[str, Notifier]) -> None:
        self._directory = directory
        self._notifiers = notifiers

    @activity.defn(name="notify.send")
    async def send(self, message: Notify) -> DeliveryReceipt:
        """Deliver through the first of the receiver's contact points that takes it.

        A contact point that refuses is passed over at once. One that is unavailable is waited for; from the fourth try
        on the next point gets its chance in the same try, and the receiver may see the message on two channels.

        Raises:
            RemoteRefused: every contact point refused, or there is none; names channels, never addresses.
            RemoteUnavailable: at least one is worth another try.
        """
        refused: list[str] = []
        silent: RemoteUnavailable | None = None
        for channel, address in await self._points(message):
            notifier = self._notifiers.get(channel)
            if notifier is None:
                refused.append(f"{channel}: this worker has no such channel")
                continue
            try:
                return await notifier.send(message, address)
            except RemoteRefused as error:
                log.warning("contact_point_refused", channel=channel, to=message.to, error=str(error))
                refused.append(str(error))
            except RemoteUnavailable as error:
                silent = silent or error
                if activity.info().attempt <= PATIENCE:
                    break
        if silent is not None:
            raise silent
        raise RemoteRefused(
            f"{message.to} cannot be reached: {'; '.join(refused) or 'no contact point in the directory'}"
        )

    async def _points(self, message: Notify) -> list[tuple[str, str]]:
        """Return channel and address of each contact point, in the person's own order."""
        if kind_of(message.to) is not ActorKind.PERSON:
            return [(INBOX, message.to)]
        person = await self._directory.person(message.to)
        if person is None:
            raise RemoteRefused(f"{message.to} is not in the directory")
        return [(contact.channel, contact.address) for contact in person.contacts]
