"""The typed client: how services open escalations and how people's commands reach them.

    client = await EscalationClient.connect()
    receipt = await client.open(request)
    answer = await client.send(receipt.escalation_id, Acknowledge(by="person:eva.novak"))

It names the workflow and never imports it. A program that only sends commands starts sooner with
``escalation.sending``.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self, TypeVar
from uuid import uuid4

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from escalation import errors
from escalation.errors import NotNow, RequestRefused, Unknown
from escalation.foresight.forecast import FindsPeople, forecast
from escalation.lifecycle import decide
from escalation.lifecycle.case.packet_views import Packet
from escalation.lifecycle.explanation import Explanation
from escalation.lifecycle.incident.views import ActionPlan
from escalation.lifecycle.migration import Preview, preview
from escalation.lifecycle.ownership.rights import Right
from escalation.lifecycle.situation import Situation
from escalation.lifecycle.timeline.overview import Overview
from escalation.lifecycle.timeline.trail import Proof, parse_reference, proof
from escalation.lifecycle.triage import Assessment, judge_request
from escalation.model.commands import Link, Migrate
from escalation.model.events import Event
from escalation.model.ids import escalation_id
from escalation.model.names import OPEN, TASK_QUEUE, WORKFLOW
from escalation.model.request import Outcome, Receipt, Request, check_size
from escalation.model.start import RUN_LENGTH, Previous, Start, Summary
from escalation.model.state import Escalation
from escalation.model.trying import Trying, trying
from escalation.playbook.load import Shelf, shipped_folder
from escalation.playbook.schema import Playbook
from escalation.sending import ANSWER_WITHIN, NO_ANSWER, WORKER_FAILED, Sender, between_runs, connected

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_FIRST_TRY = timedelta(seconds=5)
"""How long the first try of a question may take; every further try may take twice as long as the one before it."""
_BETWEEN_TRIES = 0.2
"""Seconds."""

_LOWEST_PRIORITY = 5


class EscalationClient(Sender):
    """Opens escalations, sends commands and asks questions. Every method that waits raises ``Unreachable`` in the end.

    Args:
        client: connected, with ``temporalio.contrib.pydantic.pydantic_data_converter``.
        playbooks: where to find playbooks for ``consider`` and for priorities; the shipped ones when omitted.
        task_queue: the workers' task queue.
        answer_within: how long to wait for an answer before ``Unreachable``.
    """

    def __init__(
        self,
        client: Client,
        *,
        playbooks: Shelf | None = None,
        task_queue: str = TASK_QUEUE,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        super().__init__(client, task_queue=task_queue, answer_within=answer_within)
        self._shelf = playbooks or Shelf(shipped_folder())
        self._knows_playbooks = playbooks is not None

    @classmethod
    async def connect(
        cls,
        address: str = "",
        *,
        namespace: str = "",
        task_queue: str = TASK_QUEUE,
        answer_within: timedelta = ANSWER_WITHIN,
        playbooks: Shelf | None = None,
    ) -> Self:
        """Connect to a server; see ``escalation.sending.connected``."""
        client = await connected(address, namespace)
        return cls(client, playbooks=playbooks, task_queue=task_queue, answer_within=answer_within)

    # --- opening -----------------------------------------------------------------------------------------------------

    def consider(self, request: Request) -> Assessment:
        """Ask "may the AI go on?" without a server: the same rules, nothing is started or recorded.

        The playbooks must be here too: give the client the same folders as the workers (``playbooks``).

        Raises:
            RequestRefused: the request does not fit its playbook; or, with the path ``playbook``, that is not known
                here or broken.
        """
        try:
            playbook = self._playbook(request.playbook)
        except errors.DocumentError as error:
            said = [str(found) if found.line else found.message for found in error.findings]
            if not self._knows_playbooks:
                said[-1] += "; this client reads the shipped ones: name your folders by connect(playbooks=Shelf(...))"
            raise RequestRefused([("playbook", each) for each in said]) from error
        return judge_request(playbook, request, now=datetime.now(UTC))

    async def open(self, request: Request) -> Receipt:
        """Open an escalation, or join the open one with the same source and key.

        The same ``request_id`` gets its first answer, also after the end. Waiting for the receipt is the backpressure:
        it comes when a worker has taken the request.

        Raises:
            RequestRefused: too large, not fitting its playbook, or, with the path ``playbook``, naming one that the
                workers do not have; nothing was started.
            Unreachable: no server, or no worker, answered in time. Sending the same request again is safe.
        """
        check_size(request)
        priority = self._priority(request)
        previous: Previous | None = None
        while True:
            try:
                return await between_runs(partial(self._update_with_start, request, priority, previous))
            except WorkflowAlreadyStartedError as error:
                previous = await self._left_behind(escalation_id(request.source, request.dedup_key), error.run_id)
            except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCError) as error:
                raise self._unreachable(error) from error
            if request.request_id in previous.answers:
                return previous.answers[request.request_id].again(request)

    async def open_child(self, parent: str, request: Request, because: str) -> Receipt:
        """Open an escalation below another one, in the name of whoever the request says.

        One call for both: what the parent would refuse is refused before anything is opened, and the parent tells the
        child. Sending the same again is safe, also after only half of it was done: the open one is joined, and it is
        below the other already.

        Raises:
            RequestRefused: as ``open`` does; nothing was started.
            NotAllowed: whoever asks has no part in the parent; nothing was started.
            NotNow: the parent has ended; nothing was started.
            Unknown: there is no such parent; nothing was started.
            Unreachable: no server, or no worker, answered in time.
        """
        child = escalation_id(request.source, request.dedup_key)
        link = Link(by=request.requested_by, other=child, relation="child", because=because)
        decide(await self.state(parent), link, datetime.now(UTC))
        receipt = await self.open(request)
        if receipt.outcome is not Outcome.DECLINED:
            await self.send(parent, link)
        return receipt

    async def submit(self, request: Request) -> str:
        """Hand over a request without waiting for its receipt; return the escalation's id.

        For callers that must not wait. It joins an open escalation as ``open`` does, and the same ``request_id`` again
        changes nothing; but there is no backpressure, and a refusal is seen only in Temporal's UI: prefer ``open``.

        Raises:
            RequestRefused: malformed or too large.
            Unreachable: no server answers.
        """
        check_size(request)
        identifier = escalation_id(request.source, request.dedup_key)
        previous: Previous | None = None
        while True:
            try:
                await self.temporal.start_workflow(
                    WORKFLOW,
                    Start(playbook=request.playbook, run_length=RUN_LENGTH, previous=previous),
                    id=identifier,
                    task_queue=self._task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=_reuse(previous),
                    priority=self._priority(request),
                    static_summary=_static_summary(request),
                    static_details=_static_details(request),
                    start_signal=OPEN,
                    start_signal_args=[request],
                )
            except WorkflowAlreadyStartedError as error:
                previous = await self._left_behind(identifier, error.run_id)
                if request.request_id in previous.answers:
                    return identifier
            except RPCError as error:
                raise self._unreachable(error) from error
            else:
                return identifier

    async def _update_with_start(self, request: Request, priority: Priority, previous: Previous | None) -> Receipt:
        identifier = escalation_id(request.source, request.dedup_key)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            WORKFLOW,
            Start(playbook=request.playbook, run_length=RUN_LENGTH, previous=previous),
            id=identifier,
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=_reuse(previous),
            priority=priority,
            static_summary=_static_summary(request),
            static_details=_static_details(request),
        )
        try:
            receipt: Receipt = await self.temporal.execute_update_with_start_workflow(
                OPEN,
                request,
                # Not the request's own id: Temporal would repeat a refusal for ever, also when the cause is mended.
                # That the same request gets its first answer is the escalation's own doing.
                id=f"{request.request_id}~{uuid4().hex[:8]}",
                start_workflow_operation=start,
                result_type=Receipt,
                rpc_timeout=self._answer_within,
            )
        except WorkflowUpdateFailedError as error:
            raise self._refusal(error) from error
        except (WorkflowAlreadyStartedError, WorkflowUpdateRPCTimeoutOrCancelledError, RPCError):
            # The operation keeps the error as well, and asyncio complains of one that nobody looked at.
            with suppress(WorkflowAlreadyStartedError, RPCError):
                await start.workflow_handle()
            raise
        return receipt

    async def _left_behind(self, identifier: str, run_id: str | None) -> Previous:
        """Return what a closed run answered, and which escalation a new one would repeat."""
        handle = self.temporal.get_workflow_handle(identifier, run_id=run_id, result_type=Summary)
        try:
            summary = await asyncio.wait_for(handle.result(), self._answer_within.total_seconds())
        except WorkflowFailureError:
            # Refused, or ended by hand in Temporal: it has no result, but what it knew can still be asked.
            try:
                state = await self._try_again(partial(handle.query, "state", result_type=Escalation))
            except WorkflowQueryFailedError:
                return Previous()
            except RPCError as error:
                raise self._unreachable(error) from error
            return Previous(instance=state.instance if state.opened else None, answers=state.answers)
        except (TimeoutError, RPCError) as error:
            raise self._unreachable(error) from error
        declined = summary.outcome == Outcome.DECLINED
        return Previous(instance=None if declined else summary.instance, answers=summary.answers)

    # --- commands and questions ---------------------------------------------------------------------------------------

    async def situation(self, escalation: str) -> Situation:
        """Ask who acts next, why, and which clocks run."""
        return await self._query(escalation, "situation", Situation)

    async def explain(self, escalation: str) -> Explanation:
        """Ask for all reasons and the pinned playbook."""
        return await self._query(escalation, "explain", Explanation)

    async def packet(self, escalation: str) -> Packet:
        """Ask for the context packet as it stands."""
        return await self._query(escalation, "packet", Packet)

    async def overview(self, escalation: str) -> Overview:
        """Ask for the discussion, blockers, unanswered questions and the register of recordings."""
        return await self._query(escalation, "overview", Overview)

    async def entry(self, reference: str) -> Proof:
        """Return what a permanent reference (``escalation-web-7#12``) stands for, and whether it is unaltered.

        Answers from the latest events; the ledger, and ``escalate show`` with it, has those that are older.

        Raises:
            Unknown: no such reference, or it is older than the latest events.
        """
        escalation, seq = parse_reference(reference)
        if seq is None:
            raise Unknown(f"{reference} names no entry; expected ESCALATION#NUMBER")
        state = await self.state(escalation)
        return proof(escalation, state.tail, seq, state.last_hash)

    async def being_tried(self, escalation: str) -> tuple[Trying, ...]:
        """Return what an outside system has not taken yet, the longest tried first; what goes at once is left out."""
        try:
            described = await self.temporal.get_workflow_handle(escalation).describe()
        except RPCError as error:
            raise await self._lost(error, escalation) from None
        return trying(described.raw_description.pending_activities)

    async def action_plan(self, escalation: str) -> ActionPlan:
        """Return the action plan of its incident, in three sections; an empty one where there was no incident."""
        return await self._query(escalation, "action_plan", ActionPlan)

    async def state(self, escalation: str) -> Escalation:
        """Ask for everything: what a forecast starts from."""
        return await self._query(escalation, "state", Escalation)

    async def forecast(self, escalation: str, directory: FindsPeople, until: datetime) -> list[Event]:
        """Say what happens until an instant if nobody acts: the same rules, run forward in this process.

        Args:
            escalation: its id.
            directory: who is found for a target, e.g. ``escalation.people.directory.load_directory(path)``.
            until: where to stop; with a time zone.
        """
        return forecast(await self.state(escalation), directory, until)

    async def preview_migration(self, escalation: str, command: Migrate, state: Escalation | None = None) -> Preview:
        """Say what a migration would do, with the playbook as this client's files say now; nothing is changed.

        Args:
            escalation: its id.
            command: as it would be sent.
            state: as ``state`` returned it, where it was asked already.

        Raises:
            DocumentError: the playbook is not there, or is broken.
        """
        known = state or await self.state(escalation)
        found = self._shelf.get(known.playbook.playbook)
        if found.findings:
            raise errors.DocumentError(list(found.findings))
        return preview(known, found.pinned, command, datetime.now(UTC))

    async def rights(self, escalation: str) -> list[Right]:
        """Ask who may decide what."""
        answer: list[Right] = await self._ask(escalation, "rights", list[Right])
        return answer

    async def timeline(self, escalation: str) -> list[Event]:
        """Ask for the latest events, oldest first; the ledger has those that are older."""
        events: list[Event] = await self._ask(escalation, "timeline", list[Event])
        return events

    async def _query(self, escalation: str, name: str, model: type[M]) -> M:
        answer: M = await self._ask(escalation, name, model)
        return answer

    async def _ask(self, escalation: str, name: str, result_type: Any) -> Any:
        handle: WorkflowHandle[Any, Any] = self.temporal.get_workflow_handle(escalation)
        try:
            return await self._try_again(partial(handle.query, name, result_type=result_type))
        except WorkflowQueryFailedError as error:
            if error.message.startswith(WORKER_FAILED):
                raise self._worker_failed(error.message) from error
            raise NotNow(f"{escalation}: {error.message}") from error
        except RPCError as error:
            raise await self._lost(error, escalation) from error

    async def _try_again(self, ask: Callable[..., Awaitable[T]]) -> T:
        """Ask a question until it is answered or the time is up.

        Temporal hands a question to one worker and keeps no copy of it: one that leaves in that instant takes it along
        (its SDK drops what its open polls bring after the shutdown began), and nobody would hear of it again until the
        caller's own time is up. Commands need no such care: their workflow task has a time-out of its own. The tries
        grow, so that a question also comes to its turn where workers are merely busy. So busy they can be that a
        workflow task fails for it: a command's is tried again by the server, a question's comes back as its answer.
        """
        ends = time.monotonic() + self._answer_within.total_seconds()
        this_try = _FIRST_TRY.total_seconds()
        while True:
            left = ends - time.monotonic()
            try:
                return await ask(rpc_timeout=timedelta(seconds=min(this_try, left)))
            except RPCError as error:
                if error.status not in NO_ANSWER or time.monotonic() + _BETWEEN_TRIES >= ends:
                    raise
            except WorkflowQueryFailedError as error:
                failed = error.message.startswith(WORKER_FAILED)
                if not failed or time.monotonic() + _BETWEEN_TRIES >= ends:
                    raise
            await asyncio.sleep(_BETWEEN_TRIES)
            this_try *= 2

    async def list(self, query: str = "ExecutionStatus = 'Running'", limit: int = 100) -> AsyncIterator[str]:
        """Yield ids of escalations that match a visibility query, the latest first."""
        found = self.temporal.list_workflows(f"WorkflowType = '{WORKFLOW}' AND ({query})", limit=limit)
        try:
            async for execution in found:
                yield execution.id
        except RPCError as error:
            raise self._unreachable(error) from error

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _playbook(self, name: str) -> Playbook:
        return self._shelf.get(name).playbook

    def _priority(self, request: Request) -> Priority:
        # The worker decides; this only lets a P0 overtake a backlog. A playbook unknown here costs nothing but that.
        try:
            rank = judge_request(self._playbook(request.playbook), request, now=datetime.now(UTC)).severity_rank
        except errors.DocumentError:
            return Priority.default
        except RequestRefused:
            # The shipped playbooks may not be the ones the workers use: what they refuse, a worker decides.
            if self._knows_playbooks:
                raise
            return Priority.default
        return Priority(priority_key=min(rank + 1, _LOWEST_PRIORITY))


def _reuse(previous: Previous | None) -> WorkflowIDReusePolicy:
    # The first try never starts over a closed run: what that one answered, and its link, must be known before.
    return WorkflowIDReusePolicy.REJECT_DUPLICATE if previous is None else WorkflowIDReusePolicy.ALLOW_DUPLICATE


def _static_summary(request: Request) -> str:
    return f"{request.playbook}: {request.case.system} {request.case.id}"


def _static_details(request: Request) -> str:
    return (
        f"Opened by **{request.requested_by}** from **{request.source}** ({request.initiation}). "
        "Current details show who acts next."
    )
