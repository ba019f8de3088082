"""The long tail of channels, by the Apprise library: Matrix, ntfy, Pushover, Telegram and some hundred others.

It has none of this project's own foundation: Apprise makes the calls itself, in threads, and tells only whether all
went well. So every failure is one that may pass (``RemoteUnavailable``), since nothing tells it from a final one, and
after some tries the receiver's next contact point gets its chance. Nothing is known again: a message whose answer was
lost, or came after the time limit, is sent twice. A channel with a connector of its own is the better one.

Apprise and what it needs take 0.8 s and 700 modules (two busy cores): they are imported only where a connection of this
kind is opened.
"""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from activities.connector import Config, Secret, Tools
from activities.http import WHOLE_CALL
from activities.notify.texts import whole
from escalation.errors import RemoteRefused, RemoteUnavailable, SettingsError
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.texts import cut
from escalation.values import Slug, digest_of

if TYPE_CHECKING:
    from apprise import Apprise

LONGEST_TITLE: Final = 250


class AppriseConfig(Config):
    """Targets of Apprise. A contact point's address is the name of one of them."""

    kind: Literal["apprise"]
    targets: Annotated[dict[Slug, Secret], Field(min_length=1, max_length=200)]
    """Name to Apprise URL, which has the token or the password in it."""
    longest: Annotated[int, Field(ge=100, le=20_000)] = 3000
    """Characters of a body; a target may take fewer."""

    def unusable(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what cannot be used, as ``Config`` does."""
        for key in ("proxy", "trusted"):
            if getattr(self, key) is not None:
                yield (key,), "Apprise knows none; set HTTPS_PROXY and REQUESTS_CA_BUNDLE for the whole worker"


class AppriseChannel:
    """A ``Notifier`` that hands subject and body to Apprise, as plain text."""

    def __init__(self, config: AppriseConfig, tools: Tools) -> None:
        self._name, self._longest = tools.name, config.longest
        self._targets = {target: _opened(tools.name, target, url.value) for target, url in config.targets.items()}

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Have Apprise send it.

        Raises:
            RemoteUnavailable: it did not go well; nobody knows why.
            RemoteRefused: the contact point names no target.
        """
        from apprise import NotifyFormat, NotifyType

        target = self._targets.get(address)
        if target is None:
            known = ", ".join(self._targets)
            raise RemoteRefused(f"{self._name}: the contact point names no target of this connection ({known})")
        try:
            async with asyncio.timeout(WHOLE_CALL):
                went_well = await target.async_notify(
                    title=cut(message.subject, LONGEST_TITLE),
                    body=cut(message.body or message.subject, self._longest, whole(message)),
                    notify_type=NotifyType.WARNING if message.urgent else NotifyType.INFO,
                    body_format=NotifyFormat.TEXT,
                )
        except TimeoutError:
            raise RemoteUnavailable(f"{self._name}: Apprise did not end within {WHOLE_CALL} s") from None
        if not went_well:
            raise RemoteUnavailable(f"{self._name}: Apprise could not send it; it does not say why")
        return DeliveryReceipt(channel=self._name, receipt_id=digest_of(message.key), at=datetime.now(UTC))

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        return "" if address in self._targets else f"expected a target of {self._name}: {', '.join(self._targets)}"

    async def check(self) -> str:
        """Say what Apprise makes of the targets: only a message can try them."""
        kinds = sorted({str(service.service_name) for each in self._targets.values() for service in each})
        return f"Apprise knows the {len(self._targets)} target(s) ({', '.join(kinds)}); only a message can try them"


def _opened(name: str, target: str, url: str) -> "Apprise":
    from apprise import Apprise, AppriseAsset

    # It logs addresses and what was sent; the library that it calls with logs whole URLs.
    logging.getLogger("apprise").disabled = True
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    opened = Apprise(asset=AppriseAsset(storage_mode="memory"))
    # One for each name: of several Apprise would not say which of them failed, and all of them would be told again.
    if not opened.add(url) or len(opened) != 1:
        raise SettingsError(f"connections.{name}.targets.{target}: expected one URL that Apprise knows")
    return opened
