"""HubSpot's CRM API (v3 objects, v4 associations), as far as it is needed, and what one has to know of it.

Described by developers.hubspot.com/docs/api-reference (CRM objects, associations v4, properties, error handling):

* Records are read by id, or by a property with unique values (``idProperty``). That is no search: search lags behind by
  "a few moments" and takes five calls a second. Batch reads keep keys and addresses out of URLs.
* A batch read leaves out what is not there, with 200, or with 207 and an error for each.
* A refusal has a ``category``; every other part of it may be missing. 429 comes without ``Retry-After``; 423 (locked by
  a large import) and 477 (being moved to another data centre) mean "later".
* ``updatedAt`` and history are of HubSpot's clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from activities.auth import bearer
from activities.connector import Tools
from activities.crm.hearing import sound
from activities.crm.hubspot.records import (
    Associated,
    AssociatedPage,
    Batch,
    Found,
    Owner,
    OwnerPage,
    Pairs,
    PipelineFound,
    PropertyFound,
)
from activities.http import code_of
from escalation.errors import RemoteRefused, Unreadable
from escalation.values import Record

LATER: Final = frozenset({423, 477})
NOT_UNIQUE: Final = "CONFLICTING_UNIQUE_VALUE"
"""HubSpot's code for a value that another record has already; it stands in the message of a ``VALIDATION_ERROR``."""
MOST_AT_ONCE: Final = 100
"""Records of a batch read."""
MOST_WITH_HISTORY: Final = 50
MOST_ASSOCIATED: Final = 500
"""Records of one page of associations."""
PAGES: Final = 4
OWNERS_AT_ONCE: Final = 100
MOST_PAGES_OF_OWNERS: Final = 20
NOTE_TO_TICKET: Final = 228
TICKET_TO_CONTACT: Final = 16
"""HubSpot's own types of associations."""
_NOT_FOUND: Final = frozenset({"OBJECT_NOT_FOUND", "NOT_FOUND"})
_SCOPES: Final = ("missingScopes", "requiredGranularScopes", "requiredScopes")

Objects = Literal["tickets", "notes", "contacts", "companies"]
T = TypeVar("T", bound=Record)


