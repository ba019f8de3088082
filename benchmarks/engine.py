"""The engine on a real server: latency, throughput, history, memory, each against a floor in the same run."""

import asyncio
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter

from activities import Places
from activities.notify.inbox import Inbox
from benchmarks.bare import BareWorkflow
from benchmarks.figures import figure, percentile
from benchmarks.requests import request, write_files
from escalation.client import EscalationClient
from escalation.model import commands as c
from escalation.playbook.load import Shelf, shipped_folder
from starter.embedded import EmbeddedStack

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "100"))
IDLE = int(os.environ.get("BENCH_IDLE", "2000"))
CALLERS = 8
ME = "person:solo"
SHIPPED = "customer-service-escalation"
CONFIRMED = frozenset({"bench-customer", SHIPPED})
"""Playbooks by which the customer says whether it is solved."""
_ESCALATION = re.compile(r"escalation-bench-[\w-]+")


class Bench:
    """The clients, and what is measured with them."""

    def __init__(self, temporal: Client, folder: Path, worker_pid: int) -> None:
        self.temporal = temporal
        self.client = EscalationClient(temporal, playbooks=Shelf(folder / "playbooks", shipped_folder()))
        self.inbox = Inbox(Places(data=folder / "data", directory=folder / "directory.yaml").inbox)
        self.worker_pid = worker_pid
        self._awaited: dict[str, asyncio.Future[float]] = {}
        self._arrived: dict[str, float] = {}
        self._last_read = 0

    async def happy_path(self, key: str, playbook: str = "bench") -> str:
        """Drive one escalation from opening to closed, as fast as its answers come; return its id.

        It is acknowledged when its page has arrived: nobody answers one that they have not read.
        """
        receipt = await self.client.open(request(key, playbook))
        identifier = receipt.escalation_id
        await self._paged(identifier)
        await self.client.send(identifier, c.Acknowledge(by=ME))
        await self.client.send(identifier, c.Resolve(by=ME, resolution="paid again", cause="a batch was lost"))
        if playbook in CONFIRMED:
            await self.client.send(identifier, c.ConfirmResolution(by="customer:c-1"))
        await self.client.send(identifier, c.SubmitReview(by=ME, lessons=("watch the batch",)))
        await self.temporal.get_workflow_handle(identifier).result()
        return identifier

    async def history(self) -> Counter[str]:
        """Count the events and bytes of the happy path; return the events by kind."""
        kinds: Counter[str] = Counter()
        for playbook, bar in (("bench", 70), ("bench-customer", 0)):
            key = f"history-{playbook}"
            identifier = await self.happy_path(key, playbook)
            history = await self.temporal.get_workflow_handle(identifier).fetch_history()
            found = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
            size = sum(event.ByteSize() for event in history.events) - len(request(key, playbook).model_dump_json())
            count = len(history.events)
            what = "without" if bar else "with"
            figure(
                f"history of the happy path, {what} a customer's confirmation",
                count,
                "events",
                bar="<= 70",
                holds=count <= 70,
                kinds=dict(found),
            )
            figure(
                f"history of the happy path, {what} a customer's confirmation, beyond the request",
                size / 1000,
                "kB",
                bar="<= 40",
                holds=size <= 40_000,
            )
            kinds = kinds or found
        await self._shipped_history()
        return kinds

    async def _shipped_history(self) -> None:
        """Count the same life by the shipped playbook, which also asks and informs everybody whom its RACI names."""
        identifier = await self.happy_path("history-shipped", SHIPPED)
        history = await self.temporal.get_workflow_handle(identifier).fetch_history()
        found = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
        count, messages = len(history.events), found["ACTIVITY_TASK_SCHEDULED"]
        # No life does with less than its messages and commands need: three events for each activity and workflow task,
        # two for each update, and one at each end.
        floor = 3 * messages + 5 * found["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"] + 2
        figure("history of the happy path, shipped playbook", count, "events", floor=floor, kinds=dict(found))

    async def latency(self) -> None:
        """Compare trigger to first page with a bare update-with-start to its activity, one after the other."""
        ours, bare = [], []
        for number in range(ROUNDS):
            begun = time.time()
            receipt = await self.client.open(request(f"latency-{number}"))
            ours.append((await self._paged(receipt.escalation_id) - begun) * 1000)
            bare.append(await self._bare_latency(number) * 1000)
        floor, value = percentile(bare, 50), percentile(ours, 50)
        figure(
            "trigger to first page, p50",
            value,
            "ms",
            bar="<= 1.5 x bare",
            holds=value <= 1.5 * floor,
            floor=round(floor, 1),
            p99=round(percentile(ours, 99), 1),
            ratio=round(value / floor, 2),
        )

    async def _paged(self, identifier: str) -> float:
        """Wait for the first page of an escalation; return when it arrived, in seconds since the epoch."""
        paged: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._awaited[identifier] = paged
        if len(self._awaited) == 1:
            self._reading = asyncio.create_task(self._read())
        return await paged

    async def _read(self) -> None:
        """Look into the inbox for everybody who waits: eight callers must not cost eight times as much.

        The inbox tells when a message arrived; how often one looks takes nothing from that.
        """
        while self._awaited:
            for message in self.inbox.messages(ME, self._last_read):
                self._last_read = max(self._last_read, message.id)
                about = _ESCALATION.search(message.body)
                if message.kind == "page" and about is not None:
                    self._arrived[about.group()] = message.received_at.timestamp()
            for identifier in self._awaited.keys() & self._arrived.keys():
                self._awaited.pop(identifier).set_result(self._arrived.pop(identifier))
            await asyncio.sleep(0.01)

    async def _bare_latency(self, number: int) -> float:
        begun = time.time()
        handle = await self._bare_start(f"bare-latency-{number}", 1, 0, 1)
        return float(await handle.result()) - begun

    async def _bare_start(
        self, identifier: str, activities: int, local: int, updates: int
    ) -> WorkflowHandle[BareWorkflow, float]:
        start = WithStartWorkflowOperation(
            BareWorkflow.run,
            args=[activities, local, updates],
            id=identifier,
            task_queue="bare",
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
        await self.temporal.execute_update_with_start_workflow(BareWorkflow.step, start_workflow_operation=start)
        return await start.workflow_handle()

    async def throughput(self, kinds: Counter[str]) -> None:
        """Compare whole lives a second, eight callers at once, with bare workflows of the same shape."""
        activities = kinds["ACTIVITY_TASK_SCHEDULED"]
        local = kinds["MARKER_RECORDED"]
        updates = kinds["WORKFLOW_EXECUTION_UPDATE_ACCEPTED"]
        pairs, spent = [], []
        for turn in range(3):
            begun = _processor_ms(self.worker_pid)
            ours = await self._rate(self.happy_path, f"through-{turn}")
            between = _processor_ms(self.worker_pid)
            bare = await self._rate(
                lambda key: self._bare_life(key, activities, local, updates), f"bare-through-{turn}"
            )
            pairs.append((ours, bare))
            spent.append((between - begun, _processor_ms(self.worker_pid) - between))
        ours, bare = (sorted(values)[1] for values in zip(*pairs, strict=True))
        lives = max(ROUNDS // CALLERS, 2) * CALLERS
        mine, theirs = (sorted(values)[1] / lives for values in zip(*spent, strict=True))
        # Other programs on the machine disturb this less than the rate.
        figure(
            "a whole life, worker", mine, "ms of processor time", floor=round(theirs, 1), ratio=round(theirs / mine, 2)
        )
        figure(
            "throughput, 8 callers",
            ours,
            "escalations/s",
            bar=">= 0.8 x bare",
            holds=ours >= 0.8 * bare,
            floor=round(bare, 2),
            ratio=round(ours / bare, 2),
            runs=[[round(value, 2) for value in pair] for pair in pairs],
        )

    async def _bare_life(self, key: str, activities: int, local: int, updates: int) -> None:
        handle = await self._bare_start(key, activities, local, updates)
        for _ in range(1, updates):
            await handle.execute_update(BareWorkflow.step)
        await handle.result()

    async def _rate(self, live: Callable[[str], Awaitable[object]], prefix: str) -> float:
        each = max(ROUNDS // CALLERS, 2)

        async def caller(name: int) -> None:
            for number in range(each):
                await live(f"{prefix}-{name}-{number}")

        begun = time.perf_counter()
        await asyncio.gather(*(caller(name) for name in range(CALLERS)))
        return each * CALLERS / (time.perf_counter() - begun)

    async def memory(self) -> None:
        """Measure what an open, idle escalation costs the worker."""
        before = _resident(self.worker_pid)
        gate = asyncio.Semaphore(CALLERS)

        async def open_one(number: int) -> None:
            async with gate:
                await self.client.open(request(f"idle-{number}"))

        await asyncio.gather(*(open_one(number) for number in range(IDLE)))
        await asyncio.sleep(3)
        each = (_resident(self.worker_pid) - before) / IDLE
        figure("open, idle escalation", each, "kB of worker memory", bar="<= 200", holds=each <= 200, over=IDLE)


def _processor_ms(pid: int) -> float:
    """Return the processor time that a process has used, in ms (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    """Return a process's resident memory in kB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return 0.0


async def main(only: str = "") -> None:
    """Measure everything on one embedded stack."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**write_files(folder), "ESCALATION_CACHED_WORKFLOWS": str(IDLE + 1000)}
        command = (sys.executable, "-m", "benchmarks.worker")
        async with EmbeddedStack.run(folder / "data", environment=environment, command=command) as stack:
            temporal = await Client.connect(stack.address, data_converter=pydantic_data_converter)
            bench = Bench(temporal, folder, stack.workers[0].pid)
            for number in range(10):
                await bench.happy_path(f"warm-{number}")
            kinds = await bench.history()
            if only in ("", "latency"):
                await bench.latency()
            if only in ("", "throughput"):
                await bench.throughput(kinds)
            if only in ("", "memory"):
                await bench.memory()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
