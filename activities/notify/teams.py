"""Microsoft Teams: a message is a card in a channel or chat, posted by a workflow's webhook.

Rules by learn.microsoft.com ("Create incoming webhooks with Workflows for Microsoft Teams", "Rate limiting for bots",
Adaptive Cards 1.5). Connectors of the old kind answer 200 whatever happened, with the failure in the body
(github.com/MicrosoftDocs/msteams-docs, issues 400, 1810, 7425).

A webhook's card can open pages, but nothing in it can answer by itself: its buttons are ``Action.OpenUrl``, and lead to
the signed links that e-mail has too. Such a link answers in one person's name, so only a chat that this person alone
reads gets them. A card that was posted cannot be changed: the channel is not an ``Amending`` one. What remains: neither
kind of webhook knows a message again, so one whose answer was lost is posted twice.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from activities.connector import LOOPBACK, Config, Secret, Tools
from activities.http import WORTH_ANOTHER_TRY, Answer, answers, call, code_of
from activities.notify.answer_buttons import NONE, Buttons, linked
from activities.notify.answer_labels import DETAILS, label
from activities.notify.texts import EscalationPage, command, for_whom, page_of, whole
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.model.actions import DeliveryReceipt, Notify
from escalation.texts import cut
from escalation.values import Slug, digest_of

LARGEST: Final = 20_000
"""Bytes of a whole message. Microsoft says 28 KB; cards were refused from 21,000 on (issues of msteams-docs)."""
MOST_BUTTONS: Final = 6
"""Teams shows no more actions of one card."""
LONGEST_TITLE: Final = 250
LONGEST_BUTTON: Final = 80
_COMMAND: Final = {"fontType": "Monospace"}
_FAILED: Final = "webhook message delivery failed"
_STATUS: Final = re.compile(r"HTTP error (\d{3})")
_BUSY: Final = frozenset({412})
"""Teams means it as "later" ("Rate limiting for bots"), besides the usual ones."""


class TeamsConfig(Config):
    """Channels and chats of Teams. A contact point's address is the name of one of them."""

    kind: Literal["teams"]
    channels: Annotated[dict[Slug, Secret], Field(max_length=200)] = {}
    """Name to webhook address: whoever has the address can post there."""
    personal: Annotated[dict[Slug, Secret], Field(max_length=1_000)] = {}
    """The same of chats that one person alone reads: only there cards have links that answer in that person's name."""
    page: EscalationPage | None = None

    def unusable(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield what cannot be used, as ``Config`` does."""
        yield from super().unusable()
        for field, named in (("channels", self.channels), ("personal", self.personal)):
            for name, url in named.items():
                if not _usable(url.value):
                    yield (field, name), "expected the https address that Teams shows when the workflow is made"

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if not self.channels and not self.personal:
            raise ValueError("expected at least one webhook in channels or personal")
        if both := sorted(self.channels.keys() & self.personal.keys()):
            raise ValueError(f"{', '.join(both)} stands in channels and in personal; expected each name once")
        return self


class Teams:
    """A ``Notifier`` whose messages are Adaptive Cards."""

    def __init__(self, config: TeamsConfig, tools: Tools) -> None:
        self._config, self._name, self._client, self._links = config, tools.name, tools.client, tools.links
        self._urls = {name: secret.value for name, secret in (config.channels | config.personal).items()}

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        """Post a card. Raises as the port says."""
        url = self._urls.get(address)
        if url is None:
            known = ", ".join(self._urls)
            raise RemoteRefused(f"{self._name}: the contact point names no channel of this connection ({known})")
        if address in self._config.channels:
            message = for_whom(message)
        answers = linked(message, self._links if address in self._config.personal else None, datetime.now(UTC))
        answer = await call(
            self._client,
            "POST",
            url,
            system=self._name,
            content=fitting(message, page_of(self._config.page, message.escalation), answers),
            # Without the charset the connectors count two bytes for each character.
            headers={"Content-Type": "application/json; charset=utf-8"},
            also_retry=_BUSY,
            reason=lambda said: said["error"]["code"],
        )
        _raise_for_words(answer)
        run = code_of(answer.headers.get("x-ms-workflow-run-id", ""))
        return DeliveryReceipt(channel=self._name, receipt_id=run or digest_of(message.key), at=datetime.now(UTC))

    def misaddressed(self, address: str) -> str:
        """Say what a contact point's address should be instead; see ``Addressed``."""
        return "" if address in self._urls else f"expected a channel of {self._name}: {', '.join(self._urls)}"

    async def check(self) -> str:
        """Look whether the webhooks' hosts answer: nothing but a card tries the webhooks themselves."""
        for origin in sorted({"{0.scheme}://{0.netloc}/".format(urlsplit(url)) for url in self._urls.values()}):
            await answers(self._client, origin, system=self._name)
        return f"answers; only a card can try the {len(self._urls)} webhook(s)"


def fitting(message: Notify, page: str | None, answers: Buttons = NONE) -> bytes:
    """Return what is posted, with as much of the message's body as there is room for."""
    room = len(message.body)
    while True:
        card = card_of(message, cut(message.body, room, whole(message)), page, answers)
        content = json.dumps(
            {
                "type": "message",
                "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
            },
            ensure_ascii=False,
        ).encode()
        if len(content) <= LARGEST or room < 100:
            return content
        room = room * LARGEST * 19 // (len(content) * 20)


def card_of(message: Notify, body: str, page: str | None, answers: Buttons = NONE) -> dict[str, Any]:
    """Return a message as an Adaptive Card.

    An answer has a button or is said as a command, in ``body`` or after it; what has a button needs no command.
    """
    shown = answers.buttons[: MOST_BUTTONS - 1]
    buttons = [_button(each.label, each.link) for each in shown]
    if page is not None:
        buttons.append(_button(label(DETAILS, message.locale), page))
    answered = [command(message, each.offer) for each in shown]
    commands = [each for each in (command(message, offer) for offer in message.offers) if each not in answered]
    title = cut(message.subject, LONGEST_TITLE)
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "fallbackText": title,
        "body": [
            _line(title, size="Large", weight="Bolder", **({"color": "Attention"} if message.urgent else {})),
            *_lines(line for line in body.splitlines() if line.strip() not in answered),
            *(_line(each, **_COMMAND) for each in commands if each not in body),
            *([{**_line(answers.confirm, size="Small"), "spacing": "Medium"}] if shown else []),
        ],
        **({"actions": buttons} if buttons else {}),
    }


