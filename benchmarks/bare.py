"""The floor: a workflow that decides nothing, with as many activities, local activities, updates and timers."""

import asyncio
import time
from datetime import timedelta

from temporalio import activity, workflow


@activity.defn(name="bare.work")
async def work() -> float:
    """Do nothing; return when it was done, in seconds since the epoch."""
    return time.time()


@workflow.defn(name="Bare")
class BareWorkflow:
    """Counts updates until it has seen ``updates`` of them."""

    @workflow.init
    def __init__(self, activities: int, local_activities: int, updates: int) -> None:
        self.activities = activities
        self.local_activities = local_activities
        self.updates = updates
        self.seen = 0
        self.done = 0
        self.local_done = 0
        self.first: float = 0.0

    @workflow.run
    async def run(self, activities: int, local_activities: int, updates: int) -> float:
        """Wait for each update with a timer running, as an escalation does."""
        while self.seen < updates:
            seen = self.seen
            await workflow.wait_condition(lambda: self.seen != seen, timeout=timedelta(hours=1))  # noqa: B023
        await workflow.wait_condition(lambda: self.done == activities and self.local_done == local_activities)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.first

    @workflow.update(name="step")
    def step(self) -> int:
        """Take an update; start its share of the activities."""
        self.seen += 1
        for _ in range(self._share(self.activities)):
            self._tasks = asyncio.create_task(self._work())
        for _ in range(self._share(self.local_activities)):
            self._local_tasks = asyncio.create_task(self._local_work())
        return self.seen

    def _share(self, total: int) -> int:
        return total * self.seen // self.updates - total * (self.seen - 1) // self.updates

    async def _work(self) -> None:
        at: float = await workflow.execute_activity(work, start_to_close_timeout=timedelta(seconds=10))
        self.first = self.first or at
        self.done += 1

    async def _local_work(self) -> None:
        await workflow.execute_local_activity(work, start_to_close_timeout=timedelta(seconds=10))
        self.local_done += 1
