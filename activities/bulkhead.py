"""The bulkhead: a system that hangs does not keep the worker's slots from the others.

A worker does a limited number of activities at once. Each try holds its slot until the system answers, so a help desk
that hangs would soon hold all of them, and no page would leave. Therefore a system gets another call only while it has
fewer under way than slots are free: alone it may hold half of them, of three that hang each holds a quarter, and there
is room for whoever answers. Nothing has to be set up for it, whatever is connected.

A call that gets no place gives its slot back at once and is tried again by Temporal when there should be room. Waiting
for it in the slot would be what this is against.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from escalation.errors import RemoteUnavailable

BY_CONNECTION: Final = frozenset({"notify.send", "notify.amend", "crm.open_case", "crm.update_case"})
"""Activities that know only on the way which system they call, and say so by ``place_at``; others count as one each."""
PAGES_GET: Final = 3
"""Times the slots that are free: with so many calls under way a page still goes; anything else with once as many.

News that hang, or come in a crowd, leave places for pages through the same channel.
"""
SOONEST: Final = timedelta(milliseconds=500)
LATEST: Final = timedelta(minutes=1)
"""As long as the retry policy waits for a system that is down."""


class Full(RemoteUnavailable):
    """The system has as many calls under way as it gets; this one was not begun."""


class _System:
    """One system, or several behind one name, such as the receivers of plain webhooks."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}
        """The calls under way, the oldest first, and when each began."""
        self._hosts: Counter[str] = Counter()
        self._took = 0.1
        self._room_at = 0.0
        """When there should be room for the next call that is sent away: they come back one after the other."""

    def has_room(self, host: str, most: int) -> bool:
        """Tell whether one more call fits; one host of several gets half of what all together get."""
        if not self._since:
            return True
        return len(self._since) < most and (not host or self._hosts[host] < max(1, most // 2))

    def begin(self, host: str) -> object:
        call = object()
        self._since[call] = monotonic()
        self._hosts[host] += 1
        return call

    def end(self, call: object, host: str) -> None:
        self._took += (monotonic() - self._since.pop(call) - self._took) / 8
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]

    def room_in(self) -> timedelta:
        """Say when to come back, by how long calls take now: the oldest may be the first of many that hang."""
        now = monotonic()
        takes = max(self._took, now - next(iter(self._since.values()), now))
        first, last = now + SOONEST.total_seconds(), now + LATEST.total_seconds()
        self._room_at = min(max(self._room_at, first) + takes / max(len(self._since), 1), last)
        return timedelta(seconds=self._room_at - now)


class Bulkhead(Interceptor):
    """Shares a worker's ``slots`` for activities among the systems that they call."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._used = 0
        self._systems: dict[str, _System] = {}
        self._under_way: Counter[tuple[str, str]] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap the next interceptor."""
        return _Sharing(next, self)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Count an activity."""
        self._used += 1
        try:
            yield
        finally:
            self._used -= 1

    @contextmanager
    def place(self, system: str, host: str, *, page: bool) -> Iterator[None]:
        """Begin a call. Raises Full when the system has enough under way."""
        calls = self._systems.setdefault(system, _System())
        free = self._slots - self._used
        if not calls.has_room(host, (PAGES_GET if page else 1) * free):
            _meter().create_counter("escalation_calls_put_off", "Calls that found no place").add(1, {"system": system})
            said = "has as many calls under way as it gets while it is slow"
            raise Full(f"{system}: {said}", retry_after=calls.room_in())
        call = calls.begin(host)
        self._count(system, 1)
        try:
            yield
        finally:
            calls.end(call, host)
            self._count(system, -1)

    def _count(self, system: str, change: int) -> None:
        # The meter adds the activity's type to the labels, so that each is counted for itself.
        of = (activity.info().activity_type, system)
        self._under_way[of] += change
        gauge = _meter().create_gauge("escalation_calls_under_way", "Calls that outside systems have not answered yet")
        gauge.set(self._under_way[of], {"system": system})


class _Sharing(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, bulkhead: Bulkhead) -> None:  # noqa: A002 - Temporal's name
        super().__init__(next)
        self._bulkhead = bulkhead

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        info = activity.info()
        if info.is_local:  # they have slots of their own, and two seconds
            return await super().execute_activity(input)
        with self._bulkhead.slot():
            if info.activity_type in BY_CONNECTION:
                _current.set(self._bulkhead)
                return await super().execute_activity(input)
            with self._bulkhead.place(info.activity_type, "", page=False):
                return await super().execute_activity(input)


_current: ContextVar[Bulkhead | None] = ContextVar("bulkhead", default=None)


@contextmanager
def place_at(system: str, address: str = "", *, page: bool = False) -> Iterator[None]:
    """Hold a place of a system while it is called; outside of a worker there is room for everybody.

    ``address`` tells systems behind one name apart, where it is a URL. A ``page`` goes ahead of what is none.

    Raises:
        Full: there is none, and the call was not begun.
    """
    bulkhead = _current.get()
    if bulkhead is None:
        yield
        return
    with bulkhead.place(system, _host(address), page=page):
        yield


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _meter() -> Any:
    return activity.metric_meter()
