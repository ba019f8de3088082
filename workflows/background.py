"""Tasks beside the workflow's run, none of which may fail unseen."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Starts tasks and keeps the first defect in one of them, for ``run`` to raise where it waits.

    A task that nobody awaits would take its defect with it: a page would be lost, and a mended worker would never know.
    Raised in ``run``, it fails the workflow task, which is tried again until a worker can carry it out.
    """

    def __init__(self) -> None:
        self.defect: BaseException | None = None

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run it beside everything else."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def raise_defect(self) -> None:
        """Raise what went wrong, never as an error that would end the workflow."""
        if self.defect is not None:
            raise RuntimeError("a task beside the run has failed") from self.defect

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and self.defect is None:
            self.defect = task.exception()