class Api:
    """The account of one token. Methods raise as ``activities.http.call`` does."""

    def __init__(self, tools: Tools, url: str, token: str) -> None:
        self.system = tools.name
        self._remote = tools.remote(url, bearer(token), reason=reason, also_retry=LATER)

    async def read(
        self,
        objects: Objects,
        ids: Sequence[str],
        properties: Sequence[str],
        *,
        by: str | None = None,
        history: Sequence[str] = (),
        readable: bool = False,
    ) -> list[Found]:
        """Return the records of these ids, or of these values of the unique property ``by``, in any order.

        With ``readable`` those that are in no known form are passed over.
        """
        found: list[Found] = []
        for some in _batches(ids, MOST_WITH_HISTORY if history else MOST_AT_ONCE):
            body: dict[str, Any] = {
                "properties": [*properties],
                "propertiesWithHistory": [*history],
                "inputs": [{"id": each} for each in some],
            }
            answer = await self._remote.ask(
                "POST", f"/crm/v3/objects/{objects}/batch/read", json=body | ({"idProperty": by} if by else {})
            )
            if answer.body is None and len(some) > 1:  # long texts: fewer at once
                half = len(some) // 2
                for part in (some[:half], some[half:]):
                    found += await self.read(objects, part, properties, by=by, history=history, readable=readable)
                continue
            batch = self._readable(answer.json()) if readable else self._as(Batch, answer.json())
            for failed in batch.errors:
                if failed.category not in _NOT_FOUND:
                    code = code_of(failed.category)
                    raise RemoteRefused(f"{self.system}: could not read {objects} ({code})", answer.status, code)
            found += batch.results
        return found

    async def create(self, objects: Objects, properties: Mapping[str, str], to: Mapping[str, int]) -> Found:
        """Create a record that is associated with others from the start; ``to`` has the type of each by its id."""
        associations = [
            {
                "to": {"id": each},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}],
            }
            for each, kind in to.items()
        ]
        body = {"properties": properties, "associations": associations}
        return self._as(Found, await self._remote.send("POST", f"/crm/v3/objects/{objects}", body))

    async def change(self, objects: Objects, record: str, properties: Mapping[str, str]) -> None:
        """Set properties of a record."""
        await self._remote.send("PATCH", f"/crm/v3/objects/{objects}/{_path(record)}", {"properties": properties})

    async def associated(self, objects: Objects, record: str, to: Objects) -> list[Associated]:
        """Return what a record is associated with, at most ``PAGES`` pages; nothing where there is no such record."""
        found: list[Associated] = []
        query: dict[str, str | int] = {"limit": MOST_ASSOCIATED}
        for _ in range(PAGES):
            said = await self._remote.get(f"/crm/v4/objects/{objects}/{_path(record)}/associations/{to}", query)
            if said is None:
                break
            page = self._as(AssociatedPage, said)
            found += page.results
            if page.paging is None or page.paging.next is None:
                break
            query["after"] = page.paging.next.after
        return found

    async def associations(self, objects: Objects, records: Sequence[str], to: Objects) -> dict[str, list[str]]:
        """Return the ids that each of at most a thousand records is associated with."""
        if not records:
            return {}
        inputs = {"inputs": [{"id": each} for each in records]}
        said = await self._remote.send("POST", f"/crm/v4/associations/{objects}/{to}/batch/read", inputs)
        return {pair.of.id: [each.id for each in pair.to] for pair in self._as(Pairs, said).results}

    async def search(
        self, objects: Objects, sort: str, since: datetime, *, has: str | None, most: int, after: int
    ) -> tuple[list[Found], bool]:
        """Return records whose instant ``sort`` is not before ``since``, oldest first; those alone that ``has`` it.

        What is in no known form is passed over. Tells also whether there may be more.
        """
        filters: list[dict[str, str]] = [
            {"propertyName": sort, "operator": "GTE", "value": str(milliseconds(since))},
        ]
        if has is not None:
            filters.append({"propertyName": has, "operator": "HAS_PROPERTY"})
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [sort],
            "properties": [sort],
            "limit": most,
            "after": str(after),
        }
        said = await self._remote.send("POST", f"/crm/v3/objects/{objects}/search", body)
        return [*self._readable(said).results], len(said["results"]) >= most

    async def owner_of(self, email: str) -> str | None:
        """Return the owner id of a user."""
        said = await self._remote.get("/crm/v3/owners", {"email": email, "limit": 1})
        page = self._as(OwnerPage, said or {"results": []})
        return page.results[0].id if page.results else None

    async def owner(self, number: str, by: Literal["id", "userId"]) -> Owner | None:
        """Return an owner by their own id or that of the user; None where there is none."""
        said = await self._remote.get(f"/crm/v3/owners/{_path(number)}", {"idProperty": by})
        return None if said is None else self._as(Owner, said)

    async def owners(self) -> list[Owner]:
        """Return all owners, at most two thousand."""
        found: list[Owner] = []
        query: dict[str, str | int] = {"limit": OWNERS_AT_ONCE}
        for _ in range(MOST_PAGES_OF_OWNERS):
            page = self._as(OwnerPage, (await self._remote.ask("GET", "/crm/v3/owners", query=query)).json())
            found += page.results
            if page.paging is None or page.paging.next is None:
                break
            query["after"] = page.paging.next.after
        return found

    async def try_reading(self, objects: Objects) -> None:
        """See whether records of a kind may be read."""
        await self._remote.ask("GET", f"/crm/v3/objects/{objects}", query={"limit": 1})

    async def property_of(self, objects: Objects, name: str) -> PropertyFound | None:
        """Return how a property is defined; None where there is none."""
        said = await self._remote.get(f"/crm/v3/properties/{objects}/{name}")
        return None if said is None else self._as(PropertyFound, said)

    async def define_unique(self, objects: Objects, group: str, name: str, label: str, description: str) -> None:
        """Define a property whose values are unique."""
        body = {
            "groupName": group,
            "name": name,
            "label": label,
            "description": description,
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
        }
        await self._remote.send("POST", f"/crm/v3/properties/{objects}", body)

    async def pipeline(self, objects: Objects, pipeline: str) -> PipelineFound | None:
        """Return a pipeline with its stages; None where there is none."""
        said = await self._remote.get(f"/crm/v3/pipelines/{objects}/{_path(pipeline)}")
        return None if said is None else self._as(PipelineFound, said)

    def _readable(self, said: Any) -> Batch:
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list):
            raise RemoteRefused(f"{self.system}: the answer is not of the form that HubSpot describes")
        found = tuple(sound(lambda each: self._as(Found, each), results, self.system))
        return self._as(Batch, {**said, "results": ()}).changed({"results": found})

    def _as(self, model: type[T], said: Any) -> T:
        try:
            return model.model_validate(said)
        except ValidationError:
            raise Unreadable(f"{self.system}: the answer is not of the form that HubSpot describes") from None


def reason(said: Any) -> str:
    """Find HubSpot's own code in a refusal: its category, and what it is about where that is a code too."""
    category = str(said["category"])
    for each in (said, *said.get("errors", ())):
        context = each.get("context") or {}
        scopes = (found for name in _SCOPES for found in context.get(name, ()))
        about = NOT_UNIQUE if NOT_UNIQUE in str(each.get("message")) else next(scopes, None)
        about = about or each.get("code") or each.get("subCategory")
        if code_of(f"{category}:{about or ''}") and about:
            return f"{category}:{about}"
    return category


def refused_as_taken(error: RemoteRefused) -> bool:
    """Tell whether a new record was refused for what may be another's unique value."""
    return error.status in {httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT}


def milliseconds(at: datetime) -> int:
    """Return an instant as HubSpot writes it."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000


def newest_first(ids: Sequence[str]) -> list[str]:
    """Sort ids: HubSpot counts them upwards."""
    return sorted(ids, key=lambda each: (len(each), each), reverse=True)


def _batches(ids: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), most):
        yield ids[first : first + most]


def _path(part: str) -> str:
    return quote(part, safe="")
