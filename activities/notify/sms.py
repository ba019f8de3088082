"""What fits into a text message: encodings, segments, and what is said first.

GSM 03.38: one character outside of its alphabet makes the whole message UCS-2, with less than half the room.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product
from typing import Final

from activities.notify.languages import brief
from activities.notify.phrases import phrases
from escalation.model.actions import MessageKind, Notify
from escalation.texts import cut
from escalation.values import ActorKind, kind_of

LONGEST: Final = 1600
"""Characters that a message may have at all."""
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE: Final = frozenset("^{}\\[~]|€\f")
"""Characters that take the room of two."""
_PLAINER: Final = str.maketrans(
    {
        "\u2026": "...",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u00a0": " ",
        "\t": " ",
    }
)
"""Signs of good typography that would cost half of the room and say the same."""
_ASKING: Final = frozenset({MessageKind.PAGE, MessageKind.APPROVAL})
_WORTH_READING: Final = 40
"""Characters of the text that nothing else may take away."""
_EXPIRED: Final = {
    "halt": "waits",
    "keep": "waits",
    "deny": "deny",
    "approve": "approve",
    "escalate": "others",
    "next_deputy": "others",
}
"""What no decision leads to, by what the playbook says of an approval that expires."""


def segments(text: str) -> int:
    """Return how many messages a phone network makes of a text."""
    if all(char in _BASIC or char in _TWICE for char in text):
        size, one, several = len(text) + sum(char in _TWICE for char in text), 160, 153
    else:
        size, one, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= one else -(-size // several)


def short(message: Notify, reference: str, most: int, now: datetime, links: Sequence[str] = ()) -> str:
    """Say a message in at most ``most`` segments: what it is about, by when, how to answer, and its reference.

    The body, which has the packet and what customers said, goes along only where it is all that there is to say.
    ``links`` are lines with links, the likeliest answer first. What does not fit is left out: what silence leads to
    before a link, and links before the time.
    """
    asks = bool(message.offers) or message.kind in _ASKING
    bodiless = asks or "packet" in message.values
    said = message.subject if bodiless else f"{message.subject}\n{message.body}"
    said = "\n".join(line.strip() for line in said.translate(_PLAINER).splitlines() if line.strip())
    tail = f"\nRef {reference}"
    enough = min(len(said), _WORTH_READING)
    for lines in _asked(message, now, links) if asks else ():
        answer = "".join(f"\n{line}" for line in lines) + tail
        room = _room(said, answer, most)
        if room >= enough:
            return _cut(said, room) + answer
    return _cut(said, _room(said, tail, most)) + tail


def _asked(message: Notify, now: datetime, links: Sequence[str]) -> Iterator[list[str]]:
    """Yield what is said of answering, all of it first, and less each time."""
    words = phrases(message.locale)
    due = due_of(message)
    when = words.until.format(until=brief(due, message.locale or "en", message.time_zone, now)) if due else ""
    silence = words.silence.get(silence_of(message), "")
    if not links and message.offers and kind_of(message.to) is not ActorKind.CUSTOMER:
        links = (words.elsewhere.format(command=f"escalate show {message.escalation}"),)
    for shown, silent in product(range(len(links), -1, -1), (silence, "")):
        times = " ".join(filter(None, (when, silent)))
        yield [line for line in (times, *links[:shown]) if line]


def due_of(message: Notify) -> datetime | None:
    """Return by when an answer is wanted, where the message says so."""
    if message.respond_by is not None:
        return message.respond_by
    due = message.values.get("due")
    return datetime.fromisoformat(due) if isinstance(due, str) and due else None


def silence_of(message: Notify) -> str:
    """Return what no answer leads to, as ``Phrases.silence`` has it; empty where nobody says."""
    if message.kind is MessageKind.APPROVAL:
        return _EXPIRED.get(str(message.values.get("on_expiry", "")), "")
    goes_on = str(message.values.get("goes_on", ""))
    return ("again" if goes_on == "again" else "others") if goes_on else ""


def _room(said: str, tail: str, most: int) -> int:
    """Return how many characters of a text fit before its tail; below 0 where not even the tail does."""
    lengths = range(max(min(len(said), LONGEST - len(tail)), -1) + 1)
    return bisect_right(lengths, most, key=lambda length: segments(_cut(said, length) + tail)) - 1


def _cut(said: str, room: int) -> str:
    return cut(said, room, dots="...") if room > len(" ...") or len(said) <= room else ""
