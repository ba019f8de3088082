"""Watching a help desk: what cannot be told is passed over, what may be later is tried again from the same place."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import RPCError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.crm.port import Changes
from activities.crm.watch import PATIENCE, REFUSED_AGAIN, Watching
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import CaseChange
from escalation.model.watch import Watch
from tests.workflows.desks import BreakableDesk

OLD = datetime(2026, 11, 20, tzinfo=UTC)


class Enough(Exception):
    """The desk was asked again: what it said before is done with."""


class Desk(BreakableDesk):
    """Says one change, then ends the test."""

    def __init__(self, at: datetime = OLD, error: Exception | None = None) -> None:
        super().__init__()
        self.change = CaseChange(key="c1", case_key="run-1/case", at=at, status="solved")
        self.error = error
        self.asked: list[str] = []

    async def changes(self, cursor: str) -> Changes:
        self.asked.append(cursor)
        if self.error is not None:
            raise self.error
        if cursor == "1":
            raise Enough
        return Changes(cursor="1", changes=(self.change,))


class Handle:
    """An escalation that answers as told."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.told: list[tuple[str, str]] = []

    def get_workflow_handle(self, identifier: str) -> "Handle":
        self.identifier = identifier
        return self

    async def execute_update(self, name: str, argument: Any, **more: Any) -> None:
        self.told.append((argument.change.key, more["id"]))
        if self.error is not None:
            raise self.error


async def watch(
    desk: BreakableDesk, handle: Handle, found: str | None = "e1", details: tuple[Any, ...] = ()
) -> list[tuple[Any, ...]]:
    """Run the activity; return what it remembered."""
    said: list[tuple[Any, ...]] = []
    environment = ActivityEnvironment(client=handle)  # type: ignore[arg-type] # all that is asked of one
    environment.info = dataclasses.replace(environment.info, heartbeat_details=list(details))
    environment.on_heartbeat = lambda *each: said.append(each)
    watching = Watching({"desk": desk}, lambda _: found)
    try:
        await environment.run(watching.watch, Watch(connection="desk", cursor="0"))
    except Enough:
        pass
    except RemoteUnavailable as error:
        said.append(("tried again", str(error)))
    return said


async def test_a_change_is_told_under_its_own_id_and_then_the_next_is_asked_for() -> None:
    desk, handle = Desk(), Handle(None)
    assert await watch(desk, handle) == [("1",)]
    assert (handle.identifier, handle.told, desk.asked) == ("e1", [("c1", "desk/c1")], ["0", "1"])


async def test_another_try_goes_on_from_where_the_one_before_was() -> None:
    desk = Desk()
    await watch(desk, Handle(None), details=("1",))
    assert desk.asked == ["1"]


@pytest.mark.parametrize(
    "error",
    [
        WorkflowUpdateFailedError(ApplicationError("it has ended", type="NotNow")),
        RPCError("not there", RPCStatusCode.NOT_FOUND, b""),
        RPCError("too long", RPCStatusCode.INVALID_ARGUMENT, b""),
    ],
)
async def test_an_escalation_that_refuses_or_has_ended_is_passed_over(error: Exception) -> None:
    assert await watch(Desk(), Handle(error)) == [("1",)]


async def test_a_change_that_cannot_be_written_down_is_passed_over() -> None:
    desk = Desk()
    desk.change = desk.change.changed({"note": "my card \ud83d"})

    class Converting(Handle):
        async def execute_update(self, name: str, argument: Any, **more: Any) -> None:
            await pydantic_data_converter.encode([argument])

    assert await watch(desk, Converting(None)) == [("1",)]


async def test_a_ticket_of_nobody_here_is_passed_over_but_a_young_one_may_not_be_recorded_yet() -> None:
    handle = Handle(None)
    assert await watch(Desk(), handle, found=None) == [("1",)]
    (again,) = await watch(Desk(at=datetime.now(UTC) - timedelta(seconds=5)), handle, found=None)
    assert again == ("tried again", "desk: the ledger does not know the ticket yet")
    assert handle.told == []


async def test_one_that_does_not_answer_is_tried_again_and_after_three_tries_the_others_do_not_wait_for_it() -> None:
    silent = Handle(WorkflowUpdateRPCTimeoutOrCancelledError())
    details: tuple[Any, ...] = ()
    for times in range(1, PATIENCE):
        details, again = await watch(Desk(), silent, details=details)
        assert details == ("0", "c1", times)
        assert again[0] == "tried again"
    assert await watch(Desk(), silent, details=details) == [("1",)]


async def test_when_temporal_does_not_answer_nothing_is_passed_over() -> None:
    (again,) = await watch(Desk(), Handle(RPCError("busy", RPCStatusCode.UNAVAILABLE, b"")))
    assert again == ("tried again", "desk: Temporal: UNAVAILABLE")


async def test_a_help_desk_that_refuses_is_asked_again_after_a_while_for_ever() -> None:
    watching = Watching({"desk": Desk(error=RemoteRefused("desk: answered 403"))}, lambda _: None)
    with pytest.raises(RemoteUnavailable, match="cannot be watched: desk: answered 403") as caught:
        await ActivityEnvironment().run(watching.watch, Watch(connection="desk"))
    assert caught.value.retry_after == REFUSED_AGAIN


async def test_a_desk_that_says_no_changes_is_not_watched_and_one_that_is_not_connected_is_waited_for() -> None:
    assert Watching({"plain": BreakableDesk(), "desk": Desk()}, lambda _: None).names == ("desk",)
    with pytest.raises(RemoteUnavailable, match="gone: not connected to this worker"):
        await ActivityEnvironment().run(Watching({}, lambda _: None).watch, Watch(connection="gone"))
