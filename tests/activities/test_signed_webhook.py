"""The signed webhook: what its receivers verify with the specification's own library."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from activities.connector import Secret, Tools, Unsure
from activities.notify.signed_webhook import SignedWebhook, SignedWebhookConfig
from activities.notify.webhook import Webhook
from escalation.errors import RemoteRefused
from escalation.model.actions import MessageKind, Notify
from tests.domain import builders
from tests.support.vendor import Vendor

PAGE_OF_DOCS = Path(__file__).parents[2] / "docs" / "connectors" / "webhook.md"
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PAGE = Notify(
    key="a/1/x",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Účet",
    body="Acknowledge.",
    values={"id": "secret"},
)


def opened(monkeypatch: pytest.MonkeyPatch, seen: list[httpx.Request], *keys: str, status: int = 200) -> SignedWebhook:
    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json={"id": "r-1"}, headers={"Location": "/"} if status == 302 else None)

    for place, key in enumerate(keys):
        monkeypatch.setenv(f"HOOK_{place}", key)
    config = SignedWebhookConfig(
        kind="webhook",
        url="https://ops.example/in",
        keys=tuple(Secret(env=f"HOOK_{place}") for place in range(len(keys))),
    )
    return SignedWebhook(config, Tools("ops", Vendor(handler).client()))


async def test_receivers_with_the_old_or_the_new_key_both_accept_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []
    receipt = await opened(monkeypatch, seen, OLD, NEW).send(PAGE, "ops-room")
    assert (receipt.channel, receipt.receipt_id) == ("ops", "r-1")
    for key in (OLD, NEW):
        said = Receiver(key).verify(seen[0].content, dict(seen[0].headers))
        assert (said["address"], said["subject"]) == ("ops-room", "[S1] Účet")
    with pytest.raises(WebhookVerificationError):
        Receiver("whsec_" + "A" * 32).verify(seen[0].content, dict(seen[0].headers))


async def test_another_try_has_the_same_id_and_nothing_of_the_engines_own_is_posted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[httpx.Request] = []
    channel = opened(monkeypatch, seen, OLD)
    await channel.send(PAGE, "ops-room")
    await channel.send(PAGE, "ops-room")
    assert len({request.headers["webhook-id"] for request in seen}) == 1
    assert "values" not in json.loads(seen[0].content)


async def test_what_the_page_documents_is_what_both_webhooks_post_of_an_approval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = re.search(r"```json\n(.*?)```", PAGE_OF_DOCS.read_text(), re.DOTALL)
    assert found is not None
    documented = json.loads(found.group(1))
    life = builders.opened(builders.gated({"when": "true"})).taken_by(builders.ANN)
    asked = next(each for each in life.sent if each.kind is MessageKind.APPROVAL)
    seen: list[httpx.Request] = []
    await opened(monkeypatch, seen, OLD).send(asked, "ops-room")
    vendor = Vendor(lambda _: httpx.Response(200))
    await Webhook(vendor.client()).send(asked, "https://hooks.example/hal")
    signed, plain = (json.loads(request.content) for request in (*seen, *vendor.calls))
    assert list(signed) == list(documented)
    assert plain == {key: value for key, value in signed.items() if key != "address"}
    assert [(each["command"], set(each["arguments"]), each["needs"]) for each in signed["offers"]] == [
        (each["command"], set(each["arguments"]), each["needs"]) for each in documented["offers"]
    ]
    assert (signed["escalation"], signed["offers"][0]["arguments"]["digest"]) == (life.state.id, life.gate().digest)
    sent = [each for each in life.sent if each.seq]
    assert len(sent) == len(life.sent)
    assert [each.seq for each in sent] == sorted(each.seq for each in sent)
    by_seq = {event.seq: event for event in life.state.tail}
    assert all(each.decided_at == by_seq[each.seq].at for each in sent)


async def test_the_receiver_in_the_docs_takes_a_message_once_and_refuses_what_was_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE_OF_DOCS.read_text(), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found.group(1), names)  # noqa: S102 - it is ours
    received = names["received"]
    seen: set[str] = set()
    sent: list[httpx.Request] = []
    channel = opened(monkeypatch, sent, OLD, NEW)
    await channel.send(PAGE, "ops-room")
    await channel.send(PAGE, "ops-room")
    assert [received(each.content, dict(each.headers), NEW, seen) for each in sent] == [200, 200]
    assert received(sent[0].content.replace(b"S1", b"S4"), dict(sent[0].headers), NEW, seen) == 401
    assert capsys.readouterr().out == "[S1] Účet\n"


async def test_the_command_in_the_docs_makes_a_key_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"python -c \"(.*?)\"`", PAGE_OF_DOCS.read_text())
    assert found is not None
    key = subprocess.check_output([sys.executable, "-c", found.group(1)], text=True).strip()  # noqa: ASYNC221 - the same
    sent: list[httpx.Request] = []
    await opened(monkeypatch, sent, key).send(PAGE, "ops-room")
    assert Receiver(key).verify(sent[0].content, dict(sent[0].headers))["to"] == "person:eva"


@pytest.mark.parametrize("status", [200, 204, 400, 405, 501])
async def test_a_receiver_that_takes_nothing_but_post_is_there(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    seen: list[httpx.Request] = []
    assert await opened(monkeypatch, seen, OLD, NEW, status=status).check() == "answers; 2 key(s) sign"
    assert [each.method for each in seen] == ["HEAD"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_check_is_unsure_of_an_address_that_refuses_a_harmless_question(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with pytest.raises(Unsure, match=f"ops: answered {status} to HEAD; a POST that is answered so is lost"):
        await opened(monkeypatch, [], OLD, status=status).check()


async def test_a_check_refuses_a_redirect_as_a_message_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = opened(monkeypatch, [], OLD, status=302)
    with pytest.raises(RemoteRefused) as sent:
        await channel.send(PAGE, "ops-room")
    with pytest.raises(RemoteRefused) as checked:
        await channel.check()
    assert str(checked.value) == str(sent.value)
    assert not isinstance(checked.value, Unsure)
