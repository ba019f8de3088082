"""What every test shares: a mark must name a requirement that exists; real systems, where a test asks for one."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from tests.support.postgres import running_postgres
from tests.support.request_tracker import Tracker, running_tracker
from tools.capabilities import REQUIREMENTS, read_requirements


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop the run when a test claims to prove something that nobody asked for."""
    known = read_requirements(REQUIREMENTS)
    claims = {(item.nodeid, claim) for item in items for mark in item.iter_markers("req") for claim in mark.args}
    unknown = sorted((node, claim) for node, claim in claims if claim not in known)
    if unknown:
        lines = "\n".join(f"  {node}: {claim!r}" for node, claim in unknown)
        raise pytest.UsageError(f"unknown requirement ids; the known ones are in docs/{REQUIREMENTS.name}:\n{lines}")


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what was imported and collected: a tenth of the suite's time otherwise."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL that lives as long as the tests of this process."""
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """A Request Tracker that lives as long as the tests of this process; the first process sets up what all copy."""
    own = tmp_path_factory.getbasetemp()
    with running_tracker(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as running:
        yield running
