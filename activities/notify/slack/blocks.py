"""A message as Slack's blocks, and the same once it is known what became of it.

Whatever people wrote stands in ``rich_text`` elements or ``plain_text`` objects, which Slack shows as they are: nothing
in them becomes a mention, a link or bold. ``plain_text`` and the fallback for notifications still have ``&``, ``<`` and
``>`` escaped, as docs.slack.dev/messaging/formatting-message-text asks of every text object.

Limits are those of docs.slack.dev/reference/block-kit. All blocks together have one too, which is not documented; 9,600
characters were seen to pass and 11,300 not (github.com/slackapi/bolt-js/issues/2867), so ``BODY`` stays well below.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from activities.notify.answer_labels import DETAILS, label, stands_out
from activities.notify.slack.reference import Reference, References
from activities.notify.texts import page_of, whole
from escalation.model.actions import Notify, Offer
from escalation.texts import cut

HEADER: Final = 150
TEXT: Final = 3_000
"""Of one text object; of one element of ``rich_text`` no limit is documented."""
BUTTON: Final = 75
URL: Final = 3_000
BLOCKS: Final = 50
MOST_OFFERS: Final = 20
"""A block takes 25 buttons."""
BODY: Final = 7_000
TAIL: Final = 1_500
"""Of a longer body so much of its end is kept: until when to answer, and the commands."""
FALLBACK: Final = 2_900
"""Of the text that notifications and screen readers use."""
SAID: Final = 1_000

Block = dict[str, Any]


def escaped(text: str, most: int) -> str:
    """Return a text without anything that Slack would follow, at most so long once it is escaped."""
    room = most
    while len(safe := cut(text, room).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) > most:
        room = room * most // len(safe)
    return safe


def plain(text: str, most: int) -> Block:
    """Return a text object that Slack shows as it is; it may not be empty."""
    return {"type": "plain_text", "text": escaped(text, most) or "-", "emoji": False}


class Buttons:
    """Makes the buttons of one connection's messages."""

    def __init__(self, references: References | None, details: str | None, labels: Mapping[str, str]) -> None:
        self._references = references
        self._details = details
        self._labels = labels

    def of(self, message: Notify, user: str) -> list[Block]:
        """Return the block with a message's buttons; none where it offers nothing, or no click could be trusted."""
        if not message.escalation:
            return []
        offers = message.offers[:MOST_OFFERS]
        found = [self._answer(message, user, place, offer, _style(offer, offers)) for place, offer in enumerate(offers)]
        elements = [each for each in (*found, self._look(message, user)) if each is not None]
        return [{"type": "actions", "elements": elements}] if elements else []

    def _answer(self, message: Notify, user: str, place: int, offer: Offer, style: str) -> Block | None:
        value = self._value(message, user, offer)
        styled = {"style": style} if style else {}
        return value and {**self._button(f"{place}.{offer.command}", offer, message), **value, **styled}

    def _look(self, message: Notify, user: str) -> Block | None:
        """Return the button for details: a link where there is a page to link to, else one that shows the command."""
        button = self._button("details", DETAILS, message)
        page = page_of(self._details, message.escalation)
        if page is not None and len(page) <= URL:
            return {**button, "url": page}
        value = self._value(message, user, None)
        return value and {**button, **value}

    def _button(self, action: str, offer: Offer, message: Notify) -> Block:
        name = label(offer, message.locale, self._labels)
        return {"type": "button", "action_id": action, "text": plain(name, BUTTON)}

    def _value(self, message: Notify, user: str, offer: Offer | None) -> Block | None:
        """Return what a button carries; None where no click could be trusted, or it is longer than Slack takes."""
        if self._references is None:
            return None
        named = {"connection": self._references.connection, "escalation": message.escalation}
        reference = Reference(**named, offer=offer, to=message.to, user=user, locale=message.locale)
        written = self._references.write(reference)
        return None if written is None else {"value": written}


def _style(offer: Offer, offers: tuple[Offer, ...]) -> str:
    """Slack asks for one ``primary`` button at most."""
    if offer.command.startswith("reject"):
        return "danger"
    return "primary" if stands_out(offer, offers) and not offer.needs else ""


def message_blocks(message: Notify, buttons: list[Block]) -> list[Block]:
    """Return a message: its subject, what it says, its buttons, and which escalation it is of."""
    blocks: list[Block] = []
    if subject := " ".join(message.subject.split()):
        blocks.append({"type": "header", "text": plain(subject, HEADER)})
    if elements := _elements(_bounded(message)):
        blocks.append({"type": "rich_text", "elements": elements})
    blocks += buttons
    if message.escalation:
        blocks.append({"type": "context", "elements": [plain(message.escalation, TEXT)]})
    return blocks


def fallback(message: Notify) -> str:
    """Return what notifications show and screen readers read instead of the blocks."""
    return escaped(f"{' '.join(message.subject.split())}\n{message.body}".strip(), FALLBACK)


def amended(blocks: list[Block], said: str) -> list[Block]:
    """Return the blocks of a message with what became of it where its buttons were, bold: it is what readers look for.

    What was said stays. Blocks get new ids, as Slack asks for when a message changes.
    """
    became: Block = {"type": "rich_text", "elements": [_section(cut(said, SAID), bold=True)]}
    kept: list[Block] = []
    for block in blocks:
        if block.get("type") != "actions":
            kept.append({name: value for name, value in block.items() if name != "block_id"})
        elif became not in kept:
            kept.append(became)
    return kept if became in kept else [*kept[: BLOCKS - 1], became]


def _bounded(message: Notify) -> str:
    if len(message.body) <= BODY:
        return message.body
    end = message.body[-TAIL:]
    end = end[end.find("\n") + 1 :]
    return f"{cut(message.body, BODY - len(end) - 1, whole(message))}\n{end}"


def _elements(body: str) -> list[Block]:
    """Lines as paragraphs, lists and commands, as the templates write them."""
    found = []
    for kind, lines in groupby(body.splitlines(), _kind):
        if kind == "list":
            items = [line.strip().removeprefix("-").strip() for line in lines]
            found.append(
                {"type": "rich_text_list", "style": "bullet", "elements": [_section(each) for each in items if each]}
            )
        elif kind == "command":
            text = "\n".join(line.strip() for line in lines)
            found.append({"type": "rich_text_preformatted", "elements": [_text(text)]})
        elif text := "\n".join(lines).strip("\n"):
            found.append(_section(text))
    return [each for each in found if each["elements"]]


def _kind(line: str) -> str:
    start = line.strip()
    if start.startswith("- "):
        return "list"
    return "command" if start.startswith("escalate ") and line.startswith("  ") else "text"


def _section(text: str, *, bold: bool = False) -> Block:
    return {"type": "rich_text_section", "elements": [{**_text(text), **({"style": {"bold": True}} if bold else {})}]}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
