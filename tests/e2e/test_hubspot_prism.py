"""HubSpot end to end: over the network to Prism, which answers by HubSpot's descriptions and refuses what is amiss."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from activities.connections import open_connections, read_connections
from activities.crm.hubspot import HubSpot
from activities.crm.hubspot.changes import Cursor, Place
from activities.http import open_client
from escalation.model.actions import OpenCase, UpdateCase
from escalation.model.request import Case, Customer
from tests.support.hubspot import EVA, Account, described
from tests.support.prism import mocking, refused

TOKEN = "pat-na1-secret"
OPENING = OpenCase(
    key="e1/case",
    case=Case(system="chatbot", id="conv-1"),
    customer=Customer(id="jana@example.org"),
    subject="Refund twice",
    description="The refund came twice",
    body="What is needed",
    severity="P1",
)


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    description = tmp_path_factory.mktemp("prism") / "hubspot.json"
    description.write_text(described())
    with mocking(description, "--dynamic") as url:
        yield url


class Both(httpx.AsyncBaseTransport):
    """Sends each call to Prism, and answers as an account does that remembers."""

    def __init__(self, prism: str, account: Account) -> None:
        self.calls: list[str] = []
        self._prism, self._account, self._network = httpx.URL(prism), account, httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        to = request.url.copy_with(scheme="http", host=self._prism.host, port=self._prism.port)
        sent = httpx.Request(request.method, to, headers=request.headers, content=content)
        taken = await self._network.handle_async_request(sent)
        await taken.aread()
        assert taken.is_success, f"{request.method} {request.url.path}: {taken.status_code} {refused(taken)}"
        self.calls.append(f"{request.method} {request.url.path}")
        answer = self._account(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))

    async def aclose(self) -> None:
        await self._network.aclose()


def opened(url: str, client: httpx.AsyncClient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> HubSpot:
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    file = folder / "connections.yaml"
    file.write_text(
        f"connections:\n  crm: {{kind: hubspot, url: '{url}', token: {{env: HUBSPOT_TOKEN}}, "
        "owners: {'person:eva': eva@example.org}}\n"
    )
    desk = open_connections(read_connections(file), client).help_desks["crm"]
    assert isinstance(desk, HubSpot)
    return desk


@pytest.mark.req("WLF-16", "INT-5")
async def test_prism_takes_every_call_of_a_tickets_whole_life(
    prism: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account()
    account.owner("90", "eva@example.org", EVA)
    jana = account.add("contacts", email="jana@example.org")
    account.pair("contacts", jana, "companies", account.add("companies", name="Lumen"))
    network = Both(prism, account)
    async with open_client(network) as client:
        desk = opened("https://api.hubapi.com", client, tmp_path, monkeypatch)
        cursor = (await desk.changes("")).cursor
        link = await desk.open_ticket(OPENING)
        account.pair("contacts", jana, "tickets", account.add("tickets", subject="an older one"))
        update = UpdateCase(key="e1/7/case", case_key="e1/case", note="Taken", status="pending", owner="person:eva")
        await desk.update_ticket(update)
        account.set("tickets", link.ticket, hs_pipeline_stage="4")
        account.pair("notes", account.add("notes", hs_note_body="Called her"), "tickets", link.ticket)
        snapshot = await desk.customer("jana@example.org", besides=link.ticket)
        heard = (await desk.changes(cursor)).changes
    assert snapshot is not None
    assert (snapshot.company, len(snapshot.history)) == ("Lumen", 1)
    assert [(each.status, each.note) for each in heard] == [("solved", ""), (None, "Called her")]
    assert {path.split("/")[-1] for path in network.calls} >= {
        "read",
        "search",
        "notes",
        "tickets",
        "owners",
        "companies",
    }


async def test_whatever_prism_makes_up_within_the_descriptions_is_understood(
    prism: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_client() as client:
        desk = opened(prism, client, tmp_path, monkeypatch)
        assert (await desk.open_ticket(OPENING)).ticket
        snapshot = await desk.customer("jana@example.org", besides="")
        assert snapshot is None or snapshot.system == "crm"
        long_ago = datetime.now(UTC) - timedelta(days=40_000)
        place = Place(since=long_ago, at=long_ago)
        await desk.changes(Cursor(tickets=place, notes=place).model_dump_json())


async def test_a_call_that_is_not_signed_is_refused(prism: str) -> None:
    body: dict[str, list[str]] = {"properties": [], "propertiesWithHistory": [], "inputs": []}
    async with open_client() as client:
        answer = await client.post(f"{prism}/crm/v3/objects/tickets/batch/read", json=body)
    assert answer.status_code == httpx.codes.UNAUTHORIZED
