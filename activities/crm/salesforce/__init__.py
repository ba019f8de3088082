"""Salesforce as a help desk, by its documentation (REST API Developer Guide, Object Reference).

What is done once, and by which means:

* A case carries its external id in a field that is External ID and Unique, by which it is read and upserted; the
  database refuses a second one (``DUPLICATE_VALUE``). "/" and "." of a key are written ``~1`` and ``~2`` in it: both
  mean something in an address (page "Upsert Records Using sObject Rows by External ID").
* Status, owner and note of an update are one transaction (``composite`` with ``allOrNone``). Comments of cases have no
  fields of an organisation's own, so a note ends with ``[escalation ...]``, a fingerprint of its key, by which a query
  of the database, not of a search index, finds it again.
* A case that an update names by its id is read first, and written on only when it carries the key, or where another
  escalation linked it later, when the note of the opening stands on it.
* What remains: an update that is given up and asked for again while Salesforce still works on it is written twice.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from activities.auth import ClientCredentials
from activities.connector import Tools
from activities.crm.belonging import anothers
from activities.crm.marks import WHOLE, mark
from activities.crm.own_fields import filled, refilled
from activities.crm.port import Changes
from activities.crm.salesforce.api import LATER, TAKEN, Api, Name, Record, reason
from activities.crm.salesforce.changes import Following
from activities.crm.salesforce.config import SalesforceConfig as SalesforceConfig
from activities.crm.salesforce.keys import key_to, marked
from activities.crm.statuses import meanings, named
from escalation.errors import RemoteRefused
from escalation.model.actions import CaseLink, CustomerSnapshot, OpenCase, UpdateCase
from escalation.texts import cut

CASE: Final = re.compile(r"500[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")
LONGEST_SUBJECT: Final = 255
LONGEST_DESCRIPTION: Final = 30_000
"""Characters; the field has 32 kB."""
HISTORY: Final = 10
MOST_TICKETS: Final = 100


class Salesforce:
    """A ``Watched`` help desk."""

    def __init__(self, config: SalesforceConfig, tools: Tools) -> None:
        self._config, self._name = config, tools.name
        # help.salesforce.com, "OAuth 2.0 Client Credentials Flow": at the My Domain address. The answer does not say
        # when the token ends, so it is had anew when it is refused (401 INVALID_SESSION_ID).
        auth = ClientCredentials(
            tools.client,
            f"{config.url}/services/oauth2/token",
            config.client_id.value,
            config.client_secret.value,
            system=tools.name,
            in_body=True,
        )
        self._api = Api(tools.remote(config.url, auth, reason=reason, later=LATER), config.version)
        self._statuses = named(config.statuses)
        means = meanings(self._statuses, config.means, said="means" in config.model_fields_set)
        self._following = Following(self._api, config, means)

    async def open_ticket(self, action: OpenCase) -> CaseLink:
        """Find the case by its external id, else link the case's own, else open one; then see to the staff's note."""
        known = await self._carrying(action.key)
        if action.case.system == self._name:
            number = str((known or await self._own(action))["Id"])
            changes = self._severe(action) | {self._config.key_field: key_to(action.key)}
        else:
            number = str((known or await self._create(action))["Id"])
            changes = {}
        if not await self._noted(number, action.key):
            if changes and await self._ended(number):
                changes["Status"] = self._statuses["open"]
            await self._write(number, changes, f"{action.subject}\n\n{action.body}", action.key, public=False)
        url = f"{self._config.url}/lightning/r/Case/{number}/view"
        return CaseLink(ticket=number, url=url, system=self._name)

    async def customer(self, customer_id: str, besides: str) -> CustomerSnapshot | None:
        """Return tier, account, open cases among the latest 100, and the latest ten."""
        tier = self._config.tier
        contact = await self._contact(customer_id, "Account.Name", *([tier] if tier else []))
        if contact is None:
            return None
        listed, _ = await self._api.query(
            "SELECT Id, CaseNumber, Status, IsClosed, Subject, CreatedDate FROM Case "
            "WHERE ContactId = :contact ORDER BY CreatedDate DESC, Id DESC LIMIT :most",
            contact=str(contact["Id"]),
            most=MOST_TICKETS,
        )
        others = [each for each in listed if str(each["Id"])[:15] != besides[:15]]
        return CustomerSnapshot(
            fetched_at=datetime.now(UTC),
            system=self._name,
            tier=_at(contact, tier) if tier else "",
            company=_at(contact, "Account.Name"),
            open_tickets=sum(not each["IsClosed"] for each in others),
            history=tuple(_line(each) for each in others[:HISTORY]),
        )

    async def update_ticket(self, action: UpdateCase) -> None:
        """Set status, owner and priority, write the note, all or none; nothing where the note stands there already."""
        number = await self._known(action)
        if action.note and await self._noted(number, action.key):
            return  # a late repeat must not undo what came after
        changes: Record = {}
        if action.status is not None:
            changes["Status"] = self._statuses[action.status]
        if action.owner in self._config.owners:
            changes["OwnerId"] = self._config.owners[action.owner]
        if action.severity is not None:
            changes |= self._priority(action.severity) | refilled(self._config.fields, action)
        if changes or action.note:
            await self._write(number, changes, action.note, action.key, public=action.public)

    async def changes(self, cursor: str) -> Changes:
        """Return what others than this user did to cases with an external id of ours."""
        return await self._following.since(cursor)

    async def check(self) -> str:
        """Ask who one is; look the external id's field, the statuses and the owners up."""
        config = self._config
        identity = (await self._api.identity()).rsplit("/", 1)[-1]
        if identity and identity[:15] != config.user[:15]:
            raise RemoteRefused(f"{self._name}: the app runs as another user than the one named by user")
        user = await self._api.one("SELECT Id, IsActive FROM User WHERE Id = :user", user=config.user)
        if user is None or not user["IsActive"]:
            raise RemoteRefused(f"{self._name}: there is no active user with the id that user names")
        await self._api.one("SELECT Id FROM Case WHERE :field = :key LIMIT 1", field=Name(config.key_field), key="none")
        there = {str(each["ApiName"]) for each in (await self._api.query("SELECT ApiName FROM CaseStatus"))[0]}
        missing = sorted({*self._statuses.values(), *config.means} - there)
        said = f"is {config.user}, REST API {config.version}; cases are found by {config.key_field}"
        said += f"; statuses that are not there: {', '.join(missing)}" if missing else ""
        people = sorted({owner for owner in config.owners.values() if owner.startswith("005")})
        if people:
            found, _ = await self._api.query("SELECT Id FROM User WHERE Id IN (:ids) AND IsActive = true", ids=people)
            known = {str(each["Id"])[:15] for each in found}
            gone = [each for each in people if each[:15] not in known]
            said += f"; owners who are no active users there: {', '.join(gone)}" if gone else ""
        return said

    async def _carrying(self, key: str) -> Record | None:
        return await self._api.find("Case", self._config.key_field, key_to(key), "Id")

    async def _known(self, action: UpdateCase) -> str:
        """Return the id of the update's case; one that is named has to carry its key."""
        number = action.ticket or str((await self._carrying(action.case_key) or {}).get("Id") or "")
        if not CASE.fullmatch(number):
            raise RemoteRefused(f"{self._name}: no ticket was opened for {action.case_key}")
        if action.ticket:
            field = Name(self._config.key_field)
            found = await self._api.one("SELECT Id, :key FROM Case WHERE Id = :case", key=field, case=number)
            # What is not there Salesforce refuses itself.
            carried = found[field] if found is not None else key_to(action.case_key)
            # Another one may have linked it since: then the note of this one's opening still says whose it was.
            if carried != key_to(action.case_key) and not (carried and await self._noted(number, action.case_key)):
                raise anothers(self._name, action)
        return number

    async def _own(self, action: OpenCase) -> Record:
        """Return the case's own record, by id or number."""
        field = Name("Id" if CASE.fullmatch(action.case.id) else "CaseNumber")
        found = await self._api.one(
            "SELECT Id FROM Case WHERE :field = :case LIMIT 1", field=field, case=action.case.id
        )
        if found is None:
            raise RemoteRefused(f"{self._name}: there is no case with the id or number that the escalation names")
        return found

    async def _create(self, action: OpenCase) -> Record:
        customer = action.customer
        contact = await self._contact(customer.id) if customer is not None else None
        made = {
            "Subject": cut(action.subject, LONGEST_SUBJECT),
            "Description": cut(action.description or action.subject, LONGEST_DESCRIPTION, WHOLE),
            "Status": self._statuses["open"],
            **({"ContactId": contact["Id"]} if contact is not None else {}),
            **self._severe(action),
        }
        try:
            await self._api.upsert("Case", self._config.key_field, key_to(action.key), made)
        except RemoteRefused as error:
            if error.reason != TAKEN:
                raise
        found = await self._carrying(action.key)
        if found is None:
            raise RemoteRefused(f"{self._name}: the case is not seen by its external id; the user may not read it")
        return found

    def _severe(self, action: OpenCase) -> Record:
        return self._priority(action.severity) | filled(self._config.fields, action)

    def _priority(self, severity: str) -> Record:
        priority = self._config.priorities.get(severity)
        return {"Priority": priority} if priority else {}

    async def _ended(self, number: str) -> bool:
        found = await self._api.one("SELECT IsClosed FROM Case WHERE Id = :case", case=number)
        return found is not None and bool(found["IsClosed"])

    async def _contact(self, customer_id: str, *fields: str) -> Record | None:
        """Return the one contact with this id, and fields of it; several are nobody."""
        found, _ = await self._api.query(
            "SELECT :fields FROM Contact WHERE :field = :customer LIMIT 2",
            fields=[Name(each) for each in ("Id", *fields)],
            field=Name(self._config.customer_field),
            customer=customer_id,
        )
        return found[0] if len(found) == 1 else None

    async def _noted(self, number: str, key: str) -> bool:
        """Tell whether the note of this key stands on the case."""
        found = await self._api.one(
            "SELECT Id FROM CaseComment WHERE ParentId = :case AND CommentBody LIKE :ending LIMIT 1",
            case=number,
            ending=f"%{mark(key)}",
        )
        return found is not None

    async def _write(self, number: str, changes: Record, note: str, key: str, *, public: bool) -> None:
        parts: list[tuple[str, str, Record]] = []
        if changes:
            parts.append(("PATCH", f"/sobjects/Case/{number}", changes))
        if note:
            comment = {"ParentId": number, "CommentBody": marked(note, key), "IsPublished": public}
            parts.append(("POST", "/sobjects/CaseComment", comment))
        await self._api.together(*parts)


def _at(record: Record, path: str) -> str:
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found)[:200] if isinstance(found, str | int) else ""


def _line(record: Record) -> str:
    when, number, status = str(record["CreatedDate"])[:10], record["CaseNumber"], record["Status"]
    return f"{when} {number} {status}: {cut(str(record['Subject'] or ''), LONGEST_SUBJECT)}"
