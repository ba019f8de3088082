"""The namespace job of docker-compose.yml, run against a real Temporal server."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

ROOT = Path(__file__).resolve().parents[2]
JOB = ROOT / "deploy" / "namespace.sh"
BIN = Path(sys.executable).parent
NAMESPACE = "escalations"


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"), dev_server_log_level="error"
    ) as environment:
        yield environment.client.service_client.config.target_host


async def run_job(address: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "sh",
        str(JOB),
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": NAMESPACE},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    return process.returncode or 0, output.decode()


def listed() -> dict[str, str]:
    """Map each name in the script to its type."""
    text = JOB.read_text().replace("\\\n", " ")
    calls = [shlex.split(line) for line in text.splitlines() if line.startswith("register ")]
    return {name: kind for _, kind, *names in calls for name in names}


def test_the_job_registers_exactly_the_search_attributes_of_the_workflow() -> None:
    from workflows.search_attributes import REGISTRY

    expected = {
        key.name: "".join(word.capitalize() for word in key.indexed_value_type.name.split("_")) for key in REGISTRY
    }
    assert listed() == expected


@pytest.mark.e2e
async def test_the_job_can_run_again_and_leaves_a_namespace_that_knows_every_attribute(address: str) -> None:
    for _ in range(2):
        code, output = await run_job(address)
        assert code == 0, output
        assert output.endswith(f"namespace {NAMESPACE} is ready\n")
    client = await Client.connect(address, namespace=NAMESPACE)
    answer = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=NAMESPACE))
    registered = {
        name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").replace("_", "").lower()
        for name, kind in answer.custom_attributes.items()
        if name.startswith("Escalation")
    }
    assert registered == {name: kind.lower() for name, kind in listed().items()}
