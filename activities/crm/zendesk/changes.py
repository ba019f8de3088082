"""What people did to tickets of ours in Zendesk: which changed, by the incremental export, and how, by their audits.

Page "Incremental Exports" and documentation/ticketing/managing-tickets/using-the-incremental-export-api: the cursor
based export lists tickets that changed since it was asked last, to admins, ten times a minute, and leaves out what
happened in the minute before. The export of ticket events would tell the changes too, but neither external ids nor
metadata, and a page of it is larger than the foundation takes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from pydantic import AwareDatetime

from activities.crm.hearing import LONGEST_NOTE, Staff, passed_over, read_cursor
from activities.crm.port import Changes
from activities.crm.zendesk.api import TOO_MANY, Api, Audit, Exported, User
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseChange
from escalation.model.ticket import AUTOMATION, TicketStatus
from escalation.texts import cut
from escalation.values import Incoming

MEANS: Final[Mapping[str, TicketStatus]] = {
    "new": "open",
    "open": "open",
    "pending": "pending",
    "hold": "pending",
    "solved": "solved",
    "closed": "closed",
}
EARLY: Final = timedelta(minutes=2)
"""The export refuses to start within the last minute; earlier changes are left out by their own instant."""
AGAIN: Final = timedelta(minutes=5)
"""So far back updates are told again of a ticket that comes again: the export holds back the latest minute."""
EXPIRED: Final = frozenset({400, 404, 410, 422})
"""How a cursor may be refused that Zendesk does not know any more: the export begins again at the instant."""
ITSELF: Final = -1
"""The author of what an automation did."""


class Cursor(Incoming):
    """How far a sweep has come."""

    since: AwareDatetime
    """What happened from then on is told."""
    begun: AwareDatetime | None = None
    """When a sweep began that has more pages."""
    after: str = ""
    """Zendesk's own cursor; empty: from the beginning."""


class Following:
    """Reads the changes of one account."""

    def __init__(self, api: Api, staff: Staff) -> None:
        self._api, self._staff = api, staff

    async def since(self, cursor: str) -> Changes:
        """Return what changed; raises as ``Api`` does."""
        if not cursor:
            return Changes(cursor=_written(Cursor(since=await self._api.now())))
        at = read_cursor(Cursor, cursor, self._api.system, lambda since: Cursor(since=since))
        if at is None:
            return Changes(cursor=_written(Cursor(since=await self._api.now())))
        start: dict[str, str | int] = {"start_time": int((at.since - EARLY).timestamp())}
        try:
            exported, now = await self._api.exported({"cursor": at.after} if at.after else start)
        except RemoteRefused as error:
            if not at.after or error.status not in EXPIRED:
                raise
            passed_over(self._api.system, "place_lost", since=at.since.isoformat())
            at = Cursor(since=at.since)
            exported, now = await self._api.exported(start)
        changes = await self._told(exported, at.since)
        return Changes(cursor=_written(_next(at, exported, now)), changes=tuple(changes))

    async def _told(self, exported: Exported, since: datetime) -> list[CaseChange]:
        ours = {ticket.id: ticket.key for ticket in exported.tickets if ticket.key and ticket.status != "deleted"}
        if not ours:
            return []
        me = (await self._api.me()).id
        found: list[tuple[str, Audit]] = []
        for number, key in ours.items():
            found += [(key, audit) for audit in await self._by_others(number, since, me)]
        found.sort(key=lambda each: (each[1].created_at, each[1].id))
        users = await self._users([audit for _, audit in found])
        return [self._change(key, audit, users) for key, audit in found]

    async def _by_others(self, number: int, since: datetime, me: int) -> list[Audit]:
        """Return the updates of a ticket that are told; none of one with too many: others wait behind it."""
        try:
            return [
                audit
                async for audit in self._api.audits(number, readable=True)
                if audit.created_at >= since and not audit.mark and audit.author_id != me and _what(audit)
            ]
        except RemoteRefused as error:
            if error.reason != TOO_MANY and error.status != httpx.codes.NOT_FOUND:
                raise
            passed_over(self._api.system, "unreadable")  # also one that was deleted since it was listed
            return []

    async def _users(self, audits: Iterable[Audit]) -> dict[int, User]:
        """Return whoever acted or was given a ticket, as many at a time as one call may ask for."""
        numbers = sorted({each for audit in audits for each in (audit.author_id, _owner(_what(audit).get("owner")))})
        users: dict[int, User] = {}
        for first in range(0, len(numbers), 100):
            users |= await self._api.users(numbers[first : first + 100])
        return users

    def _change(self, key: str, audit: Audit, users: Mapping[int, User]) -> CaseChange:
        what = _what(audit)
        if "owner" in what:
            what["owner"] = self._name(_owner(what["owner"]), users)
        author = users.get(audit.author_id)
        by_customer = author is not None and author.role == "end-user"
        by = AUTOMATION if audit.author_id == ITSELF else self._name(audit.author_id, users)
        return CaseChange(
            key=str(audit.id),
            case_key=key,
            at=audit.created_at,
            by="" if by_customer else by,
            by_customer=by_customer,
            **what,
        )

    def _name(self, number: int, users: Mapping[int, User]) -> str:
        if number <= 0:
            return ""
        return self._staff.named(users[number].name if number in users else str(number), number)


def _what(audit: Audit) -> dict[str, Any]:
    """Return what an update did, as fields of a ``CaseChange``; nothing where that means nothing here.

    Page "Ticket Audit events": a ``Change`` has the field's name and its new value, a ``Comment`` its words.
    """
    what: dict[str, Any] = {}
    for event in audit.events:
        if event.type == "Change" and event.field_name == "status" and str(event.value) in MEANS:
            what["status"] = MEANS[str(event.value)]
        elif event.type == "Change" and event.field_name == "assignee_id":
            what["owner"] = str(event.value or "")
        elif event.type == "Comment":
            note = str(event.plain_body or event.body or "").strip()
            what |= {"note": cut(note, LONGEST_NOTE), "public": event.public is True} if note else {}
    return what


def _owner(value: object) -> int:
    return int(str(value)) if str(value or "").isdigit() else 0


def _next(at: Cursor, exported: Exported, now: datetime) -> Cursor:
    begun = at.begun or now
    after = exported.after_cursor or at.after
    if exported.end_of_stream:
        return Cursor(since=max(at.since, begun - AGAIN), after=after)
    return Cursor(since=at.since, begun=begun, after=after)


def _written(cursor: Cursor) -> str:
    return cursor.model_dump_json(exclude_defaults=True)
