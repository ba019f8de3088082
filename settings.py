"""Settings of the programs: ours by ``ESCALATION_*``, Temporal's own by ``temporalio.envconfig`` (``TEMPORAL_*``).

A wrong setting stops the start with the key and what was expected; values are never repeated.
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime

from activities import Places
from escalation.errors import SettingsError, Unreachable
from escalation.model.names import TASK_QUEUE
from escalation.people.example import example_file
from escalation.values import Duration

DEFAULT_ADDRESS = "localhost:7233"


class Settings(BaseSettings):
    """What a worker and the command line can be told by environment."""

    model_config = SettingsConfigDict(env_prefix="ESCALATION_", frozen=True, extra="ignore", hide_input_in_errors=True)

    data: Path = Path("data")
    """Folder of the embedded adapters' files: inbox, help desk, ledger."""
    directory: Path = Field(default_factory=example_file)
    """People, teams, roles and rotations; without it the example that comes along."""
    playbooks: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders of a team's own playbooks: paths with ``:`` between, or a JSON list; the shipped ones come last."""
    ledger_url: str | None = None
    """``postgresql://...`` or ``sqlite:///...``; without it ``ledger.db`` in ``data``."""
    scripts: Path | None = None
    """Folder of recovery scripts that playbooks may name; without it none is run."""
    connections: Path | None = None
    """The YAML file of connections: help desks and channels. Without it only what is embedded, and plain webhooks."""
    task_queue: str = TASK_QUEUE
    metrics: str | None = Field(default=None, pattern=r"^[^\s:]+:\d{1,5}$")
    """``host:port`` where Prometheus finds Temporal's metrics and the backlog."""
    log_level: str = Field(default="info", pattern=r"^(debug|info|warning|error)$")
    graceful_shutdown: Duration = timedelta(seconds=20)
    """How long a stopping worker lets running activities finish."""
    concurrent_activities: int = Field(default=50, ge=10, le=1000)
    """Shared by all systems: one that hangs holds half of them at most (``activities.bulkhead``)."""
    concurrent_workflow_tasks: int = Field(default=50, ge=2, le=1000)
    cached_workflows: int = Field(default=2000, ge=0)

    @field_validator("playbooks", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return (
            json.loads(value) if value.lstrip().startswith("[") else [part for part in value.split(os.pathsep) if part]
        )

    @property
    def places(self) -> Places:
        """Where the activities find everything."""
        return Places(
            data=self.data,
            directory=self.directory,
            playbooks=self.playbooks,
            ledger_url=self.ledger_url,
            scripts=self.scripts,
            connections=self.connections,
        )


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        SettingsError: naming every wrong key and what was expected.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        said = "; ".join(f"ESCALATION_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg']}" for e in problems)
        raise SettingsError(f"wrong settings: {said}") from None


async def connect(runtime: Runtime | None = None, address: str | None = None) -> Client:
    """Connect to the Temporal server that the environment or a profile names.

    Raises:
        Unreachable: saying which address did not answer and how to start a server.
    """
    config = ClientConfig.load_client_connect_config()
    if address is not None:
        config["target_host"] = address
    config.setdefault("target_host", DEFAULT_ADDRESS)
    try:
        return await Client.connect(**config, data_converter=pydantic_data_converter, runtime=runtime)
    except RuntimeError as error:
        raise Unreachable(
            f"no Temporal server answers at {config['target_host']}. Start the embedded one with 'escalate dev', "
            "or name another in TEMPORAL_ADDRESS"
        ) from error
