"""The retry class: what Temporal is told of each kind of failure."""

from datetime import timedelta
from typing import Any, NoReturn

import pytest
import structlog
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from escalation.errors import DocumentError, Finding, NotAllowed, RemoteRefused, RemoteUnavailable, Unreadable
from tests.support.attempts import attempt


def failing(error: Exception) -> Any:
    async def work() -> NoReturn:
        raise error

    return work


@pytest.mark.parametrize(
    "error",
    [RemoteRefused("crm: answered 404"), NotAllowed("no"), DocumentError([Finding("p.yaml", 3, "levels", "wrong")])],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_final_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(ApplicationError) as failure:
        await attempt(failing(error))
    assert failure.value.non_retryable
    assert failure.value.type == type(error).__name__
    assert failure.value.message == str(error)
    assert failure.value.category is ApplicationErrorCategory.UNSPECIFIED


async def test_what_is_unavailable_is_tried_again_when_the_remote_system_asked_us_to() -> None:
    with pytest.raises(ApplicationError) as failure:
        await attempt(failing(RemoteUnavailable("crm: answered 429", retry_after=timedelta(seconds=4))))
    assert not failure.value.non_retryable
    assert failure.value.type == "RemoteUnavailable"
    assert failure.value.next_retry_delay == timedelta(seconds=4)
    assert failure.value.category is ApplicationErrorCategory.BENIGN


async def test_without_a_wish_of_the_remote_system_the_retry_policy_says_when() -> None:
    with pytest.raises(ApplicationError) as failure:
        await attempt(failing(RemoteUnavailable("crm: answered 500")))
    assert failure.value.next_retry_delay is None


async def test_an_answer_that_cannot_be_read_is_tried_again_five_times_in_all_whatever_else_failed_meanwhile() -> None:
    tried: list[tuple[str | None, bool]] = []
    for known in range(5):
        with pytest.raises(ApplicationError) as failure:
            await attempt(
                failing(Unreadable("crm: not JSON")),
                number=70 + known,
                remembered=("unreadable", known) if known else (),
            )
        tried.append((failure.value.type, failure.value.non_retryable))
    assert tried == [("Unreadable", False)] * 4 + [("RemoteRefused", True)]


async def test_a_defect_reaches_temporal_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        await attempt(failing(ZeroDivisionError("defect")))


async def test_a_cause_that_may_quote_customers_does_not_travel_with_the_failure() -> None:
    async def work() -> NoReturn:
        try:
            int("Jana Novakova")
        except ValueError as error:
            raise RemoteRefused("crm: answered 400") from error
        raise AssertionError

    with pytest.raises(ApplicationError) as failure:
        await attempt(work)
    assert failure.value.__cause__ is None


async def test_what_an_activity_logs_names_the_activity_the_workflow_and_the_attempt() -> None:
    async def work() -> str:
        structlog.get_logger().info("asked")
        return "done"

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        assert await attempt(work, number=3) == "done"
    assert logs == [
        {
            "event": "asked",
            "log_level": "info",
            "activity": "crm.open_case",
            "workflow_id": "escalation-chatbot-4711",
            "attempt": 3,
        }
    ]
    assert structlog.contextvars.get_contextvars() == {}


async def test_an_unavailable_system_is_one_line_in_the_log() -> None:
    with capture_logs() as logs, pytest.raises(ApplicationError):
        await attempt(failing(RemoteUnavailable("crm: answered 503", retry_after=timedelta(seconds=30))))
    assert logs == [
        {
            "event": "activity_failed",
            "log_level": "warning",
            "outcome": "unavailable",
            "error": "crm: answered 503",
            "retry_after": 30.0,
        }
    ]
