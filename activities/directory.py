"""The directory as activities use it: read again when its file changed, and never lost to a broken edit."""

import asyncio
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import AwareDatetime
from temporalio import activity

from activities.feeds import Feeds
from activities.workload import Workload
from escalation.documents import stamp
from escalation.errors import DocumentError, Finding
from escalation.model.actions import FindPeople
from escalation.people.directory import Directory, load_directory
from escalation.people.found import People
from escalation.people.wanted import wanted
from escalation.values import Record

log = structlog.get_logger(__name__)


class DirectoryStatus(Record):
    """Which state of the file is in use."""

    file: str
    loaded_at: AwareDatetime
    """When the version in use was read."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the file as it is now; while there are any, an older version is in use."""


class DirectoryFile:
    """The people, teams and rotations of one YAML file.

    ``workload`` tells what some searches need to know of the ledger; without it people are found all the same.
    ``feeds`` hold what was read of the calendars that the file names. ``keep`` is where each good state is copied to,
    for whoever looks into the future while the file is broken.

    Raises ``DocumentError`` at construction when the file cannot be used: a worker does not start without a directory.
    """

    def __init__(
        self,
        path: Path,
        workload: Workload | None = None,
        feeds: Feeds | None = None,
        *,
        keep: Path | None = None,
    ) -> None:
        self._path = path
        self._feeds = feeds
        self._workload = workload
        self._lock = threading.Lock()
        self._stamp = stamp(path)
        self._directory = load_directory(path)
        self._loaded_at = datetime.now(UTC)
        self._findings: tuple[Finding, ...] = ()
        self._keep = keep
        self._copy()

    @activity.defn(name="directory.find")
    async def find(self, action: FindPeople) -> People:
        """Find the people who stand for the targets now, and everybody else who may act for them.

        Now is never before it was asked: an escalation that waited for a shift or for somebody's hours asks when they
        begin by the server's clock, and a worker whose own clock is behind would still find who was there before. Nor
        is it then, when the answer comes late: who is there now is called.
        """
        directory = await asyncio.to_thread(self.current)
        now = _as_of(action)
        needed = wanted(directory, action, now)
        if not needed or self._workload is None:
            return directory.find(action, now)
        return directory.find(action, now, await self._workload.known(needed, action.key))

    def current(self) -> Directory:
        """Return the newest usable state of the file; a broken one is logged once, with lines, and passed over."""
        with self._lock:
            found = stamp(self._path)
            if found != self._stamp:
                self._stamp = found
                self._reload()
            return self._directory if self._feeds is None else self._feeds.applied(self._directory)

    def status(self) -> DirectoryStatus:
        """Return what is in use, and what is wrong with the file if it is broken."""
        self.current()
        return DirectoryStatus(file=str(self._path), loaded_at=self._loaded_at, findings=self._findings)

    def _reload(self) -> None:
        try:
            self._directory = load_directory(self._path)
        except DocumentError as error:
            self._findings = tuple(error.findings)
            log.warning(
                "directory_broken", kept_from=self._loaded_at.isoformat(), findings=[str(f) for f in error.findings]
            )
            return
        self._loaded_at = datetime.now(UTC)
        self._findings = ()
        self._copy()
        log.info("directory_loaded", file=self._path.name)

    def _copy(self) -> None:
        if self._keep is None or self._keep.resolve() == self._path.resolve():
            return
        try:
            self._keep.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._keep.with_suffix(".new")
            shutil.copyfile(self._path, fresh)
            fresh.replace(self._keep)
        except OSError as error:
            log.warning("directory_not_kept", error=error.strerror)


def _as_of(action: FindPeople) -> datetime:
    now = datetime.now(UTC)
    return now if action.at is None else max(action.at, now)
