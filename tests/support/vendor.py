"""A vendor's edge within the test's own process: every call is kept, and answered by a function."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx

from activities.http import open_client

Answering = Callable[[httpx.Request], httpx.Response]


class Vendor(httpx.AsyncBaseTransport):
    """Stands in for the network; ``calls`` has every request in order."""

    def __init__(self, answering: Answering) -> None:
        self.calls: list[httpx.Request] = []
        self.answering = answering

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.calls.append(request)
        answer = self.answering(request)
        # What a handler makes is read already; from the wire it comes as a stream.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))

    def client(self) -> httpx.AsyncClient:
        return open_client(self)

    def sent(self, place: int = -1) -> Any:
        """Return what a call carried, as JSON."""
        return json.loads(self.calls[place].content)

    def form(self, place: int = -1) -> dict[str, str]:
        """Return what a call carried, as a form."""
        return {name: values[-1] for name, values in parse_qs(self.calls[place].content.decode()).items()}
