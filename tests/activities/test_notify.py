"""Telling people: which contact point, each message once, and what happens when channels refuse or stay silent."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.connector import Tools
from activities.directory import DirectoryFile
from activities.http import open_client
from activities.notify import Notifications
from activities.notify.inbox import Inbox
from activities.notify.port import Notifier
from activities.notify.signed_webhook import SignedWebhook, SignedWebhookConfig
from activities.notify.webhook import Webhook
from escalation.errors import RemoteRefused, RemoteUnavailable, Unreadable
from escalation.model.actions import AmendMessage, DeliveryReceipt, Fate, MessageKind, Notify
from escalation.people.directory import Contact, Directory, Person
from escalation.values import digest_of
from tests.domain.builders import COMPANY
from tests.support.sink import FaultSink, Reply, open_fault_sink
from tests.support.vendor import Vendor

ROOT = Path(__file__).parents[2]


class Point(NamedTuple):
    channel: str
    address: str


class Group(NamedTuple):
    group: tuple[Contact, ...]


class People:
    """Stands for the directory: who has which contact points, in which order."""

    def __init__(self, **people: list[Point]) -> None:
        self._people = people

    def current(self) -> Self:
        return self

    @property
    def people(self) -> tuple[Person, ...]:
        return COMPANY.people

    def team(self, name: str) -> Group:
        return Group(_contacts(self._people.get(f"group_{name}", [])))

    def person(self, actor: str) -> Person | None:
        points = self._people.get(actor.removeprefix("person:"))
        if points is None:
            return None
        plain = {"id": "eva", "name": "Eva", "time_zone": "Europe/Prague", "contacts": _contacts(points)}
        return Person.made(plain)  # also without contacts, which a directory would refuse


def _contacts(points: list[Point]) -> tuple[Contact, ...]:
    return tuple(Contact(channel=point.channel, address=point.address) for point in points)


class Channel:
    """A channel that answers as told, and remembers the addresses it was asked for."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.asked: list[str] = []

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        self.asked.append(address)
        if self.error is not None:
            raise self.error
        return DeliveryReceipt(channel=self.name, receipt_id="r1", at=datetime(2026, 11, 20, tzinfo=UTC))


def page(key: str = "e1/page/1", to: str = "person:eva", **changes: Any) -> Notify:
    plain = {"key": key, "to": to, "kind": MessageKind.PAGE, "subject": "P0: checkout down", "body": "Please take it"}
    return Notify.model_validate(plain | changes)


def notifications(people: People, **channels: Notifier) -> Notifications:
    return Notifications(cast("DirectoryFile", people), channels)


class Clock:
    """The worker's clock, which moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("activities.notify.monotonic", clock)
    return clock


async def send(
    activities: Notifications, message: Notify, attempt: int = 1, remembered: list[Any] | None = None
) -> DeliveryReceipt:
    """Make one try; ``remembered`` is what it knows of the tries before, and leaves for the next."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt, heartbeat_details=list(remembered or ()))
    if remembered is not None:
        environment.on_heartbeat = lambda *details: remembered.__setitem__(slice(None), details)
    receipt: DeliveryReceipt = await environment.run(activities.send, message)
    return receipt


EVA = People(eva=[Point("chat", "U-eva"), Point("mail", "eva@example.org"), Point("sms", "+420")])

# --- which contact point --------------------------------------------------------------------------------------------


async def test_the_first_contact_point_is_used_and_no_other() -> None:
    chat, mail = Channel("chat"), Channel("mail")
    receipt = await send(notifications(EVA, chat=chat, mail=mail), page())
    assert receipt.channel == "chat"
    assert (chat.asked, mail.asked) == (["U-eva"], [])


@pytest.mark.req("AUT-8")
async def test_a_chat_group_is_written_to_at_the_contact_points_of_its_team() -> None:
    chat = Channel("chat")
    people = People(group_desk=[Point("chat", "#desk")])
    assert (await send(notifications(people, chat=chat), page(to="group:desk"))).channel == "chat"
    assert chat.asked == ["#desk"]
    with pytest.raises(RemoteRefused, match="group:sales cannot be reached: no contact point"):
        await send(notifications(people, chat=chat), page(to="group:sales"))


