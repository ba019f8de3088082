"""Channels of one connections file and the contact points of one directory: who hears what, and where."""

from pathlib import Path

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.connections import open_connections, read_connections
from activities.directory import DirectoryFile
from activities.http import open_client
from activities.notify import Notifications
from escalation.model.actions import DeliveryReceipt, MessageKind, Notify, Offer
from tests.support.vendor import Vendor

CONNECTIONS = """
connections:
  oncall: {kind: pagerduty, services: {support: {env: T_PAGERDUTY}}}
  chat: {kind: teams, channels: {support: {env: T_TEAMS}}}
  sms: {kind: twilio, account: AC00000000000000000000000000000000, key: {env: T_KEY}, secret: {env: T_SECRET},
        sender: "+15005550006"}
  tail: {kind: apprise, targets: {ops: {env: T_APPRISE}}}
"""
DIRECTORY = """
people:
  - id: eva
    name: Eva
    time_zone: Europe/Prague
    contacts:
      - {channel: oncall, address: support}
      - {channel: chat, address: support}
      - {channel: sms, address: "+420777123456"}
"""
SECRETS = {
    "T_PAGERDUTY": "e93facc04764012d7bfb002500d5d1a6",
    "T_TEAMS": "https://teams.example/hook?sig=s3cret",
    "T_KEY": "SK1",
    "T_SECRET": "s3cret",
    "T_APPRISE": "json://127.0.0.1:1/ops",
}
PAGE = Notify(
    key="i-1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Card payments fail",
    body="...",
    escalation="chat-4711",
    offers=(Offer(command="acknowledge"),),
)


async def sent(vendor: Vendor, folder: Path, message: Notify) -> DeliveryReceipt:
    """Send through whatever the two files say; Apprise makes its own calls and has no contact point here."""
    connections, directory = folder / "connections.yaml", folder / "directory.yaml"
    connections.write_text(CONNECTIONS)
    directory.write_text(DIRECTORY)
    async with open_client(vendor) as client:
        opened = open_connections(read_connections(connections), client)
        activities = Notifications(DirectoryFile(directory), opened.notifiers)
        receipt: DeliveryReceipt = await ActivityEnvironment().run(activities.send, message)
        return receipt


def world(request: httpx.Request, *, pagerduty: int = 202, teams: int = 202) -> httpx.Response:
    if request.url.host == "events.pagerduty.com":
        return httpx.Response(pagerduty, json={"status": "success" if pagerduty == 202 else "invalid event"})
    if request.url.host == "teams.example":
        return httpx.Response(teams)
    if request.method == "GET":
        return httpx.Response(200, json={"messages": []})
    return httpx.Response(201, json={"sid": "SM1", "status": "queued"})


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("kind", "channel"), [(MessageKind.PAGE, "oncall"), (MessageKind.NEWS, "chat")])
@pytest.mark.req("INT-5")
async def test_a_page_opens_an_incident_and_news_go_on_to_the_next_contact_point(
    tmp_path: Path, kind: MessageKind, channel: str
) -> None:
    receipt = await sent(Vendor(world), tmp_path, PAGE.changed({"kind": kind}))
    assert receipt.channel == channel


@pytest.mark.req("INT-5")
async def test_a_page_that_two_channels_refuse_is_a_text_message(tmp_path: Path) -> None:
    vendor = Vendor(lambda request: world(request, pagerduty=400, teams=404))
    receipt = await sent(vendor, tmp_path, PAGE)
    assert (receipt.channel, receipt.receipt_id) == ("sms", "SM1")
    assert [call.url.host for call in vendor.calls] == [
        "events.pagerduty.com",
        "teams.example",
        "api.twilio.com",
        "api.twilio.com",
    ]
