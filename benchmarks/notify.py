"""What a notification costs: the client classes by themselves against bare httpx, and Temporal around one."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import httpx
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.connections import ConnectionsFile, open_connections
from activities.http import LIMITS, open_client
from activities.notify.port import Notifier
from benchmarks.engine import Bench
from benchmarks.figures import figure, percentile
from benchmarks.requests import PLAYBOOK, write_files
from escalation.model.actions import MessageKind, Notify
from starter.embedded import EmbeddedStack

SENDS = int(os.environ.get("BENCH_SENDS", "1000"))
AT_ONCE = 50
ANSWER_AFTER = 0.05
TURNS = 10
LIVES = int(os.environ.get("BENCH_LIVES", "20"))
MORE = 5
"""So many people are paged more in a life of the second kind, and told later who has it."""
_SECRETS = {"BENCH_KEY": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "BENCH_TOKEN": "xoxb-bench"}

Send = Callable[[int], Awaitable[object]]


async def serve() -> None:
    """Serve on a free port, which is printed: every call is answered after 50 ms, as receivers and Slack do."""
    said = json.dumps({"id": "r", "ok": True, "ts": "1800000000.000100", "channel": "C0BENCH001", "messages": []})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
    answer = (head + said).encode()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
                await reader.readexactly(length)
                await asyncio.sleep(ANSWER_AFTER)
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@asynccontextmanager
async def sink() -> AsyncIterator[str]:
    """Run the server in a process of its own: what is compared must not share its time with it."""
    command = (sys.executable, "-m", "benchmarks.notify", "serve")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


async def clients() -> None:
    """Compare sends through the client classes with as many bare calls of the same bytes, in turns."""
    async with sink() as url, open_client() as client:
        connections = {
            "ops": {"kind": "webhook", "url": f"{url}/hook", "keys": [{"env": "BENCH_KEY"}]},
            "chat": {"kind": "slack", "url": f"{url}/api", "token": {"env": "BENCH_TOKEN"}},
        }
        with patch.dict(os.environ, _SECRETS):
            opened = open_connections(ConnectionsFile.model_validate({"connections": connections}), client)
        for name, address in (("ops", "ops-room"), ("chat", "C0BENCH001")):
            await _compared(name, opened.notifiers[name], address, client)


async def _compared(name: str, notifier: Notifier, address: str, client: httpx.AsyncClient) -> None:
    calls: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        calls.append(request)

    client.event_hooks["request"].append(note)
    await notifier.send(_message(f"{name}-first"), address)
    client.event_hooks["request"].clear()

    def ours(turn: int) -> Send:
        return lambda number: notifier.send(_message(f"{name}-{turn}-{number}"), address)

    async with httpx.AsyncClient(timeout=client.timeout, limits=LIMITS) as plain:

        async def bare_send(_: int) -> None:
            for each in calls:
                await plain.request(each.method, str(each.url), content=each.content, headers=each.headers)

        # In short turns: whatever else the machine does then slows both.
        took = [(await _timed(ours(turn)), await _timed(bare_send)) for turn in range(TURNS)]
    each = SENDS // TURNS
    own, bare = ([each / turn[place][0] for turn in took] for place in range(2))
    # Of each turn and its neighbour: on a machine that does other things their sums say more about those.
    ratio = percentile([ours / floor for ours, floor in zip(own, bare, strict=True)], 50)
    figure(
        f"notifications by {type(notifier).__name__}, {AT_ONCE} at once, answers after 50 ms",
        percentile(own, 50),
        "messages/s",
        bar=">= 0.9 x bare httpx",
        holds=ratio >= 0.9,
        floor=round(percentile(bare, 50), 1),
        ratio=round(ratio, 2),
        calls_each=len(calls),
        cpu_ms=[round(1000 * sum(turn[place][1] for turn in took) / SENDS, 2) for place in range(2)],
    )


def _message(key: str) -> Notify:
    return Notify(
        key=key,
        to="person:solo",
        kind=MessageKind.PAGE,
        subject="[P1] The refund has not arrived - please acknowledge",
        body="The customer waits.\n" * 20,
        urgent=True,
        # One each: the first messages of one escalation wait for the thread that they belong to.
        escalation=f"escalation-bench-{key}",
    )


async def _timed(send: Send) -> tuple[float, float]:
    """Send a turn's share; return how long that took, and how much of it this process computed."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            await send(number)

    begun, computed = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(number) for number in range(SENDS // TURNS)))
    return time.perf_counter() - begun, time.process_time() - computed


async def around() -> None:
    """Measure what Temporal adds: lives in which one person is paged against lives in which six are."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = write_files(folder)
        _more_people(folder)
        command = (sys.executable, "-m", "benchmarks.worker")
        async with EmbeddedStack.run(folder / "data", environment=environment, command=command) as stack:
            temporal = await Client.connect(stack.address, data_converter=pydantic_data_converter)
            bench = Bench(temporal, folder, stack.workers[0].pid)
            for number in range(3):
                await bench.happy_path(f"warm-{number}")
                await bench.happy_path(f"warm-crowd-{number}", "crowd")
            few, many = [], []
            for number in range(LIVES):
                few.append(await _life(bench, f"few-{number}", "bench"))
                many.append(await _life(bench, f"many-{number}", "crowd"))
    events, size, seconds, messages = (
        percentile([life[place] for life in many], 50) - percentile([life[place] for life in few], 50)
        for place in range(4)
    )
    kilobytes = round(size / messages / 1000, 2)
    figure("one more notification, in Temporal's history", events / messages, "events", kB=kilobytes)
    figure("one more notification, of the whole life", 1000 * seconds / messages, "ms", messages=messages)


def _more_people(folder: Path) -> None:
    """Write a playbook whose first level pages more people at once."""
    names = [f"solo{number}" for number in range(MORE)]
    directory = folder / "directory.yaml"
    contact = "[{{channel: inbox, address: {0}}}]"
    person = f"  - {{{{id: {{0}}, name: {{0}}, locale: en, time_zone: Europe/London, contacts: {contact}}}}}\n"
    people = "people:\n" + "".join(person.format(each) for each in names)
    directory.write_text(directory.read_text().replace("people:\n", people, 1))
    targets = ", ".join(f'"person:{each}"' for each in names)
    text = PLAYBOOK.replace("NAME", "crowd").replace("CONFIRMED_BY", "nobody")
    first = 'id: L1, targets: ["team:desk"'
    (folder / "playbooks" / "crowd.yaml").write_text(text.replace(first, f"{first}, {targets}", 1))


async def _life(bench: Bench, key: str, playbook: str) -> tuple[float, float, float, float]:
    """Live one; return its events, their bytes, its seconds, and how many messages it sent."""
    begun = time.perf_counter()
    identifier = await bench.happy_path(key, playbook)
    took = time.perf_counter() - begun
    history = await bench.temporal.get_workflow_handle(identifier).fetch_history()
    sent = sum(
        event.activity_task_scheduled_event_attributes.activity_type.name == "notify.send" for event in history.events
    )
    return len(history.events), sum(event.ByteSize() for event in history.events), took, sent


async def main(only: str = "") -> None:
    """Measure both."""
    if only == "serve":
        await serve()
    if only in ("", "clients"):
        await clients()
    if only in ("", "around"):
        await around()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
