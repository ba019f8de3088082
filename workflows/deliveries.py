"""Performs the domain's actions as activities, and reports each result or final failure as a command.

An action never blocks the workflow: each runs in the lane of the system it goes to (in order within a lane, lanes in
parallel). A CRM that is down for a day holds up its own lane and nothing else.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from escalation.errors import RequestRefused, UnknownPerson
from escalation.model import commands as c
from escalation.model.actions import (
    Action,
    AmendMessage,
    CaseLink,
    DeliveryReceipt,
    FindPeople,
    LoadPlaybook,
    MessageKind,
    Notify,
    OpenCase,
    RecoveryResult,
    RunRecovery,
    TellLinked,
    UnknownAction,
)
from escalation.model.state import Escalation
from escalation.people.found import People
from escalation.playbook.schema import shared
from workflows.background import Background
from workflows.loading import LOAD_SOUND, load
from workflows.local import LOCAL_FAILURE, Local

T = TypeVar("T")

Report = Callable[[Action, c.Internal], None]


class Dispatch(NamedTuple):
    """How an activity is called: its name, its time limits, and when its retries end."""

    activity: str
    one_try: timedelta
    give_up: timedelta | None
    """After this the failure is final and becomes a command; None: never, the work must be done."""
    retry: RetryPolicy
    cancellation: workflow.ActivityCancellationType = workflow.ActivityCancellationType.TRY_CANCEL


_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
_LOOKUP = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1), maximum_attempts=3
)

# A page is worthless after a day: the ladder has long gone on. A ticket is not: it is opened however late.
NOTIFY = Dispatch("notify.send", timedelta(seconds=60), timedelta(days=1), _PATIENT)
# Cancelled, its end is waited for: only then is it known that the try under way was the last.
PAGE = NOTIFY._replace(cancellation=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
BUNDLED = PAGE._replace(activity="notify.join_digest")
# What became of a page is news for as long as a page is.
AMEND = Dispatch("notify.amend", timedelta(seconds=60), timedelta(days=1), _PATIENT)
# A real CRM needs several calls; that its worker died shows in a few seconds all the same.
OPEN_CASE = Dispatch("crm.open_case", timedelta(seconds=120), None, _PATIENT)
UPDATE_CASE = Dispatch("crm.update_case", timedelta(seconds=120), None, _PATIENT)
# What a linked escalation did not hear within a day, it has no use for.
TELL_LINKED = Dispatch("links.tell", timedelta(seconds=20), timedelta(days=1), _PATIENT)
FIND = Dispatch("directory.find", timedelta(seconds=5), None, _LOOKUP)
RECORD = Dispatch("ledger.record", timedelta(seconds=30), None, _PATIENT)


def _recovery(action: RunRecovery) -> Dispatch:
    # Beyond its own limit only the worker's death makes another try; after the third, people must know.
    one_try = action.within + timedelta(seconds=30)
    return Dispatch("recovery.run", one_try, 3 * one_try, _PATIENT)


ALIVE = timedelta(seconds=15)
"""An activity that says nothing for so long has lost its worker: it is tried again at once, on another one."""


class _Lane:
    """What goes to one system, in order: ``waiting[0]`` is under way as ``call`` once ``work`` has come to it."""

    def __init__(self) -> None:
        self.waiting: list[Action] = []
        self.call: asyncio.Task[c.Internal] | None = None
        self.work: asyncio.Task[None] | None = None


class Deliveries:
    """The actions in flight. ``left_over`` is what continue-as-new has to carry."""

    def __init__(
        self,
        report: Report,
        background: Background,
        local: Local,
        left: tuple[Action | UnknownAction, ...] = (),
        state: Callable[[], Escalation] | None = None,
    ) -> None:
        self._state = state
        self.pending: dict[str, Action] = {}
        self._background = background
        self._local = local
        self._report = report
        self._lanes: dict[str, _Lane] = {}
        self._withdrawn: set[str] = set()
        self._left = left
        self._unknown: list[UnknownAction] = []

    @property
    def left_over(self) -> tuple[Action | UnknownAction, ...]:
        """What the next run is to take up: everything in flight, and what this version does not know."""
        return (*self.pending.values(), *self._unknown)

    def take_up(self) -> None:
        """Go on with what the run before left in flight.

        As soon as anything is done, but not at once: an update that is refused in the first task of a run has the
        workflow made earlier than otherwise, and leaves no trace by which a replay could know.
        """
        left, self._left = self._left, ()
        for action in left:
            if isinstance(action, UnknownAction):
                # A worker that was rolled back cannot do it, and must not stop because of it either. A newer one that
                # replays this run finds no trace of it: a new kind of action is performed under ``workflow.patched``.
                workflow.logger.warning("an action is kept for a newer worker", extra={"kind": action.type})
                self._unknown.append(action)
            else:
                self.perform(action)

    def perform(self, action: Action) -> None:
        """Queue an action in its lane; an action already in flight is not queued twice."""
        self.take_up()
        if action.key in self.pending:
            return
        self.pending[action.key] = action
        name = self._lane(action)
        lane = self._lanes.setdefault(name, _Lane())
        lane.waiting.append(action)
        if lane.work is None:
            lane.work = self._background.start(self._work(name, lane))

    def is_calling(self) -> bool:
        """Tell whether somebody is being looked up to act, paged or asked to decide right now."""
        # What was begun before took every search for a call, and has to replay so.
        return any(
            (isinstance(action, FindPeople) and (action.calls or self._rules < 2))
            or (isinstance(action, Notify) and action.kind in (MessageKind.PAGE, MessageKind.APPROVAL))
            for action in self.pending.values()
        )

    def _lane(self, action: Action) -> str:
        """Name the lane of an action; what asks somebody does not wait behind news that wait for their quiet hours."""
        name = _lane(action)
        before = self._lanes.get(name)
        if _asks(action) and before is not None and before.waiting and self._rules >= 2:
            return name if _asks(before.waiting[0]) else f"{name}/ahead"
        return name

    @property
    def _rules(self) -> int:
        return self._state().rules if self._state is not None else 0

    def _threaded(self, message: Notify) -> Notify:
        known = self._state().threads if self._state is not None and not message.bundled else {}
        return message.within(known) if known else message

    @property
    def runs_script(self) -> bool:
        """True while a recovery script may be running: it is stopped with the run that began it."""
        return any(isinstance(action, RunRecovery) for action in self.pending.values())

    def withdraw(self, still_asks: Callable[[str], bool]) -> None:
        """Cancel every message that asks something which was answered meanwhile and is not delivered yet."""
        self.take_up()
        for lane in self._lanes.values():
            stale = [action for action in lane.waiting if _asks(action) and not still_asks(_asks(action))]
            if stale and lane.call is not None and lane.waiting[0] is stale[0]:
                self._withdrawn.add(stale[0].key)
                lane.call.cancel()
            for action in stale:
                lane.waiting.remove(action)
                del self.pending[action.key]

    @property
    def quiet(self) -> bool:
        """True once no withdrawn message is under way any more: none starts after this, and none arrives."""
        return not self._withdrawn

    async def _work(self, name: str, lane: _Lane) -> None:
        while lane.waiting:
            action = lane.waiting[0]
            # A task of its own, so that a withdrawal ends this one call and never the lane.
            lane.call = asyncio.create_task(self._perform(action))
            result: c.Internal | None = None
            try:
                result = await lane.call
            except (FailureError, asyncio.CancelledError) as error:
                if not is_cancelled_exception(error):
                    result = _failure(action, error, plainly=self._rules >= 2)
            lane.call = None
            if action.key in self._withdrawn:
                # The try that was under way may still have arrived. That it did not concerns nobody any more.
                self._withdrawn.remove(action.key)
                result = None if isinstance(result, c.NotDelivered) else result
            else:
                del self.pending[action.key]
                lane.waiting.pop(0)
            if result is not None:
                self._report(action, result)
        del self._lanes[name]

    async def _perform(self, action: Action) -> c.Internal:
        if isinstance(action, FindPeople):
            return c.PeopleFound(purpose=action.purpose, found=await self._find(action), tells=action.tells)
        if isinstance(action, Notify):
            dispatch = BUNDLED if action.bundled else PAGE if _asks(action) else NOTIFY
            # Only now: the receipt of the message before it, which opened the thread, may have come in the meantime.
            receipt = await call(dispatch, self._threaded(action), DeliveryReceipt, action.summary)
            return c.Delivered(key=action.key, to=action.to, rung=action.rung, receipt=receipt, matter=action.matter)
        if isinstance(action, AmendMessage):
            plain: str | None = await call(AMEND, action, None, action.summary)
            return c.Amended(key=action.key, to=action.to, channel=action.channel, template_error=plain or "")
        if isinstance(action, OpenCase):
            return c.CaseOpened(link=await call(OPEN_CASE, action, CaseLink, action.summary))
        if isinstance(action, RunRecovery):
            return c.RecoveryRan(result=await call(_recovery(action), action, RecoveryResult, action.summary))
        if isinstance(action, TellLinked):
            await call(TELL_LINKED, action, None, action.summary)
            return c.LinkTold(key=action.key)
        if isinstance(action, LoadPlaybook):
            return await self._load(action)
        # Only now: where the ticket is may have become known while this waited behind its opening.
        link = self._state().case_link if self._state is not None and not action.system else None
        update = action.changed(link.where) if link is not None else action
        # Recorded answers of before there were templates are empty.
        failed: str | None = await call(UPDATE_CASE, update, None, action.summary)
        return c.CaseUpdated(key=action.key, public=action.public, template_error=failed or "")

    async def _load(self, action: LoadPlaybook) -> c.PlaybookLoaded:
        try:
            found = await load(LOAD_SOUND, action.name, action.summary, self._local)
        except RequestRefused as error:
            why = "; ".join(problem for _, problem in error.problems)
            return c.PlaybookLoaded(purpose=action.purpose, error=why)
        # What an escalation pins is the one copy of this process, whichever way it came.
        pinned = found.changed({"playbook": shared(found.playbook, found.digest)})
        return c.PlaybookLoaded(purpose=action.purpose, loaded=pinned)

    async def _find(self, action: FindPeople) -> People:
        # A local activity: the page leaves in the same workflow task as the decision to page. Where the directory
        # cannot be read within three tries, the lookup becomes an ordinary activity that is tried until it can.
        try:
            found = await self._local.call(
                FIND.activity, action, People, action.summary, one_try=FIND.one_try, retry=FIND.retry
            )
        except LOCAL_FAILURE as error:
            if is_cancelled_exception(error):
                raise
            patient = Dispatch(FIND.activity, FIND.one_try, None, _PATIENT)
            found = await call(patient, action, People, action.summary)
        return found


def _asks(action: Action) -> str:
    return (action.asks or "") if isinstance(action, Notify) else ""


def _lane(action: Action) -> str:
    if isinstance(action, FindPeople):
        return f"find:{action.key}"
    if isinstance(action, Notify):
        return f"notify:{action.to}"
    if isinstance(action, AmendMessage):
        return f"amend:{action.channel}:{action.to}"  # its own: what is to be said yet does not wait for what was
    if isinstance(action, RunRecovery):
        return "recovery"
    if isinstance(action, TellLinked):
        return f"link:{action.to}"
    if isinstance(action, LoadPlaybook):
        return f"playbook:{action.name}"
    if isinstance(action, OpenCase) and action.linked is not None:
        return "customer"  # notes do not wait for what is only still to be known
    return "crm"


async def call(dispatch: Dispatch, argument: object, result_type: type[T] | None, summary: str) -> T:
    """Execute one activity with its limits."""
    result: T = await workflow.execute_activity(
        dispatch.activity,
        argument,
        result_type=result_type,
        start_to_close_timeout=dispatch.one_try,
        schedule_to_close_timeout=dispatch.give_up,
        heartbeat_timeout=ALIVE,
        retry_policy=dispatch.retry,
        cancellation_type=dispatch.cancellation,
        summary=summary[:200],
    )
    return result


def _failure(action: Action, error: BaseException, *, plainly: bool) -> c.Internal:
    """Say as a command what came of an action; ``plainly``: without names of our classes, which events had before."""
    cause = error.__cause__ if isinstance(error, ActivityError) and error.__cause__ is not None else error
    why = cause.type or "failure" if isinstance(cause, ApplicationError) else type(cause).__name__
    # An error of Temporal's says its own type with its message.
    said = f"{why}: {cause.message}" if isinstance(cause, ApplicationError) else f"{why}: {cause}"
    if plainly:
        said = cause.message if isinstance(cause, ApplicationError) and cause.message else str(cause) or why
    if isinstance(action, Notify):
        unknown = why == UnknownPerson.__name__
        return c.NotDelivered(key=action.key, to=action.to, rung=action.rung, error=said, unknown=unknown)
    if isinstance(action, AmendMessage):
        return c.Amended(key=action.key, to=action.to, channel=action.channel, error=said)
    if isinstance(action, OpenCase):
        return c.CaseNotOpened(error=said)
    if isinstance(action, FindPeople):
        nobody = People(people=(), notes=(f"the directory refused: {why}",))
        return c.PeopleFound(purpose=action.purpose, found=nobody, tells=action.tells)
    if isinstance(action, RunRecovery):
        return c.RecoveryRan(result=RecoveryResult(ok=False, because=said))
    if isinstance(action, TellLinked):
        return c.LinkNotTold(other=action.to, error=said)
    if isinstance(action, LoadPlaybook):
        return c.PlaybookLoaded(purpose=action.purpose, error=said)
    return c.CaseNotUpdated(key=action.key, error=said)
