"""Apprise: what arrives at a real receiver, what becomes of its failures, and what is never logged."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from activities.connector import Secret, Tools
from activities.notify import apprise_channel
from activities.notify.apprise_channel import AppriseChannel, AppriseConfig
from escalation.errors import RemoteRefused, RemoteUnavailable, SettingsError
from escalation.model.actions import MessageKind, Notify
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.vendor import Vendor

PAGE = Notify(
    key="i-1/7/person:eva",
    to="person:eva",
    kind=MessageKind.PAGE,
    subject="[S1] Kártyás fizetés",
    body="<b>Acknowledge</b> *now*.\nSecond line.",
    urgent=True,
    escalation="chat-4711",
)


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


def opened(monkeypatch: pytest.MonkeyPatch, url: str, **config: Any) -> AppriseChannel:
    monkeypatch.setenv("APPRISE_TARGET", url)
    read = AppriseConfig(kind="apprise", targets={"ops": Secret(env="APPRISE_TARGET")}, **config)
    client = Vendor(lambda _: httpx.Response(500)).client()  # none of its calls go there
    return AppriseChannel(read, Tools("tail", client))


async def test_subject_and_body_arrive_as_plain_text_and_urgency_with_them(
    monkeypatch: pytest.MonkeyPatch, sink: FaultSink
) -> None:
    url = sink.address("ops").replace("http://", "json://")
    receipt = await opened(monkeypatch, url).send(PAGE, "ops")
    [hit] = sink.journal
    assert (hit.body["title"], hit.body["message"], hit.body["type"]) == (PAGE.subject, PAGE.body, "warning")
    assert (receipt.channel, receipt.amendable) == ("tail", False)
    await opened(monkeypatch, url, longest=100).send(PAGE.changed({"body": "word " * 500, "urgent": False}), "ops")
    said = sink.journal[-1].body
    assert len(said["message"]) <= 100
    assert said["message"].endswith("(shortened; the whole: escalate show chat-4711)")
    assert said["type"] == "info"


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=403), Reply(drop=True)])
async def test_whatever_fails_may_pass_and_is_tried_once_for_each_call(
    monkeypatch: pytest.MonkeyPatch, sink: FaultSink, reply: Reply
) -> None:
    url = sink.address("ops", lambda _: reply).replace("http://", "json://")
    with pytest.raises(RemoteUnavailable, match="tail: Apprise could not send it; it does not say why"):
        await opened(monkeypatch, url).send(PAGE, "ops")
    assert len(sink.journal) == 1


async def test_a_target_that_does_not_answer_keeps_nobody_longer_than_the_time_limit(
    monkeypatch: pytest.MonkeyPatch, sink: FaultSink
) -> None:
    monkeypatch.setattr(apprise_channel, "WHOLE_CALL", 0.2)
    sink.hold()
    url = sink.address("ops", lambda _: Reply(hang=True)).replace("http://", "json://")
    with pytest.raises(RemoteUnavailable, match="did not end within"):
        async with asyncio.timeout(3):
            await opened(monkeypatch, url).send(PAGE, "ops")
    sink.release()


async def test_neither_the_targets_secret_nor_the_message_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, sink: FaultSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    url = sink.address("t0ken", lambda attempt: Reply(status=500 if attempt == 1 else 200))
    channel = opened(monkeypatch, url.replace("http://", "json://bot:pa55w0rd@"))
    with pytest.raises(RemoteUnavailable) as failed:
        await channel.send(PAGE, "ops")
    await channel.send(PAGE, "ops")
    assert len(sink.journal) == 2
    logged = f"{caplog.text} {failed.value} {failed.value.__cause__} {failed.value.__context__}"
    for kept in ("pa55w0rd", "t0ken", "Kártyás", "Acknowledge"):
        assert kept not in logged


@pytest.mark.parametrize("url", ["slakc://token", "no url at all", "json://a.example, json://b.example"])
def test_what_is_not_one_url_that_apprise_knows_stops_the_start_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        opened(monkeypatch, url)
    assert str(refused.value) == "connections.tail.targets.ops: expected one URL that Apprise knows"


async def test_a_contact_point_that_names_no_target_is_refused_and_the_check_sends_nothing(
    monkeypatch: pytest.MonkeyPatch, sink: FaultSink
) -> None:
    channel = opened(monkeypatch, sink.address("ops").replace("http://", "json://"))
    with pytest.raises(RemoteRefused, match=r"names no target of this connection \(ops\)") as refused:
        await channel.send(PAGE, "tgram://s3cret")
    assert "s3cret" not in str(refused.value)
    assert await channel.check() == "Apprise knows the 1 target(s) (JSON); only a message can try them"
    assert sink.journal == []


def test_a_worker_without_such_a_connection_does_not_load_it() -> None:
    program = "import sys, activities.connections; print('apprise' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
