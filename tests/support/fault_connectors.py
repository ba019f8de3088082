"""Every connector, how it is opened, and one representative thing that it does; with a stand-in of its system each."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

import httpx

from activities.connections import ConnectionsFile, open_connections
from activities.notify.webhook import Webhook
from escalation.model.actions import MessageKind, Notify, OpenCase
from escalation.model.request import Case, Customer
from tests.support import hubspot, salesforce, slack, zendesk
from tests.support.fault_matrix import Connected
from tests.support.faulty import Fault, json_error

Act = Callable[[httpx.AsyncClient], Awaitable[object]]
SECRETS: Final = {
    "WEBHOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "TEAMS": "https://teams.example/hook",
    "PAGERDUTY": "e93facc04764012d7bfb002500d5d1a6",
    "HUBSPOT": "pat-na1-secret",
    "ZENDESK": zendesk.TOKEN,
    "ANY_KEY": "key",
    "ANY_SECRET": "s3cret",
}
"""Made up, and as the stand-ins want them."""
MESSAGE: Final = Notify(
    key="e-4711/7/page",
    to="person:eva.novak",
    kind=MessageKind.PAGE,
    subject="[P1] Refund 4711",
    body="Acknowledge.",
    urgent=True,
    escalation="escalation-chatbot-4711",
)
CASE: Final = OpenCase(
    key="e-4711/1/case",
    case=Case(system="chatbot", id="conv-1", opened_at=datetime(2026, 11, 1, tzinfo=UTC)),
    customer=Customer(id="c-1", name="Jana"),
    subject="Refund",
    description="The refund is late",
    body="Why it was escalated",
    severity="P1",
)


def opened(says: Mapping[str, Any], client: httpx.AsyncClient) -> Any:
    """Open the one connection that a connections file describes."""
    with patch.dict(os.environ, SECRETS):
        read = ConnectionsFile.model_validate({"connections": {"it": says}})
        connections = open_connections(read, client)
    return {**connections.help_desks, **connections.notifiers}["it"]


def sending(says: Mapping[str, Any], address: str) -> Act:
    """Send the message over the channel."""
    return lambda client: opened(says, client).send(MESSAGE, address)


def opening(says: Mapping[str, Any]) -> Act:
    """Open the ticket in the help desk."""
    return lambda client: opened(says, client).open_ticket(CASE)


class Hook:
    """A receiver that shows each message once, by the header that it comes with."""

    def __init__(self, header: str) -> None:
        self._header = header
        self._kept: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self._kept.add(request.headers[self._header])
        return httpx.Response(200, json={"id": f"r-{len(self._kept)}"})

    def made(self) -> int:
        return len(self._kept)


class Desk:
    """The house-made help desk of docs/connectors/rest.md: tickets by external id, notes with their key."""

    def __init__(self) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        said = json.loads(request.content or b"{}")
        match request.method, request.url.path:
            case "GET", "/api/tickets":
                asked = request.url.params["external_id"]
                return httpx.Response(200, json={"items": [each for each in self.tickets if each["key"] == asked]})
            case "POST", "/api/tickets":
                self.tickets.append({"id": len(self.tickets) + 1, **said})
                return httpx.Response(201, json=self.tickets[-1])
            case "GET", _:
                return httpx.Response(200, json={"notes": self.notes})
            case _:
                self.notes.append(said)
                return httpx.Response(201)

    def made(self) -> int:
        return len(self.tickets) + len(self.notes)


class Tracker:
    """As much of Request Tracker as opening a ticket needs; tests/activities/test_request_tracker.py has a real one."""

    def __init__(self) -> None:
        self.tickets: list[str] = []
        self.notes: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/REST/2.0")
        if path == "/tickets":
            asked = httpx.QueryParams(request.content.decode())["query"]
            found = [
                {"id": place, "Creator": {"id": "engine"}, "_hyperlinks": [{"ref": "refers-to", "_url": link}]}
                for place, link in enumerate(self.tickets, 1)
                if link in asked
            ]
            return httpx.Response(200, json={"items": found, "total": len(found)})
        if path.startswith("/user/"):
            return httpx.Response(404)
        said = json.loads(request.content)
        if path == "/ticket":
            self.tickets += said["RefersTo"]
            return httpx.Response(201, json={"id": str(len(self.tickets)), "type": "ticket"})
        if path.endswith("/comment"):
            self.notes.append(said["ContentType"])
            return httpx.Response(201, json=["Comments added"])
        items = [{"id": place, "Headers": kind} for place, kind in enumerate(self.notes)]
        return httpx.Response(200, json={"items": items})

    def made(self) -> int:
        return len(self.tickets) + len(self.notes)


class Cards:
    """A channel of Teams, which shows whatever is posted."""

    def __init__(self) -> None:
        self.cards: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.cards.append(request.content)
        return httpx.Response(202, headers={"x-ms-workflow-run-id": f"run{len(self.cards)}"})

    def made(self) -> int:
        return len(self.cards)


class Alerts:
    """A service of PagerDuty: one alert for each key, however many events come."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.keys.add(json.loads(request.content)["dedup_key"])
        return httpx.Response(202, json={"status": "success", "message": "Event processed", "dedup_key": "k"})

    def made(self) -> int:
        return len(self.keys)


