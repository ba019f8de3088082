"""A connected help desk, and what it is asked to do, as tests make them."""

from pathlib import Path
from typing import Any

import pytest

from activities.connections import ConnectionsFile, open_connections, read_connections
from activities.crm.port import HelpDesk
from escalation.model.actions import OpenCase, UpdateCase
from escalation.model.request import Case, Customer
from tests.support.vendor import Vendor


def opening(key: str, *, system: str = "chatbot", case_id: str = "conv-1", **changes: Any) -> OpenCase:
    """The opening of a ticket for a case of another system, for a customer that a test may change like all the rest."""
    plain: dict[str, Any] = {
        "key": key,
        "case": Case(system=system, id=case_id),
        "customer": Customer(id="c-1", name="Jana"),
        "subject": "[P1] Refund twice",
        "description": "The refund came twice",
        "body": "Why it was escalated",
        "severity": "P1",
    }
    return OpenCase(**plain | changes)


def update(key: str, case_key: str, **changes: Any) -> UpdateCase:
    """A change of the ticket that was opened under ``case_key``."""
    return UpdateCase(key=key, case_key=case_key, **changes)


def connected(name: str, config: dict[str, Any], vendor: Vendor) -> HelpDesk:
    """The help desk of a connections file with one connection, whose network is the vendor."""
    read = ConnectionsFile.model_validate({"connections": {name: config}})
    return open_connections(read, vendor.client()).help_desks[name]


def example_of(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *secrets: str) -> list[str]:
    """Read the first example of a connector's page as a connections file; returns the kinds that it connects."""
    text = (Path(__file__).parents[2] / f"docs/connectors/{page}.md").read_text()
    file = folder / "connections.yaml"
    file.write_text(text.partition("```yaml\n")[2].partition("```")[0])
    for name in secrets:
        monkeypatch.setenv(name, "x" * 40)
    return [config.kind for config in read_connections(file).connections.values()]