async def test_a_contact_point_that_refuses_is_passed_over_at_once() -> None:
    chat, mail = Channel("chat", RemoteRefused("chat: answered 404")), Channel("mail")
    receipt = await send(notifications(EVA, chat=chat, mail=mail), page())
    assert receipt.channel == "mail"
    assert mail.asked == ["eva@example.org"]


async def test_a_channel_that_this_worker_does_not_have_is_passed_over() -> None:
    mail = Channel("mail")
    assert (await send(notifications(EVA, mail=mail), page())).channel == "mail"


async def test_when_all_refuse_the_error_names_channels_and_no_address() -> None:
    refusing = {name: Channel(name, RemoteRefused(f"{name}: answered 410")) for name in ("chat", "mail")}
    with pytest.raises(RemoteRefused) as failure:
        await send(notifications(EVA, **refusing), page())
    assert str(failure.value) == (
        "person:eva cannot be reached: chat: answered 410; mail: answered 410; sms: this worker has no such channel"
    )


async def test_whoever_is_no_colleague_is_not_named_in_an_error() -> None:
    inbox = Channel("inbox", RemoteRefused("inbox: full"))
    with pytest.raises(RemoteRefused) as failure:
        await send(notifications(EVA, inbox=inbox), page(to="customer:jana@example.org"))
    assert str(failure.value) == "the customer cannot be reached: inbox: full"


async def test_an_unavailable_contact_point_is_waited_for_and_after_three_tries_the_next_one_gets_its_chance(
    clock: Clock,
) -> None:
    slow = RemoteUnavailable("chat: answered 429", retry_after=timedelta(seconds=4))
    chat, mail = Channel("chat", slow), Channel("mail")
    activities = notifications(EVA, chat=chat, mail=mail)
    for attempt in (1, 2, 3):
        with pytest.raises(RemoteUnavailable) as failure:
            await send(activities, page(), attempt)
        assert failure.value.retry_after == timedelta(seconds=4)
        clock.now += 4
    assert mail.asked == []
    assert (await send(activities, page(), attempt=4)).channel == "mail"
    assert chat.asked == ["U-eva"] * 4


async def test_a_contact_point_that_asks_for_a_long_wait_is_passed_over_at_once() -> None:
    chat, mail = Channel("chat", RemoteUnavailable("chat: busy", retry_after=timedelta(hours=1))), Channel("mail")
    assert (await send(notifications(EVA, chat=chat, mail=mail), page())).channel == "mail"


@pytest.mark.parametrize(("seconds", "channel"), [(3, "mail"), (3600, None)])
async def test_a_contact_point_that_asks_to_wait_until_it_is_too_late_is_passed_over_at_once(
    seconds: int, channel: str | None
) -> None:
    chat, mail = Channel("chat", RemoteUnavailable("chat: busy", retry_after=timedelta(seconds=5))), Channel("mail")
    message = page(respond_by=datetime.now(UTC) + timedelta(seconds=seconds))
    activities = notifications(EVA, chat=chat, mail=mail)
    if channel is None:
        with pytest.raises(RemoteUnavailable):
            await send(activities, message)
    else:
        assert (await send(activities, message)).channel == channel


async def test_the_shortest_wait_decides_on_the_next_try_which_spares_those_that_asked_for_longer(
    clock: Clock,
) -> None:
    people = People(eva=[Point("chat", "U-eva"), Point("mail", "eva@example.org")])
    chat = Channel("chat", RemoteUnavailable("chat: busy", retry_after=timedelta(hours=1)))
    mail = Channel("mail", RemoteUnavailable("mail: busy", retry_after=timedelta(seconds=20)))
    activities = notifications(people, chat=chat, mail=mail)
    for attempt in (1, 2, 3):
        with pytest.raises(RemoteUnavailable, match="mail: busy") as failure:
            await send(activities, page(), attempt)
        assert failure.value.retry_after == timedelta(seconds=20)
        clock.now += 20
    assert (len(chat.asked), len(mail.asked)) == (1, 3)
    clock.now += 3600
    with pytest.raises(RemoteUnavailable):
        await send(activities, page(), attempt=4)
    assert len(chat.asked) == 2


