"""Where a calendar of shifts comes from, a file or an address, and how its shifts are made; everything is bounded.

Raises only ``RemoteError``, with words for people. Addresses of feeds hold secrets and are never repeated.
"""

import asyncio
import errno
import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from activities.http import raise_for
from escalation.errors import RemoteRefused, RemoteUnavailable
from escalation.people.feeds import Feed, FeedShift

BACK: Final = timedelta(days=60)
AHEAD: Final = timedelta(days=400)
"""Shifts are known from so long before a reading until so long after it."""
MAX_BYTES: Final = 2 << 20
FETCH_SECONDS: Final = 30.0
READ_SECONDS: Final = 20.0
"""For making shifts of a calendar, in a process of its own."""
REDIRECTS: Final = 3
_PROJECT: Final = Path(__file__).resolve().parents[1]
_ENVIRONMENT: Final = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONHOME")
_SYSTEM: Final = "the calendar"


@dataclass(frozen=True)
class Got:
    """An answer: ``content`` is None where it is said to be the same as before."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


async def fetched(client: httpx.AsyncClient, url: str, *, etag: str, last_modified: str, known: bool) -> Got:
    """Ask for a calendar, unless it is the same as the known one; follow redirects on the same host only."""
    asked = {"Accept": "text/calendar"}
    if known:
        asked |= {"If-None-Match": etag} if etag else {}
        asked |= {"If-Modified-Since": last_modified} if last_modified else {}
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            here = httpx.URL(url)
            for _ in range(REDIRECTS + 1):
                async with client.stream("GET", here, headers=asked) as answer:
                    if answer.status_code == httpx.codes.NOT_MODIFIED and known:
                        return Got(None, etag, last_modified)
                    there = here.join(answer.headers.get("Location", "")) if answer.is_redirect else here
                    if there == here or not _same_host(there, here):
                        raise_for(answer, _SYSTEM)
                        return Got(
                            await _body(answer),
                            answer.headers.get("ETag", ""),
                            answer.headers.get("Last-Modified", ""),
                        )
                here = there
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        raise RemoteRefused(f"{_SYSTEM}: its address, or where it leads to, is not a usable https URL") from None
    except (httpx.TransportError, TimeoutError) as error:
        raise RemoteUnavailable(f"{_SYSTEM}: no answer ({type(error).__name__})") from None
    raise RemoteRefused(f"{_SYSTEM}: leads from one address to another, more than {REDIRECTS} times")


async def from_file(path: Path) -> Got:
    """Read a calendar from a file."""

    def read() -> bytes:
        if not path.is_file():  # a pipe would never end
            raise FileNotFoundError(errno.ENOENT, "there is no such file")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)

    try:
        content = await asyncio.to_thread(read)
    except OSError as error:
        raise RemoteUnavailable(f"the file cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_BYTES:
        raise RemoteRefused(f"the file is over {MAX_BYTES:,} bytes")
    return Got(content)


async def shifts_of(content: bytes, feed: Feed, now: datetime) -> tuple[tuple[FeedShift, ...], tuple[str, ...]]:
    """Make shifts of a calendar in a process that can be stopped."""
    asked = {
        "people": feed.people,
        "time_zone": feed.time_zone,
        "start": (now - BACK).isoformat(),
        "end": (now + AHEAD).isoformat(),
    }
    answer = await _in_a_process(json.dumps(asked).encode() + b"\n" + content)
    if "refused" in answer:
        raise RemoteRefused(str(answer["refused"]))
    shifts = (
        FeedShift(person, datetime.fromisoformat(start), datetime.fromisoformat(end))
        for person, start, end in answer["shifts"]
    )
    return tuple(shifts), tuple(answer["remarks"])


def _same_host(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


async def _body(answer: httpx.Response) -> bytes:
    """Read a body as it comes over the wire: a compressed one could unfold to any size."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise RemoteRefused("the calendar: came compressed, which was not asked for")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise RemoteRefused(f"the calendar: is over {MAX_BYTES:,} bytes")
    return bytes(body)


async def _in_a_process(given: bytes) -> dict[str, Any]:
    """Run ``activities.ical``; raise ``RemoteRefused`` when it takes too long or breaks."""
    path = os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")]))
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}  # and no secrets
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "activities.ical"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**kept, "PYTHONPATH": path},
        )
    except OSError as error:
        raise RemoteUnavailable(f"its reader does not start: {error.strerror or type(error).__name__}") from None
    try:
        async with asyncio.timeout(READ_SECONDS):
            out, _ = await process.communicate(given)
    except TimeoutError:
        raise RemoteRefused(
            f"it takes longer than {READ_SECONDS:g} s to read; does something repeat too often?"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(out)
    except ValueError:
        raise RemoteRefused(f"it cannot be read (its reader ended with {process.returncode})") from None
    return answer if isinstance(answer, dict) else {}
