"""Notes on tickets: written once, and told from those of people.

HubSpot documents unique properties for tickets, contacts, companies, deals and custom objects, not for notes. So a note
of this engine ends with a mark made of its key, and the ticket's notes are read before another one is written.
"""

import html
from datetime import UTC, datetime
from typing import Final

from activities.crm.hubspot.api import NOTE_TO_TICKET, Api, milliseconds, newest_first
from activities.crm.hubspot.records import Found
from activities.crm.marks import MARKED, WHOLE, mark
from activities.texts import plain
from escalation.texts import cut

LONGEST: Final = 65_536
"""Characters of ``hs_note_body``."""
MOST_READ: Final = 200
"""So many of a ticket's notes are looked through, the newest."""
AT_ONCE: Final = 20
BODY: Final = "hs_note_body"
_LONGEST_ESCAPE: Final = 5


class Notes:
    """Notes of one account."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def has(self, ticket: str, key: str) -> bool:
        """Tell whether the note of this key stands on the ticket."""
        ids = newest_first([each.id for each in await self._api.associated("tickets", ticket, "notes")])[:MOST_READ]
        for first in range(0, len(ids), AT_ONCE):
            notes = await self._api.read("notes", ids[first : first + AT_ONCE], [BODY])
            if any(mark(key) in note.says(BODY) for note in notes):
                return True
        return False

    async def write(self, ticket: str, key: str, text: str) -> None:
        """Write a note on the ticket: both in one call, so that none stands nowhere."""
        properties = {"hs_timestamp": str(milliseconds(datetime.now(UTC))), BODY: body(text, key)}
        await self._api.create("notes", properties, {ticket: NOTE_TO_TICKET})


def body(text: str, key: str) -> str:
    """Return a text as the body of the note of this key, within HubSpot's limit."""
    end = f"<br><br>{mark(key)}"
    room = LONGEST - len(end)
    written = _html(cut(text, room, WHOLE))
    if len(written) > room:
        written = _html(cut(text, room // _LONGEST_ESCAPE, WHOLE))
    return written + end


def said(note: Found) -> str | None:
    """Return what somebody wrote, as plain text; None for a note of this engine."""
    text = plain(note.says(BODY))
    return None if MARKED.search(text) else text


def _html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")
