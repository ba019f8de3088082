"""What answers are called on buttons and links, in every language that comes along."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from activities.notify.languages import chain
from escalation.documents import read_document
from escalation.model.actions import Offer

_FILE: Final = Path(__file__).parent / "answer_labels.yaml"
DETAILS: Final = Offer(command="details")
"""No answer: to look at the escalation."""


def label(offer: Offer, locale: str, own: Mapping[str, str] | None = None) -> str:
    """Name an answer: ``Approve``, ``Approve: refund``; a command without a name of its own by its own words.

    Args:
        offer: the answer.
        locale: language and country of whoever reads it; empty: English.
        own: other names, which an installation has chosen, by command or ``COMMAND.CHOICE``.
    """
    choice, result = offer.arguments.get("choice", ""), offer.arguments.get("ok", "")
    if exactly := _name(f"{offer.command}.{choice or result}", locale, own or {}):
        return exactly
    name = _name(offer.command, locale, own or {}) or offer.command.replace("_", " ").capitalize()
    return f"{name}: {choice.replace('_', ' ')}" if choice else name


def stands_out(offer: Offer, offers: Sequence[Offer]) -> bool:
    """Tell whether this is the answer to push: the first, and not one choice among several."""
    return offer == offers[0] and sum(each.command == offer.command for each in offers) == 1


def _name(key: str, locale: str, own: Mapping[str, str]) -> str:
    known = names().get(key, {})
    return own.get(key) or next((known[tag] for tag in (*chain(locale), "en") if tag in known), "")


@cache
def names() -> dict[str, dict[str, str]]:
    """Return all of them: command, or command and result, to language to name."""
    read: dict[str, dict[str, str]] = read_document(_FILE).data
    return read
