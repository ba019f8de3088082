"""One remote system: signatures that renew themselves, pages that stay on their host, refusals as codes."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from activities.auth import ClientCredentials, basic, bearer
from activities.remote import Remote
from escalation.errors import RemoteRefused, RemoteUnavailable
from tests.support.vendor import Answering, Vendor

BASE = "https://crm.example/api"


def remote(handler: Answering, **more: Any) -> Remote:
    return Remote(Vendor(handler).client(), "crm", BASE, **more)


async def test_a_path_is_added_to_the_base_and_json_is_sent_as_json() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": 7})

    answer = await remote(handler, auth=bearer("t0ken")).send("POST", "/tickets", {"subject": "Účet"})
    assert answer == {"id": 7}
    assert str(seen[0].url) == f"{BASE}/tickets"
    assert seen[0].headers["Authorization"] == "Bearer t0ken"
    assert seen[0].content.decode() == '{"subject": "Účet"}'


async def test_what_is_not_there_is_none_and_no_error() -> None:
    assert await remote(lambda _: httpx.Response(404)).get("/tickets/1") is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"category": "VALIDATION_ERROR", "message": "jana@example.org is blocked"},
            "crm: answered 400 (VALIDATION_ERROR)",
        ),
        ({"category": "jana novakova is blocked"}, "crm: answered 400"),
        ({"other": 1}, "crm: answered 400"),
        (["not", "an", "object"], "crm: answered 400"),
    ],
)
async def test_a_refusal_carries_the_systems_own_code_and_never_its_sentence(body: object, said: str) -> None:
    system = remote(lambda _: httpx.Response(400, json=body), reason=lambda found: found["category"])
    with pytest.raises(RemoteRefused) as refused:
        await system.get("/tickets")
    assert str(refused.value) == said
    assert refused.value.status == 400


async def test_a_code_that_means_later_is_worth_another_try_under_whatever_status() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        code = "REQUEST_LIMIT_EXCEEDED" if request.url.path.endswith("/busy") else "INSUFFICIENT_ACCESS"
        return httpx.Response(403, json=[{"errorCode": code}], headers={"Retry-After": "7"})

    system = remote(handler, reason=lambda found: found[0]["errorCode"], later=frozenset({"REQUEST_LIMIT_EXCEEDED"}))
    with pytest.raises(RemoteUnavailable, match=r"answered 403 \(REQUEST_LIMIT_EXCEEDED\) and asks to wait 7 s"):
        await system.get("/busy")
    with pytest.raises(RemoteRefused, match=r"answered 403 \(INSUFFICIENT_ACCESS\)"):
        await system.get("/mine")


async def test_a_fixed_signature_is_tried_once() -> None:
    calls: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(401)

    with pytest.raises(RemoteRefused, match="answered 401"):
        await remote(handler, auth=basic("bot", "pass")).get("/me")
    assert len(calls) == 1


class TokenServer:
    """Hands out numbered tokens; the interface takes only those that are still good."""

    def __init__(self, lasts: int | None = None) -> None:
        self.given = 0
        self.good: set[str] = set()
        self.forms: list[dict[str, list[str]]] = []
        self._lasts = lasts

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.given += 1
            self.forms.append(parse_qs(request.content.decode()))
            self.good.add(f"Bearer {self.given}")
            return httpx.Response(
                200, json={"access_token": str(self.given)} | ({"expires_in": self._lasts} if self._lasts else {})
            )
        return httpx.Response(200 if request.headers["Authorization"] in self.good else 401, json={})

    def system(self) -> Remote:
        client = Vendor(self).client()
        auth = ClientCredentials(client, "https://crm.example/token", "id", "s3cret", system="crm", in_body=True)
        return Remote(client, "crm", BASE, auth)


async def test_a_token_is_had_once_and_anew_when_it_is_refused() -> None:
    server = TokenServer()
    system = server.system()
    await system.get("/a")
    await system.get("/b")
    assert server.given == 1
    assert server.forms[0]["grant_type"] == ["client_credentials"]
    server.good.clear()
    await system.get("/c")
    assert server.given == 2


async def test_a_token_that_ends_soon_is_not_used_any_more() -> None:
    server = TokenServer(lasts=30)
    system = server.system()
    await system.get("/a")
    await system.get("/b")
    assert server.given == 2


async def test_a_token_that_is_refused_when_new_is_not_asked_for_for_ever() -> None:
    server = TokenServer()
    server.good = set()
    system = server.system()
    server.good = type("Never", (set,), {"__contains__": lambda *_: False})()
    with pytest.raises(RemoteRefused, match="answered 401"):
        await system.get("/a")
    assert server.given == 2


async def test_pages_are_read_to_the_end() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        following = f"{BASE}/tickets?page={page + 1}" if page < 3 else None
        return httpx.Response(200, json={"items": [page], "next": following})

    found = [page["items"] async for page in remote(handler).pages("/tickets", lambda page: page["next"], {"page": 1})]
    assert found == [[1], [2], [3]]


async def test_a_next_page_on_another_host_is_not_followed() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(200, json={"next": "https://evil.example/api/tickets?page=2"})

    with pytest.raises(RemoteRefused, match="another host"):
        _ = [page async for page in remote(handler, auth=bearer("t0ken")).pages("/tickets", lambda page: page["next"])]
    assert seen == ["crm.example"]


async def test_a_token_server_that_is_down_is_worth_another_try() -> None:
    client = Vendor(lambda _: httpx.Response(503)).client()
    auth = ClientCredentials(client, "https://crm.example/token", "id", "s3cret", system="crm")
    with pytest.raises(RemoteUnavailable, match=r"crm \(token\): answered 503"):
        await Remote(client, "crm", BASE, auth).get("/a")


@pytest.mark.parametrize("path", ["/user/..", "/tickets/./notes", "/../admin?deep=1"])
async def test_a_path_never_leads_up(path: str) -> None:
    vendor = Vendor(lambda _: httpx.Response(200, json={}))
    with pytest.raises(RemoteRefused, match="leads elsewhere than it says"):
        await Remote(vendor.client(), "crm", BASE).get(path)
    assert vendor.calls == []


async def test_dots_within_a_name_or_a_query_lead_nowhere_else() -> None:
    vendor = Vendor(lambda _: httpx.Response(200, json={}))
    await Remote(vendor.client(), "crm", BASE).get("/user/eva..novak?range=1/../2")
    assert vendor.calls[0].url.path == "/api/user/eva..novak"
