"""Telling people: one activity that picks the contact point, and a port that each channel stands behind."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

import structlog
from temporalio import activity

from activities.alive import count, counted
from activities.bulkhead import place_at
from activities.directory import DirectoryFile
from activities.notify.inbox import CHANNEL as INBOX
from activities.notify.names import name_of
from activities.notify.port import Amending, Notifier
from activities.notify.receiver import Receiver
from activities.notify.throttle import Held, Throttle, bundled
from activities.notify.words import change_in_words, in_words
from escalation.errors import RemoteRefused, RemoteUnavailable, UnknownPerson, Unreadable
from escalation.explain import did_you_mean
from escalation.model.actions import AmendMessage, DeliveryReceipt, MessageKind, Notify
from escalation.people.directory import Contact, Directory
from escalation.people.reach import Limit
from escalation.values import ActorKind, Addressee, kind_of

log = structlog.get_logger(__name__)

PATIENCE = 3
"""Tries that the first contact point gets alone; from the next on, a silent one no longer keeps the others waiting."""
_HELD = "held"
"""Counts tries in which the message only waited: no contact point was silent, so nobody has lost patience."""
TO_THE_END = 20
"""Seconds for a message that is withdrawn on its way to come to its end, and as many to see whether it did arrive."""
MOST_PASSED_OVER = 5
MOST_OF_WHY = 160
SOON = timedelta(seconds=10)
"""A contact point that asks to wait for longer keeps nobody waiting: a page is worth little in an hour."""


class Notifications:
    """Sends messages through ``notifiers``, by channel name; people's contact points come from the directory."""

    def __init__(self, directory: DirectoryFile, notifiers: Mapping[str, Notifier]) -> None:
        self._directory = directory
        self._notifiers = notifiers
        self._asked_to_wait: dict[tuple[str, str, str], float] = {}
        """Message, channel and address to the instant before which this worker does not ask there again."""
        self._throttle = Throttle()

    @activity.defn(name="notify.send")
    async def send(self, message: Notify) -> DeliveryReceipt:
        """Deliver through the first of the receiver's contact points that takes it.

        A contact point that refuses is passed over at once. One that is unavailable is waited for, unless it asks to
        wait for more than ten seconds or beyond ``respond_by``; from the fourth try on it is not, and one in which
        the message only waited for quiet hours or for room is none. Then the next point gets its chance in the same
        try, and the receiver may see the message on two channels. So it does at once where an answer cannot be read,
        and nobody knows whether the message arrived.

        Raises:
            RemoteRefused: every contact point refused, or there is none; names channels, never addresses.
            Unreadable: none took it, and of one it is not known.
            RemoteUnavailable: at least one is worth another try; with the shortest wait of them. Or it waits for its
                receiver's quiet hours to end, or for room at a contact point that has had enough for now.
        """
        directory = await asyncio.to_thread(self._directory.current)
        receiver = _receiver(message, directory)
        worded = in_words(message, receiver)
        if worded.error:
            log.warning("template_failed", template=worded.error, key=message.key)
        person = directory.person(message.to)
        said = {"subject": worded.subject, "body": worded.body, "to_name": person.name if person is not None else ""}
        # Channels that add words of their own say them in the same language, and in the receiver's time.
        message = message.changed(
            {**said, "locale": worded.locale or message.locale, "time_zone": receiver.zone or message.time_zone}
        )
        _require_loud(message, directory)
        tries = activity.info().attempt - counted(_HELD)
        refused: list[str] = []
        silent: list[RemoteUnavailable] = []
        unclear: Unreadable | None = None
        for contact in _points(message, directory):
            channel = contact.channel
            notifier = self._notifiers.get(channel)
            if notifier is None:
                refused.append(f"{channel}: this worker has no such channel")
                continue
            try:
                with place_at(channel, contact.address, page=_is_page(message)):
                    receipt = await self._ask(notifier, message, contact)
                over = _passed_over(refused, silent)
                return receipt.changed({"template_error": worded.error, "passed_over": over})
            except RemoteRefused as error:
                unclear = error if isinstance(error, Unreadable) else unclear
                log.warning("contact_point_refused", channel=channel, to=_named(message.to), error=str(error))
                refused.append(str(error))
            except Held:
                if not silent:
                    count(_HELD)
                raise
            except RemoteUnavailable as error:
                silent.append(error)
                if tries <= PATIENCE and _is_soon(error, message):
                    break
            except Exception as error:
                # A defect of one channel must not make its people unreachable: the next point gets its chance at once.
                log.exception("channel_failed", channel=channel, key=message.key)
                silent.append(RemoteUnavailable(f"{channel}: failed ({type(error).__name__})"))
        if silent:
            raise min(silent, key=_wait)
        if unclear is not None:
            raise unclear
        raise RemoteRefused(
            f"{_named(message.to)} cannot be reached: {'; '.join(refused) or 'no contact point in the directory'}"
        )

    @activity.defn(name="notify.amend")
    async def amend(self, change: AmendMessage) -> str:
        """Say on a message that arrived what became of what it asked, in its receiver's language.

        Returns which template failed, when plain words were said because of that; empty otherwise.

        Raises:
            RemoteRefused: the message is not there any more, or its channel cannot change messages here.
            RemoteUnavailable: worth another try.
        """
        notifier = self._notifiers.get(change.channel)
        if not isinstance(notifier, Amending):
            raise RemoteRefused(f"{change.channel}: this worker has no such channel that changes messages")
        directory = await asyncio.to_thread(self._directory.current)
        worded = change_in_words(change, _receiver(change, directory))
        if worded.error:
            log.warning("template_failed", template=worded.error, key=change.key)
        with place_at(change.channel):
            await notifier.amend(change.changed({"body": worded.body}))
        return worded.error

    async def _ask(self, notifier: Notifier, message: Notify, contact: Contact) -> DeliveryReceipt:
        """Ask one contact point, but not before it wants to be asked again: another's try may come earlier."""
        channel, address = contact.channel, contact.address
        point = (message.key, channel, address)
        left = self._asked_to_wait.get(point, 0) - monotonic()
        if left > 0:
            raise RemoteUnavailable(f"{channel}: asked to wait", retry_after=timedelta(seconds=left))
        try:
            if contact.limit is not None:
                return await self._in_turn(notifier, message, contact, contact.limit)
            return await _sent(notifier, _threaded(message, channel), address)
        except Held:
            raise
        except RemoteUnavailable as error:
            if error.retry_after is not None:
                now = monotonic()
                waiting = {each: until for each, until in self._asked_to_wait.items() if until > now}
                self._asked_to_wait = waiting | {point: now + error.retry_after.total_seconds()}
            raise

    async def _in_turn(self, notifier: Notifier, message: Notify, contact: Contact, limit: Limit) -> DeliveryReceipt:
        """Ask a contact point that takes only so much, with the news that wait there as one message."""
        channel, address = contact.channel, contact.address
        told = self._throttle.told(message, channel, address)
        if told is not None:
            return told
        along = self._throttle.require_room(message, channel, address, limit)
        receipt: DeliveryReceipt | None = None
        try:
            receipt = await _sent(notifier, _threaded(bundled(message, along), channel), address)
            if along:  # neither does a thread go on from there, nor can one of what it says be changed
                receipt = receipt.changed({"thread": "", "amendable": False})
            return receipt
        finally:
            self._throttle.went(along, channel, address, receipt)


