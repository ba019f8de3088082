"""PagerDuty by its Events API v2: a message opens an incident at a service, and what becomes of it ends that page.

Rules by developer.pagerduty.com (Events API v2: "Overview" and "Send an alert event") and PagerDuty's own description
of the interface, github.com/PagerDuty/api-schema, ``reference/events-v2``.

Each message is one alert, under a ``dedup_key`` of its own, which is made of the message's key: asked twice, PagerDuty
adds the second event to the alert that is open and calls nobody again. It is not one alert for all receivers of a
round, since each can decline alone, and that must not end the page of the others; ``group`` has the escalation for
services that put alerts together. What remains: PagerDuty keeps a key only as long as its alert is open, so a late
repeat of a message that was resolved meanwhile would open another incident; a try whose answer was lost may have opened
one that nobody ends, if the page is withdrawn before the next try; and events are taken in without being carried out
yet (202), so nothing tells whether an incident came of one.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from activities.connector import BaseUrl, Config, Secret, Tools
from activities.http import answers
from activities.notify.languages import local
from activities.notify.phrases import phrases
from activities.notify.sms import silence_of
from activities.notify.texts import EscalationPage, command, page_of, whole
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import AmendMessage, DeliveryReceipt, Fate, MessageKind, Notify
from escalation.texts import cut
from escalation.values import Slug, digest_of

Severity = Literal["critical", "error", "warning", "info"]
_ENQUEUE: Final = "/v2/enqueue"
_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")
_NAME: Final = re.compile(r"[A-Za-z ]{1,40}")
LONGEST_KEY: Final = 255
LONGEST_SUMMARY: Final = 1024
LONGEST_REASON: Final = 300
LONGEST_PACKET: Final = 20_000
"""An event may have 512 KB in all; nobody reads that much on a telephone."""


class PagerDutyConfig(Config):
    """Services of one PagerDuty account. A contact point's address is the name of one of them."""

    kind: Literal["pagerduty"]
    services: Annotated[dict[Slug, Secret], Field(min_length=1, max_length=200)]
    """Name to integration key (Events API v2) of each service."""
    url: BaseUrl = "https://events.pagerduty.com"
    """In the EU: https://events.eu.pagerduty.com."""
    severities: dict[str, Severity] = {}
    """The playbooks' severities as PagerDuty has them; others are critical where urgent, else warning."""
    details: Literal["none", "packet"] = "none"
    """Packet: the whole message goes along, with what customers said; none: only the subject, the playbook's words
    for why, ids, instants and commands."""
    takes: Annotated[tuple[MessageKind, ...], Field(min_length=1)] = (MessageKind.PAGE,)
    """Kinds of messages that may open an incident; the others go to the receiver's next contact point."""
    taken: Literal["acknowledge", "resolve"] = "acknowledge"
    """What an incident becomes when somebody took what was paged."""
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "durable-escalations"
    page: EscalationPage | None = None

    def unusable(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what cannot be used, as ``Config`` does."""
        yield from super().unusable()
        for service, key in self.services.items():
            if not _KEY.fullmatch(key.value):
                said = "expected the integration key of an Events API v2 integration, 32 letters and digits"
                yield ("services", service), said


class PagerDuty:
    """An ``Amending`` channel: its receipts are the alerts' keys, which begin with the service's name."""

    def __init__(self, config: PagerDutyConfig, tools: Tools) -> None:
        self._config, self._name, self._client = config, tools.name, tools.client
        self._keys = {service: secret.value for service, secret in config.services.items()}
        self._api = tools.remote(config.url, reason=_reason)

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Open an incident. Raises as the port says; also when the kind of message is none that may."""
        if message.kind not in self._config.takes:
            takes = ", ".join(self._config.takes)
            raise RemoteRefused(f"{self._name}: takes messages of the kinds {takes}, not {message.kind}")
        receipt = self._receipt(message, address)
        event: dict[str, Any] = {"payload": self._payload(message), "client": self._config.title or self._config.source}
        page = page_of(self._config.page, message.escalation)
        if page is not None:
            event |= {"client_url": page, "links": [{"href": page, "text": message.escalation}]}
        await self._tell("trigger", address, receipt.receipt_id, event)
        return receipt

    async def amend(self, change: AmendMessage) -> None:
        """End the page: acknowledge what somebody took, resolve everything else.

        An alert that is resolved already, or is not there, takes it without a change.
        """
        action = self._config.taken if change.fate is Fate.TAKEN else "resolve"
        await self._tell(action, change.receipt_id.partition("/")[0], change.receipt_id)

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        return "" if address in self._keys else f"expected a service of {self._name}: {', '.join(self._keys)}"

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        """Return its receipt without looking: what is not there is ended without a change."""
        return self._receipt(message, address)

    async def check(self) -> str:
        """Look whether somebody answers there: no call of Events API v2 tries a key without opening an incident."""
        await answers(self._client, f"{self._config.url}{_ENQUEUE}", system=self._name)
        return f"answers; the keys of {len(self._keys)} service(s) look right, only a page can try them"

    def _receipt(self, message: Notify, address: str) -> DeliveryReceipt:
        key = f"{address}/{digest_of(message.key)}/{message.escalation}"[:LONGEST_KEY]
        return DeliveryReceipt(channel=self._name, receipt_id=key, at=datetime.now(UTC), amendable=True)

    async def _tell(self, action: str, service: str, key: str, more: Mapping[str, Any] | None = None) -> None:
        routing_key = self._keys.get(service)
        if routing_key is None:
            known = ", ".join(self._keys)
            raise RemoteRefused(f"{self._name}: the address is the name of none of its services ({known})")
        event = {"routing_key": routing_key, "event_action": action, "dedup_key": key, **(more or {})}
        answer = await self._api.ask("POST", _ENQUEUE, json=event)
        try:
            said = answer.json()
        except RemoteRefused:
            said = None
        if not isinstance(said, dict) or said.get("status") != "success":
            # Another try costs nothing: it is the same alert. A page that only seems to have arrived costs much.
            raise RemoteUnavailable(f"{self._name}: answered {answer.status} without success")

    def _payload(self, message: Notify) -> dict[str, Any]:
        details: dict[str, Any] = {
            "escalation": message.escalation,
            "asked": cut(message.subject, LONGEST_SUMMARY),
            "to": message.to,
            "answers": [command(message, offer) for offer in message.offers],
        }
        if message.respond_by is not None:
            details["respond_by"] = message.respond_by.isoformat()
            details["respond_by_local"] = local(message.respond_by, message.locale or "en", message.time_zone)
        if why := _why(message):
            details["why"] = why
        if silence := phrases(message.locale).silence.get(silence_of(message)):
            details["without_an_answer"] = silence
        if self._config.details == "packet":
            details["packet"] = cut(message.body, LONGEST_PACKET, whole(message))
        severity = str(message.values.get("severity", ""))
        payload = {
            "summary": cut(message.subject, LONGEST_SUMMARY),
            "severity": self._config.severities.get(severity, "critical" if message.urgent else "warning"),
            "source": self._config.source,
            "group": message.escalation,
            "class": message.kind.value,
            "custom_details": details,
        }
        return payload | ({"component": message.rung} if message.rung else {})


def _why(message: Notify) -> list[str]:
    """Return what the playbook says of the rules that were true, or their names; nothing that anybody said."""
    packet = message.values.get("packet")
    reasons = packet.get("reasons", ()) if isinstance(packet, Mapping) else ()
    said = (str(each.get("in_words") or each.get("trigger", "")).replace("_", " ") for each in reasons)
    return [cut(each, LONGEST_REASON) for each in said if each]


def _reason(said: Any) -> str:
    """Return the refusal's short name, such as ``invalid_event``; what stands beside it repeats what was sent."""
    name = str(said["status"])
    return name.replace(" ", "_") if _NAME.fullmatch(name) else ""
