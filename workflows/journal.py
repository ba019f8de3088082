"""What the ledger does not have yet, and the one coalesced action that brings it there."""

from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import is_cancelled_exception

from escalation.lifecycle.situation import ledger_row
from escalation.model.actions import RecordEvents
from escalation.model.events import Event
from escalation.model.start import Chapter
from escalation.model.state import Escalation
from workflows.deliveries import RECORD, call
from workflows.local import LOCAL_FAILURE, Local

BATCH, BATCH_BYTES = 100, 500_000
"""At most so much is recorded in one call, and one event at least: keeps the payload below Temporal's limit."""

CARRIED_EVENTS = 500
"""Most unrecorded events that continue-as-new carries: about 300 kB where notes are short."""

AT_ONCE = timedelta(seconds=2)
"""How long a workflow task waits for the ledger before it goes on without it."""

ONCE = RetryPolicy(maximum_attempts=1)


class Journal:
    """Unrecorded events, a chapter for each escalation of this key (a repeat begins a new one)."""

    def __init__(self, chapters: tuple[Chapter, ...], urgent: Callable[[], bool], local: Local) -> None:
        self.chapters = list(chapters)
        self._urgent = urgent
        self._local = local
        self._tail: tuple[Event, ...] = ()
        self._told_all = False
        self._writing = False

    @property
    def begins(self) -> bool:
        """True while something is to be recorded and it is not yet known by which kind of call."""
        return bool(self.chapters) and not self._writing

    def write(self, state: Escalation, events: list[Event]) -> None:
        """Add events, and how the escalation stands after them."""
        row = ledger_row(state)
        if not self.chapters or self.chapters[-1].instance != state.instance:
            self.chapters.append(Chapter(escalation_id=state.id, instance=state.instance, row=row))
        last = self.chapters[-1]
        self.chapters[-1] = last.changed({"events": (*last.events, *events), "row": row})
        self._tail = state.tail

    @property
    def fits(self) -> bool:
        """Tell whether continue-as-new can carry what is unrecorded."""
        return sum(len(chapter.events) for chapter in self.chapters) <= CARRIED_EVENTS

    async def record(self) -> None:
        """Write to the ledger for ever: one call in flight at most, each with all events since the last."""
        while True:
            await workflow.wait_condition(lambda: bool(self.chapters))
            self._writing = True
            await self._record_batch()
            self._writing = False

    async def _record_batch(self) -> None:
        # In a frame of its own: what was recorded must not stay in memory while nothing happens.
        chapter = self.chapters[0]
        batch = _batch(chapter.events)
        record = RecordEvents(
            escalation_id=chapter.escalation_id,
            instance=chapter.instance,
            events=tuple(event.model_dump(mode="json") for event in batch),
            row=chapter.row,
        )
        await self._store(record, f"record events {batch[0].seq} to {batch[-1].seq}")
        rest = self.chapters[0].events[len(batch) :]
        if rest:
            self.chapters[0] = self.chapters[0].changed({"events": rest})
        else:
            self.chapters.pop(0)

    async def _store(self, record: RecordEvents, summary: str) -> None:
        # One short try inside the workflow task costs one history event instead of six, and keeps the events out of
        # history. But commands leave only when the workflow task ends: while somebody is being called, and where the
        # ledger does not answer in that time, an ordinary activity does it beside everything else.
        if self._urgent():
            await call(RECORD, record, int, summary)
            return
        try:
            told = self._with_what_came_before(record)
            await self._local.call(RECORD.activity, told, int, summary, one_try=AT_ONCE, retry=ONCE)
        except LOCAL_FAILURE as error:
            if is_cancelled_exception(error):
                raise
            await call(RECORD, record, int, summary)

    def _with_what_came_before(self, record: RecordEvents) -> RecordEvents:
        # A worker that has taken over a run tells the ledger once all that the run remembers. By its replay an event
        # may have happened a little later than by what the worker before it has recorded: the SDK gives a task another
        # time when a query was answered in between, or when it merges two tasks. From now on its times are the true
        # ones, and the hashes follow them. (Arguments of local activities are not part of a history.)
        if self._told_all or workflow.unsafe.is_replaying() or len(self.chapters) > 1:
            return record
        self._told_all = True
        first = record.events[0]["seq"]
        earlier = tuple(event.model_dump(mode="json") for event in self._tail if event.seq < first)
        return record.changed({"events": (*earlier, *record.events)})


def _batch(events: tuple[Event, ...]) -> tuple[Event, ...]:
    sizes = accumulate(len(event.model_dump_json()) for event in events[:BATCH])
    return events[: max(1, sum(size <= BATCH_BYTES for size in sizes))]
