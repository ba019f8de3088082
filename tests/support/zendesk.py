"""A Zendesk account in the test's own process: tickets, audits, users and the export, answering as documented.

developer.zendesk.com/api-reference/ticketing: ids, audits with metadata, ``Idempotency-Key``, ``safe_update``, 422 on
closed tickets, the export that leaves out the latest minute. Its clock stands until a test moves it.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

ENGINE, EVA, JANA, AUTOMATION = 900, 7, 31, -1
EMAIL, TOKEN = "engine@acme.example", "zt0ken"
ACME = 55
OUR_FIELDS = {"status", "assignee_id", "priority", "external_id", "group_id", "requester_id", "subject"}
_SIGNED = base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()


class Lost(httpx.ReadError):
    """The answer does not arrive; what was asked for was done."""


class Account:
    """What is there. ``lose`` says of which calls the answer is lost."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.users = {
            ENGINE: {"id": ENGINE, "role": "admin", "name": "Escalations"},
            EVA: {"id": EVA, "role": "agent", "name": "Eva N."},
            JANA: {
                "id": JANA,
                "role": "end-user",
                "name": "Jana",
                "external_id": "c-1",
                "email": "jana@acme.example",
                "organization_id": ACME,
                "user_fields": {"plan": None},
            },
        }
        self.organizations = {ACME: {"id": ACME, "name": "Acme", "organization_fields": {"plan": "vip"}}}
        self.fields = {360001}
        self.once: dict[str, tuple[datetime, Any, dict[str, Any]]] = {}
        self.lose: Callable[[httpx.Request], bool] = lambda _: False
        self.refuse: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.page = 100
        self.fat = 0
        """Bytes that each audit is heavier by."""
        self._number = 1000

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"Basic {_SIGNED}":
            return self._answer(401, {"error": "Couldn't authenticate you"})
        refused = self.refuse(request)
        if refused is not None:
            return refused
        answer = self._route(request)
        if self.lose(request):
            raise Lost("lost")
        return answer

    # --- what people do there -------------------------------------------------------------------------------------

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    def opened_by(self, author: int, **fields: Any) -> int:
        """Let somebody open a ticket in the product."""
        return int(self._made({"subject": "Help", "comment": {"body": "Please"}, **fields}, author)["id"])

    def acts(self, author: int, number: int, **changes: Any) -> None:
        """Let somebody update a ticket in the product."""
        self._apply(self.tickets[number], changes, author)

    def comments(self, number: int) -> list[tuple[str, bool]]:
        return [
            (event["body"], event["public"])
            for audit in self.audits[number]
            for event in audit["events"]
            if event["type"] == "Comment"
        ]

    # --- the API ----------------------------------------------------------------------------------------------------

    def _route(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path.removeprefix("/api/v2"), request.url.params
        parts = path.strip("/").split("/")
        if request.method == "GET":
            return self._users_read(parts, asked) or self._tickets_read(parts, asked)
        body = json.loads(request.content)
        match [request.method, *parts]:
            case ["POST", "users", "create_or_update"]:
                return self._answer(201, {"user": self._user(body["user"])})
            case ["POST", "tickets"]:
                return self._create(request, body["ticket"])
            case ["PUT", "tickets", number]:
                return self._update(int(number), body["ticket"])
            case _:
                raise AssertionError(f"{request.method} {path} is no documented call")

    def _users_read(self, parts: list[str], asked: httpx.QueryParams) -> httpx.Response | None:
        match parts:
            case ["users", "me"]:
                return self._answer(200, {"user": self.users[ENGINE]})
            case ["users", "show_many"]:
                wanted = [int(each) for each in asked["ids"].split(",")]
                return self._answer(200, {"users": [self.users[each] for each in wanted if each in self.users]})
            case ["users", "search"]:
                return self._answer(200, {"users": self._searched(asked)})
            case ["users", number, "tickets", "requested"]:
                found = [each for each in self.tickets.values() if each["requester_id"] == int(number)]
                found.sort(key=lambda each: (each["created_at"], each["id"]), reverse=asked["sort_order"] == "desc")
                return self._answer(200, {"tickets": found[: int(asked["per_page"])]})
            case ["organizations", number]:
                return self._found("organization", self.organizations.get(int(number)))
            case _:
                return None

    def _tickets_read(self, parts: list[str], asked: httpx.QueryParams) -> httpx.Response:
        match parts:
            case ["ticket_fields", number]:
                return self._found("ticket_field", {"id": int(number)} if int(number) in self.fields else None)
            case ["tickets"]:
                found = [each for each in self.tickets.values() if each["external_id"] == asked["external_id"]]
                return self._answer(200, {"tickets": found})
            case ["tickets", number, "audits"]:
                return self._audits(int(number), asked)
            case ["tickets", number]:
                return self._found("ticket", self.tickets.get(int(number)))
            case ["incremental", "tickets", "cursor"]:
                return self._export(asked)
            case _:
                raise AssertionError(f"GET {'/'.join(parts)} is no documented call")

    def _create(self, request: httpx.Request, ticket: dict[str, Any]) -> httpx.Response:
        key = request.headers.get("Idempotency-Key", "")
        kept = self.once.get(key)
        if key and kept is not None and self.now - kept[0] < timedelta(hours=2):
            if kept[1] != ticket:
                return self._answer(400, {"error": "IdempotentRequestError", "description": "another body"})
            return self._answer(201, {"ticket": kept[2]}, {"x-idempotency-lookup": "hit"})
        source = ticket.get("via_followup_source_id")
        if source is not None and self.tickets[source]["status"] != "closed":
            return self._answer(422, {"error": "RecordInvalid", "description": "Record validation errors"})
        made = self._made(ticket, ENGINE)
        self.once[key] = (self.now, ticket, dict(made))
        return self._answer(201, {"ticket": made}, {"x-idempotency-lookup": "miss"})

    def _update(self, number: int, ticket: dict[str, Any]) -> httpx.Response:
        known = self.tickets.get(number)
        if known is None:
            return self._answer(404, {"error": "RecordNotFound", "description": "Not found"})
        if known["status"] == "closed":
            said = {"status": [{"description": "Status: closed prevents ticket update"}]}
            return self._answer(422, {"error": "RecordInvalid", "description": "errors", "details": said})
        if ticket.pop("safe_update", False) and ticket.pop("updated_stamp") != known["updated_at"]:
            return self._answer(409, {"error": "UpdateConflict", "description": "Safe Update prevented the update"})
        if ticket.get("status") == "solved" and not (ticket.get("assignee_id") or known["assignee_id"]):
            said = {"base": [{"description": "Assignee: is required when solving a ticket"}]}
            return self._answer(422, {"error": "RecordInvalid", "description": "errors", "details": said})
        audit = self._apply(known, ticket, ENGINE)
        return self._answer(200, {"ticket": known, "audit": audit})

    def _made(self, ticket: dict[str, Any], author: int) -> dict[str, Any]:
        self._number += 1
        number = self._number
        at = self._stamp()
        self.tickets[number] = {
            "id": number,
            "status": ticket.get("status", "new"),
            "external_id": None,
            "subject": ticket.get("subject"),
            "description": ticket["comment"]["body"],
            "requester_id": ticket.get("requester_id") or author,
            "assignee_id": None,
            "priority": None,
            "tags": [],
            "custom_fields": [],
            "created_at": at,
            "updated_at": at,
        }
        self.audits[number] = []
        self._apply(self.tickets[number], ticket, author, kind="Create")
        return self.tickets[number]

    def _apply(self, known: dict[str, Any], ticket: dict[str, Any], author: int, kind: str = "Change") -> Any:
        events: list[dict[str, Any]] = []
        for name in OUR_FIELDS & set(ticket):
            before = known.get(name)
            if before != ticket[name]:
                value = None if ticket[name] is None else str(ticket[name])
                events.append({"type": kind, "field_name": name, "value": value, "previous_value": before})
                known[name] = ticket[name]
        for name in {"tags", "custom_fields", "via_followup_source_id"} & set(ticket):
            known[name] = ticket[name]
        if "comment" in ticket:
            said = {"public": True, **ticket["comment"]}
            events.append({"type": "Comment", "author_id": author, "plain_body": said["body"], **said})
        self._number += 1
        audit = {
            "id": self._number,
            "ticket_id": known["id"],
            "created_at": self._stamp(),
            "author_id": author,
            "via": {"channel": "api" if author == ENGINE else "web"},
            "metadata": {"system": {"weight": "x" * self.fat}, "custom": ticket.get("metadata", {})},
            "events": events,
        }
        self.audits[known["id"]].append(audit)
        known["updated_at"] = self._stamp()
        return audit

    def _audits(self, number: int, asked: httpx.QueryParams) -> httpx.Response:
        if number not in self.audits:
            return self._answer(404, {"error": "RecordNotFound", "description": "Not found"})
        first, size = int(asked.get("page[after]", "0")), min(int(asked["page[size]"]), self.page)
        page = self.audits[number][first : first + size]
        more = first + size < len(self.audits[number])
        return self._answer(200, {"audits": page, "meta": {"has_more": more, "after_cursor": str(first + size)}})

    def _export(self, asked: httpx.QueryParams) -> httpx.Response:
        settled = self.now - timedelta(minutes=1)
        if "cursor" in asked:
            since, _, seen = asked["cursor"].partition("/")
            place = (datetime.fromisoformat(since), int(seen))
        else:
            place = (datetime.fromtimestamp(int(asked["start_time"]), UTC), 0)
            if place[0] > settled:
                return self._answer(400, {"error": "StartTimeTooRecent", "description": "Too recent start_time"})
        found = sorted(
            ((datetime.fromisoformat(each["updated_at"]), each["id"]), each)
            for each in self.tickets.values()
            if datetime.fromisoformat(each["updated_at"]) <= settled
        )
        behind = [each for each in found if each[0] > place]
        page = behind[: min(int(asked["per_page"]), self.page)]
        place = page[-1][0] if page else place
        said = {
            "tickets": [each for _, each in page],
            "after_cursor": f"{place[0].isoformat()}/{place[1]}",
            "end_of_stream": len(page) == len(behind),
        }
        return self._answer(200, said)

    def _searched(self, asked: httpx.QueryParams) -> list[dict[str, Any]]:
        if "external_id" in asked:
            return [each for each in self.users.values() if each.get("external_id") == asked["external_id"]]
        address = asked["query"].removeprefix('email:"').removesuffix('"')
        return [each for each in self.users.values() if each.get("email") == address]

    def _user(self, user: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        self.users[self._number] = {"id": self._number, "role": "end-user", **user}
        return self.users[self._number]

    def _found(self, name: str, what: Any) -> httpx.Response:
        if what is None:
            return self._answer(404, {"error": "RecordNotFound", "description": "Not found"})
        return self._answer(200, {name: what})

    def _answer(self, status: int, said: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return httpx.Response(
            status, json=said, headers={"Date": format_datetime(self.now, usegmt=True), **(headers or {})}
        )

    def _stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")