def _threaded(message: Notify, channel: str) -> Notify:
    """Return a message with the threads of one channel."""
    own = {name: thread for name, thread in message.threads.items() if name == channel}
    others = {name: threads for name, threads in message.other_threads.items() if name == channel}
    return message.changed({"threads": own, "other_threads": others})


async def _sent(notifier: Notifier, message: Notify, address: str) -> DeliveryReceipt:
    """Send; a message that is withdrawn on its way comes to its end first where it can be changed afterwards.

    Its receipt is what lets it be changed. Where the answer is lost the channel says whether it arrived; where nobody
    knows, or it did not, it is withdrawn.
    """
    if not isinstance(notifier, Amending):
        return await notifier.send(message, address)
    sending = asyncio.create_task(notifier.send(message, address))
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        ended, _ = await asyncio.wait({sending}, timeout=TO_THE_END)
        error = sending.exception() if ended else None
        if ended and error is None:
            return sending.result()
        sending.cancel()
        if isinstance(error, RemoteRefused) and not isinstance(error, Unreadable):
            raise
        receipt = await _receipt_of(notifier, message, address)
        if receipt is None:
            raise
        return receipt


async def _receipt_of(notifier: Amending, message: Notify, address: str) -> DeliveryReceipt | None:
    try:
        async with asyncio.timeout(TO_THE_END):
            return await notifier.found(message, address)
    except Exception:
        log.exception("withdrawn_message_not_found", key=message.key)
    return None


