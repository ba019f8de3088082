"""The durable shell of one escalation: it waits for people and for time, and carries what the domain decides.

Every change goes one way: a command is decided, its events change the state, the state and events say what the world
should be told, and what the world answers comes back as a command. This class decides nothing.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from escalation.errors import DomainError, EscalationError, NotNow, RequestRefused
    from escalation.lifecycle import advance, next_due, react
    from escalation.lifecycle.agenda import Due
    from escalation.lifecycle.situation import (
        Explanation,
        Packet,
        Situation,
        explanation,
        markdown,
        packet,
        situation,
    )
    from escalation.model import commands as c
    from escalation.model import events as e
    from escalation.model.actions import Action
    from escalation.model.request import Receipt, Request
    from escalation.model.start import OPEN, WORKFLOW, Carried, Previous, Start, Summary
    from escalation.model.state import Escalation
    from escalation.playbook.schema import LoadedPlaybook, Stage, shared
    from escalation.values import ENGINE
    from workflows.deliveries import Deliveries
    from workflows.journal import Journal
    from workflows.messages import take_signal, takes_commands
    from workflows.search_attributes import attributes_of, changes

OPEN_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)


@workflow.defn(name=WORKFLOW, failure_exception_types=[EscalationError])
@takes_commands
class EscalationWorkflow:
    """One escalation, from the request for human judgement to the last action item of its review."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        carried = start.carried
        self.start = start
        self.state: Escalation | None = _with_shared_playbook(carried.state) if carried else None
        self.due: Due | None = next_due(carried.state) if carried else None
        self.repeats = carried.repeats if carried else 0
        self.refusal: str | None = None
        self.early_signals: list[tuple[str, bytes]] = []
        self.deliveries = Deliveries(self._report)
        self.journal = Journal(carried.journal if carried else (), self.deliveries.is_calling)
        self.shown = TypedSearchAttributes([])
        for action in carried.pending if carried else ():
            self.deliveries.perform(action)

    @workflow.run
    async def run(self, start: Start) -> Summary:
        """Go through the stages; return how it ended."""
        publishing = asyncio.create_task(self._publish())
        recording = asyncio.create_task(self.journal.record())
        try:
            await self._begin(start)
            await self._while_in(Stage.TRIAGE)
            await self._while_in(Stage.ASSIGNMENT)
            await self._while_in(Stage.APPROVAL, Stage.RESOLUTION)
            await self._while_in(Stage.REVIEW)
        except asyncio.CancelledError:
            self._cancelled_from_outside()
            await self._finish(publishing, recording)
            raise
        return await self._finish(publishing, recording)

    # --- stages ------------------------------------------------------------------------------------------------------

    async def _begin(self, start: Start) -> None:
        if self.state is None:
            self.state = await self._blank(start.playbook, start.previous)
        if start.request is not None and not self._opened:
            try:
                self.apply(c.Open(request=start.request, repeat_of=self._repeat_of()))
            except RequestRefused as error:
                self.refusal = str(error)
        await workflow.wait_condition(lambda: self._opened or self.refusal is not None)
        if self.refusal is not None and not self._opened:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise ApplicationError(self.refusal, type=RequestRefused.__name__, non_retryable=True)
        for name, content in self.early_signals:
            take_signal(self, name, content)

    async def _while_in(self, *stages: Stage) -> None:
        """Wait for people and for time until the escalation has left these stages."""
        while self._now.stage in stages:
            if workflow.info().is_continue_as_new_suggested():
                await self._continue_as_new()
            due = self.due
            if due is not None and not await self._changed_before(due):
                self.apply(c.TimePassed())

    async def _changed_before(self, due: Due) -> bool:
        """Wait for the one timer; False when it fired."""
        left = due.at - workflow.now()
        if left <= timedelta(0):
            return False
        try:
            await workflow.wait_condition(
                lambda: self.due != due or workflow.info().is_continue_as_new_suggested(),
                timeout=left,
                timeout_summary=due.summary[:200],
            )
        except TimeoutError:
            return False
        return True

    async def _finish(self, *tasks: asyncio.Task[None]) -> Summary:
        """Wait until everything was said and recorded. A new request with this key begins a repeat in this run."""
        while True:
            await workflow.wait_condition(lambda: self._all_said or not self._now.ended)
            if self._now.ended:
                break
            await self._while_in(*OPEN_STAGES)
        await workflow.wait_condition(workflow.all_handlers_finished)
        for task in tasks:
            task.cancel()
        state = self._now
        return Summary(
            escalation_id=state.id,
            instance=state.instance,
            outcome=state.outcome,
            because=state.outcome_because,
            events=state.seq,
            answers=state.answers,
            closed_at=state.closed_at,
        )

    # --- what is said to it ------------------------------------------------------------------------------------------

    @workflow.update(name=OPEN, description="Open the escalation, or join it when it is open")
    async def open(self, request: Request) -> Receipt:
        """Answer a request; the only handler that waits, for the playbook."""
        await workflow.wait_condition(lambda: self.state is not None or self.refusal is not None)
        if self.state is None:
            raise RequestRefused([("playbook", self.refusal or "could not be loaded")])
        if self.state.ended and request.request_id not in self.state.answers:
            self._begin_repeat()
        try:
            self.apply(c.Open(request=request, repeat_of=self._repeat_of()))
        except RequestRefused as error:
            self.refusal = str(error)
            raise
        return self._now.answers[request.request_id]

    def signalled(self, name: str, content: bytes) -> None:
        """Take a signal of the same name as a command."""
        if self._opened:
            take_signal(self, name, content)
        else:
            self.early_signals.append((name, content))

    @workflow.query(name="situation", description="Who acts next, why, and which clocks run")
    def situation(self) -> Situation:
        """Say who acts next."""
        return situation(self._now, workflow.now())

    @workflow.query(name="timeline", description="The latest events; the ledger has all of them")
    def timeline(self) -> list[e.Event]:
        """Return the latest events."""
        return list(self._now.tail)

    @workflow.query(name="explain", description="All reasons, and the pinned playbook")
    def explain(self) -> Explanation:
        """Say why."""
        return explanation(self._now)

    @workflow.query(name="packet", description="The context packet as it stands")
    def packet(self) -> Packet:
        """Return the packet."""
        return packet(self._now)

    @workflow.query(name="state", description="Everything: what forecasts start from")
    def everything(self) -> Escalation:
        """Return the whole state."""
        return self._now

    # --- the one way that data takes ---------------------------------------------------------------------------------

    def apply(self, command: c.Command) -> list[e.Event]:
        """Decide a command, apply its events, and set the actions going that follow from them."""
        self.state, events = advance(self._now, command, workflow.now())
        if events:
            if any(isinstance(event, e.OwnerChanged | e.Closed | e.Cancelled) for event in events):
                self.deliveries.withdraw_pages()
            for action in react(self._now, events):
                self.deliveries.perform(action)
            self.journal.write(self._now, events)
            self.due = next_due(self._now)
        return events

    def _report(self, action: Action, result: c.Internal) -> None:
        # What comes back for an escalation that was closed meanwhile concerns nobody any more.
        if action.key.startswith(f"{self._now.instance}/"):
            try:
                self.apply(result)
            except DomainError as error:
                workflow.logger.error("result refused", extra={"error": str(error)})

    async def _publish(self) -> None:
        """Keep search attributes and current details in step: at most one upsert for each workflow task."""
        seen = 0
        while True:
            await workflow.wait_condition(lambda: self.state is not None and self.state.seq != seen)  # noqa: B023
            seen = self._now.seq
            wanted = attributes_of(self._now)
            updates = changes(self.shown, wanted)
            if updates:
                workflow.upsert_search_attributes(updates)
            self.shown = wanted
            workflow.set_current_details(markdown(self._now, workflow.now()))

    # --- helpers -----------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> Escalation:
        if self.state is None:
            raise NotNow("the escalation is just starting")
        return self.state

    @property
    def _all_said(self) -> bool:
        return not self.deliveries.pending and not self.journal.chapters

    @property
    def _opened(self) -> bool:
        return self.state is not None and self.state.opened_at is not None

    async def _blank(self, name: str, previous: Previous | None) -> Escalation | None:
        try:
            loaded: LoadedPlaybook = await workflow.execute_local_activity(
                "playbooks.load", name, result_type=LoadedPlaybook, start_to_close_timeout=timedelta(seconds=10)
            )
        except ActivityError as error:
            self.refusal = str(error.__cause__ or error)
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise ApplicationError(self.refusal, type=RequestRefused.__name__, non_retryable=True) from error
        return Escalation(
            id=workflow.info().workflow_id,
            instance=workflow.info().first_execution_run_id,
            playbook=shared(loaded.playbook, loaded.digest),
            playbook_digest=loaded.digest,
            answers=previous.answers if previous else {},
        )

    def _repeat_of(self) -> str | None:
        return self.start.previous.instance if self.start.previous else None

    def _begin_repeat(self) -> None:
        """Start afresh in this run: the last messages of the closed escalation are still on their way."""
        before = self._now
        self.repeats += 1
        self.start = self.start.model_copy(
            update={"previous": Previous(instance=before.instance if before.opened else None, answers=before.answers)}
        )
        self.state = Escalation(
            id=before.id,
            instance=f"{workflow.info().first_execution_run_id}.{self.repeats}",
            playbook=before.playbook,
            playbook_digest=before.playbook_digest,
            answers=before.answers,
        )

    def _cancelled_from_outside(self) -> None:
        if self._opened and not self._now.ended:
            self.apply(c.Cancel(by=ENGINE, because="cancelled in Temporal"))

    async def _continue_as_new(self) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = Carried(
            state=self._now,
            pending=tuple(self.deliveries.pending.values()),
            journal=tuple(self.journal.chapters),
            repeats=self.repeats,
        )
        workflow.continue_as_new(Start(playbook=self.start.playbook, previous=self.start.previous, carried=carried))


def _with_shared_playbook(state: Escalation) -> Escalation:
    return state.model_copy(update={"playbook": shared(state.playbook, state.playbook_digest)})
