"""Not too much at once at one contact point: what is not urgent waits until there is room, and is never dropped.

News that wait there for one receiver are bundled: the first that finds room takes the others along, as one message.

It is counted by each worker for itself: with three workers a contact point may get three times its limit, and a worker
that starts anew has counted nothing. What waits is tried again like a channel that asks to wait, for a day at most;
then it is a message that could not be delivered, and that is said like any other. What went along its worker knows:
asked of another one, or after a restart, it is told a second time rather than not at all.
"""

from collections import deque
from datetime import timedelta
from time import monotonic
from typing import Final

from activities.notify.phrases import phrases
from escalation.errors import RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, MessageKind, Notify
from escalation.people.reach import Limit
from escalation.values import digest_of

MOST_POINTS = 10_000
"""Contact points that are counted for; beyond it the oldest are forgotten, which only lets more through."""
MOST_TOGETHER: Final = 20
"""News that one message takes along; the rest wait for the next room."""
LONGEST: Final = 3600.0
"""Seconds that what waits may be asked to wait at once: for twice as long it is known what went along."""
_BUNDLED: Final = frozenset({MessageKind.NEWS, MessageKind.WARNING})
"""Only what nobody has to answer."""


class Held(RemoteUnavailable):
    """It waits by its receiver's own wish, or for room: no other contact point is tried for it meanwhile."""


class _Point:
    """One contact point: when messages went there, which escalations paged there, and what waits."""

    def __init__(self) -> None:
        self.sent: deque[float] = deque()
        self.paged: dict[str, float] = {}
        self.waiting: dict[str, tuple[float, Notify]] = {}
        """By key: when it may be sent, and the message; in the order in which they came."""
        self.leaving: set[str] = set()
        """Keys of what goes along with another one just now."""
        self.told: dict[str, tuple[float, DeliveryReceipt]] = {}
        """By key: when it went along, and with which receipt."""


class Throttle:
    """Counts what is sent to each contact point that has a limit."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], _Point] = {}

    def told(self, message: Notify, channel: str, address: str) -> DeliveryReceipt | None:
        """Return the receipt of a message that went along with another one."""
        point = self._points.get((channel, address))
        _, receipt = point.told.pop(message.key, (0.0, None)) if point is not None else (0.0, None)
        return receipt

    def require_room(self, message: Notify, channel: str, address: str, limit: Limit) -> tuple[Notify, ...]:
        """Let a message go to a contact point, count it, and return what goes along with it.

        Urgent messages and approvals always go, and so does the first page of an escalation. What goes along has to be
        given to ``went`` afterwards.

        Raises:
            Held: there is no room yet; says when there is.
        """
        point = self._points.get((channel, address))
        if point is None:
            while len(self._points) >= MOST_POINTS:
                del self._points[next(iter(self._points))]
            point = self._points[channel, address] = _Point()
        now, within = monotonic(), limit.within.total_seconds()
        _forget(point, now, within)
        if message.key in point.leaving:
            raise Held(f"{channel}: on its way with another message", retry_after=timedelta(seconds=1))
        if not _goes_ahead(message, point):
            at = _room_at(point, message.key, limit.messages, now, within)
            if at is not None:
                point.waiting[message.key] = at, message
                raise Held(f"{channel}: enough for now", retry_after=timedelta(seconds=max(at - now, 1)))
        point.waiting.pop(message.key, None)
        point.sent.append(now)
        if message.kind is MessageKind.PAGE:
            point.paged[message.escalation] = now
        along = [each for _, each in point.waiting.values() if _goes_along(each, message)][:MOST_TOGETHER]
        for each in along:
            del point.waiting[each.key]
            point.leaving.add(each.key)
        return tuple(along)

    def went(self, along: tuple[Notify, ...], channel: str, address: str, receipt: DeliveryReceipt | None) -> None:
        """Keep that messages went along with another one; without a receipt they did not, and wait anew."""
        point = self._points.get((channel, address))
        if point is None:
            return
        now = monotonic()
        for each in along:
            point.leaving.discard(each.key)
            if receipt is not None:
                point.told[each.key] = now, receipt
            else:  # until it comes back by itself, which is within that time
                point.waiting[each.key] = now + LONGEST, each


def bundled(message: Notify, along: tuple[Notify, ...]) -> Notify:
    """Return one message that says what several do; itself where nothing goes along.

    Its key is made of all of theirs: with others it is another message, which no channel may take for this one.
    """
    if not along:
        return message
    every = (message, *along)
    subject = phrases(message.locale).together.format(subject=message.subject, number=len(along))
    of_one = all(each.escalation == message.escalation for each in every)
    return message.changed(
        {
            "key": f"{message.key}+{digest_of(' '.join(each.key for each in along))}",
            "subject": subject,
            "body": "\n\n".join(f"{each.subject}\n{each.body}".strip() for each in every),
            "escalation": message.escalation if of_one else "",
            "threads": message.threads if of_one else {},
            "other_threads": message.other_threads if of_one else {},
        }
    )


def _goes_along(waiting: Notify, message: Notify) -> bool:
    """Tell whether it is news like the message that goes: for the same receiver, and nothing to answer."""
    tells = all(each.kind in _BUNDLED and not each.offers for each in (waiting, message))
    return tells and (waiting.to, waiting.locale) == (message.to, message.locale)


def _goes_ahead(message: Notify, point: _Point) -> bool:
    if message.urgent or message.kind is MessageKind.APPROVAL:
        return True
    return message.kind is MessageKind.PAGE and message.escalation not in point.paged


def _room_at(point: _Point, key: str, most: int, now: float, within: float) -> float | None:
    """Return when there is room for a message, None for at once; those that came first have the first places."""
    waiting = list(point.waiting)
    before = waiting.index(key) if key in point.waiting else len(waiting)
    leave_first = before + len(point.sent) - most
    if leave_first < 0:
        return None
    if leave_first < len(point.sent):
        return point.sent[leave_first] + within
    return now + within


def _forget(point: _Point, now: float, within: float) -> None:
    while point.sent and point.sent[0] <= now - within:
        point.sent.popleft()
    point.paged = {escalation: at for escalation, at in point.paged.items() if at > now - within}
    # What did not come back was taken back, or is with another worker.
    point.waiting = {key: each for key, each in point.waiting.items() if each[0] > now - within}
    point.told = {key: each for key, each in point.told.items() if each[0] > now - 2 * max(within, LONGEST)}