async def test_another_message_does_not_wait_because_one_was_asked_to(clock: Clock) -> None:
    chat = Channel("chat", RemoteUnavailable("chat: busy", retry_after=timedelta(hours=1)))
    activities = notifications(People(eva=[Point("chat", "U-eva")]), chat=chat)
    for key in ("k1", "k2"):
        with pytest.raises(RemoteUnavailable, match="chat: busy"):
            await send(activities, page(key))
    with pytest.raises(RemoteUnavailable, match="chat: asked to wait") as failure:
        await send(activities, page("k1"), attempt=2)
    assert failure.value.retry_after == timedelta(hours=1)
    assert len(chat.asked) == 2


async def test_while_one_contact_point_is_only_unavailable_the_failure_is_not_final() -> None:
    people = People(eva=[Point("chat", "U-eva"), Point("mail", "eva@example.org")])
    chat, mail = Channel("chat", RemoteUnavailable("chat: no answer")), Channel("mail", RemoteRefused("mail: no"))
    with pytest.raises(RemoteUnavailable, match="chat: no answer"):
        await send(notifications(people, chat=chat, mail=mail), page(), attempt=9)


@pytest.mark.parametrize(
    ("people", "why"),
    [
        (People(), r"person:eva is not in the directory; did you mean `person:eva\.novak`\?"),
        (People(eva=[]), "person:eva cannot be reached: no contact point"),
    ],
)
async def test_a_person_without_contact_points_cannot_be_told_and_the_error_says_why(people: People, why: str) -> None:
    with pytest.raises(RemoteRefused, match=why):
        await send(notifications(people), page())


@pytest.mark.parametrize("to", ["agent:support-bot", "service:crm", "customer:c-17"])
async def test_agents_services_and_customers_are_answered_in_the_inbox(inbox: Inbox, to: str) -> None:
    assert (await send(notifications(People(), inbox=inbox), page(to=to))).channel == "inbox"
    assert [message.to for message in inbox.messages()] == [to]


# --- the embedded inbox ---------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    opened = Inbox(tmp_path / "var" / "inbox.db")
    yield opened
    opened.close()


async def test_the_inbox_keeps_what_a_person_would_have_received(inbox: Inbox) -> None:
    respond_by = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    receipt = await inbox.send(page(urgent=True, rung="L1/1", respond_by=respond_by, body="Zákaznice čeká"), "eva")
    [kept] = inbox.messages("person:eva")
    assert (kept.key, kept.kind, kept.subject) == ("e1/page/1", MessageKind.PAGE, "P0: checkout down")
    assert (kept.body, kept.urgent, kept.rung, kept.respond_by) == ("Zákaznice čeká", True, "L1/1", respond_by)
    assert (receipt.channel, receipt.receipt_id, receipt.at) == ("inbox", f"inbox-{kept.id}", kept.received_at)


async def test_a_message_sent_again_is_in_the_inbox_once_and_gets_its_first_receipt(inbox: Inbox) -> None:
    receipts = [await inbox.send(page(), "eva") for _ in range(3)]
    receipts += await asyncio.gather(*(inbox.send(page(), "eva") for _ in range(8)))
    assert len({receipt.model_dump_json() for receipt in receipts}) == 1
    assert len(inbox.messages()) == 1


