"""Telling people: one activity that picks the contact point, and a port that each channel stands behind."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from temporalio import activity

from activities.directory import DirectoryFile
from activities.notify.inbox import CHANNEL as INBOX
from activities.notify.port import Notifier
from activities.notify.receiver import Receiver
from activities.notify.words import in_words
from escalation.errors import RemoteRefused, RemoteUnavailable, UnknownPerson
from escalation.explain import did_you_mean
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.people.directory import Directory
from escalation.values import ActorKind, kind_of

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Tries that the first contact point gets alone; from the next on, a silent one no longer keeps the others waiting."""
SOON = timedelta(seconds=10)
"""A contact point that asks to wait for longer keeps nobody waiting: a page is worth little in an hour."""


class Notifications:
    """Sends messages through ``notifiers``, by channel name; people's contact points come from the directory."""

    def __init__(self, directory: DirectoryFile, notifiers: Mapping[str, Notifier]) -> None:
        self._directory = directory
        self._notifiers = notifiers
        self._asked_to_wait: dict[tuple[str, str, str], float] = {}
        """Message, channel and address to the instant before which this worker does not ask there again."""

    @activity.defn(name="notify.send")
    async def send(self, message: Notify) -> DeliveryReceipt:
        """Deliver through the first of the receiver's contact points that takes it.

        A contact point that refuses is passed over at once. One that is unavailable is waited for, unless it asks to
        wait for more than ten seconds or beyond ``respond_by``; from the fourth try on it is not. Then the next point
        gets its chance in the same try, and the receiver may see the message on two channels.

        Raises:
            RemoteRefused: every contact point refused, or there is none; names channels, never addresses.
            RemoteUnavailable: at least one is worth another try; with the shortest wait of them.
        """
        directory = await asyncio.to_thread(self._directory.current)
        worded = in_words(message, _receiver(message, directory))
        if worded.error:
            log.warning("template_failed", template=worded.error, key=message.key)
        message = message.changed({"subject": worded.subject, "body": worded.body})
        refused: list[str] = []
        silent: list[RemoteUnavailable] = []
        for channel, address in _points(message, directory):
            notifier = self._notifiers.get(channel)
            if notifier is None:
                refused.append(f"{channel}: this worker has no such channel")
                continue
            try:
                receipt = await self._ask(notifier, message, channel, address)
                return receipt.changed({"template_error": worded.error}) if worded.error else receipt
            except RemoteRefused as error:
                log.warning("contact_point_refused", channel=channel, to=message.to, error=str(error))
                refused.append(str(error))
            except RemoteUnavailable as error:
                silent.append(error)
                if activity.info().attempt <= PATIENCE and _is_soon(error, message):
                    break
        if silent:
            raise min(silent, key=_wait)
        raise RemoteRefused(
            f"{message.to} cannot be reached: {'; '.join(refused) or 'no contact point in the directory'}"
        )

    async def _ask(self, notifier: Notifier, message: Notify, channel: str, address: str) -> DeliveryReceipt:
        """Ask one contact point, but not before it wants to be asked again: another's try may come earlier."""
        point = (message.key, channel, address)
        left = self._asked_to_wait.get(point, 0) - monotonic()
        if left > 0:
            raise RemoteUnavailable(f"{channel}: asked to wait", retry_after=timedelta(seconds=left))
        try:
            return await notifier.send(message, address)
        except RemoteUnavailable as error:
            if error.retry_after is not None:
                now = monotonic()
                waiting = {each: until for each, until in self._asked_to_wait.items() if until > now}
                self._asked_to_wait = waiting | {point: now + error.retry_after.total_seconds()}
            raise


def _receiver(message: Notify, directory: Directory) -> Receiver:
    """Return how the receiver is written to: a person as the directory says, a chat group as most of its team."""
    if not message.template:
        return Receiver()

    def name(actor: str) -> str:
        known = directory.person(actor)
        return known.name if known is not None else actor

    people = [directory.person(message.to)]
    if kind_of(message.to) is ActorKind.GROUP:
        team = directory.team(message.to.partition(":")[2])
        people = [directory.person(f"{ActorKind.PERSON}:{each}") for each in team.members] if team else []
    known = Counter((each.locale, each.time_zone) for each in people if each is not None).most_common(1)
    locale, zone = known[0][0] if known else (message.locale or "en", message.time_zone)
    return Receiver(locale, zone, name)


def _points(message: Notify, directory: Directory) -> list[tuple[str, str]]:
    """Return channel and address of each contact point: the message's channels first, then the person's order."""
    if kind_of(message.to) is ActorKind.GROUP:
        team = directory.team(message.to.partition(":")[2])
        return [(contact.channel, contact.address) for contact in team.group] if team is not None else []
    if kind_of(message.to) is not ActorKind.PERSON:
        return [(INBOX, message.to)]
    person = directory.person(message.to)
    if person is None:
        meant = did_you_mean(message.to, [f"person:{each.id}" for each in directory.people])
        raise UnknownPerson(f"{message.to} is not in the directory{meant}")
    first = {channel: place for place, channel in enumerate(message.channels)}
    ordered = sorted(person.contacts, key=lambda contact: first.get(contact.channel, len(first)))
    return [(contact.channel, contact.address) for contact in ordered]


def _wait(error: RemoteUnavailable) -> timedelta:
    return error.retry_after or timedelta(0)


def _is_soon(error: RemoteUnavailable, message: Notify) -> bool:
    wait = _wait(error)
    return wait <= SOON and (message.respond_by is None or datetime.now(UTC) + wait < message.respond_by)
