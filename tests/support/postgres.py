"""A real PostgreSQL for a test run, on a socket in a folder of its own and under a user that may run it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

_DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs in ``VERSION/bin`` of it, on nobody's PATH."""


def find_program(name: str) -> str | None:
    """Find one of PostgreSQL's programs, of the newest version that is installed."""
    versions = sorted(
        _DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0
    )
    return next(
        (found for path in reversed(versions) if (found := shutil.which(name, path=str(path)))), shutil.which(name)
    )


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start a server, yield its URL, and stop it at the end; skip where PostgreSQL is not installed."""
    initdb, postgres = find_program("initdb"), find_program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed (tools/counterparts.sh installs it)")
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


def new_database(server: str) -> str:
    """Make an empty database on the server and return its URL."""
    name = f"l{uuid4().hex}"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