async def test_the_inbox_is_read_by_person_and_from_where_one_stopped(inbox: Inbox) -> None:
    for number, who in enumerate(("eva", "jan", "eva", "jan")):
        await inbox.send(page(f"k{number}", f"person:{who}"), who)
    assert [message.key for message in inbox.messages("person:jan")] == ["k1", "k3"]
    stopped = inbox.messages()[1].id
    assert [message.key for message in inbox.messages(since=stopped)] == ["k2", "k3"]
    assert [message.key for message in inbox.messages("person:eva", since=stopped)] == ["k2"]
    assert inbox.messages("person:nobody") == []


async def test_what_was_acknowledged_by_the_inbox_survives_a_killed_process(tmp_path: Path) -> None:
    program = """
import asyncio, os, pathlib, sys
from activities.notify.inbox import Inbox
from escalation.model.actions import Notify
inbox = Inbox(pathlib.Path(sys.argv[1]))
message = Notify.model_validate_json(sys.argv[2])
asyncio.run(inbox.send(message, "eva"))
os.kill(os.getpid(), 9)
"""
    arguments = [sys.executable, "-c", program, str(tmp_path / "inbox.db"), page().model_dump_json()]
    for _ in range(2):
        done = await asyncio.to_thread(subprocess.run, arguments, cwd=ROOT, check=False)
        assert done.returncode == -9
    inbox = Inbox(tmp_path / "inbox.db")
    assert [message.key for message in inbox.messages("person:eva")] == ["e1/page/1"]
    inbox.close()


async def test_a_damaged_inbox_file_is_worth_another_try_and_loses_no_earlier_message(inbox: Inbox) -> None:
    await inbox.send(page("k1"), "eva")
    inbox._file.transact(lambda connection: connection.execute("alter table messages rename to hidden"))
    with pytest.raises(RemoteUnavailable, match=r"inbox: the SQLite file failed \(SQLITE_ERROR\)"):
        await inbox.send(page("k2"), "eva")
    inbox._file.transact(lambda connection: connection.execute("alter table hidden rename to messages"))
    await inbox.send(page("k2"), "eva")
    assert [message.key for message in inbox.messages()] == ["k1", "k2"]


# --- the webhook ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def sink() -> AsyncIterator[FaultSink]:
    async with open_fault_sink() as opened:
        yield opened


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    async with open_client() as client:
        yield Webhook(client)


async def test_a_webhook_gets_the_message_as_json_with_its_key_in_a_header(webhook: Webhook, sink: FaultSink) -> None:
    sink.script = [Reply(201, body=b'{"id": "wh-77"}')]
    before = datetime.now(UTC)
    receipt = await webhook.send(page(respond_by=datetime(2026, 11, 20, 9, 15, tzinfo=UTC)), sink.hook)
    [hit] = sink.journal
    assert hit.headers["idempotency-key"] == "e1/page/1"
    assert hit.headers["content-type"] == "application/json"
    assert hit.body == {
        "key": "e1/page/1",
        "to": "person:eva",
        "kind": "page",
        "subject": "P0: checkout down",
        "body": "Please take it",
        "locale": "",
        "urgent": False,
        "rung": None,
        "respond_by": "2026-11-20T09:15:00Z",
        "escalation": "",
        "seq": 0,
        "decided_at": None,
        "offers": [],
    }
    assert (receipt.channel, receipt.receipt_id) == ("webhook", "wh-77")
    assert before <= receipt.at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("body", "receipt_id"),
    [
        pytest.param(b'{"id": 42}', "42", id="a number"),
        pytest.param(b"ok", digest_of("e1/page/1"), id="not JSON"),
        pytest.param(b"", digest_of("e1/page/1"), id="nothing"),
        pytest.param(b"[1]", digest_of("e1/page/1"), id="a list"),
        pytest.param(json.dumps({"id": {"a": 1}}).encode(), digest_of("e1/page/1"), id="an object"),
        pytest.param(json.dumps({"id": ""}).encode(), digest_of("e1/page/1"), id="empty"),
        pytest.param(json.dumps({"id": "x" * 5000}).encode(), "x" * 200, id="endless"),
    ],
)
async def test_any_2xx_is_a_delivery_whatever_the_body_says(
    webhook: Webhook, sink: FaultSink, body: bytes, receipt_id: str
) -> None:
    sink.script = [Reply(202, body=body)]
    assert (await webhook.send(page(), sink.hook)).receipt_id == receipt_id


