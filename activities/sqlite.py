"""One SQLite file of an embedded adapter: opened right, written in transactions, never in the event loop's way."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from escalation.errors import RemoteUnavailable

T = TypeVar("T")
BUSY = 10
"""Seconds to wait for another process's transaction."""


class SqliteFile:
    """A SQLite file shared by workers, the command line and tests, each in its own process.

    ``schema`` is run at opening and must be repeatable (``create table if not exists``).
    """

    def __init__(self, path: Path, name: str, schema: str) -> None:
        self.name = name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        use_wal(self._connection)
        self._connection.executescript(schema)

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in one write transaction, in the calling thread; nothing of it stays when it raises.

        Raises:
            RemoteUnavailable: the file is locked for too long, full or damaged.
        """
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                try:
                    result = work(self._connection)
                except BaseException:
                    self._connection.execute("rollback")
                    raise
                self._connection.execute("commit")
            except sqlite3.OperationalError as error:
                raise RemoteUnavailable(f"{self.name}: the SQLite file failed ({error.sqlite_errorname})") from None
            return result

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``transact`` in this file's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.transact, work)

    def rows(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        """Read all rows of a query, in the calling thread."""
        with self._lock:
            return self._connection.execute(query, parameters).fetchall()

    def close(self) -> None:
        """Finish what was submitted and close the file."""
        self._thread.shutdown()
        with self._lock:
            self._connection.close()


def use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work at once.

    Durable through a killed process. A power cut may cost the latest transactions: where that matters, use PostgreSQL.
    """
    # Switching a fresh file does not wait for the busy timeout when another process switches it too.
    patience = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.02)
    connection.execute("pragma synchronous = normal")
