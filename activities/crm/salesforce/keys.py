"""How an escalation's keys are written where Salesforce keeps them: in a case's field, and at the end of a note."""

from typing import Final

from activities.crm.marks import WHOLE, mark
from escalation.texts import cut

LONGEST_NOTE: Final = 4_000
"""Bytes that a comment may have (Object Reference, "CaseComment")."""


def key_to(key: str) -> str:
    """Write a key so that it can stand in an address; as JSON Pointer (RFC 6901) does it, with dots too."""
    return key.replace("~", "~0").replace("/", "~1").replace(".", "~2")


def key_from(value: str) -> str:
    """Read it again."""
    return value.replace("~2", ".").replace("~1", "/").replace("~0", "~")


def marked(note: str, key: str) -> str:
    """Return a note with its mark, cut so that both fit."""
    end = f"\n\n{mark(key)}"
    room = LONGEST_NOTE - len(end)
    if len(note.encode()) > room:
        # The hint's one letter that is no ASCII takes two bytes more than its place.
        note = cut(note, len(note.encode()[: room - 2].decode(errors="ignore")), WHOLE)
    return note + end