async def test_a_key_that_is_no_ascii_still_fits_a_header(webhook: Webhook, sink: FaultSink) -> None:
    await webhook.send(page("e/žádost/1\n2"), sink.hook)
    assert sink.journal[0].headers["idempotency-key"] == "e/%C5%BE%C3%A1dost/1%0A2"


async def test_a_page_is_seen_once_when_the_sink_fails_drops_the_connection_and_is_busy(
    webhook: Webhook, sink: FaultSink, clock: Clock
) -> None:
    sink.script = [Reply(500), Reply(500), Reply(500), Reply(drop=True), Reply(409), Reply(429, {"Retry-After": "4"})]
    activities = notifications(People(eva=[Point("webhook", sink.hook)]), webhook=webhook)
    waits = []
    for attempt in range(1, 7):
        with pytest.raises(RemoteUnavailable) as failure:
            await send(activities, page(), attempt)
        waits.append(failure.value.retry_after)
        clock.now += (failure.value.retry_after or timedelta(0)).total_seconds()
    assert (await send(activities, page(), attempt=7)).channel == "webhook"
    assert waits == [None] * 5 + [timedelta(seconds=4)]
    assert len(sink.journal) == 7
    assert {hit.headers["idempotency-key"] for hit in sink.journal} == {"e1/page/1"}
    assert list(sink.kept) == ["e1/page/1"]


# --- what became of it, and threads -----------------------------------------------------------------------------------


