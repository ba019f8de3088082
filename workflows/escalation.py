"""The durable shell of one escalation: it waits for people and for time, and carries what the domain decides.

Every change goes one way: a command is decided, its events change the state, the state and events say what the world
should be told, and what the world answers comes back as a command. This class decides nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue

from escalation.errors import DomainError, EscalationError, RequestRefused
from escalation.lifecycle import advance, decide, next_due, react
from escalation.lifecycle.agenda import Due
from escalation.lifecycle.permissions import require_open
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import Action
from escalation.model.names import HEAR_LINK, OPEN, WORKFLOW
from escalation.model.request import Receipt, Request
from escalation.model.start import REQUEST_STEPS, RUN_LENGTH, Start, Summary
from escalation.model.state import Escalation
from escalation.model.watch import HEAR_TICKET
from escalation.playbook.schema import Stage
from escalation.values import ENGINE, build_all
from workflows.background import Background
from workflows.deliveries import Deliveries
from workflows.journal import Journal
from workflows.loading import load_playbook
from workflows.local import Local
from workflows.messages import take_signal, takes_commands
from workflows.runs import carry, fresh, summary_of, taken_over
from workflows.views import Views

# Not by whatever workflow task needs them first: it has two seconds.
build_all()

QUIET_WITHIN = timedelta(seconds=2)
"""How long the answer to a command waits for pages that it withdrew while they were on their way."""


@workflow.defn(name=WORKFLOW, failure_exception_types=[EscalationError])
@takes_commands
class EscalationWorkflow(Views):
    """One escalation, from the request for human judgement to the last action item of its review."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        carried = start.carried
        self.playbook = start.playbook
        self.state: Escalation | None = taken_over(carried) if carried else None
        self.due: Due | None = next_due(carried.state) if carried else None
        self.earlier = start.previous.instance if start.previous else None
        self.repeats = carried.repeats if carried else 0
        self.run_length = start.run_length
        self.steps = 0
        self.refusal: RequestRefused | None = None
        self.cancelled = False
        self.early_signals: list[tuple[str, bytes]] = []
        self.background = Background()
        self.local = Local()
        self.deliveries = Deliveries(
            self._report, self.background, self.local, carried.pending if carried else (), lambda: self.now
        )
        self.journal = Journal(carried.journal if carried else (), self.deliveries.is_calling, self.local)

    @workflow.run
    async def run(self, start: Start) -> Summary:
        """Go through the stages, stay until everything is said and recorded, and return how it ended."""
        self.deliveries.take_up()
        beside = (self.background.start(self.publish()), self.background.start(self.journal.record()))
        await self._begin(start)
        while not self._finished:
            await self._while_in(Stage.TRIAGE)
            await self._while_in(Stage.ASSIGNMENT)
            await self._while_in(Stage.APPROVAL, Stage.RESOLUTION)
            await self._while_in(Stage.REVIEW)
            # While there is something left to say, a new request begins a repeat here: the same stages again.
            await self._wait(lambda: self._finished or not self.now.ended)
        for task in beside:
            task.cancel()
        if self.cancelled:
            raise asyncio.CancelledError
        return summary_of(self.now)

    # --- stages ------------------------------------------------------------------------------------------------------

    async def _begin(self, start: Start) -> None:
        """Pin the playbook and wait for a request that it takes; without one there was no escalation."""
        if self.state is None:
            loading = asyncio.create_task(load_playbook(start.playbook, self.local))
            await self._wait(loading.done)
            try:
                self.state = fresh(loading.result(), 0, start.previous.answers if start.previous else {})
            except RequestRefused as error:
                self.refusal = error
        await self._wait(lambda: self._opened or self.refusal is not None)
        await self._wait(lambda: self._opened or workflow.all_handlers_finished())
        if self.refusal is not None and not self._opened:
            raise asyncio.CancelledError if self.cancelled else self.refusal
        for name, content in self.early_signals:
            take_signal(self, name, content)

    async def _while_in(self, *stages: Stage) -> None:
        """Wait for people and for time until the escalation has left these stages."""
        while self.now.stage in stages:
            if not self._settled:
                await self._wait(lambda: self._settled)
                continue
            due = self.due
            if not await self._changes_before(due):
                self.apply(c.TimePassed(), due=due)
            if self._long_enough:
                await self._wait(lambda: workflow.all_handlers_finished() and self._settled)
                if not self.now.ended:
                    workflow.continue_as_new(
                        Start(
                            playbook=self.playbook,
                            run_length=self.run_length or RUN_LENGTH,
                            carried=carry(self.now, self.deliveries, self.journal, self.repeats),
                        )
                    )

    async def _changes_before(self, due: Due | None) -> bool:
        """Wait for a change; False when the one timer fired before."""
        # What is due already gets a timer too: which commands leave must not depend on the clock (see `apply`).
        left = max(due.at - workflow.now(), timedelta(milliseconds=1)) if due is not None else None
        try:
            await self._wait(
                lambda: (self.due != due or self._long_enough) and self._settled,
                left,
                due.summary[:200] if due else None,
            )
        except TimeoutError:
            self.steps += 1
            return False
        return True

    async def _wait(
        self, until: Callable[[], bool], timeout: timedelta | None = None, summary: str | None = None
    ) -> None:
        """Wait as every wait of ``run`` does: a run that is cancelled in Temporal goes on to its end in order."""
        while not until():
            self.background.raise_defect()
            try:
                await workflow.wait_condition(
                    lambda: until() or self.background.defect is not None, timeout=timeout, timeout_summary=summary
                )
            except asyncio.CancelledError:
                if workflow.cancellation_reason() is None:
                    raise  # no cancellation: the worker drops the run from its cache
                self._cancel()
                if timeout is not None and self.now.rules >= 2:
                    return  # nothing is due after that, and another timer would be set while nothing is settled

    def _cancel(self) -> None:
        """People are told and the ticket is closed before the run ends; what has ended already ends as it would."""
        if not self._opened:
            self.refusal = RequestRefused([("", "cancelled in Temporal before it was opened")])
            self.cancelled = True
        elif not self.now.ended:
            self.apply(c.Cancel(by=ENGINE, because="cancelled in Temporal"))
            self.cancelled = True

    # --- what is said to it ------------------------------------------------------------------------------------------

    @workflow.update(name=OPEN, description="Open the escalation, or join it when it is open")
    async def open(self, request: Request) -> Receipt:
        """Answer a request."""
        return await self._answer(request)

    @workflow.signal(name=OPEN, description="The same for callers that do not wait; people use the update")
    async def open_unanswered(self, request: Request) -> None:
        """Take a request whose sender does not wait; a refused one ends a run that nothing else has opened."""
        with suppress(RequestRefused):
            await self._answer(request)

    @workflow.update(name=HEAR_LINK, description="A linked escalation says what changed there; people use link, unlink")
    async def hear_link(self, news: c.LinkHeard) -> None:
        """Take what a linked escalation says."""
        self.steps += 1
        self.apply(news)

    @hear_link.validator
    def _may_hear(self, news: c.LinkHeard) -> None:
        require_open(self.now)
        decide(self.now, news, workflow.now())

    @workflow.update(name=HEAR_TICKET, description="The help desk says what people changed on the ticket there")
    async def hear_ticket(self, news: c.CaseChanged) -> None:
        """Take what people changed on the ticket."""
        self.steps += 1
        self.apply(news)

    @hear_ticket.validator
    def _may_hear_ticket(self, news: c.CaseChanged) -> None:
        require_open(self.now)
        decide(self.now, news, workflow.now())

    async def _answer(self, request: Request) -> Receipt:
        """Take a request; the only handler that waits, for the playbook."""
        self.steps += REQUEST_STEPS
        await workflow.wait_condition(lambda: self.state is not None or self.refusal is not None)
        if self.refusal is not None and (self.cancelled or self.state is None):
            raise self.refusal
        try:
            if self._needs_repeat(request):
                loaded = await load_playbook(request.playbook, self.local)
                if self._needs_repeat(request):
                    return self._take(request, fresh(loaded, self.repeats + 1, self.now.answers))
            return self._take(request)
        except RequestRefused as error:
            self.refusal = error
            raise

    def _needs_repeat(self, request: Request) -> bool:
        return self.now.ended and request.request_id not in self.now.answers

    def _take(self, request: Request, repeat: Escalation | None = None) -> Receipt:
        """Apply a request to the present state, or to the fresh one of a repeat; a refused one changes nothing."""
        earlier = self.now.instance if repeat is not None and self.now.opened else self.earlier
        self.apply(c.Open(request=request, repeat_of=earlier), repeat)
        while self.due is not None and self.due.at <= workflow.now():  # clocks that began with the first contact
            self.apply(c.TimePassed(), due=self.due)
        if repeat is not None:
            self.earlier, self.repeats, self.cancelled = earlier, self.repeats + 1, False
        return self.now.answers[request.request_id].again(request)

    async def quiet(self) -> None:
        """Wait until no page is under way that was withdrawn; not for ever, since a receiver may hang."""
        if not self.deliveries.quiet:
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self.deliveries.quiet, timeout=QUIET_WITHIN, timeout_summary="pages under way are to end"
                )

    def signalled(self, name: str, content: bytes) -> None:
        """Take a signal of the same name as a command."""
        self.steps += 1
        if self._opened:
            take_signal(self, name, content)
        else:
            self.early_signals.append((name, content))

    @workflow.signal(dynamic=True)
    def misnamed(self, name: str, contents: Sequence[RawValue]) -> None:  # noqa: ARG002 - nobody knows what it holds
        """Take a signal that nobody listens to: Temporal itself would keep it and say nothing."""
        self.signalled(name, b"")

    # --- the one way that data takes ---------------------------------------------------------------------------------

    def apply(self, command: c.Command, state: Escalation | None = None, due: Due | None = None) -> list[e.Event]:
        """Decide a command, apply its events, and set the actions going that follow from them.

        ``state`` is what to decide on instead of the present one. ``due`` has come, whatever the clock says: where a
        query was asked while no worker was there, the SDK plays what happened since with the clock of before.
        """
        now = max(workflow.now(), due.at) if due is not None else workflow.now()
        self.state, events = advance(state or self.now, command, now)
        if events:
            self.deliveries.withdraw(self.now.still_asks)
            for action in react(self.now, events):
                self.deliveries.perform(action)
            self.journal.write(self.now, events)
            self.due = next_due(self.now)
        return events

    def _report(self, action: Action, result: c.Internal) -> None:
        self.steps += 1
        # What comes back for an escalation that was closed meanwhile concerns nobody any more.
        if action.key.startswith(f"{self.now.instance}/"):
            try:
                self.apply(result)
            except DomainError as error:
                workflow.logger.error("result refused", extra={"error": str(error)})

    @property
    def _settled(self) -> bool:
        """Whether a timer may be set or taken away, and a new run begun: not while a local activity is to answer.

        A query that comes with a workflow task ends it at once. The answer of a local activity may then be in history
        with that task, while it is taken up here in the next. A replay takes it up in the first: a timer that was set
        in between would be set and taken away in one task, of which history knows nothing.
        """
        return (self.local.idle and not self.journal.begins) or self.now.rules < 1

    @property
    def _long_enough(self) -> bool:
        # Counted here, and only what history has: what the server suggests is no part of history. A task in which a
        # local activity answers may have it suggested in life, and in a replay not.
        long = (
            workflow.info().is_continue_as_new_suggested() if self.run_length is None else self.steps >= self.run_length
        )
        if long and self.deliveries.runs_script and self.steps < 2 * (self.run_length or RUN_LENGTH):
            return False  # a new run would have it begun a second time
        # While the ledger is down the journal grows; it is carried over once it fits into one payload again.
        return long and self.journal.fits

    @property
    def _opened(self) -> bool:
        return self.state is not None and self.state.opened_at is not None

    @property
    def _finished(self) -> bool:
        said = not self.deliveries.pending and not self.journal.chapters
        return self.now.ended and said and workflow.all_handlers_finished()