class Numbers:
    """An account of Twilio, which lists what was sent to a number."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"messages": self.messages})
        form = httpx.QueryParams(request.content.decode())
        sent = {"sid": f"SM{len(self.messages):032x}", "body": form["Body"], "status": "queued", "error_code": None}
        self.messages.insert(0, sent)
        return httpx.Response(201, json=sent)

    def made(self) -> int:
        return len(self.messages)


class Workspace(slack.Workspace):
    """Slack, counted."""

    def made(self) -> int:
        return len(self.posts)


class HubSpot(hubspot.Account):
    """HubSpot, counted; tests/activities/test_hubspot.py holds what is sent there against HubSpot's descriptions."""

    def __init__(self) -> None:
        super().__init__()
        self.validating = False

    def made(self) -> int:
        return sum(len(each) for each in self.records.values())


class Zendesk(zendesk.Account):
    """Zendesk, counted."""

    def made(self) -> int:
        return len(self.tickets) + sum(len(self.comments(number)) for number in self.tickets)


class Salesforce(salesforce.Organisation):
    """Salesforce, counted."""

    def made(self) -> int:
        return len(self.cases) + len(self.comments)


_ANY_2XX: Final = "any 2xx is a delivery, whatever the answer says: that is what its receivers are told."
_WEBHOOK: Final = {"kind": "webhook", "url": "https://ops.example/hook", "keys": [{"env": "WEBHOOK"}]}
_NO_REPEAT: Final = "Teams knows no message again, so one whose answer was lost is posted twice."
_TWILIO: Final = {
    "kind": "twilio",
    "account": "AC" + "0" * 32,
    "key": {"env": "ANY_KEY"},
    "secret": {"env": "ANY_SECRET"},
    "sender": "+15005550006",
}
_HUBSPOT: Final = {"kind": "hubspot", "token": {"env": "HUBSPOT"}, "portal": 4711}
_ZENDESK: Final = {
    "kind": "zendesk",
    "url": "https://acme.zendesk.example",
    "email": zendesk.EMAIL,
    "token": {"env": "ZENDESK"},
}
_SALESFORCE: Final = {
    "kind": "salesforce",
    "url": salesforce.HOST,
    "client_id": {"env": "ANY_KEY"},
    "client_secret": {"env": "ANY_SECRET"},
    "user": salesforce.ENGINE,
}
_TRACKER: Final = {
    "kind": "request_tracker",
    "url": "https://rt.example",
    "queue": "Support",
    "user": "engine",
    "token": {"env": "ANY_SECRET"},
}
_DESK: Final = {
    "kind": "rest_help_desk",
    "url": "https://desk.example/api",
    "auth": {"oauth": {"url": "https://desk.example/token", "id": {"env": "ANY_KEY"}, "secret": {"env": "ANY_SECRET"}}},
    "find": {"path": "/tickets", "query": {"external_id": "{key}"}, "ticket": "items.0.id"},
    "open": {"path": "/tickets", "body": {"key": "{key}", "title": "{subject}"}, "ticket": "id"},
    "note": {
        "path": "/tickets/{ticket}/notes",
        "body": {"key": "{key}", "text": "{note}"},
        "once": "list",
        "list": {"path": "/tickets/{ticket}/notes"},
        "items": "notes",
        "keys": "key",
    },
    "alive": "/me",
    "failed": "error",
}

CONNECTORS: Final = (
    Connected(
        "webhook",
        lambda: Hook("Idempotency-Key"),
        lambda client: Webhook(client).send(MESSAGE, "https://ops.example/hook"),
        gaps={Fault.ERROR_IN_200: _ANY_2XX},
    ),
    Connected(
        "signed webhook",
        lambda: Hook("webhook-id"),
        sending(_WEBHOOK, "ops"),
        gaps={Fault.ERROR_IN_200: _ANY_2XX},
    ),
    Connected(
        "Slack",
        Workspace,
        sending({"kind": "slack", "token": {"env": "ANY_SECRET"}}, "eva@acme.example"),
        error=json_error(ok=False, error="internal_error"),
    ),
    Connected(
        "Microsoft Teams",
        Cards,
        sending({"kind": "teams", "channels": {"support": {"env": "TEAMS"}}}, "support"),
        error=b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
        knows_a_repeat=False,
        gaps=dict.fromkeys((Fault.RESET, Fault.SLOW), _NO_REPEAT),
    ),
    Connected(
        "PagerDuty",
        Alerts,
        sending({"kind": "pagerduty", "services": {"support": {"env": "PAGERDUTY"}}}, "support"),
        error=json_error(status="invalid event"),
    ),
    Connected("Twilio", Numbers, sending(_TWILIO, "+420777123456"), error=json_error(code=20500, status=500)),
    Connected("help desk by REST", Desk, opening(_DESK), token="POST /token"),
    Connected("HubSpot", HubSpot, opening(_HUBSPOT), error=json_error(status="error", category="INTERNAL_ERROR")),
    Connected("Zendesk", Zendesk, opening(_ZENDESK)),
    Connected("Salesforce", Salesforce, opening(_SALESFORCE), token="POST /services/oauth2/token"),
    Connected("Request Tracker", Tracker, opening(_TRACKER), error=json_error(message="Permission Denied")),
)
