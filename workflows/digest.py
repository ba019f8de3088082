"""Pages that waited for one person's working hours, of whichever escalations, sent as one message.

When somebody's hours begin, every escalation that waited for them asks at the same instant to be told about. Each joins
the digest of that person (``activities.notify.digest``), which gathers for a moment, sends what it has as one message,
and ends with that message's receipt: what all who joined wait for.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from escalation.lifecycle.ladder.digest import digest
from escalation.model.actions import DeliveryReceipt, DigestEnd, Notify
from workflows.deliveries import NOTIFY, call

GATHER = timedelta(seconds=3)
"""How long others may join: all come at the same instant, but one after the other."""


@workflow.defn(name="Digest")
class DigestWorkflow:
    """One message to one person. Another one begins with whoever comes when this is under way."""

    def __init__(self) -> None:
        self._pages: dict[str, Notify] = {}
        self._closed = False

    @workflow.run
    async def run(self) -> DigestEnd:
        """Gather and send.

        Raises:
            ActivityError: the message could not be delivered; whoever joined is told so.
        """
        await workflow.sleep(GATHER, summary="gather what is to be told at the same time")
        self._closed = True
        if not self._pages:
            return DigestEnd(receipt=None, keys=())
        message = digest(tuple(self._pages.values()), workflow.info().run_id)
        receipt = await call(NOTIFY, message, DeliveryReceipt, message.summary)
        return DigestEnd(receipt=receipt.changed({"bundled": True}), keys=tuple(self._pages))

    @workflow.update
    def join(self, page: Notify) -> str:
        """Be told about with the others; returns the id of the run whose end says what became of it."""
        self._pages[page.key] = page
        return workflow.info().run_id

    @join.validator
    def _may_join(self, page: Notify) -> None:  # noqa: ARG002 - mypy wants the update's own signature
        if self._closed:
            raise ApplicationError("this digest is on its way already", type="DigestClosed")

    @workflow.signal
    def withdraw(self, key: str) -> None:
        """Leave a page out: somebody has taken what it is about."""
        if not self._closed:
            self._pages.pop(key, None)