class Amendable(Channel):
    """A channel whose messages can be changed."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        super().__init__(name, error)
        self.threads: list[dict[str, str]] = []
        self.known: list[tuple[str, ...]] = []
        self.changes: list[AmendMessage] = []

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        self.threads.append(message.threads)
        self.known.append(message.known_threads)
        return await super().send(message, address)

    async def amend(self, change: AmendMessage) -> None:
        self.changes.append(change)

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        raise AssertionError("nothing is withdrawn on its way")


class OnItsWay(Amendable):
    """A channel whose answer comes when it is released; ``there`` is what it finds of a message afterwards."""

    def __init__(self, error: Exception | None = None, *, there: bool = False) -> None:
        super().__init__("chat", error)
        self.there = there
        self.looked = 0
        self.taken, self.released = asyncio.Event(), asyncio.Event()

    async def send(self, message: Notify, address: str) -> DeliveryReceipt:
        self.taken.set()
        await self.released.wait()
        return await super().send(message, address)

    async def found(self, message: Notify, address: str) -> DeliveryReceipt | None:
        self.looked += 1
        receipt = DeliveryReceipt(channel="chat", receipt_id="r1", at=datetime(2026, 11, 20, tzinfo=UTC))
        return receipt if self.there else None


async def withdrawn(chat: OnItsWay, mail: Channel) -> DeliveryReceipt:
    """Withdraw a page while a channel has it under way."""
    sending = asyncio.create_task(send(notifications(EVA, chat=chat, mail=mail), page()))
    await chat.taken.wait()
    sending.cancel()
    await asyncio.sleep(0)
    chat.released.set()
    return await sending


async def test_a_page_that_is_withdrawn_on_its_way_has_a_receipt_by_which_it_can_be_changed() -> None:
    chat, mail = OnItsWay(), Channel("mail")
    assert (await withdrawn(chat, mail)).receipt_id == "r1"
    assert (chat.asked, chat.looked, mail.asked) == (["U-eva"], 0, [])


@pytest.mark.parametrize("lost", [RemoteUnavailable("no answer"), Unreadable("not JSON"), ValueError("a defect")])
async def test_of_a_withdrawn_page_whose_answer_is_lost_the_channel_says_whether_it_arrived(lost: Exception) -> None:
    mail = Channel("mail")
    assert (await withdrawn(OnItsWay(lost, there=True), mail)).receipt_id == "r1"
    with pytest.raises(asyncio.CancelledError):
        await withdrawn(OnItsWay(lost), mail)
    assert mail.asked == [], "nobody else is told what was withdrawn"


async def test_a_withdrawn_page_that_is_refused_is_not_looked_for() -> None:
    chat, mail = OnItsWay(RemoteRefused("no such user"), there=True), Channel("mail")
    with pytest.raises(asyncio.CancelledError):
        await withdrawn(chat, mail)
    assert (chat.looked, mail.asked) == (0, [])


async def test_a_withdrawn_page_does_not_hold_up_its_withdrawal_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.notify.TO_THE_END", 0.05)
    chat = OnItsWay(there=True)
    chat.released.set = lambda: None  # type: ignore[method-assign]
    assert (await withdrawn(chat, Channel("mail"))).receipt_id == "r1"
    assert chat.asked == [], "what did not come to its end in time is broken off"


async def test_an_answer_that_cannot_be_read_keeps_nobody_waiting_and_is_worth_another_try() -> None:
    chat, mail = Channel("chat", Unreadable("chat: not JSON")), Channel("mail")
    assert (await send(notifications(EVA, chat=chat, mail=mail), page())).channel == "mail"
    with pytest.raises(Unreadable):
        await send(notifications(EVA, chat=chat), page())


def change(channel: str = "chat") -> AmendMessage:
    return AmendMessage(
        key="e1/2/amend/0",
        to="person:eva.novak",
        channel=channel,
        receipt_id="r1",
        fate=Fate.TAKEN,
        by="person:petr.svoboda",
        body="plain",
        escalation="e1",
        template="settled.taken",
        values={"by": "person:petr.svoboda", "at": "2026-11-21T14:05:00+00:00"},
    )


async def test_a_channel_sees_the_thread_that_is_its_own_and_no_other() -> None:
    chat = Amendable("chat")
    await send(notifications(EVA, chat=chat), page(threads={"mail": "m1", "chat": "c1"}))
    assert chat.threads == [{"chat": "c1"}]


async def test_a_channel_sees_the_threads_of_other_receivers_after_the_receivers_own() -> None:
    chat = Amendable("chat")
    others = {"mail": ("m2",), "chat": ("c2", "c1", "c3")}
    await send(notifications(EVA, chat=chat), page(threads={"chat": "c1"}, other_threads=others))
    assert chat.known == [("c1", "c2", "c3")]


async def test_what_became_of_a_message_is_said_by_the_channel_that_carried_it_in_the_receivers_language() -> None:
    chat = Amendable("chat")
    directory = cast("DirectoryFile", Everybody())
    await ActivityEnvironment().run(Notifications(directory, {"chat": chat}).amend, change())
    (said,) = chat.changes
    assert said.body == "Převzato (Petr Svoboda, so 21. 11. 2026 15:05 CET)."


@pytest.mark.parametrize("channel", ["mail", "sms"])
async def test_a_channel_that_changes_nothing_or_is_not_there_refuses_for_good(channel: str) -> None:
    activities = Notifications(cast("DirectoryFile", Everybody()), {"mail": Channel("mail")})
    with pytest.raises(RemoteRefused, match=f"{channel}: this worker has no such channel that changes messages"):
        await ActivityEnvironment().run(activities.amend, change(channel))


class Everybody:
    """The company as it is."""

    def current(self) -> Directory:
        return COMPANY


# --- as people want it ------------------------------------------------------------------------------------------------


class One(Everybody):
    """One person as the directory has them."""

    def __init__(self, **how: Any) -> None:
        contacts = [{"channel": name, "address": name, **how.pop(name, {})} for name in ("chat", "mail")]
        plain = {"id": "eva", "name": "Eva", "time_zone": "UTC", "contacts": contacts}
        self._directory = Directory.model_validate({"people": [plain | how]})

    def current(self) -> Directory:
        return self._directory


async def test_what_waits_for_quiet_hours_or_for_room_goes_to_no_other_contact_point_meanwhile(clock: Clock) -> None:
    now = datetime.now(UTC)
    night = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    chat, mail = Channel("chat"), Channel("mail")
    quiet = Notifications(cast("DirectoryFile", One(quiet={"hours": [night]})), {"chat": chat, "mail": mail})
    with pytest.raises(RemoteUnavailable, match="quiet hours") as caught:
        await send(quiet, page(kind="news"), attempt=9)
    assert timedelta(hours=1) < (caught.value.retry_after or timedelta(0)) <= timedelta(hours=2)
    await send(quiet, page(key="e1/2", urgent=True))

    limited = One(chat={"limit": {"messages": 1, "within": "10m"}})
    activities = Notifications(cast("DirectoryFile", limited), {"chat": chat, "mail": mail})
    await send(activities, page(key="e1/3", kind="news"))
    with pytest.raises(RemoteUnavailable, match="chat: enough for now"):
        await send(activities, page(key="e1/4", kind="news"), attempt=9)
    assert (len(chat.asked), mail.asked) == (2, [])


class Asleep(One):
    """One person whose quiet hours can be ended."""

    def __init__(self) -> None:
        super().__init__()
        self.awake = self._directory
        night = f"{datetime.now(UTC) - timedelta(hours=1):%H:%M}-{datetime.now(UTC) + timedelta(hours=2):%H:%M}"
        super().__init__(quiet={"hours": [night]})


async def test_tries_in_which_a_message_waited_for_quiet_hours_leave_the_first_contact_point_its_three() -> None:
    people, chat, mail = Asleep(), Channel("chat", RemoteUnavailable("chat: answered 503")), Channel("mail")
    activities = Notifications(cast("DirectoryFile", people), {"chat": chat, "mail": mail})
    known: list[Any] = []
    for attempt in range(1, 6):
        with pytest.raises(RemoteUnavailable, match="quiet hours"):
            await send(activities, page(kind="news"), attempt, known)
    people._directory = people.awake
    for attempt in range(6, 9):
        with pytest.raises(RemoteUnavailable, match="chat: answered 503"):
            await send(activities, page(kind="news"), attempt, known)
    assert (len(chat.asked), mail.asked) == (3, [])
    assert (await send(activities, page(kind="news"), 9, known)).channel == "mail"


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which contact points have room."""
    clock = Clock()
    monkeypatch.setattr("activities.notify.throttle.monotonic", clock)
    return clock


