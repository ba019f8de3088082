"""How a note says which one it is, where a help desk keeps nothing beside its words; and that it was cut."""

import re
from typing import Final

from escalation.values import digest_of

WHOLE: Final = "(the whole is in the escalation)"
"""Ends what was cut."""
MARKED: Final = re.compile(r"\[escalation [0-9a-f]{16}\]\s*\Z")
"""Found in a note of this engine, of whichever key."""


def mark(key: str) -> str:
    """Return what a note of this key ends with."""
    return f"[escalation {digest_of(key)}]"
