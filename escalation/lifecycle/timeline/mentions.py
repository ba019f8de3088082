"""Mentions: ``@person:eva.novak`` and ``@team:legal`` in what people write, and who may be told because of them."""

import re

from escalation.errors import TooLarge
from escalation.lifecycle.case.needs import concerned
from escalation.model.state import Escalation
from escalation.values import Target

MOST = 20
"""How many one text may mention."""

MENTION = "mention"
"""Purpose of looking up who is mentioned: ``mention:`` and the number of the event that mentions them."""

_MENTION = re.compile(r"(?<![\w@./:\-])@((?:person|team|role|oncall):[A-Za-z0-9][A-Za-z0-9_.\-]{0,63})")


def mentioned(text: str) -> tuple[Target, ...]:
    """Return who is mentioned, each once, in the order of the text.

    A mention stands by itself, not inside a word or an address; what ends a sentence is no part of it.

    Raises:
        TooLarge: more than ``MOST``.
    """
    found = tuple(dict.fromkeys(match.rstrip(".-") for match in _MENTION.findall(text)))
    if len(found) > MOST:
        raise TooLarge(f"the text mentions {len(found)} and the limit is {MOST}; mention a team instead")
    return found


def split(state: Escalation, mentions: tuple[Target, ...]) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """Return who can be looked up, and who cannot be told because the case is about them."""
    barred = concerned(state)
    return tuple(each for each in mentions if each not in barred), tuple(each for each in mentions if each in barred)
