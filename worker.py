"""The worker: settings, client, worker, and a clean end on SIGTERM or Ctrl-C.

Run it with ``python -m worker``. It registers the search attributes, brings the ledger up to date, then says
``worker ready`` as one JSON line.
"""

import gc

gc.disable()  # while the modules load, as in starter/entry.py

# ruff: noqa: E402 - they load below this line
import asyncio
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.common import MetricGauge, WorkflowIDConflictPolicy
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import Worker

import activities
from activities.alive import Alive
from activities.audits import Audits
from activities.bulkhead import Bulkhead
from activities.retry import RetryClass
from escalation.errors import EscalationError
from escalation.lifecycle.hindsight.audits import examine
from escalation.model.watch import WATCH_WORKFLOW, Watch, watch_id
from settings import Settings, connect, load_settings
from workflows.audit import AuditWorkflow
from workflows.current_details import CurrentDetails
from workflows.digest import DigestWorkflow
from workflows.escalation import EscalationWorkflow
from workflows.runner import Runner
from workflows.search_attributes import REGISTRY
from workflows.watch import HelpDeskWatch

gc.freeze()
gc.enable()

log = structlog.get_logger("worker")

BACKLOG_EVERY = timedelta(seconds=5)


def configure_logging(level: str) -> None:
    """Render every log line, structlog's and the standard library's (Temporal's own among them), as JSON on stdout."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


async def register_search_attributes(client: Client) -> None:
    """Register what is missing. Idempotent; without them the first upsert would stop every escalation."""
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {key.name: key.indexed_value_type for key in REGISTRY if key.name not in listed.custom_attributes}
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace)
        for name, kind in missing.items():
            request.search_attributes[name] = int(kind)  # type: ignore[assignment]
        await client.operator_service.add_search_attributes(request)


async def watch_backlog(client: Client, task_queue: str, gauge: MetricGauge) -> None:
    """Measure for ever how many tasks wait for a worker: what outran the workers becomes visible."""
    kinds = {
        "workflow": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        "activity": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    }
    while True:
        for name, kind in kinds.items():
            try:
                described = await client.workflow_service.describe_task_queue(
                    DescribeTaskQueueRequest(
                        namespace=client.namespace,
                        task_queue=TaskQueue(name=task_queue),
                        task_queue_type=kind,
                        report_stats=True,
                    )
                )
            except RPCError as error:
                log.warning("backlog could not be measured", error=str(error))
                continue
            gauge.set(described.stats.approximate_backlog_count, {"task_type": name, "task_queue": task_queue})
        await asyncio.sleep(BACKLOG_EVERY.total_seconds())


def build_runtime(settings: Settings) -> Runtime:
    """Make the process's one runtime, with metrics for Prometheus where a port was named."""
    metrics = PrometheusConfig(bind_address=settings.metrics) if settings.metrics else None
    return Runtime(telemetry=TelemetryConfig(metrics=metrics) if metrics else TelemetryConfig())


def build_worker(client: Client, settings: Settings, world: activities.Activities, **more: Any) -> Worker:
    """Wire workflows and activities. Nothing is decided here; ``more`` goes to ``Worker`` as it is."""
    audits = Audits(world.ledger.engine, world.directory.current, examine)
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[EscalationWorkflow, DigestWorkflow, HelpDeskWatch, AuditWorkflow],
        activities=[*world.all(), audits.run],
        interceptors=[CurrentDetails(), Alive(), RetryClass(), Bulkhead(settings.concurrent_activities)],
        workflow_runner=Runner(),
        graceful_shutdown_timeout=settings.graceful_shutdown,
        # How long the server waits for a killed worker before it gives its escalations to another one.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),
        max_cached_workflows=settings.cached_workflows,
        # By default only every 12th second a heartbeat would leave, too close to the 15 that the workflow allows.
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        max_concurrent_activities=settings.concurrent_activities,
        max_concurrent_workflow_tasks=settings.concurrent_workflow_tasks,
        **more,
    )


async def watch_help_desks(client: Client, settings: Settings, world: activities.Activities) -> None:
    """Have each help desk watched that can say what people change there, once, however many workers start."""
    for name in world.watching.names:
        await client.start_workflow(
            WATCH_WORKFLOW,
            Watch(connection=name),
            id=watch_id(name),
            task_queue=settings.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"what people change in {name}",
        )


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until told to stop, then let running activities finish."""
    runtime = build_runtime(settings)
    client = await connect(runtime)
    await register_search_attributes(client)
    world = activities.build(settings.places)
    # By default there are six threads on two cores: host names that are not found in time would keep the directory's
    # file from being read, and so every page from leaving.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.concurrent_activities))
    try:
        await world.feeds.open(await asyncio.to_thread(world.directory.current))
        async with build_worker(client, settings, world):
            feeds = asyncio.create_task(world.feeds.watch(world.directory.current))
            gauge = runtime.metric_meter.create_gauge(
                "escalation_task_backlog", "tasks that wait for a worker", "tasks"
            )
            backlog = asyncio.create_task(watch_backlog(client, settings.task_queue, gauge))
            await watch_help_desks(client, settings, world)
            # What has been loaded stays: the collector need not walk through it, tenths of a second each time.
            gc.freeze()
            log.info("worker ready", task_queue=settings.task_queue, namespace=client.namespace)
            await stop.wait()
            backlog.cancel()
            feeds.cancel()
            log.info("worker stopping")
    finally:
        await world.close()


async def main() -> int:
    """Run the worker; return the exit code."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(settings, stop)
    except EscalationError as error:
        sys.stderr.write(f"worker: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    code = asyncio.run(main())
    # Temporal's native threads crash about every fifteenth interpreter that shuts down; `main` has left nothing open.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
