"""Calendar feeds of rotations: read in the background, bounded in every way, and never lost to a bad reading.

A page never waits for a feed. What was last read well is kept in memory and on disk. While a feed fails, or is not what
a calendar of shifts can be, that copy stays in use; once it is old, whoever is found by it is told its age.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import httpx
import structlog
from pydantic import AwareDatetime, ValidationError

from activities.feed_sources import fetched, from_file, shifts_of
from escalation.errors import RemoteError, RemoteRefused
from escalation.people.directory import Directory
from escalation.people.feeds import Feed, FeedShift, Heard
from escalation.values import Record, digest_of

log = structlog.get_logger(__name__)

OPEN_SECONDS: Final = 10.0
"""How long a worker that starts waits for feeds; then it goes on with its kept copies, and reads in the background."""
LOOK_EVERY: Final = 5.0
"""Seconds between two looks at which feeds there are and which are due."""


class Mark(Record):
    """What is kept beside the copy of a feed."""

    read_at: AwareDatetime
    etag: str = ""
    last_modified: str = ""


@dataclass
class _Known:
    """One feed as far as it is known."""

    heard: Heard
    content: bytes | None = None
    mark: Mark | None = None
    read_on: date | None = None
    """The day from which the window of the shifts was reckoned."""
    tried_at: datetime | None = None


class Feeds:
    """The feeds of a directory's rotations.

    Args:
        kept: folder of the last good copies; made when absent.
        beside: folder from which relative paths of files are seen: that of the directory's file.
        client: as ``activities.http.open_client`` makes it.
        quiet: log nothing; whoever asks looks at what is ``applied``.
    """

    def __init__(self, kept: Path, beside: Path, client: httpx.AsyncClient, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._kept = kept
        self._beside = beside
        self._client = client
        self._known: dict[str, _Known] = {}
        self._version = 0
        self._lock = threading.Lock()
        self._applied: tuple[Directory, int, Directory] | None = None
        self._one_reader = asyncio.Semaphore(1)

    def applied(self, directory: Directory) -> Directory:
        """Return the directory with what is known of its feeds. Does not wait; may be called in any thread."""
        if not directory.feeds:
            return directory
        with self._lock:
            version = self._version
            if self._applied is None or self._applied[0] is not directory or self._applied[1] != version:
                keys = {name: _key(rotation.feed) for name, rotation in directory.feeds.items()}
                found = directory.hearing(
                    {name: self._known[key].heard for name, key in keys.items() if key in self._known}
                )
                for rotation in found.feeds.values():
                    _ = rotation.layers  # laid out here, and not while somebody waits to be paged
                self._applied = (directory, version, found)
            return self._applied[2]

    async def open(self, directory: Directory, now: datetime | None = None) -> None:
        """Take up the kept copies, then read what can be read at once. Never raises for a feed."""
        await self._take_up(directory)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self.refresh(directory, now)
        except TimeoutError:
            self._warn("feeds_slow", waited_seconds=OPEN_SECONDS)

    async def watch(self, directory: Callable[[], Directory]) -> None:
        """Read what is due, for ever."""
        while True:
            try:
                await self.refresh(await asyncio.to_thread(directory))
            except Exception as error:  # noqa: BLE001 - whatever it is, the feeds are looked after again
                self._warn("feeds_not_looked_after", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def refresh(self, directory: Directory, now: datetime | None = None) -> None:
        """Read every feed that is due at an aware instant, by default now. Never raises for a feed."""
        now = now or datetime.now(UTC)
        wanted = {_key(rotation.feed): (name, rotation.feed) for name, rotation in directory.feeds.items()}
        for key in self._known.keys() - wanted.keys():
            del self._known[key]
        await self._take_up(directory)
        due = [
            (name, feed, self._known[key])
            for key, (name, feed) in wanted.items()
            if (tried := self._known[key].tried_at) is None or now - tried >= feed.every or now < tried
        ]
        await asyncio.gather(*(self._read(name, feed, known, now) for name, feed, known in due))

    async def _take_up(self, directory: Directory) -> None:
        """Begin to know feeds that are new, with the copies that are kept of them."""
        for name, rotation in directory.feeds.items():
            key, feed = _key(rotation.feed), rotation.feed
            if key in self._known:
                continue
            known = _Known(Heard())
            copy = await asyncio.to_thread(self._copy, feed)
            if copy is not None:
                content, mark = copy
                try:
                    shifts, remarks = await self._shifts(content, feed, datetime.now(UTC))
                except RemoteError as error:
                    self._warn("feed_copy_not_usable", rotation=name, why=str(error))
                else:
                    known.content, known.mark = content, mark
                    known.heard = Heard(shifts=shifts, read_at=mark.read_at, remarks=remarks)
            self._known[key] = known
            self._version += 1

    async def _read(self, name: str, feed: Feed, known: _Known, now: datetime) -> None:
        before = known.heard
        try:
            known.heard = await self._heard(feed, known, now)
        except RemoteError as error:
            known.heard = before.changed({"failing": str(error)})
        known.tried_at = now
        self._version += 1
        self._tell(name, before, known.heard)

    async def _heard(self, feed: Feed, known: _Known, now: datetime) -> Heard:
        """Read one feed; raise ``RemoteError`` with why it cannot be used."""
        mark = known.mark or Mark(read_at=now)
        if feed.url is not None:
            got = await fetched(
                self._client,
                feed.url,
                etag=mark.etag,
                last_modified=mark.last_modified,
                known=known.content is not None,
            )
        else:
            got = await from_file(self._beside / (feed.file or ""))
        content = got.content if got.content is not None else known.content
        if content is None:
            raise RemoteRefused("it is said to be unchanged, and was never read")
        if content == known.content and known.read_on == now.date():
            heard = known.heard.changed({"read_at": now, "failing": ""})
        else:
            shifts, remarks = await self._shifts(content, feed, now)
            heard = Heard(shifts=shifts, read_at=now, remarks=remarks)
        mark = Mark(read_at=now, etag=got.etag, last_modified=got.last_modified)
        await asyncio.to_thread(self._keep, feed, content, mark)
        known.content, known.mark, known.read_on = content, mark, now.date()
        return heard

    def _warn(self, what: str, **about: object) -> None:
        if not self._quiet:
            log.warning(what, **about)

    def _tell(self, name: str, before: Heard, heard: Heard) -> None:
        if heard.failing and heard.failing != before.failing:
            used = heard.read_at.isoformat() if heard.read_at else "nothing: nobody is on call by it"
            self._warn("feed_not_usable", rotation=name, why=heard.failing, in_use=used)
        elif before.failing and not heard.failing:
            self._warn("feed_read_again", rotation=name, shifts=len(heard.shifts))
        if heard.remarks and heard.remarks != before.remarks:
            self._warn("feed_odd", rotation=name, remarks=heard.remarks)

    # --- the kept copies ---------------------------------------------------------------------------------------------

    async def _shifts(self, content: bytes, feed: Feed, now: datetime) -> tuple[tuple[FeedShift, ...], tuple[str, ...]]:
        async with self._one_reader:
            return await shifts_of(content, feed, now)

    def _place(self, feed: Feed) -> Path:
        return self._kept / digest_of(feed.url or f"file {(self._beside / (feed.file or '')).absolute()}")

    def _copy(self, feed: Feed) -> tuple[bytes, Mark] | None:
        place = self._place(feed)
        try:
            mark = Mark.model_validate_json(place.with_suffix(".json").read_bytes())
            return place.with_suffix(".ics").read_bytes(), mark
        except (OSError, ValidationError):
            return None

    def _keep(self, feed: Feed, content: bytes, mark: Mark) -> None:
        place = self._place(feed)
        try:
            self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path, data in (
                (place.with_suffix(".ics"), content),
                (place.with_suffix(".json"), mark.model_dump_json().encode()),
            ):
                beside = path.with_suffix(f"{path.suffix}.{os.getpid()}")
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                    stream.write(data)
                beside.replace(path)
        except OSError as error:
            self._warn("feed_copy_not_kept", why=error.strerror or type(error).__name__)


def _key(feed: Feed) -> str:
    return feed.model_dump_json()
