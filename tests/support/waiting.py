"""Waiting for what happens in other processes: always for a condition, never for luck."""

import asyncio
import inspect
import time
from collections.abc import Callable


async def eventually(condition: Callable[[], object], what: str, *, within: float = 30, every: float = 0.05) -> None:
    """Wait until the condition, which may be asynchronous, is true; fail after ``within`` seconds, naming ``what``."""
    limit = time.monotonic() + within
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        if time.monotonic() > limit:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(every)