async def test_tries_in_which_a_message_waited_for_room_leave_the_first_contact_point_its_three(room: Clock) -> None:
    chat, mail = Channel("chat"), Channel("mail")
    limited = One(chat={"limit": {"messages": 1, "within": "1m"}})
    activities = Notifications(cast("DirectoryFile", limited), {"chat": chat, "mail": mail})
    await send(activities, page(key="e1/1", kind="news"))
    chat.error, known = RemoteUnavailable("chat: answered 503"), list[Any]()
    for attempt in range(1, 5):
        with pytest.raises(RemoteUnavailable, match="enough for now"):
            await send(activities, page(key="e1/2", kind="news"), attempt, known)
    for attempt in range(5, 8):
        room.now += 61
        with pytest.raises(RemoteUnavailable, match="chat: answered 503"):
            await send(activities, page(key="e1/2", kind="news"), attempt, known)
    assert mail.asked == []
    room.now += 61
    assert (await send(activities, page(key="e1/2", kind="news"), 8, known)).channel == "mail"


async def test_a_try_in_which_one_contact_point_was_silent_and_the_next_had_no_room_is_one(room: Clock) -> None:
    chat, mail = Channel("chat", RemoteUnavailable("chat: answered 503")), Channel("mail")
    limited = One(mail={"limit": {"messages": 1, "within": "10m"}})
    activities = Notifications(cast("DirectoryFile", limited), {"chat": chat, "mail": mail})
    await send(activities, page(key="e1/1", kind="news"), attempt=4)
    known: list[Any] = []
    for attempt in (4, 5):
        with pytest.raises(RemoteUnavailable, match="mail: enough for now"):
            await send(activities, page(key="e1/2", kind="news"), attempt, known)
    assert known == []
    room.now += 601
    assert (await send(activities, page(key="e1/2", kind="news"), 6, known)).channel == "mail"


