"""Heartbeats: they come while an activity runs, only where they were asked for, and stop with it."""

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.alive import Alive, count, remember


class Innermost(ActivityInboundInterceptor):
    """Stands where the worker calls the activity itself."""

    def __init__(self) -> None:
        """There is no next one."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        return await input.fn(*input.args)


async def run(work: Any, limit: timedelta | None, beats: list[float]) -> None:
    """Run an activity as a worker does, and write down when it beat, in seconds after the start."""
    loop = asyncio.get_running_loop()
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_timeout=limit)
    begun = loop.time()
    environment.on_heartbeat = lambda *_: beats.append(loop.time() - begun)
    wrapped = Alive().intercept_activity(Innermost())

    @activity.defn
    async def working() -> Any:
        return await wrapped.execute_activity(ExecuteActivityInput(work, [], None, {}))

    try:
        await environment.run(working)
    finally:
        ended = len(beats)
        await asyncio.sleep(0.05)
        assert len(beats) == ended, "it beat on after its end"


async def test_an_activity_beats_every_third_of_the_limit() -> None:
    beats: list[float] = []

    async def work() -> None:
        while len(beats) < 3:  # noqa: ASYNC110 - the beats are what is waited for
            await asyncio.sleep(0.005)

    async with asyncio.timeout(10):
        await run(work, timedelta(milliseconds=60), beats)
    assert [at >= 0.02 * number for number, at in enumerate(beats, 1)] == [True, True, True]


async def test_what_an_activity_remembers_goes_with_every_beat_and_an_earlier_tries_until_then() -> None:
    said: list[tuple[Any, ...]] = []
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, heartbeat_timeout=timedelta(milliseconds=60), heartbeat_details=["page 3"]
    )
    environment.on_heartbeat = lambda *details: said.append(details)
    wrapped = Alive().intercept_activity(Innermost())

    async def work() -> None:
        while not said:  # noqa: ASYNC110 - the beats are what is waited for
            await asyncio.sleep(0.005)
        remember("page 4", 1)
        while len(said) < 4:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.005)

    @activity.defn
    async def working() -> Any:
        return await wrapped.execute_activity(ExecuteActivityInput(work, [], None, {}))

    async with asyncio.timeout(10):
        await environment.run(working)
    assert said[0] == ("page 3",)
    assert set(said[said.index(("page 4", 1)) :]) == {("page 4", 1)}


async def test_what_tries_count_is_kept_apart_and_with_what_else_was_remembered_there_is_none() -> None:
    kept: list[Any] = []

    async def count_in_a_try(what: str) -> int:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, heartbeat_details=list(kept))
        environment.on_heartbeat = lambda *details: kept.__setitem__(slice(None), details)

        @activity.defn
        async def counting() -> int:
            return count(what)

        return await environment.run(counting)

    assert [await count_in_a_try(what) for what in ("held", "unreadable", "held")] == [1, 1, 2]
    assert kept == ["held", 2, "unreadable", 1]
    kept[:] = ["page 3"]
    assert await count_in_a_try("held") == 1


async def test_an_activity_without_a_limit_does_not_beat() -> None:
    beats: list[float] = []
    await run(lambda: asyncio.sleep(0.1), None, beats)
    assert beats == []


async def test_a_failed_activity_beats_no_more() -> None:
    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await run(fail, timedelta(milliseconds=30), [])
