"""The whole engine as a test drives it: the real server, real worker processes, a client, and what people received."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from activities.crm.local import LocalHelpDesk
from activities.ledger import Ledger
from activities.notify.inbox import Inbox, Received
from escalation.client import EscalationClient
from escalation.model.start import Summary
from escalation.playbook.load import Shelf, shipped_folder
from starter.embedded import EmbeddedStack, WorkerProcess
from workflows.escalation import EscalationWorkflow
from workflows.runner import Runner

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Rig:
    """A running stack with everything a test looks at. Files are read by this process while the workers write them."""

    stack: EmbeddedStack
    client: EscalationClient
    inbox: Inbox
    desk: LocalHelpDesk
    ledger: Ledger
    directory: Path
    playbooks: Path

    @property
    def worker(self) -> WorkerProcess:
        """The first worker."""
        return self.stack.workers[0]

    async def result(self, escalation: str) -> Summary:
        """Wait for the end of an escalation's run, with everything said and recorded."""
        handle = self.client.temporal.get_workflow_handle(escalation, result_type=Summary)
        summary: Summary = await handle.result()
        return summary

    async def replay(self, *escalations: str) -> None:
        """Play histories again as the next worker would after a restart; fails where the code does otherwise."""
        replayer = Replayer(
            workflows=[EscalationWorkflow], data_converter=pydantic_data_converter, workflow_runner=Runner()
        )
        for escalation in escalations:
            handle = self.client.temporal.get_workflow_handle(escalation)
            await replayer.replay_workflow(await handle.fetch_history())

    def received(self, instance: str) -> list[Received]:
        """Return what the inboxes hold of one escalation, oldest first; webhook receivers keep their own journal."""
        return [message for message in self.inbox.messages() if message.key.startswith(f"{instance}/")]

    def log(self, event: str, worker: int = 0) -> list[dict[str, Any]]:
        """Return a worker's log records of this event since its first start."""
        return [
            record
            for line in self.stack.workers[worker].log.read_text().splitlines()
            if line.startswith("{") and (record := json.loads(line)).get("event") == event
        ]


@asynccontextmanager
async def open_rig(
    folder: Path,
    *,
    contacts: Mapping[str, str | tuple[str, str]] | None = None,
    playbooks: Mapping[str, str] | None = None,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    answer_within: timedelta = timedelta(seconds=60),
) -> AsyncIterator[Rig]:
    """Start the stack on ``folder`` with the example directory and the shipped playbooks, and stop it at the end.

    Args:
        contacts: persons whose only contact point is this webhook address, or this channel and address, by the
            directory's id.
        playbooks: a team's own playbooks, name to YAML.
        environment: further settings of the workers.
        answer_within: how long the client waits; a killed worker's task comes back only after its time-out.
    """
    own = folder / "playbooks"
    own.mkdir(parents=True)
    for name, text in (playbooks or {}).items():
        (own / f"{name}.yaml").write_text(text)
    directory = folder / "directory.yaml"
    write_directory(directory, contacts or {})
    data = folder / "data"
    settings = {"ESCALATION_DIRECTORY": str(directory), "ESCALATION_PLAYBOOKS": json.dumps([str(own)])}
    async with EmbeddedStack.run(data, workers=workers, environment={**settings, **(environment or {})}) as stack:
        temporal = await Client.connect(stack.address, data_converter=pydantic_data_converter)
        client = EscalationClient(temporal, playbooks=Shelf(own, shipped_folder()), answer_within=answer_within)
        inbox, desk = Inbox(data / "inbox.db"), LocalHelpDesk(data / "helpdesk.db")
        ledger = Ledger(f"sqlite:///{data / 'ledger.db'}")
        try:
            yield Rig(stack, client, inbox, desk, ledger, directory, own)
        finally:
            inbox.close()
            desk.close()
            await ledger.close()


def write_directory(path: Path, contacts: Mapping[str, str | tuple[str, str]]) -> None:
    """Write the example directory, with these contact points for the persons named in ``contacts``."""
    yaml = YAML()
    content = yaml.load((ROOT / "examples" / "directory.yaml").read_text())
    known = {person["id"]: person for person in content["people"]}
    for name, contact in contacts.items():
        channel, address = ("webhook", contact) if isinstance(contact, str) else contact
        known[name]["contacts"] = [{"channel": channel, "address": address}]
    with path.open("w") as file:
        yaml.dump(content, file)
