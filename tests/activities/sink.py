"""A webhook receiver on 127.0.0.1 that misbehaves as told, and remembers what it received."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One scripted answer; ``drop`` closes the connection after the request was read."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    drop: bool = False
    delay: float = 0
    """Seconds before answering."""


@dataclass(frozen=True)
class Hit:
    """One request as it arrived; ``at`` is the event loop's time in seconds."""

    headers: dict[str, str]
    body: Any
    at: float
    status: int | None


class Sink:
    """Answers with the script's replies in turn, then with 200; keeps each ``Idempotency-Key`` once."""

    def __init__(self) -> None:
        self.url = ""
        self.script: list[Reply] = []
        self.hits: list[Hit] = []
        self.kept: dict[str, Any] = {}
        """What a person behind the sink would have seen: each key once, also when the answer was lost."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"null")
        reply = self.script.pop(0) if self.script else Reply()
        took = reply.drop or reply.status < 300
        self.hits.append(Hit(headers, body, asyncio.get_running_loop().time(), None if reply.drop else reply.status))
        if took:
            self.kept.setdefault(headers.get("idempotency-key", ""), body)
        if reply.drop:
            return False
        await asyncio.sleep(reply.delay)
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers.items())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(reply.body)}", "", ""]).encode() + reply.body)
        await writer.drain()
        return True


@asynccontextmanager
async def open_sink() -> AsyncIterator[Sink]:
    """Serve on a free port until the block ends."""
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?token=s3cret"
    try:
        yield sink
    finally:
        server.close()
