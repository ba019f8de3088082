"""Servers for the whole session, and a world for each test: with workflows kept in the worker's cache, and without."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from starter.embedded import TemporalServer
from tests.workflows import jumping
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import World, open_world
from worker import register_search_attributes
from workflows.search_attributes import REGISTRY


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A real server, as `make dev` has it."""
    server = await TemporalServer.start(
        folder=tmp_path_factory.mktemp("temporal"),
        dynamic_config={
            # Timers fire when they are due instead of up to a second later: tests race with them.
            "history.timerProcessorMaxTimeShift": '"1ms"',
            # A worker without a cache drops tasks when others come; instead of ten seconds that costs two.
            "history.defaultWorkflowTaskTimeout": '"2s"',
        },
    )
    yield await _connect(server.address)
    await server.stop()


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server whose clock jumps ahead while a test sleeps in it, for one test: what is left over stops the clock."""
    environment = await jumping.start()
    async with environment:
        request = AddSearchAttributesRequest(namespace=environment.client.namespace)
        for key in REGISTRY:
            request.search_attributes[key.name] = int(key.indexed_value_type)  # type: ignore[assignment]
        await environment.client.operator_service.add_search_attributes(request)
        yield environment


async def _connect(address: str) -> Client:
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    await register_search_attributes(client)
    return client


@pytest.fixture(params=[2000, 0], ids=["cached", "replayed"])
def cached(request: pytest.FixtureRequest) -> int:
    """How many workflows the worker keeps; with 0 each workflow task replays the whole history."""
    kept: int = request.param
    return kept


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Do not let a worker without cache end over a local activity that went with its workflow: it is done again."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:Cannot find activity to cancel:UserWarning"))


@pytest.fixture
async def world(temporal: Client, tmp_path: Path, cached: int) -> AsyncIterator[World]:
    async with open_world(temporal, tmp_path, cached=cached) as opened:
        yield opened


@pytest.fixture
async def timeless(skipping: WorkflowEnvironment, tmp_path: Path, cached: int) -> AsyncIterator[World]:
    """A world in which time passes only while ``skipping.sleep`` lets it."""
    async with open_world(skipping.client, tmp_path, cached=cached, jumps=True) as opened:
        yield opened


@pytest.fixture
async def crowded(temporal: Client, tmp_path: Path) -> AsyncIterator[World]:
    """A world for many escalations at once, with a cache: without one, the worker drops a workflow that waits for a
    local activity as soon as another comes, and does it again after ten seconds."""
    async with open_world(temporal, tmp_path, cached=2000) as opened:
        yield opened


@pytest.fixture
def desk() -> BreakableDesk:
    return BreakableDesk()


@pytest.fixture
async def breakable(temporal: Client, tmp_path: Path, cached: int, desk: BreakableDesk) -> AsyncIterator[World]:
    """A world with a help desk that a test can look into and break."""
    async with open_world(temporal, tmp_path, cached=cached, help_desk=desk) as opened:
        yield opened
