"""What a channel must offer to carry messages: one method. Slack, e-mail or paging is one more class like this."""

from typing import Protocol, runtime_checkable

from escalation.model.actions import AmendMessage, DeliveryReceipt, Notify


class Notifier(Protocol):
    """A channel. It must not deliver the same ``message.key`` twice, however often it is asked."""

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Deliver to one contact point; ``address`` is the directory's, in the channel's own form.

        Subject and body are in the receiver's language by now. ``message.thread`` is what the receipt of an earlier
        message of this escalation to the same receiver called its thread, on this channel; empty for the first.
        ``message.known_threads`` has those of its messages to others too, some of whom may be reached at this address.

        Raises:
            RemoteUnavailable: worth another try; with what the provider asked to wait.
            RemoteRefused: final for this address. The message never repeats the address.
        """
        ...


@runtime_checkable
class Amending(Notifier, Protocol):
    """A channel whose messages can be changed after they were read: edited, withdrawn, or their page ended.

    Its receipts are ``amendable``.
    """

    async def amend(self, change: AmendMessage) -> None:
        """Say on the message with the receipt ``change.receipt_id`` what became of it; the same twice is once.

        Raises as ``send`` does; ``RemoteRefused`` when the message is not there any more.
        """
        ...

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        """Return the receipt of a message that may have arrived, without sending it; None where it has not.

        Asked when a message was withdrawn on its way and the answer to it lost: by its receipt it can be changed. A
        channel that changes by the key alone need not look. Raises as ``send`` does.
        """
        ...
