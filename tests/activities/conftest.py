"""Databases for the tests of activities: a SQLite file always, a real PostgreSQL where one is installed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from activities.ledger import Ledger


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL that lives as long as the tests, on a socket in a folder of its own."""
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed")
    if find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed")
    # PostgreSQL refuses to run as root, and a socket's path may have 107 characters at most.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    setup = [initdb, "-D", str(data), "-U", "ledger", "-A", "trust", "-E", "UTF8", "--no-sync"]
    done = subprocess.run(setup, user=user, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(folder)
        pytest.skip(f"initdb does not work here: {done.stderr.strip()[-200:]}")
    command = [postgres, "-D", str(data), "-k", str(folder), "-h", "", "-F"]
    server = subprocess.Popen(command, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        patience = time.monotonic() + 20
        while not (folder / ".s.PGSQL.5432").exists():
            assert server.poll() is None, "PostgreSQL ended at once"
            assert time.monotonic() < patience, "PostgreSQL did not open its socket within 20 s"
            time.sleep(0.05)
        yield f"postgresql://ledger@/postgres?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)  # its "fast" shutdown: SIGTERM would wait for every connection
        server.wait(timeout=20)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    server: str = request.getfixturevalue("postgres_url")
    name = f"l{uuid4().hex}"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    opened = Ledger(url)
    opened.migrate()
    yield opened
    await opened.close()
