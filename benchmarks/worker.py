"""A worker for benchmarks: the real one, and the bare workflow beside it in the same process."""

import asyncio
import signal
import sys

from temporalio.worker import Worker

import activities
import worker as real
from benchmarks.bare import BareWorkflow, work
from settings import connect, load_settings


async def main() -> None:
    """Serve both task queues until stopped."""
    settings = load_settings()
    real.configure_logging(settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect()
    await real.register_search_attributes(client)
    world = activities.build(settings.places)
    bare = Worker(
        client,
        task_queue="bare",
        workflows=[BareWorkflow],
        activities=[work],
        max_cached_workflows=settings.cached_workflows,
        max_concurrent_activities=settings.concurrent_activities,
        max_concurrent_workflow_tasks=settings.concurrent_workflow_tasks,
    )
    async with real.build_worker(client, settings, world), bare:
        sys.stdout.write('{"event": "worker ready"}\n')
        sys.stdout.flush()
        await stop.wait()
    await world.close()


if __name__ == "__main__":
    asyncio.run(main())
