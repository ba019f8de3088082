"""An escalation and its ticket in a real Request Tracker: the real server, workers in processes of their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from escalation.model.events import TicketChanged
from tests.support import requests
from tests.support.people import see_through
from tests.support.request_tracker import CUSTOMER, ENGINE, EVA, MAX, QUEUE, Tracker
from tests.support.rig import ROOT, Rig, open_rig
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

CREATE = b"POST /REST/2.0/ticket HTTP"


class Gap:
    """Stands between a worker and RT: once, what RT made of a create is kept back and ``then`` is called instead."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.then: Callable[[], None] = lambda: None
        self.creates: list[bytes] = []
        """What RT answered to each create."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            sizes = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            asked = head + (await reader.readexactly(int(sizes[0])) if sizes else b"")
            answer = await self._forward(asked)
            if head.startswith(CREATE):
                self.creates.append(answer)
                if len(self.creates) == 1:
                    self.then()
                    return
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the worker is gone
        finally:
            writer.close()

    async def _forward(self, asked: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(asked)
        await writer.drain()
        answer = await reader.read()  # RT closes after each answer
        writer.close()
        return answer


@asynccontextmanager
async def rig_with(folder: Path, tracker: Tracker, url: str) -> AsyncIterator[Rig]:
    """Start the stack with RT as its help desk; everybody of the directory is Eva there."""
    people = YAML(typ="safe").load((ROOT / "examples" / "directory.yaml").read_text())["people"]
    desk: dict[str, Any] = {
        "kind": "request_tracker",
        "url": url,
        "queue": QUEUE,
        "user": ENGINE,
        "token": {"env": "RT_TOKEN"},
        "owners": {f"person:{person['id']}": EVA for person in people},
    }
    connections = folder / "connections.yaml"
    connections.write_text(json.dumps({"help_desk": "rt", "connections": {"rt": desk}}))
    settings = {"ESCALATION_CONNECTIONS": str(connections), "RT_TOKEN": tracker.token}
    async with open_rig(folder / "rig", environment=settings) as rig:
        yield rig


async def a_person_changes_the_ticket(rig: Rig, tracker: Tracker, escalation: str, key: str) -> None:
    """Have Max, who works in RT and nowhere else, set a status and comment, and wait until the escalation heard both.

    He is none of the engine's: RT's own ``rt-setup-database`` made him.
    """
    await eventually(lambda: tracker.tickets(key), "the ticket is there", within=60, every=1)
    [number] = tracker.tickets(key)
    await eventually(lambda: len(tracker.notes(number)) == 3, "who took it stands on the ticket", within=60, every=1)
    tracker.ask(MAX, "PUT", f"/ticket/{number}", {"Status": "stalled"})
    said = {"Content": "The bank confirms it", "ContentType": "text/plain"}
    tracker.ask(MAX, "POST", f"/ticket/{number}/comment", said)

    async def heard() -> list[tuple[str, str, str | None, str, bool]]:
        events = await rig.client.timeline(escalation)
        told = [event for event in events if isinstance(event, TicketChanged)]
        return [(event.by, event.editor, event.status, event.note, event.public) for event in told]

    async def both() -> bool:
        return len(await heard()) == 2

    await eventually(both, "the escalation hears of it", within=120, every=1)
    assert await heard() == [
        ("service:rt", MAX, "pending", "", False),
        ("service:rt", MAX, None, "The bank confirms it", False),
    ]
    changed = (await rig.client.state(escalation)).ticket
    assert changed is not None
    assert (changed.system, changed.status, changed.by) == ("rt", "pending", MAX)


@pytest.mark.req("WLF-12", "WLF-16", "WLF-17")
async def test_an_escalation_opens_a_ticket_notes_it_hears_what_a_person_does_there_and_closes_it(
    tracker: Tracker, tmp_path: Path
) -> None:
    async with rig_with(tmp_path, tracker, tracker.url) as rig:
        receipt = await rig.client.open(requests.support("rt-1"))
        state = await see_through(rig.client, receipt.escalation_id, until=lambda state: state.owner is not None)
        await a_person_changes_the_ticket(rig, tracker, receipt.escalation_id, f"{state.instance}/case")
        await see_through(rig.client, receipt.escalation_id)
        await rig.result(receipt.escalation_id)
        state = await rig.client.state(receipt.escalation_id)
        [number] = tracker.tickets(f"{state.instance}/case")
        link = state.case_link
        assert link is not None
        assert (link.system, link.ticket, link.url) == ("rt", number, f"{tracker.url}/Ticket/Display.html?id={number}")
        assert link.snapshot is not None
        assert link.snapshot.system == "rt"
        assert state.opened_at is not None
        assert state.opened_at < link.snapshot.fetched_at
        assert state.missing == ()
        shown = tracker.ticket(number)
        assert (shown["Status"], shown["Owner"]["id"]) == ("resolved", EVA)
        assert [each["id"] for each in shown["Requestor"]] == [CUSTOMER]
        notes = tracker.notes(number)
        assert notes[0] == ("Create", "The invoice of rt-1 is wrong")
        # The ticket is known when the resolution is proposed: the customer reads there what they are asked.
        assert [kind for kind, _ in notes[1:]] == [*["Comment"] * 3, "Correspond", "Comment"]
        theirs = "The bank confirms it"
        about = ("Why it was escalated", "speaks to the cust", theirs, "corrected and explained", "Closed: corrected")
        for (_, text), what in zip(notes[1:], about, strict=True):
            assert what in text
        assert rig.desk.tickets() == []


async def test_a_worker_killed_between_the_creation_of_a_ticket_and_its_recording_makes_no_second_one(
    tracker: Tracker, tmp_path: Path
) -> None:
    gap = Gap(int(tracker.url.rpartition(":")[2]))
    proxy = await asyncio.start_server(gap.serve, "127.0.0.1", 0)
    async with (
        proxy,
        rig_with(tmp_path, tracker, f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}") as rig,
    ):
        gap.then = rig.worker.kill
        receipt = await rig.client.open(requests.support("rt-2"))
        await eventually(lambda: gap.creates, "RT has made a ticket", within=60)
        assert b" 201 " in gap.creates[0].split(b"\r\n")[0]
        await eventually(lambda: not rig.worker.is_running, "the worker is dead")
        await rig.worker.restart()
        await see_through(rig.client, receipt.escalation_id)
        await rig.result(receipt.escalation_id)
        state = await rig.client.state(receipt.escalation_id)
        assert state.case_link is not None
        assert tracker.tickets(f"{state.instance}/case") == [state.case_link.ticket]
        assert len(gap.creates) == 1
        assert [kind for kind, _ in tracker.notes(state.case_link.ticket)][:2] == ["Create", "Comment"]
        assert tracker.ticket(state.case_link.ticket)["Status"] == "resolved"
