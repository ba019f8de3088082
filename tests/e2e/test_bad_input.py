"""What is wrong is named and starts nothing; what is missing is named with how to start it; what breaks is not used."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from escalation.client import EscalationClient
from escalation.errors import RequestRefused, Unreachable
from escalation.model import commands as c
from escalation.model.request import MAX_REQUEST_BYTES, Outcome, Request, Turn
from starter.embedded import TemporalServer, free_ports
from tests.support import requests
from tests.support.people import see_through
from tests.support.rig import ROOT, Rig, open_rig
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

OURS = """\
extends: customer-service-escalation
playbook: ours
confidence:
  standard: {below: 0.80}
"""
SURE = {"ai_confidence": 0.7, "task_risk": "standard", "request_type": "other"}


@pytest.fixture(scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path_factory.mktemp("bad"), playbooks={"ours": OURS}) as opened:
        yield opened


async def running(client: EscalationClient) -> int:
    return (await client.temporal.count_workflows("ExecutionStatus = 'Running'")).count


# --- what is not there ------------------------------------------------------------------------------------------------


async def test_a_server_that_is_not_there_is_named_with_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    with pytest.raises(Unreachable, match=rf"no Temporal server answers at {address}; start one with 'escalate dev'"):
        await EscalationClient.connect()
    command = [sys.executable, "-m", "starter.cli", "show", "escalation-chatbot-1"]
    done = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    said = (await asyncio.wait_for(done.communicate(), 60))[1].decode()
    assert done.returncode == 3
    assert address in said
    assert "escalate dev" in said
    assert "Traceback" not in said


async def test_a_server_that_dies_and_a_worker_that_is_missing_are_told_apart(tmp_path: Path) -> None:
    async with await TemporalServer.start(folder=tmp_path) as server:
        temporal = await Client.connect(server.address, data_converter=pydantic_data_converter)
        client = EscalationClient(temporal, answer_within=timedelta(seconds=2))
        nobody = rf"no worker answered on task queue escalations at {server.address} within 2 s; start one with"
        with pytest.raises(Unreachable, match=nobody):
            await client.open(requests.support("nobody"))
        with pytest.raises(Unreachable, match=nobody):
            await client.send("escalation-chatbot-nobody", c.Note(by="person:eva.novak", text="hello?"))
        with pytest.raises(Unreachable, match=nobody):
            await client.situation("escalation-chatbot-nobody")

        server.kill()
        gone = rf"no Temporal server answers at {server.address}; start one with 'escalate dev'"
        with pytest.raises(Unreachable, match=gone):
            await client.open(requests.support("gone"))
        with pytest.raises(Unreachable, match=gone):
            await client.submit(requests.support("gone"))


# --- what is wrong ----------------------------------------------------------------------------------------------------


def with_conversation(key: str, turns: int) -> Request:
    """A request with a conversation of so many long turns."""
    said = (Turn(author="customer", text="x" * 20_000),) * turns
    request = requests.support(key)
    return request.model_copy(update={"context": request.context.model_copy(update={"conversation": said})})


async def test_a_request_over_the_limit_is_refused_with_size_and_limit_before_anything_is_started(rig: Rig) -> None:
    before = await running(rig.client)
    large = with_conversation("large", turns=110)
    size = len(large.model_dump_json().encode())
    assert size > 2 * 1024 * 1024
    for attempt in (rig.client.open, rig.client.submit):
        with pytest.raises(RequestRefused) as refusal:
            await attempt(large)
        [(path, problem)] = refusal.value.problems
        assert path == "context.conversation"
        assert f"{size:,} bytes" in problem
        assert f"the limit is {MAX_REQUEST_BYTES:,}" in problem
        assert "context.attachments" in problem
    assert await running(rig.client) == before


async def test_a_request_just_below_the_limit_lives_to_its_end_with_every_word_of_it(rig: Rig) -> None:
    long = with_conversation("long", turns=49)
    assert len(long.model_dump_json()) > 0.98 * MAX_REQUEST_BYTES
    escalation = (await rig.client.open(long)).escalation_id
    state = await see_through(rig.client, escalation)
    assert state.outcome == "closed"
    assert state.context.conversation == long.context.conversation
    await rig.result(escalation)
    assert len(rig.ledger.timeline(escalation)) == state.seq


@pytest.mark.parametrize("known_to", ["client", "worker only"])
async def test_a_wrong_request_is_answered_with_every_wrong_path_and_leaves_nothing_running(
    rig: Rig, known_to: str
) -> None:
    """A client that knows the playbook refuses by itself; what only the worker knows, the worker refuses."""
    client = rig.client if known_to == "client" else EscalationClient(rig.client.temporal)
    before = await running(client)
    facts = {"ai_confidence": 62.0, "request_type": "weather", "keywords": ["legal"], "sentimnt": -0.5}
    wrong = requests.support(f"wrong-{known_to[:6]}", playbook="ours", severity="P9", facts=facts)
    with pytest.raises(RequestRefused) as refusal:
        await client.open(wrong)
    said = str(refusal.value)
    for path in ("facts.ai_confidence", "facts.request_type", "facts.keywords", "facts.sentimnt", "severity"):
        assert path in said
    assert "weather" not in said
    assert "P9" not in said

    async def as_before() -> bool:
        return await running(client) == before

    await eventually(as_before, "nothing is left running")
    # Once it is mended, the same request is taken.
    mended = wrong.model_copy(update={"facts": {"ai_confidence": 0.62}, "severity": None})
    assert (await client.open(mended)).outcome is Outcome.OPENED


async def test_an_unknown_playbook_is_answered_with_those_there_are(rig: Rig) -> None:
    with pytest.raises(RequestRefused, match=r"there is no playbook 'oars'.*ours"):
        await rig.client.open(requests.support("unknown", playbook="oars"))


# --- what breaks while a worker runs ----------------------------------------------------------------------------------


@pytest.mark.req("WLF-3", "IMP-14")
async def test_a_broken_playbook_is_not_used_a_mended_one_is_and_open_escalations_keep_theirs(rig: Rig) -> None:
    file = rig.playbooks / "ours.yaml"
    first = await rig.client.open(requests.support("first", playbook="ours", facts=SURE))
    assert first.outcome is Outcome.OPENED

    file.write_text(OURS + "levels:\n  - {id: L1, ack: soon}\n")
    second = await rig.client.open(requests.support("second", playbook="ours", facts=SURE))
    assert second.outcome is Outcome.OPENED
    assert second.playbook_digest == first.playbook_digest
    [record] = rig.log("playbook_broken")
    assert record["in_use"] == first.playbook_digest
    assert any(f"{file}:6: levels.0.ack" in finding for finding in record["findings"]), record["findings"]

    file.write_text(OURS.replace("0.80", "0.60"))
    third = await rig.client.open(requests.support("third", playbook="ours", facts=SURE))
    assert third.outcome is Outcome.DECLINED
    assert third.playbook_digest != first.playbook_digest
    assert rig.log("playbook_mended")
    explained = await rig.client.explain(first.escalation_id)
    assert explained.playbook_digest == first.playbook_digest


async def test_a_broken_directory_is_not_used_and_a_mended_one_is(rig: Rig) -> None:
    good = rig.directory.read_text()

    async def told(key: str) -> set[str]:
        """Whom a case about the law is told to."""
        facts = {"ai_confidence": 0.62, "request_type": "legal"}
        escalation = (await rig.client.open(requests.support(key, facts=facts))).escalation_id
        instance = (await rig.client.state(escalation)).instance

        def paged() -> set[str]:
            return {message.to for message in rig.received(instance) if message.kind == "page"}

        await eventually(paged, "somebody is paged")
        return paged()

    rig.directory.write_text(good.replace("members: [olivia.grant]", "members: [olivia.grand]"))
    assert await told("broken-directory") == {"person:olivia.grant"}
    line = next(number for number, text in enumerate(good.splitlines(), 1) if "members: [olivia.grant]" in text)
    [record] = rig.log("directory_broken")
    assert any(f"{rig.directory}:{line}" in finding for finding in record["findings"]), record["findings"]
    assert any("olivia.grant" in finding for finding in record["findings"]), "a guess at what was meant"

    rig.directory.write_text(good.replace("members: [olivia.grant]", "members: [helena.brandt]"))
    assert await told("mended-directory") == {"person:helena.brandt"}
    rig.directory.write_text(good)
