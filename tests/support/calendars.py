"""A calendar server on 127.0.0.1 that answers as told, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.serving import read_head, serving


@dataclass
class Calendar:
    """What is served at each path. ``asked`` has the headers of every question, names in lower case."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    """Whoever asks with this one is told that nothing changed."""
    moved: dict[str, str] = field(default_factory=dict)
    """Path to where it redirects."""
    drip: bool = False
    """Send the body a byte at a time and never end, until the server is closed."""
    endless: bool = False
    """Send the body again and again, as fast as it is taken."""
    asked: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, path, headers = await read_head(reader)
        self.asked.append({**headers, "path": path})
        status, sent, body = self.status, dict(self.headers), self.body
        if self.etag:
            sent["ETag"] = self.etag
            if headers.get("if-none-match") == self.etag:
                status, body = 304, b""
        if path in self.moved:
            status, body, sent = 302, b"", {"Location": self.moved[path]}
        if not (self.drip or self.endless):
            sent["Content-Length"] = str(len(body))
        lines = [f"HTTP/1.1 {status} X", "Connection: close", *(f"{name}: {value}" for name, value in sent.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        if not (self.drip or self.endless):
            writer.write(body)
        while self.endless:
            writer.write(body)
            await writer.drain()
        while self.drip:
            writer.write(b"B")
            await writer.drain()
            await asyncio.sleep(0.05)
        await writer.drain()
        return False


@asynccontextmanager
async def open_calendar() -> AsyncIterator[Calendar]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    calendar = Calendar()
    async with serving(calendar.answer) as port:
        calendar.url = f"http://127.0.0.1:{port}"
        try:
            yield calendar
        finally:
            calendar.drip = calendar.endless = False


def events(*bodies: str) -> bytes:
    """Make a calendar of events, each as its lines between BEGIN and END."""
    parts = (f"BEGIN:VEVENT\r\nUID:e{n}\r\n{body.strip().replace(chr(10), chr(13) + chr(10))}\r\nEND:VEVENT\r\n"
             for n, body in enumerate(bodies))  # fmt: skip
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


def event(summary: str, start: str, end: str, *more: str, zone: str = ";TZID=Europe/Prague") -> str:
    """Write one event: ``event("Eva", "20260105T080000", "20260112T080000", "RRULE:FREQ=WEEKLY")``."""
    return "\n".join([f"SUMMARY:{summary}", f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", *more])
