"""What people did to tickets of ours in HubSpot.

Two searches, one for tickets that were changed and one for new notes, each say where to look: search lags behind.
What was done is then read from the records. A window of the last ``LAG`` is searched again each time, and the cursor
keeps what was told of it.

The engine's own changes are known by their source: whoever wrote the ticket's key is this engine. That needs no id of
the app to be configured. Its own notes are known by their mark.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, Literal

from pydantic import AwareDatetime

from activities.crm.hearing import LONGEST_NOTE, read_cursor
from activities.crm.hubspot.api import Api, milliseconds
from activities.crm.hubspot.config import HubSpotConfig
from activities.crm.hubspot.notes import AT_ONCE, BODY, said
from activities.crm.hubspot.people import People
from activities.crm.hubspot.records import Found, Value
from activities.crm.port import Changes
from escalation.model.actions import CaseChange
from escalation.model.ticket import AUTOMATION
from escalation.texts import cut
from escalation.values import Incoming, digest_of

LAG: Final = timedelta(minutes=2)
"""So long a change may stay unseen by search; HubSpot names no figure ("a few moments")."""
MOST: Final = 50
"""Records of one search, for each of the two."""
ROUNDS: Final = 5
"""Pages of one call, while there is nothing in them to tell."""
MOST_TOLD: Final = 40
"""Changes that a cursor holds; another worker tells the others of the window once more, under the same key."""
STAGE: Final = "hs_pipeline_stage"
OWNER: Final = "hubspot_owner_id"
MODIFIED: Final = "hs_lastmodifieddate"
CREATED: Final = "hs_createdate"
_NO_PERSON: Final = frozenset({"API", "AUTOMATION_PLATFORM", "INTEGRATION", "WORKFLOWS"})
"""Sources that are no people, where HubSpot names no user with them."""
_DIGITS: Final = 8


class Place(Incoming):
    """How far one of the searches has come."""

    since: AwareDatetime
    """What happened from then on is told."""
    at: AwareDatetime
    """Where the search goes on."""
    after: int = 0
    """So many records of that very instant are done."""

    def beyond(self, found: list[Found], name: str, now: datetime, *, more: bool) -> "Place":
        """Return where to go on: behind a full page, else from the beginning of the window that may still grow."""
        if not more or not found:
            begins = max(self.since, now - LAG)
            return Place(since=begins, at=begins)
        last = _instant(found[-1], name)
        if last <= self.at:  # a whole page of one instant
            return self.changed({"after": self.after + MOST})
        return self.changed({"at": last, "after": 0})


class Cursor(Incoming):
    """How far both have come."""

    tickets: Place
    notes: Place
    told: str = ""
    """What was told lately, as digests of the keys, one after the other."""

    def digests(self) -> list[str]:
        """Return them one by one."""
        return [self.told[at : at + _DIGITS] for at in range(0, len(self.told), _DIGITS)]


class Following:
    """Reads changes of one account."""

    def __init__(self, api: Api, config: HubSpotConfig, people: People) -> None:
        self._api, self._key, self._pipeline, self._people = api, config.key_property, config.pipeline, people
        self._means = config.meanings()
        self._lately: dict[str, dict[str, datetime]] = {}
        """What was told of the window, by cursor: a busy window has more of it than a cursor can hold."""

    async def since(self, cursor: str) -> Changes:
        """Return what changed; raises as ``Api`` does."""
        now = datetime.now(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # HubSpot's instants have no more
        if not cursor:
            begins = Place(since=now, at=now)
            return Changes(cursor=Cursor(tickets=begins, notes=begins).model_dump_json())
        at = read_cursor(
            Cursor,
            cursor,
            self._api.system,
            lambda since: Cursor(tickets=Place(since=since, at=since), notes=Place(since=since, at=since)),
        )
        if at is None:
            return await self.since("")
        known = self._lately.get(cursor) or dict.fromkeys(at.digests(), now)
        new: list[CaseChange] = []
        for _ in range(ROUNDS):  # of what the engine did itself there may be pages
            found, at, more = await self._sweep(at, now)
            new = [each for each in found if _digest(each.key) not in known]
            if new or not more:
                break
        window = min(at.tickets.since, at.notes.since)
        told = known | {_digest(each.key): each.at for each in new}
        told = {digest: when for digest, when in told.items() if when >= window}
        text = at.changed({"told": "".join([*told][-MOST_TOLD:])}).model_dump_json()
        self._lately = {cursor: known, text: told}  # the one before may be asked for again
        return Changes(cursor=text, changes=tuple(new))

    async def _sweep(self, at: Cursor, now: datetime) -> tuple[list[CaseChange], Cursor, bool]:
        """Return what one page of each search leads to, where to go on, and whether there is more already."""
        tickets, more = await self._searched("tickets", MODIFIED, at.tickets)
        notes, more_notes = await self._searched("notes", CREATED, at.notes)
        found = [*await self._of_tickets(tickets, at.tickets.since), *await self._of_notes(notes, at.notes.since)]
        following = Cursor(
            tickets=at.tickets.beyond(tickets, MODIFIED, now, more=more),
            notes=at.notes.beyond(notes, CREATED, now, more=more_notes),
        )
        return sorted(found, key=lambda each: (each.at, each.key)), following, more or more_notes

    async def _searched(self, objects: Literal["tickets", "notes"], name: str, at: Place) -> tuple[list[Found], bool]:
        has = self._key if objects == "tickets" else None
        return await self._api.search(objects, name, at.at, has=has, most=MOST, after=at.after)

    async def _of_tickets(self, touched: Iterable[Found], since: datetime) -> list[CaseChange]:
        history = [STAGE, OWNER, self._key]
        tickets = await self._api.read(
            "tickets", [each.id for each in touched], [self._key, "hs_pipeline"], history=history, readable=True
        )
        changes: list[CaseChange] = []
        for ticket in tickets:
            if not ticket.says(self._key):
                continue
            us = _writer(ticket, self._key)
            for name in (STAGE, OWNER):
                for value in ticket.history.get(name, ()):
                    if value.at >= since and (value.source, value.source_id) != us:
                        changes += await self._read(ticket, name, value)
        return changes

    async def _read(self, ticket: Found, name: str, value: Value) -> list[CaseChange]:
        """Return what a value says; nothing where it means nothing here."""
        change = CaseChange(
            key=f"{ticket.id}/{name}/{milliseconds(value.at)}",
            case_key=ticket.says(self._key),
            at=value.at,
            by=AUTOMATION if value.by is None and value.source in _NO_PERSON else await self._people.user(value.by),
        )
        if name == OWNER:
            return [change.changed({"owner": await self._people.named(value.value or "")})]
        status = self._means.get(value.value or "") if ticket.says("hs_pipeline") == self._pipeline else None
        return [change.changed({"status": status})] if status is not None else []

    async def _of_notes(self, new: Iterable[Found], since: datetime) -> list[CaseChange]:
        notes = {note.id: note for note in new if _instant(note, CREATED) >= since}
        tickets_of = await self._api.associations("notes", [*notes], "tickets")
        wanted = sorted({ticket for tickets in tickets_of.values() for ticket in tickets})
        tickets = await self._api.read("tickets", wanted, [self._key], readable=True)
        ours = {ticket.id: ticket.says(self._key) for ticket in tickets if ticket.says(self._key)}
        on_ours = [note for note in notes if any(ticket in ours for ticket in tickets_of.get(note, ()))]
        changes: list[CaseChange] = []
        for first in range(0, len(on_ours), AT_ONCE):
            read = await self._api.read(
                "notes", on_ours[first : first + AT_ONCE], [BODY, OWNER, "hs_created_by_user_id"], readable=True
            )
            for note in read:
                changes += await self._noted(note, [ours[each] for each in tickets_of[note.id] if each in ours])
        return changes

    async def _noted(self, note: Found, case_keys: Iterable[str]) -> list[CaseChange]:
        text = said(note)
        if not text:
            return []
        user = note.says("hs_created_by_user_id")
        by = await self._people.user(int(user) if user.isdecimal() else None) or await self._people.named(
            note.says(OWNER)
        )
        note_of = partial(CaseChange, at=note.created, by=by, note=cut(text, LONGEST_NOTE))
        return [note_of(key=f"note/{note.id}/{_digest(key)}", case_key=key) for key in case_keys]


def _writer(ticket: Found, name: str) -> tuple[str | None, str | None]:
    """Return the source of the ticket's key, which only this engine writes."""
    written = max(ticket.history.get(name, ()), key=lambda value: value.at, default=None)
    return (written.source, written.source_id) if written is not None else ("INTEGRATION", None)


def _instant(found: Found, name: str) -> datetime:
    try:
        return datetime.fromisoformat(found.says(name)).astimezone(UTC)
    except ValueError:
        return found.created


def _digest(key: str) -> str:
    return digest_of(key)[:_DIGITS]
