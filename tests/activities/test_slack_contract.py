"""What is sent to Slack is as Slack's own published description wants it."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core.exceptions import OpenAPIError

from activities.connector import Secret, Tools
from activities.http import open_client
from activities.notify.slack.channel import Slack
from activities.notify.slack.config import SlackConfig
from activities.notify.slack.reference import Reference
from activities.notify.slack.views import form
from escalation.model.actions import AmendMessage, Fate, MessageKind, Notify, Offer
from tests.support.contracts import contract
from tests.support.prism import mocking
from tests.support.slack import CONTRACT, EVA, Workspace, as_described, with_token
from tests.support.vendor import Vendor

pytestmark = pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning")
DECLINE = Offer(command="decline", needs=("because",))
PAGE = Notify(
    key="i1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Účet <b> - please acknowledge",
    body="Summary: the account is locked & nobody knows why",
    urgent=True,
    escalation="E1",
    offers=(Offer(command="acknowledge"), DECLINE),
)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING", "8f742231b10e8888abcd99yyyzzz85a5")


def slack(client: httpx.AsyncClient, **more: Any) -> Slack:
    secrets = {"token": Secret(env="SLACK_TOKEN"), "signing_secrets": (Secret(env="SLACK_SIGNING"),)}
    return Slack(SlackConfig.model_validate({"kind": "slack", **secrets, **more}), Tools("slack-emea", client))


def taken(receipt_id: str) -> AmendMessage:
    return AmendMessage(
        key="i1/8/settled",
        to="person:eva",
        channel="slack-emea",
        receipt_id=receipt_id,
        fate=Fate.TAKEN,
        body="Taken by Eva, 10:41.",
        escalation="E1",
    )


async def test_every_call_is_as_slack_describes_it() -> None:
    contract(CONTRACT)
    workspace = Workspace(described=True)
    channel = slack(Vendor(workspace).client())
    await channel.check()
    first = await channel.send(PAGE, "eva@acme.example")
    threads = {"slack-emea": first.thread}
    second = await channel.send(PAGE.changed({"key": "i1/9/x", "threads": threads, "offers": ()}), EVA)
    silent = PAGE.changed({"key": "i1/10/x", "threads": threads, "offers": (), "urgent": False})
    third = await channel.send(silent, EVA)
    await channel.amend(taken(second.receipt_id))
    await channel.amend(taken(third.receipt_id))
    reference = Reference(connection="slack-emea", escalation="E1", offer=DECLINE, to=PAGE.to)
    await channel.show("13345224609.738474920.8088930838d88f008e0", form(DECLINE, "value", reference, "Účet", {}))
    assert set(workspace.asked) == {
        "auth.test",
        "users.lookupByEmail",
        "conversations.open",
        "conversations.history",
        "conversations.replies",
        "chat.postMessage",
        "chat.update",
        "views.open",
    }


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/api/chat.postMessage", b"text=hello"),
        ("/api/chat.postMessage", b"channel=C1&reply_broadcast=perhaps"),
        ("/api/chat.postMessage", b"channel=C1&thread=1"),
        ("/api/chat.update", b"channel=C1&text=hello"),
    ],
)
def test_what_is_not_as_described_would_be_noticed(path: str, content: bytes) -> None:
    contract(CONTRACT)
    headers = {"Authorization": "Bearer x", "Content-Type": "application/x-www-form-urlencoded"}
    with pytest.raises((OpenAPIError, AssertionError)):
        as_described(httpx.Request("POST", f"https://slack.com{path}", content=content, headers=headers))


class _WithToken(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await super().handle_async_request(with_token(request))


@pytest.mark.timeout(120)
async def test_a_mock_made_of_slacks_own_description_takes_a_message(tmp_path: Path) -> None:
    with mocking(contract(CONTRACT)) as url:
        async with open_client(_WithToken()) as client:
            channel = slack(client, url=url)
            receipt = await channel.send(PAGE, "C1H9RESGL")
            assert receipt.receipt_id.startswith("C1H9RESGL:")
            await channel.check()
