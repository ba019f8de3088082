"""Text messages by Twilio's Messages resource.

Rules by twilio.com/docs: "Messages resource", "Error and warning dictionary", "How long can a message be?". An answer
429 was never carried out (error 20429), and a message is 1,600 characters at most.

Twilio documents no way to send a message once. So each text ends with a short reference of its key, and before one is
sent the latest to the same number are looked through for it. That is not asked by ``DateSent``, which a message that
still waits in a queue does not have. What remains: Twilio does not say how soon a message is listed, so a try that
follows another within moments may send a second one; and an account that redacts bodies hides the reference.
A text message cannot be changed or called back: the channel is not an ``Amending`` one.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from activities.auth import basic
from activities.connector import BaseUrl, Config, Secret, Tools
from activities.http import code_of
from activities.notify.answer_buttons import linked
from activities.notify.phrases import phrases
from activities.notify.sms import short
from activities.notify.texts import EscalationPage, page_of
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.values import ActorKind, digest_of, kind_of

LOOKED_THROUGH: Final = 50
"""Latest messages to a number among which an earlier try is looked for."""
LATER: Final = frozenset({"14107", "20429", "21611", "30001"})
"""Codes that mean "later": send rate, concurrency, and the two queues that are full."""
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{5,14}")
"""E.164."""
_FAILED: Final = frozenset({"failed", "undelivered", "canceled"})


class TwilioConfig(Config):
    """One Twilio account and sender. A contact point's address is a number such as +420777123456."""

    kind: Literal["twilio"]
    account: Annotated[
        str, StringConstraints(pattern=r"^AC[0-9a-fA-F]{32}$"), Field(examples=["AC0123456789abcdef0123456789abcdef"])
    ]
    key: Secret
    """SID of an API key (SK...)."""
    secret: Secret
    sender: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """Number (+420...), short code or name that messages come from."""
    messaging_service: (
        Annotated[
            str,
            StringConstraints(pattern=r"^MG[0-9a-fA-F]{32}$"),
            Field(examples=["MG0123456789abcdef0123456789abcdef"]),
        ]
        | None
    ) = None
    """Messaging service that chooses the sender."""
    segments: Annotated[int, Field(ge=1, le=10)] = 3
    """So many messages one text may become on the phone network; each is paid for."""
    url: BaseUrl = "https://api.twilio.com"
    page: EscalationPage | None = None
    """Where an escalation can be seen and answered; without it, texts have signed links where these fit."""

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if (self.sender is None) == (self.messaging_service is None):
            raise ValueError("expected exactly one of sender and messaging_service")
        return self


class Twilio:
    """A ``Notifier`` that sends the subject, by when and where to answer, and a reference."""

    def __init__(self, config: TwilioConfig, tools: Tools) -> None:
        self._config, self._name, self._links = config, tools.name, tools.links
        self._api = tools.remote(
            config.url, basic(config.key.value, config.secret.value), reason=lambda said: said["code"]
        )
        self._account = f"/2010-04-01/Accounts/{config.account}"
        self._sender = (
            {"From": config.sender}
            if config.sender is not None
            else {"MessagingServiceSid": config.messaging_service or ""}
        )

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Send a text message, unless the latest to this number have it. Raises as the port says."""
        reference = digest_of(message.key)[:8]
        sent = await self._earlier(address, reference)
        if sent is None:
            now = datetime.now(UTC)
            text = short(message, reference, self._config.segments, now, self._lines(message, now))
            sent = await self._made({"To": address, "Body": text, **self._sender})
        if sent.get("status") in _FAILED:
            raise self._refused(code_of(sent.get("error_code")))
        return DeliveryReceipt(
            channel=self._name, receipt_id=code_of(sent.get("sid")) or digest_of(message.key), at=datetime.now(UTC)
        )

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        return (
            "" if _NUMBER.fullmatch(address) else "expected a number in its international form, such as +420777123456"
        )

    async def check(self) -> str:
        """Fetch the account, or where the key may not (a standard one), a message."""
        try:
            account = await self._api.get(f"{self._account}.json")
        except RemoteRefused as error:
            if error.status not in {401, 403}:
                raise
            await self._api.ask("GET", f"{self._account}/Messages.json", query={"PageSize": 1})
            return "the key can read messages"
        status = code_of(account.get("status")) if isinstance(account, dict) else ""
        if status != "active":
            raise RemoteRefused(f"{self._name}: the account is {status or 'not known'}, expected active")
        return "the account is active"

    def _lines(self, message: Notify, now: datetime) -> list[str]:
        """Return lines with links that answer: to the escalation's page, which is short, else signed ones."""
        page = page_of(self._config.page, message.escalation) if kind_of(message.to) is ActorKind.PERSON else None
        if page is not None and message.offers:
            return [phrases(message.locale).answer_at.format(link=page)]
        return [f"{each.label}: {each.link}" for each in linked(message, self._links, now).buttons]

    async def _earlier(self, number: str, reference: str) -> dict[str, Any] | None:
        """Return an earlier try that has not failed for a reason that passes."""
        query: dict[str, str | int] = {"To": number, "PageSize": LOOKED_THROUGH}
        listed = (await self._api.ask("GET", f"{self._account}/Messages.json", query=query)).json()
        found = listed.get("messages") if isinstance(listed, dict) else None
        if not isinstance(found, list):  # "nothing sent yet" must be said, not guessed
            raise RemoteRefused(f"{self._name}: the answer lists no messages; nothing was sent")
        for each in found:
            failed = each.get("status") in _FAILED and code_of(each.get("error_code")) in LATER
            if str(each.get("body") or "").endswith(f"Ref {reference}") and not failed:
                return dict(each)
        return None

    async def _made(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            answer = await self._api.ask("POST", f"{self._account}/Messages.json", form=form)
        except RemoteRefused as error:
            if error.reason in LATER:
                raise self._refused(error.reason) from None
            raise
        made = answer.json()
        if not isinstance(made, dict) or not code_of(made.get("sid")):
            raise self._refused(code_of(made.get("code")) if isinstance(made, dict) else "")
        return made

    def _refused(self, code: str) -> RemoteRefused | RemoteUnavailable:
        said = f"{self._name}: not sent ({code or 'no code'})"
        return RemoteUnavailable(said) if code in LATER else RemoteRefused(said, reason=code)
