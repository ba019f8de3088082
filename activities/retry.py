"""The retry class: which failures Temporal tries again, when, and how loudly.

One worker interceptor, so that no activity decides this for itself. It also binds the log context of each attempt.
"""

from datetime import timedelta
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.alive import count
from activities.bulkhead import Full
from escalation.errors import DocumentError, DomainError, RemoteRefused, RemoteUnavailable, Unreadable

FINAL = (RemoteRefused, DomainError, DocumentError)
MOST_UNREADABLE = 5
"""So many answers that cannot be read are waited through by one activity, whichever calls of it they answered."""
_COUNTED = "unreadable"
"""Marks how many there were, in what one try remembers for the next."""

log = structlog.get_logger(__name__)


class RetryClass(Interceptor):
    """Turns this project's errors into Temporal's, for every activity of the worker it is given to.

    What is ``FINAL`` fails at once. ``RemoteUnavailable`` is tried again: when the remote system asked us to, else as
    the retry policy says. ``Unreadable`` is tried again until there were ``MOST_UNREADABLE`` of them: what was asked
    for may have been done, and the next try finds it. Anything else is a defect: Temporal logs it with its traceback
    and tries again.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Wrap the next interceptor."""
        return _Classified(next)


class _Classified(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's name
        info = activity.info()
        with structlog.contextvars.bound_contextvars(
            activity=info.activity_type, workflow_id=info.workflow_id, attempt=info.attempt
        ):
            try:
                return await super().execute_activity(input)
            except Unreadable as error:
                final = count(_COUNTED) >= MOST_UNREADABLE
                _note("refused" if final else "unreadable", error)
                raise ApplicationError(
                    str(error),
                    type=RemoteRefused.__name__ if final else Unreadable.__name__,
                    non_retryable=final,
                    category=ApplicationErrorCategory.BENIGN,
                ) from None
            except FINAL as error:
                _note("refused", error)
                raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None
            except RemoteUnavailable as error:
                if not isinstance(error, Full):  # nobody was asked, and a crowd of them would fill the log
                    _note("unavailable", error, error.retry_after)
                # Benign: an outage is no defect, and a day of it must not fill the log with tracebacks.
                raise ApplicationError(
                    str(error),
                    type=RemoteUnavailable.__name__,
                    next_retry_delay=error.retry_after,
                    category=ApplicationErrorCategory.BENIGN,
                ) from None


def _note(outcome: str, error: Exception, wait: timedelta | None = None) -> None:
    """Log one line and count it: benign failures are missing in Temporal's own failure metric."""
    log.warning(
        "activity_failed", outcome=outcome, error=str(error), retry_after=wait.total_seconds() if wait else None
    )
    counter = activity.metric_meter().create_counter(
        "escalation_remote_failures", "Attempts that an outside system refused or could not take"
    )
    counter.add(1, {"activity": activity.info().activity_type, "outcome": outcome})
