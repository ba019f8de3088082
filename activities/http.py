"""The one HTTP foundation: every adapter that talks HTTP opens its client here and calls through ``call``.

It never retries by itself, since Temporal does, and knows how long to wait. Of a URL it repeats host and port
alone, and never a header or a body, in an error or a log: webhook addresses carry secrets, bodies carry customers. What
a system says of its own refusal is repeated only as far as it is a code (``Reason``).
"""

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from time import monotonic
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass
from weakref import WeakSet

import httpx
from temporalio import activity

from activities import silence
from escalation.errors import RemoteRefused, RemoteUnavailable, Unreadable

Reason = Callable[[Any], object]
"""Finds in a refusal's JSON the system's own code for it, such as ``channel_not_found``; anything else counts as none.

A sentence would not do: vendors' sentences repeat what was sent.
"""
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,79}")
MAX_REFUSAL: Final = 64 * 1024
"""Bytes of a refusal that are read to find its code."""
REFUSAL_WITHIN: Final = 3
"""Seconds that a refusal's body may take; the status alone says enough."""
TIMEOUT = httpx.Timeout(10, connect=3, pool=5)
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=50)
"""One host that hangs must not fill a pool that all others share: how many calls there are at once is limited for each
system, in ``bulkhead``."""
WHOLE_CALL = 30
"""Seconds for everything: httpx only limits the pause between two bytes, so a slow drip would never end."""
MAX_BODY = 1024 * 1024
LONGEST_WAIT = timedelta(hours=1)
"""A wrong date in ``Retry-After`` must not park a page until next year."""
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
"""The three 4xx that say "later" rather than "no"."""


_BEHIND_PROXY: Final[WeakSet[httpx.AsyncClient]] = WeakSet()
"""Clients that were opened with a proxy of their own."""


@dataclass(frozen=True)
class Answer:
    """A 2xx answer."""

    system: str
    status: int
    body: bytes | None
    """None when it was over ``MAX_BODY`` or came compressed, which was not asked for."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in any case."""

    def json(self) -> Any:
        """Return the body as JSON. Half an emoji, which JSON may carry and nothing else can, is replaced.

        Raises:
            Unreadable: when there is no body, or it is not JSON. Says only that.
        """
        if self.body is None:
            raise Unreadable(f"{self.system}: the answer is over {MAX_BODY:,} bytes, or compressed", self.status)
        try:
            return _whole(json.loads(self.body))
        except (ValueError, RecursionError):
            problem = f"{self.system}: the answer of {len(self.body):,} bytes is not JSON"
            raise Unreadable(problem, self.status) from None


def open_client(
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    proxy: str | None = None,
    trusted: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """Open a client with this project's time-outs, limits and TLS checks; ``transport`` is for tests.

    Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``) unless one is named; ``trusted`` replaces the
    certificate authorities that come along.
    """
    for name in ("httpx", "httpcore"):  # both log whole URLs
        logging.getLogger(name).setLevel(logging.WARNING)
    client = httpx.AsyncClient(
        transport=transport,
        proxy=proxy,
        verify=trusted if trusted is not None else _authorities(),
        timeout=TIMEOUT,
        limits=LIMITS,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "durable-escalations"},
    )
    if proxy is not None:
        _BEHIND_PROXY.add(client)
    return client


@cache
def _authorities() -> ssl.SSLContext:
    """Read the certificate authorities that come along once: it takes a twentieth of a second, for each client anew."""
    return httpx.create_ssl_context()


async def call(  # noqa: PLR0913 - each is one property of one call
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    system: str,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    also_retry: frozenset[int] = frozenset(),
    accept: frozenset[int] = frozenset(),
    reason: Reason | None = None,
    later: frozenset[str] = frozenset(),
) -> Answer:
    """Make one call and read its answer, at most ``MAX_BODY`` bytes of it.

    ``system`` is the name people know the remote system by; errors carry it. ``also_retry`` names further statuses
    that this system means as "later", ``accept`` those besides 2xx that are an answer like any other; ``later`` names
    the system's own codes, as ``reason`` finds them, that mean "later" under whatever status.

    Raises:
        RemoteUnavailable: no connection, no answer in time, 408, 425, 429 or 5xx; with what ``Retry-After`` asked for.
        RemoteRefused: any other 4xx, a redirect, or an address that is no http(s) URL.
    """
    begun, outcome = monotonic(), "unavailable"
    try:
        async with (
            asyncio.timeout(WHOLE_CALL),
            client.stream(method, url, content=content, headers=headers) as response,
        ):
            if response.status_code not in accept:
                raise_for(response, system, also_retry, await _own_reason(response, reason), later)
            answer = Answer(system, response.status_code, await _read(response, MAX_BODY), response.headers)
            outcome = "answered"
            return answer
    except RemoteRefused:
        outcome = "refused"
        raise
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
        outcome = "refused"
        raise RemoteRefused(f"{system}: the address is not a usable http or https URL") from None
    except (httpx.TransportError, TimeoutError) as error:
        raise RemoteUnavailable(f"{system}: no answer to {method} ({_silence(error, client, url)})") from None
    finally:
        measure(system, outcome, monotonic() - begun)


