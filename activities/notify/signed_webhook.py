"""A webhook that its receiver can trust: signed by Standard Webhooks, with several keys while one is being replaced.

Specification: github.com/standard-webhooks/standard-webhooks. Each message is one POST; ``webhook-id`` is its key.
"""

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field
from standardwebhooks import Webhook as Signer

from activities.connector import BaseUrl, Config, Secret, Tools, Unsure
from activities.http import call
from activities.notify.webhook import POSTED, STILL_BUSY, receipt_id
from escalation.errors import RemoteRefused
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.values import digest_of

MOST_KEYS: Final = 5
LOST: Final = frozenset({401, 403, 404, 410})
"""Answers to HEAD that make one doubt the address. 405 and 501 do not: some take nothing but POST."""


class SignedWebhookConfig(Config):
    """A receiver of signed messages."""

    kind: Literal["webhook"]
    url: BaseUrl
    keys: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=MOST_KEYS)]
    """Each ``whsec_...`` or its base64. While one replaces another both sign."""

    def unusable(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what cannot be used, as ``Config`` does."""
        yield from super().unusable()
        for place, key in enumerate(self.keys):
            try:
                b64decode(key.value.removeprefix("whsec_"), validate=True)
            except ValueError:
                yield ("keys", place), "expected whsec_ and base64, as receivers have it"


class SignedWebhook:
    """A ``Notifier`` that posts the fields ``POSTED`` as JSON, and the contact point's address as ``address``."""

    def __init__(self, config: SignedWebhookConfig, tools: Tools) -> None:
        self._name, self._client, self._url = tools.name, tools.client, config.url
        self._signers = [Signer(key.value) for key in config.keys]

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Post the message. Raises as ``activities.http.call`` does."""
        posted = {"address": address, **message.model_dump(mode="json", include=POSTED)}
        content = json.dumps(posted, ensure_ascii=False)
        now = datetime.now(UTC)
        identifier = digest_of(message.key)
        answer = await call(
            self._client,
            "POST",
            self._url,
            system=self._name,
            content=content.encode(),
            headers={
                "Content-Type": "application/json",
                "webhook-id": identifier,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": " ".join(each.sign(identifier, now, content) for each in self._signers),
            },
            also_retry=STILL_BUSY,
        )
        return DeliveryReceipt(channel=self._name, receipt_id=receipt_id(answer, message.key), at=now)

    async def check(self) -> str:
        """Post nothing: see whether somebody answers there. Raises Unsure where the answer to a POST may be another."""
        try:
            await call(self._client, "HEAD", self._url, system=self._name, accept=frozenset({501}))
        except RemoteRefused as error:
            if error.status in LOST:
                raise Unsure(
                    f"{error} to HEAD; a POST that is answered so is lost: is the url right? Only a message can tell",
                    error.status,
                ) from None
            if error.status is None or error.status < 400:
                raise
        return f"answers; {len(self._signers)} key(s) sign"
