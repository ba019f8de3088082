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

with workflow.unsafe.imports_passed_through():
    from escalation.model import commands as c
    from escalation.model.actions import (
        Action,
        CaseLink,
        DeliveryReceipt,
        FindPeople,
        MessageKind,
        Notify,
        OpenCase,
    )
    from escalation.people.found import People

T = TypeVar("T")

Report = Callable[[Action, c.Internal], None]


class Dispatch(NamedTuple):
    """How an activity is called: its name, its time limits, and when its retries end."""

    activity: str
    one_try: timedelta
    give_up: timedelta | None
    """After this the failure is final and becomes a command; None: never, the work must be done."""
    retry: RetryPolicy


_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=1)
)
_LOOKUP = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1), maximum_attempts=3
)

# A page is worthless after a day: the ladder has long gone on. A ticket is not: it is opened however late.
NOTIFY = Dispatch("notify.send", timedelta(seconds=20), timedelta(days=1), _PATIENT)
OPEN_CASE = Dispatch("crm.open_case", timedelta(seconds=30), None, _PATIENT)
UPDATE_CASE = Dispatch("crm.update_case", timedelta(seconds=30), None, _PATIENT)
FIND = Dispatch("directory.find", timedelta(seconds=5), None, _LOOKUP)
RECORD = Dispatch("ledger.record", timedelta(seconds=30), None, _PATIENT)


class Deliveries:
    """The actions in flight. ``pending`` is what continue-as-new has to carry."""

    def __init__(self, report: Report) -> None:
        self.pending: dict[str, Action] = {}
        self._report = report
        self._lanes: dict[str, list[Action]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def perform(self, action: Action) -> None:
        """Queue an action in its lane; an action already in flight is not queued twice."""
        if action.key in self.pending:
            return
        self.pending[action.key] = action
        lane = _lane(action)
        waiting = self._lanes.setdefault(lane, [])
        waiting.append(action)
        if len(waiting) == 1:
            self._running[lane] = asyncio.create_task(self._work(lane))

    def is_calling(self) -> bool:
        """Tell whether somebody is being looked up, paged or asked to decide right now."""
        return any(
            isinstance(action, FindPeople)
            or (isinstance(action, Notify) and action.kind in (MessageKind.PAGE, MessageKind.APPROVAL))
            for action in self.pending.values()
        )

    def withdraw_pages(self) -> None:
        """Cancel every page that is not delivered yet: somebody has taken it."""
        for lane, waiting in list(self._lanes.items()):
            if not any(_is_page(action) for action in waiting):
                continue
            running = _is_page(waiting[0])
            kept = [action for action in waiting[1:] if not _is_page(action)]
            for action in waiting:
                if _is_page(action):
                    self.pending.pop(action.key, None)
            self._lanes[lane] = [waiting[0], *kept]
            if running:
                self._running[lane].cancel()

    async def _work(self, lane: str) -> None:
        waiting = self._lanes[lane]
        while self._lanes[lane]:
            waiting = self._lanes[lane]
            action = waiting[0]
            result: c.Internal | None = None
            try:
                result = await _perform(action)
            except (FailureError, asyncio.CancelledError) as error:
                if not is_cancelled_exception(error):
                    result = _failure(action, error)
            waiting = self._lanes[lane]
            waiting.pop(0)
            self.pending.pop(action.key, None)
            if result is not None:
                self._report(action, result)
        del self._lanes[lane]
        del self._running[lane]


def _is_page(action: Action) -> bool:
    return isinstance(action, Notify) and action.rung is not None


def _lane(action: Action) -> str:
    if isinstance(action, FindPeople):
        return f"find:{action.key}"
    if isinstance(action, Notify):
        return f"notify:{action.to}"
    return "crm"


async def _perform(action: Action) -> c.Internal | None:
    if isinstance(action, FindPeople):
        return c.PeopleFound(purpose=action.purpose, found=await _find(action))
    if isinstance(action, Notify):
        receipt = await call(NOTIFY, action, DeliveryReceipt, action.summary)
        return c.Delivered(key=action.key, to=action.to, rung=action.rung, receipt=receipt)
    if isinstance(action, OpenCase):
        return c.CaseOpened(link=await call(OPEN_CASE, action, CaseLink, action.summary))
    await call(UPDATE_CASE, action, None, action.summary)
    return None


async def _find(action: FindPeople) -> People:
    # A local activity: the page leaves in the same workflow task as the decision to page. Where the directory cannot
    # be read within three tries, the same lookup becomes an ordinary activity that is tried until it can.
    try:
        found: People = await workflow.execute_local_activity(
            FIND.activity,
            action,
            result_type=People,
            start_to_close_timeout=FIND.one_try,
            retry_policy=FIND.retry,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        patient = Dispatch(FIND.activity, FIND.one_try, None, _PATIENT)
        found = await call(patient, action, People, action.summary)
    return found


async def call(dispatch: Dispatch, argument: object, result_type: type[T] | None, summary: str) -> T:
    """Execute one activity with its limits."""
    result: T = await workflow.execute_activity(
        dispatch.activity,
        argument,
        result_type=result_type,
        start_to_close_timeout=dispatch.one_try,
        schedule_to_close_timeout=dispatch.give_up,
        retry_policy=dispatch.retry,
        summary=summary[:200],
    )
    return result


def _failure(action: Action, error: BaseException) -> c.Internal | None:
    cause = error.__cause__ if isinstance(error, ActivityError) and error.__cause__ is not None else error
    why = cause.type or "failure" if isinstance(cause, ApplicationError) else type(cause).__name__
    if isinstance(action, Notify):
        return c.NotDelivered(key=action.key, to=action.to, rung=action.rung, error=f"{why}: {cause}")
    if isinstance(action, OpenCase):
        return c.CaseNotOpened(error=f"{why}: {cause}")
    if isinstance(action, FindPeople):
        return c.PeopleFound(purpose=action.purpose, found=People(people=(), notes=(f"the directory refused: {why}",)))
    workflow.logger.warning("ticket could not be updated", extra={"error": why})
    return None
