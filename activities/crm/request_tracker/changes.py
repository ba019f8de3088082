"""What people did to tickets of ours in Request Tracker, read from its transactions.

RT pages its transactions before it leaves out those that the user may not see, so a page may come empty with more
behind it. Tickets it leaves out in SQL. So a sweep first asks which tickets of ours were touched, some at a time by
number, then for what was done to them; all of it is visible. Instants are RT's own, and go to it as "so many seconds
ago", since it takes a date to be in the user's time zone.

Whatever is younger than ``SETTLED`` is told again by the next sweep, under the same key: a number is given before it is
committed, so something older may still appear.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import AwareDatetime

from activities.crm.hearing import LONGEST_NOTE, Staff, read_cursor
from activities.crm.port import Changes
from activities.crm.request_tracker.rest2 import Rest2, Ticket, Transaction
from escalation.model.actions import CaseChange
from escalation.model.ticket import AUTOMATION, TicketStatus
from escalation.texts import cut
from escalation.values import Incoming

SETTLED: Final = timedelta(seconds=10)
FOLLOWS: Final = timedelta(seconds=5)
"""What RT itself does so soon after this engine (a reply opens the ticket) follows from what the engine did."""
MOST_TICKETS: Final = 50
MOST: Final = 100
"""Transactions of one call; RT gives no more at once."""
MOST_MESSAGES: Final = 20
"""Texts that one call fetches, since each is two requests."""
RT_ITSELF: Final = "RT_System"
NOBODY: Final = "Nobody"
_WATCHED: Final = "(Type = 'Comment' OR Type = 'Correspond' OR Type = 'Status' OR (Type = 'Set' AND Field = 'Owner'))"
_MESSAGES: Final = frozenset({"Comment", "Correspond"})


class Cursor(Incoming):
    """How far a sweep has come."""

    since: AwareDatetime
    """What happened from then on is told."""
    until: AwareDatetime
    """Where the next sweep begins."""
    ticket: int = 0
    """Tickets up to this number are done."""
    transaction: int = 0
    """Of the next tickets, transactions up to this number are done."""


class Following:
    """Reads changes of one RT; ``user`` is the engine's own there, ``means`` says what RT's statuses mean here."""

    def __init__(self, rest: Rest2, user: str, means: Mapping[str, TicketStatus], staff: Staff) -> None:
        self._rest, self._user, self._means, self._staff = rest, user, means, staff

    async def since(self, cursor: str) -> Changes:
        """Return what changed; raises as ``Rest2`` does."""
        now = await self._rest.now()
        if not cursor:
            return Changes(cursor=Cursor(since=now, until=now).model_dump_json())
        at = read_cursor(Cursor, cursor, self._rest.system, lambda since: Cursor(since=since, until=since))
        at = at or Cursor(since=now, until=now)
        if not (at.ticket or at.transaction):
            at = at.changed({"until": max(now - SETTLED, at.since)})
        # One second for what RT's clock does between this and the next question, and for its whole seconds.
        ago = f"'{int((now - at.since + FOLLOWS).total_seconds()) + 1} seconds ago'"
        touched, more = await self._rest.touched(
            f"RefersTo IS NOT NULL AND LastUpdated > {ago} AND id > {at.ticket}"
            " AND (Status = 'deleted' OR Status != 'deleted')",  # else RT leaves out deleted ones
            MOST_TICKETS,
        )
        ours = {ticket.id: ticket for ticket in touched if ticket.external_ids}
        changes, reached = await self._told(at, ago, ours) if ours else ([], 0)
        if reached:
            following = at.changed({"transaction": reached})
        elif more and touched:
            following = at.changed({"ticket": int(touched[-1].id), "transaction": 0})
        else:
            following = Cursor(since=at.until, until=at.until)
        return Changes(cursor=following.model_dump_json(), changes=tuple(changes))

    async def _told(self, at: Cursor, ago: str, ours: Mapping[str, Ticket]) -> tuple[list[CaseChange], int]:
        """Tell what was done to these tickets, and up to which transaction where there is more."""
        named = " OR ".join(f"ObjectId = {number}" for number in ours)
        found, more = await self._rest.transactions(
            f"ObjectType = 'RT::Ticket' AND ({named}) AND Created > {ago} AND id > {at.transaction} AND {_WATCHED}",
            MOST,
        )
        staff: dict[str, bool] = {}
        changes: list[CaseChange] = []
        messages = 0
        for each in self._by_others(found):
            if each.at < at.since:
                continue
            messages += each.type in _MESSAGES
            if messages > MOST_MESSAGES:
                return changes, each.id - 1
            changes += await self._read(each, ours[each.ticket], staff)
        return changes, found[-1].id if more and found else 0

    def _by_others(self, found: Sequence[Transaction]) -> Iterable[Transaction]:
        """Yield what is neither the engine's own nor RT's own consequence of that."""
        by_us: dict[str, datetime] = {}
        for each in found:
            if each.creator.id == self._user:
                by_us[each.ticket] = each.at
            elif each.creator.id != RT_ITSELF:
                by_us.pop(each.ticket, None)
                yield each
            elif each.ticket not in by_us or each.at - by_us[each.ticket] > FOLLOWS:
                yield each

    async def _read(self, each: Transaction, ticket: Ticket, staff: dict[str, bool]) -> list[CaseChange]:
        what = await self._what(each)
        if not what:
            return []
        by = each.creator.id
        if by not in staff:
            user = await self._rest.user(by) if by != RT_ITSELF else None
            staff[by] = by == RT_ITSELF or (user is not None and user.privileged)
        by_customer = not staff[by] or any(by == requestor.id for requestor in ticket.requestors)
        who = AUTOMATION if by == RT_ITSELF else self._staff.named(by, by.casefold())
        said = {"by": "" if by_customer else who, "by_customer": by_customer, **what}
        return [CaseChange(key=str(each.id), case_key=key, at=each.at, **said) for key in ticket.external_ids]

    async def _what(self, each: Transaction) -> dict[str, Any]:
        """Return what a transaction changed, as fields of a ``CaseChange``; nothing where that means nothing here."""
        if each.type == "Status":
            status = self._means.get(each.new)
            return {"status": status} if status else {}
        if each.type in _MESSAGES:
            note = await self._rest.message(each.id)
            return {"note": cut(note, LONGEST_NOTE), "public": each.type == "Correspond"} if note else {}
        user = await self._rest.user_of(each.new)
        if user is None:
            return {}
        return {"owner": "" if user.name == NOBODY else self._staff.named(user.name, user.name.casefold())}
