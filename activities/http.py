"""The one HTTP foundation: every adapter that talks HTTP opens its client here and calls through ``call``.

It never retries by itself, since Temporal does, and knows how long to wait. It never repeats a URL, a header or a body
in an error or a log: webhook addresses carry secrets, bodies carry customers.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from escalation.errors import RemoteRefused, RemoteUnavailable

TIMEOUT = httpx.Timeout(10, connect=3, pool=5)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)
WHOLE_CALL = 30
"""Seconds for everything: httpx only limits the pause between two bytes, so a slow drip would never end."""
MAX_BODY = 1024 * 1024
LONGEST_WAIT = timedelta(hours=1)
"""A wrong date in ``Retry-After`` must not park a page until next year."""
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
"""The three 4xx that say "later" rather than "no"."""


@dataclass(frozen=True)
class Answer:
    """A 2xx answer."""

    system: str
    status: int
    body: bytes | None
    """None when it was over ``MAX_BODY`` or came compressed, which was not asked for."""

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            RemoteRefused: when there is no body, or it is not JSON. Says only that.
        """
        if self.body is None:
            raise RemoteRefused(f"{self.system}: the answer is over {MAX_BODY:,} bytes, or compressed")
        try:
            return json.loads(self.body)
        except ValueError:
            raise RemoteRefused(f"{self.system}: the answer of {len(self.body):,} bytes is not JSON") from None


def open_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Open a client with this project's time-outs, limits and TLS checks; ``transport`` is for tests."""
    for name in ("httpx", "httpcore"):  # both log whole URLs
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=TIMEOUT,
        limits=LIMITS,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "durable-escalations"},
    )


async def call(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    system: str,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    also_retry: frozenset[int] = frozenset(),
) -> Answer:
    """Make one call and read its answer, at most ``MAX_BODY`` bytes of it.

    ``system`` is the name people know the remote system by; errors carry it. ``also_retry`` names further statuses
    that this system means as "later".

    Raises:
        RemoteUnavailable: no connection, no answer in time, 408, 425, 429 or 5xx; with what ``Retry-After`` asked for.
        RemoteRefused: any other 4xx, a redirect, or an address that is no http(s) URL.
    """
    try:
        async with (
            asyncio.timeout(WHOLE_CALL),
            client.stream(method, url, content=content, headers=headers) as response,
        ):
            raise_for(response, system, also_retry)
            return Answer(system, response.status_code, await _read(response))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        raise RemoteRefused(f"{system}: the address is not a usable http or https URL") from None
    except (httpx.TransportError, TimeoutError) as error:
        raise RemoteUnavailable(f"{system}: no answer to {method} ({type(error).__name__})") from None


def raise_for(response: httpx.Response, system: str, also_retry: frozenset[int] = frozenset()) -> None:
    """Turn a status that is not 2xx into the error that says whether another try is worth it.

    Raises:
        RemoteUnavailable: 408, 425, 429, 5xx and ``also_retry``.
        RemoteRefused: everything else.
    """
    status = response.status_code
    if response.is_success:
        return
    if status >= 500 or status in WORTH_ANOTHER_TRY or status in also_retry:
        wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        asked = f" and asks to wait {wait.total_seconds():g} s" if wait else ""
        raise RemoteUnavailable(f"{system}: answered {status}{asked}", retry_after=wait)
    if response.is_redirect:
        raise RemoteRefused(f"{system}: answered {status}, a redirect; configure the address it leads to")
    raise RemoteRefused(f"{system}: answered {status}")


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date; None when absent, unreadable or already past."""
    if not header:
        return None
    try:
        if header.strip().isdigit():
            wait = timedelta(seconds=int(header))
        else:
            wait = parsedate_to_datetime(header).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return None
    return min(wait, LONGEST_WAIT) if wait > timedelta(0) else None


async def _read(response: httpx.Response) -> bytes | None:
    """Read the body as it comes over the wire: a compressed one could unfold to any size."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
