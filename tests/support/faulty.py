"""A system on 127.0.0.1 that does what a stand-in does, until a fault strikes one call; with a journal of every call.

A fault is told by the transport, which knows which call is the next: whatever host a connector calls, it comes here.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import httpx

from activities.http import MAX_BODY, TIMEOUT
from tests.support.serving import read_head, serving

ASKED_TO_WAIT = 7
"""Seconds that a 429 asks for."""
_HEADER = "x-fault"


class Fault(StrEnum):
    """What can go wrong with a call."""

    RESET = "reset"
    CONNECT = "connect time-out"
    SLOW = "slow body"
    BUSY = "429, Retry-After"
    BROKEN = "500 twice, then 200"
    EXPIRED = "401, once"
    GONE = "404"
    MALFORMED = "malformed JSON"
    ERROR_IN_200 = "200 with an error"
    HUGE = "10 MB answer"

    @property
    def times(self) -> int:
        """How often it strikes before all is well again."""
        return 2 if self is Fault.BROKEN else 1

    @property
    def after_the_work(self) -> bool:
        """True: the system has done what it was asked for, and only its answer is lost or spoiled."""
        return self in {Fault.RESET, Fault.SLOW, Fault.MALFORMED, Fault.HUGE}


class StandIn(Protocol):
    """A system that works."""

    def __call__(self, request: httpx.Request) -> httpx.Response: ...

    def made(self) -> int:
        """How many things there are that came to be by calls: tickets, notes, messages."""
        ...


@dataclass(frozen=True)
class Call:
    """One call as it arrived, and how many things came to be by it."""

    name: str
    made: int


class Faulty(httpx.AsyncBaseTransport):
    """The system, and the way to it. ``strike`` is asked by each call's name whether a fault strikes it."""

    def __init__(self, stand_in: StandIn, error: bytes, strike: Callable[[str], Fault | None]) -> None:
        self.stand_in = stand_in
        self.journal: list[Call] = []
        self._error = error
        self._strike = strike
        self._port = 0
        self._nobody = 0
        self._wire = httpx.AsyncHTTPTransport(verify=False)  # plain HTTP: reading the authorities took a quarter of it

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Faulty"]:
        """Serve on a free port until the block ends; beside it a port where nobody ever answers."""
        async with serving(self._answer) as self._port:
            with socket.socket() as full, socket.socket() as first, socket.socket() as second:
                full.bind(("127.0.0.1", 0))
                full.listen(0)
                self._nobody = full.getsockname()[1]
                for each in (first, second):  # a full queue: who comes next is not even refused
                    each.setblocking(False)
                    each.connect_ex(("127.0.0.1", self._nobody))
                try:
                    yield self
                finally:
                    await self._wire.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Lead the call to the server, as plain HTTP, with the fault that strikes it."""
        await request.aread()
        fault = self._strike(name_of(request))
        timeout = dict(request.extensions["timeout"])
        port = self._port
        if fault is Fault.CONNECT:
            assert timeout["connect"] == TIMEOUT.connect, "a connector waits no longer than all others for a connection"
            timeout["connect"], port = 0.3, self._nobody
        headers = httpx.Headers(request.headers)
        if fault is not None:
            headers[_HEADER] = fault.name
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)
        led = httpx.Request(request.method, url, headers=headers, content=request.content)
        led.extensions = {**request.extensions, "timeout": timeout}
        return await self._wire.handle_async_request(led)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        method, target, headers = await read_head(reader)
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        struck = headers.pop(_HEADER, None)
        fault = Fault[struck] if struck else None
        request = httpx.Request(method, f"https://{headers['host']}{target}", headers=headers, content=content)
        if fault is not None and not fault.after_the_work:
            self.journal.append(Call(name_of(request), 0))
            await _send(writer, self._instead(fault))
            return True
        before = self.stand_in.made()
        answer = self.stand_in(request)
        self.journal.append(Call(name_of(request), self.stand_in.made() - before))
        if fault is Fault.RESET:
            reset = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            return False
        if fault is Fault.SLOW:
            await _drip(writer)
            return False
        if fault is Fault.MALFORMED:
            answer = httpx.Response(200, content=b'{"id": "4711", "ti', headers=_kind())
        if fault is Fault.HUGE:
            # JSON all the same: whoever reads it to the end understands it.
            answer = httpx.Response(200, content=b" " * 10 * MAX_BODY + (answer.content or b"{}"), headers=_kind())
        await _send(writer, answer)
        return True

    def _instead(self, fault: Fault) -> httpx.Response:
        """Return the answer of a system that has done nothing."""
        if fault is Fault.BUSY:
            return httpx.Response(429, headers={"Retry-After": str(ASKED_TO_WAIT)})
        if fault is Fault.BROKEN:
            return httpx.Response(500, text="<html>Internal Server Error</html>")
        if fault is Fault.EXPIRED:
            return httpx.Response(401, json={"error": "expired"})
        if fault is Fault.GONE:
            return httpx.Response(404, json={"error": "not_found"})
        return httpx.Response(200, content=self._error, headers=_kind())


def name_of(request: httpx.Request) -> str:
    """Return what a call is known by: its method and path."""
    return f"{request.method} {request.url.path}"


def json_error(**said: object) -> bytes:
    """Return an answer that says no, although its status is 200."""
    return json.dumps(said).encode()


def _kind() -> dict[str, str]:
    return {"Content-Type": "application/json"}


async def _send(writer: asyncio.StreamWriter, answer: httpx.Response) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.content))}
    lines = [f"HTTP/1.1 {answer.status_code} X", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode() + answer.content)
    await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then: no pause is ever long enough to be noticed by itself."""
    writer.write(b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)
