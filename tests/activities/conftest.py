"""Databases for the tests of activities: a SQLite file always, a real PostgreSQL where one is installed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.ledger import Ledger
from tests.support.postgres import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return new_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    opened = Ledger(url)
    opened.migrate()
    yield opened
    await opened.close()
