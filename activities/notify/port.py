"""What a channel must offer to carry messages: one method. Slack, e-mail or paging is one more class like this."""

from typing import Protocol

from escalation.model.actions import DeliveryReceipt, Notify


class Notifier(Protocol):
    """A channel. It must not deliver the same ``message.key`` twice, however often it is asked."""

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Deliver to one contact point; ``address`` is the directory's, in the channel's own form.

        Raises:
            RemoteUnavailable: worth another try; with what the provider asked to wait.
            RemoteRefused: final for this address. The message never repeats the address.
        """
        ...
