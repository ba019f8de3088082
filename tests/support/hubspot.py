"""An account of HubSpot within the test's own process. Whatever goes in or out is held against HubSpot's descriptions.

Companies, definitions of properties and pipelines are not among the descriptions: companies are held against that of
contacts, which is the same interface, the other two are as HubSpot's documentation has them.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.support.contracts import contract

BASE = "https://api.hubapi.com"
NAMES = (
    "hubspot-crm-v3-tickets.json-errors",
    "hubspot-crm-v3-notes",
    "hubspot-crm-v3-contacts",
    "hubspot-crm-v3-owners",
    "hubspot-crm-v4-associations",
)
BEARER = {"type": "http", "scheme": "bearer"}
"""How a token is sent, OAuth or not; the validator knows this of the two ways to say it."""
US = ("INTEGRATION", "777")
"""Source of what is written by the API with the engine's token."""
EVA = 12
"""A user who works there."""


@cache
def described() -> str:
    """Return all descriptions as one, as JSON; companies as contacts are, errors as JSON everywhere."""
    whole: dict[str, Any] = {"openapi": "3.0.1", "info": {"title": "HubSpot", "version": "3"}, "paths": {}}
    whole |= {
        "servers": [{"url": BASE}],
        "components": {"schemas": {}, "responses": {}, "securitySchemes": {"oauth2": BEARER}},
    }
    for place, name in enumerate([*NAMES, "hubspot-crm-v3-contacts"]):
        text = contract(f"{name}.openapi.json").read_text()
        if place == len(NAMES):
            text = text.replace("/objects/contacts", "/objects/companies")
        text = re.sub(
            r"#/components/(schemas|responses)/",
            rf"#/components/\1/N{place}",
            text.replace('"*/*"', '"application/json"'),
        )
        read = json.loads(text)
        whole["paths"] |= read["paths"]
        for part in ("schemas", "responses"):
            whole["components"][part] |= {f"N{place}{key}": each for key, each in read["components"][part].items()}
    return json.dumps(whole)


@cache
def there() -> bool:
    """Tell whether the descriptions are here; without them an account answers all the same."""
    try:
        return bool(described())
    except pytest.skip.Exception:
        return False


@cache
def _validator() -> OpenAPI:
    return OpenAPI.from_dict(json.loads(described()), config=Config(spec_validator_cls=None))


def assert_described(request: httpx.Request, response: httpx.Response) -> None:
    """Fail where a call or its answer is not as HubSpot describes it; skips where the descriptions are not here."""
    if re.match(r"/crm/v3/(properties|pipelines)/", request.url.path):
        return
    asked = MockRequest(
        BASE,
        request.method,
        request.url.path,
        args=dict(request.url.params),
        headers=dict(request.headers),
        data=request.content or None,
    )
    validator = _validator()
    validator.validate_request(asked)
    answered = MockResponse(response.content, response.status_code, content_type="application/json")
    validator.validate_response(asked, answered)


def refusal(status: int, category: str, **more: Any) -> httpx.Response:
    """Return a refusal as HubSpot describes it; its sentence repeats what was sent, as HubSpot's do."""
    said = {"message": "jana@example.org is not valid", "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf"}
    return httpx.Response(status, json={"status": "error", "category": category, **said, **more})