def _lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    apart = True
    for line in lines:
        if line.startswith(" ") and line.strip().startswith("escalate "):
            yield _line(line.strip(), **_COMMAND)
        elif line.strip():
            yield {**_line(line), "spacing": "Medium" if apart else "None"}
        apart = not line.strip()


def _line(text: str, **looks: str) -> dict[str, Any]:
    # A TextBlock would read Markdown in it: what a customer wrote could become a link that says something else.
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **looks}]}


def _button(title: str, url: str) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "title": cut(title, LONGEST_BUTTON), "url": url}


def _raise_for_words(answer: Answer) -> None:
    """Find a failure that is told in the body of a 2xx; its words are not repeated."""
    system = answer.system
    if answer.status == 202:
        return  # a workflow took it
    if answer.body is None:
        # Another try could be a second card: better the next contact point.
        raise RemoteRefused(f"{system}: answered {answer.status} with something that cannot be read", answer.status)
    text = answer.body.decode(errors="replace")
    if _FAILED not in text.lower():
        if "<html" in text[:1000].lower():
            raise RemoteRefused(f"{system}: answered {answer.status} with a page, as no webhook does", answer.status)
        return
    found = _STATUS.search(text)
    status = int(found.group(1)) if found else 503  # such as "Error contacting Microsoft Teams endpoint"
    if status >= 500 or status in WORTH_ANOTHER_TRY | _BUSY:
        raise RemoteUnavailable(f"{system}: answered {answer.status}, and {status} in its body")
    raise RemoteRefused(f"{system}: answered {answer.status}, and {status} in its body", status)


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
