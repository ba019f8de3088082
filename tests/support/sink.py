"""A webhook receiver on 127.0.0.1 that misbehaves as told, and keeps a journal that a test can count.

It serves many messages at once: what it answers at an ``address`` depends on how often that very message was tried. At
its ``hook`` it answers by one script instead, in turn, whatever comes.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.serving import read_head, serving


@dataclass(frozen=True)
class Reply:
    """How one try is answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    delay: float = 0
    """Seconds before the answer."""
    drop: bool = False
    """Close the connection after the request was read: the receiver has it, the sender cannot know."""
    drip: float = 0
    """Seconds between two bytes of the body."""
    hang: bool = False
    """Between ``FaultSink.hold`` and ``release`` there is no answer."""


@dataclass(frozen=True)
class Hit:
    """One try as it arrived; ``at`` is the event loop's time in seconds."""

    key: str
    to: str
    kind: str
    body: Any
    at: float
    headers: dict[str, str]
    """By their names in lower case."""
    status: int | None
    """What it was answered; None when the connection was dropped."""


Behaviour = Callable[[int], Reply]
"""How the tries of one message are answered: the first try is 1."""


def at_once(_attempt: int) -> Reply:
    return Reply()


class FaultSink:
    """Answers each try by the behaviour of its path; ``journal`` has every try, ``kept`` each message once."""

    def __init__(self) -> None:
        self.url = ""
        self.script: list[Reply] = []
        self.journal: list[Hit] = []
        self.kept: dict[str, Hit] = {}
        """By ``Idempotency-Key``: what a receiver that honours the header would have shown to a person."""
        self._behaviours: dict[str, Behaviour] = {"/hook": lambda _: self.script.pop(0) if self.script else Reply()}
        self._tries: Counter[str] = Counter()
        self._released = asyncio.Event()
        self._released.set()

    def address(self, name: str, behaviour: Behaviour = at_once) -> str:
        """Return the address of a contact point that behaves like this."""
        self._behaviours[f"/{name}"] = behaviour
        return f"{self.url}/{name}"

    @property
    def hook(self) -> str:
        """An address with a secret in it, which is answered by ``script``, and then with 200."""
        return f"{self.url}/hook?token=s3cret"

    def hold(self) -> None:
        """From now on what may hang does."""
        self._released.clear()

    def release(self) -> None:
        """Answer what hangs."""
        self._released.set()

    def tries(self, to: str, kind: str | None = None) -> list[Hit]:
        """Return the tries to tell this person, oldest first."""
        return [hit for hit in self.journal if hit.to == to and kind in {None, hit.kind}]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, target, headers = await read_head(reader)
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
        key = unquote(headers.get("idempotency-key", ""))
        self._tries[key] += 1
        path, _, _ = target.partition("?")
        reply = self._behaviours[path](self._tries[key])
        status = None if reply.drop else reply.status
        now = asyncio.get_running_loop().time()
        hit = Hit(key, body.get("to", ""), body.get("kind", ""), body, now, headers, status)
        self.journal.append(hit)
        if reply.status < 300:
            self.kept.setdefault(key, hit)
        if reply.drop:
            return False
        if reply.hang:
            await self._released.wait()
        await asyncio.sleep(reply.delay)
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers.items())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(reply.body)}", "", ""]).encode())
        for byte in reply.body if reply.drip else ():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(reply.drip)
        writer.write(b"" if reply.drip else reply.body)
        await writer.drain()
        return True


@asynccontextmanager
async def open_fault_sink() -> AsyncIterator[FaultSink]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    sink = FaultSink()
    async with serving(sink.answer) as port:
        sink.url = f"http://127.0.0.1:{port}"
        try:
            yield sink
        finally:
            sink.release()
