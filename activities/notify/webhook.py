"""The webhook channel: each message is one HTTP POST of JSON to the contact's address."""

from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from activities.http import Answer, call
from escalation.errors import RemoteRefused
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.values import digest_of

CHANNEL = "webhook"
POSTED = {
    "key",
    "to",
    "kind",
    "subject",
    "body",
    "locale",
    "urgent",
    "rung",
    "respond_by",
    "escalation",
    "seq",
    "decided_at",
    "offers",
}
"""What receivers are told of a message: their contract, whatever else the engine keeps in one."""
_PLAIN = "!#$&'()*+,/:;=?@[]~"
STILL_BUSY = frozenset({409})
"""What receivers that honour ``Idempotency-Key`` answer while they work on the first try with that key."""


class Webhook:
    """A ``Notifier`` that posts the fields ``POSTED`` as JSON.

    The header ``Idempotency-Key`` holds the message's key, percent-encoded where it is not ASCII. It is the same on
    every try, so a receiver that took the message but could not say so can tell the second from the first.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Post the message to ``address``, an http or https URL. Raises as ``activities.http.call`` does."""
        answer = await call(
            self._client,
            "POST",
            address,
            system=CHANNEL,
            content=message.model_dump_json(include=POSTED).encode(),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": quote(message.key, safe=_PLAIN),
            },
            also_retry=STILL_BUSY,
        )
        return DeliveryReceipt(channel=CHANNEL, receipt_id=receipt_id(answer, message.key), at=datetime.now(UTC))


def receipt_id(answer: Answer, key: str) -> str:
    """Return the ``id`` of the answer; any 2xx is a delivery, so one without a usable id gets the key's digest."""
    try:
        body = answer.json()
    except RemoteRefused:
        body = None
    found = body.get("id") if isinstance(body, dict) else None
    return str(found)[:200] if isinstance(found, str | int) and found != "" else digest_of(key)
