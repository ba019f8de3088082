"""One escalation engine inside the test's own process: a worker with real activities, a client, and a world that a test
can break and look into. Only the Temporal server is another process.
"""

import asyncio
import inspect
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import activities
from activities.crm.port import HelpDesk
from activities.ledger import Ledger
from activities.notify.inbox import Received
from escalation.client import EscalationClient
from escalation.model import commands as c
from escalation.model.events import Event
from escalation.model.request import Customer, Receipt, Request, parse_request
from escalation.model.start import Summary
from escalation.model.state import Escalation
from escalation.playbook.load import Shelf, shipped_folder
from settings import Settings
from worker import build_worker
from workflows.escalation import EscalationWorkflow
from workflows.runner import Runner

ANN, BEN, CLEO, DAN, EVE = (f"person:{name}" for name in ("ann", "ben", "cleo", "dan", "eve"))
"""First line, second line, head, and two approvers."""
BOT = "agent:bot"
CUSTOMER = "customer:c-1"

HERE = Path(__file__).parent

REPLAYED = 20
"""Of so many escalations the histories are replayed at the end of a test."""

Condition = Callable[[Escalation], object]


@dataclass
class World:
    """What a test drives and looks at."""

    client: EscalationClient
    activities: activities.Activities
    settings: Settings
    directory: Path
    opened: set[str] = field(default_factory=set)
    """Ids of all escalations of this test; their histories are replayed at its end."""
    jumps: bool = False
    """By the server whose clock jumps. It refuses a task that takes back an activity which was done in the meantime,
    and what came with that task is never answered; so there whoever says something waits until nothing is under way."""

    @property
    def temporal(self) -> Client:
        return self.client.temporal

    @property
    def playbooks(self) -> Path:
        """The folder of the team's own playbooks."""
        return self.settings.playbooks[0]

    def identifier(self, key: str) -> str:
        return f"escalation-{self.settings.task_queue}-{key}"

    def request(self, key: str, **changes: Any) -> Request:
        """A request that goes to ann at once: complete, and in need of a person."""
        content: dict[str, Any] = {
            "playbook": "tested",
            "source": self.settings.task_queue,
            "dedup_key": key,
            "request_id": f"r-{key}",
            "case": {"system": "helpdesk", "id": f"{self.settings.task_queue}-{key}"},
            "initiation": "ai_limit",
            "requested_by": BOT,
            "customer": {"id": "c-1", "name": "Ada Secret", "tier": "standard"},
            "facts": {"ai_limit": True},
            "context": {"summary": f"{key} does not work"},
        }
        return parse_request(content | changes)

    async def open(self, key: str, **changes: Any) -> Receipt:
        receipt = await self.client.open(self.request(key, **changes))
        self.opened.add(receipt.escalation_id)
        return receipt

    async def opened_id(self, key: str, **changes: Any) -> str:
        """Open an escalation and wait until the first page and the ticket are there; return its id."""
        identifier = (await self.open(key, **changes)).escalation_id
        await self.until(
            identifier, lambda state: state.case_link is not None and set(_paged(state)) <= set(state.told)
        )
        return identifier

    async def send(self, identifier: str, *commands: c.Act) -> c.Answer:
        for command in commands:
            if self.jumps:
                await self._calm(identifier)
            answer = await self.client.send(identifier, command)
        return answer

    async def close(self, identifier: str, by: str = ANN) -> Summary:
        """Take an open escalation the whole way to its end."""
        await self.send(identifier, c.Acknowledge(by=by))
        return await self.finish(identifier, by)

    async def finish(self, identifier: str, by: str = ANN) -> Summary:
        """Take an escalation that somebody owns the rest of the way."""
        await self.send(identifier, c.Resolve(by=by, resolution="mended", cause="worn out"))
        await self.send(identifier, c.ConfirmResolution(by=CUSTOMER), c.SubmitReview(by=by, lessons=("oil it",)))
        return await self.result(identifier)

    async def until(self, identifier: str, condition: Condition, within: float = 60) -> Escalation:
        """Wait until the state is as wanted, and return it."""
        limit = time.monotonic() + within
        asked = time.monotonic()
        while not condition(state := await self.client.state(identifier)):
            now = time.monotonic()
            assert now < limit, f"not within {within:g} s: {inspect.getsource(condition).strip()}"
            # Without a cache each question replays the whole history: asking takes a part of the time, never all of it.
            await asyncio.sleep(max(0.03, 2 * (now - asked)))
            asked = time.monotonic()
        return state

    async def timeline(self, identifier: str) -> list[Event]:
        return await self.client.timeline(identifier)

    def handle(self, identifier: str) -> WorkflowHandle[Any, Summary]:
        return self.temporal.get_workflow_handle(identifier, result_type=Summary)

    async def result(self, identifier: str, within: float = 60) -> Summary:
        return await asyncio.wait_for(self.handle(identifier).result(), within)

    async def history(self, identifier: str, run_id: str | None = None) -> WorkflowHistory:
        return await self.temporal.get_workflow_handle(identifier, run_id=run_id).fetch_history()

    async def events(self, identifier: str, *kinds: str) -> list[HistoryEvent]:
        """Return events of Temporal's history, of these types when any are named (``TIMER_STARTED``)."""
        wanted = {EventType.Value(f"EVENT_TYPE_{kind}") for kind in kinds}
        history = await self.history(identifier)
        return [event for event in history.events if not wanted or event.event_type in wanted]

    async def settled(self, identifier: str, *, left: int = 0) -> int:
        """Wait until no more activities than ``left`` are under way, and return the length of the history."""
        while True:
            described = (await self.handle(identifier).describe()).raw_description
            if len(described.pending_activities) <= left and not described.HasField("pending_workflow_task"):
                return described.workflow_execution_info.history_length
            await asyncio.sleep(0.03)

    async def _calm(self, identifier: str) -> None:
        """Wait until no workflow task and no activity is under way; one that is tried again and again may be."""
        while True:
            described = (await self.handle(identifier).describe()).raw_description
            tasks = await self.events(identifier, *(f"WORKFLOW_TASK_{each}" for each in ("SCHEDULED", "COMPLETED")))
            done = tasks[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
            if done and all(each.attempt > 1 for each in described.pending_activities):
                return
            await asyncio.sleep(0.03)

    async def metadata(self, identifier: str) -> WorkflowMetadata:
        """What Temporal's UI asks for to show current details and what can be sent."""
        query = "__temporal_workflow_metadata"
        found: WorkflowMetadata = await self.temporal.get_workflow_handle(identifier).query(
            query, result_type=WorkflowMetadata
        )
        return found

    def received(self, to: str | None = None, kind: str | None = None) -> list[Received]:
        return [message for message in self.activities.inbox.messages(to) if kind in {None, message.kind}]

    @asynccontextmanager
    async def worker(self, **more: Any) -> AsyncIterator[None]:
        """Run the worker of production; a workflow that does not replay fails instead of waiting for a human."""
        worker = build_worker(
            self.temporal,
            self.settings,
            self.activities,
            workflow_failure_exception_types=[workflow.NondeterminismError],
            **more,
        )
        async with worker:
            yield

    async def replay(self) -> None:
        """Replay every run of the escalations of this test; of a crowd some."""
        replayer = Replayer(
            workflows=[EscalationWorkflow], data_converter=pydantic_data_converter, workflow_runner=Runner()
        )
        await replayer.replay_workflows(self._histories())

    async def _histories(self) -> AsyncIterator[WorkflowHistory]:
        for identifier in sorted(self.opened)[:REPLAYED]:
            async for run in runs_of(self.temporal, identifier):
                yield await self.history(identifier, run)


async def runs_of(temporal: Client, identifier: str) -> AsyncIterator[str]:
    """Yield the run ids of the chain that the latest run belongs to, the latest first."""
    run: str | None = None
    while run != "":
        history = await temporal.get_workflow_handle(identifier, run_id=run).fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        yield started.original_execution_run_id
        run = started.continued_execution_run_id


@cache
def _empty_ledger() -> bytes:
    """Every world begins with a copy, which takes a tenth of the time that making the tables takes."""
    with TemporaryDirectory() as name:
        path = Path(name) / "ledger.db"
        ledger = Ledger(f"sqlite:///{path}")
        ledger.migrate()
        ledger.engine.dispose()
        return path.read_bytes()


def _paged(state: Escalation) -> tuple[str, ...]:
    return state.rung.people if state.rung is not None and state.rung.resolved else ("nobody yet",)


@asynccontextmanager
async def open_world(
    temporal: Client,
    folder: Path,
    *,
    cached: int,
    contacts: Mapping[str, str] | None = None,
    help_desk: HelpDesk | None = None,
    working: bool = True,
    jumps: bool = False,
) -> AsyncIterator[World]:
    """Build a world in ``folder``; at the end every history is replayed.

    Args:
        temporal: connected to the server to use.
        folder: for all files.
        cached: how many workflows the worker keeps; with 0, every workflow task replays the whole history.
        contacts: webhook addresses of persons (``ann``), in place of the inbox.
        help_desk: in place of the embedded one.
        working: run the worker from the beginning; otherwise the test does, with ``World.worker``.
        jumps: whether this is the server whose clock jumps (``World.jumps``).
    """
    own, directory = folder / "playbooks", folder / "directory.yaml"
    shutil.copytree(HERE / "playbooks", own)
    text = (HERE / "directory.yaml").read_text()
    for name, address in (contacts or {}).items():
        text = text.replace(f"{{channel: inbox, address: {name}}}", f'{{channel: webhook, address: "{address}"}}')
    directory.write_text(text)
    settings = Settings(
        data=folder / "data",
        directory=directory,
        playbooks=(own,),
        scripts=folder / "scripts",
        task_queue=f"t{uuid4().hex[:12]}",
        cached_workflows=cached,
        graceful_shutdown=timedelta(seconds=1),
    )
    settings.data.mkdir()
    (settings.data / "ledger.db").write_bytes(_empty_ledger())
    built = activities.build(settings.places, help_desk=help_desk)
    if built.local_help_desk is not None:
        built.local_help_desk.seed([Customer(id="c-1", name="Ada Secret", tier="standard")])
    client = EscalationClient(
        temporal,
        playbooks=Shelf(own, shipped_folder()),
        task_queue=settings.task_queue,
        answer_within=timedelta(seconds=30),
    )
    world = World(client, built, settings, directory, jumps=jumps)
    try:
        async with world.worker() if working else nullcontext():
            yield world
        await world.replay()
    finally:
        await built.close()