async def test_what_is_urgent_breaks_through_quiet_hours_and_a_full_contact_point_at_its_first_try(room: Clock) -> None:
    people, chat = Asleep(), Channel("chat")
    activities = Notifications(cast("DirectoryFile", people), {"chat": chat})
    assert (await send(activities, page(key="e1/1", urgent=True))).channel == "chat"
    limited = One(chat={"limit": {"messages": 1, "within": "10m"}})
    activities = Notifications(cast("DirectoryFile", limited), {"chat": chat})
    for number in (2, 3):
        await send(activities, page(key=f"e1/{number}", urgent=True))
    assert len(chat.asked) == 3


async def test_each_kind_of_message_goes_by_the_channel_that_its_receiver_wants_and_falls_back_at_once() -> None:
    chat, mail = Channel("chat"), Channel("mail", RemoteRefused("mail: answered 410"))
    person = One(channels={"news": ["mail"]})
    activities = Notifications(cast("DirectoryFile", person), {"chat": chat, "mail": mail})
    assert (await send(activities, page(kind="page"))).channel == "chat"
    assert (await send(activities, page(key="e1/2", kind="news"))).channel == "chat"
    assert mail.asked == ["mail"], "it was asked first"


async def test_a_channel_with_a_defect_keeps_nobody_from_being_reached() -> None:
    chat, mail = Channel("chat", ValueError("a defect")), Channel("mail")
    assert (await send(notifications(EVA, chat=chat, mail=mail), page())).channel == "mail"
    with pytest.raises(RemoteUnavailable, match=r"chat: failed \(ValueError\)"):
        await send(notifications(People(eva=[Point("chat", "U-eva")]), chat=chat), page())


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413, 422])
async def test_what_a_connection_refuses_for_good_goes_to_the_next_contact_point_in_the_same_try(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_KEY", "whsec_" + "QUJD" * 8)
    config = SignedWebhookConfig.model_validate(
        {"kind": "webhook", "url": "https://ops.example", "keys": [{"env": "OPS_KEY"}]}
    )
    vendor, mail = Vendor(lambda _: httpx.Response(status)), Channel("mail")
    async with vendor.client() as client:
        ops = SignedWebhook(config, Tools("ops", client))
        people = People(eva=[Point("ops", "eva"), Point("mail", "eva@example.org")])
        assert (await send(notifications(people, ops=ops, mail=mail), page())).channel == "mail"
    assert len(vendor.calls) == 1


async def test_a_receipt_says_which_contact_points_did_not_take_it_and_why_and_names_no_address() -> None:
    mail = Channel("mail", RemoteRefused("mail: refused (550 5.1.1)"))
    ops, inbox = Channel("ops", RemoteUnavailable("ops: answered 500")), Channel("inbox")
    people = People(eva=[Point("mail", "eva@example.org"), Point("ops", "eva-room"), Point("inbox", "eva")])
    activities = notifications(people, mail=mail, ops=ops, inbox=inbox)
    with pytest.raises(RemoteUnavailable):
        await send(activities, page())
    receipt = await send(activities, page(), attempt=4)
    assert (receipt.channel, receipt.passed_over) == ("inbox", ("mail: refused (550 5.1.1)", "ops: answered 500"))
    many = People(eva=[*(Point("mail", f"a{each}") for each in range(9)), Point("inbox", "eva")])
    assert len((await send(notifications(many, mail=mail, inbox=inbox), page("e1/2"))).passed_over) == 5
