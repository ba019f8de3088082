"""What people did to cases of ours in Salesforce: rows of CaseHistory, and comments.

Object Reference: "CaseHistory" has a row for each change of a tracked field (Status and Owner have to be tracked:
Setup, Object Manager, Case, Fields, Set History Tracking), and two for an owner, of which one has the name.
"CaseComment" has the comments. Both are read in the order of their creation, from where the last sweep ended. What is
younger than ``SETTLED`` waits: an instant is that of a transaction's beginning, so something older may still appear.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from activities.crm.hearing import LONGEST_NOTE, Staff, read_cursor, sound
from activities.crm.marks import MARKED
from activities.crm.port import Changes
from activities.crm.salesforce.api import Api, Name, Record
from activities.crm.salesforce.config import Id, SalesforceConfig
from activities.crm.salesforce.keys import key_from
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseChange
from escalation.model.ticket import AUTOMATION, TicketStatus
from escalation.texts import cut
from escalation.values import Incoming

SETTLED: Final = timedelta(seconds=60)
MOST_ROWS: Final = 200
MOST_COMMENTS: Final = 100
"""Each has 4,000 bytes at most, and an answer may have a megabyte."""
OWNER: Final = frozenset({"Owner", "ownerAssignment", "ownerAccepted", "ownerEscalated"})
AUTOMATED: Final = "AutomatedProcess"
"""Type of the user that flows run as."""
CUSTOMERS: Final = frozenset({"CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "Guest"})
"""Types of users that are customers (Object Reference, "User", ``UserType``)."""
_PERSON: Final = re.compile(r"(005|00G)[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(AwareDatetime)
_FIRST: Final = "000000000000000"
_SHORT: Final = 15
"""Characters of an id that tell it from others; the three behind them are a checksum."""
_AFTER: Final = (
    ":key != null AND CreatedById != :us AND (CreatedDate > :at OR (CreatedDate = :at AND Id > :last)) "
    "ORDER BY CreatedDate, Id LIMIT :most"
)
_HISTORY: Final = (
    "SELECT Id, :key, CreatedById, CreatedBy.Name, CreatedBy.UserType, CreatedDate, Field, NewValue "
    "FROM CaseHistory WHERE Field IN (:tracked) AND " + _AFTER
)
_COMMENTS: Final = (
    "SELECT Id, :key, CreatedById, CreatedBy.Name, CreatedBy.UserType, CreatedDate, CommentBody, IsPublished "
    "FROM CaseComment WHERE " + _AFTER
)


class Place(Incoming):
    """The last row that was told."""

    at: AwareDatetime
    id: Id = _FIRST


class Cursor(Incoming):
    """How far each of the two was read."""

    history: Place
    comments: Place


class Following:
    """Reads the changes of one organisation; ``means`` says what its statuses mean here."""

    def __init__(self, api: Api, config: SalesforceConfig, means: Mapping[str, TicketStatus]) -> None:
        self._api, self._config, self._means = api, config, means
        self._staff = Staff({actor: number[:_SHORT] for actor, number in config.owners.items()})

    async def since(self, cursor: str) -> Changes:
        """Return what changed; raises as ``Api`` does."""
        if not cursor:
            _, now = await self._api.query("SELECT Id FROM User WHERE Id = :user", user=self._config.user)
            return Changes(cursor=Cursor(history=Place(at=now), comments=Place(at=now)).model_dump_json())
        at = read_cursor(
            Cursor, cursor, self._api.system, lambda since: Cursor(history=Place(at=since), comments=Place(at=since))
        )
        if at is None:
            return await self.since("")
        history, after = await self._rows(_HISTORY, at.history)
        comments, then = await self._rows(_COMMENTS, at.comments)
        read = [
            *sound(partial(self._of_history, given=self._given(history)), history, self._api.system),
            *sound(self._of_comment, comments, self._api.system),
        ]
        found = [change for change in read if change is not None]
        found.sort(key=lambda change: (change.at, change.key))
        return Changes(cursor=Cursor(history=after, comments=then).model_dump_json(), changes=tuple(found))

    async def _rows(self, soql: str, place: Place) -> tuple[list[Record], Place]:
        """Return the settled rows after a place, and the place after them."""
        parent = "Case" if soql is _HISTORY else "Parent"
        rows, now = await self._api.query(
            soql,
            key=Name(f"{parent}.{self._config.key_field}"),
            tracked=("Status", *sorted(OWNER)),
            us=self._config.user,
            at=place.at,
            last=place.id,
            most=MOST_ROWS if soql is _HISTORY else MOST_COMMENTS,
        )
        dated = sound(lambda row: (self._at(row), row), rows, self._api.system)
        settled = [row for at, row in dated if at <= now - SETTLED]
        last = settled[-1] if settled else None
        return settled, Place(at=self._at(last), id=str(last["Id"])) if last is not None else place

    def _given(self, rows: Iterable[Record]) -> dict[tuple[str, ...], str]:
        """Return whose a case became, by what both rows of one change have in common; empty where it is not clear."""
        given: dict[tuple[str, ...], str] = {}
        for row in rows:
            new = str(row.get("NewValue") or "")
            if row.get("Field") in OWNER and _PERSON.fullmatch(new):
                given[_change_of(row)] = "" if _change_of(row) in given else new
        return given

    def _of_history(self, row: Record, given: Mapping[tuple[str, ...], str]) -> CaseChange | None:
        try:
            what = self._changed(row, given)
            return self._told(row, "Case", what) if what else None
        except (LookupError, TypeError, AttributeError):
            raise self._odd("a row") from None

    def _of_comment(self, row: Record) -> CaseChange | None:
        try:
            text = str(row["CommentBody"] or "").strip()
            what = {"note": cut(text, LONGEST_NOTE), "public": bool(row["IsPublished"])}
            return self._told(row, "Parent", what) if text and not MARKED.search(text) else None
        except (LookupError, TypeError, AttributeError):
            raise self._odd("a row") from None

    def _changed(self, row: Record, given: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
        new = str(row["NewValue"] or "")
        if row["Field"] == "Status":
            return {"status": self._means[new]} if new in self._means else {}
        if _PERSON.fullmatch(new):
            return {}
        return {"owner": self._staff.named(new, given.get(_change_of(row), "")[:_SHORT])}

    def _told(self, row: Record, parent: str, what: dict[str, Any]) -> CaseChange:
        author = row.get("CreatedBy") or {}
        by_customer = author.get("UserType") in CUSTOMERS
        return CaseChange(
            key=str(row["Id"]),
            case_key=key_from(str(row[parent][self._config.key_field])),
            at=self._at(row),
            by="" if by_customer else self._by(author, str(row["CreatedById"])),
            by_customer=by_customer,
            **what,
        )

    def _by(self, author: Mapping[str, Any], number: str) -> str:
        if author.get("UserType") == AUTOMATED:
            return AUTOMATION
        return self._staff.named(str(author.get("Name") or number), number[:_SHORT])

    def _at(self, row: Record) -> datetime:
        try:
            return _INSTANT.validate_python(row["CreatedDate"])
        except (ValidationError, LookupError, TypeError):
            raise self._odd("a date") from None

    def _odd(self, what: str) -> RemoteRefused:
        return RemoteRefused(f"{self._api.system}: {what} is not in the form that Salesforce documents")


def _change_of(row: Record) -> tuple[str, ...]:
    """Return what the row with an owner's name has in common with that of their id."""
    return (str(row.get("Case")), str(row.get("CreatedById")), str(row.get("CreatedDate")))
