"""Records golden histories: how today's workflow went through typical lives, for every later version to replay.

    python -m tests.replay.record 2026-11

writes ``histories/2026-11-*.json``. Never record again under a name that exists: an old history stands for escalations
that may still be open somewhere.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from escalation.client import EscalationClient
from escalation.model import commands as c
from escalation.model.names import WORKFLOW
from escalation.playbook.load import Shelf, shipped_folder
from starter.embedded import EmbeddedStack
from tests.support import requests
from tests.support.people import see_through

HISTORIES = Path(__file__).parent / "histories"

SHORT = 8
"""Steps of a run, so few that a short life has several runs."""


async def happy(client: EscalationClient) -> str:
    """A chatbot that is not sure enough; one person takes it, the customer confirms, the review closes it."""
    return (await see_through(client, (await client.open(requests.support("happy"))).escalation_id)).id


async def gated(client: EscalationClient) -> str:
    """A change that three departments approve, after a hand-up by hand."""
    receipt = await client.open(requests.change("gated"))
    identifier = receipt.escalation_id
    state = await see_through(client, identifier, until=lambda state: state.owner is not None)
    if state.owner is not None:
        escalate = c.Escalate(by=state.owner.actor, reason="no_expertise", because="a model is concerned")
        await client.send(identifier, escalate)
    return (await see_through(client, identifier)).id


async def cancelled(client: EscalationClient) -> str:
    """Somebody has it and cancels; one note comes as a malformed signal before."""
    identifier = (await client.open(requests.support("cancelled"))).escalation_id
    state = await see_through(client, identifier, until=lambda state: state.owner is not None)
    await client.temporal.get_workflow_handle(identifier).signal("note", {"text": "nobody says by whom"})
    if state.owner is not None:
        await client.send(identifier, c.Cancel(by=state.owner.actor, because="reported by mistake"))
    await client.temporal.get_workflow_handle(identifier).result()
    return identifier


async def continued(client: EscalationClient) -> str:
    """So many notes that the run goes on in new ones."""
    identifier = (await client.open(requests.support("continued"))).escalation_id
    state = await see_through(client, identifier, until=lambda state: state.owner is not None)
    if state.owner is not None:
        for number in range(25):
            await client.send(identifier, c.Note(by=state.owner.actor, text=f"note {number}", command_id=f"n{number}"))
    return (await see_through(client, identifier)).id


async def record(prefix: str, *lives: Any) -> None:
    """Live each life on a stack of its own and write the history of each of its runs."""
    with TemporaryDirectory() as folder:
        async with EmbeddedStack.run(Path(folder)) as stack:
            temporal = await Client.connect(stack.address, data_converter=pydantic_data_converter, identity="recorder")
            client = EscalationClient(temporal, playbooks=Shelf(shipped_folder()))
            for life in lives:
                identifier = await life(client)
                await temporal.get_workflow_handle(identifier).result()
                number = 0
                query = f"WorkflowId = '{identifier}' AND WorkflowType = '{WORKFLOW}'"
                async for execution in temporal.list_workflows(query):
                    handle = temporal.get_workflow_handle(identifier, run_id=execution.run_id)
                    history = json.loads((await handle.fetch_history()).to_json())
                    path = HISTORIES / f"{prefix}-{life.__name__}-{number}.json"
                    path.write_text(json.dumps(_without_machine(history), separators=(",", ":")) + "\n")
                    number += 1


def _without_machine(value: Any) -> Any:
    """Leave out on which machine it was recorded."""
    if isinstance(value, dict):
        return {
            key: "recorder" if key == "identity" else _without_machine(inner)
            for key, inner in value.items()
            if key not in ("stickyTaskQueue", "workerInstanceKey")
        }
    return [_without_machine(inner) for inner in value] if isinstance(value, list) else value


async def main(prefix: str) -> None:
    """Record everything under a prefix that names the version."""
    if any(HISTORIES.glob(f"{prefix}-*.json")):
        raise SystemExit(f"histories named {prefix}-* exist already; choose another prefix")
    await record(prefix, happy, gated, cancelled)
    with patch("escalation.client.RUN_LENGTH", SHORT):
        await record(prefix, continued)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
