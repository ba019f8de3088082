"""A help desk is watched on the real server, and messages that can be changed say what became of them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

import activities.crm.watch as watching
from activities.crm.port import Changes
from activities.crm.watch import Watching
from activities.notify import Notifications
from escalation.errors import RemoteUnavailable
from escalation.model import commands as c
from escalation.model import events as e
from escalation.model.actions import AmendMessage, CaseChange, DeliveryReceipt, Fate, Notify
from escalation.model.watch import watch_id
from tests.support.waiting import eventually
from tests.workflows.desks import BreakableDesk
from tests.workflows.world import ANN, CUSTOMER, World, open_world
from worker import watch_help_desks


class WatchedDesk(BreakableDesk):
    """Says what a test has people change there; its cursor counts, and it fails once in between."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[CaseChange] = []
        self.asked: list[str] = []
        self.fails = 0

    def change(self, case_key: str, **what: object) -> None:
        plain = {"key": f"c{len(self.made)}", "case_key": case_key, "at": datetime.now(UTC), "by": "agent 12"}
        self.made.append(CaseChange.model_validate(plain | what))

    async def changes(self, cursor: str) -> Changes:
        self.asked.append(cursor)
        if self.fails:
            self.fails -= 1
            raise RemoteUnavailable("desk: down for the test")
        start = int(cursor or "0")
        return Changes(cursor=str(len(self.made)), changes=tuple(self.made[start:]))


@pytest.mark.req("WLF-17")
async def test_what_people_change_in_the_help_desk_reaches_its_escalation_once_also_after_an_outage(
    temporal: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "EVERY", watching.EVERY / 40)
    desk = WatchedDesk()
    async with open_world(temporal, tmp_path, cached=100, help_desk=desk, working=False) as world:
        watched = Watching({world.settings.task_queue: desk}, world.activities.ledger.escalation_of)
        world.activities = replace(world.activities, watching=watched)
        async with world.worker():
            for _ in range(2):  # a second worker that starts finds the watch running
                await watch_help_desks(temporal, world.settings, world.activities)
            identifier = await world.opened_id("door")
            await world.send(identifier, c.Acknowledge(by=ANN))
            key = (await world.client.state(identifier)).case_key
            await eventually(lambda: desk.asked[-1:] == ["0"], "it is watched")
            desk.change("nobody-knows/case", at=datetime(2026, 1, 1, tzinfo=UTC), status="solved")
            desk.change(key, status="solved")
            desk.fails = 1
            await world.until(identifier, lambda state: state.ticket is not None and state.ticket.status == "solved")
            desk.change(key, by_customer=True, public=True, note="still broken")
            await world.until(identifier, lambda state: state.ticket is not None and len(state.ticket.seen) == 2)
            assert desk.asked.count("") == 1, "after the outage it went on from where it was"
            notes = [event for event in await world.timeline(identifier) if isinstance(event, e.NoteAdded)]
            assert [(note.by, note.text) for note in notes] == [(CUSTOMER, "still broken")]
            assert not [each for each in desk.updates if "still broken" in each.note], "nothing is echoed"
            await world.finish(identifier)
            desk.change(key, status="open")  # it has ended: passed over, and the watch goes on
            await eventually(lambda: desk.asked[-1] == "4", "it goes on")
            await temporal.get_workflow_handle(watch_id(world.settings.task_queue)).terminate()


class Chat:
    """A channel with threads, whose messages can be changed."""

    def __init__(self) -> None:
        self.sent: list[Notify] = []
        self.changes: list[AmendMessage] = []

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        self.sent.append(message)
        thread = message.thread or f"thread of {message.to}"
        return DeliveryReceipt(
            channel="inbox", receipt_id=message.key, at=datetime.now(UTC), thread=thread, amendable=True
        )

    async def amend(self, change: AmendMessage) -> None:
        self.changes.append(change)

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        raise AssertionError("no message is withdrawn on its way")


async def test_messages_go_on_in_their_thread_and_say_what_became_of_them(
    temporal: Client, tmp_path: Path, cached: int
) -> None:
    chat = Chat()
    async with open_world(temporal, tmp_path, cached=cached, working=False) as world:
        _speak_by(world, chat)
        async with world.worker():
            identifier = await world.opened_id("door")
            (page,) = chat.sent
            assert (page.thread, page.escalation) == ("", identifier)
            assert [offer.command for offer in page.offers] == ["acknowledge", "decline"]
            await world.send(identifier, c.Acknowledge(by=ANN))
            await eventually(lambda: bool(chat.changes), "the page says who took it")
            (change,) = chat.changes
            assert (change.receipt_id, change.fate, change.by) == (page.key, Fate.TAKEN, ANN)
            await world.finish(identifier)
            later = [message.thread for message in chat.sent if message.to == ANN and message is not page]
            assert later
            assert set(later) == {f"thread of {ANN}"}


def _speak_by(world: World, chat: Chat) -> None:
    speaking = Notifications(world.activities.directory, {"inbox": chat})
    world.activities = replace(world.activities, notifications=speaking)
