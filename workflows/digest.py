"""Pages that waited for one person's working hours, of whichever escalations, sent as one message.

When somebody's hours begin, every escalation that waited for them asks at the same instant to be told about. Each joins
the digest of that person (``activities.notify.digest``), which gathers for a moment, sends what it has as one message,
and answers all of them with that message's receipt.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from escalation.lifecycle.digest import digest
from escalation.model.actions import DeliveryReceipt, Notify
from workflows.deliveries import NOTIFY, call

GATHER = timedelta(seconds=3)
"""How long others may join: all come at the same instant, but one after the other."""


@workflow.defn(name="Digest")
class DigestWorkflow:
    """One message to one person. Another one begins with whoever comes when this is under way."""

    def __init__(self) -> None:
        self._pages: dict[str, Notify] = {}
        self._closed = False
        self._receipt: DeliveryReceipt | None = None
        self._failure: str | None = None

    @workflow.run
    async def run(self) -> None:
        """Gather, send, answer."""
        await workflow.sleep(GATHER, summary="gather what is to be told at the same time")
        self._closed = True
        if self._pages:
            message = digest(tuple(self._pages.values()), workflow.info().run_id)
            try:
                self._receipt = await call(NOTIFY, message, DeliveryReceipt, message.summary)
            except ActivityError as error:
                self._failure = str(error.__cause__ or error)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def join(self, page: Notify) -> DeliveryReceipt:
        """Be told about with the others; returns when the message has arrived.

        Raises:
            ApplicationError: ``DigestFailed`` when the message could not be delivered, ``Withdrawn`` when the page was.
        """
        self._pages[page.key] = page
        await workflow.wait_condition(lambda: self._is_over(page.key))
        if self._receipt is not None and page.key in self._pages:
            return self._receipt
        if self._failure is not None:
            raise ApplicationError(self._failure, type="DigestFailed", non_retryable=True)
        raise ApplicationError("nobody needs to be told any more", type="Withdrawn", non_retryable=True)

    @join.validator
    def _may_join(self, page: Notify) -> None:  # noqa: ARG002 - mypy wants the update's own signature
        if self._closed:
            raise ApplicationError("this digest is on its way already", type="DigestClosed")

    @workflow.signal
    async def withdraw(self, key: str) -> None:
        """Leave a page out: somebody has taken what it is about."""
        if not self._closed:
            self._pages.pop(key, None)

    def _is_over(self, key: str) -> bool:
        return self._receipt is not None or self._failure is not None or key not in self._pages