def _passed_over(refused: list[str], silent: list[RemoteUnavailable]) -> tuple[str, ...]:
    """Say which contact points did not take it, and why, as the errors of channels say it: by code, with no address."""
    return tuple(each[:MOST_OF_WHY] for each in (*refused, *map(str, silent)))[:MOST_PASSED_OVER]


def _receiver(message: Notify | AmendMessage, directory: Directory) -> Receiver:
    """Return how the receiver is written to: a person as the directory says, a chat group as most of its team."""
    if not message.template:
        return Receiver()

    people = [directory.person(message.to)]
    if kind_of(message.to) is ActorKind.GROUP:
        team = directory.team(message.to.partition(":")[2])
        people = [directory.person(f"{ActorKind.PERSON}:{each}") for each in team.members] if team else []
    known = Counter((each.locale, each.time_zone) for each in people if each is not None).most_common(1)
    locale, zone = known[0][0] if known else (message.locale or "en", message.time_zone)
    return Receiver(locale, zone, partial(name_of, directory=directory))


def _require_loud(message: Notify, directory: Directory) -> None:
    """Have a message wait for the end of its receiver's quiet hours.

    Raises:
        Held: until then.
    """
    person = directory.person(message.to)
    now = datetime.now(UTC)
    until = person.quiet_until(message.kind, now, urgent=message.urgent) if person is not None else None
    if until is not None:
        count(_HELD)
        raise Held(f"{message.to}: quiet hours", retry_after=until - now)


def _points(message: Notify, directory: Directory) -> tuple[Contact, ...]:
    """Return the contact points in order: the message's channels first, then as the person wants it for its kind."""
    if kind_of(message.to) is ActorKind.GROUP:
        team = directory.team(message.to.partition(":")[2])
        return team.group if team is not None else ()
    if kind_of(message.to) is not ActorKind.PERSON:
        return (Contact(channel=INBOX, address=message.to),)
    person = directory.person(message.to)
    if person is None:
        meant = did_you_mean(message.to, [f"person:{each.id}" for each in directory.people])
        raise UnknownPerson(f"{message.to} is not in the directory{meant}")
    return person.points(message.kind, message.channels)


def _named(to: Addressee) -> str:
    # A customer's id may be an address: it belongs neither in a log nor in an error.
    return "the customer" if kind_of(to) is ActorKind.CUSTOMER else to


def _is_page(message: Notify) -> bool:
    return message.urgent or message.kind in (MessageKind.PAGE, MessageKind.APPROVAL)


def _wait(error: RemoteUnavailable) -> timedelta:
    return error.retry_after or timedelta(0)


def _is_soon(error: RemoteUnavailable, message: Notify) -> bool:
    wait = _wait(error)
    return wait <= SOON and (message.respond_by is None or datetime.now(UTC) + wait < message.respond_by)