class Account:
    """What is in the account, and what it answers. ``at`` is HubSpot's clock, which goes on with each call."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self.records: dict[str, dict[str, dict[str, Any]]] = {
            name: {} for name in ("tickets", "notes", "contacts", "companies")
        }
        self.pairs: set[tuple[str, str, str, str]] = set()
        self.unique: dict[str, set[str]] = {"tickets": {"escalation_key"}, "contacts": {"email", "customer_number"}}
        self.defined: dict[str, bool] = {"escalation_key": True}
        """Properties of tickets that were defined, and whether their values are unique."""
        self.owners: list[dict[str, Any]] = []
        self.unseen: set[str] = set()
        """Ids that search does not show yet."""
        self.validating = there()

    def add(self, objects: str, source: tuple[str, str] = ("CRM_UI", f"userId:{EVA}"), **properties: str) -> str:
        """Make a record as a person does; return its id."""
        number = str(1000 + sum(len(each) for each in self.records.values()))
        now = self._tick()
        self.records[objects][number] = {
            "id": number,
            "properties": {"hs_object_id": number, "createdate": _iso(now), "hs_createdate": _iso(now)},
            "history": {},
            "createdAt": _iso(now),
            "updatedAt": _iso(now),
            "archived": False,
        }
        self.set(objects, number, source, **properties)
        return number

    def set(
        self, objects: str, number: str, source: tuple[str, str] = ("CRM_UI", f"userId:{EVA}"), **said: str
    ) -> None:
        """Set properties of a record as a person does."""
        record, now = self.records[objects][number], _iso(self._tick())
        for name, value in said.items():
            record["properties"][name] = value
            entry = {"value": value, "timestamp": now, "sourceType": source[0], "sourceId": source[1]}
            record["history"].setdefault(name, []).insert(0, entry)
        record["updatedAt"] = record["properties"]["hs_lastmodifieddate"] = now

    def pair(self, objects: str, number: str, others: str, other: str) -> None:
        """Associate two records."""
        self.pairs |= {(objects, number, others, other), (others, other, objects, number)}

    def owner(self, number: str, email: str, user: int) -> None:
        """Have a user who can own records."""
        now = _iso(self.at)
        owner = {"id": number, "email": email, "userId": user, "type": "PERSON", "archived": False}
        self.owners.append({**owner, "createdAt": now, "updatedAt": now})

    def ticket(self, number: str) -> dict[str, str]:
        """Return what a ticket says."""
        said: dict[str, str] = self.records["tickets"][number]["properties"]
        return said

    def notes(self, ticket: str) -> list[str]:
        """Return the notes of a ticket, oldest first."""
        ids = sorted(
            other for one, number, others, other in self.pairs if (one, number, others) == ("tickets", ticket, "notes")
        )
        return [self.records["notes"][each]["properties"]["hs_note_body"] for each in ids]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a call."""
        response = self._answer(request)
        if self.validating:
            assert_described(request, response)
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content or b"{}")
        parts = [unquote(each) for each in request.url.raw_path.decode().partition("?")[0].strip("/").split("/")]
        assert request.headers["Authorization"] == "Bearer pat-na1-secret"
        if path.startswith("/crm/v3/owners"):
            return self._owners(parts[3:], dict(request.url.params))
        if path.startswith("/crm/v3/properties/"):
            return self._properties(parts[4:], body)
        if path.startswith("/crm/v3/pipelines/"):
            stages = [{"id": each, "label": f"Stage {each}"} for each in "1234"]
            found = parts[4] == "0"
            return _ok({"id": "0", "label": "Support", "stages": stages}) if found else refusal(404, "OBJECT_NOT_FOUND")
        if path.startswith("/crm/v4/objects/"):
            return _ok({"results": [*self._associated(parts[3], parts[4], parts[6])]})
        if path.startswith("/crm/v4/associations/"):
            return self._associations(parts[3], parts[4], body)
        objects, rest = parts[3], parts[4:]
        if rest == ["batch", "read"]:
            return self._read(objects, body)
        if rest == ["search"]:
            return self._search(objects, body)
        if request.method == "POST":
            return self._create(objects, body)
        if request.method == "PATCH":
            self.set(objects, rest[0], US, **body["properties"])
            return _ok(self._shown(objects, rest[0], ()))
        return _ok({"results": [self._shown(objects, each, ()) for each in self.records[objects]][:1]})

    def _owners(self, rest: list[str], asked: dict[str, str]) -> httpx.Response:
        if rest:
            found = [each for each in self.owners if str(each[asked["idProperty"]]) == rest[0]]
            return _ok(found[0]) if found else refusal(404, "OBJECT_NOT_FOUND")
        return _ok({"results": [each for each in self.owners if asked.get("email") in {None, each["email"]}]})

    def _properties(self, rest: list[str], body: dict[str, Any]) -> httpx.Response:
        if not rest:
            self.defined[body["name"]] = body["hasUniqueValue"]
            self.unique["tickets"].add(body["name"])
            return _ok(body, 201)
        if rest[0] not in self.defined:
            return refusal(404, "OBJECT_NOT_FOUND")
        return _ok({"name": rest[0], "hasUniqueValue": self.defined[rest[0]]})

    def _read(self, objects: str, body: dict[str, Any]) -> httpx.Response:
        by, wanted = body.get("idProperty"), [each["id"] for each in body["inputs"]]
        if by is not None and by not in self.unique.get(objects, set()):
            return refusal(400, "VALIDATION_ERROR", errors=[{"message": "no", "code": "PROPERTY_DOESNT_EXIST"}])
        records = self.records[objects]
        found = [each for each in wanted if each in records]
        if by is not None:
            found = [each for each, record in records.items() if record["properties"].get(by) in wanted]
        said: dict[str, Any] = {"status": "COMPLETE", "startedAt": _iso(self.at), "completedAt": _iso(self.at)}
        said["results"] = [
            self._shown(objects, each, body["propertiesWithHistory"], body["properties"]) for each in found
        ]
        if len(found) == len(wanted):
            return _ok(said)
        missing = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "no",
            "context": {},
            "errors": [],
            "links": {},
        }
        return _ok({**said, "numErrors": 1, "errors": [missing]}, 207)

    def _search(self, objects: str, body: dict[str, Any]) -> httpx.Response:
        (name,) = body["sorts"]
        since, *has = body["filterGroups"][0]["filters"]
        found = [
            number
            for number, record in self.records[objects].items()
            if number not in self.unseen
            and _milliseconds(record["properties"][name]) >= int(since["value"])
            and all(record["properties"].get(each["propertyName"]) for each in has)
        ]
        found.sort(key=lambda each: self.records[objects][each]["properties"][name])
        page = found[int(body["after"]) :][: body["limit"]]
        return _ok(
            {"total": len(found), "results": [self._shown(objects, each, (), body["properties"]) for each in page]}
        )

    def _create(self, objects: str, body: dict[str, Any]) -> httpx.Response:
        said = body["properties"]
        for name in self.unique.get(objects, set()) & set(said):
            if any(each["properties"].get(name) == said[name] for each in self.records[objects].values()):
                return self._taken(said[name])
        number = self.add(objects, US, **said)
        for each in body["associations"]:
            kinds = {16: "contacts", 228: "tickets"}
            self.pair(objects, number, kinds[each["types"][0]["associationTypeId"]], each["to"]["id"])
        return _ok(self._shown(objects, number, (), said), 201)

    def _taken(self, value: str) -> httpx.Response:
        wrong = json.dumps([{"isValid": False, "message": f"{value} is taken", "error": "CONFLICTING_UNIQUE_VALUE"}])
        return refusal(400, "VALIDATION_ERROR", message=f"Property values were not valid: {wrong}")

    def _associated(self, objects: str, number: str, others: str) -> Iterator[dict[str, Any]]:
        kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 228}]
        for one, each, them, other in sorted(self.pairs):
            if (one, each, them) == (objects, number, others):
                yield {"toObjectId": other, "associationTypes": kinds}

    def _associations(self, objects: str, others: str, body: dict[str, Any]) -> httpx.Response:
        pairs = [
            {"from": {"id": each["id"]}, "to": [*self._associated(objects, each["id"], others)]}
            for each in body["inputs"]
        ]
        times = {"startedAt": _iso(self.at), "completedAt": _iso(self.at)}
        return _ok({"status": "COMPLETE", **times, "results": [each for each in pairs if each["to"]]})

    def _shown(self, objects: str, number: str, history: Any, properties: Any = ()) -> dict[str, Any]:
        record = self.records[objects][number]
        shown = {name: record["properties"][name] for name in properties if name in record["properties"]}
        kept = {name: record["history"].get(name, []) for name in history}
        plain = {name: record[name] for name in ("id", "createdAt", "updatedAt", "archived")}
        return {**plain, "properties": shown, **({"propertiesWithHistory": kept} if kept else {})}

    def _tick(self) -> datetime:
        self.at = max(self.at + timedelta(milliseconds=1), datetime.now(UTC))
        return self.at


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def _ok(said: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=said)