def _silence(error: Exception, client: httpx.AsyncClient, url: str) -> str:
    """Say why there was no answer. Of the address only host and port are named."""
    asked = httpx.URL(url)
    host, port = asked.host, asked.port or (443 if asked.scheme == "https" else 80)
    where = silence.place(host, port)
    match error:
        case httpx.ProxyError():
            return f"the proxy does not lead to {where}"
        case httpx.PoolTimeout():
            return f"no connection was free within {TIMEOUT.pool:g} s"
        case httpx.ConnectTimeout():
            said = f"no connection to {where} within {TIMEOUT.connect:g} s"
        case httpx.TimeoutException():
            said = f"nothing from {where} within {TIMEOUT.read:g} s"
        case TimeoutError():
            said = f"no whole answer from {where} within {WHOLE_CALL:g} s"
        case httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            said = f"{where} broke off"
        case httpx.RemoteProtocolError():
            said = f"{where} broke off, or speaks no HTTP"
        case _:
            said = silence.why(error, host, port) or f"no connection to {where}"
    proxied = client in _BEHIND_PROXY or (asked.scheme in getproxies() and not proxy_bypass(host))
    return f"{said}; it goes through a proxy, which may be meant" if proxied else said


async def answers(client: httpx.AsyncClient, url: str, *, system: str) -> int:
    """See whether anybody answers at an address that has no harmless call of its own: any status will do.

    It is returned.

    Raises:
        RemoteUnavailable: nobody does now.
        RemoteRefused: the address is no http(s) URL.
    """
    try:
        return (await call(client, "HEAD", url, system=system, accept=frozenset({501}))).status
    except RemoteRefused as error:
        if error.status is None:
            raise
        return error.status


def code_of(value: object) -> str:
    """Return what a system calls its refusal where that is a code, short and without spaces; else nothing."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else ""


def raise_for(
    response: httpx.Response,
    system: str,
    also_retry: frozenset[int] = frozenset(),
    reason: str = "",
    later: frozenset[str] = frozenset(),
) -> None:
    """Turn a status that is not 2xx into the error that says whether another try is worth it.

    ``reason`` is the system's own code for it.

    Raises:
        RemoteUnavailable: 408, 425, 429, 5xx, ``also_retry``, and a reason that is among ``later``.
        RemoteRefused: everything else.
    """
    status = response.status_code
    if response.is_success:
        return
    said = f" ({reason})" if reason else ""
    if status >= 500 or status in WORTH_ANOTHER_TRY or status in also_retry or reason in later:
        wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        asked = f" and asks to wait {wait.total_seconds():g} s" if wait else ""
        raise RemoteUnavailable(f"{system}: answered {status}{said}{asked}", retry_after=wait)
    if response.is_redirect:
        raise RemoteRefused(f"{system}: answered {status}, a redirect; configure the address it leads to", status)
    raise RemoteRefused(f"{system}: answered {status}{said}", status, reason)


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


def _whole(found: Any) -> Any:
    """Replace lone surrogates, with which a text cannot be encoded."""
    if isinstance(found, str):
        return found if found.isascii() else found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(found, list):
        return [_whole(each) for each in found]
    if isinstance(found, dict):
        return {_whole(name): _whole(each) for name, each in found.items()}
    return found


async def _own_reason(response: httpx.Response, reason: Reason | None) -> str:
    """Read the system's own code out of a refusal; nothing when there is none, or it cannot be had in time."""
    if reason is None or not 400 <= response.status_code < 500:
        return ""
    try:
        async with asyncio.timeout(REFUSAL_WITHIN):
            body = await _read(response, MAX_REFUSAL)
        return code_of(reason(json.loads(body or b"null")))
    except (httpx.TransportError, TimeoutError, ValueError, LookupError, TypeError, AttributeError):
        return ""  # whatever it is, it is not in the form the vendor describes


async def _read(response: httpx.Response, most: int) -> bytes | None:
    """Read the body as it comes over the wire: a compressed one could unfold to any size."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def measure(system: str, outcome: str, seconds: float) -> None:
    """Count and time a call, by system; outside of activities (a check by hand) there is nobody to tell."""
    if not activity.in_activity():
        return
    meter, labels = activity.metric_meter(), {"system": system, "outcome": outcome}
    meter.create_counter("escalation_remote_calls", "Calls of outside systems").add(1, labels)
    meter.create_histogram_float("escalation_remote_call_seconds", "How long they took", "s").record(seconds, labels)
