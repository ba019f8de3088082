"""The bulkhead: a system that hangs leaves slots to the others, and what finds no place comes back in time."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ExecuteActivityInput

from activities.bulkhead import LATEST, SOONEST, Bulkhead, place_at
from activities.retry import RetryClass
from tests.support.attempts import Innermost

SLOTS = 12


class Slots:
    """A worker's slots: every call of ``told`` is one activity, which ends when ``release`` is called."""

    def __init__(self) -> None:
        self._inner = RetryClass().intercept_activity(Bulkhead(SLOTS).intercept_activity(Innermost()))
        self._answered = asyncio.Event()
        self.under_way: list[asyncio.Task[Any]] = []
        self.put_off: list[ApplicationError] = []

    async def run(self, work: Callable[[], Any], kind: str = "notify.send", *, local: bool = False) -> Any:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, activity_type=kind, is_local=local)

        @activity.defn
        async def one() -> Any:
            return await self._inner.execute_activity(ExecuteActivityInput(work, [], None, {}))

        return await environment.run(one)

    async def hang(self, system: str, times: int, address: str = "", *, page: bool = False) -> int:
        """Call a system that does not answer; return how many of the calls were begun."""

        async def call() -> None:
            with place_at(system, address, page=page):
                await self._answered.wait()

        return await self._begin(times, call)

    async def hang_by_itself(self, kind: str, times: int, *, local: bool = False) -> int:
        """Begin activities that call no connection and do not end."""
        return await self._begin(times, self._answered.wait, kind=kind, local=local)

    async def _begin(self, times: int, work: Callable[[], Any], **more: Any) -> int:
        tasks = [asyncio.create_task(self.run(work, **more)) for _ in range(times)]
        await asyncio.sleep(0.05)
        begun = [task for task in tasks if not task.done()]
        self.put_off += [
            error for task in tasks if task.done() and isinstance(error := task.exception(), ApplicationError)
        ]
        self.under_way += begun
        return len(begun)

    async def release(self) -> None:
        self._answered.set()
        await asyncio.gather(*self.under_way)


@asynccontextmanager
async def open_slots() -> AsyncIterator[Slots]:
    slots = Slots()
    yield slots
    await slots.release()


async def test_a_system_that_hangs_holds_half_of_the_slots_and_another_one_is_called() -> None:
    async with open_slots() as slots:
        assert await slots.hang("desk", 10 * SLOTS) == SLOTS / 2
        assert await slots.hang("pager", 1) == 1


async def test_however_many_systems_hang_there_is_a_slot_for_one_more() -> None:
    async with open_slots() as slots:
        for system in ("desk", "crm", "chat", "mail"):
            assert await slots.hang(system, 10 * SLOTS) >= 1
            assert len(slots.under_way) < SLOTS
        assert await slots.hang("pager", 1) == 1


async def test_the_ledger_scripts_and_other_activities_are_systems_too() -> None:
    async with open_slots() as slots:
        assert await slots.hang_by_itself("ledger.record", 2 * SLOTS) == SLOTS / 2
        assert await slots.hang_by_itself("recovery.run", 1) == 1
        assert await slots.hang_by_itself("ledger.record", SLOTS, local=True) == SLOTS, "those have slots of their own"
        assert await slots.hang("pager", 1) == 1


async def test_news_that_hang_leave_places_for_pages_through_the_same_channel() -> None:
    async with open_slots() as slots:
        assert await slots.hang("chat", 2 * SLOTS) == SLOTS / 2
        assert await slots.hang("chat", SLOTS, page=True) >= 2
        assert await slots.hang("pager", 1, page=True) == 1


async def test_one_receiver_of_webhooks_that_hangs_leaves_places_for_the_others() -> None:
    async with open_slots() as slots:
        assert await slots.hang("webhook", 2 * SLOTS, "https://a.example/x") < SLOTS / 2
        assert await slots.hang("webhook", 1, "https://b.example/x") == 1
        many = [await slots.hang("webhook", 1, f"https://{number}.example/x") for number in range(SLOTS)]
        assert sum(many) < SLOTS, "nor do all of them together, such as behind a proxy that hangs"
        assert await slots.hang("pager", 1) == 1


async def test_a_place_is_given_back_however_the_call_ended() -> None:
    async def failing() -> None:
        with place_at("desk"):
            raise ZeroDivisionError

    async with open_slots() as slots:
        for _ in range(2 * SLOTS):
            with pytest.raises(ZeroDivisionError):
                await slots.run(failing)
        assert await slots.hang("desk", SLOTS) == SLOTS / 2
        for task in slots.under_way:
            task.cancel()
        await asyncio.gather(*slots.under_way, return_exceptions=True)
        slots.under_way.clear()
        assert await slots.hang("desk", SLOTS) == SLOTS / 2


async def test_what_finds_no_place_is_tried_again_by_temporal_and_says_why_in_no_line_of_the_log() -> None:
    async with open_slots() as slots:
        with capture_logs() as logs:
            await slots.hang("desk", SLOTS)
        assert logs == []
        for error in slots.put_off:
            assert not error.non_retryable
            assert error.category is ApplicationErrorCategory.BENIGN
            assert error.message == "desk: has as many calls under way as it gets while it is slow"


async def test_what_was_put_off_comes_back_one_after_the_other_and_the_later_the_longer_calls_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("activities.bulkhead.monotonic", lambda: now)
    async with open_slots() as slots:
        await slots.hang("desk", SLOTS)
        soon = [_wait(error) for error in slots.put_off]
        assert soon == sorted(set(soon)), "each a little after the one before"
        assert SOONEST < soon[0] < soon[-1] < 2 * SOONEST
        now += 30
        slots.put_off.clear()
        await slots.hang("desk", 100)
        late = [_wait(error) for error in slots.put_off]
        assert late[0] > timedelta(seconds=5), "the oldest call has hung for half a minute"
        assert late[-1] == LATEST


async def test_outside_of_a_worker_there_is_room() -> None:
    with place_at("desk"), place_at("desk"):
        pass


def _wait(error: ApplicationError) -> timedelta:
    assert error.next_retry_delay is not None
    return error.next_retry_delay
